"""What every option must serve over the 36 months, and what prices and finance apply."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from aisizer.costs.lines import Volume
from aisizer.costs.prices import PriceBook
from aisizer.plan.service import Service
from aisizer.profile.sections import Profile


@dataclass(frozen=True, slots=True)
class Demand:
    """Demand factors and volumes of the 36 months, and what prices and finance apply."""

    profile: Profile
    go_live: date
    factors: tuple[float, ...]
    volume: Volume
    book: PriceBook
    service: Service
    unmeasured: frozenset[str]
    """GPU classes that only a datasheet describes and that the profile does not name"""
