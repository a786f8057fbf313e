"""What the Plan says of each way to buy the chosen option over 36 months."""

from __future__ import annotations

from datetime import date
from typing import Literal

from aisizer.roadmap.records import Purchase
from aisizer.schema import Record

StrategyName = Literal["upfront", "yearly", "just_in_time"]
STRATEGIES: dict[StrategyName, str] = {
    "upfront": "36 months upfront",
    "yearly": "12 months, then expand",
    "just_in_time": "just in time",
}
"""What each strategy is called in a sentence."""


class Strategy(Record):
    """One way to buy the chosen option, at its own cheapest term."""

    name: StrategyName
    """all 36 months upfront; 12 months, then expand; batches just in time"""
    lasts_months: int
    """how long one purchase is meant to last"""
    followed: bool
    """whether the plan's own purchases last as long"""
    term: Literal["purchase", "on_demand", "one_year", "three_year"]
    purchases: tuple[Purchase, ...]
    three_year_usd: float
    """cash of 36 months; at least, where a line has no price"""
    npv_usd: float | None
    """null without a discount rate"""
    complete: bool
    """whether every cost line has a price"""
    stranded_gpu_months: int
    """in service beyond what the month needs, redundancy included in the need"""
    exposed_usd: float | None
    """spend on capacity after month 12 at a price that no term holds; null where a line of it has no price"""
    exposed_low_usd: float | None
    exposed_high_usd: float | None
    """the same at the low and high end of today's prices; null where one of them has no range"""
    orders: int
    least_slack_days: int
    """from plan_date to the first order_by: how late the plan may be approved"""
    high_covered_to_month: int
    """last month that the fleet as ordered carries if demand takes the fast case of growth"""
    end_of_sale: date | None
    """of the server; null where no source gives it"""
    orders_after_end_of_sale: int | None
    """null where the date is not known"""
    refused: str = ""
    """why its site does not carry it; empty where it does"""
