"""triggers/rules.test.yaml for `promtool test rules`: each alert silent before its level, firing after it, silent once
ordered, and firing again when the delivery slips.

The series that records.rules.yaml would record are given instead of computed, so that a test of months of growth runs in a
second; only the dates of orders are tested on the recording rules themselves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from aisizer.deliver import labels
from aisizer.deliver.rule_alerts import (
    VALUE,
    data_missing_alert,
    forecast_alert,
    static_alert,
    symptom_alert,
)
from aisizer.deliver.rule_records import (
    USED_LN_WEEK,
    UTILIZATION_BUSY,
    WEEK_S,
    end_of,
    horizon_s,
    level_series,
    orders,
    own_series,
    served_model,
    watched,
)
from aisizer.deliver.yaml_text import yaml_text
from aisizer.plan import Plan
from aisizer.profile.sections import Order
from aisizer.triggers.order_rule import BUSY_AGE, HISTORY_DAYS, order_rule
from aisizer.triggers.promql import number, series
from aisizer.triggers.records import Symptom, Trigger
from aisizer.triggers.symptoms import CAPACITY_ON_ORDER

ALERTS, RECORDS = "alerts.rules.yaml", "records.rules.yaml"
BELOW, ABOVE = 0.98, 1.02
"""Steady levels that a test stands on, over the threshold."""
ENOUGH = 0.10
"""[1] share of the capacity that the order in a static test brings at least."""
FASTER = 0.05
"""[1] of the logarithm by which the forecast of a test passes the limit: less than the order in it brings."""
STEP_H = 12
"""[h] between the samples of a test"""
MOST_REPLICAS = 200
"""Replicas that a test gives a series each; larger fleets are not tested one by one."""
STEPS_PER_DAY = 24 // STEP_H
WELL_STEP, ILL_STEP = 1, 3
"""[step] up to which a symptom's test is well, and at which it has been ill for longer than any alert waits."""
WELL, ILL = WELL_STEP * STEP_H * 60, (ILL_STEP - WELL_STEP) * STEP_H * 60
"""[min]"""


def rule_tests(plan: Plan) -> str:
    """The test file of the alerts."""
    tests = [test for trigger in watched(plan) for test in _of_trigger(plan, trigger)]
    tests += _blind(plan)
    tests += [_falls_ill(plan, symptom) for symptom in plan.symptoms if symptom.kind not in ("redundancy", "cost")]
    tests += _fewer(plan)
    return _suite(ALERTS, f"{STEP_H}h", tests)


def order_tests(plan: Plan) -> str:
    """The test file of the orders' dates; its clock starts in 1970, so a step is as long as an order counts."""
    weeks = max((horizon_s(trigger) // WEEK_S for trigger in watched(plan) if trigger.per_gpu), default=1)
    return _suite(RECORDS, f"{max(weeks, 1)}w", [_of_order(plan, order, max(weeks, 1)) for order in orders(plan)])


def _suite(rules: str, interval: str, tests: list[dict[str, Any]]) -> str:
    return yaml_text({"rule_files": [rules], "evaluation_interval": interval, "tests": tests})


def _of_trigger(plan: Plan, trigger: Trigger) -> Iterator[dict[str, Any]]:
    yield _static(plan, trigger)
    if trigger.floor is not None:
        yield _forecast(plan, trigger)


def _blind(plan: Plan) -> Iterator[dict[str, Any]]:
    """Without any data every trigger says that it is blind."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for trigger in watched(plan):
        by_name.setdefault(trigger.alert, []).append(data_missing_alert(plan, trigger))
    if by_name:
        yield _test("no data", [], [_expected_all(alerts, 2) for alerts in by_name.values()])


def _static(plan: Plan, trigger: Trigger) -> dict[str, Any]:
    """Below for a day, then above: ordered after ten steps, slipped after fifteen."""
    low, high = (_short(trigger.threshold * share) for share in (BELOW, ABOVE))
    alert = static_alert(plan, trigger)
    given = [_given(level_series(plan, trigger), f"{number(low)}+0x4 {number(high)}+0x19")]
    expected = [_expected(alert, 4, None), _expected(alert, 8, high)]
    if trigger.per_gpu:
        given.append(_coming(plan, "_x10", math.ceil(ENOUGH / trigger.per_gpu), 4))
        expected += [_expected(alert, 13, None), _expected(alert, 18, high)]
    return _test(f"{trigger.id}: level", given, expected)


def _forecast(plan: Plan, trigger: Trigger) -> dict[str, Any]:
    """A level below every floor with growth beyond the plan's: it fires once there is history enough to believe the growth."""
    rule = order_rule(trigger.limit, trigger.growth_per_month, trigger.lead_time_weeks, trigger.review_weeks)
    level, known = _short(rule.cautious * BELOW), HISTORY_DAYS * STEPS_PER_DAY
    ahead = math.log(rule.limit / level) - rule.margin + FASTER
    slope = (ahead / (rule.horizon_days + BUSY_AGE) - (1 - rule.weight) * rule.planned_per_day) / rule.weight
    fires, last = known + 4, known + 40
    alert = forecast_alert(plan, trigger)
    given = [
        _given(own_series(UTILIZATION_BUSY, plan, trigger), f"{number(level)}+0x{last}"),
        _given(own_series(USED_LN_WEEK, plan, trigger), f"-3+{slope / STEPS_PER_DAY:.12g}x{last}"),
    ]
    expected = [_expected(alert, known - 8, None), _expected(alert, fires + 4, level)]
    if trigger.per_gpu:
        given.append(_coming(plan, f"_x{fires + 8}", math.ceil(ENOUGH / trigger.per_gpu), 10))
        expected += [_expected(alert, fires + 14, None), _expected(alert, fires + 26, level)]
    return _test(f"{trigger.id}: growth", given, expected)


def _coming(plan: Plan, before: str, gpus: int, steps: int) -> dict[str, Any]:
    """An order that is on its way for some steps and is then late."""
    own = {"aisizer_profile": labels.profile_name(plan), "order": "PO-TEST"}
    return _given(series(CAPACITY_ON_ORDER, own), f"{before} {gpus}+0x{steps} stale")


def _falls_ill(plan: Plan, symptom: Symptom) -> dict[str, Any]:
    """Well for half a day, and ill after it."""
    own = {symptom.model_label: served_model(plan, symptom.pool)}
    alert = symptom_alert(plan, symptom)
    expected = [_expected(alert, WELL_STEP, None), _expected(alert, ILL_STEP, 0.0)]
    return _test(symptom.id, _illness(symptom, own), expected, "1m")


def _illness(symptom: Symptom, own: dict[str, str]) -> list[dict[str, Any]]:
    """Series of a symptom: answers that come late, a share that rises to all, or a gauge that leaves zero."""
    if symptom.id.startswith(MEANS):
        return _slow_mean(symptom, own)
    if symptom.unit == "s":
        return _slow_share(symptom, own)
    if symptom.over:
        return [
            _given(series(symptom.metric, own), f"0+0x{WELL} 0+1x{ILL}"),
            _given(series(symptom.over, own), f"0+1x{WELL + ILL + 1}"),
        ]
    return [_given(series(symptom.metric, own), f"0+0x{WELL} 5+0x{ILL}")]


def _fewer(plan: Plan) -> Iterator[dict[str, Any]]:
    """Every pool at the fewest replicas that it may have, and then each with one less."""
    found = [symptom for symptom in plan.symptoms if symptom.kind == "redundancy"]
    if not found or max(symptom.limit for symptom in found) > MOST_REPLICAS:
        return
    given = [one for s in found for one in _losing(s, {s.model_label: served_model(plan, s.pool)})]
    alerts = [symptom_alert(plan, symptom) for symptom in found]
    yield _test("redundancy", given, [_expected(alerts[0], WELL_STEP, None), _expected_all(alerts, ILL_STEP)], "1m")


MEANS = ("slo-ttft-mean", "slo-tpot-mean", "slo-e2e-mean")


def _slow_share(symptom: Symptom, own: dict[str, str]) -> list[dict[str, Any]]:
    """A request a minute: within the target, then all of them up to twice of it."""
    well = f"0+1x{WELL} {WELL}+0x{ILL}"
    every = f"0+1x{WELL + ILL + 1}"
    buckets = {number(symptom.limit): well, number(_short(2 * symptom.limit)): every, "+Inf": every}
    return [_given(series(f"{symptom.metric}_bucket", own | {"le": le}), values) for le, values in buckets.items()]


def _slow_mean(symptom: Symptom, own: dict[str, str]) -> list[dict[str, Any]]:
    """A request a minute at half of the target, then at twice of it."""
    half, twice = _short(symptom.limit / 2), _short(symptom.limit * 2)
    total = f"0+{number(half)}x{WELL} {number(_short(half * WELL))}+{number(twice)}x{ILL}"
    return [
        _given(series(f"{symptom.metric}_sum", own), total),
        _given(series(f"{symptom.metric}_count", own), f"0+1x{WELL + ILL + 1}"),
    ]


def _losing(symptom: Symptom, own: dict[str, str]) -> Iterator[dict[str, Any]]:
    """As many replicas as must stand, one of which goes."""
    for replica in range(round(symptom.limit)):
        lasts = f"1+0x{WELL} stale" if replica == 0 else f"1+0x{WELL + ILL + 1}"
        yield _given(series(symptom.metric, own | {"instance": f"replica-{replica}"}), lasts)


def _of_order(plan: Plan, order: Order, weeks: int) -> dict[str, Any]:
    """On the last step before its date an order counts, on the first one after it no longer."""
    own = {"aisizer_profile": labels.profile_name(plan), "order": order.id}
    before = (end_of(order.due) - 1) // (weeks * WEEK_S) * weeks
    name = series(CAPACITY_ON_ORDER, own)
    counted = [{"labels": name, "value": order.gpus}]
    return {
        "name": f"{order.id} counts until it is late",
        "interval": f"{weeks}w",
        "promql_expr_test": [
            {"expr": name, "eval_time": f"{before}w", "exp_samples": counted},
            {"expr": name, "eval_time": f"{before + weeks}w", "exp_samples": []},
        ],
    }


def _test(
    name: str, given: list[dict[str, Any]], expected: list[dict[str, Any]], interval: str = f"{STEP_H}h"
) -> dict[str, Any]:
    return {"name": name, "interval": interval, "input_series": given, "alert_rule_test": expected}


def _given(name: str, values: str) -> dict[str, Any]:
    return {"series": name, "values": values}


def _expected(alert: dict[str, Any], step: int, value: float | None) -> dict[str, Any]:
    """What must fire at a step with which value; None: nothing."""
    fired = [] if value is None else [_fired(alert, value)]
    return {"eval_time": f"{step * STEP_H}h", "alertname": alert["alert"], "exp_alerts": fired}


def _expected_all(alerts: list[dict[str, Any]], step: int) -> dict[str, Any]:
    """Alerts of one name that must fire at a step, none of which tells its value."""
    fired = [_fired(alert, 0.0) for alert in alerts]
    return {"eval_time": f"{step * STEP_H}h", "alertname": alerts[0]["alert"], "exp_alerts": fired}


def _fired(alert: dict[str, Any], value: float) -> dict[str, Any]:
    told = f"{value * 100:.4g}%"
    return {
        "exp_labels": {name: _rendered(text, told) for name, text in alert["labels"].items()},
        "exp_annotations": {name: _rendered(text, told) for name, text in alert["annotations"].items()},
    }


def _rendered(text: str, value: str) -> str:
    """A template as Prometheus fills it."""
    return text.replace('{{ "{{" }}', "\0").replace(VALUE, value).replace("\0", "{{")


def _short(value: float) -> float:
    """Six digits, as a test file should show."""
    return float(f"{value:.6g}")
