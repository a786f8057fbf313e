"""The bill of materials: what is ordered, wave by wave, with its dates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date

from aisizer.costs.lines import Buyer, Fleet, split_hours
from aisizer.costs.records import BomLine, CostLine
from aisizer.roadmap.records import Purchase
from aisizer.units import MONTH

ORDERED = ("hardware", "network", "install", "tax", "rent")
"""Categories that are ordered for a wave; running costs stand in the workbook."""


def bill_of_materials(
    buyer: Buyer,
    lines: Sequence[CostLine],
    fleet: Fleet,
    purchases: Sequence[Purchase],
    lead: Mapping[str, float],
    plan_date: date,
) -> tuple[BomLine, ...]:
    """One block of lines per purchase; over all waves the quantities add up to those of the cost lines."""
    result: list[BomLine] = []
    for wave, purchase in zip(fleet.added, purchases, strict=True):
        parent = None
        for line in lines:
            quantity = _quantity(line, wave, buyer) if line.category in ORDERED else 0.0
            if quantity > 0:
                result.append(_bom_line(len(result) + 1, parent, line, quantity, purchase, buyer, lead, plan_date))
                parent = parent or result[-1].line
    return tuple(result)


def _quantity(line: CostLine, wave: tuple[int, int], buyer: Buyer) -> float:
    """Pieces of the wave; for rented capacity its instance-hours up to month 36."""
    if line.unit == "GPU":
        return float(wave[1] * buyer.offer.gpus)
    if line.category != "rent":
        return float(wave[1])
    committed, demand = split_hours(Fleet((wave,), ()), buyer.term)
    return math.fsum(demand if line.id == "rent-on-demand" else committed)


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
        uom={"GPU": "GPU", "instance-hour": "INSTANCE-HOUR"}.get(line.unit, "EA"),
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
