"""Lets the tests of this folder share one plan, and the hand-made plan of the renderers' tests."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parents[1] / "deliver"))
