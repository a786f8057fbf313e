"""Compares predicted memory with published footprints: vLLM's start-up logs and TensorRT-LLM's peak in static batches.

python benchmarks/accuracy/memory_evidence.py --memory memory.csv

Each row is predicted with the settings that its source gives: the share of memory in its note, the limits of its server
below. Quantities of vLLM are those of one GPU; tokens of cache are counted as vLLM prints them, for requests of the
longest context whose window also keeps a whole chunk of prompt.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from aisizer.calibration.points import PRECISIONS
from aisizer.calibration.predict import predict_rows
from aisizer.calibration.versions import nearest_engine
from aisizer.catalog.catalog import Catalog
from aisizer.catalog.load import load_catalog
from aisizer.catalog.names import UnknownName, stated_precision
from aisizer.catalog.records import Engine, Model
from aisizer.engine.memory import Memory, memory_of
from aisizer.engine.parallel import Parallel

GIB = 2.0**30
BLOCK_TOKENS = 16
"""[token] of one block of vLLM's cache where the source counts blocks (vLLM, --block-size)."""
GRAPHS_SET_ASIDE_SINCE = 21
"""Minor version of vLLM 0.x that first sets memory for CUDA graphs aside (vllm-project/vllm#30515, start-up log of 0.27)."""


@dataclass(frozen=True, slots=True)
class Server:
    """How a source ran vLLM: what its logs do not repeat in every row."""

    version: str
    max_batch: int
    token_budget: int
    longest: float
    """[token] max_model_len, where the row's note has none"""
    memory_fraction: float = 0.9


SERVERS: Mapping[str, Server] = {
    "llm-d-incubation/llm-d-planner": Server("0.11.0", 1024, 8192, 16_000),
    "inference-sim/inference-sim": Server("0.11.0", 256, 2048, 4096),
    "heyram74/nebius_sopertors_inferencex_benchmark": Server("0.22", 0, 8192, 2068),
}
"""Server arguments by source: defaults of vLLM's server on an H100 in the first, those of the benchmark in the second; the
third prints its own at the head of each log, with as many sequences as its path names clients."""
CHECKPOINTS: Mapping[tuple[str, str], str] = {("llama-4-scout", "inference-sim/inference-sim"): "fp8"}
"""Precision of a source's checkpoint where its rows leave it out (RedHatAI/Llama-4-Scout-17B-16E-Instruct-FP8-dynamic)."""
SHARES: Mapping[str, float] = {"mem-planner-gpt-oss-120b-tp1": 0.95}
"""[1] share of memory where the figures of a server contradict its note: weights, activations, the rest and the cache add up
to 75.22 of 79.18 GiB, and 0.9 is noted."""
PEAK = "gpu_peak_memory_per_gpu"
QUANTITIES: Mapping[str, tuple[str, str, Callable[[Memory], float]]] = {
    "weights_per_gpu": ("weights", "GiB", lambda m: m.weights_gb * 1e9 / GIB),
    "activation_peak_per_gpu": ("activations", "GiB", lambda m: m.activations_gb * 1e9 / GIB),
    "non_torch_per_gpu": ("outside PyTorch", "GiB", lambda m: m.runtime_gb * 1e9 / GIB),
    "kv_cache_available_per_gpu": ("KV capacity, GiB", "GiB", lambda m: m.kv_gb * 1e9 / GIB),
    "gpu_kv_cache_blocks": ("KV capacity, tokens", "blocks", lambda m: m.kv_capacity_tokens / BLOCK_TOKENS),
    "kv_cache_tokens_total": ("KV capacity, tokens", "tokens", lambda m: m.kv_capacity_tokens),
}
"""Quantity of the file to its name here, its unit there and what is predicted for it."""


def evidence(path: Path, catalog: Catalog) -> pd.DataFrame:
    """One row per footprint: engine, quantity, model, gpu, measured and predicted in the source's unit; nan: unanswered."""
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    found = [_compared(row, catalog) for row in rows.to_dict("records") if _name(row) in QUANTITIES]
    peaks = rows[rows["quantity"].str.startswith(PEAK)]
    return pd.concat([pd.DataFrame(found), _peaks(peaks, catalog)], ignore_index=True)


def table(compared: pd.DataFrame) -> pd.DataFrame:
    """By engine and quantity: n, configurations, median APE, its 90th percentile and median bias, all in percent."""
    groups = compared.groupby(["engine", "quantity"], sort=True)
    return pd.DataFrame([{"engine": e, "quantity": q, **_errors(group)} for (e, q), group in groups])


def markdown(compared: pd.DataFrame) -> str:
    """The table, and KV capacity in one line: by row, and with each configuration counted once."""
    lines = ["| engine | quantity | n | configurations | median APE | p90 | bias |", "|---|---|---|---|---|---|---|"]
    for row in table(compared).itertuples():
        numbers = f"{row.median_ape:.1f} % | {row.p90_ape:.0f} % | {row.bias:+.1f} %"
        lines.append(f"| {row.engine} | {row.quantity} | {row.n} | {row.configurations} | {numbers} |")
    capacity = compared[compared["quantity"].str.startswith("KV capacity")]
    text = f"KV capacity of vLLM: median APE {_errors(capacity)['median_ape']:.1f} % over {len(capacity)} rows, "
    text += f"{_errors(_once(capacity))['median_ape']:.1f} % over {len(_once(capacity))} configurations."
    return "\n".join([*lines, "", text]) + "\n"


def _errors(group: pd.DataFrame) -> dict[str, float]:
    """Errors of one group; a footprint without an answer counts as an error of 100 %."""
    ratio = group["predicted"] / group["measured"] - 1
    ape = 100 * ratio.abs().fillna(1.0)
    ends = {"median_ape": float(ape.median()), "p90_ape": float(ape.quantile(0.9)), "bias": 100 * float(ratio.median())}
    return {"n": len(group), "configurations": len(_once(group)), **ends}


def _once(rows: pd.DataFrame) -> pd.DataFrame:
    """Each configuration once, where a source repeats it."""
    return rows.drop_duplicates(["quantity", "model", "gpu", "tp", "batch", "isl"])


def _name(row: Mapping[str, Any]) -> str:
    return str(row["quantity"]).split(" (")[0]


def _compared(row: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    name, _, value = QUANTITIES[_name(row)]
    memory = _memory(row, catalog)
    return {
        "engine": f"vLLM {SERVERS[row['source_repo_or_page']].version}",
        "quantity": name,
        "model": row["model"],
        "gpu": row["gpu"],
        "tp": row["tp"],
        "source": row["source_repo_or_page"],
        "measured": float(row["value_in_source"]),
        "predicted": np.nan if memory is None else value(memory),
    }


def _memory(row: Mapping[str, Any], catalog: Catalog) -> Memory | None:
    """The memory of the server that the row describes; None where it does not fit or is not known."""
    server = SERVERS[row["source_repo_or_page"]]
    try:
        model, gpu = catalog.find_model(row["model"]), catalog.find_gpu(row["gpu"])
    except UnknownName:
        return None
    longest = min(_noted(row, "max_model_len", server.longest), model.max_context)
    found = memory_of(
        _as_printed(model, server, longest),
        gpu,
        _engine(row, server, catalog),
        parallel=Parallel(int(row["tp"])),
        precision=_precision(row, model),
        mean_context_tokens=longest,
        max_context_tokens=longest,
    )
    return found if isinstance(found, Memory) else None


def _engine(row: Mapping[str, Any], server: Server, catalog: Catalog) -> Engine:
    """The engine of the catalog nearest to the version, with the server's arguments."""
    engines = [engine for engine in catalog.engines.values() if engine.engine == "vllm"]
    engine = nearest_engine(engines, server.version, "")
    settings: dict[str, Any] = {
        "memory_fraction": _share(row, server),
        "max_batch": server.max_batch or _clients(row),
        "token_budget": server.token_budget,
    }
    if int(server.version.split(".")[1]) < GRAPHS_SET_ASIDE_SINCE:
        settings["graphs_gb"] = 0.0
    return engine.model_copy(update=settings)


def _as_printed(model: Model, server: Server, longest: float) -> Model:
    """The model as vLLM counts its cache: a window keeps itself and one chunk of prompt; a chunk is not a window."""
    groups = tuple(
        group.model_copy(update={"window": _kept(group.window, server)}) if group.kind == "sliding" else group
        for group in model.attention
    )
    whole = tuple(g.model_copy(update={"kind": "full", "window": None}) if g.kind == "chunked" else g for g in groups)
    return model.model_copy(update={"attention": whole})


def _kept(window: int | None, server: Server) -> int | None:
    return None if window is None else window - 1 + server.token_budget


def _share(row: Mapping[str, Any], server: Server) -> float:
    corrected = next((share for start, share in SHARES.items() if str(row["id"]).startswith(start)), None)
    return corrected or _noted(row, "gpu_memory_utilization", server.memory_fraction)


def _clients(row: Mapping[str, Any]) -> int:
    found = re.search(r"_conc(\d+)_", row["source_path"])
    if found is None:
        raise ValueError(f"{row['id']}: the path names no clients. Add its server's max_num_seqs to SERVERS.")
    return int(found[1])


def _noted(row: Mapping[str, Any], name: str, default: float) -> float:
    """A server argument as the row's note gives it."""
    found = re.search(rf"{name} ([0-9.]+)", row["notes"])
    return float(found[1]) if found else default


def _precision(row: Mapping[str, Any], model: Model) -> str:
    """The row's precision, its checkpoint's, or the published one."""
    given = row["precision_weights"].lower()
    if given:
        return PRECISIONS[given]
    known = CHECKPOINTS.get((row["model"], row["source_repo_or_page"])) or stated_precision(row["hf_id"])
    return known or model.published_precision


def _peaks(rows: pd.DataFrame, catalog: Catalog) -> pd.DataFrame:
    """Peak memory of static batches, as `aisizer predict` gives it, in GB.

    The source does not say whether its GB are GiB: only as GB do its peaks grow by what a cache of known size takes.
    """
    cells = [
        {
            **{name: row[name] for name in ("model", "hf_id", "precision_weights", "gpu", "gpus_used", "tp", "batch")},
            "engine": row["engine"],
            "engine_version": row["engine_version"],
            "protocol": "static",
            "isl_mean": row["isl"],
            "osl_mean": row["osl"],
            "precision_kv": row["precision_kv"],
        }
        for row in rows.to_dict("records")
    ]
    predicted = [answer["pred_gpu_mem_gib"] for answer in predict_rows(catalog, cells)]
    return pd.DataFrame(
        {
            "engine": rows["engine"].to_numpy() + " " + rows["engine_version"].to_numpy(),
            "quantity": "peak of a static batch",
            **{name: rows[name].to_numpy() for name in ("model", "gpu", "tp", "batch", "isl")},
            "source": rows["source_repo_or_page"].to_numpy(),
            "measured": rows["value_in_source"].astype(float).to_numpy(),
            "predicted": pd.to_numeric(pd.Series(predicted), errors="coerce").to_numpy() * GIB / 1e9,
        }
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", type=Path, required=True, help="CSV file of published memory footprints")
    parser.add_argument("--rows", type=Path, help="write every compared row into this CSV file")
    options = parser.parse_args()
    compared = evidence(options.memory, load_catalog())
    if options.rows:
        compared.to_csv(options.rows, index=False)
    sys.stdout.write(markdown(compared))


if __name__ == "__main__":
    main()
