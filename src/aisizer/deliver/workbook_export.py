"""The sheet Export: flat rows for other programs. Cash by line and month of every site, accrual by category of the selected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aisizer.deliver import labels
from aisizer.deliver import workbook_lines as at
from aisizer.deliver.workbook_book import Book, Sheet
from aisizer.deliver.workbook_cells import column
from aisizer.deliver.workbook_lines import CostSheet
from aisizer.deliver.workbook_months import ACCRUAL, MONTHS, Block, accrual_blocks, fiscal_names
from aisizer.deliver.workbook_site import STATUS, Shown

FIELDS = (
    "profile", "plan_hash", "scenario", "site", "period", "fiscal_year", "category", "line", "amount", "currency", "basis",
    "complete",
)  # fmt: skip
AMOUNT = FIELDS.index("amount")
PLAIN = "plain"
SHORT_HASH = 12
"""digits of the plan's hash that stand in each row; Summary has all of them"""


def export_sheet(book: Book, shown: Shown) -> None:
    """One row per line and month with a quantity, then one per category and month of the accrual."""
    sheet = book.sheet("Export", (18, 15, 10, 16, 8, 11, 18, 30, 16, 9, 9, 10))
    sheet.head(0, FIELDS)
    row = 1
    for site in shown.sites:
        row = _cash_rows(sheet, shown, site, row)
    _accrual_rows(sheet, shown, row)
    sheet.freeze(1, 0)


def _cash_rows(sheet: Sheet, shown: Shown, site: CostSheet, row: int) -> int:
    begin = [*_begin(sheet, shown), *sheet.cells((site.label,), PLAIN)]
    complete = sheet.live_cells(f"{site.at_total(at.UNPRICED)}=0", not site.unpriced, PLAIN)
    end, when = [*sheet.cells(("USD", "cash"), PLAIN), *complete], _when(sheet, shown)
    names = [sheet.cells((line.category, line.id), PLAIN) for line in site.lines]
    for index, period in _paid(site):
        amount = f"'{site.name}'!{column(at.AMOUNT + period)}{at.FIRST + index + 1}"
        paid = sheet.live_cells(amount, float(site.amounts[index, period]), "money")
        sheet.store(row, 0, [*begin, *when[period], *names[index], *paid, *end])
        row += 1
    return row


def _accrual_rows(sheet: Sheet, shown: Shown, row: int) -> None:
    begin = [*_begin(sheet, shown), *sheet.live_cells("Site", shown.chosen.label, PLAIN)]
    complete = sheet.live_cells(f'{STATUS}="complete"', not shown.chosen.unpriced, PLAIN)
    end, when = [*sheet.cells(("USD", "accrual"), PLAIN), *complete], _when(sheet, shown)
    for block, offset, period in _charged(shown):
        names = sheet.cells((block.names[offset], block.title), PLAIN)
        amount = f"{ACCRUAL}!{column(MONTHS + period)}{block.top + offset + 1}"
        charged = sheet.live_cells(amount, float(block.values[offset, period]), "money")
        sheet.store(row, 0, [*begin, *when[period], *names, *charged, *end])
        row += 1


def _begin(sheet: Sheet, shown: Shown) -> list[Any]:
    """How every row begins: profile, plan and scenario."""
    named = sheet.cells((labels.profile_name(shown.plan), shown.stamp[:SHORT_HASH]), PLAIN)
    return [*named, *sheet.live_cells("Scenario", "base", PLAIN)]


def _when(sheet: Sheet, shown: Shown) -> list[list[Any]]:
    """Period and fiscal year of each period."""
    return [sheet.cells((period, year), PLAIN) for period, year in enumerate(fiscal_names(shown))]


def exported(shown: Shown) -> tuple[str, str]:
    """Totals of cash and of accrual on the sheet, as formulas."""
    cash = sum(1 for site in shown.sites for _ in _paid(site))
    accrual = sum(1 for _ in _charged(shown))
    letter = column(AMOUNT)
    return f"SUM(Export!{letter}2:{letter}{cash + 1})", f"SUM(Export!{letter}{cash + 2}:{letter}{cash + accrual + 1})"


def _paid(site: CostSheet) -> Iterator[tuple[int, int]]:
    """Line and period of each payment."""
    return ((i, period) for i, line in enumerate(site.lines) for period, paid in enumerate(line.quantity) if paid)


def _charged(shown: Shown) -> Iterator[tuple[Block, int, int]]:
    """Block, category and period of each charge, of those that any site has; nothing depreciates before service."""
    _, charges, expenses = accrual_blocks(shown)
    for block, begins in ((charges, 1), (expenses, 0)):
        for offset, values in enumerate(block.values):
            for period in range(begins, len(values)):
                yield block, offset, period
