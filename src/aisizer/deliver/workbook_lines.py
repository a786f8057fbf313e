"""The cost lines of each site as tco.xlsx shows them: rows and columns of its cost sheet, and the value of every formula.

Every value is the engine's own product, sum or discounting, so that a file nobody has recalculated yet reads right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from aisizer.costs.rates import IN_SERVICE, ON_GOODS, rate_lines
from aisizer.costs.records import Category, CostLine, SiteCost
from aisizer.costs.tco import line_amounts, monthly_rate, used_amounts
from aisizer.deliver import labels
from aisizer.deliver.workbook_cells import FIRST_YEAR, PERIODS, across, cell, span
from aisizer.plan import Plan
from aisizer.profile.sections import Finance
from aisizer.shapes import Floats
from aisizer.units import MONTH

DATE_ROW, YEAR_ROW, LEFT_ROW, SHARE_ROW, HEAD_ROW = 3, 4, 5, 6, 7
FIRST = HEAD_ROW + 1
"""zero-based rows of a cost sheet"""
ID, CATEGORY, DESCRIPTION, TREATMENT, UNIT, RATE, STEP, ONE_YEAR, THREE_YEARS, NPV, ACCRUED, UNPRICED, PRICE_PATH = (
    range(13)
)
PAID = 13
USED = PAID + PERIODS
AMOUNT = USED + PERIODS
"""zero-based columns of a cost sheet"""
Flags = NDArray[np.bool_]
RESIDUAL: Category = "residual"
CAPITAL = "capitalise"
RATED = (*ON_GOODS, "service_tax")
"""categories of rates on other lines"""
FOLLOWING = (*RATED, *IN_SERVICE, RESIDUAL)
"""categories that follow from what other lines buy"""
SERVERS, SUPPORT = "hardware", "support"
"""how the ids of the lines end that buy servers, and that support those which stand"""
MONTHS_LEFT = np.minimum(np.arange(PERIODS, 0.0, -1.0), PERIODS - 1.0)
"""[month] of use up to month 36 of what enters service in each period; period 0 serves from month 1"""


@dataclass(frozen=True)
class CostSheet:
    """One site's cost lines: rows, columns, and the values of its formulas."""

    name: str
    label: str
    cost: SiteCost
    lines: tuple[CostLine, ...]
    """the site's own, and those for tax and residual value that a typed rate would bring"""
    discount_rate: float | None
    life_months: float

    @property
    def total(self) -> int:
        """Row of the totals."""
        return FIRST + len(self.lines)

    @cached_property
    def columns(self) -> list[str]:
        """Each column of all lines, as formulas write it."""
        return [span((FIRST, col), (self.total - 1, col), self.name) for col in range(AMOUNT + PERIODS)]

    @cached_property
    def moving(self) -> list[str]:
        """The same with columns that move with the formula's own, for rows of periods."""
        return [across(FIRST, self.total - 1, col, self.name) for col in range(AMOUNT + PERIODS)]

    def column(self, col: int) -> str:
        """One column of all lines."""
        return self.columns[col]

    @property
    def own(self) -> str:
        """The rows of the plan's own lines."""
        return span((FIRST, ID), (FIRST + len(self.cost.lines) - 1, ID), self.name)

    def at_total(self, col: int) -> str:
        """A column's total."""
        return cell(self.total, col, self.name)

    @cached_property
    def rates(self) -> list[float]:
        """[USD] by line: price x factors; 0 where the price is missing."""
        return [(line.unit_price_usd or 0.0) * prod(line.factors.values()) for line in self.lines]

    @cached_property
    def amounts(self) -> Floats:
        """[USD] of cash by line and period; 0 where the price is missing."""
        return _rows([line_amounts(line) for line in self.lines])

    @cached_property
    def used(self) -> Floats:
        """[USD] by line and the period in which it enters service or is used."""
        return _rows([used_amounts(line) for line in self.lines])

    @cached_property
    def accrued(self) -> Floats:
        """[USD] charged to months 1 to 36 by line."""
        share = np.minimum(MONTHS_LEFT, self.life_months) / self.life_months
        charged = [
            self.used[row] @ (share if capital else np.ones(PERIODS)) for row, capital in enumerate(self.capital)
        ]
        return np.where(self.of_category(RESIDUAL), 0.0, np.array(charged))

    @cached_property
    def present(self) -> Floats | None:
        """[USD] net present value by line; null without a discount rate."""
        if self.discount_rate is None:
            return None
        factors: Floats = (1 + monthly_rate(self.discount_rate)) ** -np.arange(PERIODS, dtype=float)
        return self.amounts @ factors

    @cached_property
    def capital(self) -> Flags:
        """Whether each line is capitalised."""
        return np.array([line.treatment == CAPITAL for line in self.lines], dtype=bool)

    def of_category(self, category: str) -> Flags:
        """Whether each line is of the category."""
        return np.array([line.category == category for line in self.lines], dtype=bool)

    def values(self, col: int) -> Floats | None:
        """One year, three years, NPV or accrual by line; null for an NPV without a discount rate."""
        if col == NPV:
            return self.present
        if col == ACCRUED:
            return self.accrued
        result: Floats = self.amounts[:, : FIRST_YEAR if col == ONE_YEAR else PERIODS].sum(axis=1)
        return result

    def value(self, col: int, picked: Flags | None = None) -> float | None:
        """The same over all lines, or over those picked."""
        found = self.values(col)
        if found is None:
            return None
        return float(found.sum() if picked is None else found[picked].sum())

    def usd(self, col: int, picked: Flags | None = None) -> float:
        """The same of a column that takes no discount rate, and so is always known."""
        found = self.value(col, picked)
        assert found is not None
        return found

    @property
    def unpriced(self) -> int:
        """The site's own lines without a price."""
        return len(self.cost.missing)

    @cached_property
    def steps(self) -> list[str]:
        """The category whose yearly step each line's price takes."""
        named = {line.id: line for line in self.lines}
        return [step_category(line, named) for line in self.lines]

    def is_own(self, row: int) -> bool:
        """Whether the plan has the line; the others wait for a tax or a residual value."""
        return row < len(self.cost.lines)


def _rows(amounts: Sequence[Floats]) -> Floats:
    rows = np.array(amounts)
    return np.where(np.isnan(rows), 0.0, rows)


def cost_sheets(plan: Plan) -> list[CostSheet]:
    """One sheet per admitted site, the chosen one first, and one for the baseline."""
    rate, life = labels.discount_rate(plan), labels.finance(plan).useful_life / MONTH
    named = [(cost.site, labels.site(cost.site), cost) for cost in labels.sites_in_order(plan)]
    if plan.baseline is not None:
        named.append(("baseline", "baseline", plan.baseline))
    taken: list[str] = []
    for key, _, _ in named:
        taken.append(_sheet_name(key, taken))
    return [
        CostSheet(name, label, cost, (*cost.lines, *_of_rates(plan, cost)), rate, life)
        for name, (_, label, cost) in zip(taken, named, strict=True)
    ]


def categories(sheets: Sequence[CostSheet]) -> list[str]:
    """The categories that any site has, in the order of the record."""
    used = {line.category for sheet in sheets for line in sheet.lines}
    return [category for category in get_args(Category) if category in used]


def _sheet_name(key: str, taken: Sequence[str]) -> str:
    """At most 31 characters, unlike those before it (Excel's limit; names differ in more than case)."""
    name, number = f"Cost {key}"[:31], 2
    while name.lower() in (other.lower() for other in taken):
        name, number = f"Cost {key}"[:27] + f" ({number})", number + 1
    return name


def _of_rates(plan: Plan, cost: SiteCost) -> Iterator[CostLine]:
    """The lines that the engine leaves out while tax or residual value is nothing, so that both can be typed in."""
    named = {line.id: line for line in cost.lines}
    if not any(line.category == "tax" for line in cost.lines):
        for line in rate_lines([line for line in cost.lines if line.category not in RATED], Finance(tax=1.0)):
            yield line.model_copy(update={"factors": line.factors | {"tax": 0.0}})
    if not any(line.category == RESIDUAL for line in cost.lines):
        step = labels.finance(plan).escalation.get(RESIDUAL, 0.0)
        for line in cost.lines:
            supported = named.get(line.id.removesuffix(SERVERS) + SUPPORT)
            if line.id.endswith(SERVERS) and line.treatment == CAPITAL and line.category not in RATED and supported:
                yield _sold(line, supported.used[-1]).model_copy(update={"escalation": step})


def step_category(line: CostLine, named: Mapping[str, CostLine]) -> str:
    """The category whose yearly step the line's price takes: its own, but for rates on other lines, which take theirs.

    named: the site's lines by id.
    """
    if line.category in RATED:
        base = named.get(line.id.replace(f"{line.category.replace('_', '-')}-", "", 1))
        return line.category if base is None else step_category(base, named)
    return "rent" if line.category == "bridge" else line.category


def _sold(line: CostLine, servers: float) -> CostLine:
    """What the servers of a line bring after month 36, at a residual value of nothing."""
    return line.model_copy(
        update={
            "id": f"residual-{line.id}",
            "category": RESIDUAL,
            "description": f"Residual value after month 36: {line.description}",
            "quantity": (*[0.0] * (PERIODS - 1), -servers),
            "served": (),
            "factors": {"residual": 0.0},
            "factor_units": {"residual": "1"},
            "factor_paths": {"residual": "finance.residual"},
        }
    )
