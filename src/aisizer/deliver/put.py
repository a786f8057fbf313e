"""Files put into a folder as one: after a failure, a kill or Ctrl-C they are all old or all new.

The new files are first written below `.aisizer-new`. Renaming that folder to `.aisizer-ready` is the step that counts: before
it the old files stand untouched, after it the new ones are moved to their places. A run that is killed between two moves
leaves `.aisizer-ready` behind, and whoever reads or writes the folder next finishes the moves first.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from aisizer.errors import OutputError

NEW, READY = ".aisizer-new", ".aisizer-ready"
LAST = "sizing.json"
"""The file that tells other programs that the files beside it are whole."""
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def put(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Puts all of the files into the folder, or none; returns their paths."""
    made: list[Path] = []
    try:
        _make(folder, made)
        with _alone(folder):
            _finish(folder)
            try:
                _stage(folder, files, made)
                _move(folder)
            finally:
                shutil.rmtree(folder / NEW, ignore_errors=True)
    except OSError as error:
        raise OutputError(_refusal(folder, files, error)) from error
    finally:
        for path in reversed(made):
            with suppress(OSError):  # it holds something, so it stays
                path.rmdir()
    return [folder / name for name in files]


def settle(folder: Path) -> None:
    """Finishes the moves of a run that was killed between them; every reader of a plan comes here first."""
    if (folder / READY).is_dir():
        with _alone(folder):
            _finish(folder)


def _finish(folder: Path) -> None:
    """Leaves nothing of an earlier run that was killed; another one at work cannot be, since this one is alone."""
    shutil.rmtree(folder / NEW, ignore_errors=True)
    _move(folder)


def _stage(folder: Path, files: Mapping[str, bytes], made: list[Path]) -> None:
    """Writes the files below `.aisizer-new` and makes that folder the one that counts."""
    for name, content in files.items():
        if (folder / name).is_dir():
            raise IsADirectoryError(f"{name or folder} is a folder")
        _make((folder / name).parent, made)
        staged = folder / NEW / name
        staged.parent.mkdir(parents=True, exist_ok=True)
        staged.write_bytes(content)
    (folder / NEW).replace(folder / READY)


def _move(folder: Path) -> None:
    """Moves what is ready to its place; where one file cannot be moved, those before it are put back."""
    ready, before = folder / READY, dict[Path, bytes | None]()
    staged = (path for path in ready.rglob("*") if path.is_file())
    try:
        for path in sorted(staged, key=lambda path: (path.name == LAST, path)):
            place = folder / path.relative_to(ready)
            before[place] = place.read_bytes() if place.exists() else None
            path.replace(place)
    except BaseException:
        ready.replace(folder / NEW)
        for place, content in before.items():
            _put_back(place, content)
        raise
    shutil.rmtree(ready, ignore_errors=True)


def _put_back(place: Path, content: bytes | None) -> None:
    if content is None:
        place.unlink(missing_ok=True)
    elif place.read_bytes() != content:
        place.write_bytes(content)


def _make(folder: Path, made: list[Path]) -> None:
    """Makes a folder and those around it, and notes which had to be made, outermost first."""
    for path in (*reversed(folder.parents), folder):
        if not path.exists():
            path.mkdir(exist_ok=True)
            made.append(path)
    if not folder.is_dir():
        raise NotADirectoryError(folder)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Waits until no other run is putting files into this folder; a run that is killed holds nobody up."""
    if sys.platform == "win32":
        import msvcrt

        lock = os.open(folder / ".aisizer-lock", os.O_CREAT | os.O_RDWR | os.O_TEMPORARY)
        msvcrt.locking(lock, msvcrt.LK_LOCK, 1)
    else:
        import fcntl

        lock = os.open(folder, os.O_RDONLY)
        with suppress(OSError):  # a network drive without locks
            fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(lock)


def _refusal(folder: Path, files: Mapping[str, bytes], error: OSError) -> str:
    what = f"{folder / next(iter(files))} cannot be written"
    if len(files) > 1:
        what = f"The outputs cannot be written to {folder}"
    mend = "Free space, or give" if error.errno in NO_SPACE else "Give"
    return f"{what} ({_reason(error)}). {mend} another place with -o; files of an earlier run were left as they were."


def _reason(error: OSError) -> str:
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return "a file of that name is in the way"
    return error.strerror or str(error)
