"""The sheets of tco.xlsx that read the cost sheets: summary, totals by category, comparison, checks, export."""

from __future__ import annotations

from typing import get_args

from aisizer.costs.records import BomLine, Category
from aisizer.deliver import charts, labels, numbers
from aisizer.deliver import workbook_cells as at
from aisizer.deliver.workbook_book import Book, Sheet, Value
from aisizer.deliver.workbook_cells import CostSheet, InputMap, cell, span
from aisizer.plan import Decision, Plan

HEAD = 3
BOM_FIELDS = (
    "line", "parent", "wave", "category", "description", "manufacturer", "mpn", "quantity", "spares", "uom",
    "unit_price_usd", "extended_price_usd", "price_source", "price_kind", "price_as_of", "lead_time_weeks", "order_by",
    "need_by", "treatment", "useful_life_months",
)  # fmt: skip
EXPORT_FIELDS = (
    "profile", "plan_hash", "scenario", "site", "period", "category", "line", "amount", "currency", "basis", "complete",
)  # fmt: skip
SUMMARY_TOTALS = {"TCO_1Y_Total": at.ONE_YEAR, "TCO_3Y_Total": at.THREE_YEARS, "TCO_3Y_NPV": at.NPV}


def summary_sheet(book: Book, plan: Plan, chosen: CostSheet, inputs: InputMap, failed: int) -> None:
    """The decision in words, its totals as formulas, and whether they can be relied on."""
    decision = labels.decided(plan)
    sheet = book.sheet("Summary", (30, 26, 60))
    sheet.headline(
        f"{labels.verb(decision).capitalize()} {labels.fleet(decision)} {labels.site(decision.site)}", decision.reason
    )
    facts: tuple[tuple[str, Value, str], ...] = (
        ("Order", f"{labels.fleet(decision)}, {numbers.count(decision.servers, 'server')} ({decision.offer_name})", ""),
        ("Order by", decision.order_by, ""),
        ("In service", decision.go_live, ""),
        ("GPUs for the SLO alone", decision.gpus_needed, f"before growth and reserves; {_sure(decision)}"),
        (
            "First wave at 90 % confidence",
            _first_at_90(decision),
            f"predictions assume {labels.engines(decision.pools)}",
        ),
    )
    for index, (name, value, note) in enumerate(facts):
        sheet.put(3 + index, 0, name, "bold")
        sheet.put(3 + index, 1, value, "number" if isinstance(value, int) else "text")
        sheet.put(3 + index, 2, note)
    sheet.head(9, ("USD", "Chosen site #", "What it counts"))
    counts = ("period 0 and months 1 to 12", "period 0 and months 1 to 36", "the same, discounted month by month")
    for index, ((name, col), counted) in enumerate(zip(SUMMARY_TOTALS.items(), counts, strict=True)):
        row = 10 + index
        sheet.put(row, 0, ("1 year", "3 years", "3 years, NPV")[index])
        sheet.formula(row, 1, cell(chosen.total, col, chosen.name), at.known(chosen.value(col)), "money")
        sheet.put(row, 2, counted)
        book.name(name, cell(row, 1, "Summary"))
    _summary_state(sheet, chosen, inputs, failed)


def _first_at_90(decision: Decision) -> Value:
    """The count, or in words that there is none."""
    return labels.gpus_p90(decision) if decision.gpus_p90 is None else decision.gpus_p90


def _sure(decision: Decision) -> str:
    chance = numbers.chance(decision.probability_met)
    return f"sized for {numbers.exact_share(decision.confidence)}; chance of meeting the least certain SLO {chance}"


def _summary_state(sheet: Sheet, chosen: CostSheet, inputs: InputMap, failed: int) -> None:
    unpriced, count = cell(chosen.total, at.UNPRICED, chosen.name), f"ROWS({chosen.lines(at.ID)})"
    missing, lines = int(at.figure(chosen.value(at.UNPRICED))), len(chosen.cost.lines)
    text = f'IF({unpriced}=0,"complete","at least: "&{unpriced}&" of "&{count}&" lines have no price")'
    state = f"at least: {missing} of {lines} lines have no price" if missing else "complete"
    sheet.put(14, 0, "The totals are", "bold")
    sheet.formula(14, 1, text, state, "bold")
    sheet.put(15, 0, "Inputs changed since delivery", "bold")
    sheet.formula(15, 1, inputs.changed, 0, "number")
    sheet.put(16, 0, "Checks failed", "bold")
    sheet.formula(16, 1, "ChecksFailed", failed, "number")


def category_sheet(book: Book, name: str, title: str, sheets: list[CostSheet], col: int) -> None:
    """Cost by category and site."""
    sheet = book.sheet(name, (24, *[20] * len(sheets)))
    sheet.headline(title, "USD; each figure sums the lines of one category")
    sheet.head(HEAD, ("Category", *(f"{s.label} #" for s in sheets)))
    used = categories(sheets)
    for index, category in enumerate(used):
        row = HEAD + 1 + index
        sheet.put(row, 0, category)
        for offset, site in enumerate(sheets):
            text = f"SUMIFS({site.lines(col)},{site.lines(at.CATEGORY)},$A{row + 1})"
            sheet.formula(row, 1 + offset, text, site.category(col, category))
    total = HEAD + 1 + len(used)
    sheet.put(total, 0, "Total", "total_text")
    for offset, site in enumerate(sheets):
        value = sum(site.category(col, category) for category in used)
        column = span((HEAD + 1, 1 + offset), (HEAD + len(used), 1 + offset))
        sheet.formula(total, 1 + offset, f"SUM({column})", value, "total")
    sheet.freeze(HEAD + 1, 1)


def categories(sheets: list[CostSheet]) -> list[str]:
    """The categories that any site has, in the order of the record."""
    used = {line.category for sheet in sheets for line in sheet.cost.lines}
    return [category for category in get_args(Category) if category in used]


def comparison_sheet(book: Book, sheets: list[CostSheet]) -> None:
    """Totals of all sites side by side, and a picture of them by category."""
    sheet = book.sheet("Site comparison", (18, 26, 24, 18, 18, 18, 18, 18, 10, 12, 14, 14))
    sheet.headline(
        "Site comparison", "USD; unit costs are stamped from the plan, since tokens served are not a cost line"
    )
    titles = ("1 year #", "3 years #", "NPV #", "3 years, capitalised #", "3 years, other #", "Unpriced #")
    sheet.head(HEAD, ("Site", "GPUs", "Term", *titles, "Totals are", "per M tokens #", "per request #"))
    for index, site in enumerate(sheets):
        _comparison_row(sheet, HEAD + 1 + index, site)
    _comparison_chart(book, sheet, sheets)
    sheet.freeze(HEAD + 1, 1)


def _comparison_row(sheet: Sheet, row: int, site: CostSheet) -> None:
    data = site.cost
    fleet = f"{data.gpus} to {data.gpus_month_36} x {labels.gpu(data.gpu)}"
    sheet.row(row, (site.label, fleet, labels.term(data.term)))
    for col, total in ((3, at.ONE_YEAR), (4, at.THREE_YEARS), (5, at.NPV)):
        sheet.formula(row, col, cell(site.total, total, site.name), at.known(site.value(total)))
    capital = [i for i, line in enumerate(data.lines) if line.treatment == "capitalise"]
    value = sum(at.figure(site.value(at.THREE_YEARS, i)) for i in capital)
    text = f'SUMIFS({site.lines(at.THREE_YEARS)},{site.lines(at.TREATMENT)},"capitalise")'
    sheet.formula(row, 6, text, value)
    sheet.formula(row, 7, f"{cell(row, 4)}-{cell(row, 6)}", at.figure(site.value(at.THREE_YEARS)) - value)
    missing = at.figure(site.value(at.UNPRICED))
    sheet.formula(row, 8, cell(site.total, at.UNPRICED, site.name), missing, "number")
    sheet.formula(row, 9, f'IF({cell(row, 8)}=0,"complete","at least")', "at least" if missing else "complete", "text")
    sheet.row(row, (data.usd_per_million_tokens, data.usd_per_request), "frozen", 10)


def _comparison_chart(book: Book, sheet: Sheet, sheets: list[CostSheet]) -> None:
    chart = book.stacked_chart()
    first, last = (HEAD, 1), (HEAD, len(sheets))
    used = categories(sheets)
    largest = sorted(used, key=lambda name: -sum(site.category(at.THREE_YEARS, name) for site in sheets))
    colours = dict(zip(largest, charts.PALETTE, strict=False))
    for index, category in enumerate(used):
        row = HEAD + 1 + index
        chart.add_series(
            {
                "name": category,
                "categories": f"={span(first, last, 'TCO 3Y')}",
                "values": f"={span((row, 1), (row, len(sheets)), 'TCO 3Y')}",
                "gap": 60,
                "fill": {"color": colours.get(category, charts.GREY)},
            }
        )
    chart.set_title({"name": "Cost over 36 months by site and category, USD", "name_font": {"size": 12}})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis({"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#D9DEE3"}}})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 900, "height": 130 + 50 * len(sheets)})
    sheet.raw.insert_chart(
        HEAD + 3 + len(sheets), 0, chart, {"description": "Cost over 36 months by site and category"}
    )


def bom_sheet(book: Book, plan: Plan) -> None:
    """What is ordered at the chosen site; bom.csv has every column."""
    widths = (6, 7, 6, 12, 44, 16, 20, 9, 8, 16, 14, 16, 22, 12, 12, 10, 12, 12, 12, 10)
    sheet = book.sheet("BOM", widths)
    sheet.headline("Bill of materials", "USD; bom.csv has every column")
    sheet.head(HEAD, [_bom_title(name) for name in BOM_FIELDS])
    for row, line in enumerate(plan.bom, HEAD + 1):
        for col, name in enumerate(BOM_FIELDS):
            style = "money" if name.endswith("_usd") else "number" if _is_figure(name) else "text"
            sheet.put(row, col, getattr(line, name), style)
    sheet.freeze(HEAD + 1, 5)


def _bom_title(name: str) -> str:
    words = name.removesuffix("_usd").replace("_", " ")
    return f"{words} #" if _is_figure(name) else words


def _is_figure(name: str) -> bool:
    return BomLine.model_fields[name].annotation in (int, float, int | None, float | None)


def sources_sheet(book: Book, plan: Plan) -> None:
    """Who said each number."""
    sheet = book.sheet("Sources", (26, 44, 24, 12, 12, 12, 10, 40, 60))
    sheet.headline("Sources", "The weakest first")
    sheet.head(HEAD, ("Id", "Title", "Publisher", "Date", "Age in days #", "Kind", "Confidence", "Used for", "Address"))
    for index, s in enumerate(plan.sources):
        values = (s.id, s.title, s.publisher, s.date, s.age_days, s.kind, s.confidence, ", ".join(s.used_for), s.url)
        sheet.row(HEAD + 1 + index, values, "wrap")
    sheet.freeze(HEAD + 1, 1)


def export_sheet(book: Book, sheets: list[CostSheet], profile: str, stamp: str) -> None:
    """One row per line and period with a quantity: what other tools import."""
    sheet = book.sheet("Export", (18, 20, 10, 16, 8, 16, 22, 16, 9, 8, 10))
    sheet.head(0, EXPORT_FIELDS)
    row = 1
    for site in sheets:
        complete, priced = f"{cell(site.total, at.UNPRICED, site.name)}=0", not site.cost.missing
        for index, line in enumerate(site.cost.lines):
            for period in (p for p, quantity in enumerate(line.quantity) if quantity):
                key = (profile, stamp, "base", site.label, period, line.category, line.id)
                sheet.row(row, key, "plain")
                amount = cell(site.first + index, at.AMOUNT + period, site.name)
                sheet.formula(row, 7, amount, site.amounts[index][period])
                sheet.row(row, ("USD", "cash"), "plain", 8)
                sheet.formula(row, 10, complete, priced, "plain")
                row += 1
    sheet.freeze(1, 0)
