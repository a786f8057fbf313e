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
STEPS = 1024
"""of the square root of the share: resolves 0.2 % of the stable share, and 2 % of a hundredth of it."""


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
        left, missed = _least(targets, [idle.value(m.metric, m.statistic)[:, m.class_id] for m in limits])
        share[missed >= 0], binding = 0.0, np.where(bound > 0, missed, -1)
        rest = np.flatnonzero((bound > 0) & (missed < 0))
        share[rest], binding[rest] = _crossing(
            replicas.rows(rest), lengths, load, limits, targets[rest], left[rest], bound[rest]
        )
    return Capacity(bound, share, tuple(int(b) for b in binding), idle)


def _targets(limits: Sequence[Limit], count: int, caution: Floats | None) -> Floats:
    """[s] the limits of each configuration, [configuration, limit]."""
    seconds = np.array([limit.seconds for limit in limits])
    result: Floats = np.ones((count, 1)) * seconds if caution is None else seconds / caution
    return result


def _crossing(
    replicas: Replicas,
    lengths: Lengths,
    load: Load,
    limits: Sequence[Limit],
    targets: Floats,
    start: Floats,
    bound: Floats,
) -> tuple[Floats, NDArray[np.int64]]:
    """Share and binding limit, from the margin that an idle replica has; the share is always one that meets every limit.

    Regula falsi on the margin, which falls about evenly with the load since latencies grow as 1 / (1 - load); an end that
    stays where it is counts half from then on, so that the other one comes near too (the Illinois rule; M. Dowell and
    P. Jarratt 1971, doi:10.1007/BF01934364). Only whole steps are tried, so that alike replicas carry exactly alike.
    """

    def at(step: NDArray[np.int64]) -> Floats:
        root: Floats = VANISHING**0.5 + (1 - VANISHING**0.5) * step / STEPS
        return root**2

    low, high, moved = np.zeros(len(bound), np.int64), np.full(len(bound), STEPS), np.zeros(len(bound))
    above, (below, binding) = start.copy(), _margin(replicas, lengths, load, limits, targets, bound)
    low[below >= 0] = STEPS
    while (rows := np.flatnonzero(high - low > 1)).size:
        width, part = (high - low)[rows], (above / (above - below))[rows]
        middle = low[rows] + np.clip(np.rint(width * part).astype(np.int64), 1, width - 1)
        found, worst = _margin(replicas.rows(rows), lengths, load, limits, targets[rows], bound[rows] * at(middle))
        met = found >= 0
        below[rows] = np.where(met, below[rows] * np.where(moved[rows] > 0, 0.5, 1.0), found)
        above[rows] = np.where(met, found, above[rows] * np.where(moved[rows] < 0, 0.5, 1.0))
        low[rows], high[rows] = np.where(met, middle, low[rows]), np.where(met, high[rows], middle)
        binding[rows] = np.where(met, binding[rows], worst)
        moved[rows] = np.where(met, 1.0, -1.0)
    return bound * at(low), binding


def _margin(
    replicas: Replicas, lengths: Lengths, load: Load, limits: Sequence[Limit], targets: Floats, share: Floats
) -> tuple[Floats, NDArray[np.int64]]:
    """[configuration] what is left to the limit that is nearest to being missed, and that limit; see _least."""
    now = settle(replicas, lengths, load, share)
    with np.errstate(invalid="ignore"):  # rows without a steady state; `sound` tells them
        values = [_statistics(now, m.metric, m.class_id, (m.statistic,))[m.statistic] for m in limits]
    left, worst = _least(targets, values)
    steady = sound(now)
    return np.where(steady, left, -1.0), np.where(steady, worst, -1)


def _least(targets: Floats, values: Sequence[Floats]) -> tuple[Floats, NDArray[np.int64]]:
    """[configuration] the least target / latency - 1, from -1 on and below 0 where a limit is missed, and that limit's index,
    -1 where all are met; nan is no pass."""
    ratio = targets.T / np.stack(values)
    left = np.where(np.isnan(ratio), 0.0, ratio) - 1
    worst = left.argmin(axis=0)
    least = left.min(axis=0)
    return least, np.where(least < 0, worst, -1)


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
