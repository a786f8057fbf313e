"""The sheet Export: flat rows for other programs. Cash by line and month of every site, accrual by category of the selected."""

from __future__ import annotations

from collections.abc import Iterator

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
SCENARIO, SITE, PERIOD, AMOUNT, CURRENCY, COMPLETE = 2, 3, 4, 8, 9, 11
"""zero-based columns"""
SHORT_HASH = 12
"""digits of the plan's hash that stand in each row; Summary has all of them"""


def export_sheet(book: Book, shown: Shown) -> None:
    """One row per line and month with a quantity, then one per category and month of the accrual."""
    sheet = book.sheet("Export", (18, 15, 10, 16, 8, 11, 18, 30, 16, 9, 9, 10))
    sheet.head(0, FIELDS)
    years, row = fiscal_names(shown), 1
    for site in shown.sites:
        for index, period in _paid(site):
            line = site.lines[index]
            _key(sheet, shown, row, site.label, period, years[period], line.category, line.id)
            amount = f"'{site.name}'!{column(at.AMOUNT + period)}{at.FIRST + index + 1}"
            sheet.formula(row, AMOUNT, amount, float(site.amounts[index][period]))
            sheet.row(row, ("USD", "cash"), "plain", CURRENCY)
            sheet.formula(row, COMPLETE, f"{site.at_total(at.UNPRICED)}=0", not site.unpriced, "plain")
            row += 1
    for block, offset, period in _charged(shown):
        _key(sheet, shown, row, None, period, years[period], block.names[offset], block.title)
        amount = f"{ACCRUAL}!{column(MONTHS + period)}{block.top + offset + 1}"
        sheet.formula(row, AMOUNT, amount, float(block.values[offset][period]))
        sheet.row(row, ("USD", "accrual"), "plain", CURRENCY)
        sheet.formula(row, COMPLETE, f'{STATUS}="complete"', not shown.chosen.unpriced, "plain")
        row += 1
    sheet.freeze(1, 0)


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


def _key(
    sheet: Sheet, shown: Shown, row: int, site: str | None, period: int, year: str, category: str, line: str
) -> None:
    sheet.row(row, (labels.profile_name(shown.plan), shown.stamp[:SHORT_HASH]), "plain")
    sheet.formula(row, SCENARIO, "Scenario", "base", "plain")
    if site is None:
        sheet.formula(row, SITE, "Site", shown.chosen.label, "plain")
    else:
        sheet.put(row, SITE, site, "plain")
    sheet.row(row, (period, year, category, line), "plain", PERIOD)
