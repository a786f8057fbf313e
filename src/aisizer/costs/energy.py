"""Electricity of the fleet and what it emits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from aisizer.costs.prices import PriceBook
from aisizer.costs.records import CostLine

PER_KWH = "USD/kWh"
RENTED = "The provider's meter is its own: electricity is in the hourly price, and no source gives its draw."
UNPRICED = "The electricity has no price, so its lines carry no energy. Set supply.electricity."


@dataclass(frozen=True, slots=True)
class Energy:
    """Electricity and emissions over 36 months; null with a note where nobody knows."""

    kwh: float | None
    tco2e: float | None
    note: str


def energy(
    lines: Sequence[CostLine], owned: bool, country: str, own_intensity: float | None, book: PriceBook
) -> Energy:
    """What the lines that pay by the kilowatt-hour draw, and what a grid of that country emits for it.

    own_intensity [g/kWh]: the profile's own figure, in place of the catalog's.
    """
    if not owned:
        return Energy(None, None, RENTED)
    if any(line.category == "power" and line.unit_price_usd is None for line in lines):
        return Energy(None, None, UNPRICED)
    kwh = sum(drawn_kwh(line) for line in lines if line.price_unit == PER_KWH)
    amount = book.amounts.get(f"grid-carbon-{country}")
    intensity = own_intensity if own_intensity is not None else amount.base if amount else None
    if intensity is None:
        return Energy(kwh, None, f"No source gives the emissions of the grid of {country}. Set supply.grid_carbon.")
    return Energy(kwh, emissions_t(kwh, intensity), "")


def drawn_kwh(line: CostLine) -> float:
    """[kWh] over 36 months of a line that pays by the kilowatt-hour: its quantity x factors, as its price is per kWh."""
    return math.fsum(line.used) * math.prod(line.factors.values())


def emissions_t(kwh: float, g_per_kwh: float) -> float:
    """[t] CO2 equivalent = E x I / 10^6: electricity [kWh] x intensity of the grid [g/kWh].

    Location-based scope 2, GHG Protocol Scope 2 Guidance (World Resources Institute, 2015), ch. 6.

    >>> emissions_t(1_000_000.0, 369.473)
    369.473
    """
    return kwh * g_per_kwh / 1e6
