"""Times `aisizer predict POINTS.csv` on 20,000 rows, with numba and without, and compares what both say.

python benchmarks/predict_speed.py [--rows 20000]
"""

from __future__ import annotations

import argparse
import csv
import itertools
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DEPLOYMENTS = (
    ("llama-3.1-70b", "h100-sxm", "fp8", (2, 4, 8)),
    ("llama-3.1-8b", "l40s", "fp8", (1, 2)),
    ("gpt-oss-120b", "b200-sxm", "fp4", (1, 2, 4)),
    ("deepseek-v3", "h200-sxm", "fp8", (8,)),
    ("qwen3-32b", "a100-80-sxm", "bf16", (2, 4)),
)
ENGINES = ("vllm", "sglang", "trtllm")
LENGTHS = ((1024, 1024), (8192, 1024), (1024, 8192), (2048, 256), (512, 128))
LOADS = (
    *(("static", batch) for batch in (1, 16, 64, 256)),
    *(("closed_burst", clients) for clients in (4, 16, 64)),
    *(("closed_steady", clients) for clients in (8, 32)),
    ("poisson", 1.0),
)
"""Kinds of run in about the shares of published measurements: 4 static batches, 5 closed loops, 1 open one of ten."""
HEADER = ("model", "gpu", "precision_weights", "tp", "engine", "isl_mean", "osl_mean", "protocol", "load_value")


def points(count: int) -> list[tuple[object, ...]]:
    """Runs over all of the above, each prompt's length moved a little so that no two rows are alike."""
    kinds = [(m, g, p, t) for m, g, p, degrees in DEPLOYMENTS for t in degrees]
    every = list(itertools.product(kinds, ENGINES, LENGTHS, LOADS))
    rows = []
    for index in range(count):
        (model, gpu, precision, tp), engine, (isl, osl), (protocol, load) = every[index % len(every)]
        moved = index // len(every)
        rows.append((model, gpu, precision, tp, engine, isl + moved, osl, protocol, load))
    return rows


def timed(source: Path, target: Path, compiled: bool) -> float:
    """[s] from start to exit of the command line."""
    environment = os.environ | {"NUMBA_DISABLE_JIT": "0" if compiled else "1"}
    started = time.perf_counter()
    command = [sys.executable, "-m", "aisizer", "predict", str(source), "-o", str(target)]
    subprocess.run(command, check=True, env=environment, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "points.csv"
        with source.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([HEADER, *points(options.rows)])
        seconds = {kind: timed(source, folder / f"{kind}.csv", kind == "numba") for kind in ("numba", "plain")}
        same = (folder / "numba.csv").read_bytes() == (folder / "plain.csv").read_bytes()
    print(f"{options.rows:,} rows on {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}\n")
    print("| simulator | s | target s |\n|---|---:|---:|")
    for kind, taken in seconds.items():
        print(f"| {kind} | {taken:.1f} | 60 |")
    print(f"\nBoth files are {'the same bytes' if same else 'different'}.")


if __name__ == "__main__":
    main()
