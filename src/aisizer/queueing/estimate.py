"""What a simulation says of a percentile, and how sure it is: warm-up removed, intervals from sections of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from aisizer.queueing.percentiles import LEVELS
from aisizer.queueing.simulate import Outcome
from aisizer.shapes import Floats
from aisizer.special import stdtrit

SECTIONS = 10
"""Sections of a run: enough for a variance, few enough that each holds many independent stretches of the queue."""
CONFIDENCE = 0.95
"""[1] of the intervals."""
WARM_UP = 2.0
"""95th percentiles of the time in system after which a replica that began empty is taken to have forgotten it."""
LEAST = 30
"""Measured requests of each section below which nothing is estimated: a percentile of fewer is not one."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """[s] a statistic of a latency, and its 95 % interval; infinite where the run was too short to tell."""

    value: float
    low: float
    high: float

    def side(self, target: float) -> int:
        """-1 where the whole interval is within the target, 1 where it is beyond, 0 where it is on both sides.

        >>> [Estimate(1.0, 0.9, 1.1).side(t) for t in (1.2, 1.1, 1.0, 0.9, 0.8)]
        [-1, -1, 0, 0, 1]
        """
        return -1 if self.high <= target else 1 if self.low > target else 0


def measured(run: Outcome) -> NDArray[np.bool_]:
    """The requests that count: not those of the warm-up, nor those at the end, whose company no longer arrives.

    A request that failed counts, with an infinite latency.
    """
    in_system = run.e2e_s[~np.isnan(run.e2e_s)]
    if not len(in_system):
        return np.ones(len(run.sent_s), dtype=np.bool_)
    p95 = float(np.quantile(in_system, 0.95))
    since, until = run.sent_s[0] + WARM_UP * p95, run.sent_s[-1] - p95
    return np.asarray((run.sent_s >= since) & (run.sent_s <= until))


def sections(values: Floats, sent_s: Floats) -> list[Floats]:
    """The values of one run cut into sections of equal numbers, in the order of sending."""
    return np.array_split(values[np.argsort(sent_s, kind="stable")], SECTIONS)


def estimate(parts: Sequence[Floats], statistic: str) -> Estimate:
    """A statistic of all parts together, with an interval from how far those of the parts scatter around it.

    Sectioning (Asmussen and Glynn 2007, Stochastic Simulation, section III.5a): half-width t x s / sqrt(b) with s^2 =
    sum (Q_j - Q)^2 / (b - 1) over b sections and Student's t of b - 1 degrees. Worked: two parts with means 1 and 3:
    Q = 2, s = sqrt(2), t = 12.706, half-width 12.706; no latency is below 0.

    >>> found = estimate([np.full(30, 1.0), np.full(30, 3.0)], "mean")
    >>> found.value, found.low, round(found.high, 3)
    (2.0, 0.0, 14.706)
    """
    if min(len(part) for part in parts) < LEAST:
        return Estimate(inf, -inf, inf)
    whole, each = _statistic(np.concatenate(parts), statistic), [_statistic(part, statistic) for part in parts]
    if not np.isfinite([whole, *each]).all():
        return Estimate(whole, -inf if np.isfinite(each).any() else inf, inf)
    spread = np.sqrt(np.sum((np.array(each) - whole) ** 2) / (len(each) - 1) / len(each))
    half = float(stdtrit(len(each) - 1, (1 + CONFIDENCE) / 2) * spread)
    return Estimate(whole, max(0.0, whole - half), whole + half)


def _statistic(values: Floats, name: str) -> float:
    if name == "mean":
        return float(values.mean())
    if np.isinf(values).any():
        return float(np.quantile(values, LEVELS[name], method="higher"))
    return float(np.quantile(values, LEVELS[name]))
