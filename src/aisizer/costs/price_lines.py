"""Totals as straight lines in one price: what each option costs when one price moves and everything else stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aisizer.costs.lines import PERIODS
from aisizer.costs.records import CostLine
from aisizer.costs.tco import monthly_rate, price_steps
from aisizer.shapes import Floats

NOTHING = 1e-9
"""[1] difference of two slopes, over the larger of them, that is rounding only."""


@dataclass(frozen=True, slots=True)
class PriceLine:
    """[USD] value = fixed + slope x price."""

    fixed: float
    slope: float

    def at(self, price: float) -> float:
        """[USD] at that price."""
        return self.fixed + self.slope * price


@dataclass(frozen=True, slots=True)
class Weighted:
    """A cost line and its value for each USD of its price: d(value) / d(price), with all purchases and months in it."""

    line: CostLine
    weight: float


def weighted(lines: Sequence[CostLine], discount_rate: float | None) -> list[Weighted]:
    """The lines with quantity x factors x escalation summed at present value, or undiscounted without a rate."""
    discount = (1 + monthly_rate(discount_rate or 0.0)) ** -np.arange(PERIODS, dtype=float)
    quantities: Floats = np.array([line.quantity for line in lines]).reshape(-1, PERIODS)
    plain = quantities @ discount
    return [
        Weighted(line, float(np.prod(list(line.factors.values()))) * _sum(line, row, float(total), discount))
        for line, row, total in zip(lines, quantities, plain, strict=True)
    ]


def _sum(line: CostLine, quantity: Floats, plain: float, discount: Floats) -> float:
    return float(quantity @ (discount * price_steps(line))) if line.escalation else plain


def in_price(lines: Sequence[Weighted], item: str, excluded: frozenset[str]) -> PriceLine:
    """The value of the lines as a straight line in the price of one item; excluded categories and unknown prices are left out."""
    kept = [w for w in lines if w.line.category not in excluded]
    return PriceLine(
        fixed=sum(
            w.weight * w.line.unit_price_usd
            for w in kept
            if w.line.price_item != item and w.line.unit_price_usd is not None
        ),
        slope=sum(w.weight for w in kept if w.line.price_item == item),
    )


def crossing(chosen: PriceLine, other: PriceLine) -> tuple[float, Literal["below", "above"]] | None:
    """The positive price at which both cost the same, and on which side of it the other costs less; null where there is none.

    p = (fixed_c - fixed_o) / (slope_o - slope_c).

    >>> crossing(PriceLine(100.0, 0.0), PriceLine(40.0, 2.0)), crossing(PriceLine(10.0, 3.0), PriceLine(40.0, 2.0))
    ((30.0, 'below'), (30.0, 'above'))
    """
    steeper = other.slope - chosen.slope
    if abs(steeper) <= NOTHING * max(abs(other.slope), abs(chosen.slope)):
        return None
    price = (chosen.fixed - other.fixed) / steeper
    return (price, "below" if steeper > 0 else "above") if price > 0 else None
