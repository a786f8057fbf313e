"""Where a price comes from: the customer's quote first, then the catalog; an unknown price stays unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from aisizer.catalog.records import Amount
from aisizer.errors import InvalidInput
from aisizer.profile.sections import Quote

_QUOTE = re.compile(r"^\s*(?P<number>[\d,_.]+(?:[eE]\d+)?)\s*(?P<scale>k|M)?USD(?P<per>/[A-Za-z-]+)?\s*$")
_SCALE = {None: 1.0, "k": 1e3, "M": 1e6}


@dataclass(frozen=True, slots=True)
class Price:
    """One price with its range and origin."""

    item: str
    base: float
    low: float | None
    high: float | None
    unit: str
    source: str
    as_of: date | None
    kind: str
    supplier: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class PriceBook:
    """The catalog's facility amounts overlaid by the profile's quotes."""

    amounts: Mapping[str, Amount]
    quotes: Mapping[str, Quote]

    def named(self, item: str | None) -> Price | None:
        """The price of a facility amount, or null where nobody gave one."""
        return None if item is None else self.priced(item, self.amounts.get(item))

    def terms(self, item: str) -> tuple[str, ...]:
        """Terms of an item that quotes price, from names such as p5.48xlarge:three_year."""
        return tuple(name.partition(":")[2] for name in self.quotes if name.startswith(f"{item}:"))

    def priced(self, item: str, amount: Amount | None, term: str = "") -> Price | None:
        """The quote for an item (or item:term, such as p5.48xlarge:one_year), else the catalog's amount."""
        quote = self.quotes.get(f"{item}:{term}" if term else item)
        if quote is not None:
            return from_quote(quote, amount.unit if amount else None)
        return None if amount is None else from_amount(item, amount)


def price_book(amounts: Mapping[str, Amount], quotes: Sequence[Quote]) -> PriceBook:
    """A price book with one quote per item; two quotes for one item are a fault."""
    by_item: dict[str, Quote] = {}
    for quote in quotes:
        if quote.item in by_item:
            raise InvalidInput(f"supply.quotes holds two quotes for {quote.item}. Keep the one that counts.")
        by_item[quote.item] = quote
    return PriceBook(amounts, by_item)


def from_amount(item: str, amount: Amount) -> Price:
    """A catalog amount as a price."""
    return Price(item, amount.base, amount.low, amount.high, amount.unit, amount.source, amount.as_of, amount.kind)


def from_quote(quote: Quote, unit: str | None) -> Price:
    """A quote as a price; its unit must be the catalog's where the catalog has one."""
    match = _QUOTE.match(quote.unit_price)
    if match is None:
        raise InvalidInput(
            f"the quote for {quote.item} has no readable price (got {quote.unit_price}). Write 265000 USD."
        )
    value = float(match["number"].replace(",", "").replace("_", "")) * _SCALE[match["scale"]]
    if value == 0:
        raise InvalidInput(f"the quote for {quote.item} is zero. Leave it out if the price is not known yet.")
    got = "USD" + (match["per"] or "")
    if unit is not None and got.lower() != unit.lower().replace("/server", ""):
        raise InvalidInput(
            f"the quote for {quote.item} is in {got}, but the catalog prices it in {unit}. Quote it in {unit}."
        )
    return Price(
        quote.item, value, None, None, got, f"quote:{quote.item}", quote.as_of, quote.kind,
        quote.supplier, quote.reference,
    )  # fmt: skip
