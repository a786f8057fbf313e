"""The recorded steps about what is promised: predicted percentiles, the chance of meeting them, GPUs at 90 % confidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aisizer.plan.records import Decision, Step
from aisizer.sizing.records import SloResult
from aisizer.units import figure

QUEUE, ERROR = "docs/method.md: queue", "docs/method.md: how sure"


def confidence_steps(decision: Decision) -> Iterator[Step]:
    """The first purchase at 90 % confidence, and the chance of meeting the least certain SLO."""
    yield Step(
        name="decision.gpus_p90",
        meaning="the first purchase of the same layout with every SLO met at 90 % confidence",
        formula="as decision.gpus, with the larger of two needs: load / (1 - headroom) / capacity, and load / "
        "(1 - forecast part of the headroom) / capacity where each target is divided by the P90 of measured over predicted",
        inputs={
            "decision.gpus_p50": str(decision.gpus_p50),
            "decision.gpus_needed": str(decision.gpus_needed),
            "decision.gpus_needed_p90": _shown(decision.gpus_needed_p90),
        },
        value=_shown(decision.gpus_p90),
        unit="GPU",
        source=ERROR,
        next=("waterfall.confidence", "decision.probability_met"),
    )
    yield Step(
        name="decision.probability_met",
        meaning="chance that the measured value of the least certain SLO is within its target, all servers up",
        formula="least over the SLOs of P(measured / predicted <= target / predicted)",
        inputs={"resilience.confidence": f"{decision.confidence:g}"},
        value=_chance(decision.probability_met),
        unit="1",
        source=ERROR,
    )


def slo_steps(slo: Sequence[SloResult], decision: Decision) -> Iterator[Step]:
    """Every promised percentile as it is predicted."""
    for result in slo:
        pool = next(p for p in decision.pools if result.workload in p.workloads)
        yield Step(
            name=f"slo.{result.workload}.{result.metric}_{result.percentile}",
            meaning="predicted with all servers of the first wave up, at its busiest month, burst included",
            formula="percentile over the requests of a simulated run at the rate of one replica, warm-up left out"
            if result.method == "simulated"
            else "percentile of the state-dependent batching queue at the rate of one replica",
            inputs={
                "replicas": str(pool.replicas),
                f"pools.{pool.name}.peak_rate_per_replica": f"{figure(pool.peak_rate_per_replica)} req/s",
                "target": f"{result.target_ms:g} ms",
                **_simulated(result),
                "80 % band": f"{figure(result.low_ms)} to {figure(result.high_ms)} ms",
                "P(met)": _chance(result.probability),
                "engine": pool.engine,
                "with the redundancy down": f"{figure(result.degraded_ms, 6)} ms",
            },
            value=figure(result.predicted_ms, 6),
            unit="ms",
            source=QUEUE,
            next=(
                f"pools.{pool.name}.peak_rate_per_replica",
                f"pools.{pool.name}.burst",
                f"pools.{pool.name}.kv_use_p95",
            ),
        )


def _simulated(result: SloResult) -> dict[str, str]:
    """The interval of a simulated percentile and the analytic figure beside it."""
    if result.interval_ms is None or result.analytic_ms is None:
        return {}
    low, high = result.interval_ms
    return {
        "95 % interval": f"{figure(low)} to {figure(high)} ms",
        "analytic queue": f"{figure(result.analytic_ms, 6)} ms",
    }


def _chance(probability: float | None) -> str:
    """A probability, never rounded to certainty."""
    if probability is None:
        return "unknown"
    return (
        f"{probability:.4f}"
        if 0.0001 <= probability <= 0.9999
        else "above 0.9999"
        if probability > 0.5
        else "below 0.0001"
    )


def _shown(count: int | None) -> str:
    return "none: an idle replica misses an SLO at that confidence" if count is None else str(count)
