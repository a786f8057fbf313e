"""The forecast alert: log-linear, with its fitted growth drawn towards the plan's as far as it is uncertain."""

from __future__ import annotations

import math

from aisizer.units import WEEKS_PER_MONTH

SHORTEST_WINDOW_WEEKS = 8
"""[week] two months: on fewer, daily noise alone makes a growth of several points a month (assumed; see `slope_error`)."""
DAILY_NOISE = 0.05
"""[1] standard deviation of a day's peak around its trend, in logarithms (assumed: 5 %; `aisizer watch` measures yours)."""
DAY_TO_DAY = 0.5
"""[1] correlation of one day's noise with the next one's (assumed)."""
LEAST_DOUBT = 0.02
"""[1/month] standard deviation of the plan's growth where its cases lie closer: two points a month (assumed), because nobody
knows a growth to be exactly zero."""
STEEPEST = 0.10
"""[1/month] growth that the forecast alert must still see in time: 10 % a month, three times a year (assumed)."""
CASES_SPREAD = 2.0
"""[1] standard deviations between the low and the high case: they are read as one to each side."""


def window_weeks(lead_weeks: float, review_weeks: float) -> int:
    """[week] whole weeks of at least half the way ahead, so that a slope carries no further than twice its base.

    Whole weeks hold each weekday equally often.

    >>> window_weeks(44, 2), window_weeks(2, 2)
    (23, 8)
    """
    return max(SHORTEST_WINDOW_WEEKS, math.ceil((lead_weeks + review_weeks) / 2))


def retention_days(window: int) -> int:
    """[day] that Prometheus must keep samples: the window, and the week and day that its first level is taken from.

    >>> retention_days(23)
    169
    """
    return window * 7 + 8


def slope_error(days: float, noise: float = DAILY_NOISE, correlation: float = DAY_TO_DAY) -> float:
    """[1/day] standard error of a straight line's slope through so many days [day] of autocorrelated noise [1].

    noise x sqrt(12 / (n_eff days^2)), n_eff = days (1 - r) / (1 + r): least squares on evenly spaced points, the sample made
    smaller for correlation as Bayley and Hammersley (1946), doi:10.2307/2983560, do for a mean. 28 days of independent
    noise of 5 %:

    >>> round(slope_error(28, 0.05, 0.0), 6)
    0.001169
    """
    effective = days * (1 - correlation) / (1 + correlation)
    return noise * math.sqrt(12 / effective) / days


def fitted_weight(window: int, low_growth: float, high_growth: float) -> float:
    """[1] weight of the fitted growth beside the plan's: V_plan / (V_plan + V_fit), the inverse-variance mean.

    Two unbiased estimates are best joined in inverse proportion to their variances (Cochran 1954, doi:10.2307/3001666).
    The plan's standard deviation is half of what lies between its growth cases [1/month], the fit's that of `slope_error`
    over the window [week].

    >>> round(fitted_weight(8, 0.017, 0.051), 2), round(fitted_weight(23, 0.017, 0.051), 2)
    (0.46, 0.95)
    """
    spread = (math.log1p(high_growth) - math.log1p(low_growth)) / CASES_SPREAD
    plan = max(spread, LEAST_DOUBT) / (WEEKS_PER_MONTH * 7)
    fit = slope_error(window * 7.0)
    return float(plan**2 / (plan**2 + fit**2))


def forecast_floor(limit: float, threshold: float, high_growth: float, lead_weeks: float, review_weeks: float) -> float:
    """[1] the level from which even the steepest growth reaches the limit only one lead and review later.

    Below it no forecast is believed. limit / (1 + g)^months with g = the larger of twice the high case and 10 % a month, and
    never above the static level.

    >>> round(forecast_floor(0.8, 0.6443, 0.06, 22, 2), 4)
    0.428
    """
    months = (lead_weeks + review_weeks) / WEEKS_PER_MONTH
    return float(min(threshold, limit / (1 + max(2 * high_growth, STEEPEST)) ** months))
