"""Fits a few physical factors of a step table to load points: ridge on log ratios, with a prior for each factor.

Each point is predicted by replaying its protocol. The residuals ln(predicted / measured) of TTFT, TPOT and tokens/s and
the priors form one nonlinear least-squares problem; its linearisation at the optimum gives standard errors and the
factors without each point (A. E. Hoerl, R. W. Kennard, Ridge regression, Technometrics 12, 1970,
doi:10.1080/00401706.1970.10488634; D. M. Allen, PRESS, Technometrics 16, 1974, doi:10.1080/00401706.1974.10489157).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from aisizer.calibration.protocols import Figures, Scenario, replay
from aisizer.engine.calibrated import apply
from aisizer.profile.calibrations import Factors
from aisizer.progress import Told, counted, untold
from aisizer.shapes import Floats, StepTable

Metric = Literal["ttft", "tpot", "throughput"]
METRICS: tuple[Metric, ...] = ("ttft", "tpot", "throughput")
NOISE = {"ttft": 0.15, "tpot": 0.05, "throughput": 0.05}
"""[1] sd of the log ratio of one measured figure: repeated runs (TPOT 4 %, TTFT 8 %, mean CV of published repeats) and
what a few factors cannot mend; TTFT also has the client's and the network's share."""
SCALE_SD = {"weights": 0.15, "tokens": 0.2, "prefill": 0.2, "kv_read": 0.15, "step": 0.2, "sequence": 0.2}
"""[1] prior sd of ln(factor): kernels reach 15-20 % either way of the datasheet model, and so do host overheads."""
ADDED_SD = {"server_s": 0.02, "client_s": 0.002, "stream_steps": 10.0}
"""Prior sd of what is added to TTFT. [s] the 9-10 ms measured for vLLM's API server, twice; [s] tokenising 1,000 tokens
in one process, per client; [step] half of the stream interval of 20 that InferenceX's TensorRT-LLM recipes set."""
SMALLEST_S = 1e-5
"""[s] no time to first token is shorter; keeps its logarithm finite."""
FURTHEST = 4.0
"""[prior sd] bound of every factor; a fit that ends there is told."""
ADDED_START = 0.5
"""[prior sd] where times that are never negative start: at 0 a queue hidden behind a longer one shows no slope."""
DIFFERENCE = 0.15
"""[prior sd] step of the numerical derivative, large against the grain of a discrete simulation."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One load point: the uncalibrated table, the run to replay, and what was measured by metric [s] or [token/s].

    statistic names which figure of a latency was measured: mean or p50.
    """

    table: StepTable
    scenario: Scenario
    clients: float
    measured: dict[str, float]
    statistic: dict[str, str]


@dataclass(frozen=True, slots=True)
class Fit:
    """Factors with standard errors, and log residuals [point][metric] of the fit and of leaving that point out."""

    factors: Factors
    standard_errors: dict[str, float]
    residuals: tuple[dict[str, float], ...]
    left_out: tuple[dict[str, float], ...]
    at_bound: tuple[str, ...]


NAMES = (*SCALE_SD, *ADDED_SD)
_UNITS = np.array([*SCALE_SD.values(), *ADDED_SD.values()])
_NOT_NEGATIVE = ("client_s", "stream_steps")
_LOWEST = np.array([0.0 if name in _NOT_NEGATIVE else -FURTHEST for name in NAMES])
FEW = 8
"""Points up to which each is left out by fitting the others anew; of more, each moves the fit so little that one step does."""


def fit(points: Sequence[Observed], progress: Told = untold) -> Fit:
    """The most probable factors given the points and the priors; `progress` is told of the fits, where there are several."""
    if not points:
        raise ValueError("fit needs at least one point.")
    start = np.array([ADDED_START if name in _NOT_NEGATIVE else 0.0 for name in NAMES])
    asked = [points, *(_others(points) if len(points) <= FEW else ())]
    x, *without = [_solved(some, start) for some in counted(asked, len(asked), progress)]
    slope, now = _jacobian(points, x), _residuals(points, x)
    covariance = np.linalg.inv(slope.T @ slope)
    errors = np.sqrt(np.diag(covariance)) * _UNITS
    bound = tuple(name for name, value in zip(NAMES, np.abs(x), strict=True) if value > FURTHEST - 0.01)
    return Fit(
        factors_at(x),
        dict(zip(NAMES, errors.tolist(), strict=True)),
        tuple(log_ratios(point, factors_at(x)) for point in points),
        tuple(_refitted(points, without) if len(points) <= FEW else _left_out(points, x, slope, now)),
        bound,
    )


def _solved(points: Sequence[Observed], start: Floats) -> Floats:
    """The factors, in prior standard deviations, that fit the points and the priors best."""
    from scipy.optimize import least_squares  # a plan takes the priors of this file and does not wait for it

    found = least_squares(
        lambda x: _residuals(points, x),
        start,
        jac=lambda x: _jacobian(points, x),
        bounds=(_LOWEST - 1e-9, FURTHEST + 1e-9),
        xtol=1e-3,
        ftol=1e-4,
        max_nfev=20,
    )
    return np.asarray(found.x)


def _residuals(points: Sequence[Observed], x: Floats) -> Floats:
    return np.concatenate([*(_weighed(point, x) for point in points), x])


def _jacobian(points: Sequence[Observed], x: Floats) -> Floats:
    base = _residuals(points, x)
    columns = [(_residuals(points, x + DIFFERENCE * unit) - base) / DIFFERENCE for unit in np.eye(len(x))]
    return np.stack(columns, axis=1)


def factors_at(x: Floats) -> Factors:
    """Factors at x prior standard deviations from none: multiples in logarithms, times in seconds.

    >>> factors_at(np.zeros(9)) == Factors()
    True
    """
    values = dict(zip(NAMES, (x * _UNITS).tolist(), strict=True))
    scales = {name: math.exp(values[name]) for name in SCALE_SD}
    return Factors(**scales, server_s=values["server_s"], **{name: max(0.0, values[name]) for name in _NOT_NEGATIVE})


def predicted(point: Observed, factors: Factors) -> dict[str, float]:
    """TTFT and TPOT [s] and tokens/s of the point by its replay, with what the server adds outside its steps.

    The API server takes client_s a request while the engine computes: of the two queues the longer one is felt, so
    that TTFT grows by what client_s x clients exceeds the replay's own wait; a closed loop slows to E2E / (E2E + that)
    of its rate (Little's law). A first token held back by n steps comes n x TPOT later, the rest of the answer faster.
    """
    table = apply(point.table, factors)
    figures = replay(table, point.scenario)
    delay = max(0.0, factors.client_s * point.clients - _wait_s(table, point, figures))
    tpot = _statistic(figures.tpot_s, point, "tpot")
    steps = point.scenario.output.mean - 1
    held = min(factors.stream_steps, steps)
    added = delay + (held * tpot if held > 0 else 0.0)
    return {
        "ttft": max(_statistic(figures.ttft_s, point, "ttft") + added, SMALLEST_S),
        "tpot": tpot * (1 - held / steps) if held < steps else SMALLEST_S,
        "throughput": figures.output_tok_s * _slowed(point, figures, delay),
    }


def _wait_s(table: StepTable, point: Observed, figures: Figures) -> float:
    """[s] mean TTFT beyond that of a request alone on the replica."""
    alone = replace(point.scenario, protocol="closed_burst", load=1.0, requests=1, max_in_flight=None)
    return max(0.0, figures.ttft_s["mean"] - replay(table, alone).ttft_s["mean"])


def log_ratios(point: Observed, factors: Factors) -> dict[str, float]:
    """ln(predicted / measured) of each metric that was measured."""
    figures = predicted(point, factors)
    return {
        metric: math.log(figures[metric] / point.measured[metric]) for metric in METRICS if metric in point.measured
    }


def errors(residuals: Sequence[dict[str, float]]) -> dict[Metric, float]:
    """Median absolute percentage error of each metric that was measured, as a share."""
    found: dict[Metric, float] = {}
    for metric in METRICS:
        values = [abs(math.expm1(point[metric])) for point in residuals if metric in point]
        if values:
            found[metric] = float(np.median(values))
    return found


def _slowed(point: Observed, figures: Figures, delay_s: float) -> float:
    closed = point.scenario.protocol in ("closed_burst", "closed_steady")
    return figures.e2e_s / (figures.e2e_s + delay_s) if closed else 1.0


def _statistic(values: dict[str, float], point: Observed, metric: str) -> float:
    return values[point.statistic.get(metric, "mean")]


def _weighed(point: Observed, x: Floats) -> Floats:
    """Log ratios of one point over their noise, in the order of METRICS; far ones count less (pseudo-Huber loss)."""
    ratios = log_ratios(point, factors_at(x))
    return softened(np.array([ratios[metric] / NOISE[metric] for metric in METRICS if metric in ratios]))


def softened(ratios: Floats) -> Floats:
    """Residuals r whose squares grow as 2 |r| beyond 1: sign(r) sqrt(2 (sqrt(1 + r^2) - 1)).

    Source: Charbonnier et al. 1997, doi:10.1109/83.551699.

    >>> softened(np.array([0.1, -3.0])).round(3)
    array([ 0.1 , -2.08])
    """
    soft: Floats = np.sign(ratios) * np.sqrt(2 * (np.sqrt(1 + ratios**2) - 1))
    return soft


def _others(points: Sequence[Observed]) -> list[list[Observed]]:
    """The points without each of them in turn."""
    return [[*points[:i], *points[i + 1 :]] for i in range(len(points))]


def _refitted(points: Sequence[Observed], without: Sequence[Floats]) -> list[dict[str, float]]:
    """Log ratios of each point at the factors that the others alone give."""
    return [
        log_ratios(point, factors_at(np.clip(x, _LOWEST, FURTHEST))) for point, x in zip(points, without, strict=True)
    ]


def _left_out(points: Sequence[Observed], x: Floats, slope: Floats, now: Floats) -> list[dict[str, float]]:
    """The same where many points each move the factors little: one Gauss-Newton step without its rows, then its replay."""
    normal, found, row = slope.T @ slope, list[dict[str, float]](), 0
    for point in points:
        rows = slice(row, row + len(point.measured))
        own, row = slope[rows], rows.stop
        moved = x + np.linalg.solve(normal - own.T @ own, own.T @ now[rows])
        found.append(log_ratios(point, factors_at(np.clip(moved, _LOWEST, FURTHEST))))
    return found
