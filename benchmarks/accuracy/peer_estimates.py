"""Runs inside an interpreter that has aiconfigurator 0.12: estimates points one by one and times each call.

    python peer_estimates.py POINTS.csv OUT.csv SECONDS

Stands alone on purpose, since that interpreter does not have aisizer. A point that it refuses keeps its reason; points
that OUT.csv already holds are not asked again.
"""

from __future__ import annotations

import contextlib
import csv
import io
import logging
import sys
import time
from pathlib import Path

COLUMNS = ("id", "peer_ttft_ms", "peer_tpot_ms", "peer_seconds", "peer_reason")
QUANT = ("gemm_quant_mode", "moe_quant_mode")
PACKAGED = {
    "meta-llama/Llama-3.1-70B": "meta-llama/Meta-Llama-3.1-70B",
    "meta-llama/Llama-3.1-8B-Instruct": "meta-llama/Meta-Llama-3.1-8B",
    "nvidia/Llama-3.1-8B-Instruct-FP8": "meta-llama/Meta-Llama-3.1-8B",
    "nvidia/DeepSeek-R1-NVFP4": "deepseek-ai/DeepSeek-R1",
    "nvidia/Qwen3-32B-NVFP4": "Qwen/Qwen3-32B",
    "zhipuai/GLM-5": "zai-org/GLM-5",
}
"""The same networks under the names whose configs the package holds, so that it need not reach the network."""


def main() -> None:
    from aiconfigurator.cli.api import cli_estimate

    points, out, seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    logging.disable(logging.CRITICAL)
    known = {row["id"] for row in rows_of(out)} if out.exists() else set()
    deadline = time.monotonic() + seconds
    with out.open("a", newline="") as file:
        writer = csv.writer(file)
        if not known:
            writer.writerow(COLUMNS)
        for row in rows_of(points):
            if time.monotonic() > deadline:
                break
            if row["id"] not in known:
                writer.writerow([row["id"], *_estimate(cli_estimate, row)])
                file.flush()


def rows_of(path: Path) -> list[dict[str, str]]:
    """All rows of a CSV file."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _estimate(estimate, row):  # type: ignore[no-untyped-def]
    started = time.perf_counter()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            result = estimate(
                PACKAGED.get(row["model_path"], row["model_path"]),
                row["system"],
                backend_name=row["backend"],
                isl=int(row["isl"]),
                osl=int(row["osl"]),
                batch_size=whole(row["load_value"]),
                tp_size=whole(row["tp"]),
                moe_tp_size=whole(row["tp"]) // whole(row["ep"]),
                moe_ep_size=whole(row["ep"]),
                **quantisation(row),
            )
    except Exception as error:  # a refusal is a result here: its reason is kept and counted
        return "", "", f"{time.perf_counter() - started:.3f}", f"{type(error).__name__}: {error}"[:200]
    return result.ttft, result.tpot, f"{time.perf_counter() - started:.3f}", ""


def quantisation(row: dict[str, str]) -> dict[str, str | None]:
    """As the row says; gpt-oss has one format, MXFP4, which the tool finds in the model's config."""
    return {} if "gpt-oss" in row["model_path"] else {name: row[name] or None for name in QUANT}


def whole(text: str) -> int:
    """A whole number as data frames write it, 8.0."""
    return int(float(text))


if __name__ == "__main__":
    main()
