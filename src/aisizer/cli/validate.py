"""aisizer validate: every fault of every file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aisizer.cli.inputs import load_inputs
from aisizer.errors import Fault, InvalidInput


def validate(
    files: Sequence[str], overlay: Path | None, sets: Sequence[str] = (), fragments: Sequence[Path] = ()
) -> str:
    """One line for each valid file; raises InvalidInput with every fault of every file."""
    faults = [fault for file in files for fault in _faults(file, overlay, sets, fragments)]
    if faults:
        raise InvalidInput(faults)
    return "\n".join(f"{file}: valid." for file in files)


def _faults(file: str, overlay: Path | None, sets: Sequence[str], fragments: Sequence[Path]) -> list[Fault]:
    try:
        load_inputs(file, sets, fragments, overlay)
    except InvalidInput as error:
        return list(error.faults) or [Fault(file, None, None, "", str(error))]
    return []
