"""Laws of the trigger level: it leaves the lead time, and never fires later for a longer lead or faster growth."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisizer.triggers.thresholds import continued, crossing, date_of, forecast_threshold, level_at, threshold
from aisizer.units import WEEKS_PER_MONTH

limits, growths, weeks = st.floats(0.1, 1.0), st.floats(0.0, 0.2), st.floats(0.0, 80.0)


@settings(max_examples=200, deadline=None)
@given(limits, growths, weeks, st.floats(0.0, 8.0))
def test_demand_at_the_threshold_reaches_the_limit_exactly_one_lead_and_review_later(
    limit: float, growth: float, lead: float, review: float
) -> None:
    level = threshold(limit, growth, lead, review)
    assert level * (1 + growth) ** ((lead + review) / WEEKS_PER_MONTH) == pytest.approx(limit)


@settings(max_examples=200, deadline=None)
@given(limits, growths, growths, weeks, weeks)
def test_longer_lead_or_faster_growth_never_raises_the_threshold(
    limit: float, g1: float, g2: float, w1: float, w2: float
) -> None:
    assert threshold(limit, max(g1, g2), w1, 2.0) <= threshold(limit, min(g1, g2), w1, 2.0) + 1e-12
    assert threshold(limit, g1, max(w1, w2), 2.0) <= threshold(limit, g1, min(w1, w2), 2.0) + 1e-12


def test_shrinking_demand_is_alerted_at_the_limit_itself() -> None:
    assert threshold(0.8, -0.02, 22, 2) == 0.8


@settings(max_examples=150, deadline=None)
@given(st.lists(st.floats(0.0, 0.5).map(lambda step: round(step, 6)), min_size=35, max_size=35), limits, weeks)
def test_the_alert_comes_at_least_one_lead_before_the_forecast_limit(
    steps: list[float], limit: float, lead: float
) -> None:
    levels = [0.05]
    for step in steps:
        levels.append(levels[-1] * (1 + step))
    level = forecast_threshold(levels, limit, 0.02, lead, 2.0)
    reached, alert = crossing(levels, limit), crossing(levels, level)
    assert level <= limit
    if reached is not None and alert is not None and alert > 0:
        assert reached - alert >= (lead + 2) / WEEKS_PER_MONTH - 1e-6


def test_the_crossing_lies_between_the_months_around_it() -> None:
    levels = [0.5, 0.55, 0.61, 0.7]
    month = crossing(levels, 0.6)
    assert month is not None and 1 < month < 2
    assert date(2027, 8, 1) < (date_of(date(2027, 7, 1), month) or date.max) < date(2027, 9, 1)
    assert crossing(levels, 0.9) is None and crossing(levels, 0.4) == 0.0


def test_a_level_is_that_of_the_forecasts_last_month_from_then_on() -> None:
    levels = [0.5, 0.6, 0.9]
    assert [level_at(levels, month) for month in (0.0, 1.0, 2.0, 7.5)] == [0.5, 0.6, 0.9, 0.9]
    assert level_at(levels, 1.5) == pytest.approx((0.6 * 0.9) ** 0.5)
    assert continued(levels, 0.1, 2)[2:] == pytest.approx((0.9, 0.99, 1.089))


def test_a_part_of_a_month_is_that_part_of_the_average_month() -> None:
    assert date_of(date(2027, 7, 1), 2.99) == date(2027, 9, 1) + timedelta(days=30)
    assert date_of(date(2027, 7, 1), 0.5) == date(2027, 7, 16)
