"""The PromQL of the alert to order fires on the days on which the backtested rule does."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml

from aisizer.deliver.order_alert import busy_level, order_expression, weekly_mean
from aisizer.triggers.backtest import first
from aisizer.triggers.demand_paths import simulate
from aisizer.triggers.order_rule import alerts, order_rule, signals

DAYS, SAMPLES_A_DAY = 420, 4
EDGE_DAYS, EVERY_DAYS = 3, 5
"""A sliding day and a day of the calendar differ by less; states are compared so often."""
RULE = order_rule(0.8, 0.03, 26.0, 2.0)
PATHS = {
    "as planned": (0.48, 0.0),
    "twice the plan": (0.26, 0.001),
    "slower": (0.54, -0.0003),
    "due in the first weeks": (0.53, 0.0005),
    "due on day one": (0.66, 0.0),
    "shrinking": (0.35, -0.0025),
}
"""level on day zero, and what is added to the plan's slope a day"""


def log_levels() -> np.ndarray:
    seen = simulate(0.03, jumps=False, paths=len(PATHS), seed=3, days=DAYS, noise_sd=0.005, band=0.0, month_sd=0.0).seen
    start, drift = np.array(list(PATHS.values())).T[:, :, np.newaxis]
    return np.asarray(seen + np.log(start) + drift * np.arange(DAYS))


@pytest.mark.external("promtool")
def test_promql_fires_when_the_rule_does(tmp_path: Path) -> None:
    logs = log_levels()
    fires = alerts(signals(logs), RULE)
    changes = np.flatnonzero(np.diff(fires, axis=1).any(axis=0))
    compared = [day for day in range(EDGE_DAYS, DAYS, EVERY_DAYS) if np.abs(changes - day).min() > EDGE_DAYS]
    # The set has an alarm of each clause, one that a measured slope takes back, and a path without any.
    assert len(compared) > 50 and len(set(first(fires))) == len(PATHS) and fires[2, 80] and not fires[2, 120]
    rules = [
        {"record": "ln_p95_7d", "expr": weekly_mean("ln_p95_1d")},
        {"record": "busy_28d", "expr": busy_level("p95_1d")},
        {"alert": "Order", "expr": order_expression(RULE, "busy_28d", "ln_p95_7d")},
    ]
    (tmp_path / "rules.yaml").write_text(yaml.dump({"groups": [{"name": "order", "rules": rules}]}))
    checks = [
        {
            "eval_time": f"{day}d",
            "alertname": "Order",
            "exp_alerts": [{"exp_labels": {"path": name}} for name, on in zip(PATHS, fires[:, day], strict=True) if on],
        }
        for day in compared
    ]
    series = [
        {
            "series": f'{name}{{path="{path}"}}',
            "values": " ".join(f"{value:.6g}" for value in np.repeat(row, SAMPLES_A_DAY)),
        }
        for path, log_row in zip(PATHS, logs, strict=True)
        for name, row in (("p95_1d", np.exp(log_row)), ("ln_p95_1d", log_row))
    ]
    test = {"interval": "6h", "input_series": series, "alert_rule_test": checks}
    (tmp_path / "t.yaml").write_text(
        yaml.dump({"rule_files": ["rules.yaml"], "evaluation_interval": "6h", "tests": [test]}, width=10**9)
    )
    done = subprocess.run(
        ["promtool", "test", "rules", "t.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
