"""Laws and hand-worked cases of the cost lines and totals."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisizer.catalog.sourced import Amount
from aisizer.costs.categories import by_category
from aisizer.costs.fiscal import fiscal_years, year_name
from aisizer.costs.lines import Fleet, Volume
from aisizer.costs.prices import Price, from_quote, overlaid, price_book
from aisizer.costs.records import CostLine
from aisizer.costs.rented import paid_upfront, split_hours
from aisizer.costs.schedule import paid_by_period, scheduled
from aisizer.costs.tco import accrual, depreciation, line_amounts, net_present_value, site_cost
from aisizer.costs.unit_costs import allocated
from aisizer.errors import InvalidInput
from aisizer.profile.sections import Finance, FxRate, Quote

GO_LIVE = date(2027, 7, 1)
DAY = date(2026, 12, 1)
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


@pytest.mark.parametrize(("life", "charged"), [(24.0, 24), (24.5, 25), (36.0, 36), (60.0, 36)])
def test_depreciation_ends_with_the_life_and_never_charges_more_than_was_paid(life: float, charged: int) -> None:
    found = depreciation(np.array([600.0] + [0.0] * 36), life)
    assert np.count_nonzero(found) == charged and found[0] == 0
    assert found.sum() == pytest.approx(600 * min(1.0, 36 / life)) and found.max() == pytest.approx(600 / life)


def test_what_is_sold_is_cash_and_a_category_but_no_capital_expense() -> None:
    bought = line("hardware", 100.0, [2.0] + [0.0] * 36, "capitalise", "hardware")
    sold = line("residual", 30.0, [0.0] * 36 + [-2.0], "capitalise", "residual")
    power = line("power", 1.0, [0.0] + [4.0] * 36)
    found = site_cost("s", "g", "o", "t", (1, 2), (bought, sold, power), VOLUME, None, LIFE)
    assert (found.gpus, found.gpus_month_36) == (1, 2)
    assert found.accrual_three_year_usd == pytest.approx(300 * 36 / 60 + 216), "what is sold is no cost of use"
    assert (found.capex_usd, found.opex_three_year_usd, found.npv_usd) == (300.0, 216.0, None)
    assert found.by_category == {"hardware": 300.0, "residual": -90.0, "power": 216.0}
    assert found.three_year_usd == sum(found.by_category.values()) == 426.0


def test_half_the_demand_doubles_what_a_token_costs() -> None:
    assert allocated(100.0, 0.25, 50e6, served_share=0.5) == 2 * allocated(100.0, 0.25, 50e6) == 1.0


def test_a_site_without_any_price_has_no_cash_and_lacks_every_line() -> None:
    found = site_cost("s", "g", "o", "t", (1, 1), (line("x", None, [1.0] * 37),), VOLUME, 0.09, LIFE)
    assert (found.three_year_usd, found.missing, set(found.cash_by_month_usd)) == (0.0, ("x",), {0.0})


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
    assert cost.usd_per_request == pytest.approx((depreciation + expense) / 36_000)
    assert cost.capex_usd + cost.opex_three_year_usd == pytest.approx(cost.three_year_usd)
    assert sum(cost.by_category.values()) == pytest.approx(cost.three_year_usd)
    assert sum(cost.cash_by_month_usd) == pytest.approx(cost.three_year_usd)


def test_an_unknown_price_is_not_zero() -> None:
    assert np.isnan(line_amounts(line("x", None, [1.0] * 37))).all()


def test_capital_is_charged_from_the_month_it_serves() -> None:
    first = line("a", 100.0, [1.0] + [0.0] * 36, "capitalise", "hardware")
    last = line("b", 100.0, [0.0] * 36 + [1.0], "capitalise", "hardware")
    assert accrual([first], 60).sum() == pytest.approx(150 * 36 / 60)
    assert accrual([last], 60).sum() == pytest.approx(150 * 1 / 60)
    opening = line("c", 100.0, [0.0, 1.0] + [0.0] * 35, "capitalise", "hardware")
    assert accrual([opening], 60).tolist() == accrual([first], 60).tolist()


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


@pytest.mark.parametrize("price", ["1e400 USD", "9999999999 MUSD", "1e16 EUR"])
def test_a_price_beyond_all_money_is_refused(price: str) -> None:
    quote = Quote(item="x", unit_price=price, as_of=date(2026, 11, 1), supplier="Dell")
    with pytest.raises(InvalidInput, match="Mend the price"):
        from_quote(quote, None)


@pytest.mark.parametrize(
    ("given", "unit"), [("1 USD", "USD/server"), ("1 USD/server", "USD"), ("1 USD/server-month",) * 2]
)
def test_a_server_may_stay_unsaid_in_the_unit_of_a_quote(given: str, unit: str) -> None:
    quote = Quote(item="x", unit_price=given, as_of=date(2026, 11, 1), supplier="Dell")
    assert from_quote(quote, unit.replace("1 ", "")).base == 1.0


@pytest.mark.parametrize(("given", "expected"), [({"replaces": "price"}, 1.0), ({}, 0.0), ({"upfront": 0.5}, 0.5)])
def test_a_quote_of_the_price_alone_leaves_the_part_paid_upfront(given: dict[str, Any], expected: float) -> None:
    quote = Quote(item="x", unit_price="1 USD/h", as_of=date(2026, 11, 1), supplier="AWS", **given)
    amounts = {"x": Amount(base=2.0, unit="USD/h", as_of=date(2026, 11, 1), source="s", kind="quote", upfront=1.0)}
    assert price_book(amounts, [quote]).named("x").upfront == expected  # type: ignore[union-attr]


def test_a_price_steps_up_at_each_anniversary() -> None:
    power = line("power", 10.0, [0.0] + [1.0] * 36).model_copy(update={"escalation": 0.1})
    amounts = line_amounts(power)
    assert amounts[[1, 12, 13, 24, 25, 36]] == pytest.approx([15, 15, 16.5, 16.5, 18.15, 18.15])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 4), min_size=37, max_size=37),
    st.floats(0.0, 1.0),
    st.integers(0, 12),
    st.integers(0, 12),
)
def test_deposits_and_terms_move_payments_and_change_no_sum(
    bought: list[int], deposit: float, lead: int, terms: int
) -> None:
    paid = paid_by_period([float(n) for n in bought], deposit, lead, terms)
    assert math.fsum(paid) == pytest.approx(sum(bought), rel=1e-8, abs=1e-6)
    assert paid_by_period([float(n) for n in bought], 0.0, lead, 0) == tuple(float(n) for n in bought)


def test_depreciation_begins_in_service_however_it_is_paid() -> None:
    servers = line("hardware", 100.0, [2.0] + [0.0] * 36, "capitalise", "hardware")
    finance = Finance.model_validate({"deposit": 0.5, "payment_terms": "3 mo"})
    (late,) = scheduled([servers], finance, 26.0)
    assert late.quantity[:4] == (1.0, 0.0, 0.0, 1.0)
    assert accrual([late], 60).tolist() == accrual([servers], 60).tolist()
    assert line_amounts(late).tolist() != line_amounts(servers).tolist()
    later = line("hardware", 100.0, [0.0] * 20 + [2.0] + [0.0] * 16, "capitalise", "hardware")
    (paid,) = scheduled([later], finance, 26.0)
    assert {period: n for period, n in enumerate(paid.quantity) if n} == {14: 1.0, 23: 1.0}, "26 weeks are six months"


def test_a_term_paid_upfront_is_paid_first_and_used_month_by_month() -> None:
    price = Price("x", 2.0, None, None, "USD/h", "s", None, "quote", upfront=1.0)
    fleet = Fleet(((1, 1), (13, 2)), (1,) * 12 + (3,) * 24)
    hours = split_hours(fleet, "one_year")[0]
    paid = paid_upfront(hours, fleet, "one_year", price.upfront)
    year = 12 * 730.0
    assert {period: h for period, h in enumerate(paid) if h} == pytest.approx({0: year, 13: 3 * year, 25: 3 * year})
    assert math.fsum(paid) == pytest.approx(math.fsum(hours))


def test_a_fiscal_year_is_called_by_the_calendar_year_it_ends_in() -> None:
    assert [year_name(date(2026, month, 1)) for month in (1, 2, 12)] == ["FY2026", "FY2027", "FY2027"]


def test_fiscal_years_hold_all_cash_and_accrual_once() -> None:
    servers = line("hardware", 300_000.0, [2.0] + [0.0] * 36, "capitalise", "hardware")
    power = line("power", 0.1, [0.0] + [7000.0] * 36)
    cost = site_cost("s", "g", "o", "purchase", (16, 16), (servers, power), VOLUME, None, LIFE)
    for start in range(1, 13):
        years = fiscal_years(cost, GO_LIVE, start)
        assert sum(year.cash_usd for year in years) == pytest.approx(cost.three_year_usd)
        assert sum(year.accrual_usd for year in years) == pytest.approx(cost.accrual_three_year_usd)
        assert sum(year.months for year in years) == 36
    by_name = {year.name: year for year in fiscal_years(cost, GO_LIVE, 10)}
    assert by_name["FY2027"].months == 3
    assert by_name["FY2027"].cash_usd == pytest.approx(900_000 + 3 * 7000 * 0.15)


def test_a_quote_in_another_currency_takes_its_dated_rate() -> None:
    quote = Quote(item="hgx-h100-8", unit_price="200 kEUR", as_of=date(2026, 11, 1), supplier="Dell")
    fx = {"EUR": FxRate(rate=1.1, as_of=date(2026, 11, 20), source="ECB")}
    price = from_quote(quote, "USD", fx)
    assert (price.base, price.currency, price.fx_usd) == (pytest.approx(220_000), "EUR", 1.1)
    with pytest.raises(InvalidInput, match="Add EUR"):
        from_quote(quote, "USD")


def test_own_figures_replace_those_of_the_catalog_and_money_is_quoted() -> None:
    amount = Amount(base=0.12, unit="1/year", as_of=date(2026, 1, 1), source="s", kind="estimated")
    price = amount.model_copy(update={"unit": "USD/GPU"})
    book = {"hardware-support-rate": amount, "network-fabric-per-gpu": price}
    assert overlaid(book, {"hardware-support-rate": 0.1}, DAY)["hardware-support-rate"].base == 0.1
    assert overlaid(book, {"hardware-support-rate": 0.1}, DAY)["hardware-support-rate"].as_of == DAY
    with pytest.raises(InvalidInput, match=r"goes into supply\.quotes"):
        overlaid(book, {"network-fabric-per-gpu": 1.0}, DAY)


def test_the_totals_of_a_category_end_with_month_12_and_month_36_and_count_what_has_no_price() -> None:
    """Period 0, month 12 and month 13 are told apart, in cash and as it is used (hardware over five years)."""
    bought = line("hardware", 600.0, [1.0] + [0.0] * 12 + [1.0] + [0.0] * 23, "capitalise", "hardware")
    again = line("more", 60.0, [0.0] * 12 + [1.0] * 25, category="hardware")
    unknown = line("optics", None, [4.0] + [0.0] * 36, "capitalise", "network")
    hardware, network = by_category((bought, again, unknown), 60.0)
    share = line_amounts(again)[12] / 60.0
    assert (hardware.category, hardware.missing, network.category, network.missing) == ("hardware", 0, "network", 1)
    assert hardware.one_year_usd == pytest.approx(line_amounts(bought)[0] + 60.0 * share)
    assert hardware.three_year_usd == pytest.approx(line_amounts(bought).sum() + 25 * 60.0 * share)
    used = line_amounts(bought)[0] / 60.0
    assert hardware.one_year_accrual_usd == pytest.approx(12 * used + 60.0 * share)
    assert (network.one_year_usd, network.three_year_usd, network.three_year_accrual_usd) == (0.0, 0.0, 0.0)
