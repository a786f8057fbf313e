"""What headroom, redundancy, disaster recovery, non-production and compliance cost: the plan priced again without each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from aisizer.costs.records import SiteCost
from aisizer.costs.tco import line_amounts, net_present_value
from aisizer.plan.bridge import opening_of
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated, evaluate_term, priced_fleet
from aisizer.plan.money_records import PartCost, PartName
from aisizer.plan.service import service
from aisizer.profile.sections import DisasterRecovery, Resilience
from aisizer.sizing.admissible import log_retention_months

COMPLIANCE = frozenset({"compliance"})
"""Categories of lines that a framework asks for and nothing else."""
WITHOUT: dict[PartName, tuple[Callable[[Resilience], Resilience], str]] = {
    "headroom": (
        lambda r: r.model_copy(update={"headroom": 0.0}),
        "cost - cost with resilience.headroom 0",
    ),
    "redundancy": (
        lambda r: r.model_copy(update={"redundancy": "N"}),
        "cost - cost with resilience.redundancy N",
    ),
    "disaster_recovery": (
        lambda r: r.model_copy(update={"disaster_recovery": DisasterRecovery()}),
        "cost - cost with resilience.disaster_recovery.posture none",
    ),
    "non_production": (
        lambda r: r.model_copy(update={"environments": {}}),
        "cost - cost with resilience.environments {}",
    ),
}
"""How the plan is without a part, and the formula in words."""


def parts(context: Context, best: Evaluated) -> tuple[PartCost, ...]:
    """Each part taken out alone, under the plan's own offer, layout and term, behind the same bridge, as large as that asks for.

    The parts overlap and do not add up.
    """
    bought = (
        (name, _without(context, best, change(context.profile.resilience)).cost, formula)
        for name, (change, formula) in WITHOUT.items()
    )
    rate = context.profile.finance.discount_rate
    return tuple(_part(*one, best.cost, rate) for one in (*bought, _unregulated(context, best)))


def _without(context: Context, best: Evaluated, resilience: Resilience) -> Evaluated:
    """The chosen option with another resilience."""
    if resilience == context.profile.resilience:
        return best
    demand = replace(context.demand, profile=context.profile.model_copy(update={"resilience": resilience}))
    opening = opening_of(best, demand)
    return evaluate_term(best.site, best.offer, best.term, best.layout.candidates, demand, opening)


def _unregulated(context: Context, best: Evaluated) -> tuple[PartName, SiteCost, str]:
    """The chosen option without lines that only a framework asks for, with logs kept as long as without one."""
    profile, demand = context.profile, context.demand
    logging = profile.compliance.logging.model_copy(update={"worm": False})
    free = profile.compliance.model_copy(update={"logging": logging, "log_retention": None})
    kept = log_retention_months(free, ())
    kept = kept.model_copy(update={"months": min(demand.service.retention.months, kept.months)})
    lighter = profile.model_copy(update={"compliance": free})
    logs = service(lighter, context.offered, demand.factors, demand.volume, demand.book, kept)
    bare = replace(demand, profile=lighter, service=logs)
    bridge = opening_of(best, bare).bridge
    found = priced_fleet(best.site, best.offer, best.term, best.layout, best.fleets, bare, bridge).cost
    asked = [i for i in found.lines if i.category in COMPLIANCE and i.unit_price_usd is not None]
    cash = np.array(found.cash_by_month_usd) - np.sum([line_amounts(i) for i in asked], axis=0)
    formula = (
        f"cost - cost without lines of the category compliance, with logs kept {kept.months:g} months and no write-once copy; "
        "that fewer sites are admitted is not in it"
    )
    return "compliance", found.model_copy(update={"cash_by_month_usd": tuple(cash.tolist())}), formula


def _part(name: PartName, bare: SiteCost, formula: str, cost: SiteCost, rate: float | None) -> PartCost:
    cash: list[float] = np.subtract(cost.cash_by_month_usd, bare.cash_by_month_usd).tolist()
    return PartCost(
        part=name,
        gpus=cost.gpus - bare.gpus,
        three_year_usd=sum(cash),
        npv_usd=None if rate is None else net_present_value(cash, rate),
        complete=not (cost.missing or bare.missing),
        formula=formula,
    )
