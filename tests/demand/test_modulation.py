"""Modulated arrivals have the dispersion they are asked for, and the same seed gives the same weather at any rate."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from aisizer.demand.modulation import (
    arrival_times,
    burst_factor,
    dispersion,
    fast_variance,
    fit,
    peak_level,
    rate_variance,
    slow_variance,
)
from aisizer.profile.sections import Burst, Modulation

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


@given(st.floats(0.05, 1e3), st.floats(1, 100), st.floats(1, 100))
def test_bursts_fade_as_rates_grow_and_grow_with_dispersion(rate: float, index: float, more: float) -> None:
    def factor(rate: float, index: float) -> float:
        return burst_factor(fast_variance(Burst(), rate, index))

    assert factor(rate * more, index) <= factor(rate, index) <= factor(rate, index * more)
    assert factor(rate, 1.0) == 1.0


def test_the_burst_factor_meets_a_gamma_mixed_poisson_process() -> None:
    """Minutes with a gamma rate have index of dispersion I; their p95 beyond Poisson is what the formula gives."""
    rate, index = 5.0, 4.0
    mean = 60 * rate
    rates = np.random.default_rng(1).gamma(mean / (index - 1), index - 1, size=200_000)
    assert np.quantile(rates, 0.95) / mean == pytest.approx(burst_factor(fast_variance(Burst(), rate, index)), rel=0.01)


def test_the_peak_level_meets_log_normal_levels() -> None:
    draws = np.random.default_rng(1).standard_normal(400_000)
    spread = math.sqrt(math.log1p(0.1))
    levels = np.exp(spread * draws - spread**2 / 2)
    assert np.quantile(levels, 0.99) == pytest.approx(peak_level(0.1), rel=0.01)


def test_the_slow_part_is_in_the_peak_level_or_in_the_peak_rate() -> None:
    parts = ({"variance": 0.033, "time": "300 s"}, {"variance": 0.015, "time": "30 s"})
    mean = Burst.model_validate({"basis": "mean_rate", "modulation": parts})
    slow, fast = slow_variance(mean), fast_variance(mean, 5.0, 2.0)
    assert slow == pytest.approx(rate_variance((SLOW, FAST), 300))
    assert (1 + slow) * (1 + fast) - 1 == pytest.approx(rate_variance((SLOW, FAST), 60))
    peak = Burst.model_validate({"modulation": parts[1:]})
    assert (slow_variance(peak), fast_variance(peak, 5.0, 2.0)) == (0.0, pytest.approx(rate_variance((FAST,), 60)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"index_of_dispersion_60s": 2, "modulation": [{"variance": 0.1, "time": "9 s"}]},
        {"basis": "mean_rate"},
        {"basis": "mean_rate", "index_of_dispersion_60s": 3},
        {"modulation": [{"variance": 0, "time": "9 s"}]},
        {"modulation": [{"variance": 0.1, "time": "0 s"}]},
    ],
)
def test_what_would_buy_the_burst_twice_or_never_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Burst.model_validate(wrong)


@given(st.floats(0.01, 1), st.floats(2, 20), st.floats(0.01, 1), st.floats(100, 300))
def test_a_fit_gives_its_dispersion_back(fast: float, short: float, slow: float, long: float) -> None:
    asked = (Modulation(variance=fast, time=f"{short} s"), Modulation(variance=slow, time=f"{long} s"))
    windows = (1, 3, 10, 30, 60, 100, 300)
    found = fit(windows, [dispersion(5.0, asked, w) for w in windows], 5.0)
    for window in windows:
        assert dispersion(5.0, found, window) == pytest.approx(dispersion(5.0, asked, window), rel=0.05)


def test_poisson_has_no_modulation() -> None:
    assert fit((1, 10, 60), (1.0, 0.99, 0.97), 5.0) == ()


def test_a_fit_adds_back_what_a_short_record_hides() -> None:
    # a hundred records of an hour: the sample variance about each one's own mean misses part of the slow swings
    windows, curves = (1, 3, 10, 30, 60, 100, 300), []
    for seed in range(100):
        times = arrival_times(5.0, (SLOW, FAST), 30_000, np.random.default_rng(seed))
        times = times[times < 3600]
        counts = [np.histogram(times, np.arange(0, 3601, w))[0] for w in windows]
        curves.append([c.var(ddof=1) / c.mean() for c in counts])
    shown = np.mean(curves, axis=0)
    assert shown[-1] < 0.85 * dispersion(5.0, (SLOW, FAST), 300)
    found = fit(windows, shown.tolist(), 5.0, 3600.0)
    assert dispersion(5.0, found, 300) == pytest.approx(dispersion(5.0, (SLOW, FAST), 300), rel=0.12)
