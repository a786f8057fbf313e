"""The benchmark of disaggregated rows: which are scored, with the split they state, and how the table counts them."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks" / "accuracy"
if not FOLDER.exists():
    pytest.skip("benchmarks are not part of this install", allow_module_level=True)
sys.path.append(str(FOLDER))

import disaggregated_evidence as evidence  # noqa: E402

ROW = {
    "id": "a", "silicon_data_source": "db-dump; silicon_concurrency=16; measured=2026-04-18", "backend": "trtllm",
    "backend_version": "1.1.0", "model_path": "deepseek-ai/DeepSeek-V3", "system": "b200_sxm", "precision": "fp8",
    "mode": "disagg", "isl": 1024, "osl": 1024, "tp_size": 8, "pp_size": 1, "attention_dp_size": 1, "moe_tp_size": 1,
    "moe_ep_size": 8, "silicon_ttft_ms": 400.0, "silicon_tpot_ms": 10.0,
    "prefill_num_workers": 1, "decode_num_workers": 2,
    **{f"{role}_{name}": value for role in ("prefill", "decode") for name, value in
       (("tp_size", 8), ("pp_size", 1), ("attention_dp_size", 1), ("moe_tp_size", 1), ("moe_ep_size", 8))},
}  # fmt: skip


def written(path: Path, *changes: dict[str, object]) -> Path:
    file = path / "silicon.csv"
    pd.DataFrame([ROW | {"id": f"r{i}"} | change for i, change in enumerate(changes)]).to_csv(file, index=False)
    return file


def test_rows_without_a_split_are_counted_and_not_scored(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        {},
        {"prefill_num_workers": None},
        {"mode": "agg"},
        {"decode_moe_ep_size": 0},
        {"silicon_data_source": "x"},
    )
    rows, left_out = evidence.load(file)
    assert rows["id"].tolist() == ["r0"]
    assert left_out == {"workers not stated": 1, "layout not stated": 1, "clients not stated or too many": 1}


def test_a_row_is_predicted_with_its_split_and_a_model_too_large_says_so(tmp_path: Path) -> None:
    found = evidence.evidence(
        written(
            tmp_path,
            {},
            {"decode_num_workers": 8},
            {"prefill_tp_size": 1, "prefill_moe_ep_size": 1},
            {"system": "h200_sxm"},
        )
    )
    rows = found.rows.set_index("id")
    assert rows.loc["r1", "pred_tpot_ms_mean"] < rows.loc["r0", "pred_tpot_ms_mean"], "fewer sequences on each of eight"
    assert 200 < rows.loc["r0", "pred_ttft_ms_mean"] < 2000
    assert rows.loc["r2", "pred_reason"].startswith("prefill: DeepSeek V3 at fp8 needs")
    assert rows["reserved"].tolist() == [False, False, False, True]
    table = found.markdown.splitlines()
    assert table[2].startswith("| TensorRT-LLM | others | 3 | 67% |")
    assert table[3].startswith("| TensorRT-LLM | reserved | 1 | 100% |")
    assert "%" in table[2].split("|")[5] and table[-1].startswith("Left out:")
