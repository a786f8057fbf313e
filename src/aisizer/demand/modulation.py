"""Arrivals whose rate itself wanders: their dispersion, its fit, the peak it asks for, and samples of them.

The rate is lambda x exp(sum of X_i - s_i^2 / 2), each X_i an Ornstein-Uhlenbeck process of variance s_i^2 =
ln(1 + variance_i) and correlation time `time_i`; given the rate, arrivals are Poisson (a log-Gaussian Cox process:
Moller, Syversveen and Waagepetersen 1998, doi:10.1111/1467-9469.00115).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from aisizer.demand.mix import Z95
from aisizer.errors import InvalidInput
from aisizer.profile.sections import Burst, Modulation
from aisizer.shapes import Floats
from aisizer.units import MINUTE

PEAK_WINDOW = 300.0
"""[s] the window whose 99th percentile is the peak rate: slower swings are in that rate, faster ones in the burst."""
Z99 = 2.3263478740408408
"""99th percentile of the standard normal distribution."""
TIMES_PER_DECADE = 8
"""Correlation times tried by the fit; two neighbours differ by a third, less than an hour of arrivals can tell apart."""
STEPS_PER_TIME = 10
"""Steps of the rate's grid in the shortest correlation time; its trapezoids then miss less than 0.1 % of the rate."""
WILDEST = 1000.0
"""[1] variance of a part beyond which a profile takes none: a standard deviation of 32 times the mean."""
SMALLEST = 1e-6
"""[1] relative variance below which a part is none."""
_LINEAR = 1e-4
"""[1] windows over correlation time below which the next term is smaller than rounding."""
_BLOCK = 4096
"""Steps drawn at once; exp(_BLOCK / STEPS_PER_TIME) is still a float."""


def rate_variance(modulation: Sequence[Modulation], window_s: float) -> float:
    """[1] variance of the rate's mean over a window [s], over the square of the mean rate.

    Of an exponentially correlated rate with relative variance v and correlation time T a window w keeps
    2 v T/w (1 - T/w (1 - exp(-w/T))) (Cox and Isham 1980, Point Processes, section 3.3). Parts add; their product, at
    most v1 x v2, is left out, and so is the difference between the correlation of a log-normal rate and an exponential,
    at most a tenth of v up to v = 0.2.

    >>> round(rate_variance([Modulation(variance=0.033, time="300 s")], 60.0), 5)
    0.03091
    """
    return sum(m.variance * _kept(window_s / m.time) for m in modulation)


def dispersion(rate_per_s: float, modulation: Sequence[Modulation], window_s: float) -> float:
    """[1] index of dispersion: variance over mean of the arrivals in windows [s] at a mean rate [req/s].

    1 is Poisson's; the wandering rate adds rate x window x its relative variance over the window (Cox and Lewis 1966,
    The Statistical Analysis of Series of Events, chapter 4).

    >>> two = [Modulation(variance=0.033, time="300 s"), Modulation(variance=0.015, time="30 s")]
    >>> [round(dispersion(5.0, two, w), 1) for w in (1, 10, 60, 300)]
    [1.2, 3.3, 12.8, 41.5]
    """
    return 1 + rate_per_s * window_s * rate_variance(modulation, window_s)


def fit(
    windows_s: Sequence[float], dispersions: Sequence[float], rate_per_s: float, span_s: float = math.inf
) -> tuple[Modulation, ...]:
    """At most two parts, fast and slow, whose dispersion at the windows [s] comes nearest to what was measured.

    `span_s` is the length [s] of the record whose own mean the sample variance was taken about: what is slower than
    the record is in its mean, and the fit adds it back. Least squares of the relative errors over a grid of pairs of
    correlation times, none below the shortest window or beyond half the record (or the longest window); variances are
    not negative. No part at all means Poisson.

    >>> two = [Modulation(variance=0.033, time="300 s"), Modulation(variance=0.015, time="30 s")]
    >>> windows = [1, 3, 10, 30, 60, 100, 300]
    >>> found = fit(windows, [dispersion(5.0, two, w) for w in windows], 5.0)
    >>> [(round(m.variance, 3), round(m.time)) for m in found]
    [(0.015, 31), (0.033, 300)]
    """
    excess, weight = np.array(dispersions) - 1, 1 / np.maximum(1, dispersions)
    longest = span_s / 2 if math.isfinite(span_s) else max(windows_s)
    decades = math.log10(longest / min(windows_s))
    times = np.geomspace(min(windows_s), longest, max(2, 1 + round(TIMES_PER_DECADE * decades)))
    effects = np.array([[rate_per_s * _seen(w, t, span_s) for t in times] for w in windows_s])
    scaled, target = effects * weight[:, np.newaxis], excess * weight
    best = min(
        (_least(scaled, target, pair) for pair in combinations(range(len(times)), 2)), key=lambda found: found[0]
    )
    return tuple(_part(v, float(times[i])) for i, v in best[1] if v > SMALLEST)


def peak_level(slow: float) -> float:
    """[1] the 99th percentile of the rate over 5-minute windows over the mean rate, as a log-normal level.

    `slow` is the relative variance of the rate over such windows; s^2 = ln(1 + slow), level = exp(2.326 s - s^2 / 2)
    (Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions 1, 1994, chapter 14).

    >>> peak_level(0.0), round(peak_level(0.03), 3)
    (1.0, 1.47)
    """
    spread = math.sqrt(math.log1p(slow))
    return math.exp(Z99 * spread - spread**2 / 2)


def burst_factor(fast: float) -> float:
    """[1] rate in the busy minutes over the rate of the peak window, beyond what Poisson arrivals already do.

    `fast` is the relative variance of the rate of a minute inside such a window, taken at its 95th normal percentile;
    Poisson's own variance belongs to the queueing model.

    >>> round(burst_factor((3.1 - 1) / (60 * 7.5)), 4), burst_factor(0.0)
    (1.1124, 1.0)
    """
    return 1 + Z95 * math.sqrt(fast)


def slow_variance(burst: Burst) -> float:
    """[1] relative variance of the rate over 5-minute windows; none where the load is already that of the peak window."""
    return rate_variance(burst.modulation, PEAK_WINDOW) if burst.basis == "mean_rate" else 0.0


def fast_variance(burst: Burst, rate_per_s: float, index: float) -> float:
    """[1] relative variance of a minute inside the peak window of a stream at its peak rate [req/s].

    One index of dispersion I, or `index` where the profile gives none, stands for (I - 1) / (60 x rate). Around the
    mean rate levels multiply, so that the minute's variance is (1 + slow)(1 + fast) - 1.
    """
    if not burst.modulation:
        given = index if burst.index_of_dispersion_60s is None else burst.index_of_dispersion_60s
        return (given - 1) / (MINUTE * rate_per_s)
    slow = slow_variance(burst)
    return (rate_variance(burst.modulation, MINUTE) - slow) / (1 + slow)


def modulation_of(burst: Burst, rate_per_s: float, index: float) -> tuple[Modulation, ...]:
    """How the rate [req/s] wanders: as the profile says, or as one index of dispersion over a minute does in swings as long
    as that; `index` where the profile gives neither. Nothing where arrivals are Poisson.

    >>> found = modulation_of(Burst(index_of_dispersion_60s=3.1), 7.5, 2.0)
    >>> round(dispersion(7.5, found, 60.0), 2)
    3.1
    """
    if burst.modulation:
        return burst.modulation
    minute = fast_variance(burst, rate_per_s, index)
    return (Modulation(variance=minute / _kept(1.0), time=f"{MINUTE:g} s"),) if minute > SMALLEST else ()


def arrival_times(rate_per_s: float, modulation: Sequence[Modulation], count: int, rng: np.random.Generator) -> Floats:
    """[s] `count` ascending arrival times at a mean rate [req/s] that wanders as `modulation` says.

    Unit exponentials are summed and carried through the inverse of the cumulative rate (Cinlar 1975, Introduction to
    Stochastic Processes, chapter 4). The exponentials and the rate's path come from `rng` in an order that no rate
    changes, so that the same seed gives the same customers and the same weather at every rate.

    >>> slow, fast = (arrival_times(r, (), 3, np.random.default_rng(1)) for r in (1.0, 2.0))
    >>> bool(np.allclose(slow, 2 * fast))
    True
    """
    work = np.cumsum(rng.standard_exponential(count)) / rate_per_s
    if not modulation:
        return work
    step = min(m.time for m in modulation) / STEPS_PER_TIME
    path = _cumulative_path(modulation, step, work[-1] if count else 0.0, rng)
    times: Floats = np.interp(work, path, step * np.arange(len(path)))
    return times


def _part(variance: float, time_s: float) -> Modulation:
    """A part with three digits, which is more than a trace can tell."""
    if variance > WILDEST:
        raise InvalidInput(
            "the arrival rate varies by more than 30 times its mean, because requests stand far from all others. "
            "Cut the trace to the time in which the service was used."
        )
    return Modulation(variance=float(f"{variance:.3g}"), time=f"{float(f'{time_s:.3g}'):.10g} s")


def _kept(ratio: float) -> float:
    """[1] share of a rate's variance that its mean over a window of so many correlation times keeps."""
    return 2 / ratio * (1 + math.expm1(-ratio) / ratio) if ratio > _LINEAR else 1 - ratio / 3


def _seen(window_s: float, time_s: float, span_s: float) -> float:
    """[s] what variance 1 of one correlation time adds to the dispersion that a record of `span_s` shows on average."""
    whole = window_s * _kept(window_s / time_s)
    if math.isinf(span_s):
        return whole
    count = span_s / window_s
    return (whole - window_s * _kept(span_s / time_s)) * count / (count - 1)


def _least(effects: Floats, target: Floats, pair: tuple[int, int]) -> tuple[float, list[tuple[int, float]]]:
    """The squared error of a pair of parts, and each part with its variance, none negative."""
    a, b = effects[:, pair[0]], effects[:, pair[1]]
    aa, ab, bb, at, bt = (float(x @ y) for x, y in ((a, a), (a, b), (b, b), (a, target), (b, target)))
    determinant = aa * bb - ab**2
    both = ((bb * at - ab * bt) / determinant, (aa * bt - ab * at) / determinant) if determinant > 0 else (-1.0, -1.0)
    options = [both] if min(both) >= 0 else [(max(0.0, at / aa), 0.0), (0.0, max(0.0, bt / bb))]
    errors = [(float(np.sum((v * a + w * b - target) ** 2)), (v, w)) for v, w in options]
    error, (v, w) = min(errors)
    return error, [(pair[0], v), (pair[1], w)]


def _cumulative_path(modulation: Sequence[Modulation], step: float, work: float, rng: np.random.Generator) -> Floats:
    """[s] integral of the relative rate at every step of the grid, from 0 until it passes `work`."""
    spread = np.sqrt(np.log1p([m.variance for m in modulation]))
    decay = np.exp(-step / np.array([m.time for m in modulation]))
    state = spread * rng.standard_normal(len(modulation))
    level = float(np.exp(np.sum(state - spread**2 / 2)))
    blocks, total = [np.zeros(1)], 0.0
    while total <= work:
        states = _walk(state, decay, spread * np.sqrt(1 - decay**2), rng)
        levels = np.append(level, np.exp(np.sum(states - spread**2 / 2, axis=1)))
        blocks.append(total + np.cumsum(step * (levels[1:] + levels[:-1]) / 2))
        state, level, total = states[-1], levels[-1], blocks[-1][-1]
    return np.concatenate(blocks)


def _walk(state: Floats, decay: Floats, noise: Floats, rng: np.random.Generator) -> Floats:
    """The next `_BLOCK` states, exact at every step: state(k) = decay x state(k-1) + noise x normal, shape (k, part)."""
    powers = decay ** np.arange(1, _BLOCK + 1)[:, np.newaxis]
    shocks = noise * rng.standard_normal((_BLOCK, len(decay))) / powers
    states: Floats = powers * (state + np.cumsum(shocks, axis=0))
    return states
