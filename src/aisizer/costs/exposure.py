"""What of a fleet's cost stands at today's price although it is spent later at a price that nobody holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aisizer.costs.lines import PERIODS, Fleet
from aisizer.costs.records import CostLine
from aisizer.costs.rented import TERM_MONTHS
from aisizer.costs.tco import line_amounts
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
    late = [line.model_copy(update={"quantity": tuple(used)}) for line, used in found if any(used)]
    return Exposure(_total(late, "unit_price_usd"), _total(late, "low_usd"), _total(late, "high_usd"))


def hours_agreed_late(fleet: Fleet, term: str) -> list[float]:
    """[instance-hour] by period under whole terms that begin after month 12.

    A wave of two in month 1 and one of one in month 11, by the year: the second year and the third of the first wave,
    and the second of the other, which begins in month 23; its last two months are on demand.

    >>> sum(hours_agreed_late(Fleet(((1, 2), (11, 1)), ()), "one_year")) / HOURS_PER_MONTH
    60.0
    """
    hours, length = [0.0] * PERIODS, TERM_MONTHS[term]
    for start, servers in fleet.added:
        for begin in range(start, PERIODS - length + 1, length):
            for month in range(begin, begin + length) if begin > PRICED_MONTHS else ():
                hours[month] += servers * HOURS_PER_MONTH
    return hours


def _late(line: CostLine, fleet: Fleet, term: str) -> Sequence[float]:
    """What of a line is used after month 12 and not held, by period; the line of a term has only whole ones."""
    if line.category == "rent" and line.id != "rent-on-demand":
        return hours_agreed_late(fleet, term)
    known = PRICED_MONTHS + 1
    return (*(0.0,) * known, *line.used[known:])


def _total(lines: Sequence[CostLine], price: Literal["unit_price_usd", "low_usd", "high_usd"]) -> float | None:
    """[USD] of the lines at one end of their prices, with the steps that the plan counts; null where one has none."""
    at = [line.model_copy(update={"unit_price_usd": getattr(line, price)}) for line in lines]
    if any(line.unit_price_usd is None for line in at):
        return None
    return sum(float(line_amounts(line).sum()) for line in at)
