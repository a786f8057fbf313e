"""aisizer validate: every fault of every file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from aisizer.cli.inputs import load_inputs
from aisizer.errors import Fault, InvalidInput

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
    # A fragment or a catalog that all files share has its faults once.
    faults = list(dict.fromkeys(fault for file in files for fault in _faults(file, overlay, sets, fragments)))
    if form == "gitlab" or (faults and form in FORMATS):
        sys.stdout.write(FORMATS[form](faults) + "\n")
    if faults:
        raise InvalidInput(faults)
    if form != "gitlab":
        sys.stdout.writelines(f"{file}: valid.\n" for file in files)


def _faults(file: str, overlay: Path | None, sets: Sequence[str], fragments: Sequence[Path]) -> list[Fault]:
    try:
        load_inputs(file, sets, fragments, overlay)
    except InvalidInput as error:
        return list(error.faults) or [Fault(file, None, None, "", str(error))]
    return []
