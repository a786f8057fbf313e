"""A level that, once reached, leaves exactly the lead time to act."""

from __future__ import annotations

from datetime import date
from typing import Literal

from aisizer.schema import Record


class Trigger(Record):
    """One alert with its arithmetic, dates, owner and action."""

    id: str
    alert: str
    """CamelCase Prometheus alert name"""
    quantity: str
    """what is measured, e.g. peak load over sized capacity"""
    pool: str
    threshold: float
    limit: float
    growth_per_month: float
    lead_time_weeks: float
    review_weeks: float
    formula: str
    """the arithmetic with numbers substituted"""
    predicted: dict[Literal["low", "base", "high"], date | None]
    """when the threshold is crossed in each growth case; null: not within 36 months"""
    fires_on_day_one: bool
    severity: Literal["ticket", "page"]
    owner: str
    action: str
    sized_output_tokens_per_s: float
    """[token/s] output tokens of the sized capacity at the SLO, for the recording rule"""
    sized_requests_per_s: float
    model_label: str
    metric: str
    """engine metric that the rule reads"""
    engine: str
