"""Lets the tests of this folder read workbooks as tests/deliver does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "deliver"))
