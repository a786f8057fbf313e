"""Growth fitted to daily levels, how long the limit is away, and whether an order is due.

The levels are daily: the 95th percentile of load over sized capacity. Growth is compound, so lines are fitted to
logarithms: a straight line through the levels themselves falls short of compound growth, the more so the longer the lead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from aisizer.errors import InvalidInput
from aisizer.shapes import Floats, Ints
from aisizer.units import DAY, MONTH

DAYS_PER_MONTH = MONTH / DAY
WEEK_DAYS = 7
WINDOW_DAYS = 182
"""[day] levels that a fit reads: 26 weeks, at least half of every lead time up to a year. One window for all leads, so
that a longer lead never fires later on the same levels; whole weeks, because working days and weekends differ."""
MIN_DAYS = 28
"""[day] fewer tell noise from growth no better than the plan does"""
PRIOR_SD = 0.02
"""[1/month] how far true growth may lie from the plan's, before any of it was seen: one sd. About that of a plan for 5 %
a month read as its low and high case (half and one and a half times) being its 10th and 90th percentile. It is the same
for all plans, so that a plan for faster growth never makes the alert later."""
CHANGE_SD = 0.005
"""[1/month] how far the growth of the months to come may lie from that of the months measured: one sd. An average of
several months of a growth that itself moves by 1 % from month to month, which is what the backtest assumes."""
WANDER_SD = 0.01
"""[1] what one month's growth differs from the average of its path by, one sd; it adds up as the root of the months"""
LEVEL_SD = 0.02
"""[1] error of the level that a fit starts from, one sd: 5 % of daily noise over a month of working days"""
MARGIN = 1.645
"""[sd] the alert looks at the forecast's upper side, one-sided 95 %: the target share of orders in time"""
INTERVAL = 1.2816
"""[sd] half the width of an 80 % interval of a normal distribution"""


@dataclass(frozen=True, slots=True)
class Fit:
    """A line through the logarithms of daily levels, its slope weighed against the plan's."""

    level: float
    """[1] of the busiest weekday, fitted, at the last day"""
    per_day: float
    """[1/day] slope of the logarithm"""
    sd_per_day: float
    """[1/day] one sd of the slope"""
    days: int
    """how many daily levels it read"""


def log_slope(growth_per_month: float) -> float:
    """[1/day] the slope of the logarithm at compound growth [1/month]: ln(1 + g) / days of a month.

    >>> round(log_slope(0.05), 6)
    0.001603
    """
    return math.log1p(growth_per_month) / DAYS_PER_MONTH


def shrunk(measured: float, measured_sd: float, planned: float, planned_sd: float) -> tuple[float, float]:
    """Mean and sd of a slope after weighing a measurement against the plan, each by one over its variance.

    All in [1/day], or all in another unit. A. Gelman et al., Bayesian Data Analysis, 3rd ed., 2013, eq. 2.11-2.12:
    the normal mean with a known variance and a normal prior.

    >>> [round(value, 4) for value in shrunk(0.08, 0.01, 0.05, 0.02)]
    [0.074, 0.0089]
    """
    weight = planned_sd**2 / (planned_sd**2 + measured_sd**2)
    return weight * measured + (1 - weight) * planned, math.sqrt(weight) * measured_sd


def slope_within_weekdays(days: Floats, logs: Floats) -> tuple[float, float]:
    """[1/day] the least-squares slope of logs over days with an intercept for each weekday, and its standard error.

    Day and logarithm are taken relative to the means of their weekday (R. Frisch and F. Waugh, Econometrica 1(4), 1933,
    doi:10.2307/1907330), so a weekly season changes nothing. Neighbouring days err alike: the variance is widened by
    (1 + r) / (1 - r) of the residuals' lag-one correlation r, as for a mean (G. Box, G. Jenkins, Time Series Analysis, 1970).

    >>> days = np.arange(28.0)
    >>> slope, error = slope_within_weekdays(days, 0.002 * days + np.where(days % 7 > 4, -0.6, 0.0))
    >>> round(slope, 6), round(error, 6)
    (0.002, 0.0)
    """
    weekday = _weekday(days)
    x, y = days - _means(days, weekday)[weekday], logs - _means(logs, weekday)[weekday]
    slope = float(x @ y / (x @ x))
    rest = y - slope * x
    variance = float(rest @ rest) / max(len(days) - 1 - len(np.unique(weekday)), 1) / float(x @ x)
    return slope, math.sqrt(variance * _widening(rest))


def fit(days: Floats, levels: Floats, planned_per_month: float, window_days: int = WINDOW_DAYS) -> Fit:
    """Fit growth to daily levels [1], days ascending, over the last whole weeks of a window [day].

    The slope leans to the plan's growth [1/month] where noise hides it.

    >>> days = np.arange(182.0)
    >>> found = fit(days, 0.4 * 1.03 ** (days / DAYS_PER_MONTH), planned_per_month=0.05)
    >>> round(found.level, 3), round(found.per_day * DAYS_PER_MONTH, 4), found.days
    (0.477, 0.0307, 182)
    """
    days, logs = _last_weeks(np.asarray(days, float), _logs(levels), window_days)
    measured, error = slope_within_weekdays(days, logs)
    per_day, sd = shrunk(
        measured,
        math.hypot(error, CHANGE_SD / DAYS_PER_MONTH),
        log_slope(planned_per_month),
        PRIOR_SD / DAYS_PER_MONTH,
    )
    at_end = _means(logs - measured * (days - days[-1]), _weekday(days))
    return Fit(level=float(np.exp(np.nanmax(at_end))), per_day=per_day, sd_per_day=sd, days=len(days))


def runway_days(found: Fit, limit: float) -> tuple[float | None, float | None, float | None]:
    """[day] until the limit at the upper end, the middle and the lower end of the slope's 80 % interval; None: never.

    ln(limit / level) / slope, limit [1]. The first is the soonest.

    >>> [days and round(days) for days in runway_days(Fit(level=0.4, per_day=0.001, sd_per_day=0.001, days=182), 0.8)]
    [304, 693, None]
    """
    low, base, high = (
        _days_until(found, limit, found.per_day + side * INTERVAL * found.sd_per_day) for side in (1, 0, -1)
    )
    return low, base, high


def margin(horizon_days: float, slope_sd: float) -> float:
    """[1] what the logarithm may lie above its forecast after the horizon [day], slope_sd [1/day], one-sided 95 %.

    The slope's error grows with time, monthly ups and downs with its root, the level's own error stays:
    1.645 * sqrt((horizon * sd)^2 + wander^2 * months + level^2), the variance of a sum of independent errors.

    >>> round(margin(182.0, 0.01 / DAYS_PER_MONTH), 4)
    0.1112
    """
    months = horizon_days / DAYS_PER_MONTH
    return MARGIN * math.hypot(horizon_days * slope_sd, WANDER_SD * math.sqrt(months), LEVEL_SD)


def fires(found: Fit, limit: float, lead_days: float, review_days: float) -> bool:
    """Whether the limit [1] may be passed before an order decided at the next review is in service, times in [day].

    A shrinking demand is taken as a level one, so that a longer lead time never fires later.

    >>> found = Fit(level=0.5, per_day=0.0016, sd_per_day=0.0002, days=182)
    >>> fires(found, 0.8, lead_days=56, review_days=14), fires(found, 0.8, lead_days=273, review_days=14)
    (False, True)
    """
    horizon = lead_days + review_days
    forecast = math.log(found.level) + horizon * max(found.per_day, 0.0) + margin(horizon, found.sd_per_day)
    return forecast >= math.log(limit)


def _days_until(found: Fit, limit: float, slope: float) -> float | None:
    away = max(math.log(limit / found.level), 0.0)
    if away == 0:
        return 0.0
    days = away / slope if slope > 0 else math.inf
    return days if math.isfinite(days) else None


def _logs(levels: Floats) -> Floats:
    if np.any(~(np.asarray(levels, float) > 0)):
        raise InvalidInput("A growth fit needs levels above zero, got one that is not. Leave out days without load.")
    logs: Floats = np.log(levels)
    return logs


def _last_weeks(days: Floats, logs: Floats, window_days: int) -> tuple[Floats, Floats]:
    span = float(days[-1] - days[0]) + 1 if len(days) else 0.0
    weeks = min(span, window_days) // WEEK_DAYS
    kept = days > days[-1] - weeks * WEEK_DAYS if len(days) else np.zeros(0, bool)
    if kept.sum() < MIN_DAYS:
        raise InvalidInput(
            f"A growth fit needs {MIN_DAYS} daily levels, got {int(kept.sum())}. Keep the metric longer, or wait."
        )
    return days[kept], logs[kept]


def _weekday(days: Floats) -> Ints:
    """0 to 6; which of them is Monday does not matter."""
    return np.asarray(np.floor(days), np.int64) % WEEK_DAYS


def _means(values: Floats, weekday: Ints) -> Floats:
    """The mean of each weekday; nan where a weekday has no value."""
    count = np.bincount(weekday, minlength=WEEK_DAYS)
    total = np.bincount(weekday, weights=values, minlength=WEEK_DAYS)
    means: Floats = np.divide(total, count, out=np.full(WEEK_DAYS, np.nan), where=count > 0)
    return means


def _widening(rest: Floats) -> float:
    power = float(rest @ rest)
    correlation = float(rest[1:] @ rest[:-1]) / power if power > 0 else 0.0
    correlation = min(max(correlation, 0.0), 0.95)
    return (1 + correlation) / (1 - correlation)
