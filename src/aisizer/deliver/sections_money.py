"""The document's sections on cost and on what is ordered."""

from __future__ import annotations

from aisizer.costs.bom_lines import INCLUDED
from aisizer.costs.records import BomLine, SiteCost
from aisizer.deliver import charts, labels, numbers
from aisizer.deliver.blocks import Block, Figure, Paragraph, Section, table
from aisizer.deliver.sections_totals import category_tables, conventions, fiscal_table, leases, not_priced, rates
from aisizer.plan import Plan


def cost_section(plan: Plan) -> Section:
    """Total cost by site, beside the baseline."""
    costs = priced(plan)
    rate = labels.discount_rate(plan)
    npv = "NPV" if rate is None else f"NPV at {numbers.exact_share(rate)}"
    heads = f"Site | Fleet | Term | 1 year # | 3 years # | {npv} # | per M tokens # | per request #"
    blocks: list[Block] = [
        conventions(plan),
        table("Total cost by site", heads, [cost_row(name, cost) for name, cost in costs]),
        *_notes(plan),
        *not_priced(costs),
        *leases(costs),
        Figure(_chart(costs), "Cost over 36 months by site and category"),
        *category_tables(plan),
        *fiscal_table(costs),
        *rates(plan),
    ]
    return Section("cost", "Total cost", tuple(blocks))


def priced(plan: Plan) -> list[tuple[str, SiteCost]]:
    """Every priced fleet with its name: the chosen site, the others, the baseline."""
    costs = [(labels.site(cost.site), cost) for cost in labels.sites_in_order(plan)]
    return costs + ([("baseline", plan.baseline)] if plan.baseline else [])


def cost_row(name: str, cost: SiteCost) -> tuple[str, ...]:
    """One site's line of the cost table, in cents."""
    missing = bool(cost.missing)
    totals = (cost.one_year_usd, cost.three_year_usd, cost.npv_usd)
    return (
        name,
        f"{cost.gpus} to {cost.gpus_month_36} x {labels.gpu(cost.gpu)}",
        labels.term(cost.term),
        *(numbers.at_least(numbers.cents(t), missing and t is not None) for t in totals),
        numbers.at_least(numbers.per_million(cost.usd_per_million_tokens), missing),
        numbers.at_least(numbers.per_request(cost.usd_per_request), missing),
    )


def _notes(plan: Plan) -> list[Block]:
    return [Paragraph(f"Baseline: {plan.baseline_note}.")] if plan.baseline_note else []


def _chart(costs: list[tuple[str, SiteCost]]) -> str:
    rows = {name: {labels.reason(k): v for k, v in cost.by_category.items()} for name, cost in costs}
    said = "; ".join(f"{name} {numbers.usd(cost.three_year_usd)} USD" for name, cost in costs)
    return charts.stacked_bars(rows, "Cost over 36 months by site and category", f"Totals: {said}.")


def bom_section(plan: Plan) -> Section:
    """What is ordered; bom.csv has every column."""
    rows = [
        (
            str(line.line),
            str(line.wave),
            ("part of line " + str(line.parent) + ": " if line.parent else "") + line.description,
            numbers.number(line.quantity),
            line.uom,
            "" if line.price_kind == INCLUDED else numbers.unit_price(line.unit_price_usd),
            _price(line),
            line.price_kind + ("" if line.price_age_days is None else f", {line.price_age_days} days old"),
            line.order_by.isoformat(),
        )
        for line in plan.bom
    ]
    heads = "Line | Wave | What | Quantity # | Unit | Unit price USD # | Price USD # | Price is | Order by"
    second = labels.second_site(plan)
    note = [Paragraph(f"{second} of the first wave stand at the second site.")] if second else []
    listed = table("What is ordered (bom.csv has every column)", heads, rows)
    return Section("bom", "Bill of materials", (*note, listed))


def _price(line: BomLine) -> str:
    if line.price_kind == INCLUDED:
        return ""
    return "no price" if line.extended_price_usd is None else numbers.cents(line.extended_price_usd)
