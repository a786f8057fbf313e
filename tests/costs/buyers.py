"""Buyers at the sites of the catalog that tests of cost lines share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from aisizer.catalog.load import load_catalog
from aisizer.costs.lines import Buyer
from aisizer.costs.prices import overlaid, price_book
from aisizer.profile.sections import ControlCost, Finance, Quote, Supply
from aisizer.sizing.options import offers

CATALOG = load_catalog()
AMOUNTS = {name: amount for prices in CATALOG.prices.values() for name, amount in prices.amounts.items()}


def buyer(
    site: str = "on_premises",
    quotes: Sequence[Quote] = (),
    finance: Finance | None = None,
    supply: Supply | None = None,
    controls: Mapping[str, ControlCost] | None = None,
) -> Buyer:
    """Who buys or rents servers of eight H100 at a site."""
    place, asked = CATALOG.sites[site], supply or Supply()
    offer = next(o for o in offers(place, CATALOG, ("h100-sxm",)) if o.terms and o.gpus == 8)
    book = price_book(overlaid(AMOUNTS, asked.amounts, date(2026, 12, 1)), quotes)
    return Buyer(place, offer, next(iter(offer.terms)), book, asked, finance or Finance(), controls=controls or {})
