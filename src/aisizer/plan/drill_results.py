"""All drills played on a first wave, each condensed to one record."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from aisizer.plan.context import Context
from aisizer.plan.drill_phases import Run, drained, own, phases_of, recovered
from aisizer.plan.drill_play import FirstWave, Member, Played, Scene, play
from aisizer.plan.drill_records import DrillPromise, DrillResult, Phase, Promise
from aisizer.profile.sections import Admission
from aisizer.progress import Told, counted, untold
from aisizer.sizing.admission import default_admission, limited, told
from aisizer.sizing.drills import DRILLS, Ground, Trouble
from aisizer.sizing.pools import Pool

DECIDED_BY = {
    "server-lost": "resilience.redundancy, resilience.headroom",
    "site-lost": "resilience.disaster_recovery, resilience.cold_start",
    "rolling-upgrade": "resilience.redundancy, resilience.upgrades.drain, resilience.cold_start",
    "retry-storm": "resilience.headroom, resilience.clients",
    "cold-start": "resilience.cold_start, resilience.headroom",
    "tenant-10x": "resilience.admission, resilience.headroom",
}
"""Profile fields that decide each drill."""


def scenes(context: Context, wave: FirstWave, seconds: float, seeds: int) -> Iterator[Scene]:
    """Every drill under the profile's admission limits; the noisy tenant without any too, and then with limits in any case."""
    own_limits = context.profile.resilience.admission
    for drill in DRILLS:
        if drill != "tenant-10x":
            yield Scene(drill, seconds, seeds, own_limits)
    limits = [limit for m in wave.members for limit in m.first.pool.promised.limits]
    yield Scene("tenant-10x", seconds, seeds, Admission())
    yield Scene("tenant-10x", seconds, seeds, own_limits if limited(own_limits) else default_admission(limits))


def all_played(
    context: Context, wave: FirstWave, seconds: float, seeds: int, progress: Told = untold
) -> list[tuple[DrillResult, Played]]:
    """Each drill's record and what it is condensed from."""
    at_rest = play(context, wave, Scene(None, seconds, seeds, Admission()))
    asked, found = list(scenes(context, wave, seconds, seeds)), []
    for scene in counted(asked, len(asked), progress):
        played = play(context, wave, scene)
        found.append((result(context, wave, played, at_rest), played))
    return found


def result(context: Context, wave: FirstWave, played: Played, at_rest: Played) -> DrillResult:
    """What a drill showed, the worst pool deciding; at_rest is the same hour without the trouble."""
    drill = str(played.scene.drill)
    pools = [
        (m, ground, found, runs, usual)
        for m, ground, found, runs, usual in zip(
            wave.members, played.grounds, played.troubles, played.runs, at_rest.runs, strict=True
        )
        if found is not None
    ]
    holds = tuple(
        p for m, ground, found, runs, _ in pools for p in promises(m.first.pool.promised, ground, found, runs)
    )
    held = all_held([p.held for p in holds])
    failed, seconds = _failed(wave.members, played), played.scene.seconds
    excess = sum(run.excess for its in played.runs for run in its)
    away = sum(run.excess_turned_away for its in played.runs for run in its)
    again = [recovered(m.first.pool.promised.limits, found, runs, seconds, usual) for m, _, found, runs, usual in pools]
    return DrillResult(
        name=drill,
        what=DRILLS[drill][0],
        admission=_limits(context, played.scene),
        method="simulated",
        held=held,
        holds=holds,
        others=_others(holds, failed),
        failed=failed,
        turned_away=away / excess if excess else None,
        drain_s=_last([drained(m.first.pool.promised, found, runs, seconds) for m, _, found, runs, _ in pools]),
        # Where a promise broke and no half minute has requests enough to show it, when it held again is not known.
        holds_again_s=0.0 if held else _last(again) or None,
        decided_by=DECIDED_BY[drill],
        lasts_s=_last([found.to_s - found.from_s if found.to_s < seconds else None for _, _, found, _, _ in pools]),
        seconds=seconds,
        requests=sum(len(run.requests.arrival_s) for its in played.runs for run in its),
    )


def all_held(told: Sequence[bool | None]) -> bool | None:
    """False where one of them is, true where all are, else unknown.

    >>> all_held([True, None, False]), all_held([True, True]), all_held([True, None]), all_held([])
    (False, True, None, None)
    """
    if False in told:
        return False
    return True if told and None not in told else None


def promises(pool: Pool, ground: Ground, found: Trouble, runs: Sequence[Run]) -> Iterator[DrillPromise]:
    """Each promise of a pool in the phases of the drill."""
    phases: dict[str, Phase] = {phase.name: phase for phase in phases_of(pool, ground, found, runs)}
    for i, limit in enumerate(pool.limits):
        seen: dict[str, Promise] = {name: phase.promises[i] for name, phase in phases.items()}
        yield DrillPromise(
            workload=pool.workloads[limit.class_id],
            metric=limit.metric,
            percentile=limit.statistic,
            target_ms=limit.seconds * 1e3,
            **{f"{name}_ms": seen[name].value_ms if name in seen else None for name in ("before", "during", "after")},
            **{f"{name}_met": seen[name].met if name in seen else None for name in ("before", "during", "after")},
        )


def _failed(members: Sequence[Member], played: Played) -> float:
    """[1] share of the workloads' own requests, from the begin of the trouble on, that is never answered."""
    lost = sent = 0
    for member, found, runs in zip(members, played.troubles, played.runs, strict=True):
        for run in runs:
            mine = own(member.first.pool.promised, run) & (run.outcome.sent_s >= (found.from_s if found else 0.0))
            lost, sent = lost + int(np.isnan(run.outcome.finish_s[mine]).sum()), sent + int(mine.sum())
    return lost / sent if sent else 0.0


def _last(times: Sequence[float | None]) -> float | None:
    known = [time for time in times if time is not None]
    return max(known) if len(known) == len(times) else None


def _limits(context: Context, scene: Scene) -> str:
    """The admission limits of a scene, and whether they are the profile's own."""
    if not limited(scene.admission):
        return ""
    whose = "the profile's" if scene.admission == context.profile.resilience.admission else "not in the profile"
    return f"{told(scene.admission)} ({whose})"


def _others(holds: Sequence[DrillPromise], failed: float) -> str:
    """What the requests of the workloads see, the worst promise first."""
    lost = "none of their requests fails" if failed == 0 else f"{failed * 100:.3g} % of their requests fail"
    if not any(p.during_met is not None for p in holds):
        return f"{lost}; too few are sent during it to tell a percentile"
    worst = max(holds, key=_excess)
    seen = "is not answered" if worst.during_ms is None else f"is {worst.during_ms / 1e3:.3g} s"
    name = f"{worst.workload} {worst.metric.upper()} {worst.percentile}"
    return f"{lost}; {name} {seen} during it (target {worst.target_ms / 1e3:.3g} s)"


def _excess(promise: DrillPromise) -> float:
    """[1] what was seen during the trouble over the target."""
    if promise.during_met is None:
        return 0.0
    return math.inf if promise.during_ms is None else promise.during_ms / promise.target_ms
