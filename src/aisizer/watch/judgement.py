"""One trigger against its levels: growth, runway, and whether it has fired."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from aisizer.errors import InvalidInput
from aisizer.profile.sections import GrowthSection
from aisizer.triggers.forecast import MIN_DAYS, WINDOW_DAYS, Fit, fires, fit, runway_days
from aisizer.triggers.order_rule import BUSY_DAYS, BUSY_SHARE, HISTORY_DAYS
from aisizer.triggers.records import Trigger
from aisizer.units import DAY, MONTH
from aisizer.watch.measured import WEEK_DAYS, Daily, gaps, within
from aisizer.watch.records import Runway, Watched


@dataclass(frozen=True, slots=True)
class Setting:
    """What a trigger is judged in: the day, how demand is planned to move, and the capacity beside the plan's."""

    at: date
    growth: GrowthSection
    capacity_factor: float


def judged(trigger: Trigger, daily: Daily, setting: Setting, origin: str) -> Watched:
    """The trigger beside its levels up to the day of the setting: by its level from the first day, by its growth as well once
    there is enough to fit one to."""
    at, weeks = setting.at, trigger.lead_time_weeks + trigger.review_weeks
    if not within(daily, at, WEEK_DAYS):
        raise InvalidInput(_no_level(trigger.id, daily, at))
    follows, used = trigger.floor is not None, within(daily, at, WINDOW_DAYS)
    if follows:
        used = as_planned_on(used, setting.growth, at)
    level = busy_level(within(used, at, BUSY_DAYS), at, trigger.growth_per_month) if follows else used[max(used)]
    early = follows and _early(trigger, used, at)
    threshold = trigger.threshold * _caution(trigger, early) * setting.capacity_factor
    limit = limit_then(trigger.limit, setting, weeks) if follows else trigger.limit
    found = fitted(used, at, trigger.growth_per_month) if follows else None
    over = level >= threshold
    late = (
        not early and found is not None and fires(found, limit, trigger.lead_time_weeks * 7, trigger.review_weeks * 7)
    )
    return Watched(
        **_plan_part(trigger, setting),
        fired=over or late,
        reason=f"{_by_level(level, threshold)}, {_by_growth(trigger, found, early, late, over, weeks)}",
        level=level,
        threshold=threshold,
        limit=limit,
        growth_per_month=None if found is None else math.expm1(found.per_day * MONTH / DAY),
        runway_weeks=None if found is None else _runway(found, limit),
        days=len(used),
        gaps=gaps(used, at),
        source=origin,
    )


def _early(trigger: Trigger, used: Daily, at: date) -> bool:
    """Whether less was measured than the alert of the rules believes a growth by."""
    return trigger.cautious is not None and (at - min(used)).days + 1 < HISTORY_DAYS


def _caution(trigger: Trigger, early: bool) -> float:
    """[1] by which the threshold is lower until then: the cautious floor over the floor of the rules."""
    return trigger.cautious / trigger.floor if early and trigger.cautious and trigger.floor else 1.0


def unmeasured(trigger: Trigger, setting: Setting, why: str) -> Watched:
    """A trigger that nothing was measured for: it neither fired nor is quiet."""
    return Watched(
        **_plan_part(trigger, setting),
        fired=None,
        reason=why,
        level=None,
        threshold=trigger.threshold,
        limit=trigger.limit,
        growth_per_month=None,
        runway_weeks=None,
        days=0,
        gaps=(),
        source="",
    )


def _plan_part(trigger: Trigger, setting: Setting) -> dict[str, object]:
    copied = ("id", "quantity", "pool", "severity", "owner", "action")
    return {name: getattr(trigger, name) for name in copied} | {
        "planned_growth_per_month": trigger.growth_per_month,
        "needs_weeks": trigger.lead_time_weeks + trigger.review_weeks,
        "capacity_factor": setting.capacity_factor,
    }


def as_planned_on(used: Daily, growth: GrowthSection, at: date) -> dict[date, float]:
    """The levels as if rollout and season had always stood where they stand on `at`, so that a phase is no trend."""
    step = step_on(growth, at)
    return {day: level * step / step_on(growth, day) for day, level in used.items()}


def fitted(used: Daily, at: date, planned_per_month: float) -> Fit | None:
    """Growth of the levels; None where there are too few days to fit any."""
    days = np.array([float((day - at).days) for day in used])
    try:
        return fit(days, np.array(list(used.values())), planned_per_month)
    except InvalidInput:
        return None


def busy_level(recent: Daily, at: date, planned_per_month: float) -> float:
    """[1] the level of a busy day of these, brought from their mean age to `at` at the plan's growth [1/month].

    A working day's, however deep the weekend and whatever a single day does. Shrinking demand is taken as level, as the
    threshold takes it.

    >>> days = {date(2028, 5, d): 0.4 if d % 7 < 5 else 0.1 for d in range(1, 29)}
    >>> busy_level(days, date(2028, 5, 28), 0.0), round(busy_level(days, date(2028, 5, 28), 0.04), 4)
    (0.4, 0.407)
    """
    age_days = sum((at - day).days for day in recent) / len(recent)
    busy = float(np.quantile(list(recent.values()), BUSY_SHARE))
    return busy * math.exp(math.log1p(max(planned_per_month, 0.0)) * age_days * DAY / MONTH)


def limit_then(limit: float, setting: Setting, weeks: float) -> float:
    """[1] the level of today's users at which the limit is reached so many weeks on.

    More capacity by then raises it; a rollout phase that starts by then, or a busier month, lowers it.
    """
    then = setting.at + timedelta(weeks=weeks)
    return limit * setting.capacity_factor * step_on(setting.growth, setting.at) / step_on(setting.growth, then)


def step_on(growth: GrowthSection, day: date) -> float:
    """[1] the part of the demand that rollout and season have on a day, on any scale; before the first phase, the first one's."""
    started = [phase.share for phase in growth.phases if phase.start <= day]
    share = (started[-1] if started else growth.phases[0].share) if growth.phases else 1.0
    return share * (growth.seasonality[day.month - 1] if growth.seasonality else 1.0)


def _runway(found: Fit, limit: float) -> Runway:
    low, base, high = (None if days is None else days / 7 for days in runway_days(found, limit))
    return Runway(low=low, base=base, high=high)


def _no_level(name: str, daily: Daily, at: date) -> str:
    before = [day for day in daily if day <= at]
    last = f"its last level is of {max(before)}" if before else "there is none before it"
    return (
        f"{name} has no level in the week up to {at}: {last}. Mend what measures it, or give --at a day on which it was "
        "measured."
    )


def _by_level(level: float, threshold: float) -> str:
    return f"the level of {level:.1%} is {'at or over' if level >= threshold else 'below'} the threshold of {threshold:.1%}"


def _by_growth(trigger: Trigger, found: Fit | None, early: bool, late: bool, over: bool, weeks: float) -> str:
    if trigger.floor is None:
        return "and it does not follow the demand, so that the level alone decides"
    if early:
        return f"a cautious one, because growth decides only after {HISTORY_DAYS} days of levels"
    if found is None:
        return f"and growth is not judged before {MIN_DAYS} days of levels"
    said = "passes" if late else "does not pass"
    return (
        f"{'and' if over == late else 'but'} what is forecast {weeks:.0f} weeks on, with its margin, {said} the limit"
    )
