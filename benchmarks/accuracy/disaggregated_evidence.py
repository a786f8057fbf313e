"""Predicts the disaggregated rows of silicon_sample.csv with the split that they state, and says how far it is off.

python benchmarks/accuracy/disaggregated_evidence.py silicon_sample.csv

Only rows that state how many workers of each kind ran are scored. Whether speculative decoding was on is mostly unlabelled
there, and so is routing between workers; bias says more than the error.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import silicon
from reserved import reserved

from aisizer.calibration.points import Span
from aisizer.calibration.protocols import Figures, Scenario, replay
from aisizer.calibration.versions import nearest_engine
from aisizer.catalog.catalog import Catalog
from aisizer.catalog.load import load_catalog
from aisizer.catalog.records import Engine
from aisizer.engine.disaggregated import decode_table, prefill_table
from aisizer.engine.formats import default_kv_precision
from aisizer.engine.replica import Replica, build
from aisizer.queueing.two_pools import TwoPools

FAMILY = {"TensorRT-LLM": "trtllm", "vLLM": "vllm", "SGLang": "sglang"}
GPUS_PER_NODE = {"GB200": 72, "GB300": 72}
"""GPUs that NVLink joins, where it is not one server of eight."""
METRICS = {"tpot": "tpot_ms_mean", "ttft": "ttft_ms_mean"}
MOST_CLIENTS = 16_384
"""[client] more are typing errors or several load generators."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The scored rows, why others are not, and the table as Markdown."""

    rows: pd.DataFrame
    left_out: dict[str, int]
    markdown: str


def evidence(path: Path, catalog: Catalog | None = None) -> Evidence:
    """Every disaggregated row that states its split, with what is predicted for it."""
    rows, left_out = load(path)
    scored = predicted(rows, catalog or load_catalog())
    return Evidence(scored, left_out, markdown(scored, left_out))


def load(path: Path) -> tuple[pd.DataFrame, dict[str, int]]:
    """Disaggregated rows with a stated split, and every other one counted by its reason."""
    rows = silicon.named(pd.read_csv(path))
    kept = rows[rows["mode"] == "disagg"]
    left_out = {}
    for reason, keep in (
        ("workers not stated", lambda r: r["prefill_num_workers"].notna() & r["decode_num_workers"].notna()),
        ("layout not stated", lambda r: (r["prefill_moe_ep_size"] > 0) & (r["decode_moe_ep_size"] > 0)),
        ("clients not stated or too many", lambda r: (r["load_value"] > 0) & (r["load_value"] <= MOST_CLIENTS)),
    ):
        left_out[reason] = int((~keep(kept)).sum())
        kept = kept[keep(kept)]
    return kept.sort_values("id").reset_index(drop=True), left_out


def predicted(rows: pd.DataFrame, catalog: Catalog) -> pd.DataFrame:
    """The rows with pred_ttft_ms_mean and pred_tpot_ms_mean; nan and a reason where nothing can be built."""
    answers = [_answer(row, catalog) for _, row in rows.iterrows()]
    return rows.join(pd.DataFrame(answers, index=rows.index)).assign(reserved=reserved(rows))


def _answer(row: pd.Series, catalog: Catalog) -> dict[str, object]:
    found = _pools(row, catalog)
    if isinstance(found, str):
        return {"pred_ttft_ms_mean": np.nan, "pred_tpot_ms_mean": np.nan, "pred_reason": found}
    try:
        figures = replay(found, _scenario(row))
    except ValueError as error:
        return {"pred_ttft_ms_mean": np.nan, "pred_tpot_ms_mean": np.nan, "pred_reason": str(error)}
    return {**_milliseconds(figures), "pred_reason": ""}


def _milliseconds(figures: Figures) -> dict[str, float]:
    return {"pred_ttft_ms_mean": figures.ttft_s["mean"] * 1e3, "pred_tpot_ms_mean": figures.tpot_s["mean"] * 1e3}


def _pools(row: pd.Series, catalog: Catalog) -> TwoPools | str:
    """Both pools as the row states them, or why one cannot be built."""
    same = [engine for engine in catalog.engines.values() if engine.engine == FAMILY[row["engine"]]]
    engine = nearest_engine(same, "", str(row["measured_date"]))
    made = {}
    for role in ("prefill", "decode"):
        replica = _replica(row, role, engine, catalog)
        if isinstance(replica, str):
            return f"{role}: {replica}"
        made[role] = replica
    layers = catalog.find_model(row["model"]).layers
    return TwoPools(
        prefill_table(made["prefill"], layers, row["isl_mean"]),
        decode_table(made["decode"].table),
        int(row["prefill_num_workers"]),
        int(row["decode_num_workers"]),
    )


def _replica(row: pd.Series, role: str, engine: Engine, catalog: Catalog) -> Replica | str:
    found = build(
        catalog.find_model(row["model"]),
        catalog.find_gpu(row["gpu"]),
        engine,
        tensor_parallel=int(row[f"{role}_tp_size"]),
        pipeline_parallel=int(row[f"{role}_pp_size"]),
        expert_parallel=int(row[f"{role}_moe_ep_size"]),
        attention_dp=int(row[f"{role}_attention_dp_size"]),
        gpus_per_node=GPUS_PER_NODE.get(row["gpu"], 8),
        precision=row["precision_weights"],
        kv_precision=default_kv_precision(engine, row["precision_weights"]),
        max_context_tokens=float(row["isl_max"] + row["osl_max"]),
        mean_context_tokens=float(row["isl_mean"] + row["osl_mean"] / 2),
    )
    return found if isinstance(found, Replica) else found.detail


def _scenario(row: pd.Series) -> Scenario:
    def span(name: str) -> Span:
        return Span(float(np.ceil(row[f"{name}_min"])), float(row[f"{name}_max"]))

    return Scenario(
        protocol="closed_burst",
        load=float(row["load_value"]),
        requests=int(row["n_requests"]),
        max_in_flight=None,
        replicas=1,
        prompt=span("isl"),
        output=span("osl"),
    )


def markdown(scored: pd.DataFrame, left_out: dict[str, int]) -> str:
    """Errors by engine, reserved pairs apart, as a table."""
    lines = [
        "| engine | pairs | rows | answered | TPOT median APE | bias | TTFT median APE | bias |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for (engine, held), group in scored.groupby(["engine", "reserved"]):
        lines.append(_line(str(engine), "reserved" if held else "others", group))
    for held, group in scored.groupby("reserved"):
        lines.append(_line("all", "reserved" if held else "others", group))
    counted = "; ".join(f"{count:,} {reason}" for reason, count in left_out.items() if count)
    return "\n".join([*lines, "", f"Left out: {counted}."])


def _line(engine: str, pairs: str, group: pd.DataFrame) -> str:
    answered = group["pred_tpot_ms_mean"].notna()
    cells = [engine, pairs, f"{len(group)}", f"{answered.mean():.0%}"]
    for metric in ("tpot", "ttft"):
        error = group[f"pred_{METRICS[metric]}"] / group[METRICS[metric]] - 1
        cells += [f"{error.abs().median():.1%}", f"{error.median():+.1%}"]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    print(evidence(Path(sys.argv[1])).markdown)
