"""Opens trace files: plain or gzip, line by line in constant memory, with every way to fail as a sentence."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from aisizer.errors import Fault, InvalidInput
from aisizer.progress import Told, untold

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_LINE = 16_000_000
"""Characters of one line; the longest row of numbers has a few hundred, one with prompts some hundred thousand."""
MAX_DOCUMENT = 500_000_000
"""Characters of a file that is one JSON document, which must be held whole."""


def sha256_of(path: Path) -> str:
    """Of the file as it lies on disk."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refusal(path, f"the trace cannot be read ({reason}). Check the path and its permissions.") from error


class _Watched(io.FileIO):
    """A file that tells how much of it has been read."""

    def __init__(self, path: Path, progress: Told) -> None:
        super().__init__(path)
        self._progress, self._size = progress, os.fstat(self.fileno()).st_size

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        count = super().readinto(buffer)
        self._progress(self.tell(), self._size)
        return count


@contextmanager
def opened(path: Path, progress: Told = untold) -> Iterator[TextIO]:
    """The text of a trace; bytes that are no UTF-8 become marks, which no number survives."""
    try:
        with io.BufferedReader(_Watched(path, progress)) as raw:
            packed = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
            yield io.TextIOWrapper(packed, "utf-8-sig", errors="replace", newline="")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise refusal(path, f"the file is not valid gzip ({error}). Pack it again.") from error
    except OSError as error:
        raise refusal(path, f"the trace cannot be read ({error.strerror}). Check the path.") from error


def chunks(stream: TextIO) -> Iterator[str]:
    """The lines of a table, at full speed; of one without an end no more than MAX_LINE, which the csv module refuses."""
    return iter(partial(stream.readline, MAX_LINE), "")


def lines(stream: TextIO, path: Path) -> Iterator[str]:
    """The lines of a trace; one without an end is refused before it fills the memory."""
    number = 0
    while line := stream.readline(MAX_LINE):
        number += 1
        if len(line) == MAX_LINE:
            raise refusal(
                path, f"the line has more than {MAX_LINE:,} characters. Leave out prompts and answers.", number
            )
        yield line


def document(stream: TextIO, path: Path) -> str:
    """The whole text of a file that is one document."""
    text = stream.read(MAX_DOCUMENT + 1)
    if len(text) > MAX_DOCUMENT:
        raise refusal(path, f"the document has more than {MAX_DOCUMENT:,} characters. Leave out prompts and answers.")
    return text


def refusal(path: Path, problem: str, line: int | None = None) -> InvalidInput:
    """One fault of one trace."""
    return InvalidInput([Fault(str(path), line, None, "", problem)])
