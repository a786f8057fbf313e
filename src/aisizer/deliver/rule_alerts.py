"""Alerting rules: for each level a static floor, a forecast and a watch over its data; for each symptom a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aisizer.deliver import labels, numbers
from aisizer.deliver.order_alert import order_expression
from aisizer.deliver.rule_records import (
    USED_LN_WEEK,
    UTILIZATION,
    UTILIZATION_BUSY,
    level_series,
    own_series,
    trigger_labels,
)
from aisizer.deliver.yaml_text import Block
from aisizer.plan import Plan
from aisizer.triggers.forecast import WEEK_DAYS
from aisizer.triggers.order_rule import order_rule
from aisizer.triggers.promql import number, series
from aisizer.triggers.records import Symptom, Trigger
from aisizer.triggers.symptoms import CAPACITY_ON_ORDER

HOLD = "1h"
"""an alert waits this long, so that one restart of the engine opens no ticket"""
VALUE = "{{ $value | humanizePercentage }}"


def static_alert(plan: Plan, trigger: Trigger) -> dict[str, Any]:
    """Works on the first day: the level from which planned growth reaches the limit one lead and review later."""
    threshold = numbers.plain(trigger.threshold)
    expr = f"{level_series(plan, trigger)} > {threshold}{_times(plan, trigger)}"
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
            f" (95th percentile of a day), above {threshold}: {trigger.formula}. "
            f"At {numbers.exact_share(trigger.growth_per_month)} a month the limit of "
            f"{numbers.exact_share(trigger.limit)} is {numbers.plain(trigger.lead_time_weeks)} weeks of lead time "
            f"and {numbers.plain(trigger.review_weeks)} weeks of review away."
        ),
    )


def forecast_alert(plan: Plan, trigger: Trigger) -> dict[str, Any]:
    """The backtested rule: growth as measured, drawn towards the plan's, reaches the limit within lead and review."""
    rule = order_rule(trigger.limit, trigger.growth_per_month, trigger.lead_time_weeks, trigger.review_weeks)
    busy, weekly = (own_series(name, plan, trigger) for name in (UTILIZATION_BUSY, USED_LN_WEEK))
    window = trigger.window_weeks * WEEK_DAYS
    raised = _raised(plan, trigger)
    expr = order_expression(rule, busy, weekly, window)
    if raised:
        expr = f"{busy}\nand (\n{order_expression(rule, f'({busy} / {raised})', weekly, window)}\n)"
    return _alert(
        plan,
        trigger,
        f"{trigger.alert}Forecast",
        expr,
        HOLD,
        summary=_summary(trigger),
        description=_inert(f"{trigger.pool}: {trigger.quantity} is ")
        + VALUE
        + _inert(
            f" and may reach {numbers.exact_share(trigger.limit)} within {numbers.plain(trigger.lead_time_weeks)} weeks of lead "
            f"time and {numbers.plain(trigger.review_weeks)} of review: growth over {trigger.window_weeks} weeks at a weight of "
            f"{numbers.share(rule.weight)}, the plan's at the rest, and a margin for the forecast's error; until 13 weeks are "
            f"measured, from {numbers.exact_share(float(f'{rule.cautious:.3g}'))} on. Prometheus must keep "
            f"{trigger.retention_days} days."
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


def _raised(plan: Plan, trigger: Trigger) -> str:
    """The capacity with GPUs on their way over that without; empty where they add nothing to it."""
    if not trigger.per_gpu:
        return ""
    coming = series(CAPACITY_ON_ORDER, {"aisizer_profile": labels.profile_name(plan)})
    return f"(1 + {number(trigger.per_gpu)} * scalar(sum({coming}) or vector(0)))"


def _times(plan: Plan, trigger: Trigger) -> str:
    raised = _raised(plan, trigger)
    return f" * {raised}" if raised else ""


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
