"""Simulation of what the analytic queue has found: a replica's latencies under a share of its pool's load, and the largest
share that it carries."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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

FIRST_SEED = 1
MOST_REPLICAS = 16
"""[replica] that are simulated together where they share a queue; more are alike, each with its share of the load."""
NEAR = 0.02
"""[1] by which a search for a capacity may still move the share at its end."""
DRAINED = 0.95
"""[1] of a backlog that is counted: after it a replica has too few requests left to fill its batch."""
FIRST_SLOPE, LEAST_SLOPE = 2.0, 0.1
"""[1] how fast logarithms of latencies are taken to rise with that of the share, at first and at least."""
APART = 0.05
"""[1] by which two shares differ at least that tell a slope, and the least step until one is known."""
MOST_RUNS = 20
SURE, ROUGH, WIDE = 0.08, 0.15, 0.3
"""[1] half-width of its 95 % interval to which a capacity is looked for, the step that short runs are left at, and the widest
interval that is left where both of its ends lead to the same purchases."""
Alike = Callable[[float, float], bool]
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


@dataclass(frozen=True, slots=True)
class Point:
    """What one share showed: the logarithm of the largest latency over its target, infinite where it could not be measured,
    how wide its interval is to each side, which limit it is, and whether the run held a steady state."""

    worst: float
    half_width: float
    limit: int
    settled: bool


@dataclass(frozen=True, slots=True)
class Crossing:
    """[1] the share at which a limit is reached, how wide its interval is to each side, relatively, which limit it is (-1:
    none is, up to the most that was asked), and requests played. A share of 0 met no limit."""

    share: float
    half_width: float
    limit: int
    played: int


def carried(candidate: Candidate, routing: str, effort: Effort, alike: Alike = lambda low, high: False) -> Carried:
    """The largest shares of the pool's load that one replica carries, all found with the same customers.

    `alike` says whether it makes no difference to what is bought which of two shares is true; then they are near enough.

    Without limits it is what a backlog is worked off at. With them it is looked for from the analytic one on, up to what the
    API processes carry. Arrivals are Poisson: what is burstier than that is added to the load, or replayed, afterwards.
    """
    candidate = replace(candidate, pool=replace(candidate.pool, replays=()))
    pool, peers = candidate.pool, min(MOST_REPLICAS, math.ceil(1 / candidate.share))
    most = min(_drained(candidate, effort), candidate.api_ceiling / pool.peak_rate)
    found = crossing(partial(_point, candidate, peers, routing, effort.seeds), candidate.share, most, effort, alike)
    share = found.share
    if pool.closed:
        share = _clients(pool, share) / float(pool.load.population.sum())
    played = (effort.first + found.played) * effort.seeds
    return Carried(share, found.half_width, max(most, share), found.limit, played)


def crossing(
    tried_at: Callable[[float, int], Point],
    share: float,
    most: float,
    effort: Effort,
    alike: Alike = lambda low, high: False,
) -> Crossing:
    """The share up to `most` at which the worst latency reaches its target.

    Newton's steps on logarithms, with the slope of the last two runs and between a share that met every limit and one that
    did not; runs are doubled until they hold a steady state, and where a step is smaller than chance until the root is known
    within SURE, as in retrospective approximation (Chen and Schmeiser 2001, doi:10.1080/07408170108936829).
    """
    x, count, slope, least_step, played = math.log(min(share, most)), effort.first, FIRST_SLOPE, APART, 0
    met, missed, last = -math.inf, math.inf, None
    for _ in range(MOST_RUNS):
        point = tried_at(math.exp(x), count)
        played += count
        longer = min(2 * count, effort.most_search)
        if not point.settled and longer > count:
            count = longer
            continue
        met, missed = (max(met, x), missed) if point.worst <= 0 else (met, min(missed, x))
        if last is not None and math.isfinite(point.worst - last[1]) and abs(x - last[0]) >= APART:
            slope, least_step = max((point.worst - last[1]) / (x - last[0]), LEAST_SLOPE), 0.0
        last = x, point.worst
        step = max(min(abs(point.worst) / slope, math.log(2)), least_step if abs(point.worst) > NEAR else 0.0)
        root = min(x - math.copysign(step, point.worst), math.log(most))
        width = point.half_width / slope
        if abs(root - x) <= max(NEAR, min(width / 2, SURE if longer == count else ROUGH)):
            if width <= SURE or longer == count or (width <= WIDE and alike(*_ends(root, width))):
                stopped = root < math.log(most)
                return Crossing(math.exp(root), width if stopped else 0.0, point.limit if stopped else -1, played)
            count, met, missed, last = longer, -math.inf, math.inf, None
        x = _between(root, met, missed)
    return Crossing(math.exp(met), math.inf, -1 if last is None else point.limit, played)


def _ends(x: float, width: float) -> tuple[float, float]:
    """[1] the ends of the interval around a share given by its logarithm."""
    return math.exp(x) * (1 - width), math.exp(x) * (1 + width)


def _between(x: float, met: float, missed: float) -> float:
    """The point drawn inside the two ends by a tenth of what lies between them, where both are known."""
    if not (math.isfinite(met) and math.isfinite(missed) and met < missed):
        return x
    inset = (missed - met) / 10
    return min(max(x, met + inset), missed - inset)


def _drained(candidate: Candidate, effort: Effort) -> float:
    """[1] of the pool's load at which a replica works off a backlog, the part left out in which its batch runs dry."""
    pool, rates = candidate.pool, []
    for seed in range(FIRST_SEED, FIRST_SEED + effort.seeds):
        kept, _ = _asked(candidate, 1.0, effort.first, seed)
        run = simulate(candidate.replica.table, replace(kept, arrival_s=np.zeros(len(kept.arrival_s))))
        rates.append(DRAINED * len(kept.arrival_s) / float(np.quantile(run.finish_s, DRAINED)))
    return float(np.mean(rates)) / pool.peak_rate


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
