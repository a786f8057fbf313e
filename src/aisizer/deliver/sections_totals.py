"""The document's conventions of money, totals by category in cash and accrual, and what stands beside the totals."""

from __future__ import annotations

from collections.abc import Sequence

from aisizer.costs.categories import CategoryTotal
from aisizer.costs.records import SiteCost
from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Items, Notice, Paragraph, Table, table
from aisizer.plan import Plan


def conventions(plan: Plan) -> Paragraph:
    """Periods, basis, currency and present value, said once."""
    rate, basis = labels.discount_rate(plan), labels.finance(plan).rate_basis
    npv = (
        "The profile sets no discount rate (finance.discount_rate), so no net present value is given and sites are ranked on "
        "36-month cash."
        if rate is None
        else f"NPV discounts month-end flows at {numbers.exact_share(rate)} a year, (1 + r)^(1/12) - 1 a month; period 0 is not "
        "discounted."
    )
    inflation = "with inflation in them" if basis == "nominal" else "without inflation in them"
    return Paragraph(
        "In USD. Period 0 is all spend before service, month 1 the first month of production at the requested go-live, the same "
        "for every site; 1 year is period 0 and months 1 to 12 of the same plan, before residual, and 3 years is all of it. "
        f"{npv} Discount rate and escalation are {basis}, {inflation}. Cash counts payments; accrual charges what is bought over "
        "its book life and the rest as it is used; the two are never mixed. Income tax and financing are left out. Fiscal years, "
        "months and lines: workbook."
    )


def category_table(plan: Plan) -> list[Table]:
    """Each category at the chosen site in cash and accrued, and beside it the three years of the other fleets."""
    chosen, *others = list(plan.categories) or [""]
    figures = {name: {total.category: total for total in totals} for name, totals in plan.categories.items()}
    categories = list(dict.fromkeys(total.category for totals in plan.categories.values() for total in totals))
    shown = [(chosen, field) for field in FIELDS] + [(other, "three_year_usd") for other in others]
    rows = [
        (labels.words(category), *(_amount(figures[name].get(category), field) for name, field in shown))
        for category in categories
    ]
    titles = [f"{labels.site(chosen)} {FIELDS[field]}" for field in FIELDS]
    titles += [f"{labels.site(other)} 3 years" for other in others]
    heads = "Category | " + " | ".join(f"{title} #" for title in titles)
    caption = (
        "Cash by category, and accrual at the chosen site, USD; the rest on the workbook's sheets TCO 1Y and TCO 3Y"
    )
    return [table(caption, heads, rows, "categories")] if rows else []


FIELDS = {
    "one_year_usd": "1 year",
    "three_year_usd": "3 years",
    "one_year_accrual_usd": "1 year accrual",
    "three_year_accrual_usd": "3 years accrual",
}


def _amount(total: CategoryTotal | None, field: str) -> str:
    return "" if total is None else numbers.at_least(numbers.cents(getattr(total, field)), total.missing > 0)


def beside_totals(costs: list[tuple[str, SiteCost]], paths: Sequence[str]) -> list[Block]:
    """What is known of a site and stands in no total: energy, emissions, idle commitments, resale; paths: of each site."""
    rows = [
        (name, *_energy(cost), numbers.cents(cost.unused_commitment_usd), numbers.cents(cost.residual_high_usd))
        for name, cost in costs
    ]
    heads = "Fleet | Energy in 36 months, kWh # | tCO2e # | Committed hours that nobody needs, USD # | Resale at most, USD #"
    return [table("Beside the totals, and in none of them", heads, rows, keys=paths)]


def _energy(cost: SiteCost) -> tuple[str, str]:
    kwh = numbers.NOT_AVAILABLE if cost.energy_kwh is None else f"{cost.energy_kwh:,.0f}"
    return kwh, numbers.NOT_AVAILABLE if cost.tco2e is None else f"{cost.tco2e:,.1f}"


def leases(costs: list[tuple[str, SiteCost]]) -> list[Block]:
    """Where rent may hold a lease."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name, cost in costs:
        lines = tuple(line.description for line in cost.lines if line.treatment == "possible_lease")
        found.setdefault(lines, []).append(name)
    return [
        Notice(
            f"The rent of {' and '.join(names)} ({labels.listed(lines)}) may hold a lease, because "
            "servers that stand for one customer alone "
            "may be assets that it controls (ASC 842, IFRS 16): ask your accountants. The figures treat it as an expense."
        )
        for lines, names in found.items()
        if lines
    ]


def not_priced(costs: list[tuple[str, SiteCost]]) -> list[Block]:
    """What is missing in each total."""
    said = tuple(f"{name}: at least, as {labels.missing_lines(cost)}." for name, cost in costs if cost.missing)
    return [Items(said)] if said else [Paragraph("Every line of every fleet has a price.")]
