"""What tests ask of a workbook: its figures, its formulas, and the lints that every one must pass."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import get_column_letter

from aisizer.deliver.workbook_inputs import TITLES

BY_MONTH = ("Capex", "Opex", "Cash flow", "Accrual", "Break-even")
"""sheets whose rows run over the periods; the sheets of sites do so too"""
PERIODS = 37


def load(data: bytes | Path, values: bool = False) -> Any:
    """The workbook with its formulas, or with the values cached in their cells."""
    return openpyxl.load_workbook(io.BytesIO(data) if isinstance(data, bytes) else data, data_only=values)


def named(book: Any, name: str) -> Any:
    """The value of a defined name."""
    sheet, cell = book.defined_names[name].attr_text.split("!")
    return book[sheet.strip("'")][cell.replace("$", "")].value


def formulas(book: Any) -> dict[tuple[str, str], str]:
    """Every formula by sheet and coordinate."""
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


def assert_computes(path: Path, again: Path) -> None:
    """LibreOffice computes in every formula cell what is cached in it, without an error, and all checks pass."""
    cached, anew = load(path, values=True), load(again, values=True)
    found = formulas(load(path))
    assert len(found) > 1000
    for sheet, cell in found:
        old, new = cached[sheet][cell].value, anew[sheet][cell].value
        where = f"{sheet}!{cell}: {found[sheet, cell]}"
        assert not str(new).startswith(("#", "Err:")), where
        if isinstance(old, str) or old is None:
            assert (old or "") == (new or ""), where
        else:
            assert new == pytest.approx(old, rel=1e-9, abs=1e-7), where
    assert named(anew, "ChecksFailed") == 0


def constants(book: Any) -> list[tuple[str, str, str]]:
    """Formulas with numbers other than 0 and 1 in them."""
    found = []
    for (sheet, cell), text in formulas(book).items():
        bare = re.sub(r"\"[^\"]*\"|'[^']*'!|\$?[A-Z]{1,3}\$?\d+", "", text)
        if not set(re.findall(r"\d+\.?\d*", bare)) <= {"0", "1"}:
            found.append((sheet, cell, text))
    return found


def uneven_rows(book: Any) -> list[tuple[str, int]]:
    """Rows of periods whose formulas are not one and the same."""
    return [
        (sheet.title, row[0].row)
        for sheet in book
        if sheet.title in BY_MONTH or sheet.title.startswith("Cost ")
        for row in sheet.iter_rows()
        for block in _blocks([cell for cell in row if cell.data_type == "f"])
        if len({_shape(cell) for cell in block}) > 1
    ]


def _blocks(cells: list[Any]) -> Iterator[list[Any]]:
    """The runs of formulas side by side that are as long as the plan."""
    run: list[Any] = []
    for cell in cells:
        if run and cell.column != run[-1].column + 1:
            run = []
        run.append(cell)
        if len(run) > PERIODS:
            run = run[-PERIODS:]
    if len(run) == PERIODS:
        yield run


def _shape(cell: Any) -> str:
    """The formula with columns that move with it counted from its own."""

    def moved(match: re.Match[str]) -> str:
        return f"[{openpyxl.utils.column_index_from_string(match.group(1)) - cell.column}]"

    return re.sub(r"(?<![$A-Z'])([A-Z]{1,3})(?=\$?\d)", moved, cell.value)


def unused_inputs(book: Any) -> list[str]:
    """Inputs whose Selected cell no formula of another sheet or of what is worked out reads."""
    everything = " ".join(text for (sheet, _), text in formulas(book).items())
    references = set(re.findall(r"\$[A-Z]+\$\d+", everything))
    column = get_column_letter(TITLES.index("Selected") + 1)
    return [row["Input"].value for row in input_rows(book) if f"${column}${row['Input'].row}" not in references]


def input_rows(book: Any) -> list[dict[str, Any]]:
    """The cells of all tables of the sheet Inputs, by title."""
    found, reading = [], False
    for row in book["Inputs"].iter_rows():
        values = tuple(cell.value for cell in row[: len(TITLES)])
        if values == TITLES:
            reading = True
        elif values[0] is None:
            reading = False
        elif reading:
            found.append(dict(zip(TITLES, row, strict=False)))
    return found
