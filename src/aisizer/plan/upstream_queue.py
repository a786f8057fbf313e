"""Requests behind the systems that they call before the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from aisizer.profile.sections import Profile
from aisizer.queueing.upstream import answered_s
from aisizer.shapes import Floats, Requests


def behind_upstreams(
    profile: Profile, workloads: Sequence[Sequence[str]], drawn: Sequence[Requests]
) -> tuple[list[Requests], dict[str, Floats]]:
    """The requests of all pools as they reach the model, one integration with a ceiling after the other, and how long [s]
    each caller waited for its turn there."""
    passed, waits = list(drawn), dict[str, Floats]()
    for name, item in profile.integrations.items():
        if item.limit is None:
            continue
        called = item.workloads or [w for w, its in profile.workloads.items() if its.load.per_request_of is None]
        callers = [
            np.isin(asked.class_id, _classes(names, called)) for names, asked in zip(workloads, passed, strict=True)
        ]
        arrivals = np.concatenate([asked.arrival_s[mine] for asked, mine in zip(passed, callers, strict=True)])
        order = np.argsort(arrivals, kind="stable")
        reached = np.empty_like(arrivals)
        latency = item.latency or 0.0
        reached[order] = answered_s(arrivals[order], item.calls_per_request, item.limit, latency)
        alone = item.calls_per_request * (1 / item.limit + latency)
        waits[name] = reached - arrivals - alone
        ends = np.cumsum([int(mine.sum()) for mine in callers])[:-1]
        parts = np.split(reached, ends)
        passed = [_moved(asked, mine, its) for asked, mine, its in zip(passed, callers, parts, strict=True)]
    return passed, waits


def _classes(names: Sequence[str], called: Sequence[str]) -> list[int]:
    """Classes of a pool that call; requests beyond its workloads are those of a noisy tenant, who calls like the first."""
    mine = [i for i, name in enumerate(names) if name in called]
    return [*mine, len(names)] if 0 in mine else mine


def _moved(asked: Requests, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]], arrival_s: Floats) -> Requests:
    """The requests with other arrivals for the chosen ones, in order again."""
    times = asked.arrival_s.copy()
    times[chosen] = arrival_s
    moved = replace(asked, arrival_s=times)
    return moved.take(np.argsort(times, kind="stable"))
