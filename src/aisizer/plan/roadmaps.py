"""The chosen option's months, purchases and checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated
from aisizer.plan.predict import fleet_utilization, latencies, tightest
from aisizer.plan.states import in_month
from aisizer.roadmap.calendar import add_months, days
from aisizer.roadmap.records import Checkpoint, Month, Purchase, Roadmap
from aisizer.roadmap.waves import Wave

CHECKPOINTS = (1, 12, 36)
"""[month] at which the chosen fleet is evaluated again: go-live, one year, three years."""


def roadmap_of(context: Context, best: Evaluated) -> Roadmap:
    """36 months of demand and capacity."""
    return Roadmap(
        go_live=context.go_live,
        go_live_gpus=_gpus(best, 1),
        month_12_gpus=_gpus(best, 12),
        month_36_gpus=_gpus(best, 36),
        months=tuple(_month(context, best, month) for month in range(1, len(best.fleets.servers) + 1)),
        purchases=tuple(_purchase(context, best, i, wave) for i, wave in enumerate(best.fleets.waves, start=1)),
        checkpoints=_checkpoints(context, best),
        lead_time_weeks=context.leads[best.site.id],
    )


def _month(context: Context, best: Evaluated, month: int) -> Month:
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
    )


def _gpus(best: Evaluated, month: int) -> int:
    """GPUs in service in a month, those of a bridge before the first wave."""
    e = best.serving(month)
    return e.fleets.servers[month - 1] * e.offer.gpus


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
