"""Capex, Opex, Cash flow and Accrual: categories by month and fiscal year, for the selected site."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from aisizer.costs.fiscal import year_name, year_start
from aisizer.costs.schedule import period_end
from aisizer.costs.tco import depreciation
from aisizer.deliver import labels
from aisizer.deliver import workbook_lines as at
from aisizer.deliver.workbook_book import Book, Sheet
from aisizer.deliver.workbook_cells import FIRST_YEAR, PERIODS, across, column, span
from aisizer.deliver.workbook_costs import starts
from aisizer.deliver.workbook_inputs_sheet import LIFE_MONTHS, worked_out
from aisizer.deliver.workbook_lines import CAPITAL, RESIDUAL, CostSheet, categories
from aisizer.deliver.workbook_lists import wave_rows
from aisizer.deliver.workbook_site import Shown
from aisizer.shapes import Floats

DATE_ROW, FISCAL_ROW, SERVICE_ROW, HEAD_ROW = 2, 3, 4, 5
TOP = HEAD_ROW + 1
"""zero-based rows of these sheets"""
THREE_YEARS, ONE_YEAR, FISCAL = 1, 2, 3
MOST_FISCAL = 4
"""36 months and the one before them touch at most four fiscal years"""
MONTHS = FISCAL + MOST_FISCAL
"""zero-based columns of these sheets"""
WIDTHS = (26, 16, 16, *[15] * MOST_FISCAL, *[13] * PERIODS)
CAPEX, OPEX, CASH, ACCRUAL = "Capex", "Opex", "Cash flow", "Accrual"

CellText = Callable[[int, int], str]
"""(row, period) -> formula"""


@dataclass(frozen=True)
class Block:
    """Rows of one sheet: a category on each, 37 periods, and their totals."""

    title: str
    top: int
    names: Sequence[str]
    values: Floats
    """[USD] by category and period, of the chosen site"""

    @property
    def bottom(self) -> int:
        """The last row."""
        return self.top + len(self.names) - 1

    @property
    def total(self) -> int:
        """Row of the block's own totals."""
        return self.bottom + 1


@dataclass(frozen=True)
class Frame:
    """A sheet by month, and the periods of each fiscal year."""

    sheet: Sheet
    years: dict[str, list[int]]


def capital_categories(shown: Shown) -> list[str]:
    """Categories with something capitalised at any site; where nothing is, one row of nothing."""
    return _with(shown.sites, capital=True)


def running_categories(shown: Shown) -> list[str]:
    """Categories with something that is not capitalised at any site."""
    return _with(shown.sites, capital=False)


def _with(sites: Sequence[CostSheet], capital: bool) -> list[str]:
    found = {line.category for site in sites for line in site.lines if (line.treatment == CAPITAL) == capital}
    used = categories(sites)
    return [category for category in used if category in found] or used[:1]


def paid(site: CostSheet, names: Sequence[str], capital: bool) -> Floats:
    """[USD] of cash by category and period."""
    return np.array([site.amounts[site.of_category(n) & (site.capital == capital)].sum(axis=0) for n in names])


def charged(site: CostSheet, names: Sequence[str], capital: bool) -> Floats:
    """[USD] by category and the period in which it enters service or is used."""
    return np.array([site.used[site.of_category(n) & (site.capital == capital)].sum(axis=0) for n in names])


def capex_sheet(book: Book, shown: Shown) -> None:
    """Cash for what is capitalised."""
    names = capital_categories(shown)
    block = Block("", TOP, names, paid(shown.chosen, names, True))
    wave_rows(_paid_sheet(book, shown, CAPEX, block, "").sheet, shown, block.total + 2)


def opex_sheet(book: Book, shown: Shown) -> None:
    """Cash for all else: expensed, prepaid, possibly a lease."""
    names = running_categories(shown)
    _paid_sheet(book, shown, OPEX, Block("", TOP, names, paid(shown.chosen, names, False)), "<>")


def _paid_sheet(book: Book, shown: Shown, name: str, block: Block, sign: str) -> Frame:
    def text(row: int, period: int) -> str:
        def sums(site: CostSheet) -> str:
            treated = f'{site.column(at.TREATMENT)},"{sign}{CAPITAL}"'
            return f"SUMIFS({site.moving[at.AMOUNT + period]},{site.column(at.CATEGORY)},$A{row + 1},{treated})"

        return shown.choose(sums)

    titles = {CAPEX: "Capitalised purchases by month of payment", OPEX: "All other cash by month of payment"}
    frame = _monthly(book, shown, name, titles[name], "Cash, undiscounted.")
    _block(frame, block, text)
    _totals(frame, block.total, "Total", [block], block.values.sum(axis=0))
    return frame


def cash_sheet(book: Book, shown: Shown) -> None:
    """All cash: Capex and Opex added up, and what has been spent so far."""
    names, site = categories(shown.sites), shown.chosen
    block = Block("", TOP, names, paid(site, names, True) + paid(site, names, False))
    parts = ((CAPEX, len(capital_categories(shown))), (OPEX, len(running_categories(shown))))

    def text(row: int, period: int) -> str:
        col = MONTHS + period
        each = (
            f"SUMIF({span((TOP, 0), (TOP + n - 1, 0), tab)},$A{row + 1},{across(TOP, TOP + n - 1, col, tab)})"
            for tab, n in parts
        )
        return "+".join(each)

    frame = _monthly(book, shown, CASH, "Cash flow by month of payment", "Cash, undiscounted.")
    _block(frame, block, text)
    cash = block.values.sum(axis=0)
    _totals(frame, block.total, "Total", [block], cash)
    frame.sheet.put(block.total + 1, 0, "Spent so far")
    row = block.total + 1
    first = f"${column(MONTHS)}{row}"
    texts = (f"SUM({first}:{column(MONTHS + p)}{row})" for p in range(PERIODS))
    frame.sheet.formulas(row, MONTHS, texts, np.cumsum(cash).tolist())


def accrual_blocks(shown: Shown) -> tuple[Block, Block, Block]:
    """Capital that enters service, its depreciation, and expenses."""
    owned = [name for name in capital_categories(shown) if name != RESIDUAL]
    running = [name for name in running_categories(shown) if name != RESIDUAL]
    capital = charged(shown.chosen, owned, True)
    charges = np.array([depreciation(row, shown.chosen.life_months) for row in capital])
    first = Block("Enters service", TOP + 1, owned, capital)
    second = Block("Depreciation", first.total + 3, owned, charges)
    third = Block("Expenses as used", second.total + 2, running, charged(shown.chosen, running, False))
    return first, second, third


def accrual_sheet(book: Book, shown: Shown) -> None:
    """What each month is charged: depreciation from the month in service, and what is used in it."""
    capital, charges, expenses = accrual_blocks(shown)
    frame = _monthly(
        book, shown, ACCRUAL, "Accrued cost by month", "Accrual, never mixed with cash; residual left out."
    )
    service = [max(1.0, float(period)) for period in range(PERIODS)]
    frame.sheet.put(SERVICE_ROW, 0, "First month of service of what is paid in the period")
    frame.sheet.numbers(SERVICE_ROW, MONTHS, service, "frozen")
    _block(frame, capital, lambda row, period: _used(shown, row, period, "="))
    _block(frame, charges, lambda row, period: _depreciation(shown, row - charges.top + capital.top, period))
    _block(frame, expenses, lambda row, period: _used(shown, row, period, "<>"))
    cost = charges.values.sum(axis=0) + expenses.values.sum(axis=0)
    _totals(frame, expenses.total + 1, "Accrued", [charges, expenses], cost)


def accrued_row(shown: Shown) -> int:
    """Row of the totals of the sheet Accrual."""
    return accrual_blocks(shown)[2].total + 1


def _used(shown: Shown, row: int, period: int, sign: str) -> str:
    """What is used in the period, by its own quantities: quantity x rate x step."""

    def sums(site: CostSheet) -> str:
        mine = f'({site.column(at.CATEGORY)}=$A{row + 1})*({site.column(at.TREATMENT)}{sign}"{CAPITAL}")'
        year = f"{column(at.USED + period)}${at.YEAR_ROW + 1}"
        stepped = f"{site.column(at.RATE)}*(1+{site.column(at.STEP)})^'{site.name}'!{year}"
        return f"SUMPRODUCT({mine}*{site.moving[at.USED + period]}*{stepped})"

    return shown.choose(sums)


def _depreciation(shown: Shown, row: int, period: int) -> str:
    """Straight-line over the useful life from the month of service: a whole share a month, the rest in the last one."""
    life, month = worked_out(shown.inputs, LIFE_MONTHS), f"{column(MONTHS + period)}${HEAD_ROW + 1}"
    service = span((SERVICE_ROW, MONTHS), (SERVICE_ROW, MONTHS + PERIODS - 1))
    capital = f"${column(MONTHS)}{row + 1}:${column(MONTHS + PERIODS - 1)}{row + 1}"
    left = f"({life}-{month}+{service})"
    share = f"(({left}>=1)+({left}<1)*({left}>0)*{left})"
    return f"SUMPRODUCT({capital}*({service}<={month})*{share})/{life}"


def fiscal_names(shown: Shown) -> list[str]:
    """The fiscal year of each period; period 0 falls into that of the day before go-live."""
    start, go_live = labels.finance(shown.plan).fiscal_year_start, labels.decided(shown.plan).go_live
    return [year_name(year_start(period_end(go_live, period), start)) for period in range(PERIODS)]


def _monthly(book: Book, shown: Shown, name: str, title: str, basis: str) -> Frame:
    sheet = book.sheet(name, WIDTHS)
    sheet.live_headline(title, *shown.told_of_site(basis))
    years: dict[str, list[int]] = {}
    for period, year in enumerate(fiscal_names(shown)):
        years.setdefault(year, []).append(period)
    sheet.row(DATE_ROW, starts(shown.plan), "date_right", MONTHS)
    sheet.row(FISCAL_ROW, fiscal_names(shown), "text_right", MONTHS)
    sheet.put(DATE_ROW, 0, "Month begins")
    sheet.put(FISCAL_ROW, 0, "Fiscal year of its last day")
    sheet.head(HEAD_ROW, ("Category", "36 months #", "1 year #", *(f"{year} #" for year in years)))
    sheet.row(HEAD_ROW, ("",) * (MOST_FISCAL - len(years)), "head_right", FISCAL + len(years))
    sheet.numbers(HEAD_ROW, MONTHS, range(PERIODS), "head_right")
    sheet.wide(TOP, 1)
    return Frame(sheet, years)


def _block(frame: Frame, block: Block, text: CellText) -> None:
    sheet = frame.sheet
    if block.title:
        sheet.put(block.top - 1, 0, block.title, "section")
    for offset, name in enumerate(block.names):
        row = block.top + offset
        sheet.put(row, 0, name)
        sheet.formulas(row, MONTHS, (text(row, p) for p in range(PERIODS)), block.values[offset].tolist())
        _sums(frame, row, block.values[offset], "money")


def _totals(frame: Frame, row: int, name: str, blocks: Sequence[Block], values: Floats) -> None:
    frame.sheet.put(row, 0, name, "total_text")
    texts = ("+".join(_sum_of(block, MONTHS + p) for block in blocks) for p in range(PERIODS))
    frame.sheet.formulas(row, MONTHS, texts, values.tolist(), "total")
    _sums(frame, row, values, "total")


def _sum_of(block: Block, col: int) -> str:
    return f"SUM({column(col)}{block.top + 1}:{column(col)}{block.bottom + 1})"


def _sums(frame: Frame, row: int, values: Floats, style: str) -> None:
    """36 months, 1 year and fiscal years of a row."""
    texts, found = zip(*_sum_texts(frame, row, values), strict=True)
    frame.sheet.formulas(row, THREE_YEARS, texts, found, style)


def _sum_texts(frame: Frame, row: int, values: Floats) -> Iterator[tuple[str, float]]:
    first, last = column(MONTHS), column(MONTHS + PERIODS - 1)
    yield f"SUM({first}{row + 1}:{last}{row + 1})", float(values.sum())
    yield f"SUM({first}{row + 1}:{column(MONTHS + FIRST_YEAR - 1)}{row + 1})", float(values[:FIRST_YEAR].sum())
    for offset, (_, periods) in enumerate(frame.years.items()):
        year = f"{column(FISCAL + offset)}${HEAD_ROW + 1}"
        names = f"${first}${FISCAL_ROW + 1}:${last}${FISCAL_ROW + 1}"
        yield f"SUMIF({names},{year},${first}{row + 1}:${last}{row + 1})", float(values[periods].sum())
