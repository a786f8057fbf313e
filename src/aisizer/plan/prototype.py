"""The prototype's own measurements: beside what the model predicts for them, and as a calibration of the plan."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aisizer.catalog.records import Gpu
from aisizer.engine.formats import allowed_precisions, default_kv_precision
from aisizer.engine.replica import Replica, build
from aisizer.engine.speculative import speculative_replica
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated
from aisizer.plan.records import Comparison
from aisizer.profile.calibrations import BenchmarkFile, Calibration, FitRange
from aisizer.profile.sections import Prototype
from aisizer.shapes import Requests
from aisizer.sizing.pools import Pool, make_pools


@dataclass(frozen=True, slots=True)
class Replayable:
    """A prototype that the model can replay: one replica over its GPUs under its clients."""

    prototype: Prototype
    pool: Pool
    gpu: Gpu
    precision: str
    replica: Replica
    requests: Requests
    clients: float


def comparisons(context: Context, best: Evaluated) -> tuple[Comparison, ...]:
    """Every figure that the prototype measured, and the uncalibrated prediction where the model can replay it."""
    prototype = context.profile.evidence.prototype
    if prototype is None:
        return ()
    found = _predicted(_replayable(context))
    measured = (
        ("output tokens", prototype.output_tokens_per_s, found.get("throughput"), "token/s"),
        ("TTFT mean", prototype.ttft_mean, found.get("ttft"), "s"),
        ("TPOT mean", prototype.tpot_mean, found.get("tpot"), "s"),
        ("cost per request", prototype.cost_per_request, best.cost.usd_per_request, "USD"),
    )
    return tuple(
        Comparison(name=n, measured=m, predicted=p, unit=u, ratio=m / p if p else None)
        for n, m, p, u in measured
        if m is not None
    )


def calibrations(context: Context) -> tuple[Calibration, ...]:
    """The profile's calibrations, and one from the prototype where they say nothing of what it measured."""
    own = context.profile.evidence.calibrations
    made = _calibration(context)
    if made is None or any(_subject(made) == _subject(other) for other in own):
        return own
    return (*own, made)


def _subject(calibration: Calibration) -> tuple[str, str, str, str]:
    return calibration.model, calibration.gpu, calibration.engine, calibration.precision


def _calibration(context: Context) -> Calibration | None:
    """The prototype as one load point of the model, GPU, engine and precision that it is replayed on."""
    found = _replayable(context)
    measured = {} if found is None else _measured(found.prototype)
    if found is None or not measured or found.pool.speculation is not None:  # drafts would pass for quicker steps
        return None
    from aisizer.calibration.operating_point import fit_point

    factors = fit_point(found.replica.table, found.requests, found.clients, measured)
    if factors is None:
        return None
    prompt, output = float(found.requests.prompt_tokens.mean()), float(found.requests.output_tokens.mean())
    return Calibration(
        model=found.pool.name,
        gpu=found.gpu.id,
        engine=context.named.engine.id,
        precision=found.precision,
        tensor_parallel=found.prototype.gpus,
        points=1,
        factors=factors,
        range=FitRange(
            in_flight=(found.clients, found.clients),
            prompt_tokens=(prompt, prompt),
            output_tokens=(output, output),
            tensor_parallel=(found.prototype.gpus,),
        ),
        files=(BenchmarkFile(name=PROFILE, sha256=context.loaded.sha256, tool="profile"),),
    )


PROFILE = "evidence.prototype"
"""What stands for the benchmark file where the profile itself holds the figures."""


def _measured(prototype: Prototype) -> dict[str, float]:
    figures = {
        "ttft": prototype.ttft_mean, "tpot": prototype.tpot_mean, "throughput": prototype.output_tokens_per_s
    }  # fmt: skip
    return {metric: value for metric, value in figures.items() if value}


def _predicted(found: Replayable | None) -> dict[str, float]:
    """Mean latency and throughput of the replica under the prototype's clients; empty where it has none."""
    if found is None:
        return {}
    from aisizer.calibration.operating_point import means

    predicted = {k: float(v[0]) for k, v in means([found.replica.table], found.requests, found.clients).items()}
    return predicted if np.isfinite(predicted["throughput"]) else {}


def _replayable(context: Context) -> Replayable | None:
    prototype = context.profile.evidence.prototype
    if prototype is None or prototype.concurrency is None:
        return None
    name = prototype.workload or next(iter(context.profile.workloads))
    pool = make_pools({name: context.profile.workloads[name]}, context.named.models, context.offered, {})[0]
    gpu = context.catalog.find_gpu(prototype.gpu)
    for precision in allowed_precisions(pool.model, pool.precisions):
        replica = _replica(context, pool, gpu, prototype.gpus, precision)
        if replica is not None:
            requests = _requests(pool.requests, prototype)
            return Replayable(prototype, pool, gpu, precision, replica, requests, float(prototype.concurrency))
    return None


def _requests(requests: Requests, prototype: Prototype) -> Requests:
    """The workload's requests, at the prototype's own lengths where it gives them."""
    prompt, output = prototype.prompt_tokens_mean, prototype.output_tokens_mean
    return replace(
        requests,
        prompt_tokens=requests.prompt_tokens if prompt is None else np.full_like(requests.prompt_tokens, prompt),
        output_tokens=requests.output_tokens if output is None else np.full_like(requests.output_tokens, output),
        cached_tokens=requests.cached_tokens if prompt is None else np.zeros_like(requests.cached_tokens),
    )


def _replica(context: Context, pool: Pool, gpu: Gpu, gpus: int, precision: str) -> Replica | None:
    """The prototype's GPUs as one tensor-parallel replica, drafting as the workload does; null where it does not fit them."""
    made = build(
        pool.model,
        gpu,
        context.named.engine,
        tensor_parallel=gpus,
        precision=precision,
        kv_precision=default_kv_precision(context.named.engine, precision),
        max_context_tokens=pool.longest_context,
        mean_context_tokens=pool.mean_context,
    )
    if isinstance(made, Replica) and pool.speculation is not None:
        made = speculative_replica(made, pool.model.layers, pool.speculation)
    return made if isinstance(made, Replica) else None
