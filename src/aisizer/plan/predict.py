"""What the chosen fleet's users will see: percentiles with all servers up and with the redundancy down."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from aisizer.plan.evaluate import Demand, Evaluated
from aisizer.queueing.occupancy import solve
from aisizer.queueing.records import Latency
from aisizer.shapes import Floats
from aisizer.sizing.capacity import Candidate
from aisizer.sizing.fleet import replicas, utilization
from aisizer.sizing.pools import Pool as PoolDemand
from aisizer.sizing.records import Pool, SloResult

ERROR_BAND = {"ttft": 1.5, "tpot": 1.25, "e2e": 1.25}
"""Factor up and down that holds 80 % of measured values, nothing calibrated: 1.28 standard deviations of the log error
of this family of models on published open-loop measurements of vLLM (mean error TTFT 26 %, ITL 10-16 %, E2E 7-13 %);
docs/method.md, "How far to trust it"."""


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


def slo_results(e: Evaluated, latency: Sequence[Latency], normal: int, degraded: int) -> tuple[SloResult, ...]:
    """Every promised percentile in the states of those two indices."""
    results = []
    for pool, value in _seen(e, latency):
        for limit in pool.limits:
            seconds = value(limit.metric, limit.statistic)[:, limit.class_id]
            results.append(
                SloResult(
                    workload=pool.workloads[limit.class_id],
                    metric=limit.metric,
                    percentile=limit.statistic,
                    target_ms=limit.seconds * 1e3,
                    predicted_ms=float(seconds[normal]) * 1e3,
                    low_ms=float(seconds[normal]) * 1e3 / ERROR_BAND[limit.metric],
                    high_ms=float(seconds[normal]) * 1e3 * ERROR_BAND[limit.metric],
                    degraded_ms=float(seconds[degraded]) * 1e3,
                    met=bool(seconds[normal] <= limit.seconds and seconds[degraded] <= limit.seconds),
                )
            )
    return tuple(results)


def tightest(e: Evaluated, latency: Sequence[Latency], state: int) -> tuple[str, float]:
    """The SLO with the largest predicted over target in one state, and that ratio."""
    ratios = [
        (f"{pool.workloads[i.class_id]} {i.metric}_{i.statistic}",
         float(value(i.metric, i.statistic)[state, i.class_id]) / i.seconds)
        for pool, value in _seen(e, latency)
        for i in pool.limits
    ]  # fmt: skip
    return max(ratios, key=lambda pair: pair[1])


def _seen(e: Evaluated, latency: Sequence[Latency]) -> Iterator[tuple[PoolDemand, Callable[[str, str], Floats]]]:
    """Each pool as promised, and what its users see; of two stages the sums, whose percentiles overstate those of the sum."""
    stages: dict[str, dict[str, Latency]] = {}
    for candidate, found in zip(e.layout.candidates, latency, strict=True):
        stages.setdefault(candidate.pool.promised.name, {})[candidate.pool.stage] = found
    for pool in {c.pool.promised.name: c.pool.promised for c in e.layout.candidates}.values():
        yield pool, partial(_value, stages[pool.name])


def _value(stages: Mapping[str, Latency], metric: str, statistic: str) -> Floats:
    if "serve" in stages:
        return stages["serve"].value(metric, statistic)
    rest = stages["decode"].value(metric, statistic)
    return rest if metric == "tpot" else rest + stages["prefill"].value("ttft", statistic)


def pool_records(
    e: Evaluated, demand: Demand, normal: State, degraded: State, latency: Sequence[Latency], row: int, engine: str
) -> tuple[Pool, ...]:
    """The pools as the Plan shows them; `row` is the normal state in `latency`."""
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
                replicas_needed=_needed(candidate, normal.factor, demand),
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
                weights_gb_per_gpu=candidate.replica.memory.weights_gb,
                kv_capacity_tokens=candidate.replica.table.kv_capacity_tokens,
                kv_use_p95=float(latency[i].kv_use_p95[row]),
            )
        )
    return tuple(made)


def _has_station(candidate: Candidate) -> bool:
    return math.isfinite(candidate.api_ceiling)


def _needed(candidate: Candidate, factor: float, demand: Demand) -> int:
    return replicas(factor * candidate.pool.burst / (1 - demand.profile.resilience.headroom), candidate.share)


def fleet_utilization(e: Evaluated, state: State) -> float:
    """Peak-hour load over capacity at the SLO of the busiest pool."""
    return utilization(e.layout, state.replicas, state.factor)
