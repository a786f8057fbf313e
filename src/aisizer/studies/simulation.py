"""A plan's fleet simulated at its peak hour, at rest or under a drill: what every request saw, by phase and over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.records import Model
from aisizer.errors import InvalidInput
from aisizer.plan import Plan, prototype
from aisizer.plan.context import Context, gather
from aisizer.plan.drill_phases import Run, over_time, phases_of, recovered
from aisizer.plan.drill_play import MOST_REQUESTS, FirstWave, Member, Played, Scene, play
from aisizer.plan.drill_results import all_played
from aisizer.plan.make import rooms
from aisizer.profile.load import LoadedProfile
from aisizer.profile.sections import Admission
from aisizer.progress import Told, untold
from aisizer.sizing.admission import told as admission_told
from aisizer.sizing.capacity import Candidate, screen
from aisizer.sizing.drills import DRILLS, Ground, Trouble
from aisizer.sizing.records import Pool as PoolRecord
from aisizer.sizing.verify import held_p95
from aisizer.studies.simulation_records import AllDrills, PoolRun, Simulation
from aisizer.studies.simulation_upstreams import upstream_runs
from aisizer.units import HOUR


@dataclass(frozen=True, slots=True)
class Asked:
    """How a plan is to be simulated."""

    drill: str | None = None
    """one of them; left out: none, or all of them in `all_simulated`"""
    seconds: float = HOUR
    seeds: int = 3

    def __post_init__(self) -> None:
        if self.drill is not None and self.drill not in DRILLS:
            raise InvalidInput(f"--drill is one of {', '.join(DRILLS)} or all (got {self.drill}).")
        if not (60 <= self.seconds <= 7 * 24 * HOUR and 1 <= self.seeds <= 100):
            raise InvalidInput(
                f"A simulation takes 60 s to a week and 1 to 100 seeds (got {self.seconds:g} s and {self.seeds}). Mend "
                "--seconds or --seeds."
            )


def simulated(
    plan: Plan,
    loaded: LoadedProfile,
    catalog: Catalog,
    files: Mapping[str, Model],
    asked: Asked,
    progress: Told = untold,
) -> tuple[Simulation, dict[str, list[Run]]]:
    """The plan's first wave at the highest demand it carries, all its servers up, under a drill if one is asked."""
    context = gather(loaded, catalog, files)
    wave = wave_of(context, plan)
    if asked.drill is not None and wave.apart:
        raise InvalidInput("Drills are played on pools that prefill and decode together. Leave out --drill.")
    scene = Scene(
        asked.drill, wave.seconds(asked.seconds, MOST_REQUESTS), asked.seeds, loaded.profile.resilience.admission
    )
    played = play(context, wave, scene, progress)
    return shown(context, plan, wave, played, _told(asked.drill, loaded, scene.admission)), runs_of(wave, played)


def all_simulated(
    plan: Plan,
    loaded: LoadedProfile,
    catalog: Catalog,
    files: Mapping[str, Model],
    asked: Asked,
    progress: Told = untold,
) -> AllDrills:
    """Every drill on the plan's first wave, each condensed to a record, with the runs behind them."""
    context = gather(loaded, catalog, files)
    wave = wave_of(context, plan)
    if wave.apart:
        raise InvalidInput("Drills are played on pools that prefill and decode together. Leave out --drill.")
    seconds = wave.seconds(asked.seconds, MOST_REQUESTS)
    found = all_played(context, wave, seconds, asked.seeds, progress)
    return AllDrills(
        aisizer_version=plan.aisizer_version,
        profile=loaded.profile.name,
        seconds=seconds,
        seeds=asked.seeds,
        drills=tuple(result for result, _ in found),
        simulations=tuple(
            shown(context, plan, wave, played, _told(played.scene.drill, loaded, played.scene.admission))
            for _, played in found
        ),
    )


def shown(context: Context, plan: Plan, wave: FirstWave, played: Played, told: str) -> Simulation:
    """What was played, as the record that is printed."""
    scene, profile = played.scene, context.profile
    pools = zip(wave.members, played.grounds, played.troubles, played.runs, strict=True)
    return Simulation(
        aisizer_version=plan.aisizer_version,
        profile=profile.name,
        drill=scene.drill,
        told=told,
        seconds=scene.seconds,
        seeds=scene.seeds,
        requests=sum(len(run.requests.arrival_s) for its in played.runs for run in its),
        routing=profile.supply.routing,
        pools=tuple(_pool_run(member, wave.factor, ground, found, runs) for member, ground, found, runs in pools),
        upstreams=tuple(upstream_runs(profile, played.waits, scene.seconds)),
    )


def runs_of(wave: FirstWave, played: Played) -> dict[str, list[Run]]:
    """The runs of each pool by its name."""
    return {m.first.pool.promised.name: list(its) for m, its in zip(wave.members, played.runs, strict=True)}


def _told(drill: str | None, loaded: LoadedProfile, admission: Admission) -> str:
    if drill is None:
        return "the peak hour with every server up"
    clients, limits = loaded.profile.resilience.clients, admission_told(admission)
    patience = f"clients wait {clients.timeout:g} s for a first token"
    often = "" if drill == "retry-storm" else f" and send at most {clients.attempts} times"
    return f"{DRILLS[drill][0]}; {patience}{often}" + (f"; admission: {limits}" if limits else "")


def wave_of(context: Context, plan: Plan) -> FirstWave:
    """The first wave of a finished plan, its candidates built again."""
    decision = plan.decision
    if decision is None:
        raise InvalidInput("the plan has no decision, so there is no fleet to simulate. Size a feasible profile first.")
    calibrations, offered = prototype.calibrations(context), rooms(context)
    pools = {pool.name: pool for pool in context.pools}
    found: dict[str, list[tuple[Candidate, int]]] = {}
    for record in decision.pools:
        named = record.name.removesuffix(f"-{record.role}") if record.role != "serve" else record.name
        here = {record.gpu: offered[record.gpu]}
        supply = context.profile.supply
        made = screen(pools[named], context.named.gpus, here, context.named.engine, supply, calibrations)
        found.setdefault(named, []).append((_like(record, made.candidates), record.replicas))
    gpus = {step.name: step.gpus for step in plan.waterfall}
    return FirstWave(
        members=tuple(Member(tuple(c for c, _ in parts), tuple(n for _, n in parts)) for parts in found.values()),
        factor=_carried(context, plan),
        servers=gpus["upgrade"] // decision.gpus_per_server,
        recovery_servers=(gpus["disaster_recovery"] - gpus["upgrade"]) // decision.gpus_per_server,
        gpus_per_server=decision.gpus_per_server,
    )


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


def _pool_run(member: Member, factor: float, ground: Ground, found: Trouble | None, runs: Sequence[Run]) -> PoolRun:
    pool, table = member.first.pool.promised, member.first.replica.table
    replicas = sum(member.replicas)
    asked = sum(len(run.requests.arrival_s) for run in runs)
    refused = sum(run.refused for run in runs)
    turned_away = sum(run.turned_away for run in runs)
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
        refused=refused / (asked + refused + turned_away),
        turned_away=turned_away / (asked + refused + turned_away),
        phases=phases,
        waiting=waiting,
        in_flight=in_flight,
        recovered_s=None if found is None or held else recovered(pool.limits, found, runs, ground.seconds),
        held=held,
    )
