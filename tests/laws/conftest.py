"""Lets the tests of this folder import the small profile that they vary."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
