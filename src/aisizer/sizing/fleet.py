"""From capacity per replica to whole servers: the waterfall at one level of demand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from aisizer.profile.sections import Resilience
from aisizer.sizing.capacity import Candidate
from aisizer.sizing.resilience import disaster_recovery_servers, redundant_servers, upgrade_servers

ROUNDING = 1e-9
"""Slack on a ceiling, so that 8.000000000001 replicas from binary fractions stay 8."""


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
    serving_servers: int
    redundant_servers: int
    upgrade_servers: int
    recovery_servers: int

    @property
    def production_servers(self) -> int:
        """Servers at the primary site."""
        return self.serving_servers + self.redundant_servers + self.upgrade_servers

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


def fleet(layout: Layout, factor: float, resilience: Resilience) -> Fleet:
    """The fleet for a demand factor: burst multiplies the load, headroom leaves part of the capacity free."""
    free = 1 - resilience.headroom
    throughput = sum(c.tensor_parallel * replicas(factor, c.stable_share) for c in layout.candidates)
    latency = _gpus(layout.candidates, [factor for _ in layout.candidates])
    burst = _gpus(layout.candidates, [factor * c.pool.burst for c in layout.candidates])
    headroom = _gpus(layout.candidates, [factor * c.pool.burst / free for c in layout.candidates])
    serving = whole_servers(headroom, layout.gpus_per_server)
    return Fleet(
        throughput=throughput,
        latency=latency,
        burst=burst,
        headroom=headroom,
        serving_servers=serving,
        redundant_servers=redundant_servers(serving, resilience),
        upgrade_servers=upgrade_servers(serving, resilience),
        recovery_servers=disaster_recovery_servers(whole_servers(latency, layout.gpus_per_server), serving, resilience),
    )


def whole_servers(gpus: int, gpus_per_server: int) -> int:
    """Servers that hold the GPUs; replicas of a power of two pack without gaps."""
    return -(-gpus // gpus_per_server)


def deployed(layout: Layout, servers: int, factor: float) -> tuple[int, ...]:
    """Replicas per pool when every GPU of `servers` serves: each free slot goes to the busiest pool that fits it."""
    slots = servers * layout.gpus_per_server
    counts = [replicas(factor, c.share) for c in layout.candidates]
    free = slots - sum(n * c.tensor_parallel for n, c in zip(counts, layout.candidates, strict=True))
    while True:
        fitting = [i for i, c in enumerate(layout.candidates) if c.tensor_parallel <= free]
        if not fitting:
            return tuple(counts)
        busiest = max(
            fitting, key=lambda i: factor * layout.candidates[i].pool.burst / (counts[i] * layout.candidates[i].share)
        )
        counts[busiest] += 1
        free -= layout.candidates[busiest].tensor_parallel


def utilization(layout: Layout, counts: Sequence[int], factor: float) -> float:
    """Peak-hour load over capacity at the SLO, of the busiest pool."""
    return max(factor / (n * c.share) for n, c in zip(counts, layout.candidates, strict=True))


def _gpus(candidates: Sequence[Candidate], factors: Sequence[float]) -> int:
    return sum(c.tensor_parallel * replicas(f, c.share) for c, f in zip(candidates, factors, strict=True))
