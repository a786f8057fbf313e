"""triggers/dashboard.json: throughput, headroom, latency and cost against the plan, for import into Grafana."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from aisizer.deliver import labels, numbers
from aisizer.deliver.order_alert import STEP
from aisizer.deliver.rule_records import (
    CAPACITY,
    USED_LN_WEEK,
    WEEK_S,
    level_series,
    own_series,
    served_model,
    watched,
)
from aisizer.plan import Plan
from aisizer.triggers.promql import number, series, summed_rate
from aisizer.triggers.records import Symptom, Trigger
from aisizer.triggers.symptoms import CAPACITY_ON_ORDER, PLANNED_SPEND
from aisizer.units import MONTH

SCHEMA_VERSION = 39
"""of Grafana 11; later versions read it and migrate it"""
UID_LENGTH = 40
"""most characters of a dashboard's uid in Grafana"""
WIDTH, HEIGHT = 12, 8
"""of a panel on a grid of 24 columns"""

Target = tuple[str, str]
"""PromQL and legend."""


def dashboard_json(plan: Plan) -> str:
    """The dashboard as JSON; ids and places follow from the plan, so that the same plan gives the same bytes."""
    name, marking = labels.profile_name(plan), labels.marking(plan)
    made = {
        "title": f"aisizer: {name}",
        **({"description": f"Handling: {marking}."} if marking else {}),
        "uid": f"aisizer-{name}"[:UID_LENGTH],
        "tags": ["aisizer", name],
        "schemaVersion": SCHEMA_VERSION,
        "timezone": "browser",
        "refresh": "5m",
        "time": {"from": "now-28d", "to": "now"},
        "templating": {"list": [{"type": "datasource", "query": "prometheus", "name": "datasource"}]},
        "panels": list(_placed(panel for panel in _panels(plan) if panel["targets"])),
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _placed(panels: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Two panels a row, numbered from 1."""
    for place, (id, panel) in enumerate(zip(count(1), panels)):  # one of them never ends
        grid = {"h": HEIGHT, "w": WIDTH, "x": place % 2 * WIDTH, "y": place // 2 * HEIGHT}
        yield {"id": id, "gridPos": grid, **panel}


def _panels(plan: Plan) -> Iterator[dict[str, Any]]:
    for trigger in watched(plan):
        if trigger.kind == "load":
            yield _throughput(plan, trigger)
        yield _level(plan, trigger)
    yield _headroom(plan)
    yield _weeks_left(plan)
    for symptom in plan.symptoms:
        if symptom.kind == "latency":
            yield _latency(plan, symptom)
    yield _orders(plan)
    if plan.decision is not None and plan.decision.site in plan.tco:
        yield _spend(plan)
        yield from _unit_cost(plan)


def _throughput(plan: Plan, trigger: Trigger) -> dict[str, Any]:
    own = {trigger.model_label: served_model(plan, trigger.pool)}
    targets = [
        (trigger.query or summed_rate(trigger.metric, own), "now"),
        (own_series(CAPACITY, plan, trigger), "sized capacity with the redundancy down"),
    ]
    return _panel(f"Throughput of {trigger.pool}", targets, "short", trigger.unit)


def _level(plan: Plan, trigger: Trigger) -> dict[str, Any]:
    """A level with its threshold and limit, as printed in the document."""
    targets = [
        (level_series(plan, trigger), "level that the alerts compare"),
        (f"vector({numbers.plain(trigger.threshold)})", "order now"),
        (f"vector({numbers.plain(trigger.limit)})", "limit"),
    ]
    title = f"{trigger.kind.replace('_', ' ').capitalize()} of {trigger.pool}: {trigger.quantity}"
    return _panel(title, targets, "percentunit", trigger.formula)


def _headroom(plan: Plan) -> dict[str, Any]:
    targets = [(f"1 - {level_series(plan, t)} / {numbers.plain(t.limit)}", f"{t.kind} {t.pool}") for t in watched(plan)]
    return _panel("Headroom to each limit", targets, "percentunit", "1 - level / limit")


def _weeks_left(plan: Plan) -> dict[str, Any]:
    """Weeks at the growth of the window; nothing where it does not grow."""
    targets = [
        (
            f"(ln(vector({numbers.plain(t.limit)})) - on () group_right () ln({level_series(plan, t)}))\n"
            f"  / (deriv({own_series(USED_LN_WEEK, plan, t, f'{t.window_weeks}w:{STEP}')}) * {WEEK_S} > 0)",
            f"{t.kind} {t.pool}",
        )
        for t in watched(plan)
        if t.floor is not None
    ]
    return _panel("Weeks to each limit at the growth measured", targets, "short", "log-linear, as the forecast alerts")


def _latency(plan: Plan, symptom: Symptom) -> dict[str, Any]:
    metric, statistic = symptom.id.split("-")[1:3]
    own = {symptom.model_label: served_model(plan, symptom.pool)}
    if statistic == "mean":
        now = f"{summed_rate(symptom.metric + '_sum', own)} / {summed_rate(symptom.metric + '_count', own)}"
    else:
        buckets = series(f"{symptom.metric}_bucket", own, "5m")
        now = f"histogram_quantile({int(statistic[1:]) / 100:g}, sum by (le) (rate({buckets})))"
    targets = [(now, "now"), (f"vector({number(symptom.limit)})", "promised")]
    return _panel(f"{metric.upper()} {statistic} of {symptom.pool}", targets, "s", symptom.quantity)


def _orders(plan: Plan) -> dict[str, Any]:
    coming = series(CAPACITY_ON_ORDER, {"aisizer_profile": labels.profile_name(plan)})
    return _panel("GPUs on order that come in time", [(coming, "{{order}}")], "short", "evidence.orders of the profile")


def _spend(plan: Plan) -> dict[str, Any]:
    """What the plan spends, and what is spent where a query measures it."""
    planned = series(PLANNED_SPEND, {"aisizer_profile": labels.profile_name(plan)})
    targets = [(planned, "plan")]
    targets += [(t.query, "spent") for t in watched(plan) if t.kind == "spend"]
    return _panel("Spend since the first order against the plan", targets, "currencyUSD", "by the end of the month")


def _unit_cost(plan: Plan) -> Iterator[dict[str, Any]]:
    """What a million generated tokens cost at the present load, if money leaves evenly as the plan has it, and its trend."""
    loads = [t for t in watched(plan) if t.kind == "load" and "generation" in t.metric]
    if not loads or plan.roadmap is None:
        return
    per_s = plan.tco[labels.decided(plan).site].three_year_usd / (36 * MONTH)
    now = " + ".join(f"sum(rate({_counter(plan, t, '1d')}))" for t in loads)
    targets = [(f"{number(round(per_s, 9))} / ({now}) * 1e6", "at the load of the last day")]
    yield _panel(
        "USD per million generated tokens",
        targets,
        "currencyUSD",
        "36-month spend spread evenly over the tokens of a day",
    )


def _counter(plan: Plan, trigger: Trigger, window: str) -> str:
    return series(trigger.metric, {trigger.model_label: served_model(plan, trigger.pool)}, window)


def _panel(title: str, targets: list[Target], unit: str, said: str) -> dict[str, Any]:
    return {
        "type": "timeseries",
        "title": title,
        "description": said,
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + i) if i < 26 else f"A{i}", "expr": expr, "legendFormat": legend}
            for i, (expr, legend) in enumerate(targets)
        ],
    }
