"""Simulation of what the analytic queue has found: a replica's latencies under a share of its pool's load, and the largest
share that it carries."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from aisizer.demand.arrivals import traffic
from aisizer.queueing.estimate import Estimate, estimate, measured, sections
from aisizer.queueing.front import beside_the_prompt_s
from aisizer.queueing.records import Limit
from aisizer.queueing.simulate import Outcome, simulate
from aisizer.queueing.two_pools import decode_requests, prefill_requests
from aisizer.shapes import Floats, Requests
from aisizer.sizing.capacity import Candidate
from aisizer.sizing.pools import Pool

FIRST_SEED = 1
MOST_REPLICAS = 16
"""[replica] that are simulated together where they share a queue; more are alike, each with its share of the load."""
NEAR = 0.02
"""[1] of a target within which the simulated latency lies at what is called the capacity."""
DRAINED = 0.95
"""[1] of a backlog that is counted: after it a replica has too few requests left to fill its batch."""
FIRST_SLOPE, LEAST_SLOPE, BEYOND = 2.0, 0.1, 1.2
"""[1] how fast logarithms of latencies are taken to rise with that of the share, at first and at least, and by how much a
step goes beyond where they cross."""
MOST_RUNS = 10
SURE = 0.05
"""[1] half-width of its 95 % interval to which a capacity is looked for."""
SETTLED = 0.7
"""[1] of a run's requests that lie between warm-up and end where it is long beside the time in system."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is simulated: `seeds` runs of `first` to `most` requests for latencies, to `most_search` for a capacity."""

    seeds: int
    first: int
    most: int
    most_search: int


AUTO, FULL = Effort(1, 1_000, 20_000, 8_000), Effort(3, 20_000, 20_000, 20_000)


@dataclass(frozen=True, slots=True)
class Trial:
    """What a simulation says of one stage of a pool under one share of its load.

    estimates   of each of the stage's limits, in order; requests, seeds  of the runs that decide
    refused     requests longer than the KV memory of a replica, which no engine would take; simulated  all requests played
    measured    [1] share of requests between warm-up and end
    kv_use_p95  [1] of the KV memory that requests hold at the 95th percentile over time; preemptions  per request
    """

    estimates: tuple[Estimate, ...]
    requests: int
    seeds: int
    refused: int
    simulated: int
    measured: float
    kv_use_p95: float
    preemptions: float

    def decided(self, limits: Sequence[Limit]) -> bool:
        """Whether each percentile's interval lies on one side of its target."""
        return all(found.side(limit.seconds) for found, limit in zip(self.estimates, limits, strict=True))


def trial(candidate: Candidate, share: float, replicas: int, routing: str, effort: Effort) -> Trial:
    """The latencies of `replicas` replicas that each carry `share` of the pool's load, of ever longer runs until every limit
    is decided or the effort is spent."""
    count, played = effort.first, 0
    while True:
        found = _tried(candidate, share, replicas, routing, count, effort.seeds)
        played += found.simulated
        if count >= effort.most or found.decided(candidate.pool.limits):
            return replace(found, simulated=played)
        count = min(2 * count, effort.most)


@dataclass(frozen=True, slots=True)
class Carried:
    """[1] of its pool's load that one replica carries: with every limit met, within `half_width` of it at 95 %, and at all;
    the limit that stops it there, -1 for none of them; and how many requests told so."""

    share: float
    half_width: float
    stable_share: float
    binding: int
    simulated: int


@dataclass(frozen=True, slots=True)
class Point:
    """A share that was tried: its logarithm, that of the largest latency over its target, infinite where it could not be
    measured, how wide the interval of that is to each side, and which limit it is."""

    share: float
    worst: float
    half_width: float
    limit: int


def carried(candidate: Candidate, routing: str, effort: Effort) -> Carried:
    """The largest shares of the pool's load that one replica carries, all found with the same customers.

    Without limits it is what a backlog is worked off at. With them it is looked for from the analytic one on, between a
    share that meets every limit and one that does not, up to what the API processes carry; in longer runs until it is known
    within 5 % or the effort is spent.
    """
    pool, together = candidate.pool, min(MOST_REPLICAS, math.ceil(1 / candidate.share))
    most = min(_drained(candidate, effort), candidate.api_ceiling / pool.peak_rate)
    start = min(candidate.share, most)
    count, played = _long_enough(candidate, start, together, routing, effort)
    while True:
        tried = _crossing(partial(_point, candidate, together, routing, count, effort.seeds), start, most)
        played += len(tried) * count * effort.seeds
        share, width, binding = _read(tried)
        if width <= SURE or count >= effort.most_search:
            break
        start, count = share or start, min(2 * count, effort.most_search)
    if pool.closed:
        share = _clients(pool, share) / float(pool.load.population.sum())
    return Carried(share, width, max(most, share), binding, played)


def _long_enough(candidate: Candidate, share: float, replicas: int, routing: str, effort: Effort) -> tuple[int, int]:
    """Requests of a run in which every limit can be measured between warm-up and end, and how many were played."""
    count, played = effort.first, effort.first * effort.seeds
    while True:
        found = _tried(candidate, share, replicas, routing, count, effort.seeds)
        played += found.simulated
        if count >= effort.most or (found.measured >= SETTLED and all(e.value < math.inf for e in found.estimates)):
            return count, played
        count = min(2 * count, effort.most)


def _drained(candidate: Candidate, effort: Effort) -> float:
    """[1] of the pool's load at which a replica works off a backlog, the part left out in which its batch runs dry."""
    pool, rates = candidate.pool, []
    for seed in range(FIRST_SEED, FIRST_SEED + effort.seeds):
        kept, _ = _asked(candidate, 1.0, effort.first, seed)
        run = simulate(candidate.replica.table, replace(kept, arrival_s=np.zeros(len(kept.arrival_s))))
        rates.append(DRAINED * len(kept.arrival_s) / float(np.quantile(run.finish_s, DRAINED)))
    return float(np.mean(rates)) / pool.peak_rate


def _crossing(tried_at: Callable[[float], Point], share: float, most: float) -> list[Point]:
    """Shares up to `most` that close in on where the worst latency reaches its target, within 2 %.

    Until a share that meets every limit and one that does not are known it steps outwards as far as the slope of the last
    step says, at most by a factor of two; then by the secant.
    """
    x, tried = math.log(min(share, most)), list[Point]()
    while len(tried) < MOST_RUNS:
        tried.append(tried_at(x))
        met, missed = _ends(tried)
        close = met and (met.worst > -NEAR or met.share >= math.log(most))
        if close or (met and missed and missed.share - met.share < NEAR):
            break
        if met and missed:
            inside = -met.worst / (missed.worst - met.worst) if math.isfinite(missed.worst) else 0.5
            x = met.share + (missed.share - met.share) * min(max(inside, 0.1), 0.9)
        else:
            y = tried[-1].worst
            reach = min(max(abs(y) / _slope(tried[-2:]), NEAR), math.log(2)) * BEYOND
            x = min(x - math.copysign(reach, y), math.log(most))
    return tried


def _ends(tried: Sequence[Point]) -> tuple[Point | None, Point | None]:
    """The largest share that met every limit below all that missed one, and the smallest that missed one."""
    missed = min((p for p in tried if p.worst > 0), key=lambda p: p.share, default=None)
    below = [p for p in tried if p.worst <= 0 and (missed is None or p.share < missed.share)]
    return max(below, key=lambda p: p.share, default=None), missed


def _slope(points: Sequence[Point]) -> float:
    """[1] by which the worst latency rises with the share, in logarithms."""
    first, last = points[0], points[-1]
    if first.share == last.share or not math.isfinite(last.worst - first.worst):
        return FIRST_SLOPE
    return max((last.worst - first.worst) / (last.share - first.share), LEAST_SLOPE)


def _read(tried: Sequence[Point]) -> tuple[float, float, int]:
    """[1] the share that meets every limit, how wide its interval is to each side, relatively, and which limit stops it."""
    met, missed = _ends(tried)
    if met is None:
        return 0.0, math.inf, -1 if missed is None else missed.limit
    slope = _slope([met, missed]) if missed else FIRST_SLOPE
    nearest = missed if missed and met.worst < -NEAR else met
    at_most = missed is None and met.worst < -NEAR  # what stops it is not a limit
    return math.exp(met.share), 0.0 if at_most else met.half_width / slope, -1 if at_most else nearest.limit


def _point(candidate: Candidate, replicas: int, routing: str, count: int, seeds: int, share: float) -> Point:
    """What a run at a share says of the limit that is nearest to being missed, or missed furthest."""
    found = _tried(candidate, math.exp(share), replicas, routing, count, seeds)
    ratios = [e.value / limit.seconds for e, limit in zip(found.estimates, candidate.pool.limits, strict=True)]
    i = max(range(len(ratios)), key=lambda i: ratios[i])
    worst = found.estimates[i]
    if not worst.value < math.inf:
        return Point(share, math.inf, math.inf, i)
    return Point(share, math.log(ratios[i]), (worst.high - worst.value) / worst.value, i)


def _tried(candidate: Candidate, share: float, replicas: int, routing: str, count: int, seeds: int) -> Trial:
    """Runs of so many requests with so many seeds; under random routing replicas are independent, so that one stands for all."""
    together = 1 if routing == "random" else min(replicas, MOST_REPLICAS)
    runs = [
        _played(candidate, share * together, together, routing, count, seed)
        for seed in range(FIRST_SEED, FIRST_SEED + seeds)
    ]
    table, pool = candidate.replica.table, candidate.pool
    rate = share * pool.peak_rate
    added = beside_the_prompt_s(table, rate, pool.mean_work, pool.mean_output)
    return Trial(
        estimates=tuple(_estimate(runs, limit, added) for limit in pool.limits),
        requests=count,
        seeds=seeds,
        refused=sum(refused for _, _, refused in runs),
        simulated=count * seeds,
        measured=float(np.mean([measured(run).mean() for run, _, _ in runs])),
        kv_use_p95=max(held_p95(run, asked) for run, asked, _ in runs) / together / table.kv_capacity_tokens,
        preemptions=sum(run.preemptions for run, _, _ in runs) / (count * seeds),
    )


def _played(
    candidate: Candidate, share: float, replicas: int, routing: str, count: int, seed: int
) -> tuple[Outcome, Requests, int]:
    """One run, its requests, and how many were refused before."""
    pool = candidate.pool
    kept, refused = _asked(candidate, share, count, seed)
    clients = _clients(pool, share) if pool.closed else None
    run = simulate(candidate.replica.table, kept, clients=clients, replicas=replicas, routing=routing, seed=seed)
    return run, kept, refused


def _asked(candidate: Candidate, share: float, count: int, seed: int) -> tuple[Requests, int]:
    """Requests at a share of the pool's load, and how many more a replica has no memory for."""
    pool = candidate.pool
    asked = _staged(pool, traffic(pool.members, [rate * share for rate in pool.class_rates], count, seed))
    fits = asked.prompt_tokens + asked.output_tokens - 1 <= candidate.replica.table.kv_capacity_tokens
    return asked.take(np.flatnonzero(fits)), int(count - fits.sum())


def _staged(pool: Pool, asked: Requests) -> Requests:
    if pool.stage == "serve":
        return asked
    return prefill_requests(asked) if pool.stage == "prefill" else decode_requests(asked)


def _clients(pool: Pool, share: float) -> int:
    """Whole clients of a closed population: as many as the replica with the most of them has."""
    return math.ceil(share * float(pool.load.population.sum()) - 1e-9)


def _estimate(runs: Sequence[tuple[Outcome, Requests, int]], limit: Limit, added_s: float) -> Estimate:
    parts: list[Floats] = []
    for run, asked, _ in runs:
        values = {"ttft": run.ttft_s + added_s, "tpot": run.tpot_s, "e2e": run.e2e_s + added_s}[limit.metric]
        chosen = measured(run) & (asked.class_id == limit.class_id)
        if limit.metric == "tpot":
            chosen &= run.output_tokens > 1
        parts += sections(values[chosen], run.sent_s[chosen])
    return estimate(parts, limit.statistic)


def held_p95(run: Outcome, asked: Requests) -> float:
    """[token] that all requests hold at the 95th percentile of the time in which requests were sent.

    From its first token to its last one a request holds its prompt and half its answer.
    """
    served = ~np.isnan(run.finish_s)
    held = asked.prompt_tokens[served] + run.output_tokens[served] / 2
    times = np.concatenate([run.first_token_s[served], run.finish_s[served]])
    order = np.argsort(times, kind="stable")
    level = np.cumsum(np.concatenate([held, -held])[order])[:-1]
    spans = np.diff(times[order])
    inside = times[order][:-1] <= run.sent_s[-1]
    level, spans = level[inside], spans[inside]
    if not spans.sum() > 0:
        return float(held.max(initial=0.0))
    rank = np.argsort(level, kind="stable")
    reached = np.searchsorted(np.cumsum(spans[rank]), 0.95 * spans.sum())
    return float(level[rank][min(reached, len(level) - 1)])
