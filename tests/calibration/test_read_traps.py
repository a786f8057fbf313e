"""What makes a benchmark file lie: each trap is refused, or its point set aside with the sentence why."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aisizer.calibration.normalise import Given, doubt, normalise
from aisizer.calibration.read import read, read_one
from aisizer.calibration.read_documents import parse
from aisizer.calibration.read_record import Measurement, Spread
from aisizer.catalog.catalog import Catalog
from aisizer.catalog.load import load_catalog
from aisizer.errors import AisizerError, InvalidInput

SAMPLES = Path(__file__).parent / "samples"
SHARED = Path(__file__).parents[3] / "shared" / "samples" / "benchmarks"
GIVEN = Given(model="llama-3.1-8b", gpu="h100-sxm", tensor_parallel=1, engine="vllm")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def vllm(**changes: Any) -> Measurement:
    data = json.loads((SAMPLES / "vllm-0.33.0-bench-serve-conc4.json").read_text("utf-8"))
    data = {key: value for key, value in {**data, "gpu": None, "tp": None, **changes}.items() if value is not None}
    return read_one(parse("run.json", json.dumps(data).encode()))[0]


def sound(**changes: Any) -> Measurement:
    return replace(vllm(), **{"gpu": "h100-sxm", "gpus": 1, "tensor_parallel": 1, **changes})


def test_a_gpu_or_layout_that_nobody_names_is_refused_with_the_flag(catalog: Catalog) -> None:
    with pytest.raises(InvalidInput, match=r"gpu: .*never guessed. Give --gpu") as error:
        normalise([vllm()], Given(model="llama-3.1-8b"), catalog)
    assert "Give --tp" in str(error.value)
    with pytest.raises(InvalidInput, match="Give --engine"):
        normalise([replace(vllm(), source_tool="guidellm")], replace(GIVEN, engine=None), catalog)


def test_flags_that_contradict_a_file_are_faults(catalog: Catalog) -> None:
    for changes, flag in (
        ({"gpu": "NVIDIA H200"}, "--gpu"),
        ({"tp": "2"}, "--tp"),
        ({"model_id": "meta-llama/Llama-3.1-70B-Instruct"}, "--model"),
    ):
        with pytest.raises(InvalidInput, match=f"the file says .* and {flag} says"):
            normalise([vllm(**changes)], GIVEN, catalog)


def test_a_gpu_that_the_catalog_does_not_know_is_refused(catalog: Catalog) -> None:
    with pytest.raises(InvalidInput, match='no gpu "mock"'):
        normalise([vllm(gpu="mock")], GIVEN, catalog)


def test_metadata_of_the_file_is_enough(catalog: Catalog) -> None:
    point = vllm(gpu="NVIDIA H100 80GB HBM3", tp="2", model_id="meta-llama/Llama-3.1-8B-Instruct")
    found = normalise([point], Given(), catalog)
    assert (found.subject.gpu, found.subject.model, found.subject.precision) == ("h100-sxm", "llama-3.1-8b", "bf16")
    assert found.points[0].tensor_parallel == 2


def test_two_subjects_are_refused(catalog: Catalog) -> None:
    with pytest.raises(InvalidInput, match="One calibration is about one model"):
        normalise([vllm(gpu="h100-sxm"), vllm(gpu="h200-sxm")], replace(GIVEN, gpu=None), catalog)


def test_a_sound_point_has_no_doubt() -> None:
    assert doubt(sound()) == ""


def test_failed_requests_are_excluded_and_too_many_set_the_point_aside() -> None:
    older = vllm(failed=None, num_prompts=50)
    assert (older.completed, older.failed, older.n_requests) == (48, 2, 50)
    assert doubt(sound(failed=2, n_requests=50)) == ""
    assert "12% of the requests failed" in doubt(sound(failed=7, n_requests=57))


def test_output_rate_must_be_tokens_over_duration() -> None:
    assert "output tokens/s" in doubt(sound(output_tokens_per_s=3141.0))


def test_e2e_must_be_ttft_and_the_tokens_after_it() -> None:
    assert "several tokens may have come in one chunk" in doubt(sound(tpot=Spread(mean=0.0042)))


def test_little_law_finds_a_client_that_was_the_limit() -> None:
    assert "Little's law" in doubt(sound(concurrency=16))
    assert "Little's law" in doubt(sound(concurrency=3))


def test_seconds_taken_for_milliseconds_are_inconsistent() -> None:
    point = sound()
    thousandth = replace(point, e2e=Spread(mean=(point.e2e.mean or 0.0) / 1000))
    assert doubt(thousandth)


def test_an_open_loop_that_did_not_keep_its_rate_is_set_aside() -> None:
    (point,) = read([SAMPLES / "vllm-0.33.0-bench-serve-rate6-detailed.json"])
    point = replace(point, gpus=1, tensor_parallel=1)
    assert doubt(point) == ""
    assert "not 60 req/s" in doubt(replace(point, rate=60.0))


def test_several_replicas_are_set_aside() -> None:
    assert "several replicas" in doubt(sound(gpus=4))


def test_per_second_overlap_is_never_the_load() -> None:
    """vLLM's max_concurrent_requests counts requests that touch the same second: 17 here with 4 clients."""
    assert vllm().concurrency == 4


def test_all_at_once_without_a_limit_is_a_drain() -> None:
    point = vllm(max_concurrency=None)
    assert (point.protocol, point.concurrency) == ("drain", 48)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"request_rate": 12.0, "burstiness": 0.5}, "burstiness 0.5"),
        ({"request_rate": "trace"}, "followed a trace"),
        ({"ramp_up_strategy": "linear"}, "ramped up"),
        ({"accept_length": 2.4}, "speculative decoding"),
    ],
)
def test_loads_that_cannot_be_replayed_are_set_aside(changes: dict[str, Any], why: str) -> None:
    assert why in vllm(**changes).unusable


def test_a_cancelled_run_is_set_aside_and_a_file_of_nothing_else_refused(catalog: Catalog) -> None:
    data = json.loads((SAMPLES / "aiperf-0.13.0-profile_export_aiperf.json").read_text("utf-8"))
    for cancelled in ({"was_cancelled": True}, {"is_complete": False}):
        (point,) = read_one(parse("a.json", json.dumps({**data, **cancelled}).encode()))
        assert "cancelled or is not complete" in point.unusable
        with pytest.raises(InvalidInput, match="No load point can be fitted on"):
            normalise([point], GIVEN, catalog)


def test_tokens_counted_by_another_tokenizer_are_set_aside() -> None:
    (point,) = read([SAMPLES / "aiperf-0.13.0-profile_export_aiperf.json"])
    assert "the client counts 18 tokens" in point.unusable


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("aiperf-0.13.0-profile_export.first3.jsonl", "profile_export_aiperf.json"),
        ("aiperf-0.13.0-profile_export_aiperf.csv", "profile_export_aiperf.json"),
    ],
)
def test_exports_without_a_load_name_the_one_that_has_it(name: str, mend: str) -> None:
    with pytest.raises(InvalidInput, match=mend):
        read([SAMPLES / name])


def test_predictions_are_no_measurements() -> None:
    with pytest.raises(InvalidInput, match="predictions"):
        read_one(parse("best.csv", b"model,tokens/s/gpu,ttft\nx,1,2\n"))


def test_a_missing_key_is_named_with_its_file() -> None:
    with pytest.raises(InvalidInput, match=r"run.json: duration: this field is missing"):
        vllm(duration=None)


def test_nan_is_absent_and_not_a_number() -> None:
    text = (SAMPLES / "vllm-0.33.0-bench-serve-conc4.json").read_text("utf-8")
    text = text.replace('"p99_tpot_ms": 8.871416737098233', '"p99_tpot_ms": NaN')
    assert read_one(parse("run.json", text.encode()))[0].tpot.p99 is None


@pytest.mark.skipif(not SHARED.is_dir(), reason="third-party benchmark files are not part of the repository")
def test_stages_that_the_client_limited_are_set_aside() -> None:
    stages = [SHARED / "inference-perf" / f"stage_{i}_lifecycle_metrics.json" for i in range(7)]
    reasons = [point.unusable for point in read(stages)]
    assert [bool(reason) for reason in reasons] == [False] * 4 + [True] * 3
    assert "could not keep 148.89 req/s" in reasons[4]


def test_faults_are_expected_errors() -> None:
    assert issubclass(InvalidInput, AisizerError)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read([SAMPLES / "absent.json"])
