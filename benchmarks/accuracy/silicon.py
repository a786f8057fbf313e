"""Reads silicon_sample.csv of the PyPI package aiconfigurator-core as points for `aisizer predict` plus what was measured."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd

INTERNAL = "auto-gap-analysis"
"""Part of the source's path that marks NVIDIA's own runs; all other rows are InferenceX or like it."""
GPUS = {
    "b200_sxm": "B200",
    "b300_sxm": "B300",
    "gb200": "GB200",
    "gb300": "GB300",
    "h100_sxm": "H100-SXM",
    "h200_sxm": "H200",
}
ENGINES = {"trtllm": "TensorRT-LLM", "vllm": "vLLM", "sglang": "SGLang"}
MODELS = {
    "deepseek-ai/DeepSeek-R1": "deepseek-r1",
    "nvidia/DeepSeek-R1-NVFP4": "deepseek-r1",
    "deepseek-ai/DeepSeek-V3": "deepseek-v3",
    "nvidia/DeepSeek-V3.1-NVFP4": "deepseek-v3",
    "meta-llama/Llama-3.1-70B": "llama-3.1-70b",
    "meta-llama/Llama-3.1-8B-Instruct": "llama-3.1-8b",
    "nvidia/Llama-3.1-8B-Instruct-FP8": "llama-3.1-8b",
    "MiniMaxAI/MiniMax-M2.5": "minimax-m2.5",
    "openai/gpt-oss-120b": "gpt-oss-120b",
    "Qwen/Qwen3-32B": "qwen3-32b",
    "nvidia/Qwen3-32B-NVFP4": "qwen3-32b",
    "Qwen/Qwen3-235B-A22B-FP8": "qwen3-235b-a22b",
    "Qwen/Qwen3.5-397B-A17B": "qwen3.5-397b-a17b",
    "moonshotai/Kimi-K2.5": "kimi-k2.5",
    "zhipuai/GLM-5": "glm-5",
}
"""Catalog names; DeepSeek R1 and V3 are one network, and both names occur for one and the same run."""
SHORTEST_SHARE = 0.8
"""[1] of the nominal length: InferenceX draws both lengths uniformly between this share and the whole."""
ROUNDS = 10
"""[1] requests per client of one run."""
MOST_CLIENTS = 1024
MOST_GPUS_OF_ONE_REPLICA = 16
SAME_RUN = ["system", "backend", "precision", "isl", "osl", "tp", "ep", "load_value", "ttft_ms_mean", "tpot_ms_mean"]


def packaged() -> Path | None:
    """The file inside an installed aiconfigurator-core of this interpreter, if there is one."""
    found = importlib.util.find_spec("aiconfigurator_core")
    folder = found and found.submodule_search_locations
    path = Path(next(iter(folder))) / "systems" / "silicon_sample.csv" if folder else None
    return path if path and path.exists() else None


def load(path: Path) -> tuple[pd.DataFrame, dict[str, int]]:
    """The points that can be compared, with every row that was left out counted by its reason."""
    rows = named(pd.read_csv(path))
    kept = rows[rows["mode"] == "agg"]
    left_out = {"disaggregated": len(rows) - len(kept)}
    for reason, keep in (
        ("attention data-parallel", lambda r: r["attention_dp"] <= 1),
        ("clients not stated", lambda r: r["load_value"] > 0),
        ("more than 1,024 clients", lambda r: r["load_value"] <= MOST_CLIENTS),
        ("20 to 72 GPUs as one group (multi-node rows labelled agg)", lambda r: r["tp"] <= MOST_GPUS_OF_ONE_REPLICA),
    ):
        left_out[reason] = int((~keep(kept)).sum())
        kept = kept[keep(kept)]
    unique = kept.sort_values("model").drop_duplicates(SAME_RUN)
    left_out["the same run under a second name"] = len(kept) - len(unique)
    return unique.sort_values("id").reset_index(drop=True), left_out


def named(rows: pd.DataFrame) -> pd.DataFrame:
    source = rows["silicon_data_source"]
    clients = pd.to_numeric(source.str.extract(r"silicon_concurrency=(\d+)")[0])
    ranks = _tensor_parallel(rows)
    return rows.assign(
        family=source.str.contains(INTERNAL).map({True: "NVIDIA internal", False: "InferenceX"}),
        model=rows["model_path"].map(MODELS),
        gpu=rows["system"].map(GPUS),
        engine=rows["backend"].map(ENGINES),
        engine_version=rows["backend_version"],
        measured_date=source.str.extract(r"measured=(\d{4}-\d{2}-\d{2})")[0],
        precision_weights=_precision(rows),
        replicas=1,
        tp=ranks,
        pp=rows["pp_size"],
        ep=rows["moe_ep_size"].clip(lower=1),
        attention_dp=rows["attention_dp_size"].fillna(1).clip(lower=1),
        gpus_used=ranks * rows["pp_size"],
        protocol="closed_burst",
        load_kind="concurrency",
        load_value=clients,
        n_requests=clients * ROUNDS,
        **_lengths(rows, "isl"),
        **_lengths(rows, "osl"),
        spec_decode="n",
        disagg="n",
        ttft_ms_mean=rows["silicon_ttft_ms"],
        tpot_ms_mean=rows["silicon_tpot_ms"],
    )


def _tensor_parallel(rows: pd.DataFrame) -> pd.Series:
    """Some rows print TP x EP where their names say TP = EP: tp4_ep4 with tp_size 16 ran on 4 GPUs."""
    square = (rows["moe_ep_size"] > 1) & (rows["moe_tp_size"] == rows["moe_ep_size"]) & (rows["attention_dp_size"] == 1)
    doubled = square & (rows["tp_size"] == rows["moe_ep_size"] ** 2)
    return rows["tp_size"].mask(doubled, rows["moe_ep_size"])


def _precision(rows: pd.DataFrame) -> pd.Series:
    """The column as printed; gpt-oss has MXFP4 weights whatever is printed, and GLM, Kimi and others are as named."""
    return rows["precision"].mask(rows["model_path"].str.contains("gpt-oss"), "fp4")


def _lengths(rows: pd.DataFrame, name: str) -> dict[str, pd.Series]:
    longest = rows[name].astype(float)
    shortest = longest * SHORTEST_SHARE
    return {f"{name}_mean": (shortest + longest) / 2, f"{name}_min": shortest, f"{name}_max": longest}
