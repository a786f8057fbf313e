"""From capacity per replica to whole servers: the waterfall at one level of demand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from aisizer.profile.sections import Resilience
from aisizer.sizing.capacity import Candidate
from aisizer.sizing.placement import place, servers_for, worst_loss
from aisizer.sizing.resilience import (
    availability,
    disaster_recovery_servers,
    redundant_servers,
    upgrade_servers,
    upgrading_servers,
)

ROUNDING = 1e-9
"""Slack on a ceiling, so that 8.000000000001 replicas from binary fractions stay 8."""
LOWEST_UTILIZATION, BISECTIONS = 1e-4, 40
"""Where the search for a common utilisation starts, and its halvings of the logarithm: far below one replica."""

HANDFULS = 64
"""[1] in which spare replicas are dealt out where they are many: one of them moves a pool's utilisation by 1.6 % at most."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One candidate per pool, on servers of one offer."""

    candidates: tuple[Candidate, ...]
    gpus_per_server: int


@dataclass(frozen=True, slots=True)
class Fleet:
    """GPUs after each reason, and the servers they come in, at one demand factor."""

    throughput: int
    latency: int
    burst: int
    headroom: int
    confidence: int
    serving_servers: int
    redundant_servers: int
    spread_servers: int
    """servers beyond the redundancy that let each of several pools survive by itself"""
    upgrade_servers: int
    recovery_servers: int

    @property
    def production_servers(self) -> int:
        """Servers at the primary site."""
        return self.serving_servers + self.redundant_servers + self.spread_servers + self.upgrade_servers

    @property
    def servers(self) -> int:
        """Servers at all sites."""
        return self.production_servers + self.recovery_servers


def replicas(factor: float, share: float) -> int:
    """Replicas that carry `factor` of the demand when one carries `share` of it.

    >>> replicas(1.0, 0.25), replicas(1.1, 0.25)
    (4, 5)
    """
    return math.ceil(factor / share - ROUNDING)


def carried(candidate: Candidate, resilience: Resilience) -> float:
    """[1] of the demand that one replica carries with its reserve for forecast and model error left free.

    The headroom covers both errors. Where a confidence above 50 % is asked for, what the replica carries at that
    confidence, with only the headroom's part for the forecast left free, replaces it if that is less: the measured
    error takes the place of the assumed one and is never added to it.
    """
    reserved = candidate.share * (1 - resilience.headroom)
    if candidate.confident_share is None:
        return reserved
    return min(reserved, candidate.confident_share * (1 - resilience.headroom * resilience.forecast_part))


def fleet(layout: Layout, factor: float, resilience: Resilience) -> Fleet:
    """The fleet for a demand factor: burst multiplies the load, reserves leave part of the capacity free."""
    candidates, size = layout.candidates, layout.gpus_per_server
    sizes = tuple(c.gpus for c in candidates)
    needed = _replicas(layout, factor, resilience)
    least = tuple(replicas(factor, c.share) for c in candidates)
    serving = _servers_for(needed, sizes, size)
    down, held = _spared(needed, sizes, size, serving, resilience)
    stacked = _surviving_servers(needed, sizes, size, down + upgrading_servers(resilience)) - held
    headroom = 1 - resilience.headroom
    return Fleet(
        throughput=_gpus(sizes, (replicas(factor, c.stable_share) for c in candidates)),
        latency=_gpus(sizes, least),
        burst=_gpus(sizes, (replicas(factor * c.pool.burst, c.share) for c in candidates)),
        headroom=_gpus(sizes, (replicas(factor * c.pool.burst / headroom, c.share) for c in candidates)),
        confidence=_gpus(sizes, needed),
        serving_servers=serving,
        redundant_servers=down,
        spread_servers=held - serving - down,
        upgrade_servers=upgrade_servers(serving, resilience) + stacked,
        recovery_servers=disaster_recovery_servers(_servers_for(least, sizes, size), serving, resilience),
    )


def _gpus(sizes: Sequence[int], counts: Iterable[int]) -> int:
    return sum(n * size for n, size in zip(counts, sizes, strict=True))


def _spared(
    needed: tuple[int, ...], sizes: tuple[int, ...], gpus_per_server: int, serving: int, resilience: Resilience
) -> tuple[int, int]:
    """Servers that may be down, and those that stand so that whichever these are every pool is carried.

    Where more stand than the serving ones and those, more may fail: `auto` takes the smallest number that meets the
    availability with all of them counted.
    """
    down = redundant_servers(serving, resilience)
    held = _surviving_servers(needed, sizes, gpus_per_server, down)
    while (
        resilience.redundancy == "auto"
        and held > serving + down
        and availability(held - down, held, resilience) < resilience.availability
    ):
        down += 1
        held = _surviving_servers(needed, sizes, gpus_per_server, down)
    return down, held


@cache
def _servers_for(counts: tuple[int, ...], sizes: tuple[int, ...], gpus_per_server: int) -> int:
    """As `servers_for`: months of equal need ask for the same ones."""
    return servers_for(counts, sizes, gpus_per_server)


def needed_replicas(candidate: Candidate, factor: float, resilience: Resilience) -> int:
    """Replicas of a pool with burst, headroom and confidence."""
    return replicas(factor * candidate.pool.burst, carried(candidate, resilience))


def _replicas(layout: Layout, factor: float, resilience: Resilience) -> tuple[int, ...]:
    return tuple(needed_replicas(c, factor, resilience) for c in layout.candidates)


@cache
def _surviving_servers(needed: tuple[int, ...], sizes: tuple[int, ...], gpus_per_server: int, down: int) -> int:
    """The fewest servers on which every pool keeps its needed replicas whichever `down` of them fail.

    One pool of replicas inside servers fills them, so it needs the serving ones and `down` more. A replica over several
    servers falls with each of them. Several pools share servers: a replica of one model cannot stand in for another
    without being loaded again, so each pool must survive by itself.
    """
    servers = servers_for(needed, sizes, gpus_per_server) + down
    if down == 0 or (len(sizes) == 1 and sizes[0] <= gpus_per_server):
        return servers
    whole = [n + down if size > gpus_per_server else n for n, size in zip(needed, sizes, strict=True)]
    servers = max(servers, servers_for(whole, sizes, gpus_per_server))
    while _surviving(needed, sizes, servers, gpus_per_server, down) is None:
        servers += 1
    return servers


def _surviving(
    needed: Sequence[int], sizes: Sequence[int], servers: int, gpus_per_server: int, down: int
) -> tuple[int, ...] | None:
    """Replicas per pool that leave `needed` after the worst loss; null where the servers cannot hold them."""
    counts = tuple(needed)
    while True:
        losses = _losses(counts, tuple(sizes), servers, gpus_per_server, down)
        if losses is None:
            return None
        wanted = tuple(n + loss for n, loss in zip(needed, losses, strict=True))
        if all(have >= want for have, want in zip(counts, wanted, strict=True)):
            return counts
        counts = tuple(max(have, want) for have, want in zip(counts, wanted, strict=True))


@cache
def _losses(
    counts: tuple[int, ...], sizes: tuple[int, ...], servers: int, gpus_per_server: int, down: int
) -> tuple[int, ...] | None:
    """Replicas per pool that the worst loss takes; null where the servers cannot hold them all. Options ask for the same."""
    placed = place(counts, sizes, servers, gpus_per_server)
    return None if placed is None else worst_loss(placed, counts, down)


def whole_servers(gpus: int, gpus_per_server: int) -> int:
    """Servers that hold the GPUs; replicas of a power of two pack without gaps."""
    return -(-gpus // gpus_per_server)


@dataclass(frozen=True, slots=True)
class Deployed:
    """Replicas per pool on a number of servers, and what is left of them after the worst loss."""

    up: tuple[int, ...]
    degraded: tuple[int, ...]

    def keeps(self, needed: Sequence[int]) -> bool:
        """Whether every pool has what it needs after the worst loss."""
        return all(have >= want for have, want in zip(self.degraded, needed, strict=True))


def deployed(layout: Layout, servers: int, factor: float, resilience: Resilience, down: int) -> Deployed:
    """Every GPU serves, the rest beyond the need where the load is highest, as long as no pool is crowded onto so few
    servers that it would not survive their loss.
    """
    sizes = [c.gpus for c in layout.candidates]
    if len(sizes) == 1:
        return _alone(servers, down, layout.gpus_per_server, sizes[0])
    needed = _replicas(layout, factor, resilience)
    least = _surviving(needed, sizes, servers, layout.gpus_per_server, down) or needed
    full = _placed(layout, _filled(layout, least, servers * layout.gpus_per_server, factor), servers, down)
    if full is not None and full.keeps(needed):
        return full
    return _grown(layout, least, needed, servers, factor, down)


def _alone(servers: int, down: int, gpus_per_server: int, size: int) -> Deployed:
    """One pool on all servers; where a replica spans several, each server lost takes another whole one."""
    if size <= gpus_per_server:
        per_server = gpus_per_server // size
        return Deployed((servers * per_server,), ((servers - down) * per_server,))
    count = servers * gpus_per_server // size
    return Deployed((count,), (max(count - down, 0),))


def _grown(
    layout: Layout, least: tuple[int, ...], needed: tuple[int, ...], servers: int, factor: float, down: int
) -> Deployed:
    """Replicas added one by one, to the busiest pool that can take one with every pool still surviving.

    Where thousands would fit they are added in handfuls, halved as these no longer fit.
    """
    made = _placed(layout, least, servers, down)
    if made is None:
        raise ValueError("the servers do not hold the replicas that they were counted for")
    spare = servers * layout.gpus_per_server - sum(n * c.gpus for n, c in zip(least, layout.candidates, strict=True))
    handful = max(1, spare // min(c.gpus for c in layout.candidates) // HANDFULS)
    while True:
        counts = made.up
        busiest = sorted(range(len(counts)), key=lambda i: -factor / (counts[i] * layout.candidates[i].share))
        more = (_placed(layout, _more(counts, i, handful), servers, down) for i in busiest)
        grown = next((m for m in more if m is not None and m.keeps(needed)), None)
        if grown is None and handful == 1:
            return made
        made, handful = (made, handful // 2) if grown is None else (grown, handful)


def _more(counts: tuple[int, ...], pool: int, added: int) -> tuple[int, ...]:
    return tuple(n + added * (i == pool) for i, n in enumerate(counts))


def _placed(layout: Layout, counts: tuple[int, ...], servers: int, down: int) -> Deployed | None:
    losses = _losses(counts, tuple(c.gpus for c in layout.candidates), servers, layout.gpus_per_server, down)
    if losses is None:
        return None
    return Deployed(counts, tuple(n - loss for n, loss in zip(counts, losses, strict=True)))


def _filled(layout: Layout, least: Sequence[int], slots: int, factor: float) -> tuple[int, ...]:
    """Replicas that fill the slots with the load as even as it goes: the lowest common utilisation that fits."""

    def at(level: float) -> list[int]:
        return [max(n, replicas(factor / level, c.share)) for n, c in zip(least, layout.candidates, strict=True)]

    def used(counts: Sequence[int]) -> int:
        return sum(n * c.gpus for n, c in zip(counts, layout.candidates, strict=True))

    low, high = LOWEST_UTILIZATION, 1.0
    for _ in range(BISECTIONS):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if used(at(middle)) <= slots else (middle, high)
    counts = at(high)
    while fitting := [i for i, c in enumerate(layout.candidates) if c.gpus <= slots - used(counts)]:
        busiest = max(fitting, key=lambda i: factor / (counts[i] * layout.candidates[i].share))
        counts[busiest] += 1
    return tuple(counts)


def utilization(layout: Layout, counts: Sequence[int], factor: float) -> float:
    """Peak-hour load over capacity at the SLO, of the busiest pool."""
    return max(factor / (n * c.share) for n, c in zip(counts, layout.candidates, strict=True))
