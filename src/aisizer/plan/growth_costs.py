"""Each admitted site bought for the low and the high case of growth too, on the layout that the plan found for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from aisizer.demand.growth import Case, demand_factors
from aisizer.plan.bridge import opening_of
from aisizer.plan.context import Context, volume_of
from aisizer.plan.demand import Demand
from aisizer.plan.evaluate import Evaluated, beyond_site, evaluate, ranked
from aisizer.plan.money_records import GrowthCost
from aisizer.plan.service import service
from aisizer.roadmap.waves import MONTHS

OTHER: tuple[Case, ...] = ("low", "high")


def growth_costs(context: Context, by_site: Sequence[Evaluated]) -> tuple[GrowthCost, ...]:
    """Fleet by month and cost of every site in each case; the base case is the plan itself."""
    demands = {case: _demand(context, case) for case in OTHER}
    return tuple(found for e in by_site for found in _cases(context, e, demands))


def _cases(context: Context, e: Evaluated, demands: dict[Case, Demand]) -> Iterator[GrowthCost]:
    low, high = (_bought(e, demands[case]) for case in OTHER)
    yield _cost("low", low, demands["low"])
    yield _cost("base", e, context.demand)
    yield _cost("high", high, demands["high"])


def _demand(context: Context, case: Case) -> Demand:
    """The demand of another case, with its logs and traffic."""
    profile, demand, loads = context.profile, context.demand, context.offered
    factors = tuple(demand_factors(profile.growth, context.go_live, case, MONTHS).tolist())
    volume = volume_of(loads.values(), factors)
    around = service(profile, loads, factors, volume, demand.book, demand.service.retention)
    return replace(demand, factors=factors, volume=volume, service=around)


def _bought(e: Evaluated, demand: Demand) -> Evaluated:
    """The site's option for another demand, under its cheapest term, behind a bridge that carries that demand too."""
    made = evaluate(e.site, e.offer, e.layout.candidates, demand, opening_of(e, demand))
    return ranked(made, demand.profile.finance.discount_rate)[0]


def _cost(case: Case, e: Evaluated, demand: Demand) -> GrowthCost:
    refused = beyond_site(e, demand)
    return GrowthCost(
        site=e.site.id,
        case=case,
        offer=e.offer.id,
        term=e.term,
        gpus=tuple(servers * e.offer.gpus for servers in e.fleets.servers),
        servers=e.fleets.servers,
        one_year_usd=e.cost.one_year_usd,
        three_year_usd=e.cost.three_year_usd,
        npv_usd=e.cost.npv_usd,
        complete=not e.cost.missing,
        refused="" if refused is None else refused.detail,
    )
