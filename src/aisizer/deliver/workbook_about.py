"""The sheets of tco.xlsx about the file itself: what it is, how to read it, and what was changed in it."""

from __future__ import annotations

from aisizer.deliver import labels
from aisizer.deliver.workbook_book import Book, Sheet
from aisizer.deliver.workbook_cells import cell
from aisizer.deliver.workbook_inputs import CHANGED, DELIVERED, NAME, PATH, UNIT, VALUE
from aisizer.deliver.workbook_site import Shown
from aisizer.deliver.workbook_summary import CONTRACT, TOTALS

CONTENTS = {
    "About": "this sheet",
    "Summary": "the decision, its totals, and the choice of scenario and site",
    "Inputs": "every price, rate and factor, once",
    "Demand and capacity": "frozen: demand and fleet by month, capacity per server",
    "BOM": "what is ordered at the chosen site",
    "Capex": "cash for what is capitalised, by category and month",
    "Opex": "all other cash, by category and month",
    "Cash flow": "both added up, by month and fiscal year",
    "Accrual": "depreciation and expenses by month and fiscal year",
    "TCO 1Y": "the first year by category",
    "TCO 3Y": "36 months by category",
    "Site comparison": "all sites side by side",
    "Break-even": "months and volumes at which sites and APIs cost the same",
    "Sensitivity": "what each price's range does to the totals",
    "Checks": "balances; ChecksFailed is their sum",
    "Sources": "who said each number, the weakest first",
    "Change log": "inputs that differ from the plan, and your own notes",
    "Export": "flat rows for other programs",
}
NOTES = 20
"""rows for names and dates, filled in by hand"""
LEGEND = (
    ("legend", "blue on yellow", "an input: change it; everything follows"),
    ("text", "black", "a formula"),
    ("frozen", "grey", "frozen: stamped from the plan, not computed here"),
    ("legend_note", "pale yellow", "a note of your own"),
)


def about_sheet(book: Book, shown: Shown) -> tuple[Sheet, int]:
    """What the file is, and the row where `contents` lists the sheets when all of them stand."""
    plan = shown.plan
    sheet = book.sheet("About", (24, 112, 20))
    sheet.raw.fit_to_pages(1, 1)
    sheet.headline(f"{labels.profile_name(plan)}: total cost of ownership", "What this file is, and how to read it")
    names = ", ".join((*TOTALS, "ChecksFailed", "Currency", "Scenario", "Site", "Contract", "Discount_Rate"))
    rows = (
        ("Handling", labels.marking(plan) or "no marking"),
        ("Plan date", labels.plan_date(plan).isoformat()),
        ("Made by", f"aisizer {plan.aisizer_version}, catalog {plan.inputs.catalog_version}"),
        ("Plan sha256", shown.stamp),
        ("Profile sha256", plan.inputs.profile_sha256),
        ("Currency", f"USD, {shown.rate_basis}; quotes in other currencies at the dated rates on Inputs"),
        ("Periods", f"{shown.period} 1 year is period 0 and months 1 to 12 of the 36-month plan."),
        ("Cash and accrual", "Two views that are never mixed: when it is paid, and when it serves or is used."),
        ("NPV", "Month-end flows at (1 + yearly rate)^(1/12) - 1 a month; period 0 is not discounted."),
        ("Rate", "price x exchange rate x factors; 0 where one of them is missing, which counts as unpriced"),
        ("Amount", "quantity x rate x (1 + step)^(full years of service before the period)"),
        ("Missing prices", f"As delivered: {shown.status}. The totals read at least until a price is typed in."),
        ("Live", "prices, exchange rates, factors, discount, useful life, residual, tax, yearly steps, demand served"),
        (
            "Frozen",
            "quantities: fleets, capacity and what follows from demand. A workbook cannot re-run a queue; "
            "change the profile and run aisizer size for that.",
        ),
        ("Bring it back", "aisizer import FILE.xlsx turns changed inputs into a fragment for size --with."),
        ("Names", f"{names} ({CONTRACT})"),
        ("Protection", "without a password, against accidents; no macros, no links to other files, nothing hidden"),
    )
    for row, (term, text) in enumerate(rows, 3):
        sheet.put(row, 0, term, "bold")
        sheet.put(row, 1, text, "wrap")
        sheet.tall(row, {112: text})
    first = 4 + len(rows)
    sheet.put(first, 0, "Colours", "section")
    for row, (style, name, text) in enumerate(LEGEND, first + 1):
        sheet.put(row, 0, name, style)
        sheet.put(row, 1, text)
    return sheet, first + len(LEGEND) + 2


def contents(book: Book, about: Sheet, first: int) -> None:
    """The sheets, each with the fingerprint of what is locked on it; that of About is over all of its cells but this one."""
    about.put(first, 0, "Sheets", "section")
    about.head(first + 1, ("Sheet", "What it holds", "Fingerprint"))
    for row, sheet in enumerate((*(s for s in book.sheets if s is not about), about), first + 2):
        about.row(row, (sheet.name, CONTENTS.get(sheet.name, "the cost lines of the site by period")))
        about.put(row, 2, sheet.fingerprint())


def change_log_sheet(book: Book, shown: Shown) -> None:
    """One row per input, which shows where it was changed; and a table to fill in by hand."""
    sheet = book.sheet("Change log", (36, 18, 18, 18, 50))
    sheet.headline(
        "Change log", "Inputs that differ from the plan as delivered; who changed them is noted by hand below"
    )
    inputs = [given for given in shown.inputs.inputs() if not given.locked]
    sheet.head(3, ("By hand: what and why", "Date", "Name", "", ""))
    for row in range(4, 4 + NOTES):
        sheet.row(row, ("", "", ""), "note")
    top = 5 + NOTES
    sheet.head(top, ("Input", "From #", "To #", "Unit", "Path"))
    for row, given in enumerate(inputs, top + 1):
        source = shown.inputs.rows[given.key]
        changed = cell(source, CHANGED, "Inputs")
        columns = (NAME, DELIVERED, VALUE, UNIT, PATH)
        for col, of in enumerate(columns):
            text = f'IF({changed}>0,{cell(source, of, "Inputs")}&"","")'
            sheet.formula(row, col, text, "", "text")
    sheet.freeze(3, 1)
