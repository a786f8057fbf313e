"""What was measured, by day, whoever measured it; and the days that count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from aisizer.errors import InvalidInput
from aisizer.watch.records import Gap, Source

Daily = Mapping[date, float]
"""A value a day; a day without one is absent."""
WEEK_DAYS = 7
"""[day] what is said of now: a whole week, because a weekend is no trend."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Levels by trigger id, and properties of the workload by (quantity, name)."""

    source: Source
    levels: Mapping[str, Daily]
    workload: Mapping[tuple[str, str], Daily]
    origin: Mapping[str, str] = field(default_factory=dict)
    """by trigger id: the column or query that the levels come from"""

    def last_day(self) -> date:
        """The last day on which any level was measured: the clock where none is given."""
        found = [day for daily in self.levels.values() for day in daily]
        if not found:
            raise InvalidInput(f"{self.source.name} holds no level of any trigger. Check what it measures.")
        return max(found)


def within(daily: Daily, at: date, days: int) -> dict[date, float]:
    """The days up to `at`, at most so many of them, in order; levels of zero have no logarithm and are left out."""
    first = at - timedelta(days=days - 1)
    return {day: daily[day] for day in sorted(daily) if first <= day <= at and daily[day] > 0}


def gaps(daily: Daily, at: date) -> tuple[Gap, ...]:
    """The missing days between the first one and `at`.

    >>> [f"{g.first} {g.last}" for g in gaps({date(2028, 1, 1): 1, date(2028, 1, 4): 1}, date(2028, 1, 5))]
    ['2028-01-02 2028-01-03', '2028-01-05 2028-01-05']
    """
    return tuple(_gaps(sorted(daily), at))


def _gaps(days: list[date], at: date) -> Iterator[Gap]:
    day = timedelta(days=1)
    for before, after in zip(days, [*days[1:], at + day], strict=True):
        if after - before > day:
            yield Gap(first=before + day, last=after - day)
