"""The figures of a plan that a diff compares, by their path; money apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from aisizer.plan import Plan
from aisizer.sizing.records import Pool, SloResult
from aisizer.studies.diff_records import Change, Value
from aisizer.studies.paths import facility_power

DATE = "date"
"""unit of days"""


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its name and unit."""

    name: str
    value: Value
    unit: str = ""


Figures = Mapping[str, Figure]
"""figures by Plan path"""
Named = Iterator[tuple[str, Figure]]


def inputs(plan: Plan) -> Named:
    """What the plan was made from, and by which version."""
    made = plan.inputs
    yield "aisizer_version", Figure("aisizer", plan.aisizer_version)
    yield "profile.name", Figure("profile", str(plan.profile["name"]))
    yield "profile.plan_date", Figure("plan date", str(plan.profile["plan_date"]), DATE)
    yield "inputs.profile_sha256", Figure("profile sha256", made.profile_sha256)
    yield "inputs.catalog_version", Figure("catalog", made.catalog_version)
    yield "inputs.catalog_sha256", Figure("catalog sha256", made.catalog_sha256)
    for file, digest in made.fragments.items():
        yield f"inputs.fragments.{file}", Figure(f"{file} sha256", digest)


def decision(plan: Plan) -> Named:
    """Site, hardware and layout."""
    found = plan.decision
    if found is None:
        return
    yield "decision.site", Figure("site", found.site)
    yield "decision.offer", Figure("offer", found.offer)
    yield "decision.term", Figure("term", found.term)
    yield "decision.redundancy", Figure("redundancy asked for", found.redundancy)
    yield "decision.confidence", Figure("confidence", found.confidence, "1")
    for pool in found.pools:
        yield from _pool(pool, "" if len(found.pools) == 1 else f"{pool.name}: ")


def _pool(pool: Pool, prefix: str) -> Named:
    path = f"decision.pools.{pool.name}"
    layout = pool.layout or f"TP{pool.tensor_parallel}"
    yield f"{path}.model", Figure(f"{prefix}model", pool.model)
    yield f"{path}.gpu", Figure(f"{prefix}GPU class", pool.gpu)
    yield f"{path}.layout", Figure(f"{prefix}layout of a replica", layout)
    yield f"{path}.precision", Figure(f"{prefix}precision", pool.precision)
    yield f"{path}.kv_precision", Figure(f"{prefix}KV cache", pool.kv_precision)
    yield f"{path}.engine", Figure(f"{prefix}engine", pool.engine)
    yield f"{path}.draft_tokens", Figure(f"{prefix}draft tokens", pool.draft_tokens, "token")
    yield f"{path}.replicas", Figure(f"{prefix}replicas", pool.replicas, "replica")


def fleet(plan: Plan) -> Named:
    """How many GPUs and servers, how much power, how full."""
    found, roadmap, power = plan.decision, plan.roadmap, facility_power(plan)
    if found is None or roadmap is None:
        return
    yield "decision.gpus_needed", Figure("GPUs for the SLO alone", found.gpus_needed, "GPU")
    yield "decision.gpus", Figure("GPUs, first wave", found.gpus, "GPU")
    yield "roadmap.month_12_gpus", Figure("GPUs, month 12", roadmap.month_12_gpus, "GPU")
    yield "roadmap.month_36_gpus", Figure("GPUs, month 36", roadmap.month_36_gpus, "GPU")
    yield "decision.servers", Figure("servers, first wave", found.servers, "server")
    yield "decision.redundant_servers", Figure("servers that may be down", found.redundant_servers, "server")
    yield "power.go_live_kw", Figure("facility power, go-live", power["go_live_kw"], "kW")
    yield "power.month_36_kw", Figure("facility power, month 36", power["month_36_kw"], "kW")
    yield "decision.utilization", Figure("utilization", found.utilization, "1")
    yield "decision.utilization_degraded", Figure("utilization, degraded", found.utilization_degraded, "1")


def slo(plan: Plan) -> Named:
    """Every promise: its target, what is predicted, and whether it is met."""
    for result in plan.slo:
        yield from _promise(result)


def _promise(result: SloResult) -> Named:
    path = f"slo.{result.workload}.{result.metric}_{result.percentile}"
    name = f"{result.workload} {result.metric.upper()} {result.percentile}"
    yield f"{path}.met", Figure(f"{name} met", result.met)
    yield f"{path}.target_ms", Figure(f"{name} target", result.target_ms, "ms")
    yield f"{path}.predicted_ms", Figure(f"{name} predicted", result.predicted_ms, "ms")
    yield f"{path}.degraded_ms", Figure(f"{name} degraded", result.degraded_ms, "ms")
    yield f"{path}.probability", Figure(f"{name} P(met)", result.probability, "1")


def dates(plan: Plan) -> Named:
    """Go-live, and every order with its date and size."""
    if plan.decision is not None:
        yield "decision.go_live", Figure("go-live", _iso(plan.decision.go_live), DATE)
    for place, purchase in enumerate(plan.roadmap.purchases if plan.roadmap else ()):
        path, name = f"roadmap.purchases.{place}", f"wave {purchase.wave}"
        yield f"{path}.order_by", Figure(f"{name}: order by", _iso(purchase.order_by), DATE)
        yield f"{path}.need_by", Figure(f"{name}: need by", _iso(purchase.need_by), DATE)
        yield f"{path}.gpus", Figure(f"{name}: GPUs", purchase.gpus, "GPU")
    if plan.bridge is not None:
        yield "bridge.order_by", Figure("bridge: order by", _iso(plan.bridge.order_by), DATE)
        yield "bridge.until", Figure("bridge: until", _iso(plan.bridge.until), DATE)
        yield "bridge.gpus", Figure("bridge: GPUs", plan.bridge.gpus, "GPU")
    for work in plan.work:
        yield f"work.{work.item}.order_by", Figure(f"{work.item}: order by", _iso(work.order_by), DATE)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def triggers(plan: Plan) -> Named:
    """The levels at which to act, and when they are expected."""
    for trigger in plan.triggers:
        path = f"triggers.{trigger.id}"
        yield f"{path}.threshold", Figure(f"{trigger.id}: threshold", trigger.threshold, "1")
        yield f"{path}.limit", Figure(f"{trigger.id}: limit", trigger.limit, "1")
        yield f"{path}.floor", Figure(f"{trigger.id}: forecast from", trigger.floor, "1")
        yield f"{path}.predicted.base", Figure(f"{trigger.id}: expected", _iso(trigger.predicted.get("base")), DATE)
    for symptom in plan.symptoms:
        yield f"symptoms.{symptom.id}.limit", Figure(f"{symptom.id}: limit", symptom.limit, symptom.unit)


def assumptions(plan: Plan) -> Named:
    """Every value that the plan rests on."""
    for assumption in plan.assumptions:
        yield assumption.path, Figure(assumption.path, assumption.value)


def changes(old: Named, new: Named) -> tuple[Change, ...]:
    """What differs, in the order of the old plan; what only the new one has comes after."""
    before, after = dict(old), dict(new)
    found = ((path, before.get(path), after.get(path)) for path in [*before, *(p for p in after if p not in before)])
    return tuple(_change(path, a, b) for path, a, b in found if _value(a) != _value(b))


def _value(figure: Figure | None) -> Value:
    return None if figure is None else figure.value


def _change(path: str, old: Figure | None, new: Figure | None) -> Change:
    named = new or old or Figure(path, None)
    before, after = _value(old), _value(new)
    delta = _delta(before, after, named.unit)
    ratio = None if named.unit == DATE else ratio_of(delta, before)
    return Change(
        path=path, name=named.name, unit=named.unit, old=before, new=after, ratio=ratio,
        delta=None if delta is None else float(delta),
    )  # fmt: skip


def _delta(old: Value, new: Value, unit: str) -> Decimal | None:
    if unit == DATE and isinstance(old, str) and isinstance(new, str):
        return Decimal((date.fromisoformat(new) - date.fromisoformat(old)).days)
    if isinstance(old, (bool, str)) or isinstance(new, (bool, str)) or old is None or new is None:
        return None
    return Decimal(repr(new)) - Decimal(repr(old))


def ratio_of(delta: Decimal | None, old: object) -> float | None:
    """[1] delta over old to six digits; None where there is none.

    >>> ratio_of(Decimal(3), 8), ratio_of(Decimal(3), 0), ratio_of(None, 8)
    (0.375, None, None)
    """
    if delta is None or not isinstance(old, (int, float, Decimal)) or not old:
        return None
    return float(f"{float(delta / abs(Decimal(repr(old) if isinstance(old, float) else old))):.6g}")
