"""The cost lines of one site's plan: quantity x unit price x named factors, by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aisizer.catalog.records import Site
from aisizer.costs.prices import USD, Price, PriceBook
from aisizer.costs.records import Category, CostLine, Treatment
from aisizer.profile.sections import Finance, Supply
from aisizer.sizing.options import Offer
from aisizer.units import HOURS_PER_MONTH

PERIODS = 37
"""Period 0 and months 1 to 36."""
FACTOR_UNITS = {
    "install_rate": "1",
    "support_rate_per_year": "1/year",
    "years_per_month": "year/month",
    "nameplate_kw": "kW/server",
    "average_power_share": "1",
    "hours_per_month": "h/month",
    "pue": "1",
    "fte": "FTE",
    "tax": "1",
    "residual": "1",
    "servers_per_gpu": "server/GPU",
}
"""Unit of each named factor; together they turn a line's quantity into what its price is per."""
TAXED = ("hardware", "network")
"""Goods; freight and installation are services, which most sales taxes leave out (assumed)."""
TERM_MONTHS = {"one_year": 12, "three_year": 36}
DEDICATED = "hosted_private"
"""Class of sites whose rent may hold a lease: servers that stand for one customer alone may be identified assets that it
controls (ASC 842-10-15, IFRS 16.B9)."""


@dataclass(frozen=True, slots=True)
class Volume:
    """What the fleet serves in each of the 36 months."""

    requests: tuple[float, ...]
    prompt_tokens: tuple[float, ...]
    output_tokens: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Fleet:
    """What costs needs to know of a fleet: servers added by wave, and servers in service by month."""

    added: tuple[tuple[int, int], ...]
    """(month, servers) per wave; month 1 is paid in period 0"""
    servers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Factor:
    """A named multiplier of a line, and the profile path that sets it; fixed where there is none."""

    value: float | None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Everything that turns a fleet into lines besides the fleet itself."""

    site: Site
    offer: Offer
    term: str
    book: PriceBook
    supply: Supply
    finance: Finance
    rdma: bool = False
    """whether servers exchange data while they serve, which takes one RDMA port for each GPU"""


def cost_lines(buyer: Buyer, fleet: Fleet, volume: Volume) -> tuple[CostLine, ...]:
    """All lines of the site's plan, owned or rented."""
    return (*capacity_lines(buyer, fleet), *_staff(buyer), *_egress(buyer, volume))


def capacity_lines(buyer: Buyer, fleet: Fleet) -> list[CostLine]:
    """What servers or instances cost with all that is paid for each of them."""
    return _owned(buyer, fleet) if buyer.site.ownership == "own" else _rented(buyer, fleet)


YEARS_PER_MONTH = Factor(1 / 12)


def significant(value: float, digits: int = 6) -> float:
    """Rounded to significant digits, so that what a file shows is what was multiplied.

    >>> significant(1234567.0), significant(0.00012345678)
    (1234570.0, 0.000123457)
    """
    return float(f"{value:.{digits}g}")


QUANTITY_DIGITS = 9
"""Significant digits of a quantity: the same on every platform, and below a cent in all that is multiplied by it."""


def amounts(quantity: Sequence[float]) -> tuple[float, ...]:
    """A schedule of quantities as lines carry it."""
    return tuple(significant(q, QUANTITY_DIGITS) for q in quantity)


def _line(
    id: str,
    category: Category,
    description: str,
    treatment: Treatment,
    unit: str,
    price: Price | None,
    quantity: Sequence[float],
    factors: Mapping[str, Factor] | None = None,
    waves: Sequence[int] = (),
    served: Sequence[float] = (),
) -> CostLine:
    """One line; a missing price or factor leaves the unit price unknown."""
    all_factors = factors or {}
    known = {name: factor.value for name, factor in all_factors.items() if factor.value is not None}
    lacking = [factor.path or name for name, factor in all_factors.items() if factor.value is None]
    priced = price if not lacking else None
    return CostLine(
        id=id,
        category=category,
        description=description,
        treatment=treatment,
        unit=unit,
        unit_price_usd=priced.base if priced else None,
        price_unit=priced.unit if priced else f"USD/{unit}",
        low_usd=priced.low if priced else None,
        high_usd=priced.high if priced else None,
        factors=known,
        factor_units={name: FACTOR_UNITS[name] for name in known},
        quantity=amounts(quantity),
        price_item=priced.item if priced else (lacking[0] if lacking else id),
        source=priced.source if priced else "no source prices it",
        as_of=priced.as_of if priced else None,
        kind=priced.kind if priced else "unpriced",
        waves=tuple(waves),
        factor_paths={name: factor.path for name, factor in all_factors.items() if factor.path and name in known},
        served=amounts(served),
        currency=priced.currency if priced else USD,
        fx_usd=priced.fx_usd if priced else 1.0,
    )


def _factor(book: PriceBook, name: str | None) -> Factor:
    price = book.named(name)
    return Factor(None) if price is None else Factor(price.base, f"supply.amounts.{name}")


def _by_wave(fleet: Fleet, per_server: float = 1.0) -> list[float]:
    """Quantities at the month in which each wave enters service; the first is paid in period 0."""
    quantity = [0.0] * PERIODS
    for month, servers in fleet.added:
        quantity[0 if month == 1 else month] += servers * per_server
    return quantity


def _in_service(fleet: Fleet, per_server: float = 1.0) -> list[float]:
    return [0.0, *(servers * per_server for servers in fleet.servers)]


def _owned(buyer: Buyer, fleet: Fleet) -> list[CostLine]:
    offer, site, book = buyer.offer, buyer.site, buyer.book
    price = book.priced(offer.id, offer.terms.get("purchase"))
    waves = range(1, len(fleet.added) + 1)
    bought, running = _by_wave(fleet), _in_service(fleet)
    support, install = _factor(book, site.support), _factor(book, site.install)
    lines = [
        _line("hardware", "hardware", offer.name, "capitalise", "server", price, bought, waves=waves),
        _line(
            "network", "network", "Network fabric: ports, optics and cables", "capitalise", "GPU",
            book.named(site.rdma_network if buyer.rdma else site.network),
            _by_wave(fleet, offer.gpus), waves=waves,
        ),
        _line(
            "install", "install", "Freight, installation and integration", "capitalise", "server", price, bought,
            {"install_rate": install}, waves,
        ),
        _line(
            "support", "support", "Hardware support", "expense", "server-month", price, running,
            {"support_rate_per_year": support, "years_per_month": YEARS_PER_MONTH},
        ),
        _power(buyer, running),
    ]  # fmt: skip
    if buyer.finance.tax > 0:
        lines += [taxed(line, buyer.finance.tax) for line in lines if line.category in TAXED]
    if buyer.finance.residual > 0:
        sold = [0.0] * (PERIODS - 1) + [-float(fleet.servers[-1])]
        lines.append(
            _line(
                "residual",
                "residual",
                "Residual value after month 36",
                "capitalise",
                "server",
                price,
                sold,
                {"residual": Factor(buyer.finance.residual, "finance.residual")},
            )
        )
    if buyer.supply.colocation is not None or site.colocation is not None:
        lines.append(_colocation(buyer, running))
    return lines


def taxed(line: CostLine, rate: float) -> CostLine:
    """Sales or use tax on what a line buys."""
    return line.model_copy(
        update={
            "id": f"tax-{line.id}",
            "category": "tax",
            "description": f"Sales or use tax on: {line.description}",
            "factors": line.factors | {"tax": rate},
            "factor_units": line.factor_units | {"tax": FACTOR_UNITS["tax"]},
            "factor_paths": line.factor_paths | {"tax": "finance.tax"},
        }
    )


def _power(buyer: Buyer, running: list[float]) -> CostLine:
    supply, site, book = buyer.supply, buyer.site, buyer.book
    assert buyer.offer.server is not None
    factors = {
        "nameplate_kw": Factor(buyer.offer.server.max_power_kw),
        "average_power_share": _factor(book, "average-power-share"),
        "hours_per_month": Factor(HOURS_PER_MONTH),
        "pue": _own_factor(supply.pue, "supply.pue") or _factor(book, site.pue),
    }
    price = own_price(supply.electricity, "supply.electricity", "USD/kWh") or book.named(site.electricity)
    return _line("power", "power", "Electricity, cooling included", "expense", "server-month", price, running, factors)


def _colocation(buyer: Buyer, running: list[float]) -> CostLine:
    assert buyer.offer.server is not None
    price = own_price(buyer.supply.colocation, "supply.colocation", "USD/kW-month") or buyer.book.named(
        buyer.site.colocation
    )
    factors = {"nameplate_kw": Factor(buyer.offer.server.max_power_kw)}
    return _line(
        "colocation", "colocation", "Space and power reservation", "expense", "server-month", price, running, factors
    )


def _own_factor(value: float | None, path: str) -> Factor | None:
    """A factor that the profile itself sets."""
    return None if value is None else Factor(value, path)


def own_price(value: float | None, field: str, unit: str) -> Price | None:
    """A price that the profile itself sets."""
    return None if value is None else Price(field, value, None, None, unit, "profile", None, "quote")


def _rented(buyer: Buyer, fleet: Fleet) -> list[CostLine]:
    """Committed hours where the commitment ends inside the horizon, on-demand hours for the rest."""
    committed, demand = split_hours(fleet, buyer.term)
    lines = []
    if any(committed):
        lines.append(_hours(buyer, "rent-" + buyer.term.replace("_", "-"), buyer.term, committed, fleet))
    if any(demand):
        lines.append(_hours(buyer, "rent-on-demand", "on_demand", demand, fleet))
    return lines


def _hours(buyer: Buyer, id: str, term: str, hours: list[float], fleet: Fleet) -> CostLine:
    price = buyer.book.priced(buyer.offer.id, buyer.offer.terms.get(term), term="" if term == "on_demand" else term)
    name = f"{buyer.offer.provider} {buyer.offer.name}, {term.replace('_', ' ')}"
    upfront = price.upfront if price else 0.0
    paid = paid_upfront(hours, fleet, term, upfront) if upfront else hours
    served = hours if upfront else ()
    treatment: Treatment = "prepaid" if upfront else "expense"
    if buyer.site.site_class == DEDICATED:
        treatment = "possible_lease"
    waves = range(1, len(fleet.added) + 1)
    return _line(id, "rent", name, treatment, "instance-hour", price, paid, waves=waves, served=served)


def paid_upfront(hours: Sequence[float], fleet: Fleet, term: str, share: float) -> list[float]:
    """[instance-hour] by the month they are paid in: a share of each term's hours at its start, the rest as they pass."""
    paid = [(1 - share) * monthly for monthly in hours]
    length = TERM_MONTHS[term]
    for start, servers in fleet.added:
        for begin in range(start, PERIODS - length + 1, length):
            paid[0 if begin == 1 else begin] += share * servers * length * HOURS_PER_MONTH
    return paid


def split_hours(fleet: Fleet, term: str) -> tuple[list[float], list[float]]:
    """Instance-hours by month under commitment and on demand.

    A wave that enters service in month m has 37 - m months left; whole terms that fit are committed.
    """
    committed, demand = [0.0] * PERIODS, [0.0] * PERIODS
    length = TERM_MONTHS.get(term)
    for start, servers in fleet.added:
        left = PERIODS - start
        covered = 0 if length is None else left // length * length
        for month in range(start, PERIODS):
            (committed if month < start + covered else demand)[month] += servers * HOURS_PER_MONTH
    return committed, demand


def _staff(buyer: Buyer) -> list[CostLine]:
    fte = _own_factor(buyer.supply.staff_fte, "supply.staff_fte") or _factor(buyer.book, buyer.site.staff_fte)
    price = buyer.book.named("fte-systems-engineer-us")
    return [
        _line(
            "staff", "staff", "Staff that runs the fleet", "expense", "month", price, [0.0] + [1.0] * (PERIODS - 1),
            {"fte": fte, "years_per_month": YEARS_PER_MONTH},
        )
    ]  # fmt: skip


def _egress(buyer: Buyer, volume: Volume) -> list[CostLine]:
    if buyer.site.egress is None:
        return []
    per_token = _factor(buyer.book, "egress-bytes-per-token").value
    quantity = [0.0, *(tokens * (per_token or 0.0) / 1e9 for tokens in volume.output_tokens)]
    price = buyer.book.named(buyer.site.egress) if per_token is not None else None
    return [_line("egress", "egress", "Network egress of responses", "expense", "GB", price, quantity)]
