"""The chosen option's months, purchases and checkpoints."""

from __future__ import annotations

from dataclasses import dataclass

from aisizer.demand.growth import Case, demand_factors
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated
from aisizer.plan.predict import fleet_utilization, latencies, tightest
from aisizer.plan.states import in_month
from aisizer.roadmap.calendar import add_months, days
from aisizer.roadmap.records import Checkpoint, Month, Purchase, Roadmap
from aisizer.roadmap.waves import MONTHS, Wave, needed

CHECKPOINTS = (1, 12, 36)
"""[month] at which the chosen fleet is evaluated again: go-live, one year, three years."""


def roadmap_of(context: Context, best: Evaluated) -> Roadmap:
    """36 months of demand and capacity."""
    size, servers = best.offer.gpus, best.fleets.servers
    slow, fast = _grown(context, best, "low"), _grown(context, best, "high")
    return Roadmap(
        go_live=context.go_live,
        go_live_gpus=servers[0] * size,
        month_12_gpus=servers[11] * size,
        month_36_gpus=servers[35] * size,
        months=tuple(_month(context, best, month, slow, fast) for month in range(1, len(servers) + 1)),
        purchases=purchases_of(context, best),
        checkpoints=_checkpoints(context, best),
        lead_time_weeks=context.leads[best.site.id],
    )


def purchases_of(context: Context, e: Evaluated) -> tuple[Purchase, ...]:
    """The waves of an option with their dates."""
    return tuple(_purchase(context, e, i, wave) for i, wave in enumerate(e.fleets.waves, start=1))


@dataclass(frozen=True, slots=True)
class _Grown:
    """Demand over that of go-live, and the GPUs that it needs, by month in one case of growth."""

    factors: tuple[float, ...]
    gpus: tuple[int, ...]


def _grown(context: Context, best: Evaluated, case: Case) -> _Grown:
    profile = context.profile
    factors = tuple(demand_factors(profile.growth, context.go_live, case, MONTHS).tolist())
    fleets = needed(best.layout, factors, profile.resilience)
    return _Grown(factors, tuple(fleet.servers * best.offer.gpus for fleet in fleets))


def _month(context: Context, best: Evaluated, month: int, slow: _Grown, fast: _Grown) -> Month:
    factor = context.demand.factors[month - 1]
    return Month(
        month=month,
        start=add_months(context.go_live, month - 1),
        demand_factor=factor,
        peak_rate_per_s=sum(pool.peak_rate for pool in context.pools) * factor,
        gpus_needed=best.fleets.needed[month - 1].servers * best.offer.gpus,
        gpus_in_service=best.fleets.servers[month - 1] * best.offer.gpus,
        servers_in_service=best.fleets.servers[month - 1],
        utilization=fleet_utilization(best, in_month(context, best, month)),
        demand_factor_low=slow.factors[month - 1],
        demand_factor_high=fast.factors[month - 1],
        gpus_needed_low=slow.gpus[month - 1],
        gpus_needed_high=fast.gpus[month - 1],
    )


def _purchase(context: Context, best: Evaluated, number: int, wave: Wave) -> Purchase:
    need_by = add_months(context.go_live, wave.month - 1)
    lead = context.leads[best.site.id]["total"]
    return Purchase(
        wave=number,
        gpus=wave.servers * best.offer.gpus,
        servers=wave.servers,
        order_by=need_by - days(lead),
        need_by=need_by,
        covers_to_month=wave.covers_to,
        reason=f"carries demand up to month {wave.covers_to}; takes {lead:g} weeks from the decision to service",
    )


def _checkpoints(context: Context, best: Evaluated) -> tuple[Checkpoint, ...]:
    states = [in_month(context, best, month) for month in CHECKPOINTS]
    latency = latencies(best, states)
    made = []
    for i, (month, at) in enumerate(zip(CHECKPOINTS, states, strict=True)):
        name, ratio = tightest(best, latency, i)
        made.append(
            Checkpoint(
                month=month,
                date=add_months(context.go_live, month - 1),
                gpus=best.fleets.servers[month - 1] * best.offer.gpus,
                servers=best.fleets.servers[month - 1],
                utilization=fleet_utilization(best, at),
                tightest_slo=name,
                slo_ratio=ratio,
            )
        )
    return tuple(made)
