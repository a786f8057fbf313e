"""A cost line of one site's plan: what buys it, and how a price, a quantity and factors make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aisizer.catalog.records import Site
from aisizer.costs.prices import USD, Price, PriceBook
from aisizer.costs.records import Category, CostLine, Treatment
from aisizer.profile.sections import ControlCost, Finance, Supply
from aisizer.sizing.options import Offer
from aisizer.units import MONTHS_PER_YEAR

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
    "role_share": "1",
    "tax": "1",
    "duty": "1",
    "freight": "1",
    "insurance": "1/year",
    "property_tax": "1/year",
    "service_tax": "1",
    "residual": "1",
    "decommissioning": "1",
    "servers_per_gpu": "server/GPU",
}
"""Unit of each named factor; together they turn a line's quantity into what its price is per."""


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
    controls: Mapping[str, ControlCost] = field(default_factory=dict)
    """the organisation's own prices of security and audit controls, by name"""


YEARS_PER_MONTH = Factor(1 / MONTHS_PER_YEAR)
EACH_MONTH = (0.0, *(1.0,) * (PERIODS - 1))
"""The quantity of what stands unchanged from month 1 to 36."""


def significant(value: float, digits: int = 6) -> float:
    """Rounded to significant digits, so that what a file shows is what was multiplied.

    >>> significant(1234567.0), significant(0.00012345678)
    (1234570.0, 0.000123457)
    """
    number = float(value)
    if number.is_integer() and abs(number) < 10**digits:
        return number
    return float(f"{number:.{digits}g}")


QUANTITY_DIGITS = 9
"""Significant digits of a quantity: the same on every platform, and below a cent in all that is multiplied by it."""


def amounts(quantity: Sequence[float]) -> tuple[float, ...]:
    """A schedule of quantities as lines carry it."""
    return tuple(significant(q, QUANTITY_DIGITS) for q in quantity)


def priced_line(
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
    item: str = "",
    per: str = "",
) -> CostLine:
    """One line; a missing price or factor leaves the unit price unknown. `item` and `per` say what a quote must name then."""
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
        price_unit=priced.unit if priced else f"USD/{per or unit}",
        low_usd=priced.low if priced else None,
        high_usd=priced.high if priced else None,
        factors=known,
        factor_units={name: FACTOR_UNITS[name] for name in known},
        quantity=amounts(quantity),
        price_item=priced.item if priced else (lacking[0] if lacking else item or id),
        source=priced.source if priced else "no source prices it",
        as_of=priced.as_of if priced else None,
        kind=priced.kind if priced else "unpriced",
        waves=tuple(waves),
        factor_paths={name: factor.path for name, factor in all_factors.items() if factor.path and name in known},
        served=amounts(served),
        currency=priced.currency if priced else USD,
        fx_usd=priced.fx_usd if priced else 1.0,
    )


def named_factor(book: PriceBook, name: str | None) -> Factor:
    """A factor of the catalog, which supply.amounts sets."""
    price = book.named(name)
    return Factor(None) if price is None else Factor(price.base, f"supply.amounts.{name}")


def by_wave(fleet: Fleet, per_server: float = 1.0) -> list[float]:
    """Quantities at the month in which each wave enters service; the first is paid in period 0."""
    quantity = [0.0] * PERIODS
    for month, servers in fleet.added:
        quantity[0 if month == 1 else month] += servers * per_server
    return quantity


def in_service(fleet: Fleet, per_server: float = 1.0) -> list[float]:
    """Quantities by the month in which servers serve."""
    return [0.0, *(servers * per_server for servers in fleet.servers)]


def own_factor(value: float | None, path: str) -> Factor | None:
    """A factor that the profile itself sets."""
    return None if value is None else Factor(value, path)


def pue(buyer: Buyer) -> Factor:
    """Power usage effectiveness: the profile's own, else the site's."""
    return own_factor(buyer.supply.pue, "supply.pue") or named_factor(buyer.book, buyer.site.pue)


def own_price(value: float | None, field: str, unit: str) -> Price | None:
    """A price that the profile itself sets."""
    return None if value is None else Price(field, value, None, None, unit, "profile", None, "quote")
