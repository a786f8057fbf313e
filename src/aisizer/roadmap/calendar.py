"""Lead times and calendar dates."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, timedelta

from aisizer.catalog.records import Site
from aisizer.demand.growth import add_months
from aisizer.profile.sections import LeadTime
from aisizer.units import WEEK

__all__ = ["PARTS", "add_months", "days", "earliest_service", "first_month", "first_of_next_month", "lead_time_weeks"]

PARTS = ("approval", "order", "delivery", "install", "burn_in")


def lead_time_weeks(site: Site, own: LeadTime) -> dict[str, float]:
    """[week] each part of the way from decision to service: the profile's own figure, else the site's, and the total."""
    parts = {}
    for part in PARTS:
        given = getattr(own, part)
        parts[part] = float(getattr(site.lead_times_weeks, part).base) if given is None else given / WEEK
    return parts | {"total": math.fsum(parts.values())}


def days(weeks: float) -> timedelta:
    """Whole days, rounded up, because half a day late is late."""
    return timedelta(days=math.ceil(weeks * 7 - 1e-9))


def earliest_service(plan_date: date, lead: Mapping[str, float]) -> date:
    """The first day on which something decided on plan_date serves."""
    return plan_date + days(lead["total"])


def first_of_next_month(day: date) -> date:
    """The day itself when it is a first, else the first of the month after.

    >>> first_of_next_month(date(2027, 5, 4))
    datetime.date(2027, 6, 1)
    """
    return day if day.day == 1 else add_months(day.replace(day=1), 1)


def first_month(go_live: date, day: date) -> int:
    """The first production month that starts on the day or after it; month 1 starts at go-live.

    >>> first_month(date(2027, 3, 1), date(2027, 2, 1)), first_month(date(2027, 3, 1), date(2027, 6, 15))
    (1, 5)
    """
    month = 1
    while add_months(go_live, month - 1) < day:
        month += 1
    return month
