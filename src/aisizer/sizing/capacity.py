"""How much of a pool's demand one replica of each layout carries with every SLO met."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from aisizer.catalog.records import Engine, Gpu
from aisizer.engine.calibrated import calibrated
from aisizer.engine.formats import allowed_precisions
from aisizer.engine.replica import Replica, build
from aisizer.errors import Rejection
from aisizer.profile.calibrations import Calibration
from aisizer.queueing.occupancy import Capacity, capacity
from aisizer.sizing.pools import Pool

TENSOR_PARALLEL = (1, 2, 4, 8)
"""Layouts tried: powers of two up to a server's GPUs; replicas do not span servers in this version."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One layout of one pool on one GPU class that meets every SLO."""

    pool: Pool
    gpu: str
    tensor_parallel: int
    precision: str
    replica: Replica
    share: float
    """[1] of the pool's demand that one replica carries with every SLO met"""
    stable_share: float
    """[1] of the pool's demand that one replica carries at all"""
    calibration: Calibration | None
    """fitted on the user's benchmarks of this model, GPU, engine and precision"""
    confident_share: float | None = None
    """[1] the same as `share` at the confidence that the plan asks for; null: that of the plain prediction"""


@dataclass(frozen=True, slots=True)
class Screened:
    """Every layout of one pool: those that serve, and why the others do not."""

    candidates: tuple[Candidate, ...]
    rejections: tuple[Rejection, ...]


def screen(
    pool: Pool,
    gpus: Mapping[str, Gpu],
    largest_server: Mapping[str, int],
    engine: Engine,
    calibrations: Sequence[Calibration] = (),
) -> Screened:
    """Builds every (GPU, precision, tensor_parallel) of the pool and finds each one's capacity in one vectorised call."""
    built: list[tuple[dict[str, str | int], Replica, Calibration | None]] = []
    rejections: list[Rejection] = []
    for gpu_id, tensor_parallel, precision in _layouts(pool, gpus, largest_server):
        option: dict[str, str | int] = {
            "gpu": gpu_id, "model": pool.name, "tensor_parallel": tensor_parallel, "precision": precision
        }  # fmt: skip
        made = build(
            pool.model,
            gpus[gpu_id],
            engine,
            tensor_parallel=tensor_parallel,
            precision=precision,
            max_context_tokens=pool.longest_context,
            mean_context_tokens=pool.mean_context,
        )
        if isinstance(made, Rejection):
            rejections.append(_with_option(made, option))
        else:
            built.append((option, *_calibrated(made, option, engine, calibrations)))
    if not built:
        return Screened((), tuple(rejections))
    found = capacity([made.table for _, made, _ in built], pool.requests, pool.load, pool.limits)
    candidates = []
    for i, (option, made, calibration) in enumerate(built):
        if found.share[i] > 0:
            candidates.append(_candidate(pool, option, made, calibration, found, i))
        else:
            rejections.append(_slo_rejection(pool, option, found, i))
    return Screened(tuple(candidates), tuple(rejections))


def _layouts(pool: Pool, gpus: Mapping[str, Gpu], largest_server: Mapping[str, int]) -> Iterable[tuple[str, int, str]]:
    precisions = allowed_precisions(pool.model, pool.precisions)
    return (
        (gpu, tensor_parallel, precision)
        for gpu in gpus
        for tensor_parallel in TENSOR_PARALLEL
        for precision in precisions
        if tensor_parallel <= largest_server[gpu]
    )


def _calibrated(
    made: Replica, option: dict[str, str | int], engine: Engine, calibrations: Sequence[Calibration]
) -> tuple[Replica, Calibration | None]:
    table, used = calibrated(
        made.table,
        str(option["model"]),
        str(option["gpu"]),
        engine.id,
        str(option["precision"]),
        int(option["tensor_parallel"]),
        calibrations,
    )
    return replace(made, table=table), used


def _candidate(
    pool: Pool,
    option: dict[str, str | int],
    made: Replica,
    calibration: Calibration | None,
    found: Capacity,
    i: int,
) -> Candidate:
    return Candidate(
        pool=pool,
        gpu=str(option["gpu"]),
        tensor_parallel=int(option["tensor_parallel"]),
        precision=str(option["precision"]),
        replica=made,
        share=float(found.share[i]),
        stable_share=float(found.stable_share[i]),
        calibration=calibration,
    )


def _slo_rejection(pool: Pool, option: dict[str, str | int], found: Capacity, i: int) -> Rejection:
    binding = found.binding[i]
    if binding < 0:
        return Rejection(
            "unstable", "the KV cache holds too little for a steady stream of these requests", option=option
        )
    limit = pool.limits[binding]
    got = float(found.idle.value(limit.metric, limit.statistic)[i, limit.class_id])
    name = f"{limit.metric}_{limit.statistic}"
    detail = f"{name} of {pool.workloads[limit.class_id]} misses its target even on an idle replica"
    option = option | {"workload": pool.workloads[limit.class_id], "slo": name}
    return Rejection("slo", detail, got=got, limit=limit.seconds, unit="s", option=option)


def _with_option(rejection: Rejection, option: dict[str, str | int]) -> Rejection:
    return Rejection(
        rejection.reason, rejection.detail, rejection.got, rejection.limit, rejection.unit, option | rejection.option
    )
