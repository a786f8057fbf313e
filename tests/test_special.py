"""The special functions are scipy's own, and loading them alone leaves scipy whole."""

from __future__ import annotations

import subprocess
import sys

import scipy.special

from aisizer import special

NAMES = ("bdtrc", "gammainc", "gammaincinv", "gammaln", "ndtr", "ndtri", "pdtr", "stdtrit", "xlog1py", "xlogy")
LATER = """
import sys
from aisizer import special
assert "scipy.special" not in sys.modules, "the package was imported whole"
import scipy.optimize
import scipy.special
assert scipy.special.gammaln(5.0) == special.gammaln(5.0)
assert scipy.special.lambertw(1.0).real > 0.5
"""


def test_each_function_is_the_one_that_scipy_offers() -> None:
    arguments = {1: (0.5,), 2: (2.0, 0.5), 3: (1, 3, 0.5)}
    for name in NAMES:
        ours, theirs = getattr(special, name), getattr(scipy.special, name)
        assert ours(*arguments[ours.nin]) == theirs(*arguments[ours.nin]), name


def test_the_package_is_not_run_and_can_be_imported_later() -> None:
    subprocess.run([sys.executable, "-c", LATER], check=True)
