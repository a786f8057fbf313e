"""The sheet Summary: the decision, the choice of scenario and site, and the totals that other programs read."""

from __future__ import annotations

from aisizer.deliver import labels, numbers
from aisizer.deliver import workbook_lines as at
from aisizer.deliver.workbook_book import Book, Sheet, Value
from aisizer.deliver.workbook_cells import PERIODS, cell, known
from aisizer.deliver.workbook_inputs import PERIOD_MONTHS
from aisizer.deliver.workbook_inputs_sheet import INPUTS_CHANGED, worked_out
from aisizer.deliver.workbook_site import (
    CHOICE_COL,
    NUMBER_ROW,
    SCENARIO_ROW,
    SCENARIOS,
    SITE_ROW,
    STATUS_ROW,
    Shown,
)
from aisizer.plan import Decision, Plan

CONTRACT = "aisizer/workbook/v1"
"""version of what import reads: sheet Inputs, its titles, and the names below"""
TOTALS = {
    "TCO_1Y_Total": ("1 year", at.ONE_YEAR, "cash of period 0 and months 1 to 12, before residual"),
    "TCO_3Y_Total": ("3 years", at.THREE_YEARS, "cash of period 0 and months 1 to 36"),
    "TCO_3Y_NPV": ("3 years, NPV", at.NPV, "the same, month-end flows discounted to period 0"),
    "Accrued_3Y_Total": ("3 years, accrued", at.ACCRUED, "depreciation and expenses of months 1 to 36"),
}
CHANGED_ROW, FAILED_ROW, CURRENCY_ROW, CONTRACT_ROW, HEAD_ROW, FACT_ROW = 7, 8, 9, 10, 12, 19


def summary_sheet(book: Book, shown: Shown, site_list: str, failed: int) -> None:
    """What is decided, what it costs, and whether the figures can be relied on."""
    decision = labels.decided(shown.plan)
    sheet = book.sheet("Summary", (34, 30, 76))
    title = f"{labels.verb(decision).capitalize()} {labels.fleet(decision)} {labels.site(decision.site)}"
    sheet.live_headline(title, *shown.told_of_site("Cash unless it says accrued."))
    _choice(book, sheet, shown, site_list)
    _state(book, sheet, shown, failed)
    sheet.head(HEAD_ROW, ("USD", "Selected site #", "What it counts"))
    for row, (name, (label, col, counted)) in enumerate(TOTALS.items(), HEAD_ROW + 1):
        sheet.put(row, 0, label)
        sheet.formula(row, CHOICE_COL, _selected(shown, col), known(shown.chosen.value(col)))
        sheet.put(row, 2, counted)
        book.name(name, cell(row, CHOICE_COL, "Summary"))
    _by_month(sheet, shown, HEAD_ROW + 1 + len(TOTALS))
    sheet.head(FACT_ROW, ("As the plan decides", "", "Why"))
    for row, (name, value, note) in enumerate(_facts(shown.plan, decision), FACT_ROW + 1):
        sheet.put(row, 0, name, "wrap")
        sheet.put(row, 1, value, "number_left" if isinstance(value, int) else "wrap")
        sheet.put(row, 2, note, "wrap")
        sheet.tall(row, {76: note})


def _by_month(sheet: Sheet, shown: Shown, row: int) -> None:
    accrued, months = cell(row - 1, CHOICE_COL), shown.inputs.selected(PERIOD_MONTHS)
    sheet.put(row, 0, "Accrued a month, mean")
    sheet.formula(row, CHOICE_COL, f"{accrued}/{months}", shown.chosen.usd(at.ACCRUED) / (PERIODS - 1))
    sheet.put(row, 2, "over months 1 to 36")


def _selected(shown: Shown, col: int) -> str:
    return shown.choose(lambda site: site.at_total(col))


def _choice(book: Book, sheet: Sheet, shown: Shown, site_list: str) -> None:
    rows = (
        (
            SCENARIO_ROW,
            "Scenario",
            SCENARIOS[0],
            list(SCENARIOS),
            "low and high take the ends of the range of each price and rate",
        ),
        (SITE_ROW, "Site", shown.chosen.label, f"={site_list}", "whose figures all sheets but the sites' own show"),
    )
    for row, name, value, source, note in rows:
        sheet.put(row, 0, name, "bold")
        sheet.put(row, CHOICE_COL, value, "choice")
        sheet.put(row, 2, note)
        sheet.raw.data_validation(row, CHOICE_COL, row, CHOICE_COL, {"validate": "list", "source": source})
        book.name(name, cell(row, CHOICE_COL, "Summary"))
    sheet.put(NUMBER_ROW, 0, "Number of the site")
    sheet.formula(NUMBER_ROW, CHOICE_COL, f"MATCH(Site,{site_list},0)", 1.0, "number_left")


def _state(book: Book, sheet: Sheet, shown: Shown, failed: int) -> None:
    missing = shown.choose(lambda site: site.at_total(at.UNPRICED))
    count = shown.choose(lambda site: f"ROWS({site.own})")
    status = f'IF({missing}=0,"complete","at least: "&{missing}&" of "&{count}&" lines have no price")'
    sheet.put(STATUS_ROW, 0, "The totals are", "bold")
    sheet.formula(STATUS_ROW, CHOICE_COL, status, shown.status, "bold")
    sheet.put(CHANGED_ROW, 0, "Inputs changed since delivery", "bold")
    sheet.formula(CHANGED_ROW, CHOICE_COL, worked_out(shown.inputs, INPUTS_CHANGED), 0.0, "number_left")
    sheet.put(FAILED_ROW, 0, "Checks failed", "bold")
    sheet.formula(FAILED_ROW, CHOICE_COL, "ChecksFailed", float(failed), "number_left")
    for row, name, value in ((CURRENCY_ROW, "Currency", "USD"), (CONTRACT_ROW, "Contract", CONTRACT)):
        sheet.put(row, 0, name, "bold")
        sheet.put(row, CHOICE_COL, value)
        book.name(name, cell(row, CHOICE_COL, "Summary"))
    sheet.put(CONTRACT_ROW, 2, f"plan {shown.stamp}")


def _facts(plan: Plan, decision: Decision) -> tuple[tuple[str, Value, str], ...]:
    servers, cost = numbers.count(decision.servers, "server"), plan.tco[decision.site]
    chance = numbers.chance(decision.probability_met)
    sure = f"sized for {numbers.exact_share(decision.confidence)}; chance of meeting the least certain SLO {chance}"
    return (
        ("Order", f"{labels.fleet(decision)}, {servers}", f"{decision.offer_name}. {decision.reason}"),
        ("Order by", decision.order_by, ""),
        ("In service", decision.go_live, "the same day for every site; a late site carries its bridge"),
        ("GPUs for the SLO alone", decision.gpus_needed, f"before growth and reserves; {sure}"),
        (
            "First wave at 90 % confidence",
            labels.gpus_p90(decision) if decision.gpus_p90 is None else decision.gpus_p90,
            f"predictions assume {labels.engines(decision.pools)}",
        ),
        ("Weakest fact", "", decision.weakest_fact),
        ("Without a price", "", labels.missing_lines(cost) if cost.missing else "nothing"),
    )
