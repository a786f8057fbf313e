"""TCO 1Y, TCO 3Y and Site comparison: what the months add up to, by category and by site."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from aisizer.deliver import charts, labels
from aisizer.deliver import workbook_lines as at
from aisizer.deliver.workbook_book import Book, Sheet
from aisizer.deliver.workbook_cells import FIRST_YEAR, PERIODS, cell, column, known, span
from aisizer.deliver.workbook_inputs import SERVED
from aisizer.deliver.workbook_lines import CostSheet, categories
from aisizer.deliver.workbook_months import (
    ACCRUAL,
    CAPEX,
    ONE_YEAR,
    OPEX,
    THREE_YEARS,
    TOP,
    Block,
    accrual_blocks,
    capital_categories,
    paid,
    running_categories,
)
from aisizer.deliver.workbook_site import Shown
from aisizer.plan import Plan
from aisizer.shapes import Floats

HEAD = 3
MILLION_TOKENS, REQUESTS, PLANNED = 11, 12, 13
"""zero-based columns of Site comparison: what is stamped, and the first unit cost"""
MILLION = 1e6


def one_year_sheet(book: Book, shown: Shown) -> None:
    """Period 0 and months 1 to 12 by category."""
    _tco_sheet(book, shown, "TCO 1Y", "Cost of the first year by category", ONE_YEAR, FIRST_YEAR)


def three_years_sheet(book: Book, shown: Shown) -> None:
    """Period 0 and months 1 to 36 by category."""
    _tco_sheet(book, shown, "TCO 3Y", "Cost over 36 months by category", THREE_YEARS, PERIODS)


def _tco_sheet(book: Book, shown: Shown, name: str, title: str, col: int, periods: int) -> None:
    names, site = categories(shown.sites), shown.chosen
    sheet = book.sheet(name, (26, *[20] * 4))
    sheet.live_headline(title, *shown.told_of_site("Cash as paid; Accrued stands beside it and is never added to it."))
    sheet.head(HEAD, ("Category", "Capitalised #", "Other #", "Cash #", "Accrued #"))
    owned, running = capital_categories(shown), running_categories(shown)
    _, charges, expenses = accrual_blocks(shown)
    columns = (
        (lambda row: _looked_up(CAPEX, TOP, len(owned), row, col), paid(site, names, True)),
        (lambda row: _looked_up(OPEX, TOP, len(running), row, col), paid(site, names, False)),
        (lambda row: f"B{row + 1}+C{row + 1}", paid(site, names, True) + paid(site, names, False)),
        (lambda row: "+".join(_of_block(block, row, col) for block in (charges, expenses)), _accrued(shown, names)),
    )
    for offset, (text, values) in enumerate(columns, 1):
        _column(sheet, names, offset, text, values[:, :periods].sum(axis=1))
    sheet.put(HEAD + 1 + len(names), 0, "Total", "total_text")
    sheet.freeze(HEAD + 1, 1)


def _column(sheet: Sheet, names: Sequence[str], col: int, text: Callable[[int], str], values: Floats) -> None:
    first, last = HEAD + 1, HEAD + len(names)
    for row, name in enumerate(names, first):
        sheet.put(row, 0, name)
        sheet.formula(row, col, text(row), float(values[row - first]))
    letter = column(col)
    sheet.formula(last + 1, col, f"SUM({letter}{first + 1}:{letter}{last + 1})", float(values.sum()), "total")


def _looked_up(tab: str, top: int, count: int, row: int, col: int) -> str:
    names, values = span((top, 0), (top + count - 1, 0), tab), span((top, col), (top + count - 1, col), tab)
    return f"SUMIF({names},$A{row + 1},{values})"


def _of_block(block: Block, row: int, col: int) -> str:
    return _looked_up(ACCRUAL, block.top, len(block.names), row, col)


def _accrued(shown: Shown, names: Sequence[str]) -> Floats:
    rows = dict.fromkeys(names, np.zeros(PERIODS))
    for block in accrual_blocks(shown)[1:]:
        for name, values in zip(block.names, block.values, strict=True):
            rows[name] = rows[name] + values
    return np.array([rows[name] for name in names])


def site_list(shown: Shown) -> str:
    """The range with the sites' names, in the order of the cost sheets."""
    return span((HEAD + 1, 0), (HEAD + len(shown.sites), 0), "Site comparison")


def comparison_sheet(book: Book, shown: Shown) -> None:
    """Totals of all sites side by side, and their cost by category."""
    sheet = book.sheet("Site comparison", (26, 26, 24, *[17] * 6, 12, *[15] * 7))
    sheet.headline(
        "Site comparison", shown.told("Cash as paid, and accrued beside it; every site in the selected scenario.")
    )
    titles = ("1 year #", "3 years #", "NPV #", "Capitalised #", "Other #", "Accrued #", "Unpriced lines #")
    units = ("M tokens, plan #", "Requests, plan #", "per M tokens #", "per request #")
    stamped = (*units, "per M tokens, if served #", "per request, if served #", "GPUs month 36 #")
    sheet.head(HEAD, ("Site", "GPUs", "Term", *titles, "Totals are", *stamped))
    for row, site in enumerate(shown.sites, HEAD + 1):
        _site_row(sheet, shown, row, site)
    top = HEAD + 4 + len(shown.sites)
    _by_category(book, sheet, shown, top)
    sheet.wide(HEAD + 1, 1, 2)


def _site_row(sheet: Sheet, shown: Shown, row: int, site: CostSheet) -> None:
    data = site.cost
    sheet.row(
        row, (site.label, f"{data.gpus} to {data.gpus_month_36} x {labels.gpu(data.gpu)}", labels.term(data.term))
    )
    for col, total in ((3, at.ONE_YEAR), (4, at.THREE_YEARS), (5, at.NPV), (8, at.ACCRUED)):
        sheet.formula(row, col, site.at_total(total), known(site.value(total)))
    capital = site.usd(at.THREE_YEARS, site.capital)
    treated = f'SUMIFS({site.column(at.THREE_YEARS)},{site.column(at.TREATMENT)},"{at.CAPITAL}")'
    sheet.formula(row, 6, treated, capital)
    sheet.formula(row, 7, f"{cell(row, 4)}-{cell(row, 6)}", site.usd(at.THREE_YEARS) - capital)
    sheet.formula(row, 9, site.at_total(at.UNPRICED), float(site.unpriced), "count_right")
    text = f'IF({cell(row, 9)}=0,"complete","at least")'
    sheet.formula(row, 10, text, "at least" if site.unpriced else "complete", "text")
    _unit_costs(sheet, shown, row, site)
    sheet.put(row, PLANNED + 4, data.gpus_month_36, "frozen")


def _unit_costs(sheet: Sheet, shown: Shown, row: int, site: CostSheet) -> None:
    """Accrued cost over what the plan serves, and over the share of it that finance expects to come."""
    accrued, share = site.usd(at.ACCRUED), labels.served_share(shown.plan)
    volumes = (million_tokens(shown.plan, site), requests(shown.plan, site))
    sheet.row(row, volumes, "frozen", MILLION_TOKENS)
    for offset, volume in enumerate((*volumes, *volumes)):
        stamped, actual = cell(row, MILLION_TOKENS + offset % len(volumes)), offset >= len(volumes)
        served = f"*{shown.inputs.selected(SERVED)}" if actual else ""
        text = f'IF({stamped}{served}>0,{cell(row, 8)}/({stamped}{served}),"not known")'
        value = accrued / (volume * (share if actual else 1.0)) if volume else "not known"
        sheet.formula(row, PLANNED + offset, text, value, "unit_cost")


def million_tokens(plan: Plan, site: CostSheet) -> float:
    """[Mtoken] that 36 months serve at plan, read and written."""
    volumes = plan.volumes
    if volumes is None:
        return _derived(site, site.cost.usd_per_million_tokens)
    return (volumes.input_tokens + volumes.output_tokens) / MILLION


def requests(plan: Plan, site: CostSheet) -> float:
    """[request] that 36 months serve at plan."""
    return _derived(site, site.cost.usd_per_request) if plan.volumes is None else plan.volumes.requests


def _derived(site: CostSheet, each: float) -> float:
    """How many are served, from the plan's own cost of one; nothing where nothing is priced."""
    stamped = site.cost.accrual_three_year_usd
    accrued = site.usd(at.ACCRUED) if stamped is None else stamped
    return accrued / each if each else 0.0


def _by_category(book: Book, sheet: Sheet, shown: Shown, top: int) -> None:
    names = categories(shown.sites)
    sheet.put(top - 1, 0, "Cash of 36 months by category and site", "section")
    sheet.head(top, ("Category", *(f"{site.label} #" for site in shown.sites)))
    for row, name in enumerate(names, top + 1):
        sheet.put(row, 0, name)
        for col, site in enumerate(shown.sites, 1):
            text = f"SUMIFS({site.column(at.THREE_YEARS)},{site.column(at.CATEGORY)},$A{row + 1})"
            sheet.formula(row, col, text, site.usd(at.THREE_YEARS, site.of_category(name)))
    total = top + 1 + len(names)
    sheet.put(total, 0, "Total", "total_text")
    for col, site in enumerate(shown.sites, 1):
        letter = column(col)
        text = f"SUM({letter}{top + 2}:{letter}{total})"
        sheet.formula(total, col, text, site.usd(at.THREE_YEARS), "total")
    _chart(book, sheet, shown, top, names)


def _chart(book: Book, sheet: Sheet, shown: Shown, top: int, names: Sequence[str]) -> None:
    chart, count = book.chart("bar", "stacked"), len(shown.sites)
    amounts = {n: sum(site.usd(at.THREE_YEARS, site.of_category(n)) for site in shown.sites) for n in names}
    largest = sorted(names, key=lambda name: -amounts[name])
    colours = dict(zip(largest, charts.PALETTE, strict=False))
    for row, name in enumerate(names, top + 1):
        chart.add_series(
            {
                "name": name,
                "categories": f"={span((top, 1), (top, count), sheet.name)}",
                "values": f"={span((row, 1), (row, count), sheet.name)}",
                "gap": 60,
                "fill": {"color": colours.get(name, charts.GREY)},
            }
        )
    chart.set_title({"name": "Cash of 36 months by site and category, USD", "name_font": {"size": 12}})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis({"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#D9DEE3"}}})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 900, "height": 160 + 50 * count})
    sheet.raw.insert_chart(top + len(names) + 4, 1, chart, {"description": "Cash of 36 months by site and category"})
