"""The document's sections on what a unit costs, when it pays, and what reserves cost."""

from __future__ import annotations

from aisizer.costs.managed import ApiBreakEven
from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Items, Paragraph, Section, table
from aisizer.deliver.pictures import cumulative_picture
from aisizer.plan import Comparison, Plan
from aisizer.plan.money_records import CashComparison, GrowthCost, PartCost, UnitCost, UnitPrices

UNIT_HEADS = (
    "Fleet | M tokens # | M prompt tokens # | M generated tokens # | Request # | Request of a user # | User-month #"
)


def unit_cost_blocks(plan: Plan) -> list[Block]:
    """Accrual cost of tokens, requests and users, at plan and at actual utilisation, beside the prototype's."""
    if not plan.unit_costs:
        return []
    served, names = labels.served_share(plan), list(plan.unit_costs)
    at_plan = [_unit_row(name, cost, cost.at_plan) for name, cost in plan.unit_costs.items()]
    keys = [f"{name}.at_plan" for name in names]
    blocks: list[Block] = [
        table("Unit costs at the planned demand, USD accrued", UNIT_HEADS, at_plan, "unit_costs", keys)
    ]
    said: list[str] = []
    if served < 1:
        share = numbers.exact_share(served)
        caption = f"Unit costs if {share} of it is served (finance.served_share), USD accrued"
        at_actual = [_unit_row(name, cost, cost.at_actual) for name, cost in plan.unit_costs.items()]
        blocks.append(table(caption, UNIT_HEADS, at_actual, "unit_costs", [f"{name}.at_actual" for name in names]))
    else:
        said.append(
            "They hold as long as all of the planned demand comes; finance.served_share sets the share that does."
        )
    said.append("What prompts and answers cost is an allocation by the GPU-seconds that each takes in the queue.")
    if any(cost.at_plan.usd_per_transaction != cost.at_plan.usd_per_request for cost in plan.unit_costs.values()):
        said.append("A request of a user has in it the requests to supporting models that it causes.")
    return [*blocks, Paragraph(" ".join([*said, *_beside_the_prototype(plan)]))]


def _unit_row(name: str, cost: UnitCost, prices: UnitPrices) -> tuple[str, ...]:
    shown = (
        _two(prices.usd_per_million_tokens),
        _two(prices.usd_per_million_input_tokens),
        _two(prices.usd_per_million_output_tokens),
        numbers.per_request(prices.usd_per_request),
        numbers.per_request(prices.usd_per_transaction),
        _two(prices.usd_per_user_month),
    )
    return (labels.site(name), *(numbers.at_least(s, not cost.complete) for s in shown))


def _two(amount: float | None) -> str:
    return numbers.NOT_AVAILABLE if amount is None else numbers.per_million(amount)


def _beside_the_prototype(plan: Plan) -> list[str]:
    found = prototype_cost(plan)
    if found is None or found.predicted is None or not found.measured:
        return []
    missing = bool(plan.tco[labels.decided(plan).site].missing)
    measured = numbers.per_request(found.measured)
    predicted = numbers.at_least(numbers.per_request(found.predicted), missing)
    return [f"A request cost {measured} USD in the prototype and costs {predicted} USD in this plan."]


def prototype_cost(plan: Plan) -> Comparison | None:
    """The prototype's cost per request beside the plan's."""
    return next((c for c in plan.prototype if c.unit == "USD"), None)


def break_even_section(plan: Plan) -> Section:
    """When the chosen site has cost less than each alternative, when its outlay is paid back, and from which volume on."""
    rows = [_comparison_row(found) for found in plan.comparisons]
    heads = (
        "Against | Could be chosen | Outlay more, USD # | Saved in 36 months, USD # | Costs less from month # | "
        "Paid back in month # | Discounted #"
    )
    text = (
        "Cumulative cash of the chosen site beside that of every other fleet and of managed APIs. It costs less from the end of "
        "the month named on, for good; it is paid back when savings have first made up for what it asks more before service "
        "(month 0)."
    )
    keys = [str(place) for place in range(len(rows))]
    caption = "Cumulative cash of the chosen site beside the others"
    listed = table(caption, heads, rows, "comparisons", keys)
    blocks = (Paragraph(text), listed, *cumulative_picture(plan), *_apis(plan))
    return Section("break-even", "Break-even and payback", blocks)


def _apis(plan: Plan) -> list[Block]:
    """The volume at which the fleet costs what a managed API would; an API is no place for the fleet."""
    if not plan.apis:
        return []
    heads = (
        "API | Data may go there | API USD a month # | Fleet USD a month # | Break-even requests a month # | Of the plan # | "
        "Utilization there #"
    )
    caption = "Managed APIs at list price by the token, compared at the plan's volume and never chosen"
    blocks: list[Block] = [
        table(caption, heads, [_api_row(api) for api in plan.apis], "apis", [str(n) for n in range(len(plan.apis))])
    ]
    if any((api.break_even_utilization or 0.0) > 1 for api in plan.apis):
        blocks.append(
            Paragraph(
                "A utilization above 100 % is out of reach: at any volume that this fleet can serve, the API costs less."
            )
        )
    unpriced = tuple(api.sentence for api in plan.apis if api.missing)
    return [*blocks, *([Items(unpriced)] if unpriced else [])]


def _api_row(api: ApiBreakEven) -> tuple[str, ...]:
    requests = numbers.NOT_AVAILABLE
    if api.break_even_requests_per_month is not None:
        requests = f"{api.break_even_requests_per_month:,.0f}"
    return (
        f"{api.api_name} ({labels.site(api.api)})",
        api.verdict,
        numbers.usd(api.usd_per_month),
        numbers.at_least(numbers.usd(api.fleet_usd_per_month), not api.complete),
        requests,
        numbers.share(api.break_even_share),
        numbers.share(api.break_even_utilization),
    )


def _comparison_row(found: CashComparison) -> tuple[str, ...]:
    may = {"site": "yes", "baseline": "no: it promises no SLO"}.get(found.kind)
    return (
        labels.site(found.other),
        may or ("yes, with an API's own terms" if found.alternative else "no: not authorised"),
        numbers.cents(found.outlay_usd),
        numbers.cents(found.saving_usd),
        _month(found, found.cheaper_from_month),
        *(_paid_back(found, month) for month in (found.payback_month, found.discounted_payback_month)),
    )


def _paid_back(found: CashComparison, month: int | None) -> str:
    """When an outlay is paid back; a site that asks no more before service has none."""
    return "no outlay" if found.outlay_usd == 0 else _month(found, month)


def _month(found: CashComparison, month: int | None) -> str:
    if found.saving_usd is None:
        return "not known"
    return "never" if month is None else str(month)


def parts_blocks(plan: Plan) -> list[Block]:
    """What headroom, redundancy, disaster recovery, non-production and compliance cost."""
    rows = [_part_row(part) for part in plan.parts]
    caption = "Cost of reserves and rules: the plan less the same plan without each; they share whole servers and do not add up"
    heads = "Part | GPUs of the first purchase # | 3 years, USD # | NPV, USD #"
    return [table(caption, heads, rows, "parts", [str(n) for n in range(len(rows))])] if rows else []


def _part_row(part: PartCost) -> tuple[str, ...]:
    money = (part.three_year_usd, part.npv_usd)
    return (
        labels.words(part.part),
        str(part.gpus),
        *(numbers.at_least(numbers.cents(m), not part.complete) for m in money),
    )


def growth_blocks(plan: Plan) -> list[Block]:
    """Fleet and cost of the chosen site in the three cases of growth."""
    site = labels.decided(plan).site
    own = [(place, found) for place, found in enumerate(plan.growth_costs) if found.site == site]
    if not own:
        return []
    more = len(plan.growth_costs) - len(own)
    rest = "; those of the other sites in sizing.json" if more else ""
    heads = "Growth | Term | GPUs month 1 # | Month 12 # | Month 36 # | 1 year, USD # | 3 years, USD # | NPV, USD #"
    rows, keys = [_growth_row(found) for _, found in own], [str(place) for place, _ in own]
    listed = table(f"Cost of {labels.site(site)} by growth{rest}", heads, rows, "growth_costs", keys)
    refused = tuple(f"At {g.case} growth: {g.refused}" for _, g in own if g.refused)
    return [listed, *([Items(refused)] if refused else [])]


def _growth_row(found: GrowthCost) -> tuple[str, ...]:
    money = (found.one_year_usd, found.three_year_usd, found.npv_usd)
    return (
        found.case,
        labels.term(found.term),
        *(str(found.gpus[month - 1]) for month in (1, 12, 36)),
        *(numbers.at_least(numbers.cents(m), not found.complete) for m in money),
    )
