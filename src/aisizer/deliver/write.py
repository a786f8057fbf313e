"""The output folder: everything is rendered first, then put into place file by file, sizing.json last."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from aisizer.deliver.document import document, document_html, document_md
from aisizer.deliver.json_file import plan_json, text_hash
from aisizer.deliver.labels import decided
from aisizer.deliver.tables import bom_csv
from aisizer.deliver.trigger_files import trigger_files
from aisizer.deliver.workbook import workbook_bytes
from aisizer.errors import OutputError
from aisizer.plan import Plan

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


def render(plan: Plan) -> dict[str, bytes]:
    """The bytes of every output, by path in the folder; sizing.json is the last."""
    decided(plan)
    text = plan_json(plan)
    digest = text_hash(text)
    made = document(plan, digest)
    return {
        "bom.csv": bom_csv(plan).encode(),
        "tco.xlsx": workbook_bytes(plan, digest),
        "sizing.md": document_md(made).encode(),
        "sizing.html": document_html(made).encode(),
        **{name: text.encode() for name, text in trigger_files(plan).items()},
        "sizing.json": text.encode(),
    }


def write_outputs(plan: Plan, folder: Path | str) -> list[Path]:
    """Writes all outputs into the folder; where that fails, the earlier ones stay as they were."""
    folder = Path(folder)
    return write_files({folder / name: content for name, content in render(plan).items()}, folder)


def write_files(files: Mapping[Path, bytes], place: Path) -> list[Path]:
    """Writes all of the files or none; what stood there before goes when all new ones are on the disk. place: for a message."""
    folders: list[Path] = []
    parked = {path: path.with_name(f".{path.name}.{os.getpid()}.tmp") for path in files}
    try:
        for parent in dict.fromkeys(path.parent for path in parked):
            folders += _made(parent)
        for (path, temporary), content in zip(parked.items(), files.values(), strict=True):
            temporary.write_bytes(content)
            _refuse_folder(path)
        for path, temporary in parked.items():
            temporary.replace(path)
    except OSError as error:
        for temporary in parked.values():
            with suppress(OSError):
                temporary.unlink()
        for made in reversed(folders):
            with suppress(OSError):
                made.rmdir()
        raise OutputError(
            f"The outputs cannot be written to {place} ({_reason(error)}). "
            f"{'Free space or give' if error.errno in NO_SPACE else 'Give'} another folder with -o; "
            "files of an earlier run were left as they were."
        ) from error
    return list(parked)


def _made(folder: Path) -> list[Path]:
    """The folders that had to be made for this one to stand, outermost first."""
    missing = [path for path in (*reversed(folder.parents), folder) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _reason(error: OSError) -> str:
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return "a file of that name is in the way"
    return error.strerror or str(error)


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(f"{path.name} is a folder")
