"""What servers cost that are bought: purchase, fabric, installation, support, power, space, and their end."""

from __future__ import annotations

from collections.abc import Sequence

from aisizer.costs.lines import (
    PERIODS,
    YEARS_PER_MONTH,
    Buyer,
    Factor,
    Fleet,
    by_wave,
    in_service,
    named_factor,
    own_price,
    priced_line,
    pue,
)
from aisizer.costs.prices import Price, PriceBook
from aisizer.costs.records import CostLine
from aisizer.costs.tco import used_amounts
from aisizer.units import HOURS_PER_MONTH

RESIDUAL_RANGE = "residual-36-months"
"""The catalog's range of what a server brings after 36 months, as a share of its price."""


def owned_lines(buyer: Buyer, fleet: Fleet) -> list[CostLine]:
    """All that is paid for servers at an owned site; rates on purchases and services come after."""
    offer, site, book = buyer.offer, buyer.site, buyer.book
    price = book.priced(offer.id, offer.terms.get("purchase"))
    waves = range(1, len(fleet.added) + 1)
    bought, running = by_wave(fleet), in_service(fleet)
    support, install = named_factor(book, site.support), named_factor(book, site.install)
    network = site.rdma_network if buyer.rdma else site.network
    lines = [
        priced_line(
            "hardware", "hardware", offer.name, "capitalise", "server", price, bought, waves=waves, item=offer.id,
        ),
        priced_line(
            "network", "network", "Network fabric: ports, optics and cables", "capitalise", "GPU",
            book.named(network), by_wave(fleet, offer.gpus), waves=waves, item=network or "",
        ),
        priced_line(
            "install", "install", "Freight, installation and integration", "capitalise", "server", price, bought,
            {"install_rate": install}, waves, item=offer.id,
        ),
        priced_line(
            "support", "support", "Hardware support", "expense", "server-month", price, running,
            {"support_rate_per_year": support, "years_per_month": YEARS_PER_MONTH}, item=offer.id, per="server",
        ),
        _power(buyer, running),
        *_end(buyer, fleet, price),
    ]  # fmt: skip
    if buyer.supply.colocation is not None or site.colocation is not None:
        lines.append(_colocation(buyer, running))
    return lines


def _power(buyer: Buyer, running: list[float]) -> CostLine:
    supply, site, book = buyer.supply, buyer.site, buyer.book
    assert buyer.offer.server is not None
    factors = {
        "nameplate_kw": Factor(buyer.offer.server.max_power_kw),
        "average_power_share": named_factor(book, "average-power-share"),
        "hours_per_month": Factor(HOURS_PER_MONTH),
        "pue": pue(buyer),
    }
    price = own_price(supply.electricity, "supply.electricity", "USD/kWh") or book.named(site.electricity)
    name = "Electricity, cooling included"
    item = site.electricity or "supply.electricity"
    return priced_line("power", "power", name, "expense", "server-month", price, running, factors, item=item, per="kWh")


def _colocation(buyer: Buyer, running: list[float]) -> CostLine:
    assert buyer.offer.server is not None
    own = own_price(buyer.supply.colocation, "supply.colocation", "USD/kW-month")
    price = own or buyer.book.named(buyer.site.colocation)
    factors = {"nameplate_kw": Factor(buyer.offer.server.max_power_kw)}
    name = "Space and power reservation"
    return priced_line("colocation", "colocation", name, "expense", "server-month", price, running, factors)


def _end(buyer: Buyer, fleet: Fleet, price: Price | None) -> list[CostLine]:
    """What the servers of month 36 bring, and what their removal costs, as shares of their price."""
    finance, servers = buyer.finance, float(fleet.servers[-1])
    before = [0.0] * (PERIODS - 1)
    lines = []
    if finance.residual > 0:
        share = {"residual": Factor(finance.residual, "finance.residual")}
        name = "Residual value after month 36"
        sold = [*before, -servers]
        lines.append(
            priced_line("residual", "residual", name, "capitalise", "server", price, sold, share, item=buyer.offer.id)
        )
    if finance.decommissioning > 0:
        share = {"decommissioning": Factor(finance.decommissioning, "finance.decommissioning")}
        name = "Removal, erasure and disposal after month 36"
        end = [*before, servers]
        lines.append(
            priced_line(
                "decommissioning", "decommissioning", name, "expense", "server", price, end, share, item=buyer.offer.id
            )
        )
    return lines


def residual_high(lines: Sequence[CostLine], offer: str, book: PriceBook) -> float | None:
    """[USD] that all servers bought may bring after 36 months at the high end of the range; null where they have no price."""
    servers = [
        line for line in lines if line.price_item == offer and line.treatment == "capitalise" and not line.factors
    ]
    share = book.amounts[RESIDUAL_RANGE]
    if any(line.unit_price_usd is None for line in lines if line.category == "hardware"):
        return None
    return sum(float(used_amounts(line).sum()) for line in servers) * (share.high or share.base)
