"""The options beside the chosen one: the best of each site and GPU class, and the cheapest plan of each site."""

from __future__ import annotations

from collections.abc import Sequence

from aisizer.costs.records import SiteCost
from aisizer.plan.confidence import Count, least_probability
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated, opening_factor
from aisizer.plan.predict import latencies_of, pool_records
from aisizer.plan.states import first_wave
from aisizer.queueing.records import Latency
from aisizer.sizing.fleet import fleet
from aisizer.sizing.records import Option


def options(context: Context, kept: Sequence[Evaluated], high: Sequence[Count | None]) -> tuple[Option, ...]:
    """The best option of each site and GPU class, the chosen one first, with their GPUs at high confidence."""
    alike: dict[tuple[str, ...], list[Evaluated]] = {}
    for e in kept:
        alike.setdefault(tuple(c.pool.name for c in e.layout.candidates), []).append(e)
    latency = {names: latencies_of([(e, first_wave(context, e)[0]) for e in same]) for names, same in alike.items()}
    rows = {id(e): (latency[names], row) for names, same in alike.items() for row, e in enumerate(same)}
    return tuple(
        _option(context, e, *rows[id(e)], count, chosen=e is kept[0]) for e, count in zip(kept, high, strict=True)
    )


def _option(
    context: Context, e: Evaluated, latency: Sequence[Latency], row: int, high: Count | None, *, chosen: bool
) -> Option:
    up, down = first_wave(context, e)
    pools = pool_records(e, context.demand, up, down, latency, row, context.named.engine.id)
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


def cost_by_site(order: Sequence[Evaluated]) -> dict[str, SiteCost]:
    """The cheapest plan of each site, the chosen site first."""
    by_site: dict[str, SiteCost] = {}
    for e in order:
        by_site.setdefault(e.site.id, e.cost)
    return by_site
