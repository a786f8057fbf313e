"""The analytic queue against the simulator on the same step tables: errors of latencies and of capacity, as Markdown.

Six replicas with two token budgets, five workloads, five loads; a load is a share of the largest rate that the
simulator keeps up with. Both sides read the same table, so that nothing but the queue differs. Part of the pairs is set apart: no
correction of the analytic queue was chosen on them.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.special import ndtri

from aisizer.catalog.load import load_catalog
from aisizer.engine.replica import Replica, build
from aisizer.queueing.occupancy import Load, solve
from aisizer.queueing.percentiles import LEVELS
from aisizer.queueing.simulate import Outcome, simulate
from aisizer.shapes import Floats, Requests, StepTable

REPLICAS = {
    "llama-3.1-8b bf16 H100": ("llama-3.1-8b", "h100-sxm", 1, "bf16"),
    "llama-3.1-70b fp8 4xH100": ("llama-3.1-70b", "h100-sxm", 4, "fp8"),
    "gpt-oss-120b fp4 2xH100": ("gpt-oss-120b", "h100-sxm", 2, "fp4"),
    "qwen3-32b fp8 4xL40S": ("qwen3-32b", "l40s", 4, "fp8"),
    "llama-3.1-70b fp8 2xH200": ("llama-3.1-70b", "h200-sxm", 2, "fp8"),
    "qwen3-235b fp8 8xB200": ("qwen3-235b-a22b", "b200-sxm", 8, "fp8"),
}
BUDGETS = (2048, 8192)
APART_REPLICAS = ("llama-3.1-70b fp8 2xH200", "qwen3-235b fp8 8xB200")
APART_WORKLOADS = ("rag", "agent")
LOADS = (0.1, 0.3, 0.5, 0.7, 0.8)
LARGEST_PROMPT, LARGEST_OUTPUT = 24_000, 8_000
SAMPLE = 4096
"""Requests from which the analytic queue takes its moments."""
SEARCHES, WAITING = 8, 0.01
"""Bisections of the largest stable rate, and the part of all requests that may wait at the end of a stable run."""
ENDS = 0.1
"""Part of the requests at either end that is not counted: the queue fills, the queue drains."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Log-normal lengths: mean and sigma of the logarithm; the part of a prompt that the prefix cache holds."""

    prompt: float
    prompt_sigma: float
    output: float
    output_sigma: float
    cached: float = 0.0


WORKLOADS = {
    "chat": Workload(1000, 1.0, 220, 0.9),
    "rag": Workload(5000, 0.6, 250, 0.7),
    "code": Workload(2500, 0.8, 30, 0.7),
    "reason": Workload(600, 1.0, 1500, 0.9),
    "agent": Workload(8000, 0.7, 400, 1.0, cached=0.6),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One statistic that both sides give, and the mean error that is aimed at; none: for information."""

    metric: str
    statistic: str
    target: float | None

    @property
    def name(self) -> str:
        """As a column is headed."""
        return f"{self.metric.upper()} {self.statistic}"


FIGURES = (
    Figure("ttft", "mean", 0.04),
    Figure("ttft", "p95", 0.08),
    Figure("ttft", "p99", 0.12),
    Figure("tpot", "mean", 0.03),
    Figure("tpot", "p95", 0.09),
    Figure("e2e", "mean", None),
    Figure("e2e", "p95", None),
)


@dataclass(frozen=True, slots=True)
class Cells:
    """All cells, arrays [replica x budget, workload, load, figure]: simulated [s], its relative standard error, analytic
    [s]; and the largest rate that the simulator keeps up with [req/s], [replica x budget, workload]."""

    simulated: Floats
    noise: Floats
    analytic: Floats
    largest: Floats

    @property
    def error(self) -> Floats:
        """Signed relative error of the analytic figure; nan where it has none."""
        result: Floats = self.analytic / self.simulated - 1
        return result


def tables(engine: str = "vllm") -> list[StepTable]:
    """The step tables of every replica and budget, without the API processes' ceiling, which the simulator has not."""
    catalog, found = load_catalog(), []
    for model, gpu, degree, precision in REPLICAS.values():
        made = build(
            catalog.find_model(model),
            catalog.find_gpu(gpu),
            catalog.find_engine(engine),
            tensor_parallel=degree,
            precision=precision,
            max_context_tokens=float(LARGEST_PROMPT + LARGEST_OUTPUT),
        )
        if not isinstance(made, Replica):
            raise SystemExit(f"{model} on {gpu} cannot be built: {made.detail}")
        bare = replace(made.table, front_request_s=0.0, front_token_s=0.0)
        found += [replace(bare, token_budget=budget) for budget in BUDGETS]
    return found


def requests(workload: Workload, count: int, seed: int, rate: float | None = None) -> Requests:
    """Evenly spaced quantiles in random order; Poisson arrivals, or all at once."""
    rng = np.random.default_rng(seed)
    prompt = rng.permutation(_lognormal(workload.prompt, workload.prompt_sigma, count, LARGEST_PROMPT))
    return Requests(
        arrival_s=np.zeros(count) if rate is None else np.cumsum(rng.exponential(1 / rate, count)),
        prompt_tokens=prompt,
        output_tokens=rng.permutation(_lognormal(workload.output, workload.output_sigma, count, LARGEST_OUTPUT)),
        cached_tokens=np.floor(prompt * workload.cached),
        class_id=np.zeros(count, dtype=np.int64),
    )


def _lognormal(mean: float, sigma: float, count: int, largest: int) -> Floats:
    normal = ndtri((np.arange(count) + 0.5) / count)
    return np.clip(np.rint(mean * np.exp(sigma * normal - sigma**2 / 2)), 1, largest)


def largest_rate(table: StepTable, workload: Workload, count: int) -> float:
    """[req/s] the largest rate of open arrivals that is kept up with, by bisection around what a backlog runs at.

    A backlog keeps the KV memory full, so that requests are preempted and computed twice: without one, more is carried.
    """
    finish = np.sort(simulate(table, requests(workload, count, seed=99)).finish_s)
    first, last = count // 5, 4 * count // 5
    low, high = (part * (last - first) / (finish[last] - finish[first]) for part in (0.9, 1.5))
    for _ in range(SEARCHES):
        middle = (low + high) / 2
        low, high = (middle, high) if _kept_up(table, requests(workload, count, 98, middle)) else (low, middle)
    return float(low)


def _kept_up(table: StepTable, arriving: Requests) -> bool:
    """Whether few wait for their first token when the last request is sent."""
    waiting = simulate(table, arriving).first_token_s > arriving.arrival_s[-1]
    return bool(waiting.mean() < WAITING)


def figures(run: Outcome) -> Floats:
    """[s] every figure of a run, its ends cut off. [figure]"""
    cut = int(len(run.sent_s) * ENDS)
    columns = {"ttft": run.ttft_s[cut:-cut], "tpot": run.tpot_s[cut:-cut], "e2e": run.e2e_s[cut:-cut]}
    columns["tpot"] = columns["tpot"][~np.isnan(columns["tpot"])]
    return np.array([_statistic(columns[figure.metric], figure.statistic) for figure in FIGURES])


def _statistic(values: Floats, name: str) -> float:
    return float(values.mean() if name == "mean" else np.quantile(values, LEVELS[name]))


def simulated(found: list[StepTable], count: int, seeds: int) -> tuple[Floats, Floats]:
    """[s] all figures by seed [seed, table, workload, load, figure], and the largest rates [table, workload]."""
    rates = np.array([[largest_rate(table, w, count) for w in WORKLOADS.values()] for table in found])
    runs = [
        figures(simulate(table, requests(w, count, seed, rates[i, j] * load)))
        for seed in range(seeds)
        for i, table in enumerate(found)
        for j, w in enumerate(WORKLOADS.values())
        for load in LOADS
    ]
    return np.array(runs).reshape(seeds, len(found), len(WORKLOADS), len(LOADS), len(FIGURES)), rates


def analytic(found: list[StepTable], rates: Floats) -> Floats:
    """[s] the same figures of the analytic queue. [table, workload, load, figure]"""
    result = np.full((*rates.shape, len(LOADS), len(FIGURES)), np.nan)
    one = Load(np.ones(1), np.zeros(1))
    for j, workload in enumerate(WORKLOADS.values()):
        sample = requests(workload, SAMPLE, seed=0)
        for k, load in enumerate(LOADS):
            latency = solve(found, sample, one, rates[:, j] * load)
            for f, figure in enumerate(FIGURES):
                result[:, j, k, f] = latency.value(figure.metric, figure.statistic)[:, 0]
    return result


def measure(engine: str, count: int, seeds: int, kept: Path | None) -> Cells:
    """Simulates, or reads what an earlier call has kept, and compares."""
    found = tables(engine)
    if kept is not None and kept.exists():
        with np.load(kept) as file:
            runs, rates = file["runs"], file["rates"]
    else:
        runs, rates = simulated(found, count, seeds)
        if kept is not None:
            np.savez(kept, runs=runs, rates=rates)
    mean = runs.mean(axis=0)
    noise = runs.std(axis=0, ddof=1) / len(runs) ** 0.5 / mean
    return Cells(mean, noise, analytic(found, rates), rates)


def apart() -> np.ndarray:
    """[replica x budget, workload] whether a pair was set apart."""
    by_replica = np.repeat([name in APART_REPLICAS for name in REPLICAS], len(BUDGETS))
    result: np.ndarray = by_replica[:, None] | np.array([name in APART_WORKLOADS for name in WORKLOADS])
    return result


def _row(label: str, cells: Cells, chosen: np.ndarray) -> str:
    """Mean APE, median APE and median signed error of the chosen cells, in percent."""
    error = cells.error[chosen].reshape(-1, len(FIGURES)) * 100
    columns = [
        f"{np.nanmean(abs(e)):.1f} / {np.nanmedian(abs(e)):.1f} ({np.nanmedian(e):+.1f})"
        if np.isfinite(e).any()
        else "-"
        for e in error.T
    ]
    return f"| {label} | {' | '.join(columns)} |"


def report(cells: Cells) -> None:
    """Prints every table."""
    every, held = np.ones(cells.largest.shape, dtype=bool), apart()
    loads = np.arange(len(LOADS))
    print("| cells | " + " | ".join(f.name for f in FIGURES) + " |\n|---|" + "---:|" * len(FIGURES))
    print("| target, mean APE | " + " | ".join("-" if f.target is None else f"{f.target:.0%}" for f in FIGURES) + " |")
    for label, pairs in (("all", every), ("used for corrections", ~held), ("set apart", held)):
        print(_row(f"{label}, {pairs.sum() * len(LOADS)}", cells, np.repeat(pairs[:, :, None], len(LOADS), axis=2)))
    for k in loads:
        print(_row(f"load {LOADS[k]}", cells, every[:, :, None] & (loads == k)))
    for j, name in enumerate(WORKLOADS):
        print(_row(name, cells, _only(every, 1, [j])))
    for i, name in enumerate(REPLICAS):
        print(_row(name, cells, _only(every, 0, [i * len(BUDGETS) + b for b in range(len(BUDGETS))])))
    for b, budget in enumerate(BUDGETS):
        rows = [i * len(BUDGETS) + b for i in range(len(REPLICAS))]
        print(_row(f"budget {budget}", cells, _only(every, 0, rows)))
    print("| cells beyond the target | " + " | ".join(_beyond(cells, f) for f in range(len(FIGURES))) + " |")
    print("| noise, mean standard error | " + " | ".join(f"{n:.2%}" for n in cells.noise.mean(axis=(0, 1, 2))) + " |")
    print(f"\nCells without an analytic answer: {int(np.isnan(cells.analytic[..., 0]).sum())}.")


def _only(pairs: np.ndarray, axis: int, rows: list[int]) -> np.ndarray:
    """The cells of some rows of the pairs."""
    chosen = np.zeros(pairs.shape[axis], dtype=bool)
    chosen[rows] = True
    kept = pairs & (chosen[:, None] if axis == 0 else chosen[None, :])
    return np.repeat(kept[:, :, None], len(LOADS), axis=2)


def _beyond(cells: Cells, f: int) -> str:
    target = FIGURES[f].target
    if target is None:
        return "-"
    missed = ~(abs(cells.error[..., f]) <= target + 2 * cells.noise[..., f])  # what the noise explains is no miss
    return f"{missed.mean():.0%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="vllm", help="engine record of the catalog, by name or with its version")
    parser.add_argument("--requests", type=int, default=30_000, help="per run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--kept", type=Path, help="file that keeps the simulated figures from one call to the next")
    options = parser.parse_args()
    report(measure(options.engine, options.requests, options.seeds, options.kept))


if __name__ == "__main__":
    main()
