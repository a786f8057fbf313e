"""Laws of the trigger level: it leaves the lead time, and never fires later for a longer lead or faster growth."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisizer.triggers.thresholds import crossing, threshold
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


def test_the_crossing_is_the_first_month_that_reaches_the_level() -> None:
    levels = [0.5, 0.55, 0.61, 0.7]
    assert crossing(levels, 0.6, date(2027, 7, 1)) == date(2027, 9, 1)
    assert crossing(levels, 0.9, date(2027, 7, 1)) is None
