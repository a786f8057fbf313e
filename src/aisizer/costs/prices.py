"""Where a price comes from: the customer's quote first, then the catalog; an unknown price stays unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches

from aisizer.catalog.records import Amount
from aisizer.errors import InvalidInput
from aisizer.profile.sections import FxRate, Quote
from aisizer.schema import LARGEST_USD

_QUOTE = re.compile(
    r"^\s*(?P<number>[\d,_.]+(?:[eE]\d+)?)\s*(?P<scale>k|M)?(?P<currency>[A-Z]{3})(?P<per>/[A-Za-z-]+)?\s*$"
)
USD = "USD"
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
    upfront: float = 0.0
    """[1] of a term's price that is paid at its start"""
    currency: str = USD
    fx_usd: float = 1.0


@dataclass(frozen=True, slots=True)
class PriceBook:
    """The catalog's facility amounts overlaid by the profile's quotes."""

    amounts: Mapping[str, Amount]
    quotes: Mapping[str, Quote]
    fx: Mapping[str, FxRate] = field(default_factory=dict)

    def named(self, item: str | None) -> Price | None:
        """The price of a facility amount, or null where nobody gave one."""
        return None if item is None else self.priced(item, self.amounts.get(item))

    def offered(self, item: str) -> bool:
        """Whether a supplier offers the item, and not only its price was changed: an offer may also be another way to buy."""
        return item in self.quotes and self.quotes[item].replaces == "offer"

    def terms(self, item: str) -> tuple[str, ...]:
        """Terms of an item that quotes price, from names such as p5.48xlarge:three_year."""
        return tuple(name.partition(":")[2] for name in self.quotes if name.startswith(f"{item}:"))

    def priced(self, item: str, amount: Amount | None, term: str = "") -> Price | None:
        """The quote for an item (or item:term, such as p5.48xlarge:one_year), else the catalog's amount."""
        name = quote_name(item, term)
        quote = self.quotes.get(name)
        if quote is not None:
            return from_quote(quote, amount.unit if amount else None, self.fx, amount.upfront if amount else 0.0)
        return None if amount is None else from_amount(name, amount)


def quote_name(item: str, term: str = "") -> str:
    """What a quote for an item calls it, such as p5.48xlarge:one_year."""
    return f"{item}:{term}" if term else item


def price_book(
    amounts: Mapping[str, Amount], quotes: Sequence[Quote], fx: Mapping[str, FxRate] | None = None
) -> PriceBook:
    """A price book with one quote per item; two quotes for one item are a fault."""
    by_item: dict[str, Quote] = {}
    for quote in quotes:
        if quote.item in by_item:
            raise InvalidInput(f"supply.quotes holds two quotes for {quote.item}. Keep the one that counts.")
        by_item[quote.item] = quote
    return PriceBook(amounts, by_item, fx or {})


def overlaid(amounts: Mapping[str, Amount], own: Mapping[str, float], day: date) -> dict[str, Amount]:
    """The catalog's amounts with the profile's own figures in place of theirs; money is quoted and not set."""
    unknown = [name for name in own if name not in amounts or amounts[name].unit.startswith(USD)]
    if unknown:
        known = sorted(name for name, amount in amounts.items() if not amount.unit.startswith(USD))
        near = get_close_matches(unknown[0], known, n=3, cutoff=0.3) or known
        raise InvalidInput(
            f"supply.amounts holds {unknown[0]}, which is no figure of the catalog without a currency. Name one such as "
            f"{', '.join(near)}; a price goes into supply.quotes."
        )
    set_by = {"low": None, "high": None, "source": "profile", "kind": "quote", "note": "", "as_of": day}
    return {**amounts, **{name: amounts[name].model_copy(update={"base": v, **set_by}) for name, v in own.items()}}


def from_amount(item: str, amount: Amount) -> Price:
    """A catalog amount as a price."""
    return Price(
        item, amount.base, amount.low, amount.high, amount.unit, amount.source, amount.as_of, amount.kind,
        upfront=amount.upfront,
    )  # fmt: skip


def from_quote(quote: Quote, unit: str | None, fx: Mapping[str, FxRate] | None = None, upfront: float = 0.0) -> Price:
    """A quote as a price in USD; its unit must be the catalog's where the catalog has one.

    upfront [1]: the catalog's part paid at the start of the term, which a quote of the price alone keeps.
    """
    match = _QUOTE.match(quote.unit_price)
    assert match is not None, "the profile's schema lets no other price in"
    value = float(match["number"].replace(",", "").replace("_", "")) * _SCALE[match["scale"]]
    if value == 0:
        raise InvalidInput(f"the quote for {quote.item} is zero. Leave it out if the price is not known yet.")
    if value > LARGEST_USD:
        raise InvalidInput(
            f"the quote for {quote.item} is above {LARGEST_USD:g} (got {quote.unit_price}). Mend the price."
        )
    currency = match["currency"]
    rate = 1.0 if currency == USD else _rate(quote, currency, fx or {})
    got = USD + (match["per"] or "")
    if unit is not None and _per(got) != _per(unit):
        raise InvalidInput(
            f"the quote for {quote.item} is in {got}, but the catalog prices it in {unit}. Quote it in {unit}."
        )
    return Price(
        quote.item, value * rate, None, None, got, f"quote:{quote.item}", quote.as_of, quote.kind,
        quote.supplier, quote.reference, _upfront(quote, upfront), currency, rate,
    )  # fmt: skip


def _upfront(quote: Quote, catalog: float) -> float:
    silent = catalog if quote.replaces == "price" else 0.0
    return silent if quote.upfront is None else quote.upfront


def _per(unit: str) -> str:
    """A price's unit, in which a server may stay unsaid.

    >>> _per("USD/server"), _per("USD/server-month"), _per("USD/kWh")
    ('usd', 'usd/server-month', 'usd/kwh')
    """
    return unit.lower().removesuffix("/server")


def _rate(quote: Quote, currency: str, fx: Mapping[str, FxRate]) -> float:
    if currency not in fx:
        raise InvalidInput(
            f"the quote for {quote.item} is in {currency}, but finance.fx has no rate for it. Add {currency}: {{rate: 1.08, "
            "as_of: 2026-11-20, source: who says so} to finance.fx."
        )
    return fx[currency].rate
