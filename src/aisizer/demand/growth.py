"""How demand moves by month of production: compound growth, dated points, the season and the rollout."""

from __future__ import annotations

import math
from calendar import monthrange
from datetime import date
from typing import Literal

import numpy as np

from aisizer.errors import InvalidInput
from aisizer.profile.sections import GrowthSection
from aisizer.shapes import Floats, Ints

Case = Literal["low", "base", "high"]
HORIZON_MONTHS = 36
SLOW, FAST = 0.5, 1.5
"""The low and high case over `rate` where the profile gives none."""


def demand_factors(growth: GrowthSection, go_live: date, case: Case = "base", months: int = HORIZON_MONTHS) -> Floats:
    """[1] demand in months 1 to `months` of production over the full go-live demand.

    Month m starts m - 1 calendar months after go_live. Its factor is the growth since month 1 times the rollout
    share; a phase that starts within a month counts for the whole of it, because capacity must stand by then. Dated
    points replace the rate, in every case, up to the last of them; between points demand grows by equal ratios. The
    season multiplies that, relative to go-live, whose peak stays what the profile says; at a dated point demand is that
    point, so that its season is taken out of the growth towards it.

    >>> from aisizer.profile.sections import Phase
    >>> start = date(2027, 7, 1)
    >>> phases = (Phase(name="pilot", share="10 %", start="2027-07-01"), Phase(name="all", share=1, start="2027-10-01"))
    >>> demand_factors(GrowthSection(rate="4 %/month", phases=phases), start, months=4).round(4).tolist()
    [0.1, 0.104, 0.1082, 1.1249]
    >>> demand_factors(GrowthSection(rate="0 %/month", points={"2027-09": 1.44}), start, months=4).round(4).tolist()
    [1.0, 1.2, 1.44, 1.44]
    >>> autumn = (1.0,) * 8 + (1.5,) + (1.0,) * 3
    >>> demand_factors(GrowthSection(rate="0 %/month", seasonality=autumn), start, months=4).round(4).tolist()
    [1.0, 1.0, 1.5, 1.0]
    """
    offsets = np.arange(months)
    shares = [rollout_share(growth, go_live, month) for month in range(months)]
    season = [_season(growth, go_live, month) for month in range(months)]
    factors: Floats = np.exp(_log_growth(growth, go_live, case, offsets)) * np.array(shares) * np.array(season)
    return factors


def monthly_rate(growth: GrowthSection, case: Case) -> float:
    """[1/month] compound growth of a case; left out, low is half and high one and a half times `rate`.

    >>> monthly_rate(GrowthSection(rate="4 %/month"), "low"), monthly_rate(GrowthSection(rate="4 %/month"), "high")
    (0.02, 0.06)
    """
    slow, fast = sorted((SLOW * growth.rate, FAST * growth.rate))
    rates = {"low": growth.low, "base": growth.rate, "high": growth.high}
    given = rates[case]
    return given if given is not None else {"low": slow, "high": fast}[case]


def rollout_share(growth: GrowthSection, go_live: date, month: int) -> float:
    """[1] of the full rollout that has been reached so many months after go-live; before the first phase, its share.

    >>> from aisizer.profile.sections import Phase
    >>> pilot = GrowthSection(phases=(Phase(name="pilot", share="10 %", start="2027-07-01"),))
    >>> rollout_share(pilot, date(2027, 7, 1), 0), rollout_share(GrowthSection(), date(2027, 7, 1), 0)
    (0.1, 1.0)
    """
    if not growth.phases:
        return 1.0
    started = [phase.share for phase in growth.phases if phase.start < add_months(go_live, month + 1)]
    return started[-1] if started else growth.phases[0].share


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last day of a shorter month.

    >>> add_months(date(2027, 1, 31), 1), add_months(date(2027, 11, 1), 3)
    (datetime.date(2027, 2, 28), datetime.date(2028, 2, 1))
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _log_growth(growth: GrowthSection, go_live: date, case: Case, offsets: Ints) -> Floats:
    dated = sorted((_offset(month, go_live), factor) for month, factor in (growth.points or {}).items())
    known = [(offset, math.log(factor / _season(growth, go_live, offset))) for offset, factor in dated]
    if known and known[0][0] < 1:
        raise InvalidInput(
            f"growth.points: every month must lie after go-live {go_live}, which counts as 1. Remove the earlier ones."
        )
    at, logs = (np.array(column) for column in zip((0, 0.0), *known, strict=True))
    slope = math.log1p(monthly_rate(growth, case))
    growth_logs: Floats = np.interp(offsets, at, logs) + slope * np.where(offsets > at[-1], offsets - at[-1], 0)
    return growth_logs


def _offset(month: str, go_live: date) -> int:
    """Months from go-live to a month such as 2027-09."""
    return (int(month[:4]) - go_live.year) * 12 + int(month[5:]) - go_live.month


def _season(growth: GrowthSection, go_live: date, offset: int) -> float:
    """[1] the season of a month over that of the month of go-live."""
    if growth.seasonality is None:
        return 1.0
    first = go_live.month - 1
    return growth.seasonality[(first + offset) % 12] / growth.seasonality[first]
