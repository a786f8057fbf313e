"""The options beside the chosen one: the best of each site and GPU class, and the cheapest plan of each site."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from aisizer.costs.fiscal import fiscal_years
from aisizer.costs.records import BomLine, SiteCost
from aisizer.costs.schedule import dated
from aisizer.plan.confidence import Count, least_probability
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated, first_of_each_site, opening_factor
from aisizer.plan.predict import latencies_of, pool_records, tightest
from aisizer.plan.states import first_wave
from aisizer.queueing.records import Latency
from aisizer.sizing.fleet import fleet
from aisizer.sizing.records import Option
from aisizer.units import MONTH

Latencies = dict[int, tuple[Sequence[Latency], int]]
"""Latencies of options with the same pools, and the row of one of them, by its identity."""


def first_wave_latencies(context: Context, kept: Sequence[Evaluated]) -> Latencies:
    """What each option's first wave gives its users, all servers up."""
    alike: dict[tuple[str, ...], list[Evaluated]] = {}
    for e in kept:
        alike.setdefault(tuple(c.pool.name for c in e.layout.candidates), []).append(e)
    latency = {names: latencies_of([(e, first_wave(context, e)[0]) for e in same]) for names, same in alike.items()}
    return {id(e): (latency[names], row) for names, same in alike.items() for row, e in enumerate(same)}


def options(
    context: Context, kept: Sequence[Evaluated], high: Sequence[Count | None], found: Latencies
) -> tuple[Option, ...]:
    """The best option of each site and GPU class, the chosen one first, with their GPUs at high confidence."""
    return tuple(
        _option(context, e, *found[id(e)], count, chosen=e is kept[0]) for e, count in zip(kept, high, strict=True)
    )


def _option(
    context: Context, e: Evaluated, latency: Sequence[Latency], row: int, high: Count | None, *, chosen: bool
) -> Option:
    up, down = first_wave(context, e)
    pools = pool_records(e, context.demand, up, down, latency, row, context.named.engine.id)
    slo, ratio = tightest(e, latency, row)
    return Option(
        site=e.site.id,
        gpu=e.offer.gpu,
        offer=e.offer.id,
        term=e.term,
        gpus=e.cost.gpus,
        gpus_needed=fleet(e.layout, opening_factor(e, context.demand), context.profile.resilience).latency,
        gpus_month_36=e.cost.gpus_month_36,
        servers=e.fleets.waves[0].servers,
        pools=pools,
        one_year_usd=e.cost.one_year_usd if e.priced else None,
        three_year_usd=e.cost.three_year_usd if e.priced else None,
        npv_usd=e.cost.npv_usd if e.priced else None,
        complete=not e.cost.missing,
        gpus_p90=high and high.first_wave,
        probability_met=least_probability(context, e, latency, row),
        tightest_slo=slo,
        slo_ratio=ratio,
        chosen=chosen,
        note=_note(e),
    )


def _note(e: Evaluated) -> str:
    late = f"late: bridged at {e.bridge.site.id} in months 1 to {e.fleets.first}" if e.bridge else ""
    return "; ".join(note for note in (late, _rank_note(e)) if note)


def _rank_note(e: Evaluated) -> str:
    if not e.priced:
        return "unranked on money: its server or instance has no price"
    return f"ranked after the others: {e.caveat}" if e.caveat else ""


def cost_by_site(context: Context, order: Sequence[Evaluated], bom: Sequence[BomLine]) -> dict[str, SiteCost]:
    """The cheapest plan of each site, the chosen site first, whose lines are ordered when its bill of materials says."""
    costs = {e.site.id: in_full(context, e.cost, context.leads[e.site.id]["total"]) for e in first_of_each_site(order)}
    chosen = order[0].site.id
    return costs | {chosen: _as_ordered(costs[chosen], bom)}


def _as_ordered(cost: SiteCost, bom: Sequence[BomLine]) -> SiteCost:
    """A cost whose lines have the first day of order that the bill of materials gives them."""
    first: dict[str, date] = {}
    for part in bom:
        first[part.cost_line] = min(part.order_by, first.get(part.cost_line, part.order_by))
    lines = (line.model_copy(update={"order_date": first.get(line.id, line.order_date)}) for line in cost.lines)
    return cost.model_copy(update={"lines": tuple(lines)})


def in_full(context: Context, cost: SiteCost, lead_weeks: float) -> SiteCost:
    """A cost with the dates of its lines and with its fiscal years."""
    finance, go_live = context.profile.finance, context.go_live
    lines = tuple(dated(line, go_live, lead_weeks, finance.useful_life / MONTH) for line in cost.lines)
    years = fiscal_years(cost, go_live, finance.fiscal_year_start)
    return cost.model_copy(update={"lines": lines, "fiscal_years": years})
