"""What of a fleet's cost stands at today's price although it is spent later at a price that nobody holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from aisizer.costs.lines import PERIODS, Fleet
from aisizer.costs.records import CostLine
from aisizer.costs.rented import TERM_MONTHS
from aisizer.units import HOURS_PER_MONTH

PRICED_MONTHS = 12
"""[month] of production whose prices count as known: the first budget year, which is bought on quotes at hand."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """[USD] of spend at prices that nobody holds yet; null where a line of it has no price, or no range."""

    base_usd: float | None
    low_usd: float | None
    high_usd: float | None


def exposure(lines: Sequence[CostLine], fleet: Fleet, term: str) -> Exposure:
    """Spend on capacity after month 12 at a price that no term holds: servers that come later, and rented hours.

    Lines of capacity are those that come with the waves. A server counts in the month in which it comes into service;
    rented hours count if their term begins later, and on demand in every month.
    """
    found = [(line, _late(line, fleet, term)) for line in lines if line.waves]
    late = [(line, quantity) for line, quantity in found if quantity > 0]
    return Exposure(
        _total([_amount(line, quantity, line.unit_price_usd) for line, quantity in late]),
        _total([_amount(line, quantity, line.low_usd) for line, quantity in late]),
        _total([_amount(line, quantity, line.high_usd) for line, quantity in late]),
    )


def hours_agreed_late(fleet: Fleet, term: str) -> float:
    """[instance-hour] under whole terms that begin after month 12.

    A wave of two in month 1 and one of one in month 11, by the year: the second year and the third of the first wave,
    and the second of the other, which begins in month 23; its last two months are on demand.

    >>> hours_agreed_late(Fleet(((1, 2), (11, 1)), ()), "one_year") / HOURS_PER_MONTH
    60.0
    """
    length = TERM_MONTHS[term]
    terms = (
        servers
        for start, servers in fleet.added
        for begin in range(start, PERIODS - length + 1, length)
        if begin > PRICED_MONTHS
    )
    return sum(terms) * length * HOURS_PER_MONTH


def _late(line: CostLine, fleet: Fleet, term: str) -> float:
    """What of a line's quantity is spent after month 12 and not held; the line of a term has only whole ones."""
    if line.category == "rent" and line.id != "rent-on-demand":
        return hours_agreed_late(fleet, term)
    return sum(line.used[PRICED_MONTHS + 1 :])


def _amount(line: CostLine, quantity: float, price: float | None) -> float | None:
    return None if price is None else quantity * price * math.prod(line.factors.values())


def _total(amounts: Sequence[float | None]) -> float | None:
    return None if None in amounts else sum(a for a in amounts if a is not None)
