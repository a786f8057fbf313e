"""Laws of break-even, payback and of totals as straight lines in a price."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.costs.crossings import cheaper_from, payback
from aisizer.costs.price_lines import PriceLine, crossing, in_price, weighted
from aisizer.costs.records import CostLine
from aisizer.costs.tco import line_amounts, net_present_value

cash = st.lists(st.integers(0, 1000), min_size=37, max_size=37)
first_outlay = st.integers(0, 20_000)


def never_is_late(month: int | None) -> int:
    return 99 if month is None else month


@given(cash, cash, first_outlay)
def test_cheaper_from_is_where_the_cumulative_cash_stays_below(own: list[int], other: list[int], outlay: int) -> None:
    own = [outlay, *own[1:]]
    month = cheaper_from(own, other)
    below = [a < b for a, b in zip(accumulate(own), accumulate(other), strict=True)]
    if month is None:
        assert not below[-1]
    else:
        assert all(below[month:]) and (month == 0 or not below[month - 1])


@given(cash, cash, first_outlay, st.integers(0, 500), st.floats(0.0, 0.3))
def test_payback_comes_no_later_with_a_larger_saving(
    own: list[int], other: list[int], outlay: int, more: int, rate: float
) -> None:
    own = [outlay, *own[1:]]
    dearer = [other[0], *(amount + more for amount in other[1:])]
    assert never_is_late(payback(own, dearer, rate)) <= never_is_late(payback(own, other, rate))


@given(cash, first_outlay, st.floats(0.001, 0.3))
def test_discounting_never_brings_payback_forward(saving: list[int], outlay: int, rate: float) -> None:
    own, other = [outlay] + [0] * 36, [0, *saving[1:]]
    assert never_is_late(payback(own, other)) <= never_is_late(payback(own, other, rate))


@given(cash, cash)
def test_break_even_for_good_is_never_before_payback(own: list[int], other: list[int]) -> None:
    month, paid = cheaper_from(own, other), payback(own, other)
    assert month is None or (paid is not None and paid <= month)


def line(id: str, price: float | None, quantity: list[float], escalation: float = 0.0) -> CostLine:
    return CostLine.model_validate(
        {
            "id": id,
            "category": "power",
            "description": id,
            "treatment": "expense",
            "unit": "x",
            "unit_price_usd": price,
            "price_unit": "USD/x",
            "factors": {"pue": 1.5},
            "quantity": quantity,
            "price_item": id,
            "source": "s",
            "escalation": escalation,
        }
    )


quantities = st.lists(st.floats(0, 1e4), min_size=37, max_size=37)


def test_half_a_dollar_less_is_less() -> None:
    assert cheaper_from([0.0, 0.5], [0.5, 0.5]) == 0 and cheaper_from([0.5, 0.5], [0.5, 0.5]) is None


def test_what_costs_the_same_only_for_nothing_does_not_cross() -> None:
    assert crossing(PriceLine(40.0, 0.0), PriceLine(40.0, 2.0)) is None
    assert crossing(PriceLine(100.0, 0.0), PriceLine(40.0, 0.5)) == (120.0, "below")
    assert crossing(PriceLine(40.0, 0.0), PriceLine(39.0, 2.0)) == (0.5, "below")


@given(quantities, quantities, st.floats(0.01, 1e3), st.floats(0, 0.1), st.floats(0.0, 0.3))
def test_a_line_in_a_price_is_its_present_value(
    a: list[float], b: list[float], price: float, escalation: float, rate: float
) -> None:
    lines = [line("a", 3.0, a, escalation), line("b", price, b, escalation), line("unknown", None, a)]
    found = in_price(weighted(lines, rate), "b", frozenset())
    by_hand = sum(net_present_value(line_amounts(i).tolist(), rate) for i in lines[:2])
    assert found.at(price) == pytest.approx(by_hand, rel=1e-9, abs=1e-6)
    assert in_price(weighted(lines, rate), "b", frozenset({"power"})) == PriceLine(0, 0)
    assert weighted(lines, None) == weighted(lines, 0.0), "without a rate nothing is discounted"


@given(*(st.floats(-1e6, 1e6) for _ in range(2)), *(st.floats(0, 1e4) for _ in range(2)))
def test_both_cost_the_same_at_the_crossing(own: float, other: float, own_slope: float, other_slope: float) -> None:
    chosen, rival = PriceLine(own, own_slope), PriceLine(other, other_slope)
    found = crossing(chosen, rival)
    if found is not None and found[0] < 1e9:
        price, side = found
        assert chosen.at(price) == pytest.approx(rival.at(price), rel=1e-6, abs=1e-3)
        beyond = price * (0.5 if side == "below" else 2)
        assert rival.at(beyond) <= chosen.at(beyond) + 1e-6 * (1 + abs(chosen.at(beyond)))
