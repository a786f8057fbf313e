"""A thin hand on XlsxWriter: formulas carry their value, text never becomes a formula, every sheet prints alike."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from itertools import count
from math import ceil, isfinite
from typing import Any, TypeVar

from xlsxwriter import Workbook  # type: ignore[import-untyped, unused-ignore]
from xlsxwriter.worksheet import (  # type: ignore[import-untyped, unused-ignore]
    CellBlankTuple,
    CellBooleanTuple,
    CellFormulaTuple,
    CellNumberTuple,
    CellStringTuple,
)

from aisizer.deliver.fast_worksheet import FastWorksheet
from aisizer.deliver.tables import inert
from aisizer.deliver.workbook_cells import column
from aisizer.deliver.workbook_fingerprint import Cell, fingerprint

Figure = TypeVar("Figure", bound=str | float)
Value = str | float | int | bool | date | None
LINE_POINTS = 15.0
"""height of a line of text"""
ROOM = 1.05
"""how much wider text may run than its count of characters says, since words do not break"""
A4 = 9
"""paper size of Excel's page setup"""
DAY_ZERO = date(1899, 12, 30).toordinal()
"""Excel counts days from here; true from March 1900 on, since it takes 1900 for a leap year"""
LONGEST = 32767
"""UTF-16 units that a cell of Excel holds"""

_MONEY = '#,##0.00;(#,##0.00);"-"'
_FACTOR = "#,##0.00######"
_FORMATS: Mapping[str, Mapping[str, Any]] = {
    "title": {"bold": True, "font_size": 15, "align": "left", "indent": 1},
    "subtitle": {"font_color": "#59636E", "align": "left", "indent": 1},
    "section": {"bold": True, "font_size": 12, "align": "left", "indent": 1},
    "head": {
        "bold": True, "text_wrap": True, "valign": "bottom", "bottom": 1, "bg_color": "#EEF1F4", "align": "left",
        "indent": 1,
    },
    "head_right": {
        "bold": True, "text_wrap": True, "valign": "bottom", "bottom": 1, "bg_color": "#EEF1F4", "align": "right",
    },
    "text": {"quote_prefix": True, "align": "left", "indent": 1},
    "text_right": {"quote_prefix": True, "align": "right"},
    "note_right": {"font_color": "#59636E", "align": "right"},
    "wrap": {"quote_prefix": True, "valign": "top", "text_wrap": True, "align": "left", "indent": 1},
    "plain": {"quote_prefix": True, "align": "left", "indent": 1},
    "bold": {"bold": True, "align": "left", "valign": "top", "indent": 1},
    "date": {"num_format": "yyyy-mm-dd", "align": "left", "valign": "top", "indent": 1},
    "date_right": {"num_format": "yyyy-mm-dd", "align": "right"},
    "number": {"num_format": _FACTOR},
    "quantity": {"num_format": "General", "font_color": "#59636E"},
    "percent": {"num_format": "0.00 %"},
    "percent_fine": {"num_format": "0.0000 %"},
    "number_left": {"num_format": "0", "align": "left", "valign": "top", "indent": 1},
    "count": {"num_format": "#,##0"},
    "count_right": {"num_format": "0", "align": "right"},
    "frozen_right": {"num_format": "0", "align": "right", "font_color": "#59636E", "bg_color": "#F4F6F8"},
    "unit_cost": {"num_format": "#,##0.0000"},
    "money": {"num_format": _MONEY},
    "total": {"num_format": _MONEY, "bold": True, "top": 1},
    "total_count": {"num_format": "0", "bold": True, "top": 1},
    "total_text": {"bold": True, "top": 1, "align": "left", "indent": 1},
    "frozen": {"num_format": "General", "font_color": "#59636E", "bg_color": "#F4F6F8"},
    "frozen_number": {"num_format": _FACTOR, "font_color": "#59636E", "bg_color": "#F4F6F8"},
    "frozen_percent": {"num_format": "0.00 %", "font_color": "#59636E", "bg_color": "#F4F6F8"},
    "frozen_money": {"num_format": _MONEY, "font_color": "#59636E", "bg_color": "#F4F6F8"},
    "input_number": {"num_format": _FACTOR, "font_color": "#0000FF", "bg_color": "#FFF4CC", "border": 1,
              "border_color": "#D9C98A", "locked": False},
    "input_percent": {"num_format": "0.00 %", "font_color": "#0000FF", "bg_color": "#FFF4CC", "border": 1,
                      "border_color": "#D9C98A", "locked": False},
    "choice": {"font_color": "#0000FF", "bg_color": "#FFF4CC", "border": 1, "border_color": "#D9C98A", "locked": False,
               "align": "left", "indent": 1, "quote_prefix": True},
    "legend": {"font_color": "#0000FF", "bg_color": "#FFF4CC", "align": "left", "indent": 1},
    "legend_note": {"bg_color": "#FFFBE6", "align": "left", "indent": 1},
    "note": {"bg_color": "#FFFBE6", "border": 1, "border_color": "#D9C98A", "locked": False, "align": "left",
             "text_wrap": True, "valign": "top"},
}  # fmt: skip


class Book:
    """A workbook in memory with the house's formats and a fixed creation date."""

    def __init__(self, title: str, created: date, author: str, marking: str = "") -> None:
        options = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
        self._buffer = io.BytesIO()
        self._file: Any = Workbook(self._buffer, {"in_memory": True, **options})
        moment = datetime(created.year, created.month, created.day)
        self._file.set_properties({"title": title, "author": author, "created": moment})
        self._formats = {name: self._file.add_format(dict(spec)) for name, spec in _FORMATS.items()}
        self.sheets: list[Sheet] = []
        self._header = f"&C&B{marking.replace('&', '&&')}" if marking else ""

    def sheet(self, name: str, widths: Sequence[float]) -> Sheet:
        """A new protected sheet with its column widths and print setup."""
        raw = self._file.add_worksheet(name, FastWorksheet)
        raw.hide_gridlines(2)
        raw.set_landscape()
        raw.set_paper(A4)
        raw.fit_to_pages(1, 0)
        raw.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        raw.set_header(self._header)
        raw.set_footer("&L&F&C&A&R&P/&N")
        raw.protect("", {"format_columns": True, "format_rows": True, "autofilter": True, "sort": True})
        for index, width in enumerate(widths):
            raw.set_column(index, index, width)
        self.sheets.append(Sheet(name, raw, self._formats))
        return self.sheets[-1]

    def name(self, name: str, reference: str) -> None:
        """A defined name, part of the import contract."""
        self._file.define_name(name, f"={reference}")

    def chart(self, kind: str, subtype: str = "") -> Any:
        """A native chart, such as a stacked bar or a line."""
        return self._file.add_chart({"type": kind} | ({"subtype": subtype} if subtype else {}))

    def bytes(self) -> bytes:
        """The finished file."""
        self._file.close()
        return self._buffer.getvalue()


class Sheet:
    """One worksheet; rows and columns count from zero."""

    def __init__(self, name: str, raw: Any, formats: Mapping[str, Any]) -> None:
        self.name, self.raw, self._formats = name, raw, formats

    def put(self, row: int, col: int, value: Value, style: str = "text") -> None:
        """A constant, written as what it is."""
        self.raw.table[row][col] = self._constant(value, style)

    def row(self, row: int, values: Sequence[Value], style: str = "text", first: int = 0) -> None:
        """Constants side by side."""
        self.store(row, first, [self._constant(value, style) for value in values])

    def cells(self, values: Sequence[Value], style: str = "text") -> list[Any]:
        """Constants to be stored again and again, as many rows begin or end alike."""
        return [self._constant(value, style) for value in values]

    def live_cells(self, text: str, value: float | str | bool, style: str) -> list[Any]:
        """The same for a formula."""
        return [CellFormulaTuple(text, self._formats[style], value)]

    def numbers(self, row: int, first: int, values: Sequence[float], style: str = "number") -> None:
        """Numbers side by side, for long rows."""
        cell_format = self._formats[style]
        self.store(row, first, [CellNumberTuple(_finite(value), cell_format) for value in values])

    def formula(self, row: int, col: int, text: str, value: float | str | bool, style: str = "money") -> None:
        """A formula with the engine's value in its cell."""
        self.raw.table[row][col] = CellFormulaTuple(text, self._formats[style], _finite(value))

    def formulas(
        self, row: int, first: int, texts: Iterable[str], values: Sequence[float | str | bool], style: str = "money"
    ) -> None:
        """Formulas side by side, each with its value. A function younger than Excel 2007 is written with its prefix _xlfn."""
        cell_format = self._formats[style]
        pairs = zip(texts, values, strict=True)
        self.store(row, first, [CellFormulaTuple(text, cell_format, _finite(value)) for text, value in pairs])

    def store(self, row: int, first: int, cells: Sequence[Any]) -> None:
        """Cells that are made already, side by side."""
        self.raw.table[row].update(zip(count(first), cells))

    def _constant(self, value: Value, style: str) -> Any:
        cell_format = self._formats[style]
        if value is None or value == "":
            return CellBlankTuple(cell_format)
        if isinstance(value, str):
            return CellStringTuple(self.raw.str_table._get_shared_string_index(_printable(value)), cell_format)
        if isinstance(value, bool):
            return CellBooleanTuple(int(value), cell_format)
        if isinstance(value, date):
            dated = style if style.startswith("date") else "date"
            return CellNumberTuple(value.toordinal() - DAY_ZERO, self._formats[dated])
        return CellNumberTuple(_finite(value), cell_format)

    def headline(self, title: str, subtitle: str) -> None:
        """The first two rows."""
        self.put(0, 0, title, "title")
        self.put(1, 0, subtitle, "subtitle")

    def live_headline(self, title: str, text: str, value: str) -> None:
        """The same with a second row that follows the selected site and scenario."""
        self.put(0, 0, title, "title")
        self.formula(1, 0, text, value, "subtitle")

    def fingerprint(self) -> str:
        """The hash of what is locked on the sheet."""
        return fingerprint(self._locked())

    def _locked(self) -> Iterator[Cell]:
        texts, table = list(self.raw.str_table.string_table), self.raw.table
        for row in sorted(table):
            for col, each in sorted(table[row].items()):
                kind = type(each)
                if kind is CellBlankTuple or not each.format.locked:
                    continue
                coordinate = f"{column(col)}{row + 1}"
                if kind is CellFormulaTuple:
                    yield coordinate, "formula", each.formula
                elif kind is CellStringTuple:
                    yield coordinate, "text", texts[each.string]
                else:
                    yield coordinate, "number", each.number

    def head(self, row: int, titles: Sequence[str], first: int = 0) -> None:
        """Column headings; those that end with # stand over figures."""
        for offset, title in enumerate(titles):
            name = title.removesuffix(" #")
            self.put(row, first + offset, name, "head" if name == title else "head_right")

    def freeze(self, row: int, col: int) -> None:
        """Keeps the headings above `row` in view, and repeats the last of them on every printed page."""
        self.raw.freeze_panes(row, col)
        self.raw.repeat_rows(row - 1)

    def tall(self, row: int, texts: Mapping[int, str]) -> None:
        """A row high enough for texts that wrap, by the width of their column in characters."""
        lines = max(ceil(len(text) * ROOM / width) for width, text in texts.items())
        if lines > 1:
            self.raw.set_row(row, LINE_POINTS * lines)

    def wide(self, row: int, col: int, pages: int = 3) -> None:
        """The same for a sheet that is printed on pages side by side, the first column on each."""
        self.freeze(row, col)
        self.raw.fit_to_pages(pages, 0)
        self.raw.repeat_columns(0)


def _finite(value: Figure) -> Figure:
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"A cell cannot hold {value}: only finite figures can be checked and summed.")
    return value


@cache
def _printable(text: str) -> str:
    """Text without the control characters that XML 1.0 refuses, inert even where another tool copies it on."""
    clean = inert("".join(c for c in text if c >= " " or c in "\t\n"))
    return clean.encode("utf-16-le")[: 2 * LONGEST].decode("utf-16-le", "ignore")
