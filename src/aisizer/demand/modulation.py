"""Arrivals whose rate itself wanders: their dispersion, its fit, the peak it asks for, and samples of them.

The rate is lambda x exp(sum of X_i - s_i^2 / 2), each X_i an Ornstein-Uhlenbeck process of variance s_i^2 =
ln(1 + variance_i) and correlation time `time_i`; given the rate, arrivals are Poisson (a log-Gaussian Cox process:
Moller, Syversveen and Waagepetersen 1998, doi:10.1111/1467-9469.00115).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aisizer.profile.sections import Modulation
from aisizer.shapes import Floats

STEPS_PER_TIME = 10
"""Steps of the rate's grid in the shortest correlation time; its trapezoids then miss less than 0.1 % of the rate."""
_BLOCK = 4096
"""Steps drawn at once; exp(_BLOCK / STEPS_PER_TIME) is still a float."""


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
