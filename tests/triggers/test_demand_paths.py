"""Each part of the simulated demand alone: what it is named for, and nothing else."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from aisizer.triggers.demand_paths import (
    BLOCK_DAYS,
    DAYS_PER_YEAR,
    GROWTH_SD,
    JUMP,
    JUMP_WITHIN_DAYS,
    WEEK,
    Paths,
    simulate,
)
from aisizer.triggers.forecast import DAYS_PER_MONTH, log_slope


def drawn(growth: float = 0.03, **parts: Any) -> Paths:
    """Paths with no part but those that are named; a little growth of their own is left."""
    still = {"jumps": False, "paths": 400, "days": 800, "noise_sd": 0.0, "band": 0.0, "month_sd": 0.0, "week": (1.0,)}
    return simulate(growth, seed=3, **(still | parts))


@pytest.mark.parametrize("band", [0.0, 0.39])
def test_growth_is_constant_along_a_path_and_spread_around_the_plan(band: float) -> None:
    daily = np.diff(drawn(band=band, paths=4000, days=40).expected, axis=1, prepend=0.0)
    assert np.ptp(daily, axis=1).max() < 1e-12
    own = daily[:, 0]
    sd = math.hypot(band * log_slope(0.03), GROWTH_SD / DAYS_PER_MONTH)
    assert np.mean(own) == pytest.approx(log_slope(0.03), abs=4 * sd / math.sqrt(4000))
    assert np.std(own) == pytest.approx(sd, rel=0.05)


def test_each_month_has_a_growth_of_its_own_that_lasts_a_block() -> None:
    months = np.diff(drawn(month_sd=0.01).expected - drawn().expected, axis=1, prepend=0.0)
    blocks = months[:, : 25 * BLOCK_DAYS].reshape(400, 25, BLOCK_DAYS)
    assert np.ptp(blocks, axis=2).max() < 1e-12
    assert np.std(blocks[:, :, 0]) == pytest.approx(0.01 / DAYS_PER_MONTH, rel=0.05)
    assert np.corrcoef(blocks[:, 0, 0], blocks[:, 1, 0])[0, 1] == pytest.approx(0.0, abs=0.15)


def test_a_jump_is_one_step_up_or_down_within_the_first_two_years() -> None:
    step = drawn(jumps=True).expected - drawn().expected
    up = step[:, -1] > 0
    assert 0.4 < up.mean() < 0.6
    np.testing.assert_allclose(step[:, -1], np.where(up, math.log(1 + JUMP), math.log(1 - JUMP)))
    begins = np.argmax(np.abs(step) > 1e-9, axis=1)
    after = np.arange(800) >= begins[:, np.newaxis]
    np.testing.assert_allclose(step, np.where(after, step[:, -1:], 0.0), atol=1e-12)
    assert begins.min() == 0 and JUMP_WITHIN_DAYS - 20 < begins.max() < JUMP_WITHIN_DAYS


def test_the_week_repeats_from_a_weekday_of_each_path_and_is_not_in_the_expectation() -> None:
    paths = drawn(week=WEEK)
    season = paths.seen - paths.expected
    np.testing.assert_allclose(season[:, 7:], season[:, :-7], atol=1e-12)
    starts = {next(day for day in range(7) if np.allclose(row[:7], np.roll(np.log(WEEK), -day))) for row in season[:60]}
    assert starts == set(range(7))


def test_noise_has_its_spread_and_its_memory_from_the_first_day_on() -> None:
    paths = drawn(noise_sd=0.05, correlation=0.6, paths=2000, days=60)
    noise = paths.seen - paths.expected
    np.testing.assert_allclose(noise.std(axis=0), 0.05, rtol=0.08)
    for day in (1, 30, 59):
        assert np.corrcoef(noise[:, day - 1], noise[:, day])[0, 1] == pytest.approx(0.6, abs=0.06)


def test_a_yearly_season_swings_once_a_year_from_a_day_of_its_own() -> None:
    swing = drawn(year=0.2, days=1461).expected - drawn(days=1461).expected
    angle = 2 * math.pi / DAYS_PER_YEAR
    # A sine of that angle a day, whatever its phase: the sum of the neighbours is 2 cos(angle) times the day between.
    np.testing.assert_allclose(swing[:, 2:] + swing[:, :-2], 2 * math.cos(angle) * swing[:, 1:-1], atol=1e-9)
    assert np.abs(swing).max(axis=1) == pytest.approx(0.2, rel=1e-3)
    assert swing[:, 0].min() < -0.19 and swing[:, 0].max() > 0.19


def test_a_part_draws_alone_so_that_cells_differ_by_what_they_are_named_for() -> None:
    one, other = drawn(noise_sd=0.05), drawn(0.08, noise_sd=0.05, jumps=True, week=WEEK)
    np.testing.assert_array_equal(one.start, other.start)
    assert 0 <= one.start.min() < 0.02 and 0.98 < one.start.max() < 1
    season = drawn(0.08, jumps=True, week=WEEK)
    np.testing.assert_allclose(one.seen - one.expected, other.seen - season.seen, atol=1e-12)
