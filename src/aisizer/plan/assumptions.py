"""What the plan rests on: every profile value, who set it and why the default is what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from aisizer.demand.growth import FAST, SLOW, Case, monthly_rate
from aisizer.demand.loads import Offered
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated, expansion_months
from aisizer.plan.prototype import PROFILE as PROTOTYPE
from aisizer.plan.records import Assumption
from aisizer.profile.fields import type_at, value_text
from aisizer.profile.kinds import arrivals_of
from aisizer.profile.sections import GrowthSection, Workload
from aisizer.schema import descriptions

SECTIONS = ("workloads", "growth", "resilience", "compliance", "supply", "integrations", "evidence", "finance", "gates")
_SHOWN_QUANTILES = ("p0", "p5", "p25", "p50", "p75", "p90", "p95", "p99", "p99.9", "p100")
_MOST_QUANTILES = 20
"""Quantiles beyond which a reader is shown a few of them: a trace gives a hundred."""
_UNIT = re.compile(r"^\[([^\]]+)\]")


def assumptions(context: Context, best: Evaluated | None) -> tuple[Assumption, ...]:
    """The profile's values, then what the catalog and the plan add."""
    written = context.loaded.user_set
    fields = [
        assumption
        for section in SECTIONS
        for assumption in _walk(getattr(context.profile, section), (section,), written)
    ]
    return (*_added(context, best), *fields)


def _walk(value: Any, path: tuple[str, ...], written: frozenset[str], reason: str = "") -> Iterator[Assumption]:
    if isinstance(value, BaseModel):
        texts = descriptions(type(value))
        for name in type(value).model_fields:
            yield from _walk(getattr(value, name), (*path, name), written, texts.get(name, ""))
    elif isinstance(value, dict) and any(isinstance(item, BaseModel) for item in value.values()):
        for name, item in value.items():
            yield from _walk(item, (*path, name), written)
    elif value is not None and value != () and value != {}:
        dotted = ".".join(path)
        yield Assumption(
            path=dotted,
            value=_shown(value, path),
            origin="user" if dotted in written else "default",
            reason=_UNIT.sub("", reason).strip(),
        )


def _shown(value: Any, path: tuple[str, ...]) -> str:
    if path == ("supply", "quotes"):
        return ", ".join(f"{quote.item} {quote.unit_price}" for quote in value)
    if path == ("evidence", "calibrations"):
        return ", ".join(f"{c.model} on {c.gpu}, {c.points} points, {c.files[0].name}" for c in value)
    if path == ("evidence", "orders"):
        return ", ".join(f"{order.id}: {order.gpus} GPUs for {order.site}, due {order.due}" for order in value)
    if path[2:] == ("burst", "modulation"):
        return ", ".join(f"variance {part.variance:g} over {part.time:g} s" for part in value)
    if path[-1] == "quantiles" and len(value) > _MOST_QUANTILES:
        value = {key: value[key] for key in _SHOWN_QUANTILES if key in value}
    if path == ("growth", "phases"):
        return ", ".join(f"{phase.name} {phase.share * 100:.0f} % from {phase.start}" for phase in value)
    return value_text(value, type_at(path)).strip("[]{}")


def _added(context: Context, best: Evaluated | None) -> Iterator[Assumption]:
    profile, engine = context.profile, context.named.engine
    if profile.go_live is None:
        yield Assumption(
            path="go_live", value=context.go_live.isoformat(), origin="computed",
            reason="the first of a month by which every admitted site has servers and its path has ended, so all carry alike",
        )  # fmt: skip
    yield Assumption(
        path="engine", value=f"{engine.name}: {engine.max_batch} sequences, {engine.token_budget:,} tokens a step",
        origin="catalog", reason="overheads, limits and memory fraction of this version; versions differ by up to 2x",
        source=next(iter(engine.sources.values())),
    )  # fmt: skip
    yield from _growth_cases(profile.growth)
    for name, workload in profile.workloads.items():
        load = context.offered[name]
        yield Assumption(
            path=f"workloads.{name}.peak_rate", value=f"{load.peak_rate_per_s:.4g} req/s", origin="computed",
            reason=f"{_arrivals_meant(workload, load)} at full rollout at go-live, model {context.named.models[name].name} "
            f"({workload.model})",
        )  # fmt: skip
        if workload.burst.index_of_dispersion_60s is None and not workload.burst.modulation:
            arrivals = arrivals_of(workload.kind)
            yield Assumption(
                path=f"workloads.{name}.burst.index_of_dispersion_60s", value=f"{arrivals.dispersion:g}", origin="default",
                reason=f"variance over mean of the arrivals per minute, 1 is Poisson; {arrivals.low:g} to {arrivals.high:g} "
                f"for {'any kind of workload' if workload.kind is None else workload.kind}: {arrivals.reason}",
            )  # fmt: skip
    if best is None:
        return
    for candidate in best.layout.candidates:
        used = candidate.calibration
        if used is not None and used.files[0].name == PROTOTYPE:
            scales = ", ".join(f"{name} {value:.3g}" for name, value in used.factors.model_dump().items() if value != 0)
            yield Assumption(
                path=f"calibration.{candidate.pool.name}", value=scales, origin="computed",
                reason="step times multiplied by what the prototype's own figures say, as one load point",
            )  # fmt: skip
    lead = context.leads[best.site.id]
    yield Assumption(
        path=f"sites.{best.site.id}.lead_time", value=f"{lead['total']:g} weeks", origin="catalog",
        reason=" + ".join(f"{part.replace('_', '-')} {weeks:g} w" for part, weeks in lead.items() if part != "total"),
        source=best.site.lead_times_weeks.delivery.source,
    )  # fmt: skip
    yield Assumption(
        path=f"sites.{best.site.id}.expansion", value=f"{expansion_months(best.site, profile)} months",
        origin="user" if profile.supply.expansion is not None else "catalog", reason="how long one purchase must last",
    )  # fmt: skip
    for line in best.cost.lines:
        for factor, value in line.factors.items():
            yield Assumption(
                path=f"costs.{line.id}.{factor}", value=f"{value:g}", origin="catalog",
                reason=f"multiplies {line.description.lower()}",
            )  # fmt: skip


def _growth_cases(growth: GrowthSection) -> Iterator[Assumption]:
    """The low and the high case where the profile gives none; dated points replace them both."""
    cases: tuple[tuple[Case, float | None, float], ...] = (("low", growth.low, SLOW), ("high", growth.high, FAST))
    for case, given, of in cases:
        if given is None and not growth.points:
            yield Assumption(
                path=f"growth.{case}", value=_shown(monthly_rate(growth, case), ("growth", case)), origin="default",
                reason=f"{of:g} times growth.rate (assumed); dates and fleets at {case} growth follow from it",
            )  # fmt: skip


def _arrivals_meant(workload: Workload, load: Offered) -> str:
    """What the peak rate is, by the basis on which the burst is bought."""
    if workload.burst.basis == "mean_rate":
        level = load.peak_rate_per_s / load.mean_rate_per_s
        return f"peak-window arrivals, {level:.3g}x the mean by the p99 of 5-minute windows of the modulation,"
    return "peak-window arrivals" if workload.burst.modulation else "peak-hour arrivals"
