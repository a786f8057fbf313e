"""Failures at the peak hour as scenarios of the simulator: which replicas go down and come back, and what more arrives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aisizer.errors import InvalidInput
from aisizer.profile.sections import Resilience
from aisizer.queueing.simulate import Change
from aisizer.shapes import Requests

START = 0.25
"""[1] of the run after which the trouble begins: what is before shows the fleet at rest."""
OUTAGE_S, PERSISTENT = 30.0, 10
"""[s] for which a retry storm's cause lasts, a gateway or network that is away for a moment, and how many times a request
is sent in all where people and gateways send again too, not only the client's library (assumed)."""
TENANT, TIMES, TENANT_PART = 0.1, 10.0, 0.5
"""[1] of the load that one tenant is, how many times that it sends, and for which part of the run: one of ten equal tenants."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a drill is played: the server of each replica, replicas of the second site behind them, and the run's length."""

    servers: tuple[int, ...]
    recovery: int
    seconds: float
    resilience: Resilience

    @property
    def start_s(self) -> float:
        """[s] when the trouble begins."""
        return START * self.seconds


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens to the replicas, and from when to when the fleet is troubled by it."""

    changes: tuple[Change, ...]
    from_s: float
    to_s: float


def trouble(name: str, ground: Ground) -> Trouble:
    """The changes of a drill."""
    if name not in DRILLS:
        raise InvalidInput(f"--drill is one of {', '.join(DRILLS)} (got {name}).")
    return DRILLS[name][1](ground)


def _server_lost(ground: Ground) -> Trouble:
    fullest = max(set(ground.servers), key=ground.servers.count)
    lost = [r for r, server in enumerate(ground.servers) if server == fullest]
    return Trouble(_all(lost, ground.start_s, "down"), ground.start_s, ground.seconds)


def _site_lost(ground: Ground) -> Trouble:
    second = range(len(ground.servers), len(ground.servers) + ground.recovery)
    recovery = ground.resilience.disaster_recovery
    changes = _all(range(len(ground.servers)), ground.start_s, "down")
    if recovery.posture != "active_active":
        takes_s = ground.resilience.cold_start if recovery.rto is None else recovery.rto
        changes += _all(second, 0.0, "down") + _all(second, ground.start_s + takes_s, "up")
    return Trouble(changes, ground.start_s, ground.seconds)


def _rolling_upgrade(ground: Ground) -> Trouble:
    changes: tuple[Change, ...] = ()
    at, drain, load = ground.start_s, ground.resilience.upgrades.drain, ground.resilience.cold_start
    for server in sorted(set(ground.servers)):
        mine = [r for r, its in enumerate(ground.servers) if its == server]
        changes += _all(mine, at, "draining") + _all(mine, at + drain, "down") + _all(mine, at + drain + load, "up")
        at += drain + load
    return Trouble(changes, ground.start_s, at)


def _retry_storm(ground: Ground) -> Trouble:
    everyone, end = range(len(ground.servers)), ground.start_s + OUTAGE_S
    changes = _all(everyone, ground.start_s, "draining") + _all(everyone, end, "up")
    return Trouble(changes, ground.start_s, end)


def _cold_start(ground: Ground) -> Trouble:
    everyone, end = range(len(ground.servers)), ground.resilience.cold_start
    return Trouble(_all(everyone, 0.0, "down") + _all(everyone, end, "up"), 0.0, end)


def _tenant(ground: Ground) -> Trouble:
    return Trouble((), ground.start_s, ground.start_s + TENANT_PART * ground.seconds)


def _all(replicas: Sequence[int], at_s: float, state: str) -> tuple[Change, ...]:
    return tuple(Change(at_s, replica, state) for replica in replicas)


def noisy(asked: Requests, served: Requests, more: Requests, during: Trouble, classes: int) -> Requests:
    """The requests with those that one tenant sends beyond its share while the trouble lasts, as a class of their own.

    Each of them has the longest prompt of its workload among the requests that a replica serves, as large a part cached.
    """
    inside = (more.arrival_s >= during.from_s) & (more.arrival_s <= during.to_s)
    extra = _longest(more.take(np.flatnonzero(inside)), served)
    columns = {
        name: np.concatenate([getattr(asked, name), getattr(extra, name)])
        for name in ("arrival_s", "prompt_tokens", "output_tokens", "cached_tokens")
    }
    class_id = np.concatenate([asked.class_id, np.full(len(extra.arrival_s), classes, dtype=np.int64)])
    whole = Requests(class_id=class_id, **columns)
    return whole.take(np.argsort(whole.arrival_s, kind="stable"))


def _longest(extra: Requests, served: Requests) -> Requests:
    longest = np.zeros(int(max(ids.max(initial=0) for ids in (extra.class_id, served.class_id))) + 1)
    np.maximum.at(longest, served.class_id, served.prompt_tokens)
    prompt = np.maximum(longest[extra.class_id], extra.prompt_tokens)
    cached = np.floor(extra.cached_tokens / extra.prompt_tokens * prompt)
    return replace(extra, prompt_tokens=prompt, cached_tokens=cached)


DRILLS: dict[str, tuple[str, Callable[[Ground], Trouble]]] = {
    "server-lost": ("the server with the most replicas fails and stays away; its requests are lost", _server_lost),
    "site-lost": ("the whole site fails; the second one, if any, takes over", _site_lost),
    "rolling-upgrade": ("server by server is drained, stopped and started anew", _rolling_upgrade),
    "retry-storm": ("for 30 s no replica takes requests, and people send again too, up to ten times", _retry_storm),
    "cold-start": ("the peak hour finds all replicas starting", _cold_start),
    "tenant-10x": ("one of ten tenants sends ten times its requests, the excess with the longest prompts", _tenant),
}
"""What each drill is, and its changes."""
