"""Cash and accrual of one and three years by category of cost, never mixed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aisizer.costs.lines import PERIODS
from aisizer.costs.records import Category, CostLine
from aisizer.costs.tco import accrual, line_amounts
from aisizer.schema import Record


class CategoryTotal(Record):
    """What the priced lines of one category add up to."""

    category: Category
    one_year_usd: float
    """cash of period 0 and months 1 to 12, before residual"""
    three_year_usd: float
    one_year_accrual_usd: float
    three_year_accrual_usd: float
    missing: int
    """lines without a price: with any, the figures are at least so much"""


def by_category(lines: Sequence[CostLine], life_months: float) -> tuple[CategoryTotal, ...]:
    """The totals of each category in the order of its first line; life_months [month]: of what is capitalised."""
    found: dict[Category, list[CostLine]] = {}
    for line in lines:
        found.setdefault(line.category, []).append(line)
    return tuple(_total(category, its, life_months) for category, its in found.items())


def _total(category: Category, lines: Sequence[CostLine], life_months: float) -> CategoryTotal:
    priced = [line for line in lines if line.unit_price_usd is not None]
    cash = np.sum([line_amounts(line) for line in priced], axis=0) if priced else np.zeros(PERIODS)
    charged = accrual(priced, life_months)
    return CategoryTotal(
        category=category,
        one_year_usd=float(cash[:13].sum()),
        three_year_usd=float(cash.sum()),
        one_year_accrual_usd=float(charged[:13].sum()),
        three_year_accrual_usd=float(charged.sum()),
        missing=len(lines) - len(priced),
    )
