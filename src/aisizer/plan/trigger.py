"""The triggers and symptoms of the chosen option: what is watched from go-live on, and who acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aisizer.demand.growth import demand_factors, monthly_rate
from aisizer.errors import InvalidInput
from aisizer.plan import levels
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated
from aisizer.plan.levels import Watched
from aisizer.plan.states import State
from aisizer.profile.sections import Order
from aisizer.roadmap.records import Roadmap
from aisizer.roadmap.waves import MONTHS
from aisizer.sizing.capacity import Candidate
from aisizer.sizing.fleet import carried
from aisizer.sizing.records import Pool, SloResult
from aisizer.triggers.levels import CASES, OnOrder, Setting, trigger_of
from aisizer.triggers.records import Symptom, Trigger
from aisizer.triggers.symptoms import Desk, Money, Subject, symptoms_of
from aisizer.units import WEEK

OWNER = "capacity owner"
"""Role that acts on a capacity ticket; the profile's first phase names a person where it has one."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The chosen fleet of the first wave as its pools and roadmap describe it."""

    best: Evaluated
    up: State
    down: State
    pools: Sequence[Pool]
    roadmap: Roadmap


def triggers_of(context: Context, fleet: Standing) -> tuple[Trigger, ...]:
    """One trigger for each known limit, loads first: what grows towards it, for the fleet that is in service."""
    watched = _watched(context, fleet)
    setting = _setting(context, fleet)
    return tuple(trigger_of(level, setting) for level in levels.levels_of(context, watched))


def symptoms(context: Context, fleet: Standing, slo: Sequence[SloResult]) -> tuple[Symptom, ...]:
    """What users would feel first, pool by pool: it pages."""
    best, watched = fleet.best, _watched(context, fleet)
    desk = Desk(
        metrics=watched.metrics,
        model_label=watched.model_label,
        availability=context.profile.resilience.availability,
        owner=_owner(context),
        engine=context.named.engine.id,
    )
    money = Money(
        profile=context.profile.name,
        site=best.site.id,
        spend_query=context.profile.evidence.monitoring.queries.get("spend", ""),
        gpus=round(watched.first_gpus * watched.in_service),
        gpu_metric=context.catalog.find_exporter("dcgm").metrics["gpu_use"],
        rented=best.term != "purchase",
    )
    return symptoms_of([_subject(fleet, watched, name, slo) for name in watched.pools], money, desk)


def _subject(fleet: Standing, watched: Watched, name: str, slo: Sequence[SloResult]) -> Subject:
    pool = watched.pools[name][0].pool.promised
    up, down = _replicas(fleet)[name]
    return Subject(
        pool=name,
        labels={watched.model_label: pool.model.id},
        slo=tuple(result for result in slo if result.workload in pool.workloads),
        replicas=int(up * watched.in_service),
        spare=up - down,
    )


def expected_orders(context: Context, site: str) -> tuple[Order, ...]:
    """Orders on their way to a site beyond the plan's own first wave; one whose date has passed has slipped."""
    orders = context.profile.evidence.orders
    return tuple(
        order
        for order in orders
        if order.site == site
        and order.received is None
        and order.due > context.go_live
        and order.due >= context.profile.plan_date
    )


def received_gpus(context: Context, site: str) -> int:
    """[GPU] that have gone into service at a site beyond the plan's own first wave."""
    orders = context.profile.evidence.orders
    return sum(o.gpus for o in orders if o.site == site and o.received is not None and o.due > context.go_live)


def _owner(context: Context) -> str:
    return next((phase.owner for phase in context.profile.growth.phases if phase.owner), OWNER)


def _setting(context: Context, fleet: Standing) -> Setting:
    profile = context.profile
    engine = context.named.engine
    later = fleet.roadmap.purchases[1:2]
    next_order = (
        f"wave {later[0].wave}: {later[0].gpus} GPUs in service on {later[0].need_by}, ordered by {later[0].order_by}"
        if later
        else "none within 36 months is in the plan: review its growth and headroom"
    )
    return Setting(
        plan_date=profile.plan_date,
        go_live=context.go_live,
        growth={case: monthly_rate(profile.growth, case) for case in CASES},
        review_weeks=profile.growth.review / WEEK,
        owner=_owner(context),
        engine=engine.id,
        model_label=_names(context)[1],
        on_order=tuple(OnOrder(order.due, order.gpus) for order in expected_orders(context, fleet.best.site.id)),
        next_order=next_order,
    )


def _names(context: Context) -> tuple[dict[str, str], str]:
    """Metric names, and the label that holds the model: the engine's, or those of the exporter in front of it."""
    chosen, engine = context.profile.evidence.monitoring.exporter, context.named.engine
    if chosen is None:
        return engine.metrics, engine.model_label
    exporter = context.catalog.find_exporter(chosen)
    if exporter.model_label is None:
        raise InvalidInput(
            f"evidence.monitoring.exporter: {exporter.name} serves no model (got {chosen}). Name one that does, such as nim."
        )
    return exporter.metrics, exporter.model_label


def _watched(context: Context, fleet: Standing) -> Watched:
    best, (metrics, label) = fleet.best, _names(context)
    first = best.fleets.waves[0].servers * best.offer.gpus
    growth = context.profile.growth
    watched = Watched(
        best=best,
        pools=_tightest(context, fleet),
        records=_fullest(fleet),
        factors={case: tuple(demand_factors(growth, context.go_live, case, MONTHS).tolist()) for case in CASES},
        carried_factor=fleet.up.factor,
        metrics=metrics,
        model_label=label,
        first_gpus=first,
        in_service=(first + received_gpus(context, best.site.id)) / first,
    )
    for signal in {watched.signal(name) for name in watched.pools}:
        if signal not in metrics:
            where = context.profile.evidence.monitoring.exporter or f"engines/{context.named.engine.id}.yaml"
            raise InvalidInput(f"{where} names no metric for {signal}. Add it to metrics.")
    return watched


def _tightest(context: Context, fleet: Standing) -> dict[str, tuple[Candidate, float]]:
    """Each pool with the demand that it carries with the redundancy down; of two stages the tighter decides."""
    resilience = context.profile.resilience
    found: dict[str, tuple[Candidate, int]] = {}
    for candidate, replicas in zip(fleet.best.layout.candidates, fleet.down.replicas, strict=True):
        other, count = found.setdefault(candidate.pool.promised.name, (candidate, replicas))
        if replicas * carried(candidate, resilience) < count * carried(other, resilience):
            found[candidate.pool.promised.name] = candidate, replicas
    return {name: (candidate, count * candidate.share) for name, (candidate, count) in found.items()}


def _fullest(fleet: Standing) -> dict[str, Pool]:
    """Each pool as the Plan shows it; of two stages the one whose cache is fuller."""
    named = [(c.pool.promised.name, pool) for c, pool in zip(fleet.best.layout.candidates, fleet.pools, strict=True)]
    return dict(sorted(named, key=lambda pair: pair[1].kv_use_p95))


def _replicas(fleet: Standing) -> dict[str, tuple[int, int]]:
    """Replicas of each pool, all stages together: all servers up, and with the redundancy down."""
    counts: dict[str, tuple[int, int]] = {}
    for candidate, up, down in zip(fleet.best.layout.candidates, fleet.up.replicas, fleet.down.replicas, strict=True):
        before = counts.get(candidate.pool.promised.name, (0, 0))
        counts[candidate.pool.promised.name] = before[0] + up, before[1] + down
    return counts
