"""How close the systems behind the model come to their rate ceilings."""

from __future__ import annotations

from aisizer.plan.context import Context
from aisizer.plan.records import IntegrationUse
from aisizer.profile.sections import Integration


def uses(context: Context) -> tuple[IntegrationUse, ...]:
    """Calls and utilisation of each integration at go-live, month 12 and month 36."""
    return tuple(_use(context, name, item) for name, item in context.profile.integrations.items())


def calls_per_s(context: Context, item: Integration) -> float:
    """[1/s] calls at the full go-live peak hour: rate x calls per request, first attempts only."""
    callers = item.workloads or [
        name for name, workload in context.profile.workloads.items() if workload.load.per_request_of is None
    ]
    return sum(context.offered[name].peak_rate_per_s for name in callers) * item.calls_per_request


def _use(context: Context, name: str, item: Integration) -> IntegrationUse:
    factors, calls = context.demand.factors, calls_per_s(context, item)
    at = {"go_live": calls * factors[0], "month_12": calls * factors[11], "month_36": calls * factors[35]}
    limit = item.limit
    breaks = None if limit is None else next((m for m, f in enumerate(factors, start=1) if calls * f > limit), None)
    return IntegrationUse(
        name=name,
        limit_per_s=limit,
        calls_per_s=at,
        worst_calls_per_s=at["month_36"] * item.retry.attempts,
        latency_s=item.latency,
        utilization={when: None if limit is None else rate / limit for when, rate in at.items()},
        breaks_in_month=breaks,
        readiness=item.readiness,
    )
