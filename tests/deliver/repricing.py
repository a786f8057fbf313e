"""The engine's totals for edits of inputs: the site's lines with other prices and factors, through the engine's own sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aisizer.costs.records import CostLine
from aisizer.costs.tco import accrual, line_amounts, net_present_value


@dataclass(frozen=True)
class Totals:
    """What a site's lines add up to, in USD."""

    one_year: float
    three_years: float
    npv: float | None
    accrued: float


def repriced(line: CostLine, edits: Mapping[str, float], stepped: str) -> CostLine:
    """The line with the values that edits set, by profile path. stepped: the category whose yearly step it takes."""
    fx = edits.get(f"finance.fx.{line.currency}.rate", line.fx_usd)
    price = line.unit_price_usd
    if line.price_path in edits:
        price = edits[line.price_path] * fx
    elif price is not None:
        price = price / line.fx_usd * fx
    factors = {name: edits.get(line.factor_paths.get(name, ""), value) for name, value in line.factors.items()}
    step = edits.get(f"finance.escalation.{stepped}", line.escalation)
    return line.model_copy(update={"unit_price_usd": price, "factors": factors, "escalation": step})


def totals(
    lines: Sequence[CostLine], edits: Mapping[str, float], discount_rate: float | None, life_years: float
) -> Totals:
    """The engine's totals of the lines after the edits."""
    bought = {line.id: line.category for line in lines}
    changed = [repriced(line, edits, bought.get(line.id.removeprefix("tax-"), line.category)) for line in lines]
    priced = [line for line in changed if line.unit_price_usd is not None]
    cash = sum(line_amounts(line) for line in priced).tolist()  # type: ignore[union-attr]
    rate = edits.get("finance.discount_rate", discount_rate)
    months = edits.get("finance.useful_life", life_years) * 12
    npv = None if rate is None else net_present_value(cash, rate)
    return Totals(sum(cash[:13]), sum(cash), npv, float(accrual(changed, months).sum()))
