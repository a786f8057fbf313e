"""The quick worksheet writes what XlsxWriter's own writes, byte for byte."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from aisizer.deliver.fast_worksheet import FastWorksheet
from aisizer.deliver.workbook_book import _FORMATS, Book, Sheet

CREATED = date(2026, 1, 1)
FIGURES = (0, 1, -7, 0.1, 1 / 3, 1e-9, 123456789.123456, 1e21, 5e-324, -0.0, 10**15)
TEXTS = (
    "plain",
    "a < b & c > d",
    '"quoted"',
    " edges ",
    "two\nlines",
    "=1+1",
    "Größe 漢字 🙂",
    "_x0041_",
    "<r>not rich</r>",
)
VALUES: tuple[Any, ...] = (*FIGURES, *TEXTS, "", None, True, False, CREATED, date(2036, 2, 29))
RESULTS: tuple[Any, ...] = (*FIGURES, "text", "a < b & c", "", "#N/A", True, False)
FORMULA = 'IF(AND($A$1<>"",B2>=0),"a&b",Sheet!C$3)'


def through_xlsxwriter(cells: list[tuple[int, int, str, Any]]) -> bytes:
    """The same cells by XlsxWriter's public calls; a formula is a pair of text and value."""
    buffer = io.BytesIO()
    options = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, **options})
    formats = {name: book.add_format(dict(spec)) for name, spec in _FORMATS.items()}
    sheet = book.add_worksheet("Sheet")
    for row, col, style, value in cells:
        written = _inert(value)
        if isinstance(written, tuple):
            sheet.write_formula(row, col, f"={written[0]}", formats[style], written[1])
        elif isinstance(written, date):
            dated = style if style.startswith("date") else "date"
            sheet.write_datetime(row, col, datetime(written.year, written.month, written.day), formats[dated])
        elif isinstance(written, bool):
            sheet.write_boolean(row, col, written, formats[style])
        elif written is None or written == "":
            sheet.write_blank(row, col, None, formats[style])
        else:
            sheet.write(row, col, written, formats[style])
    book.close()
    return buffer.getvalue()


def _inert(value: Any) -> Any:
    return f"'{value}" if value == "=1+1" else value


def through_book(cells: list[tuple[int, int, str, Any]]) -> bytes:
    """The cells by the house's calls."""
    book = Book("", CREATED, "")
    sheet = book.sheet("Sheet", ())
    for row, col, style, value in cells:
        if isinstance(value, tuple):
            sheet.formula(row, col, *value, style)
        else:
            sheet.put(row, col, value, style)
    return book.bytes()


def parts(data: bytes) -> dict[str, str]:
    """What rests on the cells: extent and rows of the sheet, shared strings, formats."""
    file = zipfile.ZipFile(io.BytesIO(data))
    sheet = file.read("xl/worksheets/sheet1.xml").decode()
    return {
        "extent": sheet[sheet.index("<dimension") : sheet.index("<sheetViews")],
        "rows": sheet[sheet.index("<sheetData") : sheet.index("</sheetData")],
        "strings": file.read("xl/sharedStrings.xml").decode() if "xl/sharedStrings.xml" in file.namelist() else "",
        "styles": file.read("xl/styles.xml").decode(),
    }


def test_every_kind_of_cell_in_every_style_is_written_as_xlsxwriter_does() -> None:
    cells = [(3 + i, 2 + j, style, v) for i, style in enumerate(_FORMATS) for j, v in enumerate(VALUES)]
    cells += [(60 + i, 30 + j, style, (FORMULA, v)) for i, style in enumerate(_FORMATS) for j, v in enumerate(RESULTS)]
    assert parts(through_book(cells)) == parts(through_xlsxwriter(cells))


places = st.tuples(st.integers(0, 70), st.integers(0, 40), st.sampled_from(list(_FORMATS)))
constants = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**15), 10**15),
    st.booleans(),
    st.sampled_from(("a", "b")),
)


@given(st.lists(st.tuples(places, constants | constants.map(lambda value: ("A1*2", value))), min_size=1))
def test_cells_in_any_order_and_anew_are_written_as_xlsxwriter_does(
    found: list[tuple[tuple[int, int, str], Any]],
) -> None:
    cells = [(*place, value) for place, value in found]
    assert parts(through_book(cells)) == parts(through_xlsxwriter(cells))


def long_rows(sheet: Sheet, bulk: bool) -> None:
    texts, values = [f"A{i}*B$2" for i in range(1, 90)], [i / 7 for i in range(1, 90)]
    if bulk:
        sheet.numbers(4, 3, values, "quantity")
        sheet.formulas(5, 3, texts, values, "total")
        return
    for offset, (text, value) in enumerate(zip(texts, values, strict=True)):
        sheet.put(4, 3 + offset, value, "quantity")
        sheet.formula(5, 3 + offset, text, value, "total")


def test_long_rows_at_once_are_cell_after_cell() -> None:
    books = [Book("", CREATED, ""), Book("", CREATED, "")]
    for book, bulk in zip(books, (True, False), strict=True):
        long_rows(book.sheet("Sheet", ()), bulk)
    assert books[0].bytes() == books[1].bytes()


def test_a_row_of_its_own_height_is_kept_with_cells_and_without() -> None:
    rows = []
    for worksheet in (FastWorksheet, None):
        file = xlsxwriter.Workbook(buffer := io.BytesIO(), {"in_memory": True})
        sheet = file.add_worksheet("Sheet", worksheet)
        sheet.write(2, 1, "unformatted")
        sheet.write(2, 3, 5, file.add_format({"bold": True}))
        sheet.set_row(2, 30)
        sheet.set_row(5, 45)
        file.close()
        rows.append(parts(buffer.getvalue()))
    assert rows[0] == rows[1]
    assert '<row r="6"' in rows[0]["rows"]


def test_a_chart_finds_the_figures_it_draws() -> None:
    book = Book("", CREATED, "")
    sheet = book.sheet("Data", ())
    sheet.row(0, ("on premises", "hosted"))
    sheet.numbers(1, 0, (1.5, 2.5))
    chart = book.chart("bar", "stacked")
    chart.add_series({"categories": "=Data!$A$1:$B$1", "values": "=Data!$A$2:$B$2"})
    sheet.raw.insert_chart(4, 0, chart)
    drawn = zipfile.ZipFile(io.BytesIO(book.bytes())).read("xl/charts/chart1.xml").decode()
    assert [
        figure for figure in ("<c:v>on premises</c:v>", "<c:v>1.5</c:v>", "<c:v>2.5</c:v>") if figure not in drawn
    ] == []


def test_what_a_cell_cannot_hold_is_refused_or_cut_between_characters() -> None:
    sheet = Book("", CREATED, "").sheet("Sheet", ())
    for value in (float("nan"), float("inf")):
        for write in (
            lambda v: sheet.put(0, 0, v),
            lambda v: sheet.numbers(0, 0, [v]),
            lambda v: sheet.formula(0, 0, "A1", v),
        ):
            with pytest.raises(ValueError, match="finite"):
                write(value)
    book = Book("", CREATED, "")
    book.sheet("Sheet", ()).put(0, 0, "x" + "🙂" * 20_000)
    text = openpyxl.load_workbook(io.BytesIO(book.bytes()))["Sheet"]["A1"].value
    assert text == "x" + "🙂" * 16_383
