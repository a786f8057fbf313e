"""Modulated arrivals have the dispersion they are asked for, and the same seed gives the same weather at any rate."""

from __future__ import annotations

import math

import numpy as np
import pytest

from aisizer.demand.modulation import arrival_times
from aisizer.profile.sections import Modulation

SLOW, FAST = Modulation(variance=0.033, time="300 s"), Modulation(variance=0.015, time="30 s")


def in_words(rate: float, window: float) -> float:
    """The index of dispersion by the integral of an exponential covariance, written out."""
    parts = [
        2 * rate * m.variance * m.time * (1 - m.time / window * (1 - math.exp(-window / m.time))) for m in (SLOW, FAST)
    ]
    return 1 + sum(parts)


@pytest.mark.parametrize("window", [1, 10, 60, 300])
def test_samples_have_the_dispersion_of_their_modulation(window: int) -> None:
    times = arrival_times(5.0, (SLOW, FAST), 1_000_000, np.random.default_rng(7))
    counts = np.bincount((times // window).astype(int))[:-1]
    assert counts.var(ddof=1) / counts.mean() == pytest.approx(in_words(5.0, window), rel=0.08)


def test_the_mean_rate_is_kept() -> None:
    times = arrival_times(5.0, (SLOW, FAST), 1_000_000, np.random.default_rng(7))
    assert 1_000_000 / times[-1] == pytest.approx(5.0, rel=0.02)


def test_a_seed_gives_the_same_weather_at_every_rate() -> None:
    slow, fast = (arrival_times(rate, (SLOW, FAST), 40_000, np.random.default_rng(3)) for rate in (2.0, 8.0))
    edges = np.arange(0.0, fast[-1], 60.0)
    (few, _), (many, _) = np.histogram(slow, edges), np.histogram(fast, edges)
    assert np.corrcoef(few, many)[0, 1] > 0.6
    assert np.all(np.diff(fast) >= 0) and len(fast) == 40_000


def test_customers_are_common_too() -> None:
    slow, fast = (arrival_times(rate, (), 100, np.random.default_rng(3)) for rate in (2.0, 8.0))
    assert slow == pytest.approx(4 * fast)


def test_no_arrivals_are_no_arrivals() -> None:
    assert len(arrival_times(2.0, (SLOW,), 0, np.random.default_rng(3))) == 0
