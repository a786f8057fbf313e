"""The sheet Sensitivity: what the range of each price does to the selected site, live; what other inputs do, as the plan says."""

from __future__ import annotations

from collections.abc import Iterator

from aisizer.deliver import labels
from aisizer.deliver import workbook_lines as at
from aisizer.deliver.workbook_book import Book, Sheet, Value
from aisizer.deliver.workbook_cells import NO_RATE, cell, span
from aisizer.deliver.workbook_inputs import HIGH, LOW, NAME, SELECTED, UNIT, Input
from aisizer.deliver.workbook_inputs_sheet import MONTHLY_RATE, worked_out
from aisizer.deliver.workbook_lines import CostSheet
from aisizer.deliver.workbook_site import Shown
from aisizer.plan.money_records import Driver

HEAD = 3
PATH, LEAST, FIRST, SWING = 1, 3, 6, 10
"""zero-based columns: the price's path, its low, selected and high value, the first of four effects, the largest swing"""
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
    priced = shown.inputs.tables.get("Prices", ())
    ranged = [
        (i, (i.low, i.value, i.high))
        for i in priced
        if i.low is not None and i.value is not None and i.high is not None
    ]
    sheet.head(HEAD, TITLES)
    for row, (given, figures) in enumerate(ranged, HEAD + 1):
        _price_row(sheet, shown, row, given, figures)
    _drivers(sheet, shown, HEAD + 3 + len(ranged))
    sheet.freeze(HEAD + 1, 1)


def _price_row(sheet: Sheet, shown: Shown, row: int, given: Input, figures: tuple[float, float, float]) -> None:
    """Totals are linear in each price: the lines that rest on it, times how far the price moves. figures: low, now, high."""
    source = shown.inputs.rows[given.key]
    sheet.put(row, PATH, given.path)
    for col, of, text in ((0, NAME, given.name), (2, UNIT, given.unit)):
        sheet.formula(row, col, cell(source, of, "Inputs"), text, "text")
    sheet.formulas(row, LEAST, (cell(source, col, "Inputs") for col in (LOW, SELECTED, HIGH)), figures, "number")
    three = _effects(shown, at.THREE_YEARS, given.path, figures)
    present = _effects(shown, at.NPV, given.path, figures)
    rate = worked_out(shown.inputs, MONTHLY_RATE)
    sheet.formulas(row, FIRST, _moved(shown, at.THREE_YEARS, row), three)
    discounted = (f'IF(ISNUMBER({rate}),{text},"{NO_RATE}")' for text in _moved(shown, at.NPV, row))
    sheet.formulas(row, FIRST + 2, discounted, present or (NO_RATE, NO_RATE))
    swing = span((row, FIRST), (row, FIRST + 1))
    sheet.formula(row, SWING, f"MAX({swing})-MIN({swing})", max(three) - min(three))


def _moved(shown: Shown, total: int, row: int) -> Iterator[str]:
    """What a total changes by at the low and at the high price."""
    now, lines = cell(row, LEAST + 1), shown.choose(lambda site: _resting(site, total, row))
    for end in (LEAST, LEAST + 2):
        yield f"IF(N({now})>0,({cell(row, end)}/{now}-1)*{lines},0)"


def _effects(shown: Shown, total: int, path: str, figures: tuple[float, float, float]) -> tuple[float, ...]:
    """[USD] the same for the chosen site; nothing without a discount rate."""
    low, now, high = figures
    values = shown.chosen.values(total)
    if values is None:
        return ()
    lines = zip(values, shown.chosen.lines, strict=True)
    weight = float(sum(value for value, line in lines if line.price_path == path))
    return tuple((end / now - 1) * weight if now > 0 else 0.0 for end in (low, high))


def _resting(site: CostSheet, total: int, row: int) -> str:
    """The total of the lines that rest on the row's price; SUMIFS passes over NPVs that are not known."""
    return f"SUMIFS({site.column(total)},{site.column(at.PRICE_PATH)},{cell(row, PATH)})"


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
