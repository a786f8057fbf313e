"""Lets the tests of this folder share hand-built catalog records."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
