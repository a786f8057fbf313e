"""The bill of materials: what is ordered, wave by wave, with its dates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from aisizer.costs.lines import PERIODS, Buyer, Fleet
from aisizer.costs.needs import CATEGORIES, added
from aisizer.costs.records import BomLine, CostLine
from aisizer.costs.rented import split_hours
from aisizer.roadmap.records import Purchase
from aisizer.sizing.needs import Need
from aisizer.units import MONTH

ORDERED = frozenset(
    {"hardware", "install", "tax", "duty", "freight", "licence", "rent", "bridge", *CATEGORIES.values()}
) - {"migrations"}
"""Categories of what is ordered; people, power and the other running costs stand in the workbook."""
_UNITS = {"server": "EA"}
INCLUDED = "included"
"""How the price of a part reads that another line pays for."""


@dataclass(frozen=True, slots=True)
class Dated:
    """When a line is ordered that does not come with the servers."""

    lead_time_weeks: float
    order_by: date
    need_by: date

    def fields(self) -> dict[str, float | date]:
        """The fields of a line of the bill."""
        return {"lead_time_weeks": self.lead_time_weeks, "order_by": self.order_by, "need_by": self.need_by}


def bill_of_materials(
    buyer: Buyer,
    lines: Sequence[CostLine],
    needs: Sequence[Need],
    fleet: Fleet,
    purchases: Sequence[Purchase],
    lead: Mapping[str, float],
    plan_date: date,
    dated: Mapping[str, Dated],
) -> tuple[BomLine, ...]:
    """One block of lines per purchase; over all waves the quantities add up to those of the cost lines.

    What is paid by the month stands in the first block, with its months up to month 36. dated: cost lines with lead times
    of their own.
    """
    opening, ends = fleet.added[0][0], [month for month, _ in fleet.added[1:]] + [PERIODS]
    result: list[BomLine] = []
    for wave, purchase, end in zip(fleet.added, purchases, ends, strict=True):
        first = len(result) + 1
        network: int | None = None
        for line in lines:
            quantity = _quantity(line, wave, end, buyer, opening)
            if quantity > 0:
                number = len(result) + 1
                parent = first if line.waves and number > first else None
                made = _bom_line(number, parent, line, quantity, purchase, buyer, lead, plan_date)
                result.append(made.model_copy(update=dated[line.id].fields()) if line.id in dated else made)
                network = number if line.id == "network" else network
        for need in needs:
            quantity = (
                sum(added(need.by_month)[_periods(wave, end, opening)]) if need.bought and not need.price else 0.0
            )
            if quantity > 0:
                result.append(_included(len(result) + 1, network, need, quantity, purchase, lead))
    return tuple(result)


def _periods(wave: tuple[int, int], end: int, opening: int) -> slice:
    """The periods whose purchases a wave brings: its month up to the next wave's; all before for the opening one."""
    return slice(0 if wave[0] == opening else wave[0], end)


def _quantity(line: CostLine, wave: tuple[int, int], end: int, buyer: Buyer, opening: int) -> float:
    """Pieces of the wave; for rented capacity its instance-hours up to month 36."""
    if line.category == "rent":
        committed, demand = split_hours(Fleet((wave,), ()), buyer.term)
        return math.fsum(demand if line.id == "rent-on-demand" else committed)
    if line.category not in ORDERED:
        return 0.0
    if line.treatment == "capitalise":
        return math.fsum(line.used[_periods(wave, end, opening)])
    return math.fsum(line.quantity) if wave[0] == opening else 0.0


def _included(
    number: int, parent: int | None, need: Need, quantity: float, purchase: Purchase, lead: Mapping[str, float]
) -> BomLine:
    """A part that comes with what another line pays for."""
    return BomLine(
        line=number,
        parent=parent,
        wave=purchase.wave,
        category=CATEGORIES[need.group],
        description=need.name,
        quantity=quantity,
        uom=need.unit.upper(),
        unit_price_usd=0.0,
        extended_price_usd=0.0,
        price_source=need.source,
        price_kind=INCLUDED,
        price_as_of=None,
        price_age_days=None,
        lead_time_weeks=lead["total"],
        order_by=purchase.order_by,
        need_by=purchase.need_by,
        treatment="capitalise",
        notes=need.note,
    )


def _bom_line(
    number: int,
    parent: int | None,
    line: CostLine,
    quantity: float,
    purchase: Purchase,
    buyer: Buyer,
    lead: Mapping[str, float],
    plan_date: date,
) -> BomLine:
    factor = math.prod(line.factors.values())
    price = None if line.unit_price_usd is None else line.unit_price_usd * factor
    server = buyer.offer.server if line.category == "hardware" else None
    quote = buyer.book.quotes.get(line.price_item)
    capital = line.treatment == "capitalise"
    return BomLine(
        line=number,
        parent=parent,
        wave=purchase.wave,
        category=line.category,
        description=line.description,
        manufacturer=server.manufacturer if server else "",
        mpn=server.part_number if server else "",
        supplier=quote.supplier if quote else (buyer.offer.provider if line.category == "rent" else ""),
        quote_ref=quote.reference if quote else "",
        quantity=quantity,
        uom=_UNITS.get(line.unit, line.unit.upper()),
        unit_price_usd=price,
        low_usd=None if line.low_usd is None else line.low_usd * factor,
        high_usd=None if line.high_usd is None else line.high_usd * factor,
        extended_price_usd=None if price is None else price * quantity,
        price_source=line.source,
        price_kind=line.kind,
        price_as_of=line.as_of,
        price_age_days=None if line.as_of is None else (plan_date - line.as_of).days,
        lead_time_weeks=lead["total"],
        order_by=purchase.order_by,
        need_by=purchase.need_by,
        treatment=line.treatment,
        useful_life_months=round(buyer.finance.useful_life / MONTH) if capital else None,
        power_kw=server.max_power_kw if server else None,
        rack_units=server.rack_units if server else None,
        notes=f"{purchase.servers} instances to month 36 at plan" if line.category == "rent" else "",
    )
