"""What the lines add up to: cash, one and three years, NPV and cost per token."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aisizer.costs.lines import PERIODS, Volume
from aisizer.costs.records import CostLine, SiteCost
from aisizer.shapes import Floats
from aisizer.units import MONTH

YEARS_PAST: Floats = np.array([0.0] * 13 + [1.0] * 12 + [2.0] * 12)
"""[year] full years of service before each period, after which a price that escalates has stepped up."""


def line_amounts(line: CostLine) -> Floats:
    """[USD] of cash by period: quantity x unit price x factors x escalation; all nan where the price is unknown."""
    return _priced(line, line.quantity)


def used_amounts(line: CostLine) -> Floats:
    """[USD] by the period in which what is paid enters service or is used; all nan where the price is unknown."""
    return _priced(line, line.used)


def _priced(line: CostLine, quantity: Sequence[float]) -> Floats:
    price = np.nan if line.unit_price_usd is None else line.unit_price_usd
    amounts: Floats = np.array(quantity) * price * float(np.prod(list(line.factors.values())))
    return amounts * price_steps(line) if line.escalation else amounts


def price_steps(line: CostLine) -> Floats:
    """[1] a line's price in each period over that of the first year."""
    steps: Floats = (1 + line.escalation) ** YEARS_PAST
    return steps


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


def depreciation(in_service: Floats, life_months: float) -> Floats:
    """[USD] by period, straight-line over life_months [month] from the month in service; period 0 serves from month 1.

    IAS 16.62 and ASC 360-10-35-4: a straight-line charge is constant over the useful life.

    >>> depreciation(np.array([600.0] + [0.0] * 36), 60.0)[[0, 1, 36]].tolist()
    [0.0, 10.0, 10.0]
    >>> float(depreciation(np.array([0.0] * 36 + [600.0]), 60.0).sum())
    10.0
    """
    begun = np.concatenate([[0.0, in_service[0] + in_service[1]], in_service[2:]])
    shares = np.clip(life_months - np.arange(len(begun)), 0.0, 1.0) / life_months
    return np.convolve(begun, shares)[: len(begun)]


def accrual(lines: Sequence[CostLine], life_months: float) -> Floats:
    """[USD] charged to each period: depreciation of what is capitalised, and the rest as it is used; residual is left out.

    A line without a price adds nothing, and the total reads "at least".
    """
    priced = [line for line in lines if line.unit_price_usd is not None and line.category != "residual"]
    nothing = np.zeros(PERIODS)
    capital = sum((used_amounts(i) for i in priced if i.treatment == "capitalise"), nothing)
    return depreciation(capital, life_months) + sum(
        (used_amounts(i) for i in priced if i.treatment != "capitalise"), nothing
    )


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
    cash = np.sum([amounts[line.id] for line in priced], axis=0) if priced else np.zeros(PERIODS)
    residual = np.sum([amounts[line.id] for line in priced if line.category == "residual"])
    charged = accrual(lines, useful_life_s / MONTH)
    accrued = float(charged.sum())
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
        usd_per_million_tokens=accrued / tokens * 1e6,
        usd_per_request=accrued / sum(volume.requests),
        capex_usd=float(sum(amounts[i.id].sum() for i in priced if i.treatment == "capitalise") - residual),
        opex_three_year_usd=float(sum(amounts[i.id].sum() for i in priced if i.treatment != "capitalise")),
        by_category={c: float(sum(amounts[i.id].sum() for i in priced if i.category == c)) for c in categories},
        missing=tuple(line.id for line in lines if line.unit_price_usd is None),
        lines=lines,
        cash_by_month_usd=tuple(cash.tolist()),
        accrual_by_month_usd=tuple(charged.tolist()),
        accrual_three_year_usd=accrued,
    )
