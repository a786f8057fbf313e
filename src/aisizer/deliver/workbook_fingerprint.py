"""By what a reader sees that somebody changed the structure of tco.xlsx: one short hash for the locked cells of a sheet.

It is made of what is in the cells and not of how a program writes it, so it stays the same when LibreOffice or openpyxl
saves the file again: no signs of absolute references, no quotes around sheet names, no spaces, numbers to 12 digits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, Literal

Kind = Literal["formula", "number", "text"]
Cell = tuple[str, Kind, str | float]
"""coordinate such as B4, kind, and the formula (with or without its =), the number or the text"""

_SPELLING = str.maketrans({"$": None, "'": None, " ": None, ".": "!"})
"""what programs write in formulas each in their own way"""
_DAY_ZERO = datetime(1899, 12, 30)
"""day 0 of a workbook's dates"""


def fingerprint(cells: Iterable[Cell]) -> str:
    """First 16 hexadecimal digits of the sha256 over a sheet's locked cells, row by row and each row from left to right.

    >>> same = fingerprint([("A1", "formula", "'Cost hosted'!$B$4 + 1"), ("A2", "number", 0.1 + 0.2)])
    >>> same == fingerprint([("A1", "formula", "=$'Cost hosted'.b4+1"), ("A2", "number", 0.3)])
    True
    >>> same == fingerprint([("A1", "formula", "'Cost hosted'!$B$5+1"), ("A2", "number", 0.3)])
    False
    """
    text = "\n".join([f"{coordinate} {_canonical(kind, value)}" for coordinate, kind, value in cells])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _canonical(kind: Kind, value: str | float) -> str:
    if kind == "formula":
        return f"={str(value).removeprefix('=').translate(_SPELLING).upper()}"
    return f"{float(value) + 0.0:.12g}" if kind == "number" else f'"{value}"'


def locked_cells(sheet: Any) -> Iterator[Cell]:
    """The locked cells with a content of a worksheet that openpyxl has read with its formulas."""
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value is not None and cell.protection.locked:
                yield cell.coordinate, *_content(cell.data_type, cell.value)


def _content(data_type: str, value: Any) -> tuple[Kind, str | float]:
    if data_type == "f":
        return "formula", getattr(value, "text", value)
    if isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        return "number", (moment - _DAY_ZERO).total_seconds() / 86400
    return ("number", float(value)) if isinstance(value, (bool, int, float)) else ("text", str(value))
