"""A first wave's fleet played at its peak hour, at rest or under a drill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aisizer.demand.arrivals import peak_hour, stream
from aisizer.demand.replay import scaled, together
from aisizer.plan.context import Context
from aisizer.plan.drill_phases import Run
from aisizer.plan.upstream_queue import behind_upstreams
from aisizer.profile.sections import Admission
from aisizer.progress import Told, untold
from aisizer.queueing.simulate import Patience, simulate
from aisizer.queueing.two_pools import TwoPools, simulate_pools
from aisizer.shapes import Floats, Requests
from aisizer.sizing.admission import admitted
from aisizer.sizing.capacity import Candidate
from aisizer.sizing.drills import PERSISTENT, TENANT, TIMES, Ground, Trouble, noisy, trouble
from aisizer.sizing.placement import place

MOST_REQUESTS = 5_000_000
"""[request] of one run; a larger fleet's hour is cut short, and the answer says so."""
OTHERS = 500
"""Added to a seed for another stream of requests."""


@dataclass(frozen=True, slots=True)
class Member:
    """One pool of a fleet: its candidates, one or the two stages, and replicas of each."""

    candidates: tuple[Candidate, ...]
    replicas: tuple[int, ...]

    @property
    def first(self) -> Candidate:
        """The one that takes the requests."""
        return self.candidates[0]


@dataclass(frozen=True, slots=True)
class FirstWave:
    """The first purchase's fleet and the highest demand factor that it carries; servers at the first and the second site."""

    members: tuple[Member, ...]
    factor: float
    servers: int
    recovery_servers: int
    gpus_per_server: int

    @property
    def apart(self) -> bool:
        """Whether a pool prefills and decodes on replicas of their own, for which no drill is played."""
        return any(len(member.candidates) > 1 for member in self.members)

    def seconds(self, asked_s: float, most: float) -> float:
        """[s] of a run of at most so many requests."""
        return min(asked_s, most / self.factor / sum(m.first.pool.promised.peak_rate for m in self.members))

    def ground(self, member: Member, context: Context, seconds: float) -> Ground:
        """The first site's servers as the plan fills them, and the second site's replicas of a pool in proportion."""
        counts = [n for m in self.members for n in m.replicas]
        sizes = [c.gpus for m in self.members for c in m.candidates]
        placed = place(counts, sizes, self.servers, self.gpus_per_server)
        servers = tuple(range(member.replicas[0]))
        if placed is not None and member.first.gpus <= self.gpus_per_server:
            row = next(i for i, c in enumerate(c for m in self.members for c in m.candidates) if c is member.first)
            servers = tuple(int(s) for s, count in enumerate(placed[row]) for _ in range(int(count)))
        second = member.replicas[0] * self.recovery_servers // self.servers
        return Ground(servers, second, seconds, context.profile.resilience)


@dataclass(frozen=True, slots=True)
class Scene:
    """What is played: a drill by name or none, how long, with how many seeds, and what the gateway refuses."""

    drill: str | None
    seconds: float
    seeds: int
    admission: Admission


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it: for each pool its ground, its trouble and a run for each seed; waits [s] upstream for each seed."""

    scene: Scene
    grounds: tuple[Ground, ...]
    troubles: tuple[Trouble | None, ...]
    runs: tuple[tuple[Run, ...], ...]
    waits: tuple[Mapping[str, Floats], ...]


def play(context: Context, wave: FirstWave, scene: Scene, progress: Told = untold) -> Played:
    """Plays the peak hour of all pools, once for each seed."""
    grounds = tuple(wave.ground(member, context, scene.seconds) for member in wave.members)
    troubles = tuple(None if scene.drill is None else trouble(scene.drill, ground) for ground in grounds)
    played: list[list[Run]] = [[] for _ in wave.members]
    waits: list[dict[str, Floats]] = []
    for seed in range(1, scene.seeds + 1):
        drawn = [
            _traffic(m, wave.factor, ground, found, seed)
            for m, ground, found in zip(wave.members, grounds, troubles, strict=True)
        ]
        workloads = [m.first.pool.promised.workloads for m in wave.members]
        drawn, waited = behind_upstreams(context.profile, workloads, drawn)
        waits.append(waited)
        for i, member in enumerate(wave.members):
            played[i].append(_run(context, member, wave.factor, grounds[i], troubles[i], drawn[i], scene, seed))
            progress((seed - 1) * len(played) + i + 1, scene.seeds * len(played))
    return Played(scene, grounds, troubles, tuple(tuple(runs) for runs in played), tuple(waits))


def _traffic(member: Member, factor: float, ground: Ground, found: Trouble | None, seed: int) -> Requests:
    """What comes to a pool, one tenant's excess included where the trouble is that and not a replica's."""
    drawn = _drawn(member, factor, ground.seconds, seed)
    if found is None or found.changes:
        return drawn
    more = _drawn(member, factor * TENANT * (TIMES - 1), ground.seconds, seed + OTHERS)
    longest = drawn.take(np.flatnonzero(_fits(member, drawn)))
    return noisy(drawn, longest, more, found, len(member.first.pool.workloads))


def _drawn(member: Member, factor: float, seconds: float, seed: int) -> Requests:
    pool = member.first.pool.promised
    if pool.replays:
        parts = [scaled(replay, factor, stream(f"replay {i}", seed)) for i, replay in enumerate(pool.replays)]
        whole = together(parts)
        return whole.take(np.flatnonzero(whole.arrival_s <= seconds))
    return peak_hour(pool.members, [rate * factor for rate in pool.class_rates], seconds, seed)


def _fits(member: Member, asked: Requests) -> NDArray[np.bool_]:
    held: NDArray[np.bool_] = (
        asked.prompt_tokens + asked.output_tokens - 1 <= member.first.replica.table.kv_capacity_tokens
    )
    return held


def _run(
    context: Context,
    member: Member,
    factor: float,
    ground: Ground,
    found: Trouble | None,
    drawn: Requests,
    scene: Scene,
    seed: int,
) -> Run:
    pool, resilience = member.first.pool.promised, context.profile.resilience
    excess = drawn.class_id == len(pool.workloads)
    drawn, inside = admitted(drawn, scene.admission, factor * pool.peak_rate, len(pool.workloads))
    fits = _fits(member, drawn)
    kept = drawn.take(np.flatnonzero(fits & inside))
    told = int((inside & ~fits).sum()), int((~inside).sum()), int(excess.sum()), int((excess & ~inside).sum())
    if len(member.candidates) == 2:
        first, rest = (c.replica.table for c in member.candidates)
        return Run(simulate_pools(TwoPools(first, rest, *member.replicas), kept), kept, *told)
    attempts, deadline = resilience.clients.attempts, scene.admission.queue_deadline
    patience = Patience(
        timeout_s=min(resilience.clients.timeout, deadline or np.inf),
        attempts=max(attempts, PERSISTENT) if scene.drill == "retry-storm" else attempts,
    )
    outcome = simulate(
        member.first.replica.table,
        kept,
        clients=round(factor * float(pool.load.population.sum())) if pool.closed else None,
        replicas=member.replicas[0] + (ground.recovery if scene.drill == "site-lost" else 0),
        routing=context.profile.supply.routing,
        seed=seed,
        patience=patience if found else None,
        changes=found.changes if found else (),
    )
    return Run(outcome, kept, *told)
