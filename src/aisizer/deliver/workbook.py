"""tco.xlsx: the cost lines as live formulas, each with the engine's value cached, for finance to check and to vary."""

from __future__ import annotations

from aisizer.costs.records import CostLine
from aisizer.costs.tco import monthly_rate
from aisizer.deliver import labels
from aisizer.deliver import workbook_cells as at
from aisizer.deliver.json_file import plan_hash
from aisizer.deliver.workbook_book import Book, Sheet
from aisizer.deliver.workbook_cells import CostSheet, InputMap, cell, span
from aisizer.deliver.workbook_checks import checks, checks_sheet
from aisizer.deliver.workbook_reports import (
    bom_sheet,
    category_sheet,
    comparison_sheet,
    export_sheet,
    sources_sheet,
    summary_sheet,
)
from aisizer.plan import Plan

RATE = cell(at.RATE_ROW, at.VALUE_COL, "Inputs")
MONTHLY_RATE = cell(at.MONTHLY_RATE_ROW, at.VALUE_COL, "Inputs")


def workbook_bytes(plan: Plan, stamp: str | None = None) -> bytes:
    """The workbook as bytes; the same plan gives the same bytes. The stamp is the plan's hash, where it is at hand."""
    name, author = labels.profile_name(plan), f"aisizer {plan.aisizer_version}"
    book = Book(f"{name}: total cost", labels.plan_date(plan), author)
    stamp = stamp or plan_hash(plan)
    sheets = at.cost_sheets(plan)
    inputs = at.input_map(sheets)
    balances = checks(sheets)
    _about(book, plan, sheets, stamp)
    summary_sheet(book, plan, sheets[0], inputs, sum(check.failed for check in balances))
    _inputs(book, plan, inputs)
    for sheet in sheets:
        _cost(book, plan, sheet, inputs)
    category_sheet(book, "TCO 1Y", "Cost of the first year by category and site", sheets, at.ONE_YEAR)
    category_sheet(book, "TCO 3Y", "Cost over 36 months by category and site", sheets, at.THREE_YEARS)
    comparison_sheet(book, sheets)
    bom_sheet(book, plan)
    checks_sheet(book, balances, inputs)
    sources_sheet(book, plan)
    export_sheet(book, sheets, name, stamp)
    return book.bytes()


def _about(book: Book, plan: Plan, sheets: list[CostSheet], stamp: str) -> None:
    sheet = book.sheet("About", (24, 110))
    sheet.headline(f"{labels.profile_name(plan)}: total cost of ownership", "What this file is, and how to read it")
    rows = (
        ("Plan date", labels.plan_date(plan).isoformat()),
        ("Made by", f"aisizer {plan.aisizer_version}, catalog {plan.inputs.catalog_version}"),
        ("Plan sha256", stamp),
        ("Profile sha256", plan.inputs.profile_sha256),
        ("Currency", "USD, nominal; money is cash, not accrual"),
        ("Periods", "Period 0 holds all spend before service; month 1 is the first month in production."),
        ("1 year, 3 years", "1 year is period 0 and months 1 to 12 of the 36-month plan; 3 years is all of it."),
        ("NPV", "Month-end flows at (1 + yearly rate)^(1/12) - 1 a month; period 0 is not discounted."),
        ("Amount", "quantity x unit price x factors, in each period"),
        ("Missing price", "An empty price counts as nothing and the totals read at least, until a price is typed in."),
        ("You may change", "the cells with blue figures on yellow in Inputs; everything follows"),
        ("Frozen", "grey figures: quantities and stamped totals of the plan; a workbook cannot re-run a queue"),
        ("Formulas", "black figures; sheets are protected without a password, to guard against accidents"),
        ("Names to import", "TCO_1Y_Total, TCO_3Y_Total, TCO_3Y_NPV, ChecksFailed, Currency, Discount_Rate"),
    )
    for index, (term, text) in enumerate(rows):
        sheet.put(3 + index, 0, term, "bold")
        sheet.put(3 + index, 1, text, "wrap")
    first = 4 + len(rows)
    sheet.put(first, 0, "Sheets", "section")
    contents = (
        ("Summary", "the decision and its totals"),
        ("Inputs", "discount rate, unit prices and factors"),
        *((s.name, f"the cost lines of {s.label} by period") for s in sheets),
        ("TCO 1Y, TCO 3Y", "cost by category and site"),
        ("Site comparison", "totals side by side"),
        ("BOM", "what is ordered at the chosen site"),
        ("Checks", "balances; ChecksFailed is their sum"),
        ("Sources", "who said each number, the weakest first"),
        ("Export", "one row per line and period, for other tools"),
    )
    for index, (name, text) in enumerate(contents):
        sheet.row(first + 1 + index, (name, text))


def _inputs(book: Book, plan: Plan, inputs: InputMap) -> None:
    sheet = book.sheet("Inputs", (34, 16, 16, 9, 18, 44, 14, 14, 26, 12, 12))
    sheet.headline("Inputs", "Change the blue figures on yellow; the column Changed shows what differs from the plan.")
    _general_inputs(book, sheet, plan)
    titles = ("Price of", "Value #", "As delivered #", "Changed #", "Unit", "First used for", "Low #", "High #")
    sheet.head(at.INPUT_HEAD_ROW, (*titles, "Source", "As of", "Kind"))
    for key, line in inputs.prices.items():
        _price_row(sheet, inputs.price_rows[key], line)
    head = at.INPUT_HEAD_ROW + len(inputs.prices) + 3
    sheet.head(head, ("Factor", "Value #", "As delivered #", "Changed #", "Unit", "Used by"))
    for used, lines in inputs.factors.items():
        name, factor, value, unit = used
        row = inputs.factor_rows[used]
        _input(sheet, row, f"{factor}, {name.removeprefix('Cost ')}", value, unit)
        sheet.put(row, 5, labels.listed(lines))
    sheet.freeze(2, 1)


def _general_inputs(book: Book, sheet: Sheet, plan: Plan) -> None:
    _input(sheet, at.RATE_ROW, "Discount rate", labels.discount_rate(plan), "per year", "input_percent")
    sheet.put(at.MONTHS_ROW, at.NAME_COL, "Months per year")
    sheet.put(at.MONTHS_ROW, at.VALUE_COL, at.MONTHS_PER_YEAR, "frozen")
    rate, months = cell(at.RATE_ROW, at.VALUE_COL), cell(at.MONTHS_ROW, at.VALUE_COL)
    yearly = labels.discount_rate(plan)
    monthly = at.NO_RATE if yearly is None else monthly_rate(yearly)
    sheet.put(at.MONTHLY_RATE_ROW, at.NAME_COL, "Monthly rate")
    sheet.put(at.MONTHLY_RATE_ROW, at.UNIT_COL, "per month")
    text = f'IF(ISNUMBER({rate}),(1+{rate})^(1/{months})-1,"{at.NO_RATE}")'
    sheet.formula(at.MONTHLY_RATE_ROW, at.VALUE_COL, text, monthly, "percent")
    sheet.put(at.CURRENCY_ROW, at.NAME_COL, "Currency")
    sheet.put(at.CURRENCY_ROW, at.VALUE_COL, "USD", "frozen")
    sheet.put(at.TOLERANCE_ROW, at.NAME_COL, "Tolerance of checks")
    sheet.put(at.TOLERANCE_ROW, at.VALUE_COL, at.TOLERANCE_USD, "frozen")
    sheet.put(at.TOLERANCE_ROW, at.UNIT_COL, "USD")
    book.name("Discount_Rate", RATE)
    book.name("Currency", cell(at.CURRENCY_ROW, at.VALUE_COL, "Inputs"))


def _price_row(sheet: Sheet, row: int, line: CostLine) -> None:
    _input(sheet, row, line.price_item, line.unit_price_usd, line.price_unit)
    sheet.put(row, 5, line.description)
    sheet.row(row, (line.low_usd, line.high_usd), "number", 6)
    sheet.row(row, (line.source, line.as_of, line.kind), "text", 8)


def _input(sheet: Sheet, row: int, name: str, value: float | None, unit: str, style: str = "input") -> None:
    sheet.put(row, at.NAME_COL, name)
    sheet.put(row, at.VALUE_COL, value, style)
    sheet.put(row, at.DELIVERED_COL, value, style.replace("input", "frozen"))
    now, then = cell(row, at.VALUE_COL), cell(row, at.DELIVERED_COL)
    text = f"IF(AND({now}={then},ISBLANK({now})=ISBLANK({then})),0,1)"
    sheet.formula(row, at.CHANGED_COL, text, 0, "number")
    sheet.put(row, at.UNIT_COL, unit)


def _cost(book: Book, plan: Plan, cost: CostSheet, inputs: InputMap) -> None:
    widths = (20, 13, 38, 11, 16, 14, 10, 16, 16, 16, 9, *[11] * at.PERIODS, *[13] * at.PERIODS)
    sheet = book.sheet(cost.name, widths)
    data = cost.cost
    fleet = f"{data.gpus} to {data.gpus_month_36} x {labels.gpu(data.gpu)}, {data.offer}, {labels.term(data.term)}"
    sheet.headline(f"Cost lines, {cost.label}", f"{fleet}. USD. Months stand to the right, quantities then amounts.")
    starts = [None, *(month.start for month in plan.roadmap.months)] if plan.roadmap else [None]
    for block, name in ((at.QUANTITY, "Quantity by period"), (at.AMOUNT, "Amount by period, USD")):
        sheet.put(2, block, name, "section")
        sheet.row(at.LINE_HEAD_ROW - 1, starts[: at.PERIODS], "date", block)
        for period in range(at.PERIODS):
            sheet.put(at.LINE_HEAD_ROW, block + period, period, "head_right")
    titles = ("Line", "Category", "Description", "Treatment", "Unit", "Unit price #", "Factors #")
    sheet.head(at.LINE_HEAD_ROW, (*titles, "1 year #", "3 years #", "NPV #", "Unpriced #"))
    for index, line in enumerate(data.lines):
        _cost_line(sheet, cost, inputs, index, line)
    _cost_total(sheet, cost)
    sheet.freeze(at.LINE_HEAD_ROW + 1, at.CATEGORY)
    sheet.raw.print_area(0, 0, cost.total, at.UNPRICED)


def _cost_line(sheet: Sheet, cost: CostSheet, inputs: InputMap, index: int, line: CostLine) -> None:
    row = cost.first + index
    sheet.row(row, (line.id, line.category, line.description, line.treatment, line.unit))
    source = inputs.price(line)
    price = "" if line.unit_price_usd is None else line.unit_price_usd
    sheet.formula(row, at.PRICE, f'IF({source}="","",{source})', price, "number")
    factors = inputs.factor_cells(cost.name, line)
    product = 1.0
    for value in line.factors.values():
        product *= value
    if factors:
        sheet.formula(row, at.FACTOR, "*".join(factors), product, "number")
    else:
        sheet.put(row, at.FACTOR, 1, "number")
    _line_totals(sheet, cost, index)
    unit_price, factor = f"${at.column(at.PRICE)}{row + 1}", f"${at.column(at.FACTOR)}{row + 1}"
    counts = [f"{at.column(at.QUANTITY + period)}{row + 1}" for period in range(at.PERIODS)]
    sheet.numbers(row, at.QUANTITY, line.quantity, "quantity")
    texts = [f'IF({unit_price}="",0,{count}*{unit_price}*{factor})' for count in counts]
    sheet.formulas(row, at.AMOUNT, texts, cost.amounts[index])


def _line_totals(sheet: Sheet, cost: CostSheet, index: int) -> None:
    row = cost.first + index
    year = span((row, at.AMOUNT), (row, at.AMOUNT + at.MONTHS_PER_YEAR))
    every = span((row, at.AMOUNT), (row, at.AMOUNT + at.PERIODS - 1))
    months = span((row, at.AMOUNT + 1), (row, at.AMOUNT + at.PERIODS - 1))
    sheet.formula(row, at.ONE_YEAR, f"SUM({year})", at.known(cost.value(at.ONE_YEAR, index)))
    sheet.formula(row, at.THREE_YEARS, f"SUM({every})", at.known(cost.value(at.THREE_YEARS, index)))
    present = f"{cell(row, at.AMOUNT)}+NPV({MONTHLY_RATE},{months})"
    sheet.formula(row, at.NPV, f'IF(ISNUMBER({RATE}),{present},"{at.NO_RATE}")', at.known(cost.value(at.NPV, index)))
    unpriced = f'IF({cell(row, at.PRICE)}="",1,0)'
    sheet.formula(row, at.UNPRICED, unpriced, at.known(cost.value(at.UNPRICED, index)), "number")


def _cost_total(sheet: Sheet, cost: CostSheet) -> None:
    row = cost.total
    unpriced = cost.value(at.UNPRICED)
    text = f'IF({cell(row, at.UNPRICED)}=0,"Total","Total, at least")'
    sheet.formula(row, 0, text, "Total, at least" if unpriced else "Total", "total_text")
    sheet.row(row, ("",) * 6, "total_text", 1)
    for col in (at.ONE_YEAR, at.THREE_YEARS, at.UNPRICED):
        style = "total_count" if col == at.UNPRICED else "total"
        sheet.formula(row, col, f"SUM({cost.lines(col, sheet=False)})", at.known(cost.value(col)), style)
    present = f'IF(ISNUMBER({RATE}),SUM({cost.lines(at.NPV, sheet=False)}),"{at.NO_RATE}")'
    sheet.formula(row, at.NPV, present, at.known(cost.value(at.NPV)), "total")
    for period, amount in enumerate(cost.periods):
        column = cost.lines(at.AMOUNT + period, sheet=False)
        sheet.formula(row, at.AMOUNT + period, f"SUM({column})", amount, "total")
