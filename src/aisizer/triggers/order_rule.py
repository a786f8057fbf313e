"""When the alert to order fires: the whole rule as Prometheus evaluates it, over daily levels.

    floor      busy level >= threshold two weeks earlier = limit / (1 + plan)^(lead + review + 14 d)
    cautious   busy level >= floor * exp(-margin of the plan)
    forecast   ln(busy level) + (horizon + 14 d) * max(weight * slope + (1 - weight) * planned, 0) + margin >= ln(limit)
    alert      floor, or forecast where 13 weeks of history exist, or cautious where they do not

A level is the 95th percentile of a day's load over sized capacity. The busy level is that of the working days of four
weeks, so that no weekend silences an alert; it is two weeks old on average. The slope is that of the logarithms of the
last 26 weeks. The floor keeps the threshold that the plan prints true: once load stays above it, the alert fires. The
backtest compares this combination with others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aisizer.shapes import Floats
from aisizer.triggers import rolling
from aisizer.triggers.forecast import CHANGE_SD, DAYS_PER_MONTH, PRIOR_SD, WEEK_DAYS, WINDOW_DAYS, log_slope, margin
from aisizer.triggers.thresholds import threshold

Flags = NDArray[np.bool_]
NOISE_SD = 0.005
"""[1/month] standard error of a slope over 26 weeks of daily levels: 5 % of noise, correlated 0.6 from day to day, gives
0.05 * sqrt((1 + 0.6) / (1 - 0.6)) * sqrt(12 / 182^3) a day, which is 0.43 % a month."""
FIT_SD = math.hypot(NOISE_SD, CHANGE_SD)
"""[1/month] error of a measured slope as a forecast, one sd"""
WEIGHT = PRIOR_SD**2 / (PRIOR_SD**2 + FIT_SD**2)
"""[1] of the measured slope against the plan's. A constant, because PromQL would need a page for the slope's own error."""
PLAN_BAND = 0.45
"""[1] sd of true growth over the plan's growth before any was measured. Low and high case at half and one and a half times
the plan, read as an 80 % interval, give 0.5 / 1.2816 = 0.39; the rest came from tuning, for growth that quickens at once."""
PLAN_SD = 0.01
"""[1/month] the same where the plan says no growth; both add as squares. Tuned: less is late at 2 %, more wastes."""
HISTORY_DAYS = 91
"""[day] of history from which the forecast decides: half the window"""
BUSY_DAYS, BUSY_SHARE = 28, 0.7
"""The busy level: this share's quantile of four weeks of days, the middle of the working days' upper half."""
BUSY_AGE = BUSY_DAYS / 2
"""[day] how old the busy level is on average"""


@dataclass(frozen=True, slots=True)
class OrderRule:
    """The constants of one alert; margin and slope are those of logarithms."""

    horizon_days: float
    """[day] lead time plus review"""
    weight: float
    """[1] of the measured slope"""
    planned_per_day: float
    """[1/day] slope of the plan"""
    margin: float
    """[1] added to the forecast"""
    limit: float
    """[1] of load over sized capacity"""
    floor: float
    """[1] the busy level that always fires: the plan's threshold, less two weeks of growth"""
    cautious: float
    """[1] the lower busy level that fires while history is short"""


def order_rule(limit: float, growth_per_month: float, lead_weeks: float, review_weeks: float) -> OrderRule:
    """The constants for a limit [1], a plan's growth [1/month], a lead time and a review delay [week].

    >>> rule = order_rule(0.8, 0.04, 22.0, 2.0)
    >>> round(rule.margin, 4), round(rule.floor, 4), round(rule.cautious, 4), round(rule.planned_per_day, 6)
    (0.0818, 0.6328, 0.5227, 0.001289)
    """
    horizon = (lead_weeks + review_weeks) * WEEK_DAYS
    floor = threshold(limit, growth_per_month, lead_weeks, review_weeks + BUSY_AGE / WEEK_DAYS)
    unmeasured = math.hypot(PLAN_BAND * math.log1p(growth_per_month), PLAN_SD) / DAYS_PER_MONTH
    return OrderRule(
        horizon_days=horizon,
        weight=WEIGHT,
        planned_per_day=log_slope(growth_per_month),
        margin=margin(horizon, FIT_SD / DAYS_PER_MONTH),
        limit=limit,
        floor=floor,
        cautious=floor * math.exp(-margin(horizon, unmeasured)),
    )


def window_days(lead_weeks: float) -> int:
    """[day] the window of the slope: 26 weeks, and for a lead beyond a year half of it, in whole weeks.

    >>> window_days(8), window_days(52), window_days(61)
    (182, 182, 217)
    """
    return max(WINDOW_DAYS, math.ceil(lead_weeks / 2) * WEEK_DAYS)


@dataclass(frozen=True, slots=True)
class Signals:
    """What the rule reads of daily log levels [1], one row per path and one column per day."""

    busy: Floats
    """[1] logarithm of the busy level"""
    slope: Floats
    """[1/day]"""


def signals(log_levels: Floats, window: int = WINDOW_DAYS) -> Signals:
    """The recorded series: weekly means first, because a weekend tilts a line through days of the week."""
    weekly = rolling.mean(log_levels, WEEK_DAYS)
    return Signals(
        busy=rolling.quantile(log_levels, BUSY_DAYS, BUSY_SHARE),
        slope=rolling.slope(weekly, window - WEEK_DAYS),
    )


def forecast_fires(seen: Signals, rule: OrderRule, offset: Floats | float = 0.0) -> Flags:
    """The dynamic floor: what the levels, moved by an offset [1] of their logarithm, will be when an order arrives."""
    slope = np.maximum(rule.weight * seen.slope + (1 - rule.weight) * rule.planned_per_day, 0.0)
    ahead = (rule.horizon_days + BUSY_AGE) * slope + rule.margin
    return np.asarray(seen.busy + offset + ahead >= math.log(rule.limit), bool)


def level_fires(seen: Signals, floor: float, offset: Floats | float = 0.0) -> Flags:
    """A static floor: the busy level reaches `floor` [1]."""
    return np.asarray(seen.busy + offset >= math.log(floor), bool)


def alerts(seen: Signals, rule: OrderRule, offset: Floats | float = 0.0) -> Flags:
    """Whether the alert fires at the end of each day."""
    raised = forecast_fires(seen, rule, offset)
    raised[:, :HISTORY_DAYS] = level_fires(seen, rule.cautious, offset)[:, :HISTORY_DAYS]
    return np.asarray(raised | level_fires(seen, rule.floor, offset), bool)
