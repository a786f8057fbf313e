"""Times the reading of traces in rows a second, and the memory it takes, as rows of a Markdown table.

Each format is read in a process of its own from a file made here: random times and token counts, in the layout of the format.
Time is that of the processor, so that other work on the machine does not count.

    python benchmarks/trace_speed.py [--rows 1000000]
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

MB = 1e6


def _azure_2023(t: float, i: int, o: int) -> str:
    return f"{datetime.fromtimestamp(1.7e9 + t, UTC):%Y-%m-%d %H:%M:%S.%f}0,{i},{o}"


def _azure_2024(t: float, i: int, o: int) -> str:
    return f"{datetime.fromtimestamp(1.715e9 + t, UTC).isoformat(sep=' ')},{i},{o}"


def _malformed(t: float, i: int, o: int) -> str:
    return _azure_2023(t, i, o) if i % 5000 else _azure_2023(t, i, o) + "x"


def _burst(t: float, i: int, o: int) -> str:
    return f"{t:.1f},{i},{t:.0f},GPT-4,{i},{o},{i + o},Conversation log"


def _mooncake(t: float, i: int, o: int) -> str:
    blocks = list(range(i, i + 20))
    return json.dumps({"timestamp": round(1000 * t), "input_length": i, "output_length": o, "hash_ids": blocks})


FORMATS: dict[str, tuple[str, str, Callable[[float, int, int], str]]] = {
    "Azure 2023": ("azure23.csv", "TIMESTAMP,ContextTokens,GeneratedTokens", _azure_2023),
    "Azure 2023, gzip": ("azure23.csv.gz", "TIMESTAMP,ContextTokens,GeneratedTokens", _azure_2023),
    "Azure 2024": ("azure24.csv", "TIMESTAMP,ContextTokens,GeneratedTokens", _azure_2024),
    "Azure 2023, a malformed row in 5,000": ("bad.csv", "TIMESTAMP,ContextTokens,GeneratedTokens", _malformed),
    "BurstGPT, 8 columns": (
        "burst.csv",
        "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type",
        _burst,
    ),
    "Mooncake": ("mooncake.jsonl", "", _mooncake),
}


def write(path: Path, header: str, line: Callable[[float, int, int], str], rows: int) -> None:
    """A file of so many rows."""
    rng = np.random.default_rng(1)
    times = np.cumsum(rng.exponential(0.2, rows)).tolist()
    prompts, outputs = rng.integers(1, 9000, rows).tolist(), rng.integers(1, 900, rows).tolist()
    lines = [header, *(line(*row) for row in zip(times, prompts, outputs, strict=True))]
    content = "\r\n".join(lines[not header :]).encode()
    path.write_bytes(gzip.compress(content, 1) if path.suffix == ".gz" else content)


def read(path: Path) -> None:
    """Reads one file and prints rows a second and the most memory [MB] beyond that of the start."""
    from aisizer.demand.traces.read import read_trace

    before = _peak_mb()
    start = time.process_time()
    trace = read_trace(path)
    took = time.process_time() - start
    rows = len(trace.requests.arrival_s) + trace.malformed.count
    print(rows / took, _peak_mb() - before)


def _peak_mb() -> float:
    """[MB] the most memory of this process so far, by Linux; getrusage would give that of the process that started it."""
    status = Path("/proc/self/status").read_text("utf-8")
    return float(status.split("VmHWM:")[1].split()[0]) * 1024 / MB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read:
        read(given.read)
        return
    print("| format | rows/s | memory MB |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, (file, header, line) in FORMATS.items():
            path = Path(folder) / file
            write(path, header, line, given.rows)
            command = [sys.executable, __file__, "--read", str(path)]
            speed, memory = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            print(f"| {name} | {float(speed):,.0f} | {float(memory):,.0f} |")
            path.unlink()


if __name__ == "__main__":
    main()
