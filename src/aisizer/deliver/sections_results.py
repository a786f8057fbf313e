"""The document's sections on what a unit costs, when it pays, what reserves cost, and what the choice hangs on."""

from __future__ import annotations

from aisizer.deliver import charts, labels, numbers
from aisizer.deliver.blocks import Block, Figure, Items, Paragraph, Section, table
from aisizer.deliver.pictures import cumulative_picture
from aisizer.plan import Comparison, Plan
from aisizer.plan.money_records import CashComparison, Driver, Flip, GrowthCost, PartCost, UnitCost, UnitPrices
from aisizer.plan.price_moves import usd

UNIT_HEADS = (
    "Fleet | M tokens # | M prompt tokens # | M generated tokens # | Request # | Request of a user # | User-month #"
)
TORNADO_BARS = 12
"""bars of the picture; the table has all drivers"""


def unit_cost_section(plan: Plan) -> Section:
    """Accrual cost of tokens, requests and users, at plan and at actual utilisation, beside the prototype's."""
    served = labels.served_share(plan)
    at_plan = [_unit_row(name, cost, cost.at_plan) for name, cost in plan.unit_costs.items()]
    at_actual = [_unit_row(name, cost, cost.at_actual) for name, cost in plan.unit_costs.items()]
    blocks: list[Block] = [
        Paragraph(
            "Accrual cost of months 1 to 36 over what is served in them, in USD. What prompts and answers cost is an allocation: "
            "both are computed on the same GPUs, and the cost is split by the GPU-seconds that each takes in the queue at the "
            "demand that the first purchase carries. At light load a step generates few tokens, so that these take most of it."
        ),
        table("Unit costs at the planned demand, USD", UNIT_HEADS, at_plan),
    ]
    if served < 1:
        share = numbers.exact_share(served)
        blocks.append(
            table(f"Unit costs if {share} of it is served (finance.served_share), USD", UNIT_HEADS, at_actual)
        )
    else:
        blocks.append(
            Paragraph(
                "The same holds at actual utilisation as long as finance.served_share is 100 %. Set it to the share of the "
                "planned demand that is really served."
            )
        )
    return Section("unit-costs", "What a unit costs", (*blocks, *_beside_the_prototype(plan)))


def _unit_row(name: str, cost: UnitCost, prices: UnitPrices) -> tuple[str, ...]:
    shown = (
        _two(prices.usd_per_million_tokens),
        _two(prices.usd_per_million_input_tokens),
        _two(prices.usd_per_million_output_tokens),
        numbers.per_request(prices.usd_per_request),
        numbers.per_request(prices.usd_per_transaction),
        _two(prices.usd_per_user_month),
    )
    return (labels.site(name), *(numbers.at_least(s, not cost.complete and s != numbers.NOT_AVAILABLE) for s in shown))


def _two(amount: float | None) -> str:
    return numbers.NOT_AVAILABLE if amount is None else numbers.per_million(amount)


def _beside_the_prototype(plan: Plan) -> list[Block]:
    found = prototype_cost(plan)
    if found is None or found.predicted is None:
        return []
    measured, predicted = numbers.per_request(found.measured), numbers.per_request(found.predicted)
    less = numbers.change(found.predicted / found.measured - 1)
    return [
        Paragraph(f"A request cost {measured} USD in the prototype and costs {predicted} USD in this plan ({less}).")
    ]


def prototype_cost(plan: Plan) -> Comparison | None:
    """The prototype's cost per request beside the plan's."""
    return next((c for c in plan.prototype if c.unit == "USD"), None)


def break_even_section(plan: Plan) -> Section:
    """When the chosen site has cost less than each alternative, and when its outlay is paid back."""
    rows = [_comparison_row(found) for found in plan.comparisons]
    heads = (
        "Against | Could be chosen | Outlay more, USD # | Saved in 36 months, USD # | Costs less from month # | "
        "Paid back in month # | Discounted #"
    )
    text = (
        "Cumulative cash of the chosen site beside that of every other fleet and of managed APIs. Costs less from month: from "
        "its end on for good. Paid back: savings have first made up for what is asked more before service (month 0)."
    )
    return Section(
        "break-even",
        "Break-even and payback",
        (
            Paragraph(text),
            table("Cumulative cash of the chosen site beside the others", heads, rows),
            *cumulative_picture(plan),
            Items(tuple(found.sentence for found in plan.comparisons)),
        ),
    )


def _comparison_row(found: CashComparison) -> tuple[str, ...]:
    may = {"site": "yes", "baseline": "no: it promises no SLO"}.get(found.kind)
    return (
        labels.site(found.other),
        may or ("yes, with an API's own terms" if found.alternative else "no: not authorised"),
        numbers.cents(found.outlay_usd),
        numbers.cents(found.saving_usd),
        _month(found, found.cheaper_from_month),
        _month(found, found.payback_month),
        _month(found, found.discounted_payback_month),
    )


def _month(found: CashComparison, month: int | None) -> str:
    if found.saving_usd is None:
        return "not known"
    return "never" if month is None else str(month)


def parts_section(plan: Plan) -> Section:
    """What headroom, redundancy, disaster recovery, non-production and compliance cost."""
    rows = [_part_row(part) for part in plan.parts]
    text = (
        "Each is the cost of the plan less that of the same plan without it: the same offer, layout and term, bought and priced "
        "again. Whole servers make them overlap, so that they do not add up, and a part may cost nothing because the servers "
        "stand for another reason."
    )
    listed = table(
        "Cost of reserves and rules over 36 months",
        "Part | GPUs of the first purchase # | 3 years, USD # | NPV, USD # | Formula",
        rows,
    )
    return Section("parts", "What reserves and rules cost", (Paragraph(text), listed))


def _part_row(part: PartCost) -> tuple[str, ...]:
    money = (part.three_year_usd, part.npv_usd)
    return (
        labels.reason(part.part),
        str(part.gpus),
        *(numbers.at_least(numbers.cents(m), not part.complete and m is not None) for m in money),
        part.formula,
    )


def flips_section(plan: Plan) -> Section:
    """Prices that are not certain, and the value at which another site would be chosen."""
    rows = [_flip_row(flip) for flip in plan.flips]
    text = (
        "Every price in the plan of an admitted site that is unknown, estimated or a range, and the value of it alone at which "
        "another site would be chosen. A price that several sites pay counts in all of them."
    )
    said = tuple(f.sentence for f in plan.flips if f.in_range or f.steps_in or (f.base_usd is None and f.value_usd))
    listed = table(
        "Prices on which the choice hangs",
        "Price of | Unit | Plan # | Low # | High # | Kind | Choice flips at # | Then",
        rows,
    )
    return Section("flips", "What the choice hangs on", (Paragraph(text), listed, *([Items(said)] if said else [])))


def _flip_row(flip: Flip) -> tuple[str, ...]:
    then = "never" if flip.value_usd is None else f"{labels.site(flip.wins or '')} wins {flip.side}"
    within = " (inside the range)" if flip.in_range else ""
    return (
        f"{flip.description} ({', '.join(labels.site(site) for site in flip.sites)})",
        flip.price_unit,
        numbers.unit_price(flip.base_usd),
        *("" if end is None else numbers.unit_price(end) for end in (flip.low_usd, flip.high_usd)),
        flip.kind.replace("_", " "),
        "" if flip.value_usd is None else usd(flip.value_usd),
        then + within,
    )


def sensitivity_section(plan: Plan) -> Section:
    """Each input at its low and its high value, the widest swing first."""
    rerun = any(driver.rerun for driver in plan.sensitivity)
    text = (
        "Each input at its low and its high value alone, the plan made again: the figures are those of whatever would then be "
        "chosen. Prices marked so are moved on this plan's own fleet."
        if rerun
        else "Prices only, on this plan's own fleet: each at both ends of its range alone. Demand, growth, token lengths and "
        "reserves change the fleet itself; aisizer size --sensitivity makes the plan again for each of them."
    )
    heads = (
        "Input | Low # | Plan # | High # | NPV at low # | NPV at high # | 3 years at low # | 3 years at high # | GPUs # | Site | "
        "Other decision"
    )
    rows = [_driver_row(driver) for driver in plan.sensitivity]
    notes = tuple(f"{driver.driver}: {driver.note}" for driver in plan.sensitivity if driver.note)
    blocks: list[Block] = [Paragraph(text)]
    picture = _tornado(plan)
    blocks += [Figure(picture, "What moves the cost of the plan most")] if picture else []
    blocks += [table("Sensitivity, the widest swing first, USD", heads, rows), *([Items(notes)] if notes else [])]
    return Section("sensitivity", "Sensitivity", tuple(blocks))


def _driver_row(driver: Driver) -> tuple[str, ...]:
    money = (driver.npv_low_usd, driver.npv_high_usd, driver.three_year_low_usd, driver.three_year_high_usd)
    gpus = dict.fromkeys("none" if n is None else str(n) for n in (driver.gpus_low, driver.gpus_high))
    sites = dict.fromkeys("none" if s is None else labels.site(s) for s in (driver.site_low, driver.site_high))
    return (
        f"{driver.driver}{', ' if driver.unit else ''}{driver.unit}{'' if driver.rerun else ' (price only)'}",
        *(v if isinstance(v, str) else numbers.number(v) for v in (driver.low, driver.base, driver.high)),
        *(numbers.usd(amount) for amount in money),
        " / ".join(gpus),
        " / ".join(sites),
        "yes" if driver.changed else "no",
    )


def _tornado(plan: Plan) -> str:
    own = plan.tco[labels.decided(plan).site]
    base = own.three_year_usd if own.npv_usd is None else own.npv_usd
    bars = {}
    for driver in plan.sensitivity[:TORNADO_BARS]:
        low, high = (
            (driver.three_year_low_usd, driver.three_year_high_usd)
            if own.npv_usd is None
            else (driver.npv_low_usd, driver.npv_high_usd)
        )
        if low is not None and high is not None and low != high:
            bars[driver.driver] = (low, high)
    return charts.tornado(bars, base, "Sensitivity", "The table has the same figures.") if bars else ""


def growth_section(plan: Plan) -> Section:
    """Fleet and cost of each admitted site in the three cases of growth."""
    rows = [_growth_row(found) for found in plan.growth_costs]
    listed = table(
        "Sites by case of growth",
        "Site | Growth | Term | GPUs month 1 # | Month 12 # | Month 36 # | 1 year, USD # | 3 years, USD # | NPV, USD #",
        rows,
    )
    refused = tuple(f"{labels.site(g.site)} at {g.case} growth: {g.refused}" for g in plan.growth_costs if g.refused)
    text = (
        "The plan buys for the base case. The other two buy the same layout for growth.low and growth.high, each under its "
        "cheapest term."
    )
    return Section("growth", "Cost by growth", (Paragraph(text), listed, *([Items(refused)] if refused else [])))


def _growth_row(found: GrowthCost) -> tuple[str, ...]:
    money = (found.one_year_usd, found.three_year_usd, found.npv_usd)
    return (
        labels.site(found.site),
        found.case,
        labels.term(found.term),
        *(str(found.gpus[month - 1]) for month in (1, 12, 36)),
        *(numbers.at_least(numbers.cents(m), not found.complete and m is not None) for m in money),
    )
