"""What the terminal can show."""

from __future__ import annotations

import os
import shutil
import sys


def use_color() -> bool:
    """Colour on a terminal, unless NO_COLOR or TERM=dumb says otherwise."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Columns to fill: those of the terminal, 80 where there is none, 120 at most."""
    return min(shutil.get_terminal_size((80, 24)).columns, 120)
