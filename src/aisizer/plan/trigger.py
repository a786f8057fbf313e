"""The triggers of the chosen option: peak load over the capacity that is signed now."""

from __future__ import annotations

from aisizer.demand.growth import Case, demand_factors
from aisizer.errors import InvalidInput
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated
from aisizer.plan.states import State
from aisizer.roadmap.waves import MONTHS
from aisizer.sizing.capacity import Candidate
from aisizer.sizing.fleet import carried
from aisizer.triggers.records import Trigger
from aisizer.triggers.thresholds import capacity_trigger
from aisizer.units import WEEK

CASES: tuple[Case, ...] = ("low", "base", "high")
OWNER = "capacity owner"
"""Role that acts on a capacity ticket; the profile's first phase names a person where it has one."""


def triggers_of(context: Context, best: Evaluated, down: State) -> tuple[Trigger, ...]:
    """One trigger per pool, for the fleet of the first wave with the redundancy down; of two stages the tighter decides."""
    resilience = context.profile.resilience
    tightest: dict[str, tuple[Candidate, int]] = {}
    for candidate, replicas in zip(best.layout.candidates, down.replicas, strict=True):
        other, count = tightest.setdefault(candidate.pool.promised.name, (candidate, replicas))
        if replicas * carried(candidate, resilience) < count * carried(other, resilience):
            tightest[candidate.pool.promised.name] = candidate, replicas
    return tuple(_trigger(context, best, candidate, count) for candidate, count in tightest.values())


def _trigger(context: Context, best: Evaluated, candidate: Candidate, replicas: int) -> Trigger:
    profile, engine, pool = context.profile, context.named.engine, candidate.pool.promised
    capacity = replicas * candidate.share
    factors = {case: demand_factors(profile.growth, context.go_live, case, MONTHS) for case in CASES}
    generates = not pool.model.prefill_only
    signal = "generation_tokens" if generates else "requests"
    if signal not in engine.metrics:
        raise InvalidInput(f"engines/{engine.id}.yaml names no metric for {signal}. Add it to metrics.")
    return capacity_trigger(
        profile=profile.name,
        pool=pool.name,
        utilization={case: (factors[case] / capacity).tolist() for case in CASES},
        limit=carried(candidate, profile.resilience) / candidate.share / pool.burst,
        growth_per_month=profile.growth.rate,
        lead_weeks=context.leads[best.site.id]["total"],
        review_weeks=profile.growth.review / WEEK,
        go_live=context.go_live,
        sized_requests_per_s=pool.peak_rate * capacity,
        tokens_per_request=pool.mean_output,
        metric=engine.metrics[signal],
        model_label=engine.model_label,
        engine=engine.id,
        owner=next((phase.owner for phase in profile.growth.phases if phase.owner), OWNER),
        site=best.site.id,
    )
