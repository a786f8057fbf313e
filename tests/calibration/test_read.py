"""Each tool's file reads to the numbers that it holds: seconds, tokens and clients."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aisizer.calibration.read import READERS, read, read_one
from aisizer.calibration.read_documents import parse
from aisizer.calibration.read_record import Measurement
from aisizer.errors import InvalidInput

SAMPLES = Path(__file__).parent / "samples"
SHARED = Path(__file__).parents[3] / "shared" / "samples" / "benchmarks"

TRTLLM = {
    "engine": {"model": "meta-llama/Llama-3.1-8B-Instruct", "version": "1.2.0", "backend": "Pytorch"},
    "world_info": {"tp_size": 2, "pp_size": 1, "ep_size": 1, "world_size": 2, "max_batch_size": 256, "issue_rate": 1e8},
    "request_info": {
        "num_requests": 100, "avg_num_concurrent_requests": 7.8, "avg_input_length": 1024.0, "avg_output_length": 128.0
    },
    "performance": {
        "request_throughput_req_s": 10.0, "system_output_throughput_tok_s": 1280.0, "total_latency_ms": 10000.0,
        "avg_request_latency_ms": 780.0,
        "request_latency_percentiles_ms": {
            "p50": 770.0, "p90": 800.0, "p95": 810.0, "p99": 830.0, "minimum": 700.0, "maximum": 840.0, "average": 780.0
        },
    },
    "streaming_metrics": {
        "avg_ttft_ms": 81.5, "avg_tpot_ms": 5.5,
        "ttft_percentiles": {"p50": 80.0, "p90": 90.0, "p95": 95.0, "p99": 99.0, "average": 81.5},
        "tpot_percentiles": {"p50": 5.4, "p90": 5.9, "p95": 6.0, "p99": 6.2, "average": 5.5},
    },
    "machine": {"name": "NVIDIA H100 80GB HBM3", "memory.total": 79.6, "clocks.mem": 2.6},
}  # fmt: skip
"""A report in trtllm-bench's layout, written by hand."""
INFERENCEX = {
    "hw": "h100", "conc": 8, "model": "meta-llama/Llama-3.1-70B-Instruct", "framework": "vllm", "precision": "fp8",
    "tp": 4, "ep": 1, "dp_attention": "false", "isl": 1000, "osl": 1000, "tput_per_gpu": 200.0,
    "output_tput_per_gpu": 100.0, "input_tput_per_gpu": 100.0, "mean_ttft": 0.12, "median_ttft": 0.11, "p99_ttft": 0.3,
    "mean_tpot": 0.0179, "median_tpot": 0.0178, "p99_tpot": 0.02, "mean_e2el": 16.2, "median_e2el": 16.1,
    "p99_e2el": 19.0, "mean_intvty": 55.0, "spec_decoding": "none", "disagg": False,
}  # fmt: skip
"""An agg_*.json in InferenceX's layout, written by hand."""


def one(data: object, form: str | None = None) -> Measurement:
    text = data if isinstance(data, str) else json.dumps(data)
    found = read_one(parse("run.json", text.encode()), form)
    assert len(found) == 1
    return found[0]


def sample(name: str) -> list[Measurement]:
    return read([SAMPLES / name])


def test_vllm_milliseconds_become_seconds_and_inf_a_burst() -> None:
    (point,) = sample("vllm-0.33.0-bench-serve-conc4.json")
    assert (point.source_tool, point.model, point.gpu, point.tensor_parallel) == ("vllm bench", "demo/llm", "mock", 1)
    assert (point.protocol, point.concurrency, point.rate) == ("closed_burst", 4, None)
    assert (point.n_requests, point.completed, point.failed) == (48, 48, 0)
    assert (point.prompt_tokens.mean, point.output_tokens.mean) == (255.0, 32.0)
    assert point.ttft.mean == pytest.approx(0.06476514337501271)
    assert point.tpot.p99 == pytest.approx(0.008871416737098233)
    assert point.e2e.p50 == pytest.approx(0.3243825574999164)
    assert point.output_tokens_per_s == pytest.approx(392.6305507342749)
    assert point.duration_s == pytest.approx(3.912074587999996)


def test_vllm_details_give_every_length_and_a_finite_rate_poisson_arrivals() -> None:
    (point,) = sample("vllm-0.33.0-bench-serve-rate6-detailed.json")
    assert (point.protocol, point.concurrency, point.rate) == ("poisson", None, 6.0)
    assert point.prompt_tokens.each == (255,) * 12
    assert point.output_tokens.each == (16,) * 12


def test_sglang_reads_bare_infinity_and_a_uniform_range() -> None:
    (point,) = sample("sglang-0.5.23-bench_serving.jsonl")
    assert (point.source_tool, point.model) == ("sglang bench_serving", None)
    assert (point.protocol, point.concurrency) == ("closed_burst", 4)
    assert (point.prompt_tokens.low, point.prompt_tokens.high) == (1.0, 128.0)
    assert point.output_tokens.mean == 234 / 24
    assert point.e2e.p99 == pytest.approx(0.19937293119996994)


@pytest.mark.parametrize("name", ["guidellm-0.8.1-benchmarks.json", "guidellm-0.8.1-benchmarks.csv"])
def test_guidellm_reads_both_benchmarks_from_json_and_csv_alike(name: str) -> None:
    first, second = sample(name)
    assert (first.concurrency, second.concurrency) == (2, 8)
    assert (first.tool_version, first.model, first.protocol) == ("0.8.1", "demo/llm", "closed_burst")
    assert first.ttft.mean == pytest.approx(0.07014310956001282)
    assert first.e2e.mean == pytest.approx(0.33705346584320073)
    assert first.output_tokens_per_s == pytest.approx(184.86577377181044)
    assert (first.completed, first.failed) == (40, 0)
    assert first.prompt_tokens.mean == pytest.approx(19.45)


def test_guidellm_csv_lists_percentiles_without_the_median() -> None:
    from_json, from_csv = (sample(f"guidellm-0.8.1-benchmarks.{kind}")[0] for kind in ("json", "csv"))
    for metric in ("ttft", "tpot", "e2e"):
        for statistic in ("p90", "p95", "p99"):
            expected = getattr(getattr(from_json, metric), statistic)
            assert getattr(getattr(from_csv, metric), statistic) == pytest.approx(expected)
    assert from_csv.e2e.p50 == pytest.approx(0.3319683074951172)


def test_guidellm_tpot_is_the_time_after_the_first_token() -> None:
    """Its own time_per_output_token_ms, 10.5 ms here, divides the whole latency by all tokens."""
    (first, _) = sample("guidellm-0.8.1-benchmarks.json")
    assert first.tpot.mean == pytest.approx(0.008583657587728194)


def test_aiperf_reads_units_and_the_profiling_phase() -> None:
    (point,) = sample("aiperf-0.13.0-profile_export_aiperf.json")
    assert (point.source_tool, point.tool_version, point.model) == ("aiperf", "0.13.0", "demo/llm")
    assert (point.protocol, point.concurrency, point.completed) == ("closed_burst", 4, 40)
    assert point.ttft.mean == pytest.approx(0.0774243599)
    assert point.duration_s == pytest.approx(3.989970944)


def test_genai_perf_is_told_from_aiperf() -> None:
    data = json.loads((SAMPLES / "aiperf-0.13.0-profile_export_aiperf.json").read_text("utf-8"))
    for key in ("aiperf_version", "schema_version", "is_complete", "was_cancelled", "usage_completion_tokens"):
        data.pop(key, None)
    data["input_config"] = {"model_names": ["demo/llm"], "perf_analyzer": {"stimulus": {"concurrency": 4}}}
    point = one(data)
    assert (point.source_tool, point.model, point.concurrency) == ("genai-perf", "demo/llm", 4)
    assert point.tpot.mean == pytest.approx(0.017871199432352942)


def test_trtllm_bench_names_its_gpu() -> None:
    point = one(TRTLLM)
    assert (point.gpu, point.gpus, point.tensor_parallel, point.engine) == ("NVIDIA H100 80GB HBM3", 2, 2, "trtllm")
    assert (point.protocol, point.concurrency) == ("closed_steady", 8)
    assert (point.ttft.mean, point.tpot.p50, point.e2e.p99) == pytest.approx((0.0815, 0.0054, 0.83))
    assert point.duration_s == 10.0


def test_inferencex_aggregate_is_per_gpu_and_in_seconds() -> None:
    point = one(INFERENCEX)
    assert (point.gpu, point.tensor_parallel, point.precision, point.engine) == ("h100", 4, "fp8", "vllm")
    assert point.output_tokens_per_s == 400.0
    assert (point.output_tokens.low, point.output_tokens.high, point.output_tokens.mean) == (800.0, 1000.0, 900.0)
    assert (point.ttft.mean, point.tpot.mean) == (0.12, 0.0179)


def test_concatenated_json_and_json_lines_hold_several_points() -> None:
    text = (SAMPLES / "vllm-0.33.0-bench-serve-conc4.json").read_text("utf-8")
    assert len(read_one(parse("appended.json", (text + text).encode()))) == 2
    assert len(read_one(parse("list.json", f"[{text},{text}]".encode()))) == 2
    line = (SAMPLES / "sglang-0.5.23-bench_serving.jsonl").read_text("utf-8")
    assert len(read_one(parse("lines.jsonl", (line.strip() + "\n" + line).encode()))) == 2


def test_format_overrides_what_the_keys_say() -> None:
    data = json.loads((SAMPLES / "vllm-0.33.0-bench-serve-conc4.json").read_text("utf-8"))
    data.pop("median_ttft_ms")
    with pytest.raises(InvalidInput, match="--format"):
        one(data)
    assert one(data, "vllm").tpot.p50 is not None
    with pytest.raises(InvalidInput, match="is not known"):
        read([SAMPLES / "vllm-0.33.0-bench-serve-conc4.json"], "vllm-bench")
    assert "trtllm-bench" in READERS


def test_the_same_file_twice_is_a_fault() -> None:
    path = SAMPLES / "vllm-0.33.0-bench-serve-conc4.json"
    with pytest.raises(InvalidInput, match="is the same file as"):
        read([path, path])


@pytest.mark.skipif(not SHARED.is_dir(), reason="third-party benchmark files are not part of the repository")
def test_inference_perf_stages_are_seconds_and_tpot_comes_from_e2e() -> None:
    (point,) = read([SHARED / "inference-perf" / "stage_0_lifecycle_metrics.json"])
    assert (point.source_tool, point.protocol, point.rate, point.completed) == ("inference-perf", "constant", 1.0, 60)
    assert point.ttft.mean == pytest.approx(0.03331898592878133)
    assert point.tpot.mean == pytest.approx((0.48322820343310013 - 0.03331898592878133) / 61.35)
    with pytest.raises(InvalidInput, match="stage_N_lifecycle_metrics"):
        read([SHARED / "inference-perf" / "summary_lifecycle_metrics.json"])


@pytest.mark.skipif(not SHARED.is_dir(), reason="third-party benchmark files are not part of the repository")
def test_inferencex_raw_results_are_seconds_without_a_unit_in_their_names() -> None:
    (point,) = read([SHARED / "inferencex" / "glm5_fp8_vllm_tp8_isl1024_osl128_conc16.json"])
    assert (point.source_tool, point.model, point.concurrency) == ("inferencex", "zai-org/GLM-5-FP8", 16)
    assert (point.ttft.mean, point.ttft.p50) == (None, pytest.approx(0.29139942955225706))
    assert point.tpot.p99 == pytest.approx(0.0717096967959967)
