"""The balances of tco.xlsx: each can fail, and says so in the file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aisizer.deliver import workbook_lines as at
from aisizer.deliver.workbook_book import Book
from aisizer.deliver.workbook_cells import FIRST_YEAR, PERIODS, TOLERANCE_USD, cell, span
from aisizer.deliver.workbook_inputs import TOLERANCE
from aisizer.deliver.workbook_inputs_sheet import INPUTS_CHANGED, worked_out
from aisizer.deliver.workbook_lines import CostSheet, categories
from aisizer.deliver.workbook_lists import bom_count, bom_total
from aisizer.deliver.workbook_months import (
    ACCRUAL,
    CAPEX,
    CASH,
    FISCAL,
    MONTHS,
    MOST_FISCAL,
    OPEX,
    THREE_YEARS,
    TOP,
    accrued_row,
    capital_categories,
    running_categories,
)
from aisizer.deliver.workbook_site import Shown

HEAD = 3
NOT_ORDERED = (at.RESIDUAL, "service_tax")
"""categories that may be capitalised and that no bill of materials lists"""


@dataclass(frozen=True, slots=True)
class Check:
    """Two figures that must agree within the tolerance."""

    text: str
    left: str
    left_value: float
    right: str | None
    """null: a constant stamped from the plan"""
    right_value: float
    frozen: bool = False
    """whether the right side is of the plan as delivered, and so compared only while no input and no scenario is changed"""
    cents: int = 1
    """figures that the right side adds up, each of them rounded to cents"""
    cents_text: str = ""
    """their number as a formula; empty: one"""

    @property
    def failed(self) -> int:
        """1 where the check fails as delivered."""
        return int(abs(self.left_value - self.right_value) > TOLERANCE_USD * self.cents)


def checks(shown: Shown, exported: tuple[str, str]) -> list[Check]:
    """All balances: of the selected site, and of each site. exported: totals of cash and accrual on Export, as formulas."""
    return [
        *_of_selected(shown),
        *_of_export(shown, *exported),
        *_of_bom(shown),
        *(check for site in shown.sites for check in _of_site(site)),
    ]


def _of_selected(shown: Shown) -> Iterator[Check]:
    site, names = shown.chosen, categories(shown.sites)
    cash = TOP + len(names)
    three, one = site.usd(at.THREE_YEARS), site.usd(at.ONE_YEAR)
    total = shown.choose(lambda s: s.at_total(at.THREE_YEARS))
    first = shown.choose(lambda s: s.at_total(at.ONE_YEAR))
    months = span((cash, MONTHS), (cash, MONTHS + PERIODS - 1), CASH)
    year = span((cash, MONTHS), (cash, MONTHS + FIRST_YEAR - 1), CASH)
    parts = "+".join(
        cell(TOP + n, THREE_YEARS, tab)
        for tab, n in ((CAPEX, len(capital_categories(shown))), (OPEX, len(running_categories(shown))))
    )
    yield Check("Selected site: cash by month = sum of lines", f"SUM({months})", three, total, three)
    yield Check("Selected site: capex + opex = sum of lines", parts, three, total, three)
    yield Check("Selected site: 1 year = period 0 + months 1 to 12", first, one, f"SUM({year})", one)
    for tab, row, value in ((CASH, cash, three), (ACCRUAL, accrued_row(shown), site.usd(at.ACCRUED))):
        fiscal = span((row, FISCAL), (row, FISCAL + MOST_FISCAL - 1), tab)
        yield Check(f"{tab}: fiscal years = months", f"SUM({fiscal})", value, cell(row, THREE_YEARS, tab), value)
    accrued, row = site.usd(at.ACCRUED), accrued_row(shown)
    lines = shown.choose(lambda s: s.at_total(at.ACCRUED))
    yield Check("Accrual by month = accrued by line", cell(row, THREE_YEARS, ACCRUAL), accrued, lines, accrued)
    for tab, col, formula, value in (
        ("TCO 1Y", 3, first, one),
        ("TCO 3Y", 3, total, three),
        ("TCO 3Y", 4, lines, accrued),
    ):
        name = "cash" if col == 3 else "accrued"
        left = cell(HEAD + 1 + len(names), col, tab)
        yield Check(f"{tab}: {name} by category = sum of lines", left, value, formula, value)


def _of_export(shown: Shown, cash: str, accrual: str) -> Iterator[Check]:
    three = math.fsum(site.usd(at.THREE_YEARS) for site in shown.sites)
    accrued = shown.chosen.usd(at.ACCRUED)
    lines = "+".join(site.at_total(at.THREE_YEARS) for site in shown.sites)
    yield Check("Export: cash of all sites = sum of lines", cash, three, lines, three)
    selected = cell(accrued_row(shown), THREE_YEARS, ACCRUAL)
    yield Check("Export: accrual = Accrual of the selected site", accrual, accrued, selected, accrued)


def _of_bom(shown: Shown) -> Iterator[Check]:
    """Both at the prices of the month in service; payment terms move cash and not what is bought."""
    site, ordered = shown.chosen, [line for line in shown.plan.bom if line.treatment == at.CAPITAL]
    bought = [row for row, line in enumerate(site.lines) if site.capital[row] and line.category not in NOT_ORDERED]
    value = float(site.used[bought].sum())
    block = span((at.FIRST, at.USED), (site.total - 1, at.USED + PERIODS - 1), site.name)
    others = "".join(f'*({site.column(at.CATEGORY)}<>"{name}")' for name in NOT_ORDERED)
    mine = f'({site.column(at.TREATMENT)}="{at.CAPITAL}"){others}'
    years = span((at.YEAR_ROW, at.USED), (at.YEAR_ROW, at.USED + PERIODS - 1), site.name)
    text = f"SUMPRODUCT({mine}*{site.column(at.RATE)}*(1+{site.column(at.STEP)})^{years}*{block})"
    total = math.fsum(line.extended_price_usd or 0.0 for line in ordered)
    yield Check(
        "BOM: capitalised lines = what enters service", text, value, bom_total(at.CAPITAL), total, frozen=True,
        cents=len(ordered), cents_text=bom_count(at.CAPITAL),
    )  # fmt: skip


def _of_site(site: CostSheet) -> Iterator[Check]:
    three = site.usd(at.THREE_YEARS)
    total = site.at_total(at.THREE_YEARS)
    periods = span((site.total, at.AMOUNT), (site.total, at.AMOUNT + PERIODS - 1), site.name)
    yield Check(f"{site.label}: 3 years, sum of periods = sum of lines", f"SUM({periods})", three, total, three)
    stamped = (
        ("1 year", at.ONE_YEAR, site.cost.one_year_usd),
        ("3 years", at.THREE_YEARS, site.cost.three_year_usd),
        ("NPV", at.NPV, site.cost.npv_usd),
        ("accrued", at.ACCRUED, site.cost.accrual_three_year_usd),
    )
    for name, col, figure in stamped:
        value = site.value(col)
        if figure is not None and value is not None:
            yield Check(
                f"{site.label}: {name} = the plan's figure", site.at_total(col), value, None, figure, frozen=True
            )


def checks_sheet(book: Book, shown: Shown, balances: Sequence[Check]) -> None:
    """Each balance on a row; ChecksFailed is the sum of the last column."""
    sheet = book.sheet("Checks", (64, 20, 20, 18, 10))
    sheet.headline("Checks", "USD. 0 is passed, 1 is failed; the plan's figures are compared while nothing is changed.")
    sheet.head(HEAD, ("Check", "Left #", "Right #", "Difference #", "Failed #"))
    tolerance, changed = shown.inputs.selected(TOLERANCE), worked_out(shown.inputs, INPUTS_CHANGED)
    untouched = f'AND({changed}=0,Scenario="base")'
    for row, check in enumerate(balances, HEAD + 1):
        sheet.put(row, 0, check.text)
        sheet.formula(row, 1, check.left, check.left_value)
        if check.right is None:
            sheet.put(row, 2, check.right_value, "frozen_money")
        else:
            sheet.formula(row, 2, check.right, check.right_value)
        sheet.formula(row, 3, f"{cell(row, 1)}-{cell(row, 2)}", check.left_value - check.right_value)
        limit = f"{tolerance}*{check.cents_text}" if check.cents_text else tolerance
        test = f"IF(ABS({cell(row, 3)})<={limit},0,1)"
        test = f"IF({untouched},{test},0)" if check.frozen else test
        sheet.formula(row, 4, test, float(check.failed), "count_right")
    total = HEAD + 1 + len(balances)
    sheet.row(total, ("Checks failed", "", "", ""), "total_text")
    column = span((HEAD + 1, 4), (total - 1, 4))
    sheet.formula(total, 4, f"SUM({column})", float(sum(check.failed for check in balances)), "total_count")
    book.name("ChecksFailed", cell(total, 4, "Checks"))
    sheet.freeze(HEAD + 1, 1)
