"""Cost lines of what stands around the GPUs, and what of it is ordered with a wave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aisizer.catalog.records import Site
from aisizer.costs.lines import Buyer, significant
from aisizer.costs.prices import PriceBook
from aisizer.costs.records import Category, CostLine
from aisizer.sizing.needs import Group, Need

CATEGORIES: Mapping[Group, Category] = {
    "logging": "storage",
    "vector store": "storage",
    "network": "network",
    "front end": "front_end",
    "facility": "facility",
    "recovery": "disaster_recovery",
    "spares": "spares",
    "non-production": "non_production",
    "migrations": "migrations",
}


def line_id(need: Need) -> str:
    """The id of a need's cost line: its name in lower case with dashes.

    >>> line_id(Need("logging", "Prompt logs, hot", "GB", (), "", ""))
    'prompt-logs-hot'
    """
    words = "".join(c if c.isalnum() else " " for c in need.name.casefold()).split()
    return "-".join(words)


def need_lines(needs: Sequence[Need], buyer: Buyer) -> tuple[CostLine, ...]:
    """A line for every need that has a price of its own."""
    return tuple(_line(need, buyer.site, buyer.book) for need in needs if need.price)


def added(by_month: Sequence[float]) -> tuple[float, ...]:
    """Units bought in period 0 and months 1 to 36 so that each month has what it needs; nothing is sold.

    Month 1 is paid in period 0.

    >>> added([2.0, 2.0, 5.0, 4.0])
    (2.0, 0.0, 0.0, 3.0, 0.0)
    """
    held, bought = 0.0, [0.0]
    for needed in by_month:
        bought.append(max(0.0, needed - held))
        held = max(held, needed)
    first, rest = bought[1], bought[2:]
    return (first, 0.0, *rest)


def _line(need: Need, site: Site, book: PriceBook) -> CostLine:
    item = _item(need.price, site)
    price = book.named(item)
    return CostLine(
        id=line_id(need),
        category=CATEGORIES[need.group],
        description=need.name,
        treatment="capitalise" if need.bought else "expense",
        unit=need.unit if need.bought else f"{need.unit}-month",
        unit_price_usd=price.base if price else None,
        price_unit=price.unit if price else f"USD/{need.unit}",
        low_usd=price.low if price else None,
        high_usd=price.high if price else None,
        quantity=tuple(significant(q) for q in (added(need.by_month) if need.bought else (0.0, *need.by_month))),
        price_item=price.item if price else (item or need.price),
        source=price.source if price else "no source prices it",
        as_of=price.as_of if price else None,
        kind=price.kind if price else "unpriced",
    )


def _item(key: str, site: Site) -> str | None:
    """The facility price of a site for what every site has its own price of; other keys are prices themselves."""
    own = {"storage-hot": site.storage_hot}
    return own.get(key, key)
