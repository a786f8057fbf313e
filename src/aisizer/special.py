"""scipy's special functions without the rest of scipy.special, whose import takes a fifteenth of a `size`.

The package also imports wrappers for the arrays of other libraries, and with them nearly all of numpy, its test harness
included. The functions themselves stand in one compiled module, and only that is loaded here.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from operator import attrgetter
from types import ModuleType

PACKAGE = "scipy.special"
_pick = attrgetter(
    "bdtrc", "gammainc", "gammaincinv", "gammaln", "ndtr", "ndtri", "pdtr", "stdtrit", "xlog1py", "xlogy"
)


def _compiled() -> ModuleType:
    """The compiled module, loaded in a package that is found but not run; a later import of the package gets it whole."""
    spec = find_spec(PACKAGE)
    if spec is None or PACKAGE in sys.modules:
        return import_module(PACKAGE)
    sys.modules[PACKAGE] = module_from_spec(spec)
    try:
        return import_module(f"{PACKAGE}._ufuncs")
    finally:
        del sys.modules[PACKAGE]


try:
    _functions = _pick(_compiled())
except (ImportError, AttributeError):  # a scipy that keeps them elsewhere
    _functions = _pick(import_module(PACKAGE))
bdtrc, gammainc, gammaincinv, gammaln, ndtr, ndtri, pdtr, stdtrit, xlog1py, xlogy = _functions
