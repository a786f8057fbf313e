"""The sheet Sensitivity: what the range of each price does to the selected site, live; what other inputs do, as the plan says."""

from __future__ import annotations

from aisizer.deliver import labels
from aisizer.deliver import workbook_lines as at
from aisizer.deliver.workbook_book import Book, Sheet, Value
from aisizer.deliver.workbook_cells import cell, span
from aisizer.deliver.workbook_inputs import HIGH, LOW, NAME, SELECTED, UNIT, Input
from aisizer.deliver.workbook_lines import CostSheet
from aisizer.deliver.workbook_site import Shown
from aisizer.plan.money_records import Driver

HEAD = 3
PATH, FIRST, SWING = 1, 6, 10
"""zero-based columns: the price's path, the first of four effects, the largest swing"""
TITLES = (
    "Price", "Path", "Unit", "Low #", "Selected #", "High #", "Change of 3 years at low #", "Change of 3 years at high #",
    "Change of NPV at low #", "Change of NPV at high #", "Swing of 3 years #",
)  # fmt: skip
STAMPED = (
    "Input", "Path", "Unit", "Low", "As planned", "High", "Total of 3 years at low #", "Total of 3 years at high #",
    "Total NPV at low #", "Total NPV at high #", "GPUs at low and high", "Site at low and high", "Note",
)  # fmt: skip


def sensitivity_sheet(book: Book, shown: Shown) -> None:
    """What each price moves, live, and what the plan found when it was made again, one input at a time."""
    sheet = book.sheet("Sensitivity", (34, 44, 14, 13, 13, 13, *[16] * 5, 28, 60))
    told = shown.told_of_site("Change of cash and of NPV, one price at a time, fleets as they are.")
    sheet.live_headline("Sensitivity", *told)
    ranged = [i for i in shown.inputs.tables.get("Prices", ()) if i.low is not None and i.high is not None]
    sheet.head(HEAD, TITLES)
    for row, given in enumerate(ranged, HEAD + 1):
        _price_row(sheet, shown, row, given)
    _drivers(sheet, shown, HEAD + 3 + len(ranged))
    sheet.freeze(HEAD + 1, 1)


def _price_row(sheet: Sheet, shown: Shown, row: int, given: Input) -> None:
    """Totals are linear in each price: the lines that rest on it, times how far the price moves."""
    source = shown.inputs.rows[given.key]
    low, now, high = (cell(source, col, "Inputs") for col in (LOW, SELECTED, HIGH))
    value = given.value or 0.0
    for col, of, text in ((0, NAME, given.name), (PATH, None, given.path), (2, UNIT, given.unit)):
        if of is None:
            sheet.put(row, col, text)
        else:
            sheet.formula(row, col, cell(source, of, "Inputs"), text, "text")
    for col, reference, figure in ((3, low, given.low), (4, now, given.value), (5, high, given.high)):
        sheet.formula(row, col, reference, "" if figure is None else figure, "number")
    col = FIRST
    for total in (at.THREE_YEARS, at.NPV):
        for end, figure in ((3, given.low), (5, given.high)):
            moved = (figure or 0.0) / value - 1 if value else 0.0
            lines = shown.choose(lambda site, total=total: _resting(site, total, row))  # type: ignore[misc]
            text = f"IF(N({cell(row, 4)})>0,({cell(row, end)}/{cell(row, 4)}-1)*{lines},0)"
            sheet.formula(row, col, text, moved * _weight(shown.chosen, total, given.path), "money")
            col += 1
    swing = span((row, FIRST), (row, FIRST + 1))
    ends = [(f or 0.0) / value - 1 if value else 0.0 for f in (given.low, given.high)]
    weight = _weight(shown.chosen, at.THREE_YEARS, given.path)
    sheet.formula(row, SWING, f"MAX({swing})-MIN({swing})", abs(ends[1] - ends[0]) * abs(weight))


def _resting(site: CostSheet, total: int, row: int) -> str:
    """The total of the lines that rest on the row's price; SUMIFS passes over NPVs that are not known."""
    return f"SUMIFS({site.column(total)},{site.column(at.PRICE_PATH)},{cell(row, PATH)})"


def _weight(site: CostSheet, total: int, path: str) -> float:
    values = site.values(total)
    if values is None:
        return 0.0
    return float(sum(value for value, line in zip(values, site.lines, strict=True) if line.price_path == path))


def _drivers(sheet: Sheet, shown: Shown, top: int) -> None:
    """What the plan found by being made again, and the prices at which another site wins."""
    again = [driver for driver in shown.plan.sensitivity if driver.rerun]
    sheet.head(top, STAMPED)
    if not again:
        sheet.put(
            top + 1, 0, "Demand, SLOs and other inputs move the fleet: aisizer size --sensitivity makes the plan again."
        )
    for row, driver in enumerate(again, top + 1):
        sheet.row(row, _words(driver), "text")
        money = (driver.three_year_low_usd, driver.three_year_high_usd, driver.npv_low_usd, driver.npv_high_usd)
        sheet.row(row, money, "frozen_money", FIRST)
    row = top + 3 + len(again)
    sheet.head(row, ("Prices at which another site wins", "", "", "", "", ""))
    for flip in shown.plan.flips:
        row += 1
        sheet.put(row, 0, flip.sentence)


def _words(driver: Driver) -> tuple[Value, ...]:
    gpus = ("none" if n is None else str(n) for n in (driver.gpus_low, driver.gpus_high))
    sites = ("none" if s is None else labels.site(s) for s in (driver.site_low, driver.site_high))
    ends = (" and ".join(gpus), " and ".join(sites), driver.note)
    return (driver.driver, driver.path, driver.unit, driver.low, driver.base, driver.high, "", "", "", "", *ends)
