"""The sheets "Cost SITE": each line's rate as a product of inputs, and what it comes to by period."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from aisizer.deliver import labels
from aisizer.deliver import workbook_lines as at
from aisizer.deliver.workbook_book import Book, Sheet
from aisizer.deliver.workbook_cells import FIRST_YEAR, NO_RATE, PERIODS, cell, column, known, span
from aisizer.deliver.workbook_inputs import InputMap, step_path
from aisizer.deliver.workbook_inputs_sheet import LIFE_MONTHS, MONTHLY_RATE, worked_out
from aisizer.deliver.workbook_lines import CAPITAL, FIRST, RESIDUAL, CostSheet
from aisizer.deliver.workbook_site import Shown
from aisizer.plan import Plan

WIDTHS = (26, 15, 46, 12, 15, 14, 9, 16, 16, 16, 16, 9, 40, *[10] * PERIODS, *[10] * PERIODS, *[13] * PERIODS)
TITLES = (
    "Line", "Category", "Description", "Treatment", "Unit", "Rate, USD #", "Step #", "1 year #", "3 years #", "NPV #",
    "Accrued #", "Unpriced #",
)  # fmt: skip
BLOCKS = (
    (at.PAID, "Quantity paid, by period"),
    (at.USED, "Quantity that enters service or is used"),
    (at.AMOUNT, "Cash, USD"),
)
YEARS_PAST = (0.0,) * FIRST_YEAR + (1.0,) * 12 + (2.0,) * 12


def cost_sheet(book: Book, shown: Shown, cost: CostSheet) -> None:
    """One site's lines with their totals, and the months to the right of them."""
    sheet, inputs, data = book.sheet(cost.name, WIDTHS), shown.inputs, cost.cost
    fleet = f"{data.gpus} to {data.gpus_month_36} x {labels.gpu(data.gpu)}, {data.offer}, {labels.term(data.term)}"
    told = shown.told_of_site("Cash as paid, Accrued beside it; months to the right.", cost)
    sheet.live_headline(f"Cost lines, {cost.label}: {fleet}", *told)
    _calendar(sheet, shown.plan, cost, inputs)
    sheet.head(at.HEAD_ROW, TITLES)
    for row in range(len(cost.lines)):
        _line(sheet, cost, inputs, row)
        _line_totals(sheet, cost, inputs, row)
        _periods(sheet, cost, row)
    _total(sheet, cost, inputs)
    sheet.freeze(FIRST, at.CATEGORY)
    sheet.raw.print_area(0, 0, cost.total, at.UNPRICED)


def starts(plan: Plan) -> Sequence[date | None]:
    """First day of each month; period 0 has none."""
    return [None, *(month.start for month in plan.roadmap.months)][:PERIODS] if plan.roadmap else [None] * PERIODS


def _calendar(sheet: Sheet, plan: Plan, cost: CostSheet, inputs: InputMap) -> None:
    for block, name in BLOCKS:
        sheet.put(at.DATE_ROW - 1, block, name, "section")
        sheet.row(at.DATE_ROW, starts(plan), "date_right", block)
        sheet.numbers(at.HEAD_ROW, block, range(PERIODS), "head_right")
    texts = ("Month begins", "Full years of service before the period", "Months of use up to month 36")
    for row, text in enumerate((*texts, "Share charged by month 36 where capitalised"), at.DATE_ROW):
        sheet.put(row, at.PRICE_PATH, text, "note_right")
    sheet.numbers(at.YEAR_ROW, at.USED, YEARS_PAST, "frozen")
    sheet.numbers(at.YEAR_ROW, at.AMOUNT, YEARS_PAST, "frozen")
    sheet.numbers(at.LEFT_ROW, at.USED, at.MONTHS_LEFT.tolist(), "frozen")
    life = worked_out(inputs, LIFE_MONTHS)
    shared = (f"MIN({life},{column(at.USED + p)}${at.LEFT_ROW + 1})/{life}" for p in range(PERIODS))
    shares = np.minimum(at.MONTHS_LEFT, cost.life_months) / cost.life_months
    sheet.formulas(at.SHARE_ROW, at.USED, shared, shares.tolist(), "number")


def _line(sheet: Sheet, cost: CostSheet, inputs: InputMap, index: int) -> None:
    """A line's rate: price x factors, nothing where one of them is missing, which counts as unpriced."""
    row, line = FIRST + index, cost.lines[index]
    sheet.row(row, (line.id, line.category, line.description, line.treatment, line.unit))
    sheet.put(row, at.PRICE_PATH, line.price_path)
    price, factors = inputs.price(line), inputs.factors(line)
    waiting = [] if cost.is_own(index) else factors[-1:]
    sure = [each for each in (*price, *factors) if each not in waiting]
    lacking = f"IF(AND({','.join(f'ISNUMBER({each})' for each in sure)}),0,1)"
    lacking = f"IF(N({waiting[0]})=0,0,{lacking})" if waiting else lacking
    product = "*".join([*sure, *(f"N({each})" for each in waiting)])
    unpriced = float(line.unit_price_usd is None and cost.is_own(index))
    product = f"IF({cell(row, at.UNPRICED)}=0,IF(ISNUMBER({price[0]}),{product},0),0)"
    sheet.formula(row, at.RATE, product, cost.rates[index], "number")
    sheet.formula(row, at.STEP, f"N({inputs.selected(step_path(cost.steps[index]))})", line.escalation, "percent")
    sheet.formula(row, at.UNPRICED, lacking, unpriced, "number")


def _line_totals(sheet: Sheet, cost: CostSheet, inputs: InputMap, index: int) -> None:
    row = FIRST + index
    first, months = cell(row, at.AMOUNT), span((row, at.AMOUNT + 1), (row, at.AMOUNT + PERIODS - 1))
    rate = worked_out(inputs, MONTHLY_RATE)
    npv = None if cost.present is None else float(cost.present[index])
    sheet.formula(
        row,
        at.ONE_YEAR,
        f"SUM({span((row, at.AMOUNT), (row, at.AMOUNT + FIRST_YEAR - 1))})",
        _at(cost, at.ONE_YEAR, index),
    )
    sheet.formula(
        row,
        at.THREE_YEARS,
        f"SUM({span((row, at.AMOUNT), (row, at.AMOUNT + PERIODS - 1))})",
        _at(cost, at.THREE_YEARS, index),
    )
    sheet.formula(row, at.NPV, f'IF(ISNUMBER({rate}),{first}+NPV({rate},{months}),"{NO_RATE}")', known(npv))
    sheet.formula(row, at.ACCRUED, _accrued(cost, index), _at(cost, at.ACCRUED, index))


def _at(cost: CostSheet, col: int, index: int) -> float:
    values = cost.values(col)
    assert values is not None
    return float(values[index])


def _accrued(cost: CostSheet, index: int) -> str:
    """What the 36 months are charged: the share of the capital that depreciates in them, and all that is used."""
    row, line = FIRST + index, cost.lines[index]
    if line.category == RESIDUAL:
        return f"0*{cell(row, at.RATE)}"
    used, years, share = (span((r, at.USED), (r, at.USED + PERIODS - 1)) for r in (row, at.YEAR_ROW, at.SHARE_ROW))
    stepped = f"{used}*(1+{cell(row, at.STEP)})^{years}"
    charged = f"{stepped}*{share}" if line.treatment == CAPITAL else stepped
    return f"{cell(row, at.RATE)}*SUMPRODUCT({charged})"


def _periods(sheet: Sheet, cost: CostSheet, index: int) -> None:
    row, line = FIRST + index, cost.lines[index]
    sheet.numbers(row, at.PAID, line.quantity, "quantity")
    sheet.numbers(row, at.USED, line.used, "quantity")
    rate, step = f"${column(at.RATE)}{row + 1}", f"${column(at.STEP)}{row + 1}"
    texts = (
        f"{column(at.PAID + p)}{row + 1}*{rate}*(1+{step})^{column(at.AMOUNT + p)}${at.YEAR_ROW + 1}"
        for p in range(PERIODS)
    )
    sheet.formulas(row, at.AMOUNT, texts, cost.amounts[index].tolist())


def _total(sheet: Sheet, cost: CostSheet, inputs: InputMap) -> None:
    row, rate = cost.total, worked_out(inputs, MONTHLY_RATE)
    text = f'IF({cell(row, at.UNPRICED)}=0,"Total","Total, at least")'
    sheet.formula(row, at.ID, text, "Total, at least" if cost.unpriced else "Total", "total_text")
    sheet.row(row, ("",) * (at.ONE_YEAR - 1), "total_text", 1)
    for col in (at.ONE_YEAR, at.THREE_YEARS, at.ACCRUED):
        sheet.formula(row, col, f"SUM({_lines(cost, col)})", known(cost.value(col)), "total")
    present = f'IF(ISNUMBER({rate}),SUM({_lines(cost, at.NPV)}),"{NO_RATE}")'
    sheet.formula(row, at.NPV, present, known(cost.value(at.NPV)), "total")
    sheet.formula(row, at.UNPRICED, f"SUM({_lines(cost, at.UNPRICED)})", float(cost.unpriced), "total_count")
    texts = (f"SUM({_lines(cost, at.AMOUNT + p)})" for p in range(PERIODS))
    sheet.formulas(row, at.AMOUNT, texts, cost.amounts.sum(axis=0).tolist(), "total")


def _lines(cost: CostSheet, col: int) -> str:
    return f"{column(col)}{FIRST + 1}:{column(col)}{cost.total}"
