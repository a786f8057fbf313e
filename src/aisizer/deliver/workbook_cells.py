"""The cell map of tco.xlsx: which figure stands in which cell, and the value that the engine gives it.

Writer and reader share this map. Every formula's value comes from the engine's own product, sums and discounting, so
that a file nobody has recalculated yet reads right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from aisizer.costs.records import CostLine, SiteCost
from aisizer.costs.tco import line_amounts, net_present_value
from aisizer.deliver import labels
from aisizer.plan import Plan

PERIODS = 37
"""period 0 (all spend before service) and months 1 to 36"""
MONTHS_PER_YEAR = 12
TOLERANCE_USD = 0.01
"""the Plan carries money in cents"""

RATE_ROW, MONTHS_ROW, MONTHLY_RATE_ROW, CURRENCY_ROW, TOLERANCE_ROW = 3, 4, 5, 6, 7
INPUT_HEAD_ROW = 10
"""zero-based rows of the sheet Inputs"""
NAME_COL, VALUE_COL, DELIVERED_COL, CHANGED_COL, UNIT_COL = 0, 1, 2, 3, 4
"""zero-based columns of the sheet Inputs"""

LINE_HEAD_ROW = 4
ID, CATEGORY, DESCRIPTION, TREATMENT, UNIT, PRICE, FACTOR, ONE_YEAR, THREE_YEARS, NPV, UNPRICED = range(11)
QUANTITY = 11
AMOUNT = QUANTITY + PERIODS
"""zero-based columns of a cost sheet"""

NO_RATE = "no discount rate set"
"""what NPV cells read without a rate"""

PriceKey = tuple[str, str, float | None]
FactorKey = tuple[str, str, float, str]


@cache
def column(index: int) -> str:
    """A column's letters.

    >>> column(0), column(25), column(26), column(84)
    ('A', 'Z', 'AA', 'CG')
    """
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell(row: int, col: int, sheet: str = "") -> str:
    """An absolute reference, such as 'Cost hosted'!$B$4."""
    return f"{quoted(sheet)}${column(col)}${row + 1}"


def span(first: tuple[int, int], last: tuple[int, int], sheet: str = "") -> str:
    """An absolute range, such as $A$1:$B$4."""
    return f"{quoted(sheet)}${column(first[1])}${first[0] + 1}:${column(last[1])}${last[0] + 1}"


def quoted(sheet: str) -> str:
    """A sheet's name as formulas write it."""
    return f"'{sheet}'!" if sheet else ""


def price_key(line: CostLine) -> PriceKey:
    """Lines that rest on the same item at the same price share one input, whatever their quantity counts."""
    return line.price_item, line.price_unit, line.unit_price_usd


def factor_keys(sheet: str, line: CostLine) -> list[FactorKey]:
    """A site's lines that multiply by the same named figure share one input."""
    return [(sheet, name, value, line.factor_units.get(name, "")) for name, value in line.factors.items()]


@dataclass(frozen=True)
class InputMap:
    """Where each price and factor stands on the sheet Inputs."""

    prices: dict[PriceKey, CostLine]
    """the first line that uses the price"""
    factors: dict[FactorKey, list[str]]
    """the ids of the lines that use the factor"""

    @cached_property
    def price_rows(self) -> dict[PriceKey, int]:
        """Row of each price."""
        return {key: INPUT_HEAD_ROW + 1 + i for i, key in enumerate(self.prices)}

    @cached_property
    def factor_rows(self) -> dict[FactorKey, int]:
        """Row of each factor, three rows below the prices."""
        first = INPUT_HEAD_ROW + len(self.prices) + 4
        return {key: first + i for i, key in enumerate(self.factors)}

    @property
    def changed(self) -> str:
        """The number of inputs that differ from the plan, as a formula."""
        last = INPUT_HEAD_ROW + len(self.prices) + 3 + len(self.factors)
        return f"SUM({span((RATE_ROW, CHANGED_COL), (last, CHANGED_COL), 'Inputs')})"

    def price(self, line: CostLine) -> str:
        """The cell that holds the line's unit price."""
        return cell(self.price_rows[price_key(line)], VALUE_COL, "Inputs")

    def factor_cells(self, sheet: str, line: CostLine) -> list[str]:
        """The cells that hold the line's factors."""
        return [cell(self.factor_rows[key], VALUE_COL, "Inputs") for key in factor_keys(sheet, line)]


@dataclass(frozen=True)
class CostSheet:
    """One site's cost lines: rows, columns, and the values of its formulas."""

    name: str
    label: str
    cost: SiteCost
    rate: float | None

    @property
    def first(self) -> int:
        """Row of the first line."""
        return LINE_HEAD_ROW + 1

    @property
    def last(self) -> int:
        """Row of the last line."""
        return LINE_HEAD_ROW + len(self.cost.lines)

    @property
    def total(self) -> int:
        """Row of the totals."""
        return self.last + 1

    def lines(self, col: int, sheet: bool = True) -> str:
        """One column of all lines."""
        return span((self.first, col), (self.last, col), self.name if sheet else "")

    @cached_property
    def amounts(self) -> list[list[float]]:
        """[USD] by line and period: quantity x unit price x factors; 0 where the price is missing."""
        nothing = [0.0] * PERIODS
        return [
            nothing if line.unit_price_usd is None else [float(a) for a in line_amounts(line)]
            for line in self.cost.lines
        ]

    @cached_property
    def periods(self) -> list[float]:
        """[USD] of all lines by period."""
        return [sum(amounts) for amounts in zip(*self.amounts, strict=True)]

    def value(self, col: int, row: int | None = None) -> float | None:
        """One year, three years, NPV or unpriced count of a line, or of all lines; NPV is null without a rate."""
        rows = range(len(self.amounts)) if row is None else [row]
        if col == UNPRICED:
            return float(sum(self.cost.lines[r].unit_price_usd is None for r in rows))
        if col == ONE_YEAR:
            return sum(one_year(self.amounts[r]) for r in rows)
        if col == THREE_YEARS:
            return sum(sum(self.amounts[r]) for r in rows)
        return None if self.rate is None else sum(net_present_value(self.amounts[r], self.rate) for r in rows)

    def category(self, col: int, category: str) -> float:
        """One year or three years of all lines of a category."""
        picked = [r for r, line in enumerate(self.cost.lines) if line.category == category]
        return sum(self.value(col, r) or 0.0 for r in picked)


def one_year(amounts: Sequence[float]) -> float:
    """Period 0 and months 1 to 12."""
    return sum(amounts[: 1 + MONTHS_PER_YEAR])


def cost_sheets(plan: Plan) -> list[CostSheet]:
    """One sheet per admitted site, the chosen one first, and one for the baseline."""
    rate = labels.discount_rate(plan)
    named = [(cost.site, labels.site(cost.site), cost) for cost in labels.sites_in_order(plan)]
    if plan.baseline is not None:
        named.append(("baseline", "baseline", plan.baseline))
    taken: list[str] = []
    for key, _, _ in named:
        taken.append(_sheet_name(key, taken))
    return [CostSheet(name, label, cost, rate) for name, (_, label, cost) in zip(taken, named, strict=True)]


def _sheet_name(key: str, taken: Sequence[str]) -> str:
    """At most 31 characters, unlike those before it (Excel's limit; names differ in more than case)."""
    name, number = f"Cost {key}"[:31], 2
    while name.lower() in (other.lower() for other in taken):
        name, number = f"Cost {key}"[:27] + f" ({number})", number + 1
    return name


def input_map(sheets: Sequence[CostSheet]) -> InputMap:
    """All prices and factors of all sheets, each once."""
    prices: dict[PriceKey, CostLine] = {}
    factors: dict[FactorKey, list[str]] = {}
    for sheet in sheets:
        for line in sheet.cost.lines:
            prices.setdefault(price_key(line), line)
            for key in factor_keys(sheet.name, line):
                factors.setdefault(key, []).append(line.id)
    return InputMap(prices, factors)


def known(value: float | None) -> float | str:
    """What a cell shows of a figure that may lack a discount rate."""
    return NO_RATE if value is None else value


def figure(value: float | None) -> float:
    """A figure that does not hang on the discount rate."""
    if value is None:
        raise ValueError("a net present value needs a discount rate")
    return value
