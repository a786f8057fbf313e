"""XlsxWriter's worksheet with a quicker pen: the same bytes in a third of the time.

Cells stay in XlsxWriter's own table as its own records, so that charts and all else that reads them work; whoever fills
the table need not check each cell's place, since the extent is found here once. The common kinds of cells are rendered
by one f-string, the others by XlsxWriter. A test holds the result against XlsxWriter's own, byte for byte.
"""

from __future__ import annotations

from functools import cache
from html import escape
from typing import Any

from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped, unused-ignore]
from xlsxwriter.worksheet import (  # type: ignore[import-untyped, unused-ignore]
    CellFormulaTuple,
    CellNumberTuple,
    CellStringTuple,
    Worksheet,
)

ROWS_PER_SPAN = 16
"""a row states the columns in use, which XlsxWriter takes from blocks of this many rows"""

_letters = cache(xl_col_to_name)


class FastWorksheet(Worksheet):  # type: ignore[misc, unused-ignore]
    """A worksheet that finds its extent and writes its cells without XlsxWriter's overhead."""

    def _write_dimension(self) -> None:
        for row, cells in self.table.items():
            if cells:
                self._check_dimensions(row, min(cells))
                self._check_dimensions(row, max(cells))
        super()._write_dimension()

    def _calculate_spans(self) -> None:
        blocks: dict[int, list[int]] = {}
        for row, cells in self.table.items():
            if cells:
                blocks.setdefault(row // ROWS_PER_SPAN, []).extend((min(cells), max(cells)))
        self.row_spans = {block: f"{min(columns) + 1}:{max(columns) + 1}" for block, columns in blocks.items()}

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        content = _content(cell) if cell.format else None
        if content is None:
            super()._write_cell(row, col, cell)
        else:
            self.fh.write(f'<c r="{_letters(col)}{row + 1}" s="{cell.format._get_xf_index()}"{content}</c>')


def _content(cell: Any) -> str | None:
    """What stands in a cell's element after its format; null for the kinds that are left to XlsxWriter."""
    kind = type(cell)
    if kind is CellStringTuple:
        return f' t="s"><v>{cell.string}</v>'
    if kind is CellNumberTuple:
        return f"><v>{cell.number:.16G}</v>"
    if kind is CellFormulaTuple and type(cell.value) is float:
        return f"><f>{escape(cell.formula, quote=False)}</f><v>{cell.value}</v>"
    if kind is CellFormulaTuple and type(cell.value) is bool:
        return f' t="b"><f>{escape(cell.formula, quote=False)}</f><v>{cell.value:d}</v>'
    if kind is CellFormulaTuple and type(cell.value) is str and cell.value[:1] not in ("", "#"):
        return f' t="str"><f>{escape(cell.formula, quote=False)}</f><v>{escape(cell.value, quote=False)}</v>'
    return None
