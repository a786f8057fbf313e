"""The alert on paths without noise, where every quantity that it reads is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from aisizer.triggers import order_rule as r
from aisizer.triggers.forecast import WEEK_DAYS, log_slope

DAYS = np.arange(500.0)
BUSY_LAG = (1 - r.BUSY_SHARE) * (r.BUSY_DAYS - 1)
"""[day] the quantile of a rising line is this old"""


def line(per_day: float, at_zero: float = -0.7) -> np.ndarray:
    return at_zero + per_day * DAYS[np.newaxis]


@pytest.mark.parametrize("per_day", [-0.001, 0.0, 0.0015])
def test_the_busy_level_is_the_quantile_of_four_weeks_and_the_slope_that_of_the_line(per_day: float) -> None:
    seen = r.signals(line(per_day))
    days_old = BUSY_LAG if per_day > 0 else r.BUSY_SHARE * (r.BUSY_DAYS - 1)
    np.testing.assert_allclose(seen.busy[:, r.BUSY_DAYS :], (line(per_day) - per_day * days_old)[:, r.BUSY_DAYS :])
    np.testing.assert_allclose(seen.slope[:, 182:], per_day, atol=1e-9)


def expected_day(rule: r.OrderRule, per_day: float, at_zero: float = -0.7) -> int:
    """The first day on which level, growth over the horizon and margin reach the limit, by the formula of the module."""
    slope = max(rule.weight * per_day + (1 - rule.weight) * rule.planned_per_day, 0.0)
    needed = math.log(rule.limit) - rule.margin - (rule.horizon_days + 14) * slope
    return math.ceil((needed - at_zero) / per_day + BUSY_LAG - 1e-9)


@pytest.mark.parametrize("lead", [8.0, 30.0])
@pytest.mark.parametrize("limit", [0.8, 1.1])
def test_the_forecast_fires_on_the_day_the_formula_says(lead: float, limit: float) -> None:
    rule = r.order_rule(limit, 0.02, lead, 2.0)
    fired = r.forecast_fires(r.signals(line(0.0009)), rule)[0]
    day = expected_day(rule, 0.0009)
    assert day > 190 and not fired[190:day].any() and fired[day:].all()


def test_an_offset_moves_the_levels_and_a_floor_fires_from_its_own_level_on() -> None:
    seen = r.signals(line(0.001))
    moved = r.signals(line(0.001) + 0.05)
    rule = r.order_rule(0.8, 0.02, 8.0, 2.0)
    np.testing.assert_array_equal(r.forecast_fires(seen, rule, 0.05), r.forecast_fires(moved, rule))
    np.testing.assert_array_equal(r.alerts(seen, rule, 0.05), r.alerts(moved, rule))
    np.testing.assert_array_equal(r.level_fires(seen, 0.6), np.exp(seen.busy) >= 0.6)
    np.testing.assert_array_equal(r.level_fires(seen, 0.6, 0.05), np.exp(seen.busy + 0.05) >= 0.6)


def test_until_there_is_history_the_cautious_level_decides_then_the_forecast_and_the_floor_always() -> None:
    rule = r.order_rule(0.8, 0.05, 20.0, 2.0)
    between = math.log((rule.cautious + rule.floor) / 2) * np.ones((1, 500))
    early = r.alerts(r.signals(between), rule)[0]
    assert early[: r.HISTORY_DAYS].all()
    np.testing.assert_array_equal(
        early[r.HISTORY_DAYS :], r.forecast_fires(r.signals(between), rule)[0][r.HISTORY_DAYS :]
    )
    below = r.alerts(r.signals(between - 1.0), rule)[0]
    assert not below.any()
    falling = r.signals(math.log(rule.floor * 1.05) + np.where(DAYS < 100, 0.0, -0.0001 * (DAYS - 100))[np.newaxis])
    assert r.alerts(falling, rule)[0].all()


@pytest.mark.parametrize(("growth", "lead", "review"), [(0.0, 8.0, 2.0), (0.05, 30.0, 4.0)])
def test_the_constants_are_those_of_the_module_text(growth: float, lead: float, review: float) -> None:
    rule = r.order_rule(0.8, growth, lead, review)
    days = (lead + review) * WEEK_DAYS
    months = days * 12 / 365.25
    assert rule.horizon_days == days and rule.limit == 0.8 and rule.planned_per_day == log_slope(growth)
    assert rule.weight == pytest.approx(0.02**2 / (0.02**2 + 0.005**2 + 0.005**2))
    assert rule.margin == pytest.approx(1.645 * math.sqrt(months**2 * 5e-5 + 0.01**2 * months + 0.02**2))
    assert rule.floor == pytest.approx(0.8 / (1 + growth) ** (months + 14 * 12 / 365.25))
    unmeasured = math.hypot(0.45 * math.log1p(growth), 0.01)
    slack = 1.645 * math.sqrt((months * unmeasured) ** 2 + 0.01**2 * months + 0.02**2)
    assert rule.cautious == pytest.approx(rule.floor * math.exp(-slack))
