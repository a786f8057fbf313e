"""Laws and hand-worked cases of the cost lines and totals."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisizer.costs.lines import Fleet, Volume, split_hours
from aisizer.costs.prices import from_quote
from aisizer.costs.records import CostLine
from aisizer.costs.tco import accrued, line_amounts, net_present_value, site_cost
from aisizer.errors import InvalidInput
from aisizer.profile.sections import Quote

VOLUME = Volume((1000.0,) * 36, (3e6,) * 36, (5e5,) * 36)
LIFE = 5 * 365.25 * 86400.0


def line(
    id: str, price: float | None, quantity: list[float], treatment: str = "expense", category: str = "power"
) -> CostLine:
    return CostLine.model_validate(
        {
            "id": id,
            "category": category,
            "description": id,
            "treatment": treatment,
            "unit": "x",
            "unit_price_usd": price,
            "price_unit": "USD/x",
            "factors": {"pue": 1.5},
            "quantity": quantity,
            "price_item": id,
            "source": "s",
        }
    )


cash_flows = st.lists(st.floats(-1e6, 1e6), min_size=37, max_size=37)


@settings(max_examples=80, deadline=None)
@given(cash_flows)
def test_npv_at_zero_percent_is_the_plain_sum(cash: list[float]) -> None:
    assert net_present_value(cash, 0.0) == pytest.approx(math.fsum(cash), abs=1e-6)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=37, max_size=37), st.floats(0.0, 0.3), st.floats(0.0, 0.3))
def test_a_higher_rate_never_raises_the_present_value_of_spending(cash: list[float], a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert net_present_value(cash, high) <= net_present_value(cash, low) + 1e-6


def test_totals_against_a_recomputation_from_the_definitions() -> None:
    servers = line("hardware", 300_000.0, [2.0] + [0.0] * 12 + [1.0] + [0.0] * 23, "capitalise", "hardware")
    power = line("power", 0.1, [0.0] + [7000.0] * 12 + [10_000.0] * 24)
    unknown = line("optics", None, [4.0] + [0.0] * 36, "capitalise", "network")
    cost = site_cost("s", "g", "o", "purchase", (16, 24), (servers, power, unknown), VOLUME, 0.08, LIFE)
    assert cost.missing == ("optics",)
    assert cost.one_year_usd == pytest.approx(2 * 300_000 * 1.5 + 12 * 7000 * 0.1 * 1.5)
    three = 3 * 300_000 * 1.5 + (12 * 7000 + 24 * 10_000) * 0.1 * 1.5
    assert cost.three_year_usd == pytest.approx(three)
    rate = 1.08 ** (1 / 12)
    by_hand = 900_000 + 450_000 / rate**13
    by_hand += sum((7000 if m <= 12 else 10_000) * 0.15 / rate**m for m in range(1, 37))
    assert cost.npv_usd == pytest.approx(by_hand)
    depreciation = 900_000 * 36 / 60 + 450_000 * 24 / 60
    expense = (12 * 7000 + 24 * 10_000) * 0.15
    assert cost.usd_per_million_tokens == pytest.approx((depreciation + expense) / (36 * 3.5e6) * 1e6)
    assert cost.capex_usd + cost.opex_three_year_usd == pytest.approx(cost.three_year_usd)
    assert sum(cost.by_category.values()) == pytest.approx(cost.three_year_usd)
    assert sum(cost.cash_by_month_usd) == pytest.approx(cost.three_year_usd)


def test_an_unknown_price_is_not_zero() -> None:
    assert np.isnan(line_amounts(line("x", None, [1.0] * 37))).all()


def test_capital_is_charged_from_the_month_it_serves() -> None:
    first = line("a", 100.0, [1.0] + [0.0] * 36, "capitalise", "hardware")
    last = line("b", 100.0, [0.0] * 36 + [1.0], "capitalise", "hardware")
    assert accrued(first, 60) == pytest.approx(150 * 36 / 60)
    assert accrued(last, 60) == pytest.approx(150 * 1 / 60)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 36), st.integers(1, 5)), min_size=1, max_size=6),
    st.sampled_from(["on_demand", "one_year", "three_year"]),
)
def test_commitments_end_inside_the_horizon_and_all_hours_are_paid(added: list[tuple[int, int]], term: str) -> None:
    committed, demand = split_hours(Fleet(tuple(added), ()), term)
    total = sum(servers * 730.0 * (37 - month) for month, servers in added)
    assert math.fsum(committed) + math.fsum(demand) == pytest.approx(total)
    for month, servers in added:
        alone, _ = split_hours(Fleet(((month, servers),), ()), term)
        assert sum(h > 0 for h in alone) % (12 if term == "one_year" else 36) == 0


def test_a_quote_in_another_unit_than_the_catalog_is_refused() -> None:
    quote = Quote(item="hgx-h100-8", unit_price="47.1 USD/h", as_of=date(2026, 11, 1), supplier="Dell")
    with pytest.raises(InvalidInput, match="Quote it in USD"):
        from_quote(quote, "USD")
    assert from_quote(quote, "USD/h").base == 47.1
    scaled = Quote(item="x", unit_price="0.265 MUSD", as_of=date(2026, 11, 1), supplier="Dell")
    assert from_quote(scaled, None).base == pytest.approx(265_000)
