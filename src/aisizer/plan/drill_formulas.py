"""What a plan's own figures say of each drill, where it is not played: loads, the degraded percentiles, a fluid queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from aisizer.plan.drill_play import FirstWave
from aisizer.plan.drill_records import DrillPromise, DrillResult
from aisizer.plan.drill_results import DECIDED_BY, all_held
from aisizer.profile.sections import Resilience
from aisizer.queueing.formulas import drain_s
from aisizer.queueing.simulate import Patience
from aisizer.sizing.admission import default_admission, limited, told
from aisizer.sizing.drills import DRILLS, OUTAGE_S, PERSISTENT, TENANT, TIMES
from aisizer.sizing.records import SloResult


@dataclass(frozen=True, slots=True)
class Known:
    """What the formulas start from; down: servers that may be down with every promise met."""

    wave: FirstWave
    slo: tuple[SloResult, ...]
    resilience: Resilience
    down: int

    @property
    def load(self) -> float:
        """[1] of what the busiest pool's replicas carry at all."""
        return max(
            self.wave.factor / (c.stable_share * n)
            for m in self.wave.members
            for c, n in zip(m.candidates, m.replicas, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Said:
    """What a formula says of a drill."""

    others: str
    held: bool | None = None
    holds: tuple[DrillPromise, ...] = ()
    failed: float | None = None
    drained_s: float | None = None
    again_s: float | None = None
    lasts_s: float | None = None


def expected(known: Known) -> tuple[DrillResult, ...]:
    """One record for each drill."""
    limits = known.resilience.admission
    return tuple(
        DrillResult(
            name=drill,
            what=DRILLS[drill][0],
            admission=f"{told(limits)} (the profile's)" if limited(limits) else "",
            method="formula",
            held=said.held,
            holds=said.holds,
            others=said.others,
            failed=said.failed,
            drain_s=said.drained_s,
            holds_again_s=said.again_s,
            lasts_s=said.lasts_s,
            decided_by=DECIDED_BY[drill],
        )
        for drill, say in FORMULAS.items()
        for said in [say(known)]
    )


def patient_s(attempts: int) -> float:
    """[s] over which a client that is refused at once sends again: its pauses, each twice the last, up to the longest.

    Half a second, one second: a refused request of three attempts is given up after 1.5 s.

    >>> patient_s(3), patient_s(1)
    (1.5, 0.0)
    """
    client = Patience()
    return sum((min(client.backoff_s * 2.0**n, client.longest_backoff_s) for n in range(attempts - 1)), 0.0)


def _server_lost(known: Known) -> Said:
    if known.down == 0:
        return _unspared(known, "no server is spare")
    servers = "server" if known.down == 1 else "servers"
    others = f"requests of the lost server are sent again; percentiles are those with {known.down} {servers} down"
    return _degraded(known, others)


def _rolling_upgrade(known: Known) -> Said:
    upgrades = known.resilience.upgrades
    if upgrades.method == "blue_green":
        return Said("the second set takes over when it is ready; nothing stops", held=True, failed=0.0, again_s=0.0)
    each_s = upgrades.drain + known.resilience.cold_start
    takes = f"{known.wave.servers} server{'s' if known.wave.servers > 1 else ''}, {each_s:g} s each"
    if known.down == 0:
        return _unspared(known, takes)
    said = _degraded(known, f"{takes}; percentiles are those with a server down")
    return replace(said, lasts_s=known.wave.servers * each_s)


def _degraded(known: Known, others: str) -> Said:
    """The plan's own word on its redundancy being down, which is one server or more."""
    holds = tuple(
        DrillPromise(
            workload=r.workload,
            metric=r.metric,
            percentile=r.percentile,
            target_ms=r.target_ms,
            before_ms=r.predicted_ms,
            during_ms=r.degraded_ms,
            after_ms=None,
            before_met=r.predicted_ms <= r.target_ms,
            during_met=r.degraded_ms <= r.target_ms,
            after_met=None,
        )
        for r in known.slo
    )
    held = all_held([p.held for p in holds])
    return Said(others, held, holds, again_s=0.0 if held else None)


def _unspared(known: Known, what: str) -> Said:
    """A fleet without a spare, short of a server: broken where the rest cannot carry the load at all, else not known."""
    load = _short_of_a_server(known)
    if load == float("inf"):
        return Said(f"{what}; no other server is left to serve", held=False)
    return Said(f"{what}; the rest carries {_percent(load)} of what it can at all", held=False if load >= 1 else None)


def _short_of_a_server(known: Known) -> float:
    """[1] load of what is left without one server; without the only one it is infinite."""
    servers = known.wave.servers
    return known.load * servers / (servers - 1) if servers > 1 else float("inf")


def _site_lost(known: Known) -> Said:
    recovery, second = known.resilience.disaster_recovery, known.wave.recovery_servers
    if not second:
        return Said("nothing serves until the site is back", held=False, failed=1.0)
    load = known.load * known.wave.servers / second
    carries = f"the second site's {second} servers then carry {_percent(load)} of what they can at all"
    if recovery.posture == "active_active":
        return Said(f"requests of the lost site are sent again; {carries}")
    takes_s = known.resilience.cold_start if recovery.rto is None else recovery.rto
    said = _after_a_stop(known, takes_s, known.resilience.clients.attempts, load)
    return replace(said, others=f"{said.others}; {carries}", lasts_s=None)


def _retry_storm(known: Known) -> Said:
    said = _after_a_stop(known, OUTAGE_S, max(known.resilience.clients.attempts, PERSISTENT), known.load)
    return replace(said, others=f"{said.others}; after it the backlog meets a load of {_percent(known.load)}")


def _cold_start(known: Known) -> Said:
    clients = known.resilience.clients
    said = _after_a_stop(known, known.resilience.cold_start, clients.attempts, known.load)
    return replace(said, others=f"{said.others}; who is refused gives up after {patient_s(clients.attempts):g} s")


def _after_a_stop(known: Known, stop_s: float, attempts: int, load: float) -> Said:
    """Nothing is served for a while; whoever still sends again then is the backlog."""
    others = f"nothing is served for {stop_s:g} s"
    if stop_s <= min((r.target_ms / 1e3 for r in known.slo if r.metric != "tpot"), default=0.0):
        return Said(others, lasts_s=stop_s)
    drained_s = stop_s + drain_s(min(stop_s, patient_s(attempts)), load)
    ends_s = drained_s if drained_s < float("inf") else None
    return Said(others, held=False, drained_s=ends_s, again_s=ends_s, lasts_s=stop_s)


def _tenant(known: Known) -> Said:
    times = 1 + TENANT * (TIMES - 1)
    load = times * known.load
    helpful = default_admission([limit for m in known.wave.members for limit in m.first.pool.promised.limits])
    limits = "" if limited(known.resilience.admission) else f". Limits that would help: {told(helpful)}"
    return Said(
        f"{times:g} times as many requests load the fleet to {_percent(load)} of what it carries at all at their usual "
        f"lengths; the longest prompts weigh more, so simulate it{limits}"
    )


def _percent(load: float) -> str:
    return "more than all" if load == float("inf") else f"{load * 100:.0f} %"


FORMULAS: dict[str, Callable[[Known], Said]] = {
    "server-lost": _server_lost,
    "site-lost": _site_lost,
    "rolling-upgrade": _rolling_upgrade,
    "retry-storm": _retry_storm,
    "cold-start": _cold_start,
    "tenant-10x": _tenant,
}
"""What is said of each drill."""
