"""`aisizer import`: a workbook that finance edited -> a fragment of the profile, for review."""

from __future__ import annotations

import sys
from pathlib import Path

from aisizer.cli.days import day_of
from aisizer.cli.file import write_file
from aisizer.cli.progress import Progress
from aisizer.cli.terminal import typed


def import_(file: Path, *, output: Path, by: str, day: str | None) -> None:
    """Writes the changed inputs as a fragment and prints them; where nothing was changed, no file is written."""
    from aisizer.deliver.workbook_fragment import changes_table, editor_of, entries, fragment, striking
    from aisizer.deliver.workbook_reader import read_workbook

    as_of = day_of("--date", day)
    with Progress(f"reading {file.name}"):
        edited = read_workbook(file)
        editor = editor_of(edited, by, as_of)
        found = entries(edited, editor)
    _tell(*striking(edited.changes))
    if not found:
        _tell(f"Nothing was changed in {file.as_posix()}, so no fragment was written.")
        return
    write_file(output, fragment(found, edited, editor))
    sys.stdout.write(changes_table(edited.changes))
    _tell(f"{output.as_posix()}     review it, then: aisizer size PROFILE --with {typed(output)}")


def _tell(*sentences: str) -> None:
    for sentence in sentences:
        print(sentence, file=sys.stderr)
