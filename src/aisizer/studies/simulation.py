"""A plan's fleet simulated at its peak hour, at rest or under a drill: what every request saw, by phase and over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.records import Model
from aisizer.demand.arrivals import peak_hour, stream
from aisizer.demand.replay import scaled, together
from aisizer.errors import InvalidInput
from aisizer.plan import Plan, prototype
from aisizer.plan.context import Context, gather
from aisizer.plan.make import rooms
from aisizer.profile.load import LoadedProfile
from aisizer.queueing.simulate import Patience, simulate
from aisizer.queueing.two_pools import TwoPools, simulate_pools
from aisizer.shapes import Floats, Requests
from aisizer.sizing.capacity import Candidate, screen
from aisizer.sizing.drills import DRILLS, PERSISTENT, TENANT, TIMES, Ground, Trouble, noisy, trouble
from aisizer.sizing.placement import place
from aisizer.sizing.records import Pool as PoolRecord
from aisizer.sizing.verify import held_p95
from aisizer.studies.simulation_phases import Run, over_time, phases_of, recovered
from aisizer.studies.simulation_records import PoolRun, Simulation
from aisizer.studies.simulation_upstreams import behind_upstreams, upstream_runs
from aisizer.units import HOUR

MOST_REQUESTS = 5_000_000
"""[request] of one run; a larger fleet's hour is cut short, and the answer says so."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How a plan is to be simulated."""

    drill: str | None = None
    seconds: float = HOUR
    seeds: int = 3

    def __post_init__(self) -> None:
        if self.drill is not None and self.drill not in DRILLS:
            raise InvalidInput(f"--drill is one of {', '.join(DRILLS)} (got {self.drill}).")
        if not (60 <= self.seconds <= 7 * 24 * HOUR and 1 <= self.seeds <= 100):
            raise InvalidInput(
                f"A simulation takes 60 s to a week and 1 to 100 seeds (got {self.seconds:g} s and {self.seeds}). Mend "
                "--seconds or --seeds."
            )


@dataclass(frozen=True, slots=True)
class Member:
    """One pool of a plan: its candidates, one or the two stages, and replicas of each."""

    candidates: tuple[Candidate, ...]
    replicas: tuple[int, ...]
    record: PoolRecord

    @property
    def first(self) -> Candidate:
        """The one that takes the requests."""
        return self.candidates[0]


OTHERS = 500
"""Added to a seed for another stream of requests."""
Told = Callable[[int, int], None]
"""Called with runs done and runs to do."""


def simulated(
    plan: Plan,
    loaded: LoadedProfile,
    catalog: Catalog,
    files: Mapping[str, Model],
    asked: Asked,
    progress: Told = lambda done, of: None,
) -> tuple[Simulation, dict[str, list[Run]]]:
    """The plan's first wave at the highest demand it carries, all its servers up, under a drill if one is asked."""
    context = gather(loaded, catalog, files)
    members, factor = _members(context, plan), _carried(context, plan)
    if asked.drill is not None and any(len(member.candidates) > 1 for member in members):
        raise InvalidInput("Drills are played on pools that prefill and decode together. Leave out --drill.")
    seconds = min(asked.seconds, MOST_REQUESTS / sum(pool.peak_rate for pool in context.pools) / factor)
    grounds = [_ground(context, plan, members, member, seconds) for member in members]
    troubles = [None if asked.drill is None else trouble(asked.drill, ground) for ground in grounds]
    played: list[list[Run]] = [[] for _ in members]
    waits: list[dict[str, Floats]] = []
    for seed in range(1, asked.seeds + 1):
        drawn = [
            _traffic(m, factor, ground, found, seed)
            for m, ground, found in zip(members, grounds, troubles, strict=True)
        ]
        drawn, waited = behind_upstreams(context.profile, [m.first.pool.promised.workloads for m in members], drawn)
        waits.append(waited)
        for i, member in enumerate(members):
            played[i].append(_run(context, member, factor, grounds[i], troubles[i], drawn[i], asked.drill, seed))
            progress((seed - 1) * len(members) + i + 1, asked.seeds * len(members))
    pools = [
        _pool_run(m, factor, ground, found, runs)
        for m, ground, found, runs in zip(members, grounds, troubles, played, strict=True)
    ]
    runs = {m.first.pool.promised.name: its for m, its in zip(members, played, strict=True)}
    return (
        Simulation(
            aisizer_version=plan.aisizer_version,
            profile=loaded.profile.name,
            drill=asked.drill,
            told=_told(asked, loaded),
            seconds=seconds,
            seeds=asked.seeds,
            requests=sum(len(run.requests.arrival_s) for its in runs.values() for run in its),
            routing=loaded.profile.supply.routing,
            pools=tuple(pools),
            upstreams=tuple(upstream_runs(context.profile, waits, seconds)),
        ),
        runs,
    )


def _told(asked: Asked, loaded: LoadedProfile) -> str:
    if asked.drill is None:
        return "the peak hour with every server up"
    clients = loaded.profile.resilience.clients
    patience = f"clients wait {clients.timeout:g} s for a first token"
    often = "" if asked.drill == "retry-storm" else f" and send at most {clients.attempts} times"
    return f"{DRILLS[asked.drill][0]}; {patience}{often}"


def _members(context: Context, plan: Plan) -> list[Member]:
    """The candidates that the plan's pools are, built again."""
    decision = plan.decision
    if decision is None:
        raise InvalidInput("the plan has no decision, so there is no fleet to simulate. Size a feasible profile first.")
    calibrations, offered = prototype.calibrations(context), rooms(context)
    pools = {pool.name: pool for pool in context.pools}
    found: dict[str, list[tuple[Candidate, PoolRecord]]] = {}
    for record in decision.pools:
        named = record.name.removesuffix(f"-{record.role}") if record.role != "serve" else record.name
        here = {record.gpu: offered[record.gpu]}
        supply = context.profile.supply
        made = screen(pools[named], context.named.gpus, here, context.named.engine, supply, calibrations)
        found.setdefault(named, []).append((_like(record, made.candidates), record))
    return [
        Member(tuple(c for c, _ in parts), tuple(r.replicas for _, r in parts), parts[0][1]) for parts in found.values()
    ]


def _like(record: PoolRecord, candidates: Sequence[Candidate]) -> Candidate:
    wanted = record.role, record.layout, record.precision, record.kv_precision
    for c in candidates:
        if (c.pool.stage, c.form.parallel.text, c.form.precision, c.form.kv_precision) == wanted:
            return c
    raise InvalidInput(
        f"the catalog no longer gives the replica of pool {record.name} ({record.layout}, {record.precision}). Run aisizer "
        "size again."
    )


def _carried(context: Context, plan: Plan) -> float:
    """The highest demand factor that the first purchase carries, as the plan's own promises are told at."""
    purchases = plan.roadmap.purchases if plan.roadmap else ()
    return max(context.demand.factors[: purchases[0].covers_to_month if purchases else 1])


def _ground(context: Context, plan: Plan, members: Sequence[Member], member: Member, seconds: float) -> Ground:
    """The first site's servers as the plan fills them, and the second site's replicas of a pool in proportion."""
    decision = plan.decision
    assert decision is not None  # `_members` refuses a plan without one
    gpus = {step.name: step.gpus for step in plan.waterfall}
    counts = [n for m in members for n in m.replicas]
    sizes = [c.gpus for m in members for c in m.candidates]
    placed = place(counts, sizes, gpus["upgrade"] // decision.gpus_per_server, decision.gpus_per_server)
    servers = tuple(range(member.replicas[0]))
    if placed is not None and member.first.gpus <= decision.gpus_per_server:
        row = [c for m in members for c in m.candidates].index(member.first)
        servers = tuple(int(s) for s, count in enumerate(placed[row]) for _ in range(int(count)))
    second = member.replicas[0] * (gpus["disaster_recovery"] - gpus["upgrade"]) // gpus["upgrade"]
    return Ground(servers, second, seconds, context.profile.resilience)


def _traffic(member: Member, factor: float, ground: Ground, found: Trouble | None, seed: int) -> Requests:
    """What comes to a pool, one tenant's excess included where the trouble is that and not a replica's."""
    drawn = _drawn(member, factor, ground.seconds, seed)
    if found is None or found.changes:
        return drawn
    more = _drawn(member, factor * TENANT * (TIMES - 1), ground.seconds, seed + OTHERS)
    return noisy(drawn, more, found, len(member.first.pool.workloads))


def _drawn(member: Member, factor: float, seconds: float, seed: int) -> Requests:
    pool = member.first.pool.promised
    if pool.replays:
        parts = [scaled(replay, factor, stream(f"replay {i}", seed)) for i, replay in enumerate(pool.replays)]
        whole = together(parts)
        return whole.take(np.flatnonzero(whole.arrival_s <= seconds))
    return peak_hour(pool.members, [rate * factor for rate in pool.class_rates], seconds, seed)


def _run(
    context: Context,
    member: Member,
    factor: float,
    ground: Ground,
    found: Trouble | None,
    drawn: Requests,
    drill: str | None,
    seed: int,
) -> Run:
    pool, clients = member.first.pool.promised, context.profile.resilience.clients
    fits = drawn.prompt_tokens + drawn.output_tokens - 1 <= member.first.replica.table.kv_capacity_tokens
    kept, refused = drawn.take(np.flatnonzero(fits)), int(len(fits) - fits.sum())
    if len(member.candidates) == 2:
        first, rest = (c.replica.table for c in member.candidates)
        return Run(simulate_pools(TwoPools(first, rest, *member.replicas), kept), kept, refused)
    attempts = max(clients.attempts, PERSISTENT) if drill == "retry-storm" else clients.attempts
    outcome = simulate(
        member.first.replica.table,
        kept,
        clients=round(factor * float(pool.load.population.sum())) if pool.closed else None,
        replicas=member.replicas[0] + (ground.recovery if drill == "site-lost" else 0),
        routing=context.profile.supply.routing,
        seed=seed,
        patience=Patience(timeout_s=clients.timeout, attempts=attempts) if found else None,
        changes=found.changes if found else (),
    )
    return Run(outcome, kept, refused)


def _pool_run(member: Member, factor: float, ground: Ground, found: Trouble | None, runs: Sequence[Run]) -> PoolRun:
    pool, table = member.first.pool.promised, member.first.replica.table
    replicas = sum(member.replicas)
    asked = sum(len(run.requests.arrival_s) for run in runs)
    refused = sum(run.refused for run in runs)
    phases = tuple(phases_of(pool, ground, found, runs))
    waiting, in_flight = over_time(runs, ground.seconds)
    held = all(p.met is not False for phase in phases for p in phase.promises)
    return PoolRun(
        pool=pool.name,
        replicas=replicas,
        peak_rate_per_s=pool.peak_rate * factor,
        utilization=float(np.mean([run.outcome.busy_s / run.outcome.makespan_s / replicas for run in runs])),
        kv_use_p95=max(
            held_p95(run.outcome, run.requests) / member.replicas[-1] / table.kv_capacity_tokens for run in runs
        ),
        preemptions=sum(run.outcome.preemptions for run in runs) / asked,
        refused=refused / (asked + refused),
        phases=phases,
        waiting=waiting,
        in_flight=in_flight,
        recovered_s=None if found is None or held else recovered(pool.limits, found, runs, ground.seconds),
        held=held,
    )
