"""One file that a verb writes: whole, or the earlier one as it was."""

from __future__ import annotations

from pathlib import Path

from aisizer.errors import OutputError


def write_file(path: Path, content: str | bytes) -> None:
    """Puts a file into place in one step; what is no file, such as /dev/stdout, is written to."""
    from aisizer.deliver.put import put

    data = content.encode() if isinstance(content, str) else content
    if not path.parent.is_dir():
        raise OutputError(
            f"{path} cannot be written (there is no folder {path.parent}). Make it or choose another place."
        )
    if path.exists() and not path.is_file() and not path.is_dir():
        path.write_bytes(data)
    else:
        put(path.parent, {path.name: data})
