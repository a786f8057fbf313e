"""Times the discrete-event simulator, compiled by numba and as plain Python, as rows of a Markdown table.

Each way runs in a process of its own. The first call, which loads or compiles the event loop, is not timed.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib.util import find_spec

import numpy as np

from aisizer.queueing import simulate as simulator
from aisizer.queueing.simulate import simulate
from aisizer.shapes import Floats, Requests, StepTable

GRID = np.unique(np.concatenate([np.arange(0, 64, 8), np.geomspace(64, 16384, 60).round()]))
REPLICA = StepTable(
    token_grid=GRID,
    tokens_s=(0.012**3 + (4.5e-5 * GRID) ** 3) ** (1 / 3),
    sequence_grid=GRID,
    sequences_s=2e-4 + 1.5e-6 * GRID,
    prefill_attention_s=2.7e-10,
    kv_read_s=2.2e-8,
    prefill_fixed_s=4e-4,
    decode_fixed_s=3e-4,
    step_fixed_s=8e-4,
    per_sequence_s=4e-6,
    request_fixed_s=8e-3,
    kv_capacity_tokens=900_000,
    max_batch=256,
    token_budget=8192,
)
"""A made-up replica of the size of a 70B model on four H100."""
RATE = 8.0
"""[req/s] per replica: about two thirds of what it sustains with the lengths below."""


WORTH_COMPILING = {"numba": 0, "plain Python": 10**12}
"""[request] from which the simulator compiles its loop."""


def lengths(rng: np.random.Generator, mean: float, sigma: float, count: int) -> Floats:
    """Log-normal token counts."""
    return np.clip(np.round(mean * np.exp(sigma * rng.normal(size=count) - sigma**2 / 2)), 1, 32_000)


def chat(count: int, rate: float) -> Requests:
    """Poisson arrivals with 1,000 prompt and 220 output tokens on average."""
    rng = np.random.default_rng(1)
    return Requests(
        arrival_s=np.cumsum(rng.exponential(1 / rate, count)),
        prompt_tokens=lengths(rng, 1000, 1.0, count),
        output_tokens=lengths(rng, 220, 0.9, count),
        cached_tokens=np.zeros(count),
        class_id=np.zeros(count, dtype=np.int64),
    )


def rates(count: int, replicas: int, skip_events: bool, runs: int) -> list[float]:
    """[req/s] simulated, by processor time, one figure per run."""
    requests, found = chat(count, RATE * replicas), []
    for timed in [False] + [True] * runs:
        started = time.process_time()
        simulate(REPLICA, requests, replicas=replicas, routing="least_outstanding", skip_events=skip_events)
        if timed:
            found.append(count / (time.process_time() - started))
    return found


def rows(way: str, count: int, runs: int) -> None:
    simulator.WORTH_COMPILING = WORTH_COMPILING[way]
    for replicas, skip_events in ((1, True), (1, False), (8, True)):
        found = rates(count, replicas, skip_events, runs)
        step = "stretches" if skip_events else "every step"
        median, slowest, fastest = statistics.median(found), min(found), max(found)
        print(
            f"| {way} | {replicas} | {step} | {count:,} | {median:,.0f} | {slowest:,.0f} | {fastest:,.0f} |", flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each row, after one that is not")
    parser.add_argument(
        "--loop", choices=WORTH_COMPILING, help="the rows of one loop, in this process, without heading"
    )
    given = parser.parse_args()
    if given.loop:
        rows(given.loop, given.requests, given.runs)
        return
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"Median of {given.runs} runs; {system}\n")
    print(
        "| loop | replicas | simulated | requests | requests/s | slowest | fastest |\n|---|---:|---|---:|---:|---:|---:|"
    )
    sys.stdout.flush()
    for way in WORTH_COMPILING if find_spec("numba") else ("plain Python",):
        command = [sys.executable, __file__, "--loop", way, f"--requests={given.requests}", f"--runs={given.runs}"]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
