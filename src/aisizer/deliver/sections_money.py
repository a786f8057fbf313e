"""The document's sections on cost and on what is ordered."""

from __future__ import annotations

from aisizer.costs.bom_lines import INCLUDED
from aisizer.costs.bom_totals import BomTotal
from aisizer.costs.records import SiteCost
from aisizer.deliver import charts, labels, numbers
from aisizer.deliver.blocks import Block, Figure, Paragraph, Section, table
from aisizer.deliver.sections_results import growth_blocks, parts_blocks, unit_cost_blocks
from aisizer.deliver.sections_totals import beside_totals, category_table, conventions, leases, not_priced
from aisizer.plan import Plan


def cost_section(plan: Plan) -> Section:
    """Total cost by site beside the baseline, and what makes it up."""
    costs = priced(plan)
    rate = labels.discount_rate(plan)
    npv = "NPV" if rate is None else f"NPV at {numbers.exact_share(rate)}"
    heads = f"Site | Fleet | Term | 1 year # | 3 years # | {npv} # | per M tokens # | per request #"
    rows = [cost_row(name, cost) for name, cost in costs]
    blocks: list[Block] = [
        conventions(plan),
        table("Total cost by site, USD", heads, rows, keys=_paths(plan)),
        *_notes(plan),
        *not_priced(costs),
        *leases(costs),
        Figure(_chart(costs), "Cost over 36 months by site and category, USD"),
        *category_table(plan),
        *unit_cost_blocks(plan),
        *beside_totals(costs, _paths(plan)),
        *parts_blocks(plan),
        *growth_blocks(plan),
    ]
    return Section("cost", "Total cost", tuple(blocks))


def _paths(plan: Plan) -> list[str]:
    """Where each priced fleet stands in the plan."""
    return [f"tco.{cost.site}" for cost in labels.sites_in_order(plan)] + (["baseline"] if plan.baseline else [])


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
        f"{_fleet(cost)} x {labels.gpu(cost.gpu)}",
        labels.term(cost.term),
        *(numbers.at_least(numbers.cents(t), missing) for t in totals),
        numbers.at_least(numbers.per_million(cost.usd_per_million_tokens), missing),
        numbers.at_least(numbers.per_request(cost.usd_per_request), missing),
    )


def _fleet(cost: SiteCost) -> str:
    """GPUs at go-live and in month 36, once where they are as many."""
    return str(cost.gpus) if cost.gpus == cost.gpus_month_36 else f"{cost.gpus} to {cost.gpus_month_36}"


def _notes(plan: Plan) -> list[Block]:
    notes = [Paragraph(f"Baseline: {plan.baseline_note}.")] if plan.baseline_note else []
    budget = next((a.value for a in plan.assumptions if a.path == "finance.budget_three_year"), None)
    if budget is None:
        return [*notes]
    own = plan.tco[labels.decided(plan).site]
    takes = numbers.at_least(numbers.cents(own.three_year_usd), bool(own.missing))
    return [
        *notes,
        Paragraph(f"The budget of 36 months (finance.budget_three_year) is {budget}; the plan takes {takes} USD."),
    ]


def _chart(costs: list[tuple[str, SiteCost]]) -> str:
    rows = {name: {labels.words(k): v for k, v in cost.by_category.items()} for name, cost in costs}
    ends = {name: numbers.at_least(numbers.usd(cost.three_year_usd), bool(cost.missing)) for name, cost in costs}
    said = "; ".join(f"{name} {total} USD" for name, total in ends.items())
    return charts.stacked_bars(rows, "Cost over 36 months by site and category", f"Totals: {said}.", ends)


def bom_section(plan: Plan) -> Section:
    """What is ordered, by category and wave; bom.csv has every line and part."""
    rows = [
        (
            labels.words(total.category),
            str(total.wave),
            total.order_by.isoformat(),
            str(total.lines),
            _price(total),
        )
        for total in plan.bom_totals
    ]
    lacking = [line.description for line in plan.bom if line.price_kind != INCLUDED and line.extended_price_usd is None]
    said = [f"{second} of the first wave stand at the second site." for second in [labels.second_site(plan)] if second]
    said += [f"No price: {', '.join(dict.fromkeys(lacking))}."] if lacking else []
    said += _authorised(plan)
    said.append(
        f"bom.csv and the workbook's sheet BOM hold all {len(plan.bom)} lines with part numbers, quantities, prices and dates; "
        "aisizer render writes bom.json, bom.cdx.json and a request for quotes (rfq.csv)."
    )
    heads = "Category | Wave # | Order by | Lines # | Price USD #"
    listed = table("What is ordered", heads, rows, "bom_totals", [total.id for total in plan.bom_totals])
    return Section("bom", "Bill of materials", (listed, Paragraph(" ".join(said))))


def _authorised(plan: Plan) -> list[str]:
    """How what is signed for follows from the first wave, whose other lines are no part of it."""
    decision = labels.decided(plan)
    if decision.first_wave_usd is None:
        return []
    apart = [i for i in plan.bom if i.wave == 1 and i.treatment != "capitalise" and i.category != "rent"]
    others = list(dict.fromkeys(labels.words(line.category) for line in apart if line.extended_price_usd))
    what = "what it buys, and what joins it before the next wave" if decision.term == "purchase" else "its rent"
    later = f"; {' and '.join(others)} are paid as they run" if others else ""
    return [f"Of wave 1, {numbers.cents(decision.first_wave_usd)} USD is to be authorised: {what}{later}."]


def _price(total: BomTotal) -> str:
    if total.unpriced and not total.extended_price_usd:
        return "no price"
    return numbers.at_least(numbers.cents(total.extended_price_usd), total.unpriced > 0)
