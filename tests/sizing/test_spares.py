"""Shelf spares: the smallest stock whose Poisson tail holds, against scipy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from aisizer.profile.sections import Resilience
from aisizer.sizing.spares import on_order_mean, shelf_stock, spare_needs

DAY = 86400.0


@given(st.integers(0, 20_000), st.floats(0, 1), st.floats(0, 200 * DAY), st.floats(0.5, 0.9999))
def test_the_stock_is_the_poisson_quantile(parts: int, rate: float, lead: float, level: float) -> None:
    stock, mean = shelf_stock(parts, rate, lead, level), on_order_mean(parts, rate, lead)
    assert stats.poisson.cdf(stock, mean) >= level * (1 - 1e-12)
    assert stock == 0 or stats.poisson.cdf(stock - 1, mean) < level * (1 + 1e-12)


@given(st.integers(0, 5000), st.floats(0, 1), st.floats(0, 200 * DAY), st.floats(0.5, 0.99), st.floats(1, 3))
def test_more_parts_failures_lead_time_or_service_never_need_fewer_spares(
    parts: int, rate: float, lead: float, level: float, more: float
) -> None:
    least = shelf_stock(parts, rate, lead, level)
    assert shelf_stock(int(parts * more), rate, lead, level) >= least
    assert shelf_stock(parts, rate * more, lead, level) >= least
    assert shelf_stock(parts, rate, lead * more, level) >= least
    assert shelf_stock(parts, rate, lead, 1 - (1 - level) / more) >= least


def test_parts_that_come_within_the_repair_need_few_spares_and_late_ones_more() -> None:
    """Two servers of 8: 0.012 GPUs on order in three days, 0.24 in sixty, whose P(X = 0) = 0.79 asks for one."""
    quick = spare_needs([2] * 36, 8, 0.0908, Resilience())[0]
    late = spare_needs([2] * 36, 8, 0.0908, Resilience(part_lead_time="60 d"))[0]  # type: ignore[arg-type]
    assert set(quick.by_month) == {0.0} and set(late.by_month) == {1.0} and len(late.by_month) == 36
    assert late.bought and late.price == "spare-gpu" and "0.239 on order" in late.formula


def test_no_stock_for_a_probability_of_one() -> None:
    with pytest.raises(ValueError, match="service level between 0 and 1"):
        shelf_stock(8, 0.1, DAY, 1.0)
