"""The comparison with published memory footprints: settings are read from each source, and silence counts as an error."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks" / "accuracy"
if not FOLDER.exists():
    pytest.skip("benchmarks are not part of this install", allow_module_level=True)
sys.path.append(str(FOLDER))

import memory_evidence  # noqa: E402

from aisizer.catalog.load import load_catalog  # noqa: E402

CATALOG = load_catalog()
PLANNER, BLIS = "llm-d-incubation/llm-d-planner", "inference-sim/inference-sim"
COLUMNS = "id,source_repo_or_page,source_path,model,hf_id,precision_weights,precision_kv,gpu,gpus_used,tp,engine,"
COLUMNS += "engine_version,isl,osl,batch,quantity,value_in_source,notes\n"
NOTED = "gpu_memory_utilization 0.9; max_model_len 16000"
KV, BLOCKS = "kv_cache_available_per_gpu", "gpu_kv_cache_blocks (16 tokens/block default)"
ROWS = [  # figures: start-up logs collected by the two repositories; one peak of the NVIDIA DLI course dataset
    f"a,{PLANNER},-,llama-3.1-8b,,bf16,,H100 (79.18 GiB),1,1,vLLM,0.11.0,,,,{KV},51.38,{NOTED}",
    f"b,{BLIS},-,llama-2-7b,,,,H100-SXM,1,1,vLLM,,,,,{BLOCKS},7463,-",
    f"c,{BLIS},-,llama-2-7b,,,,H100-SXM,1,1,vLLM,,,,,{BLOCKS},7463,-",
    "d,dli,-,llama-2-7b,,fp8,,H100-SXM,1,1,TensorRT-LLM,0.9.0,128,128,1,gpu_peak_memory_per_gpu (all),8.26,-",
    "e,hf,-,qwen2.5-7b,,bf16,,A100-80GB,1,1,HF Transformers,4.46.0,1,1,1,gpu_memory_total (all),20,-",
]


def compared(tmp_path: Path, rows: list[str]) -> str:
    file = tmp_path / "memory.csv"
    file.write_text(COLUMNS + "\n".join(rows) + "\n", encoding="utf-8")
    return memory_evidence.markdown(memory_evidence.evidence(file, CATALOG))


def test_footprints_are_met(tmp_path: Path) -> None:
    file = tmp_path / "memory.csv"
    file.write_text(COLUMNS + "\n".join(ROWS) + "\n", encoding="utf-8")
    table = memory_evidence.table(memory_evidence.evidence(file, CATALOG)).set_index(["engine", "quantity"])
    assert len(table) == 3  # libraries that serve nothing stand outside
    assert table["median_ape"].max() < 10
    capacity = table.loc[("vLLM 0.11.0", "KV capacity, tokens")]
    assert (capacity["n"], capacity["configurations"]) == (2, 1)
    assert capacity["median_ape"] < 1.5


def test_the_markdown_has_a_row_a_group_and_a_line_on_capacity(tmp_path: Path) -> None:
    text = compared(tmp_path, ROWS)
    assert text.count("\n| ") == 3
    assert text.splitlines()[-1].startswith("KV capacity of vLLM: median APE ")
    assert "over 3 rows" in text and "over 2 configurations" in text


def test_the_share_of_memory_in_a_note_is_read(tmp_path: Path) -> None:
    """0.9 and 0.95 of 79.18 GiB differ by 3.96 GiB of cache."""
    file = tmp_path / "memory.csv"
    file.write_text(COLUMNS + ROWS[0] + "\n" + ROWS[0].replace(" 0.9;", " 0.95;") + "\n", encoding="utf-8")
    small, large = memory_evidence.evidence(file, CATALOG)["predicted"]
    assert large - small == pytest.approx(0.05 * 79.18)


def test_a_model_that_nobody_knows_counts_as_an_error_of_100_percent(tmp_path: Path) -> None:
    assert "| 100.0 % |" in compared(tmp_path, [ROWS[0].replace("llama-3.1-8b", "no-such-model")])


def test_a_window_is_counted_as_vllm_prints_it(tmp_path: Path) -> None:
    """For requests of 2,068 tokens a window of 128 and a chunk of 8,192 keep everything: 36 layers, not 18."""
    source = "heyram74/nebius_sopertors_inferencex_benchmark"
    path = "results/gptoss_fp4_h200_tp4_conc4_isl1024_osl1024/server.log"
    note = "max_model_len 2068"
    row = f"f,{source},{path},gpt-oss-120b,,mxfp4,,H200,4,4,vLLM,0.22,,,,kv_cache_tokens_total,6131120,{note}"
    file = tmp_path / "memory.csv"
    file.write_text(COLUMNS + row + "\n", encoding="utf-8")
    assert memory_evidence.evidence(file, CATALOG)["predicted"][0] == pytest.approx(6131120, rel=0.03)
