"""What the lines add up to: cash, one and three years, NPV and cost per token."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aisizer.costs.lines import Volume
from aisizer.costs.records import CostLine, SiteCost
from aisizer.shapes import Floats
from aisizer.units import MONTH


def line_amounts(line: CostLine) -> Floats:
    """[USD] by period: quantity x unit price x factors; all nan where the price is unknown."""
    price = np.nan if line.unit_price_usd is None else line.unit_price_usd
    return np.array(line.quantity) * price * float(np.prod(list(line.factors.values())))


def monthly_rate(discount_rate: float) -> float:
    """[1/month] the monthly rate that compounds to the yearly one: (1 + r)^(1/12) - 1.

    >>> round((1 + monthly_rate(0.09)) ** 12, 12)
    1.09
    """
    return float((1 + discount_rate) ** (1 / 12) - 1)


def net_present_value(cash: Sequence[float], discount_rate: float) -> float:
    """[USD] month-end flows discounted to period 0, which is not discounted.

    Brealey, Myers and Allen, Principles of Corporate Finance, ch. 2.

    >>> round(net_present_value([100.0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 109.0], 0.09), 9)
    200.0
    """
    return float(np.dot(cash, (1 + monthly_rate(discount_rate)) ** -np.arange(len(cash), dtype=float)))


def accrued(line: CostLine, life_months: float) -> float:
    """[USD] charged to months 1 to 36: expenses as paid, capital straight-line over its life from the month in service."""
    amounts = line_amounts(line)
    if line.treatment != "capitalise":
        return float(amounts.sum())
    if line.category == "residual":
        return 0.0
    months = len(amounts) - np.maximum(np.arange(len(amounts)), 1)
    return float(np.sum(amounts * np.minimum(months / life_months, 1.0)))


def site_cost(
    site: str,
    gpu: str,
    offer: str,
    term: str,
    gpus: tuple[int, int],
    lines: tuple[CostLine, ...],
    volume: Volume,
    discount_rate: float | None,
    useful_life_s: float,
) -> SiteCost:
    """The site's totals over its priced lines; the ids of the others are in `missing`. gpus: first wave and month 36."""
    priced = [line for line in lines if line.unit_price_usd is not None]
    amounts = {line.id: line_amounts(line) for line in priced}
    cash = np.sum([amounts[line.id] for line in priced], axis=0) if priced else np.zeros(37)
    residual = np.sum([amounts[line.id] for line in priced if line.category == "residual"])
    accrual = sum(accrued(line, useful_life_s / MONTH) for line in priced)
    tokens = sum(volume.prompt_tokens) + sum(volume.output_tokens)
    categories = dict.fromkeys(line.category for line in priced)
    return SiteCost(
        site=site,
        gpu=gpu,
        offer=offer,
        term=term,
        gpus=gpus[0],
        gpus_month_36=gpus[1],
        one_year_usd=float(cash[:13].sum()),
        three_year_usd=float(cash.sum()),
        npv_usd=None if discount_rate is None else net_present_value(cash.tolist(), discount_rate),
        usd_per_million_tokens=accrual / tokens * 1e6,
        usd_per_request=accrual / sum(volume.requests),
        capex_usd=float(sum(amounts[i.id].sum() for i in priced if i.treatment == "capitalise") - residual),
        opex_three_year_usd=float(sum(amounts[i.id].sum() for i in priced if i.treatment != "capitalise")),
        by_category={c: float(sum(amounts[i.id].sum() for i in priced if i.category == c)) for c in categories},
        missing=tuple(line.id for line in lines if line.unit_price_usd is None),
        lines=lines,
        cash_by_month_usd=tuple(cash.tolist()),
    )
