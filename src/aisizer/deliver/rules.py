"""triggers.rules.yaml: a plain Prometheus rule file, so that the plan keeps watching its own limit.

The sized capacity is a constant series; load over capacity is recorded once a minute, because a group interval above
the five-minute look-back of Prometheus would make alerts on recorded series silently never fire.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from aisizer.deliver import labels, numbers
from aisizer.plan import Plan
from aisizer.triggers.records import Trigger

CAPACITY = "aisizer:sized_capacity:rate"
UTILIZATION = "aisizer:capacity_utilization:ratio"
UTILIZATION_P95 = "aisizer:capacity_utilization:p95_1d"
RECORD_INTERVAL, ALERT_INTERVAL = "1m", "5m"
RATE_WINDOW, DAILY_WINDOW = "5m", "1d"
HOLD = "1h"
"""an alert waits this long, so that one restart of the engine opens no ticket"""


class _Block(str):
    """Text that YAML shows as a block, one expression a line."""


class _Dumper(yaml.SafeDumper):
    """Writes blocks as blocks."""


_Dumper.add_representer(_Block, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|"))


def rules_yaml(plan: Plan) -> str:
    """The recording and alerting rules of all triggers."""
    triggers = plan.triggers
    groups = [
        {
            "name": "aisizer-capacity.records",
            "interval": RECORD_INTERVAL,
            "rules": [rule for t in triggers for rule in _records(plan, t)],
        },
        {
            "name": "aisizer-capacity.alerts",
            "interval": ALERT_INTERVAL,
            "rules": [rule for t in triggers for rule in (_alert(plan, t), _data_missing(plan, t))],
        },
    ]
    body = yaml.dump({"groups": groups}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    return _header(plan) + body


def _header(plan: Plan) -> str:
    lines = [
        f"Capacity triggers of the plan {labels.profile_name(plan)}, written by aisizer {plan.aisizer_version}.",
        f"Profile sha256 {plan.inputs.profile_sha256}.",
        "Load with rule_files: in prometheus.yml. Each engine serves its model under the name in the selector",
        "(vLLM: --served-model-name); where yours differs, change the selector of the utilization rule.",
    ]
    return "".join(f"# {' '.join(line.split())}\n" for line in lines)


def _labels(plan: Plan, trigger: Trigger) -> dict[str, str]:
    return {"aisizer_profile": labels.profile_name(plan), "pool": trigger.pool}


def _series(name: str, plan: Plan, trigger: Trigger) -> str:
    matchers = ", ".join(f"{key}={json.dumps(value)}" for key, value in _labels(plan, trigger).items())
    return f"{name}{{{matchers}}}"


def _records(plan: Plan, trigger: Trigger) -> list[dict[str, Any]]:
    capacity, ratio = (_series(name, plan, trigger) for name in (CAPACITY, UTILIZATION))
    load = f"{trigger.metric}{{{trigger.model_label}={json.dumps(_served_model(plan, trigger))}}}"
    return [
        _record(plan, trigger, CAPACITY, f"vector({numbers.plain(_sized_rate(trigger))})"),
        _record(plan, trigger, UTILIZATION, f"sum(rate({load}[{RATE_WINDOW}]))\n  / scalar({capacity})"),
        _record(plan, trigger, UTILIZATION_P95, f"quantile_over_time(0.95, {ratio}[{DAILY_WINDOW}])"),
    ]


def _record(plan: Plan, trigger: Trigger, name: str, expr: str) -> dict[str, Any]:
    return {"record": name, "expr": _Block(expr + "\n"), "labels": _labels(plan, trigger)}


def _served_model(plan: Plan, trigger: Trigger) -> str:
    pools = plan.decision.pools if plan.decision else ()
    return next((pool.model for pool in pools if pool.name == trigger.pool), trigger.pool)


def _sized_rate(trigger: Trigger) -> float:
    """Tokens or requests a second, as the engine's metric counts them."""
    return trigger.sized_output_tokens_per_s if "token" in trigger.metric else trigger.sized_requests_per_s


def _alert(plan: Plan, trigger: Trigger) -> dict[str, Any]:
    threshold = numbers.plain(trigger.threshold)
    return {
        "alert": trigger.alert,
        "expr": _Block(f"{_series(UTILIZATION_P95, plan, trigger)} > {threshold}\n"),
        "for": HOLD,
        "labels": {"severity": trigger.severity, **_labels(plan, trigger)},
        "annotations": {
            "summary": _inert(f"Order more capacity for {trigger.pool} now: the lead time has begun."),
            "description": _inert(f"{trigger.pool}: {trigger.quantity} is ")
            + "{{ $value | humanizePercentage }}"
            + _inert(
                f" (95th percentile of a day), above {threshold}: {trigger.formula}. "
                f"At {numbers.exact_share(trigger.growth_per_month)} a month the limit of "
                f"{numbers.exact_share(trigger.limit)} is {numbers.plain(trigger.lead_time_weeks)} weeks of lead time "
                f"and {numbers.plain(trigger.review_weeks)} weeks of review away."
            ),
            "runbook": _inert(f"{trigger.action} Owner: {trigger.owner}. See the section Triggers of sizing.md."),
        },
    }


def _data_missing(plan: Plan, trigger: Trigger) -> dict[str, Any]:
    return {
        "alert": f"{trigger.alert}DataMissing",
        "expr": _Block(f"absent_over_time({_series(UTILIZATION, plan, trigger)}[{HOLD}])\n"),
        "for": HOLD,
        "labels": {"severity": trigger.severity, **_labels(plan, trigger)},
        "annotations": {
            "summary": _inert(f"The capacity trigger of {trigger.pool} is blind: its load has no data."),
            "description": _inert(
                f"{trigger.metric} with {trigger.model_label} {_served_model(plan, trigger)} gave no sample "
                f"for {HOLD}, so {trigger.alert} cannot fire."
            ),
            "runbook": _inert(
                "Check that the engine is scraped, and that it serves the model under the name in the selector. "
                f"Owner: {trigger.owner}."
            ),
        },
    }


def _inert(text: str) -> str:
    """Text in which Prometheus sees no template."""
    return text.replace("{{", '{{ "{{" }}')
