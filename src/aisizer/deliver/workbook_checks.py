"""The balances of tco.xlsx: each can fail, and says so in the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aisizer.deliver import workbook_cells as at
from aisizer.deliver.workbook_book import Book
from aisizer.deliver.workbook_cells import CostSheet, InputMap, cell, span

HEAD = 3
RESIDUAL = "residual"


@dataclass(frozen=True, slots=True)
class Check:
    """Two figures that must agree, or (`ordered`) stand in order, within the tolerance."""

    text: str
    left: str
    left_value: float
    right: str | None
    """null: a constant stamped from the plan, compared only while no input is changed"""
    right_value: float
    ordered: bool = False

    @property
    def failed(self) -> int:
        """1 where the check fails as delivered."""
        difference = self.left_value - self.right_value
        return int((difference if self.ordered else abs(difference)) > at.TOLERANCE_USD)


def checks(sheets: Sequence[CostSheet]) -> list[Check]:
    """All balances of all sites."""
    return [check for index, sheet in enumerate(sheets) for check in _site_checks(sheet, 1 + index)]


def _site_checks(sheet: CostSheet, column: int) -> list[Check]:
    found = [*_category_checks(sheet, column), _period_check(sheet), _order_check(sheet)]
    stamped = (
        ("1 year", at.ONE_YEAR, sheet.cost.one_year_usd),
        ("3 years", at.THREE_YEARS, sheet.cost.three_year_usd),
        ("NPV", at.NPV, sheet.cost.npv_usd),
    )
    for name, col, total in stamped:
        value = sheet.value(col)
        if total is not None and value is not None:
            left = cell(sheet.total, col, sheet.name)
            found.append(Check(f"{sheet.label}: {name} = the plan's figure", left, value, None, total))
    return found


def _category_checks(sheet: CostSheet, column: int) -> list[Check]:
    letter = at.column(column)
    found = []
    for name, tab, col in (("1 year", "TCO 1Y", at.ONE_YEAR), ("3 years", "TCO 3Y", at.THREE_YEARS)):
        value = at.figure(sheet.value(col))
        total = f"SUMIFS('{tab}'!${letter}:${letter},'{tab}'!$A:$A,\"Total\")"
        text = f"{sheet.label}: {name}, sum of categories = sum of lines"
        found.append(Check(text, total, value, cell(sheet.total, col, sheet.name), value))
    return found


def _period_check(sheet: CostSheet) -> Check:
    periods = span((sheet.total, at.AMOUNT), (sheet.total, at.AMOUNT + at.PERIODS - 1), sheet.name)
    text = f"{sheet.label}: 3 years, sum of periods = sum of lines"
    total = cell(sheet.total, at.THREE_YEARS, sheet.name)
    return Check(text, f"SUM({periods})", sum(sheet.periods), total, at.figure(sheet.value(at.THREE_YEARS)))


def _order_check(sheet: CostSheet) -> Check:
    """Residual values come back in the last month, so they are left out."""

    def side(col: int) -> tuple[str, float]:
        residual = f'SUMIFS({sheet.lines(col)},{sheet.lines(at.CATEGORY)},"{RESIDUAL}")'
        value = at.figure(sheet.value(col)) - sheet.category(col, RESIDUAL)
        return f"{cell(sheet.total, col, sheet.name)}-{residual}", value

    return Check(
        f"{sheet.label}: 1 year <= 3 years, before residual",
        *side(at.ONE_YEAR),
        *side(at.THREE_YEARS),
        ordered=True,
    )


def checks_sheet(book: Book, balances: Sequence[Check], inputs: InputMap) -> None:
    """Each balance on a row; ChecksFailed is the sum of the last column."""
    sheet = book.sheet("Checks", (64, 20, 20, 18, 10))
    sheet.headline("Checks", "0 is passed, 1 is failed; totals are held against the plan while no input is changed")
    sheet.head(HEAD, ("Check", "Left #", "Right #", "Difference #", "Failed #"))
    tolerance = cell(at.TOLERANCE_ROW, at.VALUE_COL, "Inputs")
    for row, check in enumerate(balances, HEAD + 1):
        sheet.put(row, 0, check.text)
        sheet.formula(row, 1, check.left, check.left_value)
        if check.right is None:
            sheet.put(row, 2, check.right_value, "frozen_money")
        else:
            sheet.formula(row, 2, check.right, check.right_value)
        sheet.formula(row, 3, f"{cell(row, 1)}-{cell(row, 2)}", check.left_value - check.right_value)
        size = cell(row, 3) if check.ordered else f"ABS({cell(row, 3)})"
        test = f"IF({size}<={tolerance},0,1)"
        sheet.formula(row, 4, test if check.right else f"IF({inputs.changed}>0,0,{test})", check.failed, "number")
    total = HEAD + 1 + len(balances)
    sheet.row(total, ("Checks failed", "", "", ""), "total_text")
    column = span((HEAD + 1, 4), (total - 1, 4))
    sheet.formula(total, 4, f"SUM({column})", sum(check.failed for check in balances), "total_count")
    book.name("ChecksFailed", cell(total, 4, "Checks"))
    sheet.freeze(HEAD + 1, 1)
