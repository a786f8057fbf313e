"""What the bill of materials adds up to by category and wave, for readers who do not order the parts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from aisizer.costs.records import BomLine
from aisizer.schema import Record


class BomTotal(Record):
    """The lines of one category in one wave."""

    id: str
    """category and wave, as in hardware-1"""
    category: str
    wave: int
    lines: int
    """parts included"""
    unpriced: int
    """lines without a price, parts that come in the price of another line left out: with any, the sum is at least so much"""
    order_by: date
    """the earliest of its lines"""
    extended_price_usd: float


def bom_totals(bom: Sequence[BomLine]) -> tuple[BomTotal, ...]:
    """The totals of each category and wave, in the order of the bill."""
    found: dict[tuple[str, int], list[BomLine]] = {}
    for line in bom:
        found.setdefault((line.category, line.wave), []).append(line)
    return tuple(_total(category, wave, lines) for (category, wave), lines in found.items())


def _total(category: str, wave: int, lines: Sequence[BomLine]) -> BomTotal:
    unpriced = [line for line in lines if line.extended_price_usd is None]
    return BomTotal(
        id=f"{category.replace('_', '-')}-{wave}",
        category=category,
        wave=wave,
        lines=len(lines),
        unpriced=len(unpriced),
        order_by=min(line.order_by for line in lines),
        extended_price_usd=sum(line.extended_price_usd or 0.0 for line in lines),
    )
