"""What the plan rests on: every profile value, who set it and why the default is what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from aisizer.plan.evaluate import Evaluated, expansion_months
from aisizer.plan.records import Assumption
from aisizer.units import DAY, HOUR, MINUTE, MONTH, YEAR

if TYPE_CHECKING:
    from aisizer.plan.make import Context

SECTIONS = ("workloads", "growth", "resilience", "compliance", "supply", "finance")
_UNIT = re.compile(r"^\[([^\]]+)\]")
_DURATIONS = ((YEAR, "y"), (MONTH, "months"), (DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1.0, "s"))


def assumptions(context: Context, best: Evaluated | None) -> tuple[Assumption, ...]:
    """The profile's values, then what the catalog and the plan add."""
    written = context.loaded.user_set
    fields = [
        assumption for section in SECTIONS for assumption in _walk(getattr(context.profile, section), section, written)
    ]
    return (*_added(context, best), *fields)


def _walk(value: Any, path: str, written: frozenset[str], reason: str = "") -> Iterator[Assumption]:
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _walk(getattr(value, name), f"{path}.{name}", written, field.description or "")
    elif isinstance(value, dict) and any(isinstance(item, BaseModel) for item in value.values()):
        for name, item in value.items():
            yield from _walk(item, f"{path}.{name}", written)
    elif value is not None and value != () and value != {}:
        origin = "user" if path in written else "default"
        yield Assumption(path=path, value=shown(value, reason), origin=origin, reason=_UNIT.sub("", reason).strip())


def shown(value: Any, meaning: str = "") -> str:
    """A value as people write it, with the unit that its field's description names.

    >>> shown(259200.0, "[s] three days"), shown(0.2), shown(("a", "b"))
    ('3 d', '0.2', 'a, b')
    """
    unit = _UNIT.match(meaning)
    if isinstance(value, dict):
        return ", ".join(f"{key} {shown(item)}" for key, item in value.items())
    if isinstance(value, (tuple, list)):
        return ", ".join(shown(item) for item in value)
    if isinstance(value, BaseModel):
        return str(getattr(value, "item", value))
    if isinstance(value, float) and unit and unit[1] == "s":
        return duration(value)
    if isinstance(value, float):
        return f"{value:.6g}" + (f" {unit[1]}" if unit and unit[1] != "1" else "")
    return value.isoformat() if isinstance(value, date) else str(value)


def duration(seconds: float) -> str:
    """A length of time in its largest whole unit.

    >>> duration(1209600.0), duration(0.25), duration(7200.0)
    ('14 d', '0.25 s', '2 h')
    """
    for size, name in _DURATIONS:
        count = seconds / size
        if count >= 1 and abs(count - round(count)) < 1e-9:
            return f"{round(count)} {name}"
    return f"{seconds:g} s"


def _added(context: Context, best: Evaluated | None) -> Iterator[Assumption]:
    profile, engine = context.profile, context.named.engine
    if profile.go_live is None:
        yield Assumption(
            path="go_live", value=context.go_live.isoformat(), origin="computed",
            reason="the first of a month by which every admitted site can serve, so that all carry the same demand",
        )  # fmt: skip
    yield Assumption(
        path="engine", value=f"{engine.name}: {engine.max_batch} sequences, {engine.token_budget:,} tokens a step",
        origin="catalog", reason="overheads, limits and memory fraction of this version; versions differ by up to 2x",
        source=next(iter(engine.sources.values())),
    )  # fmt: skip
    for name, workload in profile.workloads.items():
        load = context.offered[name]
        yield Assumption(
            path=f"workloads.{name}.peak_rate", value=f"{load.peak_rate_per_s:.4g} req/s", origin="computed",
            reason=f"peak-hour arrivals at full rollout at go-live, model {context.named.models[name].name} "
            f"({workload.model})",
        )  # fmt: skip
    if best is None:
        return
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
