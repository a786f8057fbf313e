"""The prototype's own measurements beside what the model predicts for the same hardware and load."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aisizer.catalog.records import Gpu
from aisizer.engine.formats import allowed_precisions, default_kv_precision
from aisizer.engine.replica import Replica, build
from aisizer.engine.speculative import speculative_replica
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated
from aisizer.plan.records import Comparison
from aisizer.profile.sections import Prototype
from aisizer.queueing.occupancy import solve
from aisizer.queueing.records import Latency, Load
from aisizer.shapes import Requests
from aisizer.sizing.pools import Pool, make_pools


def comparisons(context: Context, best: Evaluated) -> tuple[Comparison, ...]:
    """Every figure that the prototype measured, and the uncalibrated prediction where the model can replay it."""
    prototype = context.profile.evidence.prototype
    if prototype is None:
        return ()
    found = _replayed(context, prototype)
    measured = (
        ("output tokens", prototype.output_tokens_per_s, found.get("output_tokens_per_s"), "token/s"),
        ("TTFT mean", prototype.ttft_mean, found.get("ttft"), "s"),
        ("TPOT mean", prototype.tpot_mean, found.get("tpot"), "s"),
        ("cost per request", prototype.cost_per_request, best.cost.usd_per_request, "USD"),
    )
    return tuple(Comparison(name=n, measured=m, predicted=p, unit=u) for n, m, p, u in measured if m is not None)


def _replayed(context: Context, prototype: Prototype) -> dict[str, float]:
    """Mean latency and throughput of one replica over the prototype's GPUs at its concurrency; empty if it has none."""
    name = prototype.workload or next(iter(context.profile.workloads))
    pool = make_pools({name: context.profile.workloads[name]}, context.named.models, context.offered)[0]
    replica = _replica(context, pool, context.catalog.find_gpu(prototype.gpu), prototype.gpus)
    if replica is None or prototype.concurrency is None:
        return {}
    requests = _requests(pool.requests, prototype)
    load = Load(rate=np.zeros(1), population=np.array([float(prototype.concurrency)]))
    latency: Latency = solve([replica.table], requests, load, np.ones(1))
    if not latency.stable[0]:
        return {}
    return {
        "ttft": float(latency.value("ttft", "mean")[0, 0]),
        "tpot": float(latency.value("tpot", "mean")[0, 0]),
        "output_tokens_per_s": float(latency.throughput[0] * requests.output_tokens.mean()),
    }


def _requests(requests: Requests, prototype: Prototype) -> Requests:
    """The workload's requests, at the prototype's own lengths where it gives them."""
    prompt, output = prototype.prompt_tokens_mean, prototype.output_tokens_mean
    return replace(
        requests,
        prompt_tokens=requests.prompt_tokens if prompt is None else np.full_like(requests.prompt_tokens, prompt),
        output_tokens=requests.output_tokens if output is None else np.full_like(requests.output_tokens, output),
        cached_tokens=requests.cached_tokens if prompt is None else np.zeros_like(requests.cached_tokens),
    )


def _replica(context: Context, pool: Pool, gpu: Gpu, gpus: int) -> Replica | None:
    """The first allowed precision that fits the prototype's GPUs as one tensor-parallel replica."""
    for precision in allowed_precisions(pool.model, pool.precisions):
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
        if isinstance(made, Replica):
            return made
    return None
