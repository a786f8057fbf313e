"""The analytic queue of a continuously batching replica: latencies under a load, and the load that meets limits.

State-dependent processor sharing: the number of decoding sequences is a birth-death process whose step time depends on
the state and on the prompts that share the steps. Vectorised over configurations. Requests spread over replicas at
random, so that each sees Poisson arrivals; steadier routing does better than this.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aisizer.queueing.front import added_delay_s
from aisizer.queueing.latency import TPOT_WEIGHTS, e2e_nodes, tpot_nodes, ttft_nodes
from aisizer.queueing.lengths import Lengths, summarise
from aisizer.queueing.percentiles import STATISTICS, statistics
from aisizer.queueing.records import METRICS, Capacity, Latency, Limit, Load
from aisizer.queueing.steady import fits, settle, sound, stable, stable_share
from aisizer.queueing.steps import Replicas, stack
from aisizer.queueing.waits import Situation
from aisizer.shapes import Floats, Requests, StepTable

__all__ = ["Capacity", "Latency", "Limit", "Load", "capacity", "solve"]

VANISHING = 1e-6
"""Part of the stable share at which a replica counts as idle."""
BISECTIONS = 10
"""On the square root of the share: resolves 0.2 % of the stable share, and 2 % of a hundredth of it."""


def solve(tables: Sequence[StepTable], requests: Requests, load: Load, share: Floats) -> Latency:
    """Latencies of one replica of each configuration that carries `share` [configuration] of the load."""
    replicas, lengths = stack(tables), summarise(requests, len(load.rate))
    if share.shape != (len(tables),) or not np.all(share > 0):
        raise ValueError("solve needs one share above 0 per step table.")
    return _solve(replicas, lengths, load, share)


def capacity(
    tables: Sequence[StepTable],
    requests: Requests,
    load: Load,
    limits: Sequence[Limit],
    caution: Floats | None = None,
    stable: Floats | None = None,
) -> Capacity:
    """The largest share of the load that one replica of each configuration carries with every limit met.

    caution [configuration, limit], 1 by default: what a latency is multiplied by before it is held against its limit.
    stable [configuration] the share without limits, where an earlier call has found it.
    """
    replicas, lengths = stack(tables), summarise(requests, len(load.rate))
    _check_limits(lengths, limits)
    fitting = fits(replicas, lengths)
    bound = np.zeros(len(tables)) if stable is None else np.where(fitting, stable, 0.0)
    if stable is None:
        bound[fitting] = stable_share(replicas.rows(np.flatnonzero(fitting)), lengths, load)
    idle = _solve(replicas, lengths, load, bound * VANISHING)
    share, binding = bound.copy(), np.full(len(tables), -1)
    if limits:
        targets = _targets(limits, len(tables), caution)
        missed = _worst_miss(targets, [idle.value(m.metric, m.statistic)[:, m.class_id] for m in limits])
        share[missed >= 0], binding = 0.0, np.where(bound > 0, missed, -1)
        rest = np.flatnonzero((bound > 0) & (missed < 0))
        share[rest], binding[rest] = _bisect(replicas.rows(rest), lengths, load, limits, targets[rest], bound[rest])
    return Capacity(bound, share, tuple(int(b) for b in binding), idle)


def _targets(limits: Sequence[Limit], count: int, caution: Floats | None) -> Floats:
    """[s] the limits of each configuration, [configuration, limit]."""
    seconds = np.array([limit.seconds for limit in limits])
    result: Floats = np.ones((count, 1)) * seconds if caution is None else seconds / caution
    return result


def _bisect(
    replicas: Replicas, lengths: Lengths, load: Load, limits: Sequence[Limit], targets: Floats, bound: Floats
) -> tuple[Floats, NDArray[np.int64]]:
    """Share and binding limit; the lower end is always a share that was found to meet every limit."""
    met, binding = _judge(replicas, lengths, load, limits, targets, bound)
    low, high = np.where(met, 1.0, VANISHING**0.5), np.ones_like(bound)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        good, worst = _judge(replicas, lengths, load, limits, targets, bound * middle**2)
        binding = np.where(good, binding, worst)
        low, high = np.where(good, middle, low), np.where(good, high, middle)
    return bound * low**2, binding


def _judge(
    replicas: Replicas, lengths: Lengths, load: Load, limits: Sequence[Limit], targets: Floats, share: Floats
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Whether every limit is met, and the limit that is missed by the largest factor (-1 for none or instability)."""
    now = settle(replicas, lengths, load, share)
    steady = sound(now)
    with np.errstate(invalid="ignore"):  # rows without a steady state; `steady` rejects them
        values = [_statistics(now, m.metric, m.class_id, (m.statistic,))[m.statistic] for m in limits]
    worst = _worst_miss(targets, values)
    return steady & (worst < 0), np.where(steady, worst, -1)


def _worst_miss(targets: Floats, values: Sequence[Floats]) -> NDArray[np.int64]:
    """[configuration] index of the limit that is exceeded by the largest factor, -1 where all are met; nan is no pass."""
    ratio = np.stack(values) / targets.T
    excess = np.where(np.isnan(ratio), np.inf, ratio)
    worst = excess.argmax(axis=0)
    return np.where(np.any(excess > 1, axis=0), worst, -1)


def _solve(replicas: Replicas, lengths: Lengths, load: Load, share: Floats) -> Latency:
    carried = fits(replicas, lengths) & (share > 0)
    chosen = np.flatnonzero(carried)
    chosen = chosen[stable(replicas.rows(chosen), lengths, load, share[chosen])]
    now = settle(replicas.rows(chosen), lengths, load, share[chosen])
    steady = sound(now)
    rows, count, classes = chosen[steady], len(share), len(load.rate)
    tables = {metric: {name: np.full((count, classes), np.nan) for name in STATISTICS} for metric in METRICS}
    for metric, table in tables.items():
        for k in range(classes):
            # rows without a steady state have moments that mean nothing; they are dropped here, so are their warnings
            with np.errstate(invalid="ignore"):
                found = _statistics(now, metric, k, tuple(STATISTICS))
            for name, values in found.items():
                table[name][rows, k] = values[steady]
    settled = np.zeros(count, dtype=np.bool_)
    settled[rows] = True
    held = now.occupancy.mean(now.occupancy.opened), now.occupancy.nodes(np.array([0.95]))[:, 0]
    rates, prefilling = _scatter(now.rates, rows, steady, count), tables["ttft"]["mean"]
    mean, high = (_scatter(value[:, None], rows, steady, count)[:, 0] for value in held)
    context = _scatter(now.mix.context[:, None], rows, steady, count)[:, 0]
    waiting = rates * prefilling
    return Latency(
        stable=settled,
        ttft=tables["ttft"],
        tpot=tables["tpot"],
        e2e=tables["e2e"],
        in_flight=mean + np.where(load.population > 0, share[:, None] * load.population, waiting).sum(axis=1),
        throughput=rates.sum(axis=1),
        kv_use_p95=(high * context + (waiting * lengths.work).sum(axis=1)) / replicas.kv_capacity_tokens[:, 0],
    )


def _statistics(now: Situation, metric: str, k: int, names: tuple[str, ...]) -> dict[str, Floats]:
    if metric in ("ttft", "e2e"):
        found = statistics(*(ttft_nodes if metric == "ttft" else e2e_nodes)(now, k), names)
        added = added_delay_s(now.replicas, now.mix)
        return {name: values + added for name, values in found.items()}
    if now.lengths.decoding[k] == 0:
        return {name: np.full(len(now.rates), np.nan) for name in names}
    return statistics(tpot_nodes(now, k), TPOT_WEIGHTS, names)


def _scatter(values: Floats, rows: NDArray[np.int64], kept: NDArray[np.bool_], count: int) -> Floats:
    """The kept rows back in their places, nan elsewhere."""
    result = np.full((count, values.shape[1]), np.nan)
    result[rows] = values[kept]
    return result


def _check_limits(lengths: Lengths, limits: Sequence[Limit]) -> None:
    for limit in limits:
        if not 0 <= limit.class_id < len(lengths.work):
            raise ValueError(f"A limit names class {limit.class_id}, but the load has {len(lengths.work)} classes.")
        if limit.metric == "tpot" and lengths.decoding[limit.class_id] == 0:
            raise ValueError(f"TPOT is not defined for class {limit.class_id}: its requests have one output token.")
