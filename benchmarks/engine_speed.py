"""Times one step table and a screening of 100,000 (configuration, load) points on two cores, as Markdown lines."""

from __future__ import annotations

import argparse
import csv
import os
import platform
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from aisizer.catalog.load import load_catalog
from aisizer.engine.replica import Replica, build
from aisizer.queueing.occupancy import Load, solve
from aisizer.shapes import Requests, StepTable

POINTS = 100_000
BATCH = 1_000
"""[configuration] solved in one call: what fits the caches of a core."""
CORES = 2
CASES = (("llama-3.3-70b", "fp8"), ("gpt-oss-120b", "fp4"), ("deepseek-r1", "fp8"), ("qwen3-32b", "fp8"))
GPUS = ("h100-sxm", "h200-sxm", "b200-sxm")
CONTEXT_TOKENS = 1_500.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", type=Path, help="aiconfigurator's timed answers, as benchmarks/accuracy keeps them")
    parser.add_argument("--runs", type=int, default=20, help="builds of each step table")
    options = parser.parse_args()
    build_s, tables = _tables(options.runs)
    wall_s, busy_s = _screen(tables)
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores at a load average of "
        f"{os.getloadavg()[0]:.1f}, Python {platform.python_version()}, numpy {np.__version__}; "
        "printed by `python benchmarks/engine_speed.py`.\n\n| what | time | target |\n|---|---:|---:|\n"
        f"| one step table, median of {len(tables)} layouts x {options.runs} | {build_s * 1e3:.2f} ms | 2.5 ms |\n"
        f"| {POINTS:,} (configuration, load) points on {CORES} cores, wall clock | {wall_s:.1f} s | 7 s |\n"
        f"| the same, processor time of each core | {busy_s / CORES:.1f} s | 7 s |"
    )
    if options.peer:
        peer_s, each_s = _peer_s(options.peer), wall_s / POINTS
        print(f"| aiconfigurator 0.12, one estimate in one process, median | {peer_s:.2f} s | - |\n")
        print(
            f"A screened point takes {each_s * 1e6:.0f} us; an estimate of aiconfigurator {peer_s / each_s:,.0f} times that."
        )


def _tables(runs: int) -> tuple[float, list[StepTable]]:
    """Median seconds of one build, and the tables of all layouts that fit."""
    catalog = load_catalog()
    engine = catalog.find_engine("vllm")
    seconds, tables = [], []
    for name, precision in CASES:
        model = catalog.find_model(name)
        for gpu in (catalog.find_gpu(gpu) for gpu in GPUS):
            for degree in (2, 4, 8):
                for _ in range(runs):
                    started = time.perf_counter()
                    made = build(
                        model,
                        gpu,
                        engine,
                        tensor_parallel=degree,
                        precision=precision,
                        mean_context_tokens=CONTEXT_TOKENS,
                    )
                    seconds.append(time.perf_counter() - started)
                if isinstance(made, Replica):
                    tables.append(made.table)
    return statistics.median(seconds), tables


def _screen(tables: list[StepTable]) -> tuple[float, float]:
    """Seconds for all points on two processes, tables in turn: wall clock, and processor time of both together."""
    batches = [[tables[(start + i) % len(tables)] for i in range(BATCH)] for start in range(0, POINTS, BATCH)]
    with ProcessPoolExecutor(CORES) as pool:
        list(pool.map(_latencies, batches[:CORES], range(CORES)))  # starts the processes
        started = time.perf_counter()
        busy_s = sum(pool.map(_latencies, batches, range(len(batches))))
        return time.perf_counter() - started, busy_s


def _latencies(tables: list[StepTable], seed: int) -> float:
    """Solves every table at a rate of its own, means and percentiles, and tells the processor time. [s]"""
    started = time.process_time()
    rates = np.random.default_rng(seed).uniform(0.05, 5.0, len(tables))
    solve(tables, _requests(), Load(np.ones(1), np.zeros(1)), rates)
    return time.process_time() - started


def _requests() -> Requests:
    """A fixed log-normal chat load: 1,000 prompt and 250 output tokens on average."""
    draws = np.random.default_rng(0)
    prompts = np.ceil(draws.lognormal(np.log(1_000) - 0.5, 1.0, 500))
    outputs = np.ceil(draws.lognormal(np.log(250) - 0.32, 0.8, 500))
    return Requests(np.zeros(500), prompts, outputs, np.zeros(500), np.zeros(500, dtype=np.int64))


def _peer_s(path: Path) -> float:
    with path.open(newline="") as file:
        return statistics.median(float(row["peer_seconds"]) for row in csv.DictReader(file) if not row["peer_reason"])


if __name__ == "__main__":
    main()
