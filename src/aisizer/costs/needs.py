"""Cost lines of what stands around the GPUs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from aisizer.costs.lines import Buyer, Factor, Fleet, own_price, priced_line, pue
from aisizer.costs.prices import Price
from aisizer.costs.records import Category, CostLine
from aisizer.costs.site import capacity_lines
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
PER_MONTH = "-month"
"""How the unit of a price ends that is paid each month for what stands then, as in USD/GB-month."""
NAMED_BY_USER: frozenset[Group] = frozenset({"vector store", "non-production"})
"""Groups whose needs the profile names, so that no name makes the id of another line, such as the tax on one."""
SERVER = "server"
"""The price of a need that is GPU servers as production's, with all that is paid for each of them."""

ELECTRICITY = "electricity"
"""The price of a need that is kilowatt-hours, paid as the fleet's own."""
SPARE_GPU = "spare-gpu"
"""The price of a GPU on the shelf: its quote, else its part of the server's price, an upper bound."""
KEPT: tuple[Category, ...] = ("residual", "decommissioning")
"""Categories of servers' lines that stay what they are, because totals treat them apart."""


def line_id(need: Need) -> str:
    """The id of a need's cost line: its name in lower case with dashes, after its group where the user gives the name.

    >>> line_id(Need("logging", "Prompt logs, hot", "GB", (), "", ""))
    'prompt-logs-hot'
    >>> line_id(Need("vector store", "docs_v1: disk", "GB", (), "", ""))
    'vector-store-docs_v1-disk'
    """
    name = f"{need.group} {need.name}" if need.group in NAMED_BY_USER else need.name
    return re.sub(r"[^a-z0-9_.-]+", "-", name.casefold())


def need_lines(needs: Sequence[Need], buyer: Buyer) -> tuple[CostLine, ...]:
    """The lines of every need that has a price of its own."""
    return tuple(line for need in needs if need.price for line in _lines(need, buyer))


def added(by_month: Sequence[float]) -> tuple[float, ...]:
    """Units bought in period 0 and months 1 to 36 so that each month has what it needs; nothing is sold.

    Month 1 is paid in period 0.

    >>> added([2.0, 2.0, 5.0, 4.0])
    (2.0, 0.0, 0.0, 3.0, 0.0)
    """
    held, bought = 0.0, list[float]()
    for needed in by_month:
        bought.append(max(0.0, needed - held))
        held = max(held, needed)
    first, *rest = bought
    return (first, 0.0, *rest)


def _lines(need: Need, buyer: Buyer) -> list[CostLine]:
    return _server_lines(need, buyer) if need.price == SERVER else [_line(need, buyer)]


def _line(need: Need, buyer: Buyer) -> CostLine:
    price, factors = _price(need.price, buyer)
    capital = need.bought and not (price and price.unit.endswith(PER_MONTH))
    return priced_line(
        line_id(need),
        "power" if need.price == ELECTRICITY else CATEGORIES[need.group],
        need.name,
        "capitalise" if capital else "expense",
        need.unit if factors or price is None else price.unit.removeprefix("USD/"),
        price,
        added(need.by_month) if capital else (0.0, *need.by_month),
        factors,
        item=need.price,
    )


def _price(key: str, buyer: Buyer) -> tuple[Price | None, dict[str, Factor]]:
    """The price of one unit at the buyer's site, and the factor that turns the quantity into what it is per."""
    site, book = buyer.site, buyer.book
    if key == ELECTRICITY:
        own = own_price(buyer.supply.electricity, "supply.electricity", "USD/kWh")
        return own or book.named(site.electricity), {"pue": pue(buyer)}
    if key == SPARE_GPU and key not in book.quotes:
        server = book.priced(buyer.offer.id, buyer.offer.terms.get("purchase"))
        return server, {"servers_per_gpu": Factor(1 / buyer.offer.gpus)} if server else {}
    at_site = {
        "storage-hot": site.storage_hot,
        "storage-warm": site.storage_warm,
        "storage-archive": site.storage_archive,
        "cpu-server": site.cpu_server,
    }
    return book.named(at_site.get(key, key)), {}


def _server_lines(need: Need, buyer: Buyer) -> list[CostLine]:
    """The fleet's own lines for servers beside it."""
    bought = [(max(month, 1), round(n)) for month, n in enumerate(added(need.by_month)) if n]
    fleet = Fleet(tuple(bought), tuple(round(n) for n in need.by_month))
    return [
        line.model_copy(
            update={
                "id": f"{line_id(need)}-{line.id}",
                "category": line.category if line.category in KEPT else CATEGORIES[need.group],
                "description": f"{need.name}: {line.description}",
                "waves": (),
            }
        )
        for line in (capacity_lines(buyer, fleet) if bought else ())
    ]
