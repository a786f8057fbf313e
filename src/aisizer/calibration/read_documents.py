"""The bytes of a benchmark file as records: JSON, concatenated JSON, JSON lines, or the rows of a CSV."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aisizer.calibration.read_fields import Fields
from aisizer.errors import Fault, InvalidInput

MAX_BYTES = 500_000_000
"""[byte] a detailed guidellm file of 100,000 requests is near this; larger ones are mistakes."""


@dataclass(frozen=True, slots=True)
class Content:
    """One file: its records where it is JSON, else its rows."""

    file: str
    sha256: str
    records: tuple[Fields, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def read_content(path: Path) -> Content:
    """Reads one file; only its name, never its folder, is kept."""
    name = path.name if path.name.isprintable() else ascii(path.name)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _fault(name, f"the file is larger than {MAX_BYTES / 1e6:.0f} MB. Write it without details.")
        data = path.read_bytes()
    except OSError as error:
        raise _fault(name, f"the file cannot be read ({error.strerror}). Check the path.") from error
    return parse(name, data)


def parse(file: str, data: bytes) -> Content:
    """The records or rows that these bytes hold."""
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _fault(
            file, f"this is not UTF-8 text (byte {error.start}). Give the tool's JSON or CSV export."
        ) from error
    stripped = text.strip()
    if not stripped:
        raise _fault(file, "the file is empty. Run the benchmark again.")
    if stripped[0] in "{[":
        values = _json_values(file, stripped)
        return Content(file, sha256, records=tuple(Fields(file, sha256, value) for value in values))
    return Content(file, sha256, rows=_rows(file, text))


def _json_values(file: str, text: str) -> list[Any]:
    """Every top-level value; lists are opened. NaN and Infinity are taken as the tools write them."""
    decoder, position, values = json.JSONDecoder(), 0, list[Any]()
    while position < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
        except (json.JSONDecodeError, RecursionError, ValueError) as error:
            line = text.count("\n", 0, getattr(error, "pos", position)) + 1
            reason = getattr(error, "msg", "a value is too deep or too long")
            raise _fault(file, f"this is not JSON ({reason}). Is the file cut off?", line) from None
        values += value if isinstance(value, list) else [value]
        while position < len(text) and text[position] in " \t\r\n,":
            position += 1
    return values


def _rows(file: str, text: str) -> tuple[tuple[str, ...], ...]:
    try:
        return tuple(tuple(row) for row in csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise _fault(file, f"this is not CSV ({error}). Give the tool's JSON or CSV export.") from error


def _fault(file: str, problem: str, line: int | None = None) -> InvalidInput:
    return InvalidInput([Fault(file, line, None, "", problem)])
