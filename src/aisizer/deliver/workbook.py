"""tco.xlsx: the cost lines as live formulas, each with the engine's value cached, for finance to check and to vary."""

from __future__ import annotations

from aisizer.deliver import labels
from aisizer.deliver.json_file import plan_hash
from aisizer.deliver.workbook_about import about_sheet, change_log_sheet, contents
from aisizer.deliver.workbook_book import Book
from aisizer.deliver.workbook_break_even import break_even_sheet
from aisizer.deliver.workbook_checks import checks, checks_sheet
from aisizer.deliver.workbook_costs import cost_sheet
from aisizer.deliver.workbook_demand import demand_sheet
from aisizer.deliver.workbook_export import export_sheet, exported
from aisizer.deliver.workbook_inputs import input_map
from aisizer.deliver.workbook_inputs_sheet import inputs_sheet
from aisizer.deliver.workbook_lines import cost_sheets
from aisizer.deliver.workbook_lists import bom_sheet, sources_sheet
from aisizer.deliver.workbook_months import accrual_sheet, capex_sheet, cash_sheet, opex_sheet
from aisizer.deliver.workbook_sensitivity import sensitivity_sheet
from aisizer.deliver.workbook_site import Shown
from aisizer.deliver.workbook_summary import summary_sheet
from aisizer.deliver.workbook_totals import comparison_sheet, one_year_sheet, site_list, three_years_sheet
from aisizer.plan import Plan


def workbook_bytes(plan: Plan, stamp: str | None = None) -> bytes:
    """The workbook as bytes; the same plan gives the same bytes. The stamp is the plan's hash, where it is at hand."""
    name, author = labels.profile_name(plan), f"aisizer {plan.aisizer_version}"
    book = Book(f"{name}: total cost", labels.plan_date(plan), author, labels.marking(plan))
    sites = cost_sheets(plan)
    shown = Shown(plan, sites, input_map(plan, sites), stamp or plan_hash(plan))
    balances = checks(shown, exported(shown))
    about, below = about_sheet(book, shown)
    summary_sheet(book, shown, site_list(shown), sum(check.failed for check in balances))
    told = "Change the blue figures on yellow; prices are before tax, in the currency of their unit."
    inputs_sheet(book, shown.inputs, shown.told(told), shown.chosen)
    demand_sheet(book, shown)
    bom_sheet(book, shown)
    capex_sheet(book, shown)
    opex_sheet(book, shown)
    cash_sheet(book, shown)
    accrual_sheet(book, shown)
    one_year_sheet(book, shown)
    three_years_sheet(book, shown)
    comparison_sheet(book, shown)
    break_even_sheet(book, shown)
    sensitivity_sheet(book, shown)
    for site in sites:
        cost_sheet(book, shown, site)
    checks_sheet(book, shown, balances)
    sources_sheet(book, shown)
    change_log_sheet(book, shown)
    export_sheet(book, shown)
    contents(book, about, below)
    return book.bytes()
