"""What the chosen fleet's users will see: percentiles with all servers up and with the redundancy down."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aisizer.calibration.intervals import band
from aisizer.plan.confidence import conditions, probability, strain
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Demand, Evaluated
from aisizer.plan.seen import seen
from aisizer.queueing.occupancy import solve
from aisizer.queueing.records import Latency
from aisizer.sizing.capacity import Candidate
from aisizer.sizing.fleet import needed_replicas, utilization
from aisizer.sizing.records import Pool, SloResult


@dataclass(frozen=True, slots=True)
class State:
    """The primary site's fleet at one moment: replicas that serve, by pool, and the demand factor."""

    replicas: tuple[int, ...]
    factor: float


def latencies(e: Evaluated, states: Sequence[State]) -> list[Latency]:
    """Per pool, the latency in each state, burst included."""
    return latencies_of([(e, state) for state in states])


def latencies_of(cases: Sequence[tuple[Evaluated, State]]) -> list[Latency]:
    """Per pool, the latency of each case, burst included, in one vectorised call; all cases serve the same pools, in the same
    stages."""
    return [_latency(i, cases) for i in range(len(cases[0][1].replicas))]


def _latency(i: int, cases: Sequence[tuple[Evaluated, State]]) -> Latency:
    candidates = [e.layout.candidates[i] for e, _ in cases]
    pool = candidates[0].pool
    share = np.array([state.factor * pool.burst / state.replicas[i] for _, state in cases])
    return solve([c.replica.table for c in candidates], pool.requests, pool.load, share)


def slo_results(
    context: Context, e: Evaluated, latency: Sequence[Latency], normal: int, degraded: int
) -> tuple[SloResult, ...]:
    """Every promised percentile in the states of those two indices."""
    results = []
    for found in seen(e, latency):
        for limit in found.pool.limits:
            seconds = found.value(limit.metric, limit.statistic)[:, limit.class_id]
            known = conditions(context, found.candidate, limit, strain(found, normal))
            low, high = band(float(seconds[normal]), limit.metric, known)
            results.append(
                SloResult(
                    workload=found.pool.workloads[limit.class_id],
                    metric=limit.metric,
                    percentile=limit.statistic,
                    target_ms=limit.seconds * 1e3,
                    predicted_ms=float(seconds[normal]) * 1e3,
                    low_ms=low * 1e3,
                    high_ms=high * 1e3,
                    degraded_ms=float(seconds[degraded]) * 1e3,
                    met=bool(seconds[normal] <= limit.seconds and seconds[degraded] <= limit.seconds),
                    probability=probability(context, found.candidate, limit, found, normal),
                    probability_degraded=probability(context, found.candidate, limit, found, degraded),
                )
            )
    return tuple(results)


def tightest(e: Evaluated, latency: Sequence[Latency], state: int) -> tuple[str, float]:
    """The SLO with the largest predicted over target in one state, and that ratio."""
    ratios = [
        (f"{found.pool.workloads[i.class_id]} {i.metric}_{i.statistic}",
         float(found.value(i.metric, i.statistic)[state, i.class_id]) / i.seconds)
        for found in seen(e, latency)
        for i in found.pool.limits
    ]  # fmt: skip
    return max(ratios, key=lambda pair: pair[1])


def pool_records(
    e: Evaluated,
    demand: Demand,
    normal: State,
    degraded: State,
    latency: Sequence[Latency],
    row: int,
    engine: str,
    degraded_row: int | None = None,
) -> tuple[Pool, ...]:
    """The pools as the Plan shows them; the rows are those of the two states in `latency`."""
    up, down = normal.replicas, degraded.replicas
    made = []
    for i, candidate in enumerate(e.layout.candidates):
        pool = candidate.pool
        made.append(
            Pool(
                name=pool.name,
                role=pool.stage,
                workloads=pool.workloads,
                model=pool.model.id,
                gpu=candidate.gpu,
                replicas=up[i],
                replicas_needed=needed_replicas(candidate, normal.factor, demand.profile.resilience),
                tensor_parallel=candidate.form.parallel.tensor,
                pipeline_parallel=candidate.form.parallel.pipeline,
                expert_parallel=candidate.form.parallel.expert,
                attention_dp=candidate.form.parallel.attention_dp,
                layout=candidate.form.parallel.text,
                precision=candidate.form.precision,
                kv_precision=candidate.form.kv_precision,
                engine=engine,
                draft_tokens=pool.speculation.draft_tokens if pool.speculation else 0,
                tokens_per_step=pool.speculation.tokens_per_step if pool.speculation else 1.0,
                gpus=up[i] * candidate.gpus,
                peak_rate_per_s=pool.peak_rate * demand.factors[0],
                peak_rate_per_replica=pool.peak_rate * candidate.share,
                limited_by=candidate.limit,
                api_processes=up[i] * candidate.replica.table.front_processes if _has_station(candidate) else None,
                api_ceiling_per_replica=candidate.api_ceiling if _has_station(candidate) else None,
                utilization=normal.factor / (up[i] * candidate.share),
                utilization_degraded=degraded.factor / (down[i] * candidate.share),
                in_flight=float(latency[i].in_flight[row]),
                weights_gb_per_gpu=candidate.replica.memory.weights_gb,
                kv_capacity_tokens=candidate.replica.table.kv_capacity_tokens,
                kv_use_p95=float(latency[i].kv_use_p95[row]),
                kv_use_p95_degraded=None if degraded_row is None else float(latency[i].kv_use_p95[degraded_row]),
            )
        )
    return tuple(made)


def _has_station(candidate: Candidate) -> bool:
    return math.isfinite(candidate.api_ceiling)


def fleet_utilization(e: Evaluated, state: State) -> float:
    """Peak-hour load over capacity at the SLO of the busiest pool."""
    return utilization(e.layout, state.replicas, state.factor)
