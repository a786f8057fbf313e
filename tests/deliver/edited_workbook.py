"""Small workbooks in the contract of tco.xlsx, edited as finance would or as nobody should."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import openpyxl
import xlsxwriter

from aisizer.deliver.workbook_fingerprint import fingerprint, locked_cells
from aisizer.deliver.workbook_inputs import TITLES

Row = tuple[str, float | None, str]
ROWS: tuple[Row, ...] = (
    ("supply.quotes.hgx-h100-8", 265_000.0, "USD"),
    ("supply.quotes.p5.48xlarge:one_year", 47.1, "EUR/h"),
    ("supply.quotes.optics", None, "USD/GPU"),
    ("supply.electricity", 0.0862, "USD/kWh"),
    ("supply.colocation", 196.0, "USD/kW-month"),
    ("supply.pue", 1.54, "1"),
    ("supply.staff_fte", 1.5, "FTE"),
    ("supply.amounts.install-freight-rate", 0.03, "1"),
    ("finance.tax", 0.0, "of the price"),
    ("finance.residual", 0.1, "of the price"),
    ("finance.discount_rate", None, "per year"),
    ("finance.useful_life", 5.0, "year"),
    ("finance.fx.EUR.rate", 1.08, "USD/EUR"),
    ("finance.escalation.power", 0.02, "per year"),
    ("", 12.0, "month/year"),
)
"""Path, delivered value and unit; every kind of path that the contract knows, and what is fixed."""
FIRST = 5
"""row of the first input, from 1"""


def cell_of(path: str) -> str:
    """The cell of the value of an input."""
    return f"B{FIRST + [row[0] for row in ROWS].index(path)}"


def workbook(
    contract: str | None = "aisizer/workbook/v1",
    made_by: str = "aisizer 0.1.0, catalog 2026.11.23",
    rows: Sequence[Row] = ROWS,
) -> bytes:
    """A workbook as the writer delivers it."""
    names = ("Summary", "Inputs", "Change log", "About")
    prints: dict[str, str] = dict.fromkeys(names, "")
    bare = load(_written(contract, made_by, rows, prints))
    prints = {name: fingerprint(locked_cells(bare[name])) for name in names}
    return _written(contract, made_by, rows, _with_own(contract, made_by, rows, prints))


def _with_own(contract: str | None, made_by: str, rows: Sequence[Row], prints: Mapping[str, str]) -> dict[str, str]:
    """The fingerprints with that of About, which is over the others and not over itself."""
    bare = load(_written(contract, made_by, rows, {**prints, "About": ""}))
    return {**prints, "About": fingerprint(locked_cells(bare["About"]))}


def _written(contract: str | None, made_by: str, rows: Sequence[Row], prints: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    free = book.add_format({"locked": False})
    about, summary, inputs, notes = (book.add_worksheet(name) for name in ("About", "Summary", "Inputs", "Change log"))
    for row, term in enumerate(
        (("Plan date", "2026-12-01"), ("Made by", made_by), ("Plan sha256", "ab12"), ("Profile sha256", "cd34"))
    ):
        about.write_row(row, 0, term)
    about.write_row(6, 0, ("Sheet", "What it holds", "Fingerprint"))
    for row, (name, value) in enumerate(prints.items(), 7):
        about.write_row(row, 0, (name, "", value))
    if contract:
        summary.write_row(3, 0, ("Contract", contract))
    summary.write(4, 0, "Scenario")
    summary.write(4, 1, "base", free)
    summary.write_formula(5, 1, "='Inputs'!$E$5*2", None, 530_000)
    notes.write(3, 0, None, free)
    inputs.write_row(2, 0, ("Prices",))
    inputs.write_row(FIRST - 2, 0, TITLES)
    for row, (path, value, unit) in enumerate(rows, FIRST - 1):
        inputs.write(row, 0, path.split(".", 2)[-1] or "Months per year")
        inputs.write(row, 1, value, free if path else None)
        inputs.write(row, 2, value)
        inputs.write_formula(row, 3, f"=IF(B{row + 1}=C{row + 1},0,1)", None, 0)
        inputs.write_formula(row, 4, f'=IF(ISNUMBER(B{row + 1}),B{row + 1},"")', None, value or "")
        inputs.write_row(row, 5, (unit, "", "", "something"))
        inputs.write(row, 13, path)
    book.close()
    return buffer.getvalue()


def load(content: bytes) -> Any:
    """The workbook as openpyxl reads it."""
    return openpyxl.load_workbook(io.BytesIO(content))


def edited(values: Mapping[str, object], content: bytes | None = None) -> bytes:
    """The workbook with values typed into the inputs of these paths."""

    def typed(book: Any) -> None:
        for path, value in values.items():
            book["Inputs"][cell_of(path)].value = value

    return changed(typed, content)


def changed(change: Callable[[Any], None], content: bytes | None = None) -> bytes:
    """The workbook after any change, saved by openpyxl."""
    book = load(content or workbook())
    change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def parts(content: bytes) -> dict[str, bytes]:
    """What each part of the archive holds."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: Mapping[str, bytes]) -> bytes:
    """An archive of these parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def with_part(name: str, content: bytes | Callable[[bytes], bytes], whole: bytes | None = None) -> bytes:
    """The workbook with one part added or rewritten."""
    found = parts(whole or workbook())
    return packed({**found, name: content if isinstance(content, bytes) else content(found[name])})
