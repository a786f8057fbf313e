"""The recipe of the watch: a plan, its orders and what was measured become one record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from aisizer import __version__
from aisizer.errors import InvalidInput
from aisizer.plan import Decision, Plan
from aisizer.profile.fields import did_you_mean
from aisizer.profile.load import LoadedProfile
from aisizer.roadmap.records import Roadmap
from aisizer.triggers.forecast import WINDOW_DAYS
from aisizer.triggers.records import Trigger
from aisizer.watch.client import Prometheus, first_with_data
from aisizer.watch.drift import drifts
from aisizer.watch.judgement import Setting, judged, unmeasured
from aisizer.watch.measured import Measured
from aisizer.watch.orders import added_gpus, capacity_factor, counted_in_plan, seen
from aisizer.watch.queries import level_queries, workload_queries
from aisizer.watch.records import Drift, OrderSeen, Source, Watch, Watched

YEARS_APART = 100
"""[year] from the plan's date within which a day can be a day of its service."""
YEARS_AHEAD = 5
"""[year] after the plan's date up to which a server is asked where no day is given: 36 months, and two years to go-live."""


def watched(plan: Plan, loaded: LoadedProfile, measured: Measured, at: date | None, plan_sha256: str) -> Watch:
    """Every trigger of the plan, the workload and the orders on the day `at`, or on the last day measured."""
    decision, roadmap = decided(plan)
    at = at or measured.last_day()
    profile = loaded.profile
    if abs(at.year - profile.plan_date.year) > YEARS_APART:
        raise InvalidInput(f"{at} is {YEARS_APART} years and more from the plan of {profile.plan_date}. Mend the day.")
    _check_orders_alone(plan, loaded)
    _check_sites(plan, loaded)
    orders = seen(profile.evidence.orders, at, roadmap.go_live, decision.site)
    triggers = tuple(_watched(t, plan, loaded, measured, orders, at) for t in plan.triggers)
    drift = drifts(decision, profile.workloads, measured, at)
    return Watch(
        aisizer_version=__version__,
        profile=profile.name,
        plan_sha256=plan_sha256,
        source=measured.source,
        fragments=loaded.fragments,
        at=at,
        fired=any(trigger.fired for trigger in triggers),
        sizing_void=any(d.void for d in drift),
        triggers=triggers,
        drift=drift,
        orders=orders,
        notes=tuple(_notes(triggers, drift, orders)),
    )


def decided(plan: Plan) -> tuple[Decision, Roadmap]:
    """The plan's decision and roadmap; one without them has nothing to watch."""
    if plan.decision is None or plan.roadmap is None or not plan.triggers:
        raise InvalidInput(
            "The plan has no decision and no trigger, so there is nothing to watch. Size a feasible profile."
        )
    return plan.decision, plan.roadmap


def asked(plan: Plan, source: Prometheus, metrics: Mapping[str, Mapping[str, str]], at: date | None) -> Measured:
    """What a server has measured; `metrics` holds, by engine id, the catalog's names of the engine's metrics."""
    start, end = _span(plan, at)
    found = {t.id: first_with_data(source, level_queries(plan, t), start, end) for t in plan.triggers}
    measured = Measured(
        source=Source(kind="prometheus", name=source.url, sha256=None),
        levels={name: daily for name, (daily, _) in found.items() if daily},
        workload={},
        origin={name: query for name, (_, query) in found.items() if query},
    )
    day = at or measured.last_day()
    workload = {
        key: {day: value}
        for trigger in plan.triggers
        if trigger.kind == "load"
        for key, query in workload_queries(plan, trigger, metrics.get(trigger.engine, {}))
        if (value := source.instant(query, day)) is not None
    }
    return replace(measured, workload=workload)


def _span(plan: Plan, at: date | None) -> tuple[date, date]:
    """The days to ask for: what the growth is fitted on, or all that a plan may see where no day is given."""
    planned = date.fromisoformat(str(plan.profile["plan_date"]))
    if at is None:
        return planned, planned.replace(year=planned.year + YEARS_AHEAD, day=1)
    return at - timedelta(days=WINDOW_DAYS - 1), at


def _watched(
    trigger: Trigger,
    plan: Plan,
    loaded: LoadedProfile,
    measured: Measured,
    orders: tuple[OrderSeen, ...],
    at: date,
) -> Watched:
    decision, roadmap = decided(plan)
    then = at + timedelta(weeks=trigger.lead_time_weeks + trigger.review_weeks)
    known = counted_in_plan(plan, roadmap.go_live, decision.site)
    added = added_gpus(orders, then, roadmap.go_live) - known
    setting = Setting(at, loaded.profile.growth, capacity_factor(trigger.per_gpu, added))
    daily = measured.levels.get(trigger.id)
    if daily:
        return judged(trigger, daily, setting, measured.origin.get(trigger.id, ""))
    if trigger.kind == "load":
        raise InvalidInput(_nothing(trigger, measured.source))
    return unmeasured(trigger, setting, f"{measured.source.name} measures nothing of it, so it is not judged")


def _nothing(trigger: Trigger, source: Source) -> str:
    if source.kind == "csv":
        return f"{source.name} has no level of {trigger.id}. Add its days to the file."
    return (
        f"{source.name} has no data for {trigger.id}: neither what triggers.rules.yaml records nor {trigger.metric} of "
        f"{trigger.pool}. Load the rules, check that the engine is scraped under that {trigger.model_label}, or give a "
        "--metrics file."
    )


def _check_orders_alone(plan: Plan, loaded: LoadedProfile) -> None:
    """A plan is watched as it was sized: a fragment brings orders and changes nothing else of its profile."""
    then, now = _without_orders(plan.profile), _without_orders(loaded.data)
    changed = sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))
    if changed:
        raise InvalidInput(
            f"The fragment changes {', '.join(changed)}, and a plan is watched as it was sized. Keep nothing but evidence.orders "
            "in it, or size again."
        )


def _without_orders(data: Mapping[str, Any]) -> dict[str, Any]:
    evidence = {name: value for name, value in (data.get("evidence") or {}).items() if name != "orders"}
    return {name: value for name, value in data.items() if name != "evidence"} | (
        {"evidence": evidence} if evidence else {}
    )


def _check_sites(plan: Plan, loaded: LoadedProfile) -> None:
    known = [verdict.site for verdict in plan.verdicts]
    faults = [
        loaded.fault(
            ("evidence", "orders", index, "site"),
            f"the plan knows no such site (got {order.site}){did_you_mean(order.site, known)}. "
            f"Name one of {', '.join(known)}.",
        )
        for index, order in enumerate(loaded.profile.evidence.orders)
        if order.site not in known
    ]
    if faults:
        raise InvalidInput(faults)


def _notes(triggers: tuple[Watched, ...], drift: tuple[Drift, ...], orders: tuple[OrderSeen, ...]) -> list[str]:
    """What a reader must know beside the figures."""
    notes = [
        f"{o.id} of {o.gpus} GPUs was due {o.due} and is not received, so it no longer counts."
        for o in orders
        if o.state == "slipped"
    ]
    notes += [
        f"{o.id} is for {o.site}, another site than the plan's, and counts for no trigger."
        for o in orders
        if o.state == "elsewhere"
    ]
    notes += [
        f"{t.id}: {sum((g.last - g.first).days + 1 for g in t.gaps)} days of its window have no level."
        for t in triggers
        if t.gaps
    ]
    void = [d for d in drift if d.void]
    if void:
        notes.append("The workload is another than the one sized for: size again with its figures before you order.")
    return notes
