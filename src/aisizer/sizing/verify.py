"""Simulation of what the analytic queue has found: a replica's latencies under a share of its pool's load, and the largest
share that it carries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from aisizer.demand.arrivals import stream, traffic
from aisizer.demand.replay import scaled, together
from aisizer.queueing.estimate import Estimate, estimate, measured, sections
from aisizer.queueing.front import beside_the_prompt_s
from aisizer.queueing.records import Limit
from aisizer.queueing.simulate import Outcome, simulate
from aisizer.queueing.two_pools import decode_requests, prefill_requests
from aisizer.shapes import Floats, Requests
from aisizer.sizing.capacity import Candidate
from aisizer.sizing.pools import Pool
from aisizer.sizing.search import Alike, Point, crossing

FIRST_SEED = 1
MOST_REPLICAS = 16
"""[replica] that are simulated together where they share a queue; more are alike, each with its share of the load."""
FULL_BATCH, FILLS, LONGEST_BACKLOG = (0.3, 0.8), 8, 8_000
"""[1] of a backlog's requests between whose finishes the batch is full, how many times a backlog fills it, and [request] the
most that one holds."""
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
    refused     [1] share of requests longer than the KV memory of a replica, which no engine would take; simulated  all played
    measured    [1] share of requests between warm-up and end
    kv_use_p95  [1] of the KV memory that requests hold at the 95th percentile over time; preemptions  per request
    """

    estimates: tuple[Estimate, ...]
    requests: int
    seeds: int
    refused: float
    simulated: int
    measured: float
    kv_use_p95: float
    preemptions: float

    def decided(self, limits: Sequence[Limit]) -> bool:
        """Whether each percentile's interval lies on one side of its target."""
        return all(found.side(limit.seconds) for found, limit in zip(self.estimates, limits, strict=True))


def trial(candidate: Candidate, share: float, replicas: int, routing: str, effort: Effort) -> Trial:
    """The latencies of `replicas` replicas that each carry `share` of the pool's load, of ever longer runs until every limit
    is decided or the effort is spent.

    Where the workloads name traces their busiest hour is replayed instead, with ever more seeds of which of its requests come
    to these replicas.
    """
    count, seeds, played = effort.first, effort.seeds, 0
    while True:
        found = _tried(candidate, share, replicas, routing, count, seeds)
        played += found.simulated
        spent = played >= effort.most if candidate.pool.replays else count >= effort.most
        if spent or found.decided(candidate.pool.limits):
            return replace(found, simulated=played)
        count, seeds = (count, 2 * seeds) if candidate.pool.replays else (min(2 * count, effort.most), seeds)


@dataclass(frozen=True, slots=True)
class Carried:
    """[1] of its pool's load that one replica carries: with every limit met, within `half_width` of it at 95 %, and at all;
    the limit that stops it there, -1 for none of them; and how many requests told so."""

    share: float
    half_width: float
    stable_share: float
    binding: int
    simulated: int


def carried(candidate: Candidate, routing: str, effort: Effort, alike: Alike = lambda low, high: False) -> Carried:
    """The largest shares of the pool's load that one replica carries, all found with the same customers.

    `alike` says whether it makes no difference to what is bought which of two shares is true; then they are near enough.

    Without limits it is what a backlog is worked off at. With them it is looked for from the analytic one on, up to what the
    API processes carry. Arrivals are Poisson: what is burstier than that is added to the load, or replayed, afterwards.
    """
    candidate = replace(candidate, pool=replace(candidate.pool, replays=()))
    pool, peers = candidate.pool, min(MOST_REPLICAS, math.ceil(1 / candidate.share))
    drained, played = _drained(candidate, effort)
    most = min(drained, candidate.api_ceiling / pool.peak_rate)
    tried_at = partial(_point, candidate, peers, routing, effort.seeds)
    found = crossing(tried_at, candidate.share, most, effort.first, effort.most_search, alike)
    share = found.share
    if pool.closed:
        share = _clients(pool, share) / float(pool.load.population.sum())
    return Carried(share, found.half_width, max(most, share), found.limit, played + found.played * effort.seeds)


def _drained(candidate: Candidate, effort: Effort) -> tuple[float, int]:
    """[1] of the pool's load at which a replica works off a backlog, and requests played.

    Its rate is that of the middle of the backlog, when the batch is full and not yet running dry. A stream between this and
    the largest stable rate never recovers once it has filled the memory: what a replica carries stays below it.
    """
    pool, table = candidate.pool, candidate.replica.table
    held = min(table.max_batch, table.kv_capacity_tokens / (pool.mean_prompt + pool.mean_output / 2))
    count = int(min(max(FILLS * held, 2 * effort.first), max(effort.first, LONGEST_BACKLOG)))
    start, end = FULL_BATCH
    rates = []
    for seed in range(FIRST_SEED, FIRST_SEED + effort.seeds):
        kept, _ = _asked(candidate, 1.0, count, seed)
        run = simulate(table, replace(kept, arrival_s=np.zeros(len(kept.arrival_s))))
        since, until = np.quantile(run.finish_s, [start, end])
        rates.append((end - start) * len(kept.arrival_s) / float(until - since))
    return float(np.mean(rates)) / pool.peak_rate, count * effort.seeds


def _point(candidate: Candidate, replicas: int, routing: str, seeds: int, share: float, count: int) -> Point:
    """What a run at a share says of the limit that is nearest to being missed, or missed furthest."""
    found = _tried(candidate, share, replicas, routing, count, seeds)
    ratios = [e.value / limit.seconds for e, limit in zip(found.estimates, candidate.pool.limits, strict=True)]
    i = max(range(len(ratios)), key=lambda i: ratios[i])
    worst = found.estimates[i]
    if not worst.value < math.inf:
        return Point(math.inf, math.inf, i, settled=False)
    return Point(math.log(ratios[i]), (worst.high - worst.value) / worst.value, i, found.measured >= SETTLED)


def _tried(candidate: Candidate, share: float, replicas: int, routing: str, count: int, seeds: int) -> Trial:
    """Runs of so many requests with so many seeds; under random routing replicas are independent, so that one stands for all."""
    together = 1 if routing == "random" else min(replicas, MOST_REPLICAS)
    runs = [
        _played(candidate, share * together, together, routing, count, seed)
        for seed in range(FIRST_SEED, FIRST_SEED + seeds)
    ]
    table, pool = candidate.replica.table, candidate.pool
    rate = share * pool.peak_rate
    added = beside_the_prompt_s(table, rate, pool.mean_prompt, pool.mean_output)
    played = sum(len(asked.arrival_s) + refused for _, asked, refused in runs)
    return Trial(
        estimates=tuple(_estimate(runs, limit, added) for limit in pool.limits),
        requests=max(len(asked.arrival_s) + refused for _, asked, refused in runs),
        seeds=seeds,
        refused=sum(refused for _, _, refused in runs) / played,
        simulated=played,
        measured=float(np.mean([measured(run).mean() for run, _, _ in runs])),
        kv_use_p95=max(held_p95(run, asked) for run, asked, _ in runs) / together / table.kv_capacity_tokens,
        preemptions=sum(run.preemptions for run, _, _ in runs) / played,
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
    if pool.replays:
        drawn = together([scaled(replay, share, stream(f"replay {i}", seed)) for i, replay in enumerate(pool.replays)])
    else:
        drawn = traffic(pool.members, [rate * share for rate in pool.class_rates], count, seed)
    asked = _staged(pool, drawn)
    fits = asked.prompt_tokens + asked.output_tokens - 1 <= candidate.replica.table.kv_capacity_tokens
    return asked.take(np.flatnonzero(fits)), int(len(fits) - fits.sum())


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
