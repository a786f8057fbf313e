"""aisizer init: writes a commented profile, from scratch or from a ready one."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from aisizer.cli.file import write_file
from aisizer.cli.terminal import typed
from aisizer.errors import InvalidInput
from aisizer.profile.load import ready_path
from aisizer.profile.template import commented_profile, with_modeline


def init(path: Path, ready: str | None, plan_date: date) -> str:
    """Writes the profile and returns the sentence that says so; an existing file is never replaced."""
    text = with_modeline(ready_path(ready).read_text("utf-8")) if ready else commented_profile(_name(path), plan_date)
    if path.exists():
        raise InvalidInput(f"{path}: the file exists. Give another path or remove it first.")
    write_file(path, text)
    return f"{path}: written. Mend the figures, then: aisizer size {typed(path)}"


def _name(path: Path) -> str:
    """The file's name as a profile name."""
    return re.sub(r"[^a-z0-9_.-]+", "-", path.stem.lower()).strip("-_.")[:63] or "my-service"
