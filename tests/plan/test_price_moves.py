"""The walk of one price along the cheapest options, on options made by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from aisizer.costs.lines import Volume
from aisizer.costs.price_lines import weighted
from aisizer.costs.prices import PriceBook
from aisizer.costs.records import CostLine
from aisizer.costs.tco import site_cost
from aisizer.plan.money_records import Flip
from aisizer.plan.price_moves import Candidate, flips, move, price_drivers
from aisizer.profile.sections import Finance
from aisizer.units import YEAR

ONCE = (1.0,) + (0.0,) * 36
BOOK = PriceBook({}, {})


def line(item: str, price: float | None, quantity: float, category: str = "network", kind: str = "quote") -> CostLine:
    return CostLine.model_validate(
        {
            "id": f"{item}-{quantity:g}",
            "category": category,
            "description": item,
            "treatment": "expense",
            "unit": "x",
            "unit_price_usd": price,
            "price_unit": "USD/x",
            "quantity": tuple(quantity * q for q in ONCE),
            "price_item": item,
            "source": "s",
            "kind": kind,
        }
    )


def option(site: str, offer: str, fixed: float, slope: float, price: float | None = 1.0) -> Candidate:
    lines = [line("other", fixed, 1.0, "hardware"), *([line("moved", price, slope, kind="estimated")] if slope else [])]
    stands: Any = SimpleNamespace(
        site=SimpleNamespace(id=site),
        offer=SimpleNamespace(id=offer, name=offer),
        term="purchase",
        priced=True,
        cost=SimpleNamespace(lines=tuple(lines)),
    )
    lacking = frozenset((i.category, i.price_item) for i in lines if i.unit_price_usd is None)
    return Candidate(stands, weighted(lines, None), lacking)


def flip(*candidates: Candidate) -> Flip:
    (found,) = flips(candidates, BOOK)
    return found


def test_a_price_walks_through_an_offer_of_the_site_to_the_other_site() -> None:
    found = flip(option("home", "a", 100, 3), option("home", "b", 130, 1), option("away", "c", 200, 0))
    assert (found.steps_in, found.steps_in_usd) == ("b", 15)
    assert (found.value_usd, found.side, found.wins, found.offer) == (70, "above", "away", "c")
    assert "From 15 USD/x on, b (home) already costs less" in found.sentence


def test_a_price_may_end_at_an_offer_of_the_same_site() -> None:
    found = flip(option("home", "a", 100, 3), option("home", "b", 130, 0), option("away", "c", 200, 0))
    assert found.value_usd is None and found.steps_in == "b" and found.steps_in_usd == 10
    assert "No price of moved changes the site: from 10 USD/x on b" in found.sentence


def test_a_falling_price_brings_in_who_pays_more_of_it() -> None:
    found = flip(option("home", "a", 100, 0), option("away", "c", 80, 20, price=2.0))
    assert (found.value_usd, found.side, found.base_usd) == (1.0, "below", 2.0)


def test_a_price_that_all_pay_alike_flips_nothing() -> None:
    found = flip(option("home", "a", 100, 2), option("away", "c", 200, 2))
    assert found.value_usd is None and found.side is None and found.sites == ("home", "away")


def test_the_nearer_of_the_two_ways_is_told() -> None:
    near_below = flip(option("home", "a", 100, 10, 2.0), option("away", "c", 82, 20, 2.0), option("far", "d", 1000, 0))
    assert (near_below.value_usd, near_below.wins, near_below.side) == (1.8, "away", "below")


def test_a_way_to_another_site_is_told_before_a_shorter_one_that_stays() -> None:
    found = flip(option("home", "a", 100, 3), option("home", "b", 104, 0), option("away", "c", 96.6, 20))
    assert (found.wins, found.side) == ("away", "below") and found.value_usd == pytest.approx(0.2)


def test_an_unknown_price_comes_down_from_where_the_site_wins_or_goes_up_from_nothing() -> None:
    down = flip(option("home", "a", 100, 0), option("away", "c", 60, 8, None))
    assert (down.base_usd, down.value_usd, down.side, down.wins) == (None, 5, "below", "away")
    up = flip(option("home", "a", 60, 8, None), option("away", "c", 100, 0))
    assert (up.value_usd, up.side, up.wins) == (5, "above", "away")


def test_a_category_that_another_option_cannot_price_moves_nothing() -> None:
    blind = option("away", "c", 200, 0)
    lines = [*blind.option.cost.lines, line("unknown", None, 1.0)]
    lost = Candidate(blind.option, weighted(lines, None), frozenset({("network", "unknown")}))
    chosen = option("home", "a", 100, 3)
    assert move([chosen, lost], "moved", 1.0).at(1e6) is chosen.option
    assert move([chosen, blind], "moved", 1.0).at(1e6) is blind.option


def test_an_option_without_a_server_price_is_left_out_of_other_moves() -> None:
    unpriced = option("away", "c", 0, 0)
    unpriced = Candidate(unpriced.option, unpriced.lines, frozenset({("hardware", "c")}))
    chosen = option("home", "a", 100, 3)
    assert [e.offer.id for e, _ in move([chosen, unpriced], "moved", 1.0).lines] == ["a"]
    assert [e.offer.id for e, _ in move([chosen, unpriced], "c", None).lines] == ["a", "c"]


@pytest.mark.parametrize("price, inside", [(50, True), (80, False)])
def test_a_value_inside_the_prices_own_range_says_so(price: float, inside: bool) -> None:
    chosen, other = option("home", "a", 100, 1), option("away", "c", 100 + price, 0)
    ranged = chosen.option.cost.lines[1].model_copy(update={"low_usd": 0.5, "high_usd": 60.0})
    chosen.option.cost.lines = (chosen.option.cost.lines[0], ranged)  # type: ignore[misc]
    found = flip(chosen, other)
    assert found.in_range is inside and ("inside its own range" in found.sentence) is inside


def test_a_price_of_nothing_that_may_cost_something_is_moved_too() -> None:
    """Two pieces of capital: at 5 USD 10 USD of cash, of which 36 of 60 months are charged."""
    found = flip(option("home", "a", 100, 2, price=0.0), option("away", "c", 130, 0))
    assert (found.value_usd, found.side, found.base_usd) == (15, "above", 0)
    free = line("moved", 0.0, 2.0).model_copy(update={"low_usd": 0.0, "high_usd": 5.0, "treatment": "capitalise"})
    volume = Volume((1.0,) * 36, (1.0,) * 36, (1.0,) * 36)
    cost = site_cost("home", "g", "o", "purchase", (1, 1), (free,), volume, None, 5 * YEAR)
    best: Any = SimpleNamespace(site=SimpleNamespace(id="home"), cost=cost)
    (driver,) = price_drivers((), best, Finance())
    assert (driver.three_year_low_usd, driver.three_year_high_usd) == (0, 10)
    assert (driver.accrual_low_usd, driver.accrual_high_usd) == (0, pytest.approx(6))
