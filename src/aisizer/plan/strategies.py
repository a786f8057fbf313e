"""Three ways to buy the chosen option: all of 36 months upfront, a year at a time, or just in time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date

from aisizer.costs.exposure import exposure
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated, beyond_site, bought, expansion_months, priced_fleet, ranked, terms
from aisizer.plan.roadmaps import purchases_of
from aisizer.plan.strategy_records import STRATEGIES, Strategy, StrategyName
from aisizer.profile.sections import Profile
from aisizer.roadmap import waves
from aisizer.roadmap.records import Purchase, Roadmap
from aisizer.units import MONTH


def periods(profile: Profile) -> dict[StrategyName, int]:
    """[month] how long one purchase is meant to last in each strategy."""
    batch = math.ceil(profile.supply.order_every / MONTH - 1e-9)
    return {"upfront": waves.MONTHS, "yearly": 12, "just_in_time": batch}


def strategies_of(context: Context, best: Evaluated, roadmap: Roadmap) -> tuple[Strategy, ...]:
    """The chosen option bought in each of the three ways; the plan's own is priced already."""
    own = expansion_months(best.site, context.profile)
    return tuple(
        _strategy(context, name, lasts, best if lasts == own else _bought(context, best, lasts), roadmap, lasts == own)
        for name, lasts in periods(context.profile).items()
    )


def _bought(context: Context, best: Evaluated, lasts: int) -> Evaluated:
    """The option with purchases that last so long, under its cheapest term for them."""
    demand = context.demand
    made = waves.bought(best.fleets.needed, lasts, best.fleets.first + 1)
    priced = [
        priced_fleet(best.site, best.offer, term, best.layout, made, demand, best.bridge)
        for term in terms(best.offer, demand)
    ]
    return ranked(priced, context.profile.finance.discount_rate)[0]


def _strategy(
    context: Context, name: StrategyName, lasts: int, e: Evaluated, roadmap: Roadmap, followed: bool
) -> Strategy:
    purchases = purchases_of(context, e)
    size, first, servers = e.offer.gpus, e.fleets.first, e.fleets.standing.servers
    fast = [month.gpus_needed_high // size for month in roadmap.months if month.gpus_needed_high is not None]
    late = exposure(e.cost.lines, bought(e.fleets), e.term)
    refused = beyond_site(e, context.demand)
    return Strategy.model_validate(
        {
            "name": name,
            "lasts_months": lasts,
            "followed": followed,
            "term": e.term,
            "purchases": purchases,
            "three_year_usd": e.cost.three_year_usd,
            "npv_usd": e.cost.npv_usd,
            "complete": not e.cost.missing,
            "stranded_gpu_months": waves.stranded(servers[first:], [f.servers for f in e.fleets.needed[first:]]) * size,
            "exposed_usd": late.base_usd,
            "exposed_low_usd": late.low_usd,
            "exposed_high_usd": late.high_usd,
            "orders": len(purchases),
            "least_slack_days": min((p.order_by - context.profile.plan_date).days for p in purchases),
            "high_covered_to_month": waves.covered_to(servers, fast),
            "end_of_sale": end_of_sale(e),
            "orders_after_end_of_sale": _after(purchases, end_of_sale(e)),
            "refused": refused.detail if refused else "",
        }
    )


def end_of_sale(e: Evaluated) -> date | None:
    """The last day on which an option's server is sold; null where it is rented or no source gives the day."""
    return None if e.offer.server is None else e.offer.server.end_of_sale


def _after(purchases: Sequence[Purchase], end: date | None) -> int | None:
    return None if end is None else sum(p.order_by > end for p in purchases)


def note(context: Context, best: Evaluated, found: Sequence[Strategy]) -> str:
    """Which strategy the plan follows and why, and which of them is the cheapest."""
    if all(way.purchases == found[0].purchases for way in found):
        return (
            f"All three strategies order the same ({_orders(found[0])}): demand does not ask for a choice between them."
        )
    followed = next((way for way in found if way.followed), None)
    return f"{_followed(context, best, followed)} {_cheapest(context, found, followed)}"


def _followed(context: Context, best: Evaluated, followed: Strategy | None) -> str:
    own = context.profile.supply.expansion is not None
    why = "as supply.expansion says" if own else f"the default at {best.site.id} (supply.expansion)"
    if followed is None:
        lasts = expansion_months(best.site, context.profile)
        return f"The plan follows none of the three: each of its purchases lasts at least {lasts} months, {why}."
    return f"The plan follows {STRATEGIES[followed.name]!r}: each purchase lasts at least {followed.lasts_months} months, {why}."


def _cheapest(context: Context, found: Sequence[Strategy], followed: Strategy | None) -> str:
    """The cheapest strategy that the site carries, and what it leaves open."""
    basis = "36-month cash" if context.profile.finance.discount_rate is None else "NPV"
    basis += "" if all(way.complete for way in found) else " of what has a price"
    carried = [way for way in found if not way.refused]
    best = min(carried, key=lambda way: (_usd(way), not way.followed, way.orders), default=None)
    if best is None:
        return "The site carries none of the three."
    if followed is not None and _usd(followed) <= _usd(best):
        return f"None of the three has a lower {basis}."
    less = "" if followed is None else f", {_usd(followed) - _usd(best):,.0f} USD below the plan's"
    late = "an unknown sum" if best.exposed_usd is None else f"{best.exposed_usd:,.0f} USD"
    return (
        f"{STRATEGIES[best.name].capitalize()!r} has the lowest {basis}{less}, with {_orders(best)} and {late} spent after month "
        f"12 at prices that nobody holds yet; set supply.expansion to {best.lasts_months} mo to follow it."
    )


def _orders(way: Strategy) -> str:
    return "1 order" if way.orders == 1 else f"{way.orders} orders"


def _usd(way: Strategy) -> float:
    return way.three_year_usd if way.npv_usd is None else way.npv_usd


def sale_warnings(best: Evaluated, roadmap: Roadmap) -> Iterator[str]:
    """A sentence where orders of the plan lie after the end of sale of what they order."""
    end = end_of_sale(best)
    late = [p for p in roadmap.purchases if end is not None and p.order_by > end]
    if late:
        yield (
            f"{best.offer.name} is sold until {end}, and wave {late[0].wave} would be ordered by {late[0].order_by}. Buy "
            "earlier with a longer supply.expansion, or plan its successor for the later waves."
        )
