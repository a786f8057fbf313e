"""Lets the tests of this folder import their grid and the synthetic replicas of tests/queueing."""

import sys
from pathlib import Path

for folder in (Path(__file__).parent, Path(__file__).parents[1] / "queueing"):
    sys.path.insert(0, str(folder))
