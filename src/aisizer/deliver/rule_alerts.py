"""Alerting rules: for each level a static floor, a forecast and a watch over its data; for each symptom a page."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from aisizer.deliver import labels, numbers
from aisizer.deliver.rule_records import (
    UTILIZATION,
    UTILIZATION_BUSY,
    UTILIZATION_LN,
    horizon_s,
    own_series,
    trigger_labels,
)
from aisizer.deliver.yaml_text import Block
from aisizer.plan import Plan
from aisizer.triggers.promql import number, series
from aisizer.triggers.records import Symptom, Trigger
from aisizer.triggers.symptoms import CAPACITY_ON_ORDER

HOLD = "1h"
"""an alert waits this long, so that one restart of the engine opens no ticket"""
FORECAST_HOLD = "6h"
"""a forecast waits for a quarter of a day, so that one odd sample opens no ticket"""
STEP_H = 12
"""[h] between the samples that the forecast is fitted to: two of each day's percentile, whatever the interval of recording"""
VALUE = "{{ $value | humanizePercentage }}"


def static_alert(plan: Plan, trigger: Trigger) -> dict[str, Any]:
    """Works on the first day: the level from which planned growth reaches the limit one lead and review later."""
    threshold = numbers.plain(trigger.threshold)
    expr = f"{own_series(UTILIZATION_BUSY, plan, trigger)} > {threshold}{_raised(plan, trigger)}"
    return _alert(
        plan,
        trigger,
        trigger.alert,
        expr,
        HOLD,
        summary=_summary(trigger),
        description=_inert(f"{trigger.pool}: {trigger.quantity} is ")
        + VALUE
        + _inert(
            f" (95th percentile of a busy day), above {threshold}: {trigger.formula}. "
            f"At {numbers.exact_share(trigger.growth_per_month)} a month the limit of "
            f"{numbers.exact_share(trigger.limit)} is {numbers.plain(trigger.lead_time_weeks)} weeks of lead time "
            f"and {numbers.plain(trigger.review_weeks)} weeks of review away."
        ),
    )


def forecast_alert(plan: Plan, trigger: Trigger) -> dict[str, Any]:
    """Fires when measured growth, drawn towards the plan's, reaches the limit within lead and review, whatever was planned."""
    window = f"{trigger.window_weeks}w:{STEP_H}h"
    now, past = own_series(UTILIZATION_LN, plan, trigger), own_series(UTILIZATION_LN, plan, trigger, window)
    weight, planned = trigger.fitted_weight, planned_growth(trigger)
    expr = (
        f"{own_series(UTILIZATION_BUSY, plan, trigger)} > {number(trigger.floor or trigger.limit)}\n"
        f"and exp(\n"
        f"  {number(weight)} * predict_linear({past}, {horizon_s(trigger)})\n"
        f"  + {number(round(1 - weight, 9))} * ({now} + {number(planned)})\n"
        f") > {number(trigger.limit)}{_raised(plan, trigger)}\n"
        f"and count_over_time({past}) > {least_samples(trigger)}"
    )
    return _alert(
        plan,
        trigger,
        f"{trigger.alert}Forecast",
        expr,
        FORECAST_HOLD,
        summary=_summary(trigger),
        description=_inert(f"{trigger.pool}: {trigger.quantity} is ")
        + VALUE
        + _inert(
            f" and grows so that {numbers.exact_share(trigger.limit)} is reached within "
            f"{numbers.plain(trigger.lead_time_weeks)} weeks of lead time and {numbers.plain(trigger.review_weeks)} of review: "
            f"growth of its logarithm over {trigger.window_weeks} weeks at a weight of {numbers.share(weight)}, the plan's at "
            f"the rest. Prometheus must keep {trigger.retention_days} days."
        ),
    )


def data_missing_alert(plan: Plan, trigger: Trigger) -> dict[str, Any]:
    """A trigger without data cannot fire, and says so."""
    read = trigger.query or trigger.metric
    return _alert(
        plan,
        trigger,
        f"{trigger.alert}DataMissing",
        f"absent_over_time({own_series(UTILIZATION, plan, trigger, HOLD)})",
        HOLD,
        summary=f"The trigger {trigger.alert} of {trigger.pool} is blind: what it watches has no data.",
        description=_inert(f"{read} gave no sample for {HOLD}, so {trigger.alert} of {trigger.pool} cannot fire."),
        action="Check that it is scraped, and that the engine serves the model under the name in the selector.",
    )


def symptom_alert(plan: Plan, symptom: Symptom) -> dict[str, Any]:
    """A page for what users feel now."""
    own = {"aisizer_profile": labels.profile_name(plan), "pool": symptom.pool, "symptom": symptom.id}
    return {
        "alert": symptom.alert,
        "expr": Block(symptom.expr),
        "for": symptom.hold,
        "labels": {"severity": symptom.severity, **_inert_labels(own)},
        "annotations": {
            "summary": _inert(f"{symptom.pool}: {symptom.quantity} is beyond its limit now."),
            "description": _inert(f"{symptom.pool}: {symptom.quantity}. {symptom.formula}."),
            "runbook": _inert(f"{symptom.action} Owner: {symptom.owner}."),
            "runbook_url": runbook_url(plan, symptom.alert),
        },
    }


def capacity_alerts(plan: Plan, trigger: Trigger) -> Iterator[dict[str, Any]]:
    """All alerts on one level."""
    yield static_alert(plan, trigger)
    if trigger.floor is not None:
        yield forecast_alert(plan, trigger)
    yield data_missing_alert(plan, trigger)


def runbook_url(plan: Plan, alert: str) -> str:
    """Where an alert's runbook is: under the profile's address, else in the folder of the triggers."""
    monitoring = (plan.profile.get("evidence") or {}).get("monitoring") or {}
    return f"{str(monitoring.get('runbooks') or 'runbooks').rstrip('/')}/{alert}.md"


def planned_growth(trigger: Trigger) -> float:
    """[1] the plan's growth of the logarithm over lead and review: what lies between the static level and the limit.

    The limit over the threshold is the growth that the plan expects until something ordered now is in service.
    """

    return round(math.log(trigger.limit / trigger.threshold), 9)


def least_samples(trigger: Trigger) -> int:
    """Samples of half the window: with fewer the forecast is silent, and the static floor stands alone."""
    return trigger.window_weeks * 7 * 24 // STEP_H // 2


def _raised(plan: Plan, trigger: Trigger) -> str:
    """The factor by which GPUs on their way raise a level."""
    if not trigger.per_gpu:
        return ""
    coming = series(CAPACITY_ON_ORDER, {"aisizer_profile": labels.profile_name(plan)})
    return f" * (1 + {number(trigger.per_gpu)} * scalar(sum({coming}) or vector(0)))"


def _summary(trigger: Trigger) -> str:
    if trigger.kind in ("load", "kv_cache"):
        return f"Order more capacity for {trigger.pool} now: the lead time has begun."
    return f"Act on {trigger.kind.replace('_', ' ')} of {trigger.pool} now: the lead time has begun."


def _alert(
    plan: Plan,
    trigger: Trigger,
    name: str,
    expr: str,
    hold: str,
    *,
    summary: str,
    description: str,
    action: str | None = None,
) -> dict[str, Any]:
    told = action or f"{trigger.action} See the section Triggers of sizing.md."
    return {
        "alert": name,
        "expr": Block(expr),
        "for": hold,
        "labels": {"severity": trigger.severity, **_inert_labels(trigger_labels(plan, trigger))},
        "annotations": {
            "summary": _inert(summary),
            "description": description,
            "runbook": _inert(f"{told} Owner: {trigger.owner}."),
            "runbook_url": runbook_url(plan, name),
        },
    }


def _inert_labels(own: dict[str, str]) -> dict[str, str]:
    """Labels of an alert, which Prometheus fills in as it does annotations."""
    return {name: _inert(value) for name, value in own.items()}


def _inert(text: str) -> str:
    """Text in which Prometheus sees no template."""
    return text.replace("{{", '{{ "{{" }}')
