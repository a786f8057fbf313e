"""Capacity within limits, analytic over simulated: what a replica carries with p95 of TTFT and TPOT kept, as Markdown.

The replicas, budgets and workloads of `analytic.py`. The simulated capacity is found by bisection on the rate, every rate
with the same lengths and the same exponential gaps. Reads no random number beyond a fixed seed.
"""

from __future__ import annotations

import argparse

import numpy as np
from analytic import REPLICAS, SAMPLE, WORKLOADS, Workload, largest_rate, requests, tables

from aisizer.queueing.occupancy import Limit, Load, capacity
from aisizer.queueing.simulate import simulate
from aisizer.shapes import Floats, StepTable

LIMITS = {"chat": (1.0, 0.05), "rag": (2.0, 0.05), "code": (1.5, 0.1), "reason": (1.0, 0.05), "agent": (3.0, 0.05)}
"""[s] p95 of TTFT and of TPOT by workload: what products of the kind promise."""
BISECTIONS = 10
CLOSE = 0.1
"""[1] an error of capacity that is called close."""


def limits(name: str) -> list[Limit]:
    """Both limits of a workload."""
    return [Limit(0, metric, "p95", seconds) for metric, seconds in zip(("ttft", "tpot"), LIMITS[name], strict=True)]


def simulated(table: StepTable, workload: Workload, name: str, largest: float, count: int) -> float:
    """[req/s] the largest stable rate that meets both limits; 0 where the lowest one tried misses."""
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        good = _meets(table, workload, name, largest * middle, count)
        low, high = (middle, high) if good else (low, middle)
    return low * largest


def _meets(table: StepTable, workload: Workload, name: str, rate: float, count: int) -> bool:
    run, cut = simulate(table, requests(workload, count, seed=5, rate=rate)), count // 10
    found = (np.nanquantile(values[cut:-cut], 0.95) for values in (run.ttft_s, run.tpot_s))
    return all(value <= limit for value, limit in zip(found, LIMITS[name], strict=True))


def ratios(found: list[StepTable], count: int) -> tuple[Floats, Floats]:
    """Analytic over simulated capacity, without limits and with them [table, workload]; nan where neither carries any."""
    stable, kept = (np.full((len(found), len(WORKLOADS)), np.nan) for _ in range(2))
    for j, (name, workload) in enumerate(WORKLOADS.items()):
        analytic = capacity(found, requests(workload, SAMPLE, seed=0), Load(np.ones(1), np.zeros(1)), limits(name))
        for i, table in enumerate(found):
            largest = largest_rate(table, workload, count)
            within = simulated(table, workload, name, largest, count)
            stable[i, j] = analytic.stable_share[i] / largest
            kept[i, j] = analytic.share[i] / within if within else (np.inf if analytic.share[i] else np.nan)
    return stable, kept


def _row(label: str, stable: Floats, kept: Floats) -> str:
    columns = []
    for ratio in (stable, kept):
        known = ratio[~np.isnan(ratio)]
        low, middle, high = np.quantile(known, (0.05, 0.5, 0.95))
        columns.append(f"{low:.2f} / {middle:.2f} / {high:.2f} | {np.mean(abs(known - 1) <= CLOSE):.0%}")
    return f"| {label} | {' | '.join(columns)} | {int(np.isnan(kept).sum())} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="vllm", help="engine record of the catalog, by name or with its version")
    parser.add_argument("--requests", type=int, default=20_000, help="per run")
    options = parser.parse_args()
    stable, kept = ratios(tables(options.engine), options.requests)
    each = len(stable) // len(REPLICAS)
    print(
        "| pairs | stable rate, p5 / p50 / p95 | within 10 % | rate within limits, p5 / p50 / p95 | within 10 % | neither |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    print(_row(f"all, {stable.size}", stable, kept))
    for j, name in enumerate(WORKLOADS):
        print(_row(name, stable[:, j], kept[:, j]))
    for i, name in enumerate(REPLICAS):
        print(_row(name, stable[each * i : each * (i + 1)], kept[each * i : each * (i + 1)]))


if __name__ == "__main__":
    main()
