"""What the provider charges for answers that leave the site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import inf

from aisizer.costs.lines import Buyer, Volume, named_factor, priced_line
from aisizer.costs.records import CostLine


def egress_lines(buyer: Buyer, volume: Volume) -> list[CostLine]:
    """One line for each tier of the monthly volume that is reached; one for all of it where a quote prices it."""
    site, book = buyer.site, buyer.book
    if site.egress is None:
        return []
    per_token = named_factor(book, "egress-bytes-per-token").value
    gigabytes = [tokens * (per_token or 0.0) / 1e9 for tokens in volume.output_tokens]
    flat = book.offered(site.egress) or not site.egress_tiers
    parts = {site.egress: gigabytes} if flat else tiered(gigabytes, site.egress_tiers)
    return [
        _line(buyer, name, quantity, per_token is not None)
        for name, quantity in parts.items()
        if name == site.egress or any(quantity)
    ]


def tiered(quantity: Sequence[float], tiers: Mapping[str, float]) -> dict[str, list[float]]:
    """The part of each month's quantity that falls into each tier; tiers: where each begins, in the quantity's own unit.

    >>> tiered([5.0, 25.0], {"first": 0.0, "next": 10.0, "over": 20.0})
    {'first': [5.0, 10.0], 'next': [0.0, 10.0], 'over': [0.0, 5.0]}
    """
    bounds = pairwise([*tiers.values(), inf])
    return {
        name: [min(max(q - begin, 0.0), end - begin) for q in quantity]
        for name, (begin, end) in zip(tiers, bounds, strict=True)
    }


def _line(buyer: Buyer, name: str, gigabytes: Sequence[float], known: bool) -> CostLine:
    price = buyer.book.named(name) if known else None
    begins = buyer.site.egress_tiers.get(name, 0.0)
    id = f"egress-over-{begins:.0f}-gb" if begins else "egress"
    text = "Network egress of responses" + (f", over {begins:,.0f} GB a month" if begins else "")
    return priced_line(id, "egress", text, "expense", "GB", price, (0.0, *gigabytes), item=name)
