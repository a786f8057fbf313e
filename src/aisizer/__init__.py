"""aisizer sizes production LLM inference from one YAML workload profile; docs/api.md shows its use from Python."""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = [
    "AisizerError",
    "InvalidInput",
    "NoFeasiblePlan",
    "Plan",
    "load_catalog",
    "load_profile",
    "make_plan",
    "read_plan",
    "write_outputs",
]

if TYPE_CHECKING:
    from aisizer.api import load_profile, make_plan
    from aisizer.catalog.load import load_catalog
    from aisizer.deliver.json_file import read_plan
    from aisizer.deliver.write import write_outputs
    from aisizer.errors import AisizerError, InvalidInput, NoFeasiblePlan
    from aisizer.plan import Plan
else:
    _HOMES = {
        "AisizerError": "errors",
        "InvalidInput": "errors",
        "NoFeasiblePlan": "errors",
        "Plan": "plan",
        "load_catalog": "catalog.load",
        "load_profile": "api",
        "make_plan": "api",
        "read_plan": "deliver.json_file",
        "write_outputs": "deliver.write",
    }

    def __getattr__(name):
        """Imports what is asked for and no more, so that the command line starts at once."""
        if name not in _HOMES:
            raise AttributeError(f"module 'aisizer' has no attribute {name!r}")
        return getattr(import_module(f"aisizer.{_HOMES[name]}"), name)

    def __dir__():
        """For TAB in a notebook: what is imported when it is asked for too."""
        return [*globals(), *_HOMES]
