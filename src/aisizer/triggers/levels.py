"""From a level that can be forecast to its trigger: threshold, arithmetic, dates, and how the forecast alert is fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from aisizer.triggers.forecast import WEEK_DAYS
from aisizer.triggers.order_rule import order_rule, window_days
from aisizer.triggers.records import Kind, Trigger
from aisizer.triggers.thresholds import (
    answered_crossing,
    continued,
    crossing,
    date_of,
    dated_threshold,
    forecast_threshold,
    threshold,
)
from aisizer.units import MONTH, WEEKS_PER_MONTH

Case = Literal["low", "base", "high"]
CASES: tuple[Case, ...] = ("low", "base", "high")
BEYOND = 240
"""[month] that a forecast is carried on to find its limit: the longest lead time of the catalog is some years."""


@dataclass(frozen=True, slots=True)
class OnOrder:
    """Capacity on its way."""

    due: date
    gpus: int


@dataclass(frozen=True, slots=True)
class Setting:
    """What all triggers of a plan share."""

    plan_date: date
    go_live: date
    growth: Mapping[Case, float]
    """[1/month]"""
    review_weeks: float
    owner: str
    engine: str
    model_label: str
    on_order: tuple[OnOrder, ...] = ()
    """still expected on plan_date, at the chosen site"""
    next_order: str = ""
    """what the plan orders next"""


@dataclass(frozen=True, slots=True)
class Level:
    """A quantity over its capacity in 36 months, and what is done when it nears its limit."""

    id: str
    alert: str
    kind: Kind
    quantity: str
    pool: str
    levels: Mapping[Case, Sequence[float]]
    """[1] at go-live and every month after it"""
    limit: float
    lead_weeks: float
    action: str
    unit: str = ""
    capacity: float | None = None
    query: str = ""
    follows_demand: bool = True
    """whether it grows in proportion to demand, so that the steady formula holds"""
    per_gpu: float = 0.0
    metric: str = ""
    sized_requests_per_s: float = 0.0
    sized_output_tokens_per_s: float = 0.0


def trigger_of(level: Level, setting: Setting) -> Trigger:
    """The trigger on one level: never later for a longer lead or a faster growth."""
    at = _threshold(level, setting)
    steps = _steps(level, setting)
    growth = setting.growth
    rule = (
        order_rule(level.limit, growth["base"], level.lead_weeks, setting.review_weeks)
        if level.follows_demand
        else None
    )
    day_one = level.levels["base"][0] >= min(at, rule.cautious if rule else at) * steps[0][1]
    window = window_days(level.lead_weeks) if rule else 0
    return Trigger(
        id=level.id,
        alert=level.alert,
        kind=level.kind,
        quantity=level.quantity,
        pool=level.pool,
        threshold=at,
        limit=level.limit,
        growth_per_month=growth["base"],
        lead_time_weeks=level.lead_weeks,
        review_weeks=setting.review_weeks,
        formula=_formula(level, setting, at),
        predicted={case: date_of(setting.go_live, answered_crossing(level.levels[case], at, steps)) for case in CASES},
        fires_on_day_one=day_one,
        severity="ticket",
        owner=setting.owner,
        action=level.action,
        sized_output_tokens_per_s=level.sized_output_tokens_per_s,
        sized_requests_per_s=level.sized_requests_per_s,
        model_label=setting.model_label,
        metric=level.metric,
        engine=setting.engine,
        unit=level.unit,
        capacity=level.capacity,
        query=level.query,
        per_gpu=level.per_gpu,
        on_order_gpus=sum(order.gpus for order in setting.on_order) if level.per_gpu else 0,
        order=(setting.next_order if level.per_gpu else level.action) if day_one else "",
        floor=rule.floor if rule else None,
        cautious=rule.cautious if rule else None,
        window_weeks=window // WEEK_DAYS,
        fitted_weight=rule.weight if rule else 0.0,
        retention_days=window,
    )


def expected(orders: Sequence[OnOrder], horizon_weeks: float, go_live: date) -> list[tuple[float, int]]:
    """Each order with the month after go-live from which it is close enough to answer a forecast so far ahead [week]."""
    ahead = horizon_weeks / WEEKS_PER_MONTH
    return sorted((months_between(go_live, order.due) - ahead, order.gpus) for order in orders)


def months_between(start: date, end: date) -> float:
    """[month] of 30.4375 days from one day to another.

    >>> months_between(date(2027, 1, 1), date(2028, 1, 1))
    11.991786447638603
    """
    return (end - start).days * 86400.0 / MONTH


def _threshold(level: Level, setting: Setting) -> float:
    growth, review = setting.growth["base"], setting.review_weeks
    if level.follows_demand:
        return forecast_threshold(level.levels["base"], level.limit, growth, level.lead_weeks, review)
    return dated_threshold(_far(level, growth), level.limit, level.lead_weeks, review)


def _far(level: Level, growth: float) -> tuple[float, ...]:
    """The forecast carried on at the growth of demand; what is spent stops with the plan."""
    return continued(level.levels["base"], growth, 0 if level.kind == "spend" else BEYOND)


def _steps(level: Level, setting: Setting) -> list[tuple[float, float]]:
    """From which month on capacity on order raises the level, and to how much of it."""
    ahead = level.lead_weeks + setting.review_weeks
    steps = [(0.0, 1.0)]
    for month, gpus in expected(setting.on_order, ahead, setting.go_live) if level.per_gpu else ():
        raised = steps[-1][1] + gpus * level.per_gpu
        if month <= steps[-1][0]:
            steps[-1] = steps[-1][0], raised
        else:
            steps.append((month, raised))
    return steps


def _formula(level: Level, setting: Setting, at: float) -> str:
    growth, review = setting.growth["base"], setting.review_weeks
    if not level.follows_demand:
        reached = crossing(_far(level, growth), level.limit)
        if reached is None:
            return f"the forecast never reaches {level.limit:.4g}, so that is the level"
        return (
            f"the forecast reaches {level.limit:.4g} after {reached:.1f} months in production, and "
            f"{level.lead_weeks:g} + {review:g} weeks before that it shows {at:.4g}"
        )
    steady = threshold(level.limit, growth, level.lead_weeks, review)
    return (
        f"{level.limit:.4g} / (1 + {growth:.4g}) ^ (({level.lead_weeks:g} + {review:g}) weeks / "
        f"{WEEKS_PER_MONTH:.4g} weeks per month) = {steady:.4g}"
        + (
            f"; dated growth is steeper, so {at:.4g} as forecast that long before the limit"
            if at < (1 - 1e-6) * steady
            else ""
        )
    )
