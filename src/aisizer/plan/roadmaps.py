"""The chosen option's months, purchases and checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

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
    slow, fast = _grown(context, best, "low"), _grown(context, best, "high")
    return Roadmap(
        go_live=context.go_live,
        go_live_gpus=_gpus(best, 1),
        month_12_gpus=_gpus(best, 12),
        month_36_gpus=_gpus(best, 36),
        months=tuple(_month(context, best, month, slow, fast) for month in range(1, len(best.fleets.servers) + 1)),
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
    factor, e = context.demand.factors[month - 1], best.serving(month)
    return Month(
        month=month,
        start=add_months(context.go_live, month - 1),
        demand_factor=factor,
        peak_rate_per_s=sum(pool.peak_rate for pool in context.pools) * factor,
        gpus_needed=e.fleets.needed[month - 1].servers * e.offer.gpus,
        gpus_in_service=_gpus(best, month),
        servers_in_service=e.fleets.servers[month - 1],
        utilization=fleet_utilization(e, in_month(context, best, month)),
        demand_factor_low=slow.factors[month - 1],
        demand_factor_high=fast.factors[month - 1],
        gpus_needed_low=slow.gpus[month - 1],
        gpus_needed_high=fast.gpus[month - 1],
    )


def _gpus(best: Evaluated, month: int) -> int:
    """GPUs in service in a month, those of a bridge before the first wave."""
    e = best.serving(month)
    return e.fleets.servers[month - 1] * e.offer.gpus


def _purchase(context: Context, best: Evaluated, number: int, wave: Wave) -> Purchase:
    need_by = add_months(context.go_live, wave.month - 1)
    lead = context.leads[best.site.id]
    order_by = need_by - days(lead["total"])
    release_by = order_by + days(lead["approval"])
    return Purchase(
        wave=number,
        gpus=wave.servers * best.offer.gpus,
        servers=wave.servers,
        order_by=order_by,
        need_by=need_by,
        covers_to_month=wave.covers_to,
        reason=f"carries demand up to month {wave.covers_to}; takes {lead['total']:g} weeks from the decision to service",
        release_by=release_by,
        confirmed_by=release_by + days(lead["order"]),
        covers_until=add_months(context.go_live, wave.covers_to),
    )


def _checkpoints(context: Context, best: Evaluated) -> tuple[Checkpoint, ...]:
    """The fleets that serve at the checkpoints; those of one option are looked at together."""
    made: list[Checkpoint] = []
    for _, months in groupby(CHECKPOINTS, key=lambda month: id(best.serving(month))):
        made += _checked(context, best, tuple(months))
    return tuple(made)


def _checked(context: Context, best: Evaluated, months: tuple[int, ...]) -> Iterator[Checkpoint]:
    e, states = best.serving(months[0]), [in_month(context, best, month) for month in months]
    latency = latencies(e, states)
    for i, (month, at) in enumerate(zip(months, states, strict=True)):
        name, ratio = tightest(e, latency, i)
        yield Checkpoint(
            month=month,
            date=add_months(context.go_live, month - 1),
            gpus=_gpus(best, month),
            servers=e.fleets.servers[month - 1],
            utilization=fleet_utilization(e, at),
            tightest_slo=name,
            slo_ratio=ratio,
        )
