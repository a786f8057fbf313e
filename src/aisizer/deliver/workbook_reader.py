"""Reads a tco.xlsx that finance edited: which inputs changed, once structure and locked cells are found as delivered."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from math import isclose, isfinite
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from aisizer.deliver.workbook_archive import RESAVE, read_archive, refusal
from aisizer.deliver.workbook_fingerprint import fingerprint, locked_cells
from aisizer.deliver.workbook_inputs import DELIVERED, NAME, PATH, TITLES, UNIT, VALUE
from aisizer.deliver.workbook_summary import CONTRACT
from aisizer.errors import Fault, InvalidInput

FINGERPRINT = "Fingerprint"
"""heading of the column of About that holds them"""
SLOW = 60.0
"""[s] in which a workbook must be read; one of the largest plans takes two."""
LARGEST = 1e12
"""No price, rate or figure of a plan comes near to a million millions; beyond it the unit is wrong."""
SAME = 1e-12
"""Relative difference below which a figure is unchanged: programs save 15 digits, the engine has 17."""

_AGAIN = "Run `aisizer size PROFILE` again, and edit the new tco.xlsx."
_TYPES = {"s": "text", "b": "true or false", "d": "a date", "e": "an error", "f": "a formula"}


@dataclass(frozen=True, slots=True)
class Change:
    """An input whose value finance changed."""

    path: str
    """the profile path that the input sets"""
    name: str
    old: float | None
    """null: it had no value"""
    new: float
    unit: str
    cell: str
    """such as Inputs!B14"""


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edited workbook says."""

    file: str
    stamps: Mapping[str, str]
    """the terms of the sheets About and Summary, such as Plan date and Plan sha256"""
    changes: tuple[Change, ...]


class _Cell(NamedTuple):
    """A cell with a content, read once and for all: openpyxl's own looks its style up when asked, and may fail then."""

    row: int
    column: int
    coordinate: str
    value: Any
    data_type: str
    protection: Any


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The cells of one sheet that hold something, row by row."""

    name: str
    rows: list[list[_Cell]]

    def iter_rows(self) -> Iterator[list[_Cell]]:
        """As openpyxl's own sheets do."""
        return iter(self.rows)

    def texts(self) -> Iterator[dict[int, Any]]:
        """Each row's values by column, from zero."""
        return ({cell.column - 1: cell.value for cell in row} for row in self.rows)


@dataclass(frozen=True, slots=True)
class _Row:
    """One input as it came back."""

    path: str
    name: str
    unit: str
    cell: str
    value: Any
    """null where the cell is empty"""
    data_type: str
    delivered: float | None


def read_workbook(path: Path) -> Edited:
    """The changed inputs of an edited workbook; raises InvalidInput with every reason why it cannot be taken back."""
    sheets = _sheets(read_archive(path), str(path))
    stamps, delivered = _stamps(sheets), _fingerprints(sheets)
    _check_version(stamps, bool(delivered), str(path))
    rows = list(_rows(sheets["Inputs"])) if "Inputs" in sheets else []
    if faults := [*_structure(sheets, delivered, str(path)), *_locked(sheets, delivered, rows, str(path))]:
        raise InvalidInput(faults)
    changes = [row for row in rows if _changed(row)]
    faults = [fault for row in changes if (fault := _fault(row, str(path)))] or list(_split(rows, changes, str(path)))
    if faults:
        raise InvalidInput(faults)
    kept = {
        row.path: Change(row.path, row.name, row.delivered, float(row.value), row.unit, row.cell) for row in changes
    }
    return Edited(str(path), stamps, tuple(kept.values()))


def _sheets(archive: io.BytesIO, file: str) -> dict[str, _Sheet]:
    """Every sheet in the order of the book.

    openpyxl states no list of what it raises on XML that is no workbook, so whatever it raises is such a file.
    """
    from openpyxl import load_workbook

    started = monotonic()
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):  # it also prints what it finds odd
        warnings.simplefilter("ignore")  # extensions that openpyxl leaves out, such as icons: nothing here needs them
        try:
            book = load_workbook(archive, read_only=True, keep_links=False)
            return {sheet.title: _Sheet(sheet.title, list(_filled(sheet, started, file))) for sheet in book.worksheets}
        except InvalidInput:
            raise
        except Exception as error:
            problem = f"this is no workbook that can be read ({type(error).__name__}). {RESAVE}"
            raise refusal(file, problem) from error


def _filled(sheet: Any, started: float, file: str) -> Iterator[list[_Cell]]:
    """The cells with a content, row by row."""
    sheet.reset_dimensions()
    for row in sheet.iter_rows():
        if monotonic() - started > SLOW:
            raise refusal(
                file, f"the workbook takes longer than {SLOW:g} s to read. Give the tco.xlsx itself. {RESAVE}"
            )
        if cells := [_cell(cell) for cell in row if cell.value is not None]:
            yield cells


def _cell(cell: Any) -> _Cell:
    return _Cell(cell.row, cell.column, cell.coordinate, cell.value, cell.data_type, cell.protection)


def _stamps(sheets: Mapping[str, _Sheet]) -> dict[str, str]:
    """The terms in column A and their texts in column B, of the sheets that say what the file is."""
    pairs = [row for name in ("Summary", "About") if name in sheets for row in sheets[name].texts()]
    return {str(row[0]): shown(row[1]) for row in pairs if 0 in row and 1 in row}


def _check_version(stamps: Mapping[str, str], sealed: bool, file: str) -> None:
    """Refuses what another tool or another version wrote; `sealed` where About lists the sheets with fingerprints."""
    made_by, contract = stamps.get("Made by", ""), stamps.get("Contract", "")
    if contract != CONTRACT and re.fullmatch(r"aisizer/workbook/v\d+", contract):
        mend = f"Install the version that made it ({made_by or 'not stated'}), or size the profile with this one."
        raise refusal(file, f"the workbook is of contract {contract}, and this aisizer reads {CONTRACT}. {mend}")
    if not sealed and made_by.startswith("aisizer "):
        raise refusal(
            file, f"the workbook was made by an older aisizer ({made_by}), or its list of sheets is gone. {_AGAIN}"
        )
    if not sealed:
        raise refusal(
            file, "this is no tco.xlsx of aisizer: no sheet About says who made it. Give the file that was edited."
        )


def _fingerprints(sheets: Mapping[str, _Sheet]) -> dict[str, str]:
    """The fingerprint of each sheet as delivered, from the list on About."""
    found: dict[str, str] = {}
    column = None
    for row in sheets["About"].texts() if "About" in sheets else ():
        if column is not None and 0 in row and column in row:
            found[str(row[0])] = str(row[column])
        column = next((at for at, value in row.items() if value == FINGERPRINT), column)
    return found


def _structure(sheets: Mapping[str, _Sheet], delivered: Mapping[str, str], file: str) -> Iterator[Fault]:
    lost = [name for name in delivered if name not in sheets]
    added = [name for name in sheets if name not in delivered]
    if lost:
        problem = f"{_listed(lost)}: not found, removed or renamed. Put it back, or take a fresh copy of the workbook."
        yield Fault(file, None, None, "sheets", problem)
    if added:
        problem = f"{_listed(added)}: not a delivered sheet. Remove it; keep sheets of your own in a file of your own."
        yield Fault(file, None, None, "sheets", problem)


def _locked(sheets: Mapping[str, _Sheet], delivered: Mapping[str, str], rows: list[_Row], file: str) -> Iterator[Fault]:
    """A fault for each sheet whose locked cells are not as delivered.

    A value that may be typed is never locked, and a fingerprint is not part of itself.
    """
    typed = {row.cell for row in rows}
    for name in (name for name in delivered if name in sheets):
        free = {*typed, delivered[name]}
        cells = [[c for c in row if not free & {f"{name}!{c.coordinate}", str(c.value)}] for row in sheets[name].rows]
        if fingerprint(locked_cells(_Sheet(name, cells))) != delivered[name]:
            problem = (
                "locked cells were changed, or rows or columns inserted. Undo that, or type the changed values into "
            )
            yield Fault(file, None, None, shown(name), f"{problem}a fresh copy of the workbook.")


def _rows(inputs: _Sheet) -> Iterator[_Row]:
    """The inputs with a path, of the tables below a header of the agreed titles; a row without a name ends a table."""
    below, last = False, 0
    for cells in inputs.rows:
        by_column = {cell.column - 1: cell for cell in cells}
        row, texts = cells[0].row, {column: cell.value for column, cell in by_column.items()}
        if tuple(texts.get(column) for column in range(len(TITLES))) == TITLES:
            below, last = True, row
        elif below and NAME in texts and row == last + 1:
            last = row
            if PATH in texts:
                yield _row(texts, by_column.get(VALUE), f"{inputs.name}!B{row}")
        else:
            below = False


def _row(texts: Mapping[int, Any], value: _Cell | None, cell: str) -> _Row:
    delivered = texts.get(DELIVERED)
    return _Row(
        str(texts[PATH]), shown(texts[NAME]), shown(texts.get(UNIT) or ""), cell, value.value if value else None,
        value.data_type if value else "n", float(delivered) if isinstance(delivered, (int, float)) else None,
    )  # fmt: skip


def _changed(row: _Row) -> bool:
    if row.data_type != "n" or row.value is None or row.delivered is None:
        return not (row.value is None and row.delivered is None)
    return not isclose(row.value, row.delivered, rel_tol=SAME)


def _fault(row: _Row, file: str) -> Fault | None:
    """What is wrong with a value that was typed, as far as any input goes."""

    def fault(problem: str) -> Fault:
        return Fault(file, None, None, row.cell, f"{row.name}: {problem}")

    if row.value is None:
        return fault(
            f"the cell was cleared (it held {row.delivered:.12g}), and a workbook cannot make a known figure unknown. Type "
            "the figure that counts or the old one; to plan without a price, take the quote out of the profile's "
            "supply.quotes, or the price out of the catalog (--catalog)."
        )
    if row.data_type != "n":
        return fault(
            f"a number is expected (got {_TYPES.get(row.data_type, 'something else')}). Type the figure itself."
        )
    if not isfinite(row.value) or not 0 <= row.value < LARGEST:
        return fault(f"a number from 0 to below {LARGEST:.0e} is expected (got {row.value:.6g}). Check sign and unit.")
    return None


def _split(rows: list[_Row], changes: list[_Row], file: str) -> Iterator[Fault]:
    """One path has one value: where two inputs rest on it, both must say the same."""
    for change in changes:
        others = [row for row in rows if row.path == change.path and row is not change]
        for other in others:
            if (other.value, other.unit) != (change.value, change.unit):
                problem = f"{change.path} also stands in {other.cell}, with another value. Type the same into both."
                yield Fault(file, None, None, change.cell, problem)


def _listed(names: list[str]) -> str:
    return ", ".join(shown(name) for name in names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def shown(value: object) -> str:
    """A text of the workbook on one line, without what a terminal or YAML would obey, at most 80 characters."""
    clean = "".join(c if c.isprintable() else "?" for c in " ".join(str(value).split()))
    return clean if len(clean) <= 80 else f"{clean[:77]}..."
