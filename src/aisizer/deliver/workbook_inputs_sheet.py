"""The sheet Inputs: what may be changed, beside what was delivered and what the scenario selects."""

from __future__ import annotations

from aisizer.costs.tco import monthly_rate
from aisizer.deliver.workbook_book import Book, Sheet, Value
from aisizer.deliver.workbook_cells import NO_RATE, cell
from aisizer.deliver.workbook_inputs import (
    CHANGED,
    DELIVERED,
    DISCOUNT,
    HIGH,
    LIFE,
    LOW,
    MONTHS,
    NAME,
    SELECTED,
    SOURCE,
    TITLES,
    UNIT,
    USED_FOR,
    VALUE,
    Input,
    InputMap,
)
from aisizer.deliver.workbook_lines import CostSheet

WIDTHS = (44, 16, 16, 9, 16, 18, 13, 13, 44, 34, 12, 11, 10, 46)
FIGURES = (VALUE, DELIVERED, CHANGED, SELECTED, LOW, HIGH)
MONTHLY_RATE, LIFE_MONTHS, INPUTS_CHANGED = range(3)
"""rows of what is worked out from inputs, below its heading"""


def worked_out(inputs: InputMap, row: int) -> str:
    """The cell of a figure that is worked out from inputs."""
    return cell(inputs.end + 2 + row, SELECTED, "Inputs")


def inputs_sheet(book: Book, inputs: InputMap, told: str, site: CostSheet) -> None:
    """All tables of inputs, and what is worked out from them. told: what stands below the title."""
    sheet = book.sheet("Inputs", WIDTHS)
    sheet.headline("Inputs", told)
    for name, rows in inputs.tables.items():
        head = inputs.heads[name]
        sheet.put(head, 0, name, "section")
        sheet.head(head + 1, [f"{title} #" if col in FIGURES else title for col, title in enumerate(TITLES)])
        for row, given in enumerate(rows, head + 2):
            _row(sheet, row, given)
        _validated(sheet, head + 2, rows)
    _worked_out(sheet, inputs, site.discount_rate, site.life_months)
    sheet.wide(2, 1, 2)
    book.name("Discount_Rate", inputs.selected(DISCOUNT))


def _row(sheet: Sheet, row: int, given: Input) -> None:
    style = "percent" if given.percent else "number"
    frozen = "frozen_percent" if given.percent else "frozen_number"
    sheet.put(row, NAME, given.name)
    sheet.put(row, VALUE, given.value, frozen if given.locked else f"input_{style}")
    sheet.put(row, DELIVERED, given.value, frozen)
    now, then = cell(row, VALUE), cell(row, DELIVERED)
    changed = f"IF(AND({now}={then},ISBLANK({now})=ISBLANK({then})),0,1)"
    sheet.formula(row, CHANGED, changed, 0.0, "count_right")
    value: float | str = "" if given.value is None else given.value
    sheet.formula(row, SELECTED, _selected(row, given), value, style)
    sheet.put(row, UNIT, given.unit)
    sheet.row(row, (given.low, given.high), style, LOW)
    rest: tuple[Value, ...] = (given.source, given.as_of, given.kind.replace("_", " "), given.set_by, given.path)
    sheet.put(row, USED_FOR, given.used_for)
    sheet.row(row, rest, "text", SOURCE)


def _selected(row: int, given: Input) -> str:
    """The value; in the low or high scenario the end of its range, where it has one and nobody typed another value."""
    value, changed = cell(row, VALUE), cell(row, CHANGED)
    if given.low is None and given.high is None:
        return f'IF(ISNUMBER({value}),{value},"")'
    low, high = (f"IF(ISNUMBER({end}),{end},{value})" for end in (cell(row, LOW), cell(row, HIGH)))
    return f'IF(OR({changed}>0,Scenario="base"),IF(ISNUMBER({value}),{value},""),IF(Scenario="low",{low},{high}))'


def _validated(sheet: Sheet, first: int, rows: tuple[Input, ...]) -> None:
    """Figures within the bounds that the formulas need; `aisizer import` checks the rest."""
    for row, given in enumerate(rows, first):
        if not given.locked:
            most = (
                {"criteria": "between", "minimum": 0, "maximum": 1}
                if given.percent
                else {"criteria": ">=", "value": given.least}
            )
            told = "a share from 0 % to 100 %" if given.percent else f"a number, not below {given.least:g}"
            rule = {"validate": "decimal", "error_title": given.name[:32], "error_message": f"Type {told}."}
            sheet.raw.data_validation(row, VALUE, row, VALUE, {**rule, **most})


def _worked_out(sheet: Sheet, inputs: InputMap, rate: float | None, life_months: float) -> None:
    head = inputs.end
    sheet.put(head, 0, "Worked out from them", "section")
    sheet.head(head + 1, ("Figure", "", "", "", "Figure #", "Unit"))
    discount, months, life = (inputs.selected(key) for key in (DISCOUNT, MONTHS, LIFE))
    monthly: float | str = NO_RATE if rate is None else monthly_rate(rate)
    compounded = f'IF(ISNUMBER({discount}),(1+{discount})^(1/{months})-1,"{NO_RATE}")'
    rows = (
        ("Monthly discount rate", compounded, monthly, "percent_fine", "per month"),
        ("Useful life", f"{life}*{months}", life_months, "number", "month"),
        ("Inputs changed since delivery", inputs.changed, 0.0, "count_right", "input"),
    )
    for row, (name, text, value, style, unit) in enumerate(rows, head + 2):
        sheet.put(row, NAME, name)
        sheet.formula(row, SELECTED, text, value, style)
        sheet.put(row, UNIT, unit)
