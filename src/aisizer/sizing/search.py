"""The share of a load at which a promise is just kept, looked for by simulated runs that are no longer than they must be."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

NEAR = 0.02
"""[1] by which a search for a capacity may still move the share at its end."""
FIRST_SLOPE, LEAST_SLOPE = 2.0, 0.1
"""[1] how fast logarithms of latencies are taken to rise with that of the share, at first and at least."""
APART = 0.05
"""[1] by which two shares differ at least that tell a slope, and the least step until one is known."""
MOST_RUNS = 20
SURE, ROUGH, WIDE = 0.08, 0.15, 0.3
"""[1] half-width of its 95 % interval to which a capacity is looked for, the step that short runs are left at, and the widest
interval that is left where both of its ends lead to the same purchases."""
Alike = Callable[[float, float], bool]


@dataclass(frozen=True, slots=True)
class Point:
    """What one share showed: the logarithm of the largest latency over its target, infinite where it could not be measured,
    how wide its interval is to each side, which limit it is, and whether the run held a steady state."""

    worst: float
    half_width: float
    limit: int
    settled: bool


@dataclass(frozen=True, slots=True)
class Crossing:
    """[1] the share at which a limit is reached, how wide its interval is to each side, relatively, which limit it is (-1:
    none is, up to the most that was asked), and requests played. A share of 0 met no limit."""

    share: float
    half_width: float
    limit: int
    played: int


def crossing(
    tried_at: Callable[[float, int], Point],
    share: float,
    most: float,
    first: int,
    longest: int,
    alike: Alike = lambda low, high: False,
) -> Crossing:
    """The share up to `most` at which the worst latency reaches its target, by runs of `first` to `longest` requests.

    Newton's steps on logarithms, with the slope of the last two runs and between a share that met every limit and one that
    did not; runs are doubled until they hold a steady state, and where a step is smaller than chance until the root is known
    within SURE, as in retrospective approximation (Chen and Schmeiser 2001, doi:10.1080/07408170108936829).
    """
    x, count, slope, least_step, played = math.log(min(share, most)), first, FIRST_SLOPE, APART, 0
    met, missed, last = -math.inf, math.inf, None
    for _ in range(MOST_RUNS):
        point = tried_at(math.exp(x), count)
        played += count
        longer = min(2 * count, longest)
        if not point.settled and longer > count:
            count = longer
            continue
        met, missed = (max(met, x), missed) if point.worst <= 0 else (met, min(missed, x))
        if last is not None and math.isfinite(point.worst - last[1]) and abs(x - last[0]) >= APART:
            slope, least_step = max((point.worst - last[1]) / (x - last[0]), LEAST_SLOPE), 0.0
        last = x, point.worst
        step = max(min(abs(point.worst) / slope, math.log(2)), least_step if abs(point.worst) > NEAR else 0.0)
        root = min(x - math.copysign(step, point.worst), math.log(most))
        width = point.half_width / slope
        if abs(root - x) <= max(NEAR, min(width / 2, SURE if longer == count else ROUGH)):
            if width <= SURE or longer == count or (width <= WIDE and alike(*_ends(root, width))):
                stopped = root < math.log(most)
                return Crossing(math.exp(root), width if stopped else 0.0, point.limit if stopped else -1, played)
            count, met, missed, last = longer, -math.inf, math.inf, None
        x = _between(root, met, missed)
    return Crossing(math.exp(met), math.inf, -1 if last is None else point.limit, played)


def _ends(x: float, width: float) -> tuple[float, float]:
    """[1] the ends of the interval around a share given by its logarithm."""
    return math.exp(x) * (1 - width), math.exp(x) * (1 + width)


def _between(x: float, met: float, missed: float) -> float:
    """The point drawn inside the two ends by a tenth of what lies between them, where both are known."""
    if not (math.isfinite(met) and math.isfinite(missed) and met < missed):
        return x
    inset = (missed - met) / 10
    return min(max(x, met + inset), missed - inset)
