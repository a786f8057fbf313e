"""What a quote says of a price is kept, and a quote that cannot be read is a fault with the mend."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from buyers import AMOUNTS

from aisizer.costs.prices import from_amount, from_quote, overlaid, price_book, quote_name
from aisizer.errors import InvalidInput
from aisizer.profile.sections import FxRate, Quote
from aisizer.schema import LARGEST_USD

DAY = date(2026, 11, 1)
CPU = "cpu-server-owned"


def quote(price: str = "9 USD", **more: Any) -> Quote:
    return Quote(**({"item": "x", "unit_price": price, "as_of": DAY, "supplier": "S", "reference": "Q-7"} | more))


@pytest.mark.parametrize(
    "text", ["265000 USD", "265,000 USD", "265_000 USD", "265__000 USD", "265 kUSD", "0.265 MUSD", "2.65e5USD"]
)
def test_a_price_reads_the_same_however_it_is_written(text: str) -> None:
    assert from_quote(quote(text), None).base == pytest.approx(265_000)


def test_a_quote_keeps_who_offers_it_when_and_under_which_number() -> None:
    price = from_quote(quote(), None)
    assert (price.item, price.supplier, price.reference, price.as_of) == ("x", "S", "Q-7", DAY)
    assert (price.source, price.kind, price.low, price.high, price.fx_usd) == ("quote:x", "quote", None, None, 1.0)
    assert price.upfront == 0.0


def test_a_quote_of_the_price_alone_keeps_the_catalogs_upfront_share() -> None:
    price, offer = quote(replaces="price"), quote(replaces="offer")
    assert from_quote(price, None).upfront == 0.0
    assert [from_quote(q, None, upfront=0.4).upfront for q in (price, offer)] == [0.4, 0.0]
    assert from_quote(quote(replaces="price", upfront=0.1), None, upfront=0.4).upfront == 0.1


def test_a_currency_is_turned_into_dollars_at_the_profiles_rate() -> None:
    rate = FxRate(rate=1.25, as_of=DAY, source="bank")
    price = from_quote(quote("100 EUR/kWh"), "USD/kWh", {"EUR": rate})
    assert (price.base, price.currency, price.fx_usd, price.unit) == (125.0, "EUR", 1.25, "USD/kWh")
    with pytest.raises(InvalidInput, match=r"Add EUR: \{rate: 1.08, as_of: 2026-11-20, source: who says so\}"):
        from_quote(quote("100 EUR"), None)


def test_the_largest_price_is_still_one() -> None:
    assert from_quote(quote(f"{LARGEST_USD:.0f} USD"), None).base == LARGEST_USD
    with pytest.raises(InvalidInput, match=r"above 1e\+15 .* Mend the price"):
        from_quote(quote(f"{2 * LARGEST_USD:.0f} USD"), None)


@pytest.mark.parametrize(
    ("text", "unit", "said"),
    [
        ("0 USD", None, "for x is zero. Leave it out"),
        ("9 USD/GB", "USD/kWh", "is in USD/GB, but the catalog prices it in USD/kWh. Quote it in USD/kWh"),
    ],
)
def test_a_price_that_cannot_be_used_is_a_fault_with_the_mend(text: str, unit: str | None, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        from_quote(quote(text), unit)


def test_a_book_looks_for_the_quote_of_the_term_then_for_the_catalogs_amount() -> None:
    book = price_book(AMOUNTS, [quote("7 USD", item="box:one_year"), quote("8 USD", item="box:three_year"), quote()])
    assert book.terms("box") == ("one_year", "three_year") and book.terms("boxes") == ()
    year = book.priced("box", None, "one_year")
    assert year is not None and (year.base, year.item) == (7.0, "box:one_year")
    assert book.priced("box", None) is None and book.named(None) is None and book.named("nothing") is None
    assert book.offered("x") and not book.offered("box")
    amount = AMOUNTS[CPU]
    priced = book.priced(CPU, amount, "one_year")
    assert priced == from_amount(f"{CPU}:one_year", amount)
    assert (priced.base, priced.source, priced.upfront) == (amount.base, amount.source, amount.upfront)
    with pytest.raises(InvalidInput, match=r"two quotes for x. Keep the one that counts"):
        price_book(AMOUNTS, [quote(), quote()])


def test_the_profiles_own_figure_stands_in_the_catalogs_place_without_its_range() -> None:
    made = overlaid(AMOUNTS, {"average-power-share": 0.5}, DAY)["average-power-share"]
    assert (made.base, made.low, made.high, made.source, made.as_of) == (0.5, None, None, "profile", DAY)
    assert made.unit == AMOUNTS["average-power-share"].unit
    with pytest.raises(
        InvalidInput, match=r"no figure of the catalog without a currency. Name one such as average-power"
    ):
        overlaid(AMOUNTS, {"average-power": 0.5}, DAY)
    with pytest.raises(InvalidInput, match=r"a price goes into supply.quotes"):
        overlaid(AMOUNTS, {CPU: 5.0}, DAY)


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
