"""The sheet Break-even: cumulative cash of all sites and APIs by month, and from when on the selected site costs less."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aisizer.costs.managed import ApiBreakEven
from aisizer.deliver import charts
from aisizer.deliver import workbook_lines as at
from aisizer.deliver.workbook_book import Book, Sheet
from aisizer.deliver.workbook_cells import PERIODS, cell, column, span
from aisizer.deliver.workbook_costs import starts
from aisizer.deliver.workbook_inputs import PERIOD_MONTHS
from aisizer.deliver.workbook_lines import CostSheet
from aisizer.deliver.workbook_site import SITE_NUMBER, Shown
from aisizer.deliver.workbook_totals import HEAD as COMPARED
from aisizer.deliver.workbook_totals import REQUESTS, requests
from aisizer.plan import Plan
from aisizer.shapes import Floats

DATE_ROW, HEAD_ROW = 2, 3
FROM, STAMPED, PAYBACK = 1, 2, 3
FIRST = 4
AFTER = FIRST + PERIODS
"""zero-based columns; AFTER holds a 1, which the last month of a row looks at"""
NEVER, NOT_PAID, UNKNOWN = "not for good", "not in 36 months", "prices missing"


@dataclass(frozen=True)
class Other:
    """What the selected site is compared with."""

    name: str
    """as the plan calls it"""
    label: str
    spent: Floats
    """[USD] by the end of each period"""
    site: CostSheet | None
    """null: an API, whose bill is frozen"""


def others(shown: Shown) -> list[Other]:
    """All sites, the baseline, and each API that prices all models."""
    plan = shown.plan
    sites = [Other(_name(plan, site), site.label, _spent(site), site) for site in shown.sites]
    apis = [
        Other(api.api, _api_label(api), np.array(plan.cumulative[api.api]), None)
        for api in plan.apis
        if api.api in plan.cumulative
    ]
    return sites + apis


def _name(plan: Plan, site: CostSheet) -> str:
    return "baseline" if site.cost is plan.baseline else site.cost.site


def _api_label(api: ApiBreakEven) -> str:
    return f"{api.api_name}{', not admitted' if api.verdict == 'rejected' else ''}"


def _spent(site: CostSheet) -> Floats:
    spent: Floats = np.cumsum(site.amounts.sum(axis=0))
    return spent


def break_even_sheet(book: Book, shown: Shown) -> None:
    """Cumulative cash, the first month from which the selected site costs less for good, and volumes against APIs."""
    found = others(shown)
    sheet = book.sheet("Break-even", (46, 18, 18, 18, *[13] * PERIODS, 6))
    sheet.live_headline("Break-even", *shown.told_of_site("Cumulative cash, undiscounted; what APIs bill is frozen."))
    sheet.row(DATE_ROW, starts(shown.plan), "date_right", FIRST)
    titles = ("Cumulative cash, USD", "Costs less from month #", "In the plan #", "Paid back in #")
    sheet.head(HEAD_ROW, titles)
    sheet.numbers(HEAD_ROW, FIRST, range(PERIODS), "head_right")
    own, top = HEAD_ROW + 1, HEAD_ROW + 2
    chosen = _spent(shown.chosen)
    rows = range(top, top + len(shown.sites))
    texts = (
        f"CHOOSE({SITE_NUMBER},{','.join(f'{column(FIRST + p)}{row + 1}' for row in rows)})" for p in range(PERIODS)
    )
    sheet.put(own, 0, "Selected site", "bold")
    sheet.formulas(own, FIRST, texts, chosen.tolist())
    for row, other in enumerate(found, top):
        sheet.put(row, 0, other.label)
        _cash_row(sheet, row, other)
    flags = top + len(found) + 1
    _flags(sheet, found, own, top, flags, chosen)
    _months(sheet, shown, found, top, flags, chosen)
    row = _volumes(sheet, shown, flags + len(found) + 2)
    _chart(book, sheet, found, top, row + 1)
    sheet.wide(HEAD_ROW + 1, 1)


def _cash_row(sheet: Sheet, row: int, other: Other) -> None:
    spent = other.spent.tolist()
    if other.site is None:
        sheet.numbers(row, FIRST, spent, "frozen_money")
    else:
        total, first = other.site.total + 1, f"'{other.site.name}'!${column(at.AMOUNT)}"
        sheet.formulas(
            row, FIRST, (f"SUM({first}{total}:{column(at.AMOUNT + p)}{total})" for p in range(PERIODS)), spent
        )


def _flags(sheet: Sheet, found: Sequence[Other], own: int, top: int, flags: int, chosen: Floats) -> None:
    """1 where the selected site has cost less from the period on to month 36."""
    sheet.head(flags - 1, ("Selected site costs less for good",))
    sheet.numbers(flags - 1, FIRST, range(PERIODS), "head_right")
    for offset, other in enumerate(found):
        row, values = flags + offset, _less_for_good(chosen, other.spent)
        sheet.put(row, 0, f"than {other.label}")
        texts = (
            f"IF({column(FIRST + p)}${own + 1}<{column(FIRST + p)}{top + offset + 1},{column(FIRST + p + 1)}{row + 1},0)"
            for p in range(PERIODS)
        )
        sheet.formulas(row, FIRST, texts, values.tolist(), "count_right")
        sheet.put(row, AFTER, 1.0, "frozen")


def _less_for_good(chosen: Floats, other: Floats) -> Floats:
    """1 in each period from which on the one has spent less than the other; both [USD] by the end of each period."""
    return np.array(np.cumprod((chosen < other)[::-1])[::-1], dtype=float)


def _months(sheet: Sheet, shown: Shown, found: Sequence[Other], top: int, flags: int, chosen: Floats) -> None:
    """The month that follows from the flags where both totals are complete, beside what the plan says of the chosen site."""
    said = {c.other: c for c in shown.plan.comparisons}
    selected = shown.choose(lambda site: site.at_total(at.UNPRICED))
    for offset, other in enumerate(found):
        flagged = span((flags + offset, FIRST), (flags + offset, FIRST + PERIODS - 1))
        lacking = f"{selected}+{other.site.at_total(at.UNPRICED)}" if other.site else selected
        since = f'IF(SUM({flagged})=0,"{NEVER}",COLUMNS({flagged})-SUM({flagged}))'
        text = f'IF({lacking}>0,"{UNKNOWN}",{since})'
        sheet.formula(top + offset, FROM, text, _month(shown.chosen, chosen, other), "count_right")
        comparison = said.get(other.name)
        if comparison is not None:
            stamped = ((STAMPED, comparison.cheaper_from_month, NEVER), (PAYBACK, comparison.payback_month, NOT_PAID))
            for col, month, none in stamped:
                told = UNKNOWN if comparison.saving_usd is None else none if month is None else month
                sheet.put(top + offset, col, told, "frozen_right")


def _month(site: CostSheet, spent: Floats, other: Other) -> float | str:
    """From when on the site has spent less than the other one, as the sheet computes it."""
    if site.unpriced or (other.site and other.site.unpriced):
        return UNKNOWN
    less = _less_for_good(spent, other.spent)
    return PERIODS - float(less.sum()) if less.any() else NEVER


def _volumes(sheet: Sheet, shown: Shown, row: int) -> int:
    """The volume at which the selected fleet, as it stands, costs as much as each API."""
    priced = [(api, api.usd_per_request) for api in shown.plan.apis if api.usd_per_request]
    titles = (
        "API, volume at which the fleet costs the same",
        "USD a request #",
        "Requests a month #",
        "Share of the plan #",
    )
    sheet.head(row, (*titles, "In the plan #", "Utilisation #"))
    if not priced:
        sheet.put(row + 1, 0, "No API of the catalog prices every model of the plan.")
        return row + 2
    planned_requests = requests(shown.plan, shown.chosen)
    months = shown.inputs.selected(PERIOD_MONTHS)
    accrued = shown.choose(lambda site: site.at_total(at.ACCRUED))
    total = shown.chosen.usd(at.ACCRUED)
    for api, each in priced:
        row += 1
        sheet.put(row, 0, f"{api.api_name}, {api.verdict}")
        sheet.put(row, 1, each, "frozen")
        even = total / (PERIODS - 1) / each
        sheet.formula(row, 2, f"{accrued}/{months}/{cell(row, 1)}", even, "count")
        share = even * (PERIODS - 1) / planned_requests if planned_requests else 0.0
        planned = f"{months}/{_requests_cell()}"
        sheet.formula(row, 3, f"{cell(row, 2)}*{planned}", share, "percent")
        sheet.row(row, (api.break_even_share, api.break_even_utilization), "frozen_percent", 4)
    return row + 1


def _requests_cell() -> str:
    """What the plan serves in 36 months, as stamped on Site comparison for the chosen site."""
    return cell(COMPARED + 1, REQUESTS, "Site comparison")


def _chart(book: Book, sheet: Sheet, found: Sequence[Other], top: int, row: int) -> None:
    chart = book.chart("line")
    for offset, other in enumerate(found):
        colour = charts.PALETTE[offset] if offset < len(charts.PALETTE) else charts.GREY
        dash = "dash" if other.site is None else "solid"
        chart.add_series(
            {
                "name": f"={cell(top + offset, 0, sheet.name)}",
                "categories": f"={span((HEAD_ROW, FIRST), (HEAD_ROW, FIRST + PERIODS - 1), sheet.name)}",
                "values": f"={span((top + offset, FIRST), (top + offset, FIRST + PERIODS - 1), sheet.name)}",
                "line": {"color": colour, "width": 2, "dash_type": dash},
            }
        )
    chart.set_title({"name": "Cumulative cash by period, USD", "name_font": {"size": 12}})
    chart.set_x_axis({"name": "period", "interval_unit": 3})
    chart.set_y_axis({"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#D9DEE3"}}})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 900, "height": 380})
    sheet.raw.insert_chart(row, 1, chart, {"description": "Cumulative cash of each site and API by period"})
