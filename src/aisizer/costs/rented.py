"""What instances cost that are rented: hours under commitment and on demand."""

from __future__ import annotations

from collections.abc import Sequence

from aisizer.costs.lines import PERIODS, Buyer, Fleet, priced_line
from aisizer.costs.prices import quote_name
from aisizer.costs.records import CostLine, Treatment
from aisizer.costs.tco import line_amounts
from aisizer.errors import InvalidInput
from aisizer.units import HOURS_PER_MONTH

TERM_MONTHS = {"one_year": 12, "three_year": 36}
DEDICATED = "hosted_private"
"""Class of sites whose rent may hold a lease: servers that stand for one customer alone may be identified assets that it
controls (ASC 842-10-15, IFRS 16.B9)."""
INCLUDED = (
    "servers",
    "racks and space",
    "electricity and cooling",
    "hardware support",
    "network between servers",
    "spare parts",
)
"""What an owned site pays for by itself and the hourly price of a rented one holds."""
COMMITTED = tuple("rent-" + term.replace("_", "-") for term in TERM_MONTHS)
"""Ids of the lines of committed hours."""


def rented_lines(buyer: Buyer, fleet: Fleet) -> list[CostLine]:
    """Committed hours where the commitment ends inside the horizon, on-demand hours for the rest."""
    committed, demand = split_hours(fleet, buyer.term)
    lines = []
    if any(committed):
        lines.append(_hours(buyer, "rent-" + buyer.term.replace("_", "-"), buyer.term, committed, fleet))
    if any(demand):
        lines.append(_hours(buyer, "rent-on-demand", "on_demand", demand, fleet))
    return lines


def _hours(buyer: Buyer, id: str, term: str, hours: list[float], fleet: Fleet) -> CostLine:
    quoted = "" if term == "on_demand" else term
    price = buyer.book.priced(buyer.offer.id, buyer.offer.terms.get(term), term=quoted)
    name = f"{buyer.offer.provider} {buyer.offer.name}, {term.replace('_', ' ')}"
    upfront = price.upfront if price else 0.0
    if upfront and term not in TERM_MONTHS:
        raise InvalidInput(
            f"the catalog's price of {buyer.offer.id} on demand has a part paid upfront, but no term that it is paid for. "
            "Give upfront to the price of a term, or leave it out."
        )
    paid = paid_upfront(hours, fleet, term, upfront) if upfront else hours
    served = hours if upfront else ()
    treatment: Treatment = "prepaid" if upfront else "expense"
    if buyer.site.site_class == DEDICATED:
        treatment = "possible_lease"
    waves = range(1, len(fleet.added) + 1)
    return priced_line(
        id, "rent", name, treatment, "instance-hour", price, paid, waves=waves, served=served,
        item=quote_name(buyer.offer.id, quoted), per="h",
    )  # fmt: skip


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


def unused_hours(committed: Sequence[float], needed: Sequence[int]) -> list[float]:
    """[instance-hour] by period that are committed and not needed; what is on demand is given back first.

    committed [instance-hour] by period; needed [server] by month, month 1 first, redundancy included.

    >>> unused_hours([0.0, 1460.0, 1460.0], [1, 3])
    [0.0, 730.0, 0.0]
    """
    return [0.0, *(max(0.0, c - n * HOURS_PER_MONTH) for c, n in zip(committed[1:], needed, strict=True))]


def unused_commitment(lines: Sequence[CostLine], needed: Sequence[int]) -> float | None:
    """[USD] of committed hours that the demand does not need over 36 months; null where their price is unknown."""
    committed = [line for line in lines if line.id in COMMITTED]
    if any(line.unit_price_usd is None for line in committed):
        return None
    unused = (line.model_copy(update={"quantity": tuple(unused_hours(line.used, needed))}) for line in committed)
    return sum(float(line_amounts(line).sum()) for line in unused)
