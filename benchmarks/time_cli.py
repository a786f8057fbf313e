"""Times the command line as a user waits for it: whole processes, median of several runs, as a Markdown table."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from aisizer.profile.load import ready_profiles

AISIZER = [sys.executable, "-m", "aisizer"]
TARGETS_S = {"aisizer --help": 0.3} | {f"aisizer size {name}": 2.0 for name in ready_profiles()}


def wall_time_s(arguments: list[str], folder: Path) -> float:
    compiled = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}  # as pip installs it
    started = time.perf_counter()
    subprocess.run([*AISIZER, *arguments], cwd=folder, check=True, capture_output=True, env=compiled)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="timed runs of each command, after one that warms caches")
    runs = parser.parse_args().runs
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{runs} runs each; {system}\n")
    print("| command | median s | fastest s | slowest s | target s |\n|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for command, target_s in TARGETS_S.items():
            arguments = command.split()[1:]
            wall_time_s(arguments, folder)
            times = [wall_time_s(arguments, folder) for _ in range(runs)]
            median_s, fastest_s, slowest_s = statistics.median(times), min(times), max(times)
            print(f"| `{command}` | {median_s:.2f} | {fastest_s:.2f} | {slowest_s:.2f} | {target_s:.1f} |")


if __name__ == "__main__":
    main()
