"""The sheet Demand and capacity: frozen, because a workbook cannot re-run a queue; month by month, per growth case and site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aisizer.deliver import labels
from aisizer.deliver.workbook_book import Book, Sheet
from aisizer.deliver.workbook_cells import PERIODS, cell, span
from aisizer.deliver.workbook_costs import starts
from aisizer.deliver.workbook_site import Shown
from aisizer.plan import Plan
from aisizer.sizing.records import Option, Pool

MONTHS = PERIODS - 1
DATE_ROW, HEAD_ROW = 2, 3
FIRST = 4
"""zero-based column of month 1"""
DEMAND = (
    ("Demand over go-live, base", "1", "demand_factor"),
    ("Demand over go-live, low", "1", "demand_factor_low"),
    ("Demand over go-live, high", "1", "demand_factor_high"),
    ("Peak rate, base", "req/s", "peak_rate_per_s"),
    ("GPUs needed, base", "GPU", "gpus_needed"),
    ("GPUs needed, low", "GPU", "gpus_needed_low"),
    ("GPUs needed, high", "GPU", "gpus_needed_high"),
    ("GPUs in service", "GPU", "gpus_in_service"),
    ("Servers in service", "server", "servers_in_service"),
    ("Utilisation", "1", "utilization"),
)
CHARTED = ("gpus_needed", "gpus_needed_high", "gpus_in_service")
CAPACITY = ("Capacity with the SLO met, site", "Server", "Pool", "Replica", "req/s a replica", "GPUs a replica", "GPUs a server",
            "req/s a server")  # fmt: skip
SMALL = range(4, 8)
"""columns of figures in the table of capacity"""


def demand_sheet(book: Book, shown: Shown) -> None:
    """Demand and fleet of the chosen site, fleets per growth case and site, and what a server carries."""
    plan = shown.plan
    sheet = book.sheet("Demand and capacity", (34, 34, 24, 30, *[11] * MONTHS))
    told = "Quantities, no money. Frozen: a workbook cannot re-run a queue; change the profile and run aisizer size."
    sheet.headline("Demand and capacity", f"{told} {shown.period} Plan {shown.stamp}.")
    sheet.row(DATE_ROW, starts(plan)[1:], "date_right", FIRST)
    sheet.head(HEAD_ROW, (f"Chosen site, {shown.chosen.label}", "", "", "Unit"))
    sheet.numbers(HEAD_ROW, FIRST, range(1, PERIODS), "head_right")
    row = _demand(sheet, plan, HEAD_ROW + 1)
    row = _fleets(sheet, plan, row + 1)
    row = _capacity(sheet, plan, row + 1)
    _chart(book, sheet, row + 1)
    sheet.wide(HEAD_ROW + 1, FIRST)


def _demand(sheet: Sheet, plan: Plan, row: int) -> int:
    months = plan.roadmap.months if plan.roadmap else ()
    for name, unit, field in DEMAND:
        sheet.put(row, 0, name)
        sheet.put(row, 3, unit)
        sheet.row(row, [getattr(month, field) for month in months], "frozen", FIRST)
        row += 1
    return row


def _fleets(sheet: Sheet, plan: Plan, row: int) -> int:
    """Fleets as each site would buy them for each case of growth."""
    sheet.head(row, ("Fleet in service, by growth case", "Server, term", "Totals, USD", "Unit"))
    sheet.numbers(row, FIRST, range(1, PERIODS), "head_right")
    if not plan.growth_costs:
        sheet.put(row + 1, 0, "The plan has no fleets for other cases of growth.")
        return row + 2
    for found in plan.growth_costs:
        least = "" if found.complete else "at least "
        for unit, values in (("GPU", found.gpus), ("server", found.servers)):
            row += 1
            sheet.put(row, 0, f"{labels.site(found.site)}, {found.case} growth")
            sheet.put(row, 1, f"{found.offer}, {labels.term(found.term)}")
            sheet.put(row, 2, found.refused or f"36 months {least}{found.three_year_usd:,.0f}")
            sheet.put(row, 3, unit)
            sheet.row(row, values, "frozen", FIRST)
    return row + 1


def _capacity(sheet: Sheet, plan: Plan, row: int) -> int:
    """The peak rate that one server carries with its SLO met, if all of it served one pool."""
    sheet.head(row, [f"{title} #" if col in SMALL else title for col, title in enumerate(CAPACITY)])
    for option, pool in _pools(plan.ranking):
        row += 1
        words = (labels.site(option.site), option.offer, pool.name, labels.replicas(pool))
        sheet.row(row, words, "wrap")
        figures = (pool.peak_rate_per_replica, pool.gpus // pool.replicas, option.gpus // option.servers)
        sheet.row(row, figures, "frozen", FIRST)
        rate, gpus, held = (cell(row, FIRST + offset) for offset in range(3))
        sheet.formula(row, FIRST + 3, f"{rate}*{held}/{gpus}", figures[0] * figures[2] / figures[1], "number")
    return row + 1


def _pools(ranking: Sequence[Option]) -> Iterator[tuple[Option, Pool]]:
    """The pools of each site's best option."""
    best: dict[str, Option] = {}
    for option in ranking:
        best.setdefault(option.site, option)
    return ((option, pool) for option in best.values() if option.servers for pool in option.pools)


def _chart(book: Book, sheet: Sheet, row: int) -> None:
    chart = book.chart("line")
    for number, (name, _, field) in enumerate(DEMAND):
        if field in CHARTED:
            at = HEAD_ROW + 1 + number
            chart.add_series(
                {
                    "name": name,
                    "categories": f"={span((HEAD_ROW, FIRST), (HEAD_ROW, FIRST + MONTHS - 1), sheet.name)}",
                    "values": f"={span((at, FIRST), (at, FIRST + MONTHS - 1), sheet.name)}",
                }
            )
    chart.set_title({"name": "Demand against capacity, chosen site", "name_font": {"size": 12}})
    chart.set_x_axis({"name": "month of service", "interval_unit": 3})
    chart.set_y_axis({"name": "GPUs", "min": 0, "major_gridlines": {"visible": True, "line": {"color": "#D9DEE3"}}})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 900, "height": 320})
    sheet.raw.insert_chart(row, 1, chart, {"description": "GPUs needed and in service by month"})
