"""One file that a verb writes: whole, or the earlier one as it was."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from aisizer.errors import OutputError


def write_file(path: Path, content: str) -> None:
    """Puts a text file into place in one step."""
    parked = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        parked.write_text(content, "utf-8", newline="\n")
        parked.replace(path)
    except OSError as error:
        with suppress(OSError):
            parked.unlink()
        raise OutputError(f"{path} cannot be written ({error.strerror}). Choose another place.") from error
