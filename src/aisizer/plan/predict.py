"""What the chosen fleet's users will see: percentiles with all servers up and with the redundancy down."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from aisizer.calibration.intervals import band, probability_within
from aisizer.plan.confidence import conditions, strain
from aisizer.plan.context import Context
from aisizer.plan.demand import Demand
from aisizer.plan.evaluate import Evaluated
from aisizer.plan.seen import Simulated, seen
from aisizer.plan.states import State
from aisizer.queueing.estimate import Estimate
from aisizer.queueing.occupancy import solve
from aisizer.queueing.records import Latency
from aisizer.shapes import Floats
from aisizer.sizing.capacity import Candidate
from aisizer.sizing.fleet import needed_replicas, utilization
from aisizer.sizing.records import Pool, SloResult


def latencies(e: Evaluated, states: Sequence[State], shares: Sequence[Floats] = ()) -> list[Latency]:
    """Per pool, the latency in each state, burst included; then at each of its shares of the demand on one replica."""
    return latencies_of([(e, state) for state in states], shares)


def latencies_of(cases: Sequence[tuple[Evaluated, State]], shares: Sequence[Floats] = ()) -> list[Latency]:
    """Per pool, the latency of each case, burst included, in one vectorised call; all cases serve the same pools, in the same
    stages. shares: of the demand on one replica of the last case, by pool, whose latencies follow."""
    return [_latency(i, cases, shares[i] if shares else np.empty(0)) for i in range(len(cases[0][1].replicas))]


def _latency(i: int, cases: Sequence[tuple[Evaluated, State]], more: Floats) -> Latency:
    candidates = [e.layout.candidates[i] for e, _ in cases]
    pool = candidates[0].pool
    share = np.array([state.factor * pool.burst / state.replicas[i] for _, state in cases])
    tables = [c.replica.table for c in [*candidates, *candidates[-1:] * len(more)]]
    return solve(tables, pool.requests, pool.load, np.concatenate([share, more]))


def slo_results(
    context: Context,
    e: Evaluated,
    latency: Sequence[Latency],
    normal: int,
    degraded: int,
    simulated: Simulated | None = None,
) -> tuple[SloResult, ...]:
    """Every promised percentile in the states of those two indices; what was simulated stands before the analytic word."""
    results = []
    for found in seen(e, latency):
        for limit in found.pool.limits:
            analytic = found.value(limit.metric, limit.statistic)[[normal, degraded], limit.class_id].tolist()
            told = simulated.value(found.pool.name, limit) if simulated else None
            normal_s, degraded_s = (told[0].value, told[1].value) if told else analytic
            known = [conditions(context, found.candidate, limit, strain(found, row)) for row in (normal, degraded)]
            low, high = band(normal_s, limit.metric, known[0])
            chance, degraded_chance = (
                probability_within(seconds, limit.seconds, limit.metric, its)
                for seconds, its in zip((normal_s, degraded_s), known, strict=True)
            )
            results.append(
                SloResult(
                    workload=found.pool.workloads[limit.class_id],
                    metric=limit.metric,
                    percentile=limit.statistic,
                    target_ms=limit.seconds * 1e3,
                    predicted_ms=normal_s * 1e3,
                    low_ms=low * 1e3,
                    high_ms=high * 1e3,
                    degraded_ms=degraded_s * 1e3,
                    met=normal_s <= limit.seconds and degraded_s <= limit.seconds,
                    probability=chance,
                    probability_degraded=degraded_chance,
                    method="simulated" if told else "analytic",
                    analytic_ms=analytic[0] * 1e3,
                    analytic_degraded_ms=analytic[1] * 1e3,
                    interval_ms=_interval(told[0]) if told else None,
                    interval_degraded_ms=_interval(told[1]) if told else None,
                    gap=normal_s / analytic[0] - 1 if told else None,
                )
            )
    return tuple(results)


def _interval(found: Estimate) -> tuple[float, float]:
    return found.low * 1e3, found.high * 1e3


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
    simulated: Simulated | None = None,
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
                analytic_rate_per_replica=pool.peak_rate * candidate.screened_share,
                rate_half_width=None if candidate.analytic_share is None else candidate.half_width,
                limited_by=candidate.limit,
                api_processes=up[i] * candidate.replica.table.front_processes if _has_station(candidate) else None,
                api_ceiling_per_replica=candidate.api_ceiling if _has_station(candidate) else None,
                utilization=normal.factor / (up[i] * candidate.share),
                utilization_degraded=degraded.factor / (down[i] * candidate.share),
                in_flight=float(latency[i].in_flight[row]),
                weights_gb_per_gpu=candidate.replica.memory.weights_gb,
                kv_capacity_tokens=candidate.replica.table.kv_capacity_tokens,
                kv_use_p95=simulated.up[i].kv_use_p95 if simulated else float(latency[i].kv_use_p95[row]),
                kv_use_p95_degraded=_kv_use_degraded(latency[i], degraded_row, simulated, i),
            )
        )
    return tuple(made)


def _kv_use_degraded(latency: Latency, row: int | None, simulated: Simulated | None, i: int) -> float | None:
    if simulated is not None:
        return simulated.down[i].kv_use_p95
    return None if row is None else float(latency.kv_use_p95[row])


def _has_station(candidate: Candidate) -> bool:
    return math.isfinite(candidate.api_ceiling)


def fleet_utilization(e: Evaluated, state: State) -> float:
    """Peak-hour load over capacity at the SLO of the busiest pool."""
    return utilization(e.layout, state.replicas, state.factor)
