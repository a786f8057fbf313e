"""A line carries all of its price, and where price or factor is missing what somebody must name."""

from __future__ import annotations

from datetime import date
from typing import Any

from buyers import AMOUNTS

from aisizer.costs.lines import Factor, named_factor, own_price, priced_line, significant
from aisizer.costs.prices import Price, price_book
from aisizer.costs.records import CostLine

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
