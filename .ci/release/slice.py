"""What each Python of `make pythons` runs, where nothing but the wheelhouse is installed: all doctests, all ready profiles."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import aisizer
from aisizer.profile.packaged import packaged

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
"""Those that pyproject.toml gives to pytest."""


def doctests() -> int:
    """The number of examples in the package; one that fails ends the run."""
    names = [module.name for module in pkgutil.walk_packages(aisizer.__path__, "aisizer.")]
    modules = [importlib.import_module(name) for name in names if name != "aisizer.__main__"]
    results = [doctest.testmod(module, optionflags=FLAGS) for module in modules]
    if any(result.failed for result in results):
        sys.exit("A doctest failed.")
    return sum(result.attempted for result in results)


def sizes(into: Path) -> int:
    """The number of ready profiles, each sized into a folder of its own."""
    names = sorted(path.stem for path in packaged("profiles").glob("*.yaml"))
    for name in names:
        command = [sys.executable, "-I", "-m", "aisizer", "size", "--quiet", name, "-o", str(into / name)]
        subprocess.run(command, check=True)
    return len(names)


if __name__ == "__main__":
    print(f"{doctests()} doctests, {sizes(Path(sys.argv[1]))} profiles")
