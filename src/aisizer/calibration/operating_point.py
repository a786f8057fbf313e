"""Fits the factors of a step table to the means of one closed loop in steady state, by the analytic queue.

The prior, the noise and the loss are those of `fit.py`; one point needs no replay, and a plan no simulator. All trial
tables of a step are solved at once (Gauss-Newton; Nocedal, Wright, Numerical Optimization, 2006, section 10.3).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aisizer.calibration.fit import DIFFERENCE, FURTHEST, METRICS, NAMES, NOISE, factors_at, softened
from aisizer.engine.calibrated import apply
from aisizer.profile.calibrations import Factors
from aisizer.queueing.occupancy import solve
from aisizer.queueing.records import Load
from aisizer.shapes import Floats, Requests, StepTable

STEPS = 3
"""Gauss-Newton steps: within 0.1 % of the optimum where the model is 10 % off, within 3 % where it is off by half."""
FITTED = np.array([name not in ("client_s", "stream_steps") for name in NAMES])
"""Which factors a step table has; the other two describe how a benchmark was answered."""


def means(tables: list[StepTable], requests: Requests, clients: float) -> dict[str, Floats]:
    """TTFT and TPOT [s] and output tokens/s of each table under so many clients; nan where it is not stable."""
    found = solve(tables, requests, Load(np.zeros(1), np.array([clients])), np.ones(len(tables)))
    return {
        "ttft": found.value("ttft", "mean")[:, 0],
        "tpot": found.value("tpot", "mean")[:, 0],
        "throughput": found.throughput * requests.output_tokens.mean(),
    }


def fit_point(table: StepTable, requests: Requests, clients: float, measured: Mapping[str, float]) -> Factors | None:
    """The most probable factors given what was measured at one load; null where the load cannot be replayed."""
    x = np.zeros(len(NAMES))
    units = np.eye(len(NAMES))[FITTED] * DIFFERENCE
    for _ in range(STEPS):
        trials = [apply(table, factors_at(trial)) for trial in (x, *(x + units))]
        errors = _errors(means(trials, requests, clients), measured)
        if not np.isfinite(errors).all():
            return None
        slope = (errors[1:] - errors[0]).T / DIFFERENCE
        normal = slope.T @ slope + np.eye(int(FITTED.sum()))
        x[FITTED] -= np.linalg.solve(normal, slope.T @ errors[0] + x[FITTED])
        x = np.clip(x, -FURTHEST, FURTHEST)
    return factors_at(x)


def _errors(found: Mapping[str, Floats], measured: Mapping[str, float]) -> Floats:
    """[trial, metric] log ratios over their noise; far ones count less."""
    names = [metric for metric in METRICS if metric in measured]
    ratios = [np.log(found[name] / measured[name]) / NOISE[name] for name in names]
    return softened(np.stack(ratios, axis=1))
