"""The level of load from which, at forecast growth, the limit is reached one lead time and one review later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

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


def crossing(levels: Sequence[float], level: float, go_live: date) -> date | None:
    """First day of the first month whose level reaches the threshold; null where none of the 36 does."""
    month = next((i for i, value in enumerate(levels) if value >= level), None)
    return None if month is None else add_months(go_live, month)


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
    level = threshold(limit, growth_per_month, lead_weeks, review_weeks)
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
            f"{WEEKS_PER_MONTH:.4g} weeks per month) = {level:.4g}"
        ),
        predicted={
            "low": crossing(utilization["low"], level, go_live),
            "base": crossing(utilization["base"], level, go_live),
            "high": crossing(utilization["high"], level, go_live),
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
