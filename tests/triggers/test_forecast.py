"""The fit finds what was put in, leans to the plan where noise hides it, and never orders later for a longer lead."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisizer.errors import InvalidInput
from aisizer.triggers.demand_paths import simulate
from aisizer.triggers.forecast import (
    DAYS_PER_MONTH,
    INTERVAL,
    WINDOW_DAYS,
    Fit,
    fires,
    fit,
    log_slope,
    runway_days,
    slope_within_weekdays,
)

DAYS = np.arange(float(WINDOW_DAYS))
slopes, sds = st.floats(-0.003, 0.005), st.floats(1e-6, 0.002)
fits = st.builds(Fit, level=st.floats(0.05, 1.2), per_day=slopes, sd_per_day=sds, days=st.just(182))


@settings(max_examples=100, deadline=None)
@given(slopes, st.lists(st.floats(-1.0, 0.0), min_size=7, max_size=7), st.integers(0, 6))
def test_a_weekly_season_changes_neither_slope_nor_error(slope: float, season: list[float], first: int) -> None:
    days = DAYS + first
    measured, error = slope_within_weekdays(days, slope * days + np.array(season)[(days % 7).astype(int)])
    assert measured == pytest.approx(slope, abs=1e-9) and error == pytest.approx(0.0, abs=1e-8)


def test_the_slope_is_that_of_least_squares_with_an_intercept_for_each_weekday() -> None:
    logs = np.random.default_rng(3).normal(0.001 * DAYS, 0.05)
    design = np.column_stack([DAYS, *(np.where(day == DAYS % 7, 1.0, 0.0) for day in range(7))])
    expected = np.linalg.lstsq(design, logs, rcond=None)[0][0]
    assert slope_within_weekdays(DAYS, logs)[0] == pytest.approx(expected, rel=1e-9)


def test_the_error_of_the_slope_is_that_of_least_squares_widened_by_what_neighbours_share() -> None:
    design = np.column_stack([DAYS, *(np.where(day == DAYS % 7, 1.0, 0.0) for day in range(7))])
    alternating, slow = 0.05 * (-1.0) ** DAYS, 0.05 * np.sin(DAYS / 20)
    for noise, widening in ((alternating, 1.0), (slow, math.sqrt(1.95 / 0.05))):
        rest = noise - design @ np.linalg.lstsq(design, noise, rcond=None)[0]
        error = math.sqrt(rest @ rest / (WINDOW_DAYS - 8) * np.linalg.inv(design.T @ design)[0, 0])
        assert slope_within_weekdays(DAYS, noise)[1] == pytest.approx(error * widening)


@pytest.mark.parametrize(("given_days", "read"), [(28, 28), (30, 28), (34, 28), (35, 35), (200, 182)])
def test_a_fit_reads_the_last_whole_weeks_whatever_day_they_begin_on(given_days: int, read: int) -> None:
    days = 1000.0 + np.arange(given_days)
    found = fit(days, np.where(days - days[-1] > -read, np.exp(0.001 * days), 5.0), math.expm1(0.001 * DAYS_PER_MONTH))
    assert found.days == read and found.per_day == pytest.approx(0.001)
    assert found.level == pytest.approx(math.exp(0.001 * days[-1]))


def test_a_weekday_without_load_is_left_out() -> None:
    days = DAYS[DAYS % 7 < 5]
    found = fit(days, np.exp(0.001 * days), math.expm1(0.001 * DAYS_PER_MONTH))
    assert found.per_day == pytest.approx(0.001) and found.level == pytest.approx(math.exp(0.001 * days[-1]))
    saturday = np.sort(np.append(days, 5.0))
    busiest = fit(saturday, np.exp(0.001 * saturday + (saturday == 5.0)), math.expm1(0.001 * DAYS_PER_MONTH))
    assert busiest.level == pytest.approx(math.e * found.level), "one day of a weekday is enough to know it"


def test_days_that_are_missing_do_not_tilt_the_line() -> None:
    kept = np.random.default_rng(4).permutation(WINDOW_DAYS)[:120]
    days = np.sort(kept).astype(float)
    levels = np.exp(0.001 * days + np.where(days % 7 > 4, -0.6, 0.0))
    found = fit(days, levels, planned_per_month=math.expm1(0.001 * DAYS_PER_MONTH))
    assert found.per_day == pytest.approx(0.001) and found.level == pytest.approx(math.exp(0.001 * days[-1]))


def test_noise_moves_the_slope_towards_the_plan_and_never_past_it() -> None:
    noise = np.random.default_rng(5).normal(0.0, 1.0, WINDOW_DAYS)
    noise -= np.polyval(np.polyfit(DAYS, noise, 1), DAYS)
    found = [fit(DAYS, np.exp(0.0005 * DAYS + size * noise), 0.08).per_day for size in (0.0, 0.1, 0.3, 1.0)]
    assert found == sorted(found) and found[0] >= 0.0005 and found[-1] < log_slope(0.08)


@pytest.mark.parametrize("growth", [0.0, 0.02, 0.08])
def test_the_true_growth_lies_in_the_80_percent_interval_four_times_in_five(growth: float) -> None:
    paths = simulate(growth, jumps=False, paths=400, seed=11, days=WINDOW_DAYS)
    ahead = simulate(growth, jumps=False, paths=400, seed=11, days=2 * WINDOW_DAYS).expected
    true = (ahead[:, -1] - ahead[:, WINDOW_DAYS]) / (WINDOW_DAYS - 1)
    found = [fit(DAYS, np.exp(row), growth) for row in paths.seen]
    within = [abs(f.per_day - t) <= INTERVAL * f.sd_per_day for f, t in zip(found, true, strict=True)]
    assert 0.72 <= np.mean(within) <= 0.92


@settings(max_examples=200, deadline=None)
@given(fits, st.floats(0.7, 1.3), st.floats(0.0, 400.0), st.floats(0.0, 400.0), st.floats(0.0, 60.0))
def test_a_longer_lead_never_fires_later(found: Fit, ratio: float, one: float, other: float, review: float) -> None:
    limit = found.level * ratio
    assert fires(found, limit, max(one, other), review) or not fires(found, limit, min(one, other), review)


@settings(max_examples=200, deadline=None)
@given(fits, st.floats(0.0, 0.005), st.floats(0.1, 1.5), st.floats(0.0, 400.0))
def test_faster_growth_never_fires_later(found: Fit, faster: float, limit: float, lead: float) -> None:
    steeper = Fit(found.level, found.per_day + faster, found.sd_per_day, found.days)
    assert fires(steeper, limit, lead, 14.0) or not fires(found, limit, lead, 14.0)


@settings(max_examples=200, deadline=None)
@given(fits, st.floats(0.1, 1.5))
def test_the_runway_is_ordered_and_ends_at_the_limit(found: Fit, limit: float) -> None:
    low, base, high = runway_days(found, limit)
    ends = [math.inf if days is None else days for days in (low, base, high)]
    assert ends == sorted(ends) and ends[0] >= 0
    if base:
        assert found.level * math.exp(found.per_day * base) == pytest.approx(limit)


def test_the_runway_spans_the_80_percent_interval_of_the_slope() -> None:
    found = Fit(level=0.4, per_day=0.002, sd_per_day=0.0005, days=182)
    slopes = [0.002 + side * 1.2816 * 0.0005 for side in (1, 0, -1)]
    assert runway_days(found, 0.8) == pytest.approx(tuple(math.log(2) / slope for slope in slopes))
    falling = Fit(level=0.8, per_day=-0.002, sd_per_day=0.0005, days=182)
    assert runway_days(falling, 0.8) == (0.0, 0.0, 0.0) and runway_days(falling, 0.9) == (None, None, None)


def test_too_few_days_and_days_without_load_are_refused_with_the_mend() -> None:
    with pytest.raises(InvalidInput, match="needs 28 daily levels, got 21"):
        fit(DAYS[:21], np.ones(21), 0.02)
    with pytest.raises(InvalidInput, match="needs 28 daily levels, got 0"):
        fit(DAYS[:0], np.ones(0), 0.02)
    with pytest.raises(InvalidInput, match="Leave out days without load"):
        fit(DAYS, np.zeros(WINDOW_DAYS), 0.02)
