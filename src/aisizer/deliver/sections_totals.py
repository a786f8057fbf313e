"""The document's conventions of money, totals by category in cash and accrual, fiscal years, and who set the rates."""

from __future__ import annotations

from typing import Any

from aisizer.costs.records import SiteCost
from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Items, Notice, Paragraph, Table, table
from aisizer.plan import Plan


def conventions(plan: Plan) -> Paragraph:
    """Periods, basis, currency and present value, said once."""
    rate, basis = labels.discount_rate(plan), _finance(plan).get("rate_basis", "nominal")
    npv = (
        "The profile sets no discount rate (finance.discount_rate), so no net present value is given and sites are ranked on "
        "36-month cash."
        if rate is None
        else f"NPV discounts month-end flows at {numbers.exact_share(rate)} a year, (1 + r)^(1/12) - 1 a month; period 0 is not "
        "discounted."
    )
    inflation = "with inflation in them" if basis == "nominal" else "without inflation in them"
    return Paragraph(
        "In USD; quotes in another currency are turned into it at the dated rates of finance.fx. Period 0 is all spend before "
        "service, month 1 the first month of production at the requested go-live, the same for every site; 1 year is period 0 "
        f"and months 1 to 12 of the same plan, before residual, and 3 years is all of it. {npv} Discount rate and escalation are "
        f"{basis}, both {inflation}. Cash and accrual are never mixed: cash counts payments; accrual charges what is bought over "
        "its book life from its month in service on, and the rest as it is used. Income tax and financing are left out."
    )


def category_tables(plan: Plan) -> list[Table]:
    """One and three years of each category, in cash and accrued, by site."""
    shown = (
        ("Cash by category, USD: 1 year", "one_year_usd"),
        ("Cash by category, USD: 3 years", "three_year_usd"),
        ("Accrual by category, USD: 1 year", "one_year_accrual_usd"),
        ("Accrual by category, USD: 3 years", "three_year_accrual_usd"),
    )
    return [_category_table(plan, caption, field) for caption, field in shown if plan.categories]


def _category_table(plan: Plan, caption: str, field: str) -> Table:
    names = list(plan.categories)
    figures = {name: {total.category: total for total in totals} for name, totals in plan.categories.items()}
    categories = list(dict.fromkeys(total.category for totals in plan.categories.values() for total in totals))
    rows = []
    for category in categories:
        cells = []
        for name in names:
            total = figures[name].get(category)
            cells.append(
                "" if total is None else numbers.at_least(numbers.cents(getattr(total, field)), total.missing > 0)
            )
        rows.append((labels.reason(category), *cells))
    heads = "Category | " + " | ".join(f"{labels.site(name)} #" for name in names)
    return table(caption, heads, rows)


def fiscal_table(costs: list[tuple[str, SiteCost]]) -> list[Table]:
    """Cash and accrual of each site by fiscal year."""
    rows = [
        (name, year.name, year.starts.isoformat(), str(year.months), numbers.cents(year.cash_usd),
         numbers.cents(year.accrual_usd))
        for name, cost in costs
        for year in cost.fiscal_years
    ]  # fmt: skip
    heads = "Fleet | Fiscal year | Starts | Months of the 36 # | Cash, USD # | Accrual, USD #"
    return [table("By fiscal year", heads, rows)] if rows else []


def rates(plan: Plan) -> list[Block]:
    """The rates behind the totals and who set each."""
    rows = [
        (found.path, found.value, found.origin, found.reason)
        for found in plan.assumptions
        if found.path.startswith("finance.")
    ]
    return [table("Rates and who set them", "Rate | Value | Set by | Meaning and reason", rows)] if rows else []


def leases(costs: list[tuple[str, SiteCost]]) -> list[Block]:
    """Where rent may hold a lease."""
    found = {
        name: [line.description for line in cost.lines if line.treatment == "possible_lease"] for name, cost in costs
    }
    return [
        Notice(
            f"{name}: {labels.listed(lines)} may hold a lease, because servers that stand for one customer alone may be "
            "assets that it controls (ASC 842, IFRS 16): ask your accountants. The figures treat it as an expense."
        )
        for name, lines in found.items()
        if lines
    ]


def not_priced(costs: list[tuple[str, SiteCost]]) -> list[Block]:
    """What is missing in each total."""
    said = tuple(f"{name}: at least, as {labels.missing_lines(cost)}." for name, cost in costs if cost.missing)
    return [Items(said)] if said else [Paragraph("Every line of every fleet has a price.")]


def _finance(plan: Plan) -> dict[str, Any]:
    return plan.profile.get("finance") or {}
