"""How well a trigger does on simulated demand: in time, for nothing, or too early.

The limit is passed on the first day on which the expected load of the busiest weekday reaches it; a single noisy day is
what the plan's headroom is for. A trigger is in time if it fires at least one lead time before. An alarm is false if,
had nothing been ordered, the limit would not have been reached within lead time, review and slack. The order that an
alarm brings silences it until the delivery, so firings within one lead time and review of an alarm belong to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aisizer.shapes import Floats, Ints
from aisizer.triggers import rolling
from aisizer.triggers.demand_paths import DAYS_PER_YEAR, Paths
from aisizer.triggers.forecast import WEEK_DAYS, log_slope
from aisizer.triggers.order_rule import Flags

REVIEW_WEEKS = 2.0
"""[week] from alert to decision"""
SLACK_WEEKS = 26.0
"""[week] half a budget year: an order brought forward by less falls, as a rule, into the budget of the same year"""
FIRST_DUE_WEEKS, LAST_DUE_WEEKS = 26.0, 78.0
"""[week] after go-live the order is due at planned growth: a first wave that lasts a budget year beyond the lead time,
half a year more or less. A plan whose trigger would fire on day one names that order instead of waiting for the alert."""
IDLE_START = 0.7
"""[1] of the limit at go-live where the plan says no growth, because then no date gives the level"""
PLAIN_WINDOW_DAYS = 28
NEVER = 10**6
"""[day] beyond any study"""


@dataclass(frozen=True, slots=True)
class Score:
    """One trigger in one cell of the study."""

    in_time: float
    """[1] share of the paths that reach the limit on which the trigger fired at least one lead time before"""
    false_per_year: float
    """[1/year] false alarms over the years watched, until the limit or until a false alarm could no longer be told"""
    waste_weeks: float
    """[week] median over those paths of how long capacity ordered by the first alarm stands before the limit; < 0: late"""
    reached: int
    """paths that reach the limit within the study"""
    possible: float
    """[1] share of these whose limit is at least one lead time after day one: no trigger can be in time on more"""


def start_levels(paths: Paths, growth_per_month: float, lead_weeks: float) -> Floats:
    """[1] logarithm of load over the limit on day zero, one row per path.

    At planned growth the order would be due 26 to 78 weeks later and the limit passed one lead time and review after
    that: -slope * (due + lead + review).
    """
    due = FIRST_DUE_WEEKS + (LAST_DUE_WEEKS - FIRST_DUE_WEEKS) * paths.start
    away = log_slope(growth_per_month) * WEEK_DAYS * (due + lead_weeks + REVIEW_WEEKS)
    levels = -away if growth_per_month > 0 else np.full(len(paths.start), np.log(IDLE_START))
    return np.asarray(levels, float)[:, np.newaxis]


def limit_days(paths: Paths, start: Floats) -> Ints:
    """[day] the limit is passed on; NEVER where it is not within the study."""
    return first(paths.expected + start >= 0)


def score(fired: Flags, limit: Ints, lead_weeks: float, slack_weeks: float = SLACK_WEEKS) -> Score:
    """What a trigger's firing days are worth, given the days on which the limit is passed."""
    lead = round(lead_weeks * WEEK_DAYS)
    horizon = lead + round(REVIEW_WEEKS * WEEK_DAYS)
    reached = limit < fired.shape[1]
    alarm = first(fired) + 1
    early = (limit - alarm - horizon)[reached & (alarm < NEVER)] / WEEK_DAYS
    return Score(
        in_time=_share((alarm <= limit - lead)[reached]),
        false_per_year=false_alarms(fired, limit, horizon, round(slack_weeks * WEEK_DAYS)),
        waste_weeks=float(np.median(early)) if len(early) else float("nan"),
        reached=int(reached.sum()),
        possible=_share((limit - lead >= 1)[reached]),
    )


def false_alarms(fired: Flags, limit: Ints, horizon: int, slack: int) -> float:
    """[1/year] alarms whose limit lies more than horizon and slack [day] ahead, each silent for a horizon after it.

    >>> fired = np.array([[True, False, True, True, False, False, False, False]])
    >>> round(false_alarms(fired, np.array([NEVER]), 2, 1) / DAYS_PER_YEAR, 3)
    0.4
    """
    told = np.minimum(limit, fired.shape[1] - horizon - slack)
    upcoming = _next(fired)
    rows, day, count = np.arange(len(fired)), upcoming[:, 0], 0
    while np.any(alive := day < told):
        count += int((alive & (day + horizon + slack < limit)).sum())
        day = np.where(alive, upcoming[rows, np.where(alive, day + horizon, 0)], NEVER)
    return float(count / (told.sum() / DAYS_PER_YEAR))


def first(flags: Flags) -> Ints:
    """[day] of the first flag of each row; NEVER without one.

    >>> first(np.array([[False, True], [False, False]])).tolist()
    [1, 1000000]
    """
    return np.where(flags.any(axis=1), flags.argmax(axis=1), NEVER)


def fixed_share(log_levels: Floats, start: Floats, share: float = 0.8) -> Flags:
    """The usual rule: a day's load above a fixed share of the limit."""
    return np.asarray(log_levels + start > np.log(share), bool)


def plain_forecast(log_levels: Floats, start: Floats, horizon_days: float) -> Flags:
    """predict_linear on the levels themselves over four weeks, as "filling up" alerts of disks have it."""
    window = PLAIN_WINDOW_DAYS
    levels = np.exp(log_levels)
    ahead = rolling.mean(levels, window) + rolling.slope(levels, window) * ((window - 1) / 2 + horizon_days)
    fires = ahead * np.exp(start) > 1
    fires[:, : window - 1] = False
    return np.asarray(fires, bool)


def _next(fired: Flags) -> Ints:
    """[day] of the next flag at or after each day."""
    day = np.where(fired, np.arange(fired.shape[1]), NEVER)
    return np.minimum.accumulate(day[:, ::-1], axis=1)[:, ::-1]


def _share(flags: Flags) -> float:
    return float(flags.mean()) if len(flags) else float("nan")
