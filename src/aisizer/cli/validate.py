"""aisizer validate: every fault of every file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from aisizer.cli.inputs import load_all
from aisizer.errors import InvalidInput

TEXT = "text"


def validate(
    files: Sequence[str],
    overlay: Path | None,
    sets: Sequence[str] = (),
    fragments: Sequence[Path] = (),
    form: str = TEXT,
) -> None:
    """Prints that the files are valid, or raises with every fault of every file, which a forge's format prints too."""
    from aisizer.deliver.annotations import FORMATS

    if form not in (TEXT, *FORMATS):
        raise InvalidInput(f"--format: {TEXT}, github or gitlab is expected (got {form}). Choose one.")
    try:
        load_all([(file, sets) for file in files], fragments, overlay)
    except InvalidInput as error:
        if form in FORMATS:
            sys.stdout.write(FORMATS[form](error.faults) + "\n")
        raise
    if form == "gitlab":
        sys.stdout.write(FORMATS[form](()) + "\n")
    else:
        sys.stdout.writelines(f"{file}: valid.\n" for file in files)
