"""The level of load from which, at forecast growth, the limit is reached one lead time and one review later."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from aisizer.roadmap.calendar import add_months
from aisizer.triggers.records import Trigger
from aisizer.units import WEEKS_PER_MONTH


def threshold(limit: float, growth_per_month: float, lead_weeks: float, review_weeks: float) -> float:
    """The level that grows into `limit` within lead time plus review: limit / (1 + g)^months.

    limit and result [1], growth [1/month], times [week]; compound growth solved for the present value. A shrinking
    demand never reaches the limit by growing, so there the limit itself is the level.

    >>> round(threshold(0.8, 0.04, 22.0, 2.0), 4)
    0.6443
    """
    months = (lead_weeks + review_weeks) / WEEKS_PER_MONTH
    return limit if growth_per_month <= 0 else limit / (1 + growth_per_month) ** months


def crossing(levels: Sequence[float], level: float) -> float | None:
    """[month] when the level is first reached, 0 at go-live; null where no month of the forecast reaches it.

    Between two months the level grows at a constant rate, so its logarithm is linear.

    >>> round(crossing([0.50, 0.55, 0.605], 0.5775) or 0, 3), crossing([0.5], 0.9)
    (1.512, None)
    """
    month = next((i for i, value in enumerate(levels) if value >= level), None)
    if month is None or month == 0:
        return None if month is None else 0.0
    before, after = levels[month - 1], levels[month]
    return month - 1 + math.log(level / before) / math.log(after / before)


def forecast_threshold(levels: Sequence[float], limit: float, growth: float, lead_weeks: float, review: float) -> float:
    """The level to alert at: what the forecast shows one lead time and review before it reaches the limit.

    Where growth is constant this is `threshold`; where dated points or phases make it steeper, it is lower.
    """
    steady = threshold(limit, growth, lead_weeks, review)
    reached = crossing(levels, limit)
    if reached is None:
        return steady
    alert = reached - (lead_weeks + review) / WEEKS_PER_MONTH
    return min(steady, level_at(levels, alert))


def level_at(levels: Sequence[float], month: float) -> float:
    """The forecast level at a month, log-linear in between; before go-live it is that of go-live.

    >>> round(level_at([0.5, 0.55], 0.5), 4), level_at([0.5, 0.55], -3)
    (0.5244, 0.5)
    """
    if month <= 0:
        return levels[0]
    before = int(month)
    if before + 1 >= len(levels):
        return levels[-1]
    part = month - before
    return float(levels[before] * (levels[before + 1] / levels[before]) ** part)


def date_of(go_live: date, month: float | None) -> date | None:
    """The calendar day of a fractional month after go-live."""
    return None if month is None else add_months(go_live, int(month)) + timedelta(days=int((month % 1) * 30.4375))


def capacity_trigger(
    *,
    profile: str,
    pool: str,
    utilization: Mapping[str, Sequence[float]],
    limit: float,
    growth_per_month: float,
    lead_weeks: float,
    review_weeks: float,
    go_live: date,
    sized_requests_per_s: float,
    tokens_per_request: float,
    metric: str,
    model_label: str,
    engine: str,
    owner: str,
    site: str,
) -> Trigger:
    """The trigger on peak load over sized capacity of one pool; utilization holds 36 months per growth case."""
    level = forecast_threshold(utilization["base"], limit, growth_per_month, lead_weeks, review_weeks)
    steady = threshold(limit, growth_per_month, lead_weeks, review_weeks)
    weeks = lead_weeks + review_weeks
    return Trigger(
        id=f"capacity-{pool}",
        alert="AisizerCapacityOrderNow",
        quantity="peak load over sized capacity with the redundancy down",
        pool=pool,
        threshold=level,
        limit=limit,
        growth_per_month=growth_per_month,
        lead_time_weeks=lead_weeks,
        review_weeks=review_weeks,
        formula=(
            f"{limit:.4g} / (1 + {growth_per_month:.4g}) ^ (({lead_weeks:g} + {review_weeks:g}) weeks / "
            f"{WEEKS_PER_MONTH:.4g} weeks per month) = {steady:.4g}"
            + (
                f"; dated growth is steeper, so {level:.4g} as forecast that long before the limit"
                if level < steady
                else ""
            )
        ),
        predicted={
            "low": date_of(go_live, crossing(utilization["low"], level)),
            "base": date_of(go_live, crossing(utilization["base"], level)),
            "high": date_of(go_live, crossing(utilization["high"], level)),
        },
        fires_on_day_one=utilization["base"][0] >= level,
        severity="ticket",
        owner=owner,
        action=f"Order the next wave for {site}: it takes {weeks:g} weeks from this alert to service.",
        sized_output_tokens_per_s=sized_requests_per_s * tokens_per_request,
        sized_requests_per_s=sized_requests_per_s,
        model_label=model_label,
        metric=metric,
        engine=engine,
    )
