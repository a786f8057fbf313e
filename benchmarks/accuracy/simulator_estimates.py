"""Runs inside an interpreter that has aisimulate: simulates points one by one with its command line and times each.

    python simulator_estimates.py POINTS.csv OUT.csv SECONDS

Stands alone on purpose, since that interpreter does not have aisizer. Each run has the clients and the mean lengths of the
row and ten requests per client. Points that OUT.csv already holds are not asked again.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from peer_estimates import PACKAGED, quantisation, rows_of, whole

COLUMNS = ("id", "sim_ttft_ms", "sim_tpot_ms", "sim_tok_s", "sim_seconds", "sim_reason")
COMMAND = str(Path(sys.executable).with_name("aisimulate"))


def main() -> None:
    points, out, seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    known = {row["id"] for row in rows_of(out)} if out.exists() else set()
    deadline = time.monotonic() + seconds
    with out.open("a", newline="") as file, tempfile.TemporaryDirectory() as folder:
        writer = csv.writer(file)
        if not known:
            writer.writerow(COLUMNS)
        for row in rows_of(points):
            if time.monotonic() > deadline:
                break
            if row["id"] not in known:
                writer.writerow([row["id"], *_simulate(row, Path(folder))])
                file.flush()


def _simulate(row: dict[str, str], folder: Path) -> tuple[object, ...]:
    config = folder / "prediction.yaml"
    config.write_text(json.dumps(_config(row)))  # JSON is YAML
    command = [
        COMMAND,
        "predict",
        "-c",
        str(config),
        "--format",
        "json",
        "--output-dir",
        str(folder / "out"),
        "--overwrite",
    ]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = f"{time.perf_counter() - started:.2f}"
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no message"]
        return "", "", "", seconds, lines[-1][:200]
    found = json.loads(done.stdout)
    return found["mean_ttft_ms"], found["mean_tpot_ms"], found["output_throughput_tok_s"], seconds, ""


def _config(row: dict[str, str]) -> dict[str, object]:
    source = {
        "type": "synthetic",
        "input_tokens": round(float(row["isl_mean"])),
        "output_tokens": round(float(row["osl_mean"])),
    }
    load = {"type": "concurrency", "concurrency": whole(row["load_value"])}
    return {
        "traffic": {"source": source, "load": load, "stop": {"requests": whole(row["n_requests"])}},
        "engine": {
            "mode": "aggregated",
            "model": PACKAGED.get(row["model_path"], row["model_path"]),
            "hardware": row["system"],
            "backend": row["backend"],
            "workers": {"aggregated": _worker(row)},
        },
    }


def _worker(row: dict[str, str]) -> dict[str, object]:
    degree, experts = whole(row["tp"]), whole(row["ep"])
    layout = {"tensor": degree}
    if row["moe_quant_mode"] or experts > 1:
        layout |= {"moe_tensor": degree // experts, "moe_expert": experts}
    timing = {name: value for name, value in quantisation(row).items() if value}
    return {"parallelism": layout, "timing": timing} if timing else {"parallelism": layout}


if __name__ == "__main__":
    main()
