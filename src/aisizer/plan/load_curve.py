"""Latency of the first wave's pools by load, and how far measurements lay from such predictions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from aisizer.calibration.intervals import MEDIAN, band_factors, quantile, residuals, spread
from aisizer.plan.confidence import conditions, strain
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated
from aisizer.plan.load_records import ErrorBand, LoadCurve, PromiseCurve
from aisizer.plan.seen import Seen, seen
from aisizer.plan.states import State
from aisizer.queueing.records import Latency, Limit
from aisizer.shapes import Floats

LOADS = np.array([0.1, 0.25, 0.4, 0.55, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25])
"""[1] of what a pool carries with every SLO met: closer together where latencies climb, and a little beyond."""


def curve_shares(e: Evaluated, up: State) -> list[Floats]:
    """[1] of a pool's demand on one replica of each candidate at the loads of the curve."""
    carried = _carried(e, up)
    return [
        LOADS * carried[candidate.pool.promised.name] / replicas
        for candidate, replicas in zip(e.layout.candidates, up.replicas, strict=True)
    ]


def _carried(e: Evaluated, up: State) -> dict[str, float]:
    """[1] of its demand that each promised pool carries with every SLO met, in the stage that carries less."""
    carried: dict[str, float] = {}
    for candidate, replicas in zip(e.layout.candidates, up.replicas, strict=True):
        name = candidate.pool.promised.name
        carried[name] = min(carried.get(name, math.inf), candidate.share * replicas)
    return carried


def load_curves(e: Evaluated, latency: Sequence[Latency], first: int, up: State, down: State) -> tuple[LoadCurve, ...]:
    """A curve for each promised pool, from the rows of `latency`: all servers up, the redundancy down, and from `first` on
    those of the curve."""
    carried = _carried(e, up)
    return tuple(_curve(e, found, carried[found.pool.name], first, up, down) for found in seen(e, latency))


def _curve(e: Evaluated, found: Seen, carried: float, first: int, up: State, down: State) -> LoadCurve:
    pool = found.pool
    busier = max(
        replicas / fewer
        for candidate, replicas, fewer in zip(e.layout.candidates, up.replicas, down.replicas, strict=True)
        if candidate.pool.promised.name == pool.name
    )
    burst = found.candidate.pool.burst
    return LoadCurve(
        pool=pool.name,
        carried_per_s=carried * pool.peak_rate,
        loads=tuple(LOADS.tolist()),
        operating=up.factor * burst / carried,
        degraded=down.factor * burst / carried * busier,
        promises=tuple(_promise(found, limit, first) for limit in pool.limits),
    )


def _promise(found: Seen, limit: Limit, first: int) -> PromiseCurve:
    milliseconds = (found.value(limit.metric, limit.statistic)[:, limit.class_id] * 1e3).tolist()
    return PromiseCurve(
        workload=found.pool.workloads[limit.class_id],
        metric=limit.metric,
        percentile=limit.statistic,
        target_ms=limit.seconds * 1e3,
        latency_ms=tuple(ms if math.isfinite(ms) else None for ms in milliseconds[first : first + len(LOADS)]),
        operating_ms=milliseconds[0],
        degraded_ms=milliseconds[1],
    )


def error_bands(context: Context, e: Evaluated, latency: Sequence[Latency], row: int) -> tuple[ErrorBand, ...]:
    """What stands behind the band of every promise, in the order of the SLO results."""
    return tuple(_bands(context, e, latency, row))


def _bands(context: Context, e: Evaluated, latency: Sequence[Latency], row: int) -> Iterator[ErrorBand]:
    for found in seen(e, latency):
        for limit in found.pool.limits:
            known = conditions(context, found.candidate, limit, strain(found, row))
            behind = residuals(limit.metric, known)
            low, high = band_factors(limit.metric, known)
            yield ErrorBand(
                workload=found.pool.workloads[limit.class_id],
                metric=limit.metric,
                percentile=limit.statistic,
                measurements=behind.n,
                basis=behind.basis,
                low=low,
                median=quantile(MEDIAN, behind.factors, spread(limit.metric, known)),
                high=high,
            )
