"""A line carries all of its price, and where price or factor is missing what somebody must name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from buyers import AMOUNTS, CATALOG, buyer

from aisizer.costs.egress import egress_lines
from aisizer.costs.energy import grid
from aisizer.costs.lines import Factor, Volume, named_factor, own_price, priced_line, significant
from aisizer.costs.people import staff_lines
from aisizer.costs.prices import Price, from_amount, overlaid, price_book, quote_name
from aisizer.costs.records import CostLine
from aisizer.errors import InvalidInput
from aisizer.profile.sections import Quote, Supply

DAY = date(2026, 11, 1)
PRICE = Price("box", 10.0, 8.0, 13.0, "USD/server", "maker", DAY, "list", currency="EUR", fx_usd=1.25)
BOOK = price_book(AMOUNTS, ())


def line(price: Price | None = PRICE, factors: dict[str, Factor] | None = None, **more: Any) -> CostLine:
    return priced_line("hardware", "hardware", "Boxes", "capitalise", "server", price, [1.0] * 37, factors, **more)


def test_a_line_carries_its_price_with_range_origin_and_currency() -> None:
    made = line(factors={"pue": Factor(1.5, "supply.pue"), "hours_per_month": Factor(730.0)})
    assert (made.unit_price_usd, made.low_usd, made.high_usd, made.price_unit) == (10.0, 8.0, 13.0, "USD/server")
    assert (made.source, made.as_of, made.kind, made.currency, made.fx_usd) == ("maker", DAY, "list", "EUR", 1.25)
    assert made.factors == {"pue": 1.5, "hours_per_month": 730.0} and made.factor_paths == {"pue": "supply.pue"}
    assert set(made.factor_units) == {"pue", "hours_per_month"}


def test_a_factor_that_nobody_knows_leaves_the_price_unknown_and_is_what_must_be_named() -> None:
    for unknown, named in ((Factor(None, "supply.pue"), "supply.pue"), (Factor(None), "pue")):
        made = line(factors={"hours_per_month": Factor(730.0), "pue": unknown})
        assert (made.unit_price_usd, made.low_usd, made.high_usd, made.as_of, made.fx_usd) == (
            None,
            None,
            None,
            None,
            1.0,
        )
        assert (made.price_item, made.kind, made.factors) == (named, "unpriced", {"hours_per_month": 730.0})


def test_a_price_that_nobody_gives_is_named_by_its_item_else_by_the_line() -> None:
    assert [line(None).price_item, line(None, item="box").price_item] == ["hardware", "box"]
    assert [line(None).price_unit, line(None, per="GPU").price_unit] == ["USD/server", "USD/GPU"]


def test_whole_numbers_stay_as_they_are_below_a_million() -> None:
    assert [significant(n) for n in (999_999, 1_000_000, 1_000_001, 123_456.7)] == [999_999, 1e6, 1e6, 123_457]


def test_a_factor_of_the_catalog_is_set_where_amounts_are() -> None:
    found = named_factor(BOOK, "average-power-share")
    assert found == Factor(AMOUNTS["average-power-share"].base, "supply.amounts.average-power-share")
    assert named_factor(BOOK, None) == named_factor(BOOK, "nothing") == Factor(None)


def test_a_price_of_the_profile_is_a_quote_of_it() -> None:
    assert own_price(0.2, "supply.electricity", "USD/kWh") == Price(
        "supply.electricity", 0.2, None, None, "USD/kWh", "profile", None, "quote"
    )


def test_an_amount_is_a_price_with_all_that_the_catalog_says() -> None:
    amount = next(a for a in AMOUNTS.values() if a.low is not None and a.high is not None)
    amount = amount.model_copy(update={"upfront": 0.4})
    made = from_amount("x", amount)
    assert (made.base, made.low, made.high, made.upfront) == (amount.base, amount.low, amount.high, 0.4)
    assert (made.unit, made.source, made.as_of, made.kind) == (amount.unit, amount.source, amount.as_of, amount.kind)


def test_a_quote_is_held_to_the_unit_and_the_upfront_share_of_the_amount_it_replaces() -> None:
    name, amount = "cpu-server-owned", AMOUNTS["cpu-server-owned"].model_copy(update={"upfront": 0.4})
    offered = {"item": name, "as_of": DAY, "supplier": "S", "replaces": "price"}
    right, wrong = (Quote(unit_price=f"9000 {unit}", **offered) for unit in (amount.unit, "USD/parsec"))
    found = price_book({name: amount}, [right]).named(name)
    assert found is not None and (found.base, found.upfront) == (9000.0, 0.4)
    unknown = price_book({}, [right]).named(name)
    assert unknown is not None and unknown.upfront == 0.0
    with pytest.raises(InvalidInput, match="Quote it in"):
        price_book({name: amount}, [wrong]).named(name)
    assert (quote_name("box"), quote_name("box", "one_year")) == ("box", "box:one_year")


def test_figures_that_come_near_an_unknown_one_are_named_three_at_most() -> None:
    with pytest.raises(InvalidInput) as found:
        overlaid(AMOUNTS, {"staff-share": 0.5}, DAY)
    near = str(found.value).partition("one such as ")[2].partition(";")[0].split(", ")
    assert len(near) == 3 and set(near) < AMOUNTS.keys()
    made = overlaid(AMOUNTS, {"average-power-share": 0.5}, DAY)["average-power-share"]
    assert (made.kind, made.note) == ("quote", "")
    few = {name: AMOUNTS[name] for name in ("average-power-share", "cpu-server-owned")}
    with pytest.raises(InvalidInput, match="one such as average-power-share; a price"):
        overlaid(few, {"zzz": 0.5}, DAY)


def test_a_role_says_what_its_people_are_paid_by_and_which_field_sets_their_number() -> None:
    own = Supply.model_validate({"staff": {"on_call": {"cost_per_year": "100 kUSD"}}, "staff_fte": 2})
    made = {one.id: one for one in staff_lines(buyer(supply=own))}
    nobody = made["staff-on-call"]
    assert (nobody.unit, nobody.price_unit, nobody.factors["fte"]) == ("month", "USD/FTE-year", 0.0)
    assert made["staff-operations"].factor_paths["fte"] == "supply.staff_fte"
    unpriced = staff_lines(replace(buyer(), book=price_book({}, ())))
    assert {one.price_unit for one in unpriced} == {"USD/FTE-year"}


def test_the_grid_is_that_of_the_sites_country_else_of_where_the_data_must_stay() -> None:
    place = CATALOG.sites["commercial"].model_copy(update={"countries": ("us", "ca")})
    assert grid(place, "EU") == "grid-carbon-us"
    assert grid(place.model_copy(update={"countries": ()}), "EU") == "grid-carbon-eu"


def test_answers_of_unknown_size_leave_without_a_quantity_or_a_price() -> None:
    volume = Volume((1e6,) * 36, (1e9,) * 36, (1e12,) * 36)
    amounts = {name: amount for name, amount in AMOUNTS.items() if name != "egress-bytes-per-token"}
    (made,) = egress_lines(replace(buyer("commercial"), book=price_book(amounts, ())), volume)
    assert not any(made.quantity) and made.unit_price_usd is None
