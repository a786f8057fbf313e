"""Licences that the profile asks for: by GPU, by server or flat, paid as they are sold."""

from __future__ import annotations

from collections.abc import Sequence

from aisizer.costs.lines import PERIODS, Buyer, Fleet, in_service, priced_line
from aisizer.costs.prices import Price
from aisizer.costs.records import CostLine
from aisizer.units import HOURS_PER_MONTH, MONTHS_PER_YEAR

CLOUDS = ("gov_enclave", "commercial_region")
"""Classes of sites whose marketplaces sell a licence by the GPU-hour; its price is the amount NAME-cloud."""
PER_GPU, PER_HOUR, PER_SERVER, FLAT = LICENCE_UNITS = "USD/GPU-year", "USD/GPU-hour", "USD/server-year", "USD/year"
"""How licences are sold; one without a price is counted in GPU-years."""


def licence_lines(buyer: Buyer, fleet: Fleet) -> list[CostLine]:
    """The licences that servers or GPUs need, wherever they stand: at a second site and beside production too."""
    priced = [(name, _price(buyer, name)) for name in buyer.supply.licences]
    return [_line(name, price, buyer, fleet) for name, price in priced if not _is_flat(price)]


def flat_licence_lines(buyer: Buyer, fleet: Fleet) -> list[CostLine]:
    """The licences that the whole service takes one of."""
    priced = [(name, _price(buyer, name)) for name in buyer.supply.licences]
    one = ((fleet.added[0][0], 1),)
    return [_yearly(name, price, one, 1.0, "year") for name, price in priced if _is_flat(price)]


def yearly_in_advance(added: Sequence[tuple[int, int]]) -> tuple[list[float], list[float]]:
    """Years paid at the start of each, and years used, by period, for things added by month; month 1 is paid in period 0.

    Of a year that runs past month 36 only its months up to there count, as with every other running cost.

    >>> paid, used = yearly_in_advance([(1, 2), (31, 1)])
    >>> paid[0], paid[13], paid[25], paid[31], used[36] * 12
    (2.0, 2.0, 2.0, 0.5, 3.0)
    """
    paid, used = [0.0] * PERIODS, [0.0] * PERIODS
    for start, count in added:
        for begin in range(start, PERIODS, MONTHS_PER_YEAR):
            paid[0 if begin == 1 else begin] += count * min(MONTHS_PER_YEAR, PERIODS - begin) / MONTHS_PER_YEAR
        for month in range(start, PERIODS):
            used[month] += count / MONTHS_PER_YEAR
    return paid, used


def _price(buyer: Buyer, name: str) -> Price | None:
    """An offer for the licence, the price of the cloud's own marketplace, or the catalog's.

    A quote of the price alone changes what the licence costs, and not by which of the two it is bought.
    """
    hourly = buyer.book.named(f"{name}-cloud") if buyer.site.site_class in CLOUDS else None
    return buyer.book.named(name) if hourly is None or buyer.book.offered(name) else hourly


def _is_flat(price: Price | None) -> bool:
    return price is not None and price.unit == FLAT


def _line(name: str, price: Price | None, buyer: Buyer, fleet: Fleet) -> CostLine:
    gpus = buyer.offer.gpus
    if price is not None and price.unit == PER_HOUR:
        hours = in_service(fleet, gpus * HOURS_PER_MONTH)
        return priced_line(_id(name), "licence", f"Licence {name}", "expense", "GPU-hour", price, hours)
    if price is not None and price.unit == PER_SERVER:
        return _yearly(name, price, fleet.added, 1.0, "server-year")
    return _yearly(name, price, fleet.added, gpus, "GPU-year")


def _yearly(name: str, price: Price | None, added: Sequence[tuple[int, int]], each: float, unit: str) -> CostLine:
    paid, used = ([each * years for years in schedule] for schedule in yearly_in_advance(added))
    return priced_line(_id(name), "licence", f"Licence {name}", "prepaid", unit, price, paid, served=used)


def _id(name: str) -> str:
    return f"licence-{name}"
