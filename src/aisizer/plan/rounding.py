"""Numbers are rounded once, on leaving: money to cents, others to six significant digits."""

from __future__ import annotations

from typing import Any

from aisizer.costs.lines import significant

CENTS = frozenset(
    {"one_year_usd", "three_year_usd", "npv_usd", "capex_usd", "opex_three_year_usd", "extended_price_usd",
     "first_wave_usd", "cash_by_month_usd", "by_category", "exposed_usd", "exposed_low_usd",
     "exposed_high_usd", "accrual_by_month_usd", "accrual_three_year_usd", "cash_usd", "accrual_usd",
     "saving_usd", "cumulative", "outlay_usd", "three_year_low_usd", "three_year_high_usd", "npv_low_usd", "npv_high_usd",
     "one_year_accrual_usd", "three_year_accrual_usd", "accrual_low_usd", "accrual_high_usd", "swing_usd",
     "unused_commitment_usd", "residual_high_usd"}
)  # fmt: skip
"""Totals of money."""
EXACT = frozenset(
    {"unit_price_usd", "base_usd", "low_usd", "high_usd", "fx_usd", "factors", "quantity", "served", "profile"}
)
"""Inputs, which stay as they were given, and quantities, which are rounded where they are made."""


def rounded(value: Any, name: str = "") -> Any:
    """The same structure with every float rounded by the rule of its field.

    >>> rounded({"npv_usd": 1.005001, "share": 0.123456789, "unit_price_usd": 0.08634567})
    {'npv_usd': 1.01, 'share': 0.123457, 'unit_price_usd': 0.08634567}
    """
    if name in EXACT:
        return value
    if isinstance(value, float):
        return round(value, 2) + 0.0 if name in CENTS else significant(value)
    if isinstance(value, dict):
        return {key: rounded(item, name if name in CENTS else key) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item, name) for item in value]
    return value
