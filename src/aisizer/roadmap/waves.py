"""Purchases by month: every wave is in service before the demand it carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from aisizer.profile.sections import Resilience
from aisizer.sizing.fleet import Fleet, Layout, fleet

MONTHS = 36
"""[month] the planning horizon."""


@dataclass(frozen=True, slots=True)
class Wave:
    """Servers added from a month on, the month they were bought up to, and the one up to which they suffice."""

    month: int
    servers: int
    planned_to: int
    covers_to: int


@dataclass(frozen=True, slots=True)
class Fleets:
    """What each month needs and what is in service; index 0 is month 1."""

    needed: tuple[Fleet, ...]
    waves: tuple[Wave, ...]
    servers: tuple[int, ...]
    """servers in service, second site included"""
    production: tuple[int, ...]
    """servers in service at the primary site"""

    @property
    def first(self) -> int:
        """Index of the month in which the first wave serves: 0, or more where it is delivered after go-live."""
        return self.waves[0].month - 1

    @property
    def standing(self) -> Fleets:
        """The same as if the first wave stood from go-live on, for what is counted beside servers that stand."""
        first = self.first
        servers = (self.servers[first],) * first + self.servers[first:]
        production = (self.production[first],) * first + self.production[first:]
        return replace(self, servers=servers, production=production) if first else self


def fleets(
    layout: Layout, factors: Sequence[float], resilience: Resilience, expansion_months: int, first: int = 1
) -> Fleets:
    """Buys in the month that needs more than is in service, for the expansion_months from then on; nothing is sold."""
    return bought(needed(layout, factors, resilience), expansion_months, first)


def needed(layout: Layout, factors: Sequence[float], resilience: Resilience) -> tuple[Fleet, ...]:
    """The fleet that each month's demand asks for."""
    return tuple(fleet(layout, factor, resilience) for factor in factors)


def bought(needed: tuple[Fleet, ...], expansion_months: int, first: int = 1) -> Fleets:
    """The purchases for what each month needs; a longer expansion buys the same in fewer and larger waves.

    Before month `first` nothing can be delivered, so nothing is bought for it.
    """
    waves: list[Wave] = []
    servers = 0
    for start, month in enumerate(needed):
        if start + 1 >= first and month.servers > servers:
            last = min(start + expansion_months, len(needed))
            target = max(f.servers for f in needed[start:last])
            waves.append(Wave(month=start + 1, servers=target - servers, planned_to=last, covers_to=last))
            servers = target
    return Fleets(
        needed=needed,
        waves=_extended(waves, len(needed)),
        servers=_in_service(waves, len(needed)),
        production=_production(needed, waves),
    )


def stranded(servers: Sequence[int], needed: Sequence[int]) -> int:
    """[server-month] in service beyond what each month needs, redundancy included in the need.

    >>> stranded([3, 3, 3], [2, 2, 3])
    2
    """
    return sum(have - need for have, need in zip(servers, needed, strict=True))


def covered_to(servers: Sequence[int], needed: Sequence[int]) -> int:
    """The last month before the first one that needs more than is in service; 0 where that is the first month.

    >>> covered_to([3, 3, 3], [2, 3, 4]), covered_to([3, 3, 3], [2, 3, 3])
    (2, 3)
    """
    short = (month for month, (have, need) in enumerate(zip(servers, needed, strict=True)) if need > have)
    return next(short, len(needed))


def _extended(waves: list[Wave], months: int) -> tuple[Wave, ...]:
    """Each wave covers up to the month before the next one."""
    ends = [w.month - 1 for w in waves[1:]] + [months]
    return tuple(replace(wave, covers_to=end) for wave, end in zip(waves, ends, strict=True))


def _in_service(waves: list[Wave], months: int) -> tuple[int, ...]:
    return tuple(sum(w.servers for w in waves if w.month <= m) for m in range(1, months + 1))


def _production(needed: Sequence[Fleet], waves: list[Wave]) -> tuple[int, ...]:
    """Servers in service less the second site's, which is bought for the largest need up to the next wave."""
    total = _in_service(waves, len(needed))
    ends = [w.month - 1 for w in waves[1:]] + [len(needed)]
    late = waves[0].month - 1
    held = [max(f.recovery_servers for f in needed[late:end]) for end in ends]
    wave_of = [sum(w.month <= m for w in waves) - 1 for m in range(late + 1, len(needed) + 1)]
    return (0,) * late + tuple(servers - held[wave] for servers, wave in zip(total[late:], wave_of, strict=True))
