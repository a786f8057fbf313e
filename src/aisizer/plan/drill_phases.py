"""What simulated requests saw: by phase of a drill, and over time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from aisizer.plan.drill_records import Phase, Promise
from aisizer.queueing.estimate import LEAST, estimate, measured, sections
from aisizer.queueing.records import Limit
from aisizer.queueing.simulate import Outcome
from aisizer.shapes import Floats, Requests
from aisizer.sizing.drills import Ground, Trouble
from aisizer.sizing.pools import Pool

PhaseName = Literal["run", "before", "during", "after"]
BUCKETS = 60
"""Parts of the run that the pictures over time show."""
RECOVERY_WINDOW_S = 30.0
"""[s] over which a percentile must be within its target again for the fleet to count as recovered."""


@dataclass(frozen=True, slots=True)
class Run:
    """One seed of one pool; requests refused for want of memory, and turned away by admission: all, and a tenant's excess."""

    outcome: Outcome
    requests: Requests
    refused: int
    turned_away: int = 0
    excess: int = 0
    excess_turned_away: int = 0


def phases_of(pool: Pool, ground: Ground, found: Trouble | None, runs: Sequence[Run]) -> Iterator[Phase]:
    """The whole run without warm-up and end; or what was sent before, during and after the trouble."""
    if found is None:
        yield _phase(pool, "run", 0.0, ground.seconds, runs, [measured(run.outcome) for run in runs], in_sections=True)
        return
    ends = (0.0, found.from_s, min(found.to_s, ground.seconds), ground.seconds)
    for name, start, end in zip(("before", "during", "after"), ends, ends[1:], strict=False):
        if end > start:
            inside = [(run.outcome.sent_s >= start) & (run.outcome.sent_s < end) & own(pool, run) for run in runs]
            yield _phase(pool, name, start, end, runs, inside, in_sections=False)


def own(pool: Pool, run: Run) -> NDArray[np.bool_]:
    """Which requests are those of the pool's workloads, a noisy tenant's excess left out."""
    mine: NDArray[np.bool_] = run.requests.class_id < len(pool.workloads)
    return mine


def _phase(
    pool: Pool,
    name: str,
    start: float,
    end: float,
    runs: Sequence[Run],
    inside: Sequence[NDArray[np.bool_]],
    in_sections: bool,
) -> Phase:
    outcomes = [(run.outcome, run.requests, mask) for run, mask in zip(runs, inside, strict=True)]
    count = int(sum(mask.sum() for mask in inside))
    return Phase(
        name=name,
        from_s=start,
        to_s=end,
        requests=count,
        failed=sum(float(np.isnan(run.finish_s[mask]).sum()) for run, _, mask in outcomes) / max(count, 1),
        attempts=sum(float(run.attempts[mask].sum()) for run, _, mask in outcomes) / max(count, 1),
        promises=tuple(_promise(pool.workloads, limit, outcomes, in_sections) for limit in pool.limits),
    )


def _promise(
    workloads: Sequence[str],
    limit: Limit,
    outcomes: Sequence[tuple[Outcome, Requests, NDArray[np.bool_]]],
    in_sections: bool,
) -> Promise:
    parts: list[Floats] = []
    for run, asked, inside in outcomes:
        chosen = inside & (asked.class_id == limit.class_id)
        values = _latency(run, limit.metric)[chosen]
        served = ~np.isnan(values) | np.isnan(run.finish_s[chosen])
        values = np.where(np.isnan(values), np.inf, values)[served]
        parts += sections(values, run.sent_s[chosen][served]) if in_sections else [values]
    whole = np.concatenate(parts)
    several = len(parts) > 1 and min(len(part) for part in parts) >= LEAST
    found = estimate(parts, limit.statistic) if several else None
    value = found.value if found else _plain(whole, limit.statistic)
    sure = found is not None and math.isfinite(found.low) and math.isfinite(found.high)
    return Promise(
        workload=workloads[limit.class_id],
        metric=limit.metric,
        percentile=limit.statistic,
        target_ms=limit.seconds * 1e3,
        value_ms=value * 1e3 if value is not None and math.isfinite(value) else None,
        interval_ms=(found.low * 1e3, found.high * 1e3) if found is not None and sure else None,
        met=None if value is None else bool(value <= limit.seconds),
    )


def _plain(values: Floats, statistic: str) -> float | None:
    """[s] the statistic of all values, infinite where it is that of a failed request; None of too few."""
    return estimate([values, values], statistic).value if len(values) >= LEAST else None


def _latency(run: Outcome, metric: str) -> Floats:
    return {"ttft": run.ttft_s, "tpot": run.tpot_s, "e2e": run.e2e_s}[metric]


def over_time(runs: Sequence[Run], seconds: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean requests that wait, and that are in flight, in each part of the run."""
    edges = np.linspace(0.0, seconds, BUCKETS + 1)
    waiting, in_flight = (_mean_present(runs, ends, edges) for ends in ("first_token_s", "finish_s"))
    return tuple(waiting.tolist()), tuple(in_flight.tolist())


def drained(pool: Pool, found: Trouble, runs: Sequence[Run], seconds: float) -> float | None:
    """[s] from the begin of the trouble to the end of the last window in which more requests wait for a first token than arrive
    within the wait that is promised (Little's law); 0 where none is, None where that is the last or no wait is promised."""
    allowed = sum(_promised_wait(pool, class_id) * rate for class_id, rate in enumerate(_rates(pool, runs, seconds)))
    if allowed == 0:
        return None
    edges = np.arange(found.from_s, seconds, RECOVERY_WINDOW_S)
    above = np.flatnonzero(_mean_present(runs, "first_token_s", edges) > allowed)
    if not len(above):
        return 0.0
    return None if above[-1] == len(edges) - 2 else float(edges[above[-1] + 1] - found.from_s)


def _promised_wait(pool: Pool, class_id: int) -> float:
    """[s] the loosest time to the first token, or else to the last one, that a workload is promised; 0 for none."""
    mine = [limit for limit in pool.limits if limit.class_id == class_id]
    waits = ([limit.seconds for limit in mine if limit.metric == metric] for metric in ("ttft", "e2e"))
    return next((max(found) for found in waits if found), 0.0)


def _rates(pool: Pool, runs: Sequence[Run], seconds: float) -> Floats:
    """[req/s] of each of the pool's workloads."""
    counts = [np.bincount(run.requests.class_id, minlength=len(pool.workloads)) for run in runs]
    rates: Floats = np.mean([count[: len(pool.workloads)] for count in counts], axis=0) / seconds
    return rates


def _mean_present(runs: Sequence[Run], ends: str, edges: Floats) -> Floats:
    """Mean requests between the edges that are sent and have not come to that time, over the runs."""
    present: Floats = np.mean([_present(run.outcome.sent_s, _gone(run.outcome, ends), edges) for run in runs], axis=0)
    return present


def _gone(run: Outcome, ends: str) -> Floats:
    """[s] when each request no longer waits: at that time of it, or when it failed."""
    times: Floats = getattr(run, ends)
    return np.where(np.isnan(times), run.failed_s, times)


def _present(begin: Floats, end: Floats, edges: Floats) -> Floats:
    """Mean number present between the edges: the time that each spends there, added up.

    One that never ended counts to the last edge.

    >>> _present(np.array([0.0, 1.0]), np.array([2.0, np.nan]), np.array([0.0, 2.0, 4.0])).tolist()
    [1.5, 1.0]
    """
    ends = np.where(np.isnan(end), edges[-1], end)

    def before(at: Floats) -> Floats:
        """Time spent up to each edge, over all."""
        order_b, order_e = np.sort(begin), np.sort(ends)
        sums_b, sums_e = (np.concatenate([[0.0], np.cumsum(order)]) for order in (order_b, order_e))
        begun, ended = np.searchsorted(order_b, at), np.searchsorted(order_e, at)
        spent: Floats = (begun * at - sums_b[begun]) - (ended * at - sums_e[ended])
        return spent

    present: Floats = np.diff(before(edges)) / np.diff(edges)
    return present


def recovered(
    limits: Sequence[Limit], found: Trouble, runs: Sequence[Run], seconds: float, at_rest: Sequence[Run] = ()
) -> float | None:
    """[s] from the begin of the trouble to the end of the last window that breaks a promise; None where that is the last.

    Where the same hour `at_rest` is given, what breaks a promise in it too, a burst of half a minute, is not the trouble's.
    """
    edges = np.arange(found.from_s, seconds, RECOVERY_WINDOW_S)
    broken = [
        end
        for start, end in pairwise(edges.tolist())
        if any(
            _breaks(limit, runs, start, end) and not (at_rest and _breaks(limit, at_rest, start, end))
            for limit in limits
        )
    ]
    if not broken:
        return 0.0
    last = max(broken)
    return None if last >= edges[-1] else last - found.from_s


def _breaks(limit: Limit, runs: Sequence[Run], start: float, end: float) -> bool:
    values = []
    for run in runs:
        out = run.outcome
        inside = (out.sent_s >= start) & (out.sent_s < end) & (run.requests.class_id == limit.class_id)
        values.append(
            _latency(out, limit.metric)[inside & ~(np.isnan(_latency(out, limit.metric)) & ~np.isnan(out.finish_s))]
        )
    whole = np.concatenate(values)
    value = _plain(np.where(np.isnan(whole), np.inf, whole), limit.statistic)
    return value is not None and value > limit.seconds
