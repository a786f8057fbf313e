"""The level of load from which, at forecast growth, the limit is reached one lead time and one review later."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta

from aisizer.roadmap.calendar import add_months
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

    Between two months the level grows at a constant rate, so its logarithm is linear; from nothing it is there at once, as
    where a site begins to serve.

    >>> round(crossing([0.50, 0.55, 0.605], 0.5775) or 0, 3), crossing([0.5], 0.9), crossing([0.0, 0.0, 0.3], 0.3)
    (1.512, None, 2.0)
    """
    month = next((i for i, value in enumerate(levels) if value >= level), None)
    if month is None or month == 0:
        return None if month is None else 0.0
    before, after = levels[month - 1], levels[month]
    if before <= 0:
        return float(month)
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
    """The forecast level at a month, log-linear in between, linear from nothing; before go-live it is that of go-live.

    >>> round(level_at([0.5, 0.55], 0.5), 4), level_at([0.5, 0.55], -3), level_at([0.0, 0.5], 0.5)
    (0.5244, 0.5, 0.25)
    """
    if month <= 0:
        return levels[0]
    before = int(month)
    if before + 1 >= len(levels):
        return levels[-1]
    here, then, part = levels[before], levels[before + 1], month - before
    return float(here * (then / here) ** part) if here > 0 else then * part


def date_of(go_live: date, month: float | None) -> date | None:
    """The calendar day of a fractional month after go-live."""
    return None if month is None else add_months(go_live, int(month)) + timedelta(days=int((month % 1) * 30.4375))


def continued(levels: Sequence[float], growth_per_month: float, months: int) -> tuple[float, ...]:
    """The forecast [1] by month, carried on for so many months at a constant growth [1/month].

    >>> continued([0.5, 0.6], 0.1, 2)
    (0.5, 0.6, 0.66, 0.726)
    """
    return (*levels, *(round(levels[-1] * (1 + growth_per_month) ** k, 12) for k in range(1, months + 1)))


def dated_threshold(levels: Sequence[float], limit: float, lead_weeks: float, review: float) -> float:
    """The level that the forecast shows one lead and review before it reaches the limit, where growth is not constant.

    What a contract or a stock of disks holds grows by its own law, so the steady formula says nothing about it. A limit
    that the forecast never reaches is its own threshold.

    >>> dated_threshold([0.25, 0.5, 1.0], 1.0, 52.17857142857143 / 12, 0.0)
    0.5
    """
    reached = crossing(levels, limit)
    if reached is None:
        return limit
    return min(limit, level_at(levels, reached - (lead_weeks + review) / WEEKS_PER_MONTH))


def answered_crossing(levels: Sequence[float], level: float, steps: Sequence[tuple[float, float]]) -> float | None:
    """[month] when the level is first reached although orders on their way raise it; null where no month reaches it.

    steps: from a month on, the factor by which capacity on order raises the level; the first is at month 0.

    >>> answered_crossing([0.5, 0.6, 0.75], 0.5, [(0.0, 1.5)]), answered_crossing([0.5, 0.6, 0.75], 0.5, [(0.0, 1.0)])
    (2.0, 0.0)
    """
    ends = [start for start, _ in steps[1:]] + [float(len(levels) - 1)]
    for (start, factor), end in zip(steps, ends, strict=True):
        reached = crossing(levels, level * factor)
        if reached is not None and reached <= end:
            return max(start, reached)
    return None
