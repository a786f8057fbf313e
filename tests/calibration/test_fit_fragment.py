"""From files to a fragment: it reads back as it was fitted, says what it rests on, and is found again for its subject."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from aisizer.calibration.calibrate import Calibrated
from aisizer.calibration.calibrate import calibrate as calibrated_from
from aisizer.calibration.fragment import fragment
from aisizer.calibration.normalise import Given
from aisizer.catalog.load import load_catalog
from aisizer.cli.calibrate import calibrate
from aisizer.engine.calibrated import apply, calibrated, outside
from aisizer.engine.replica import Replica, build
from aisizer.errors import InvalidInput, OutputError
from aisizer.profile.calibrations import Calibration
from aisizer.profile.yaml_file import read_yaml

SAMPLE = Path(__file__).parent / "samples" / "vllm-0.33.0-bench-serve-conc4.json"


def sweep(folder: Path, **changes: Any) -> list[Path]:
    """Three runs as vllm writes them, 1,024 + 128 tokens at 1, 4 and 16 clients, consistent in themselves."""
    paths = []
    for clients, ttft, tpot in ((1, 35.0, 7.2), (4, 95.0, 7.6), (16, 270.0, 9.0)):
        e2e, requests = ttft + 127 * tpot, 10 * clients
        duration = requests * e2e / clients / 1000
        data = json.loads(SAMPLE.read_text("utf-8"))
        for key in ("latencies", "queue_times", "gpu", "tp", *(k for k in data if k.endswith("_ms"))):
            data.pop(key, None)
        data |= {
            "model_id": "meta-llama/Llama-3.1-8B-Instruct", "max_concurrency": clients, "num_prompts": requests,
            "completed": requests, "duration": duration, "total_input_tokens": 1024 * requests,
            "total_output_tokens": 128 * requests, "request_throughput": requests / duration,
            "output_throughput": 128 * requests / duration, "mean_ttft_ms": ttft, "median_ttft_ms": ttft,
            "mean_tpot_ms": tpot, "mean_e2el_ms": e2e,
        }  # fmt: skip
        path = folder / f"conc{clients}.json"
        path.write_text(json.dumps(data | changes), "utf-8")
        paths.append(path)
    return paths


def fitted(folder: Path) -> Calibrated:
    given = Given(gpu="h100-sxm", tensor_parallel=1)
    return calibrated_from(sweep(folder), given, load_catalog(), None, "2026-12-01")


def test_the_fragment_reads_back_as_it_was_fitted(tmp_path: Path) -> None:
    result = fitted(tmp_path)
    text = fragment(result.calibration, result.set_aside, result.at_bound)
    (data,) = read_yaml(text, "fragment.yaml").data["evidence"]["calibrations"]
    back = Calibration.model_validate(data)
    assert (back.model, back.gpu, back.engine) == ("llama-3.1-8b", "h100-sxm", "vllm-0.33")
    for name, value in result.calibration.factors.model_dump().items():
        assert getattr(back.factors, name) == pytest.approx(value, rel=1e-5, abs=1e-9)
    assert back.range.in_flight == (1, 16)
    assert (back.date, back.points) == ("2026-12-01", 3)
    assert [file.sha256 for file in back.files] == [
        hashlib.sha256(path.read_bytes()).hexdigest() for path in sweep(tmp_path)
    ]
    assert set(back.error) == {"ttft", "tpot", "throughput"}


def test_the_fragment_is_the_same_bytes_and_has_no_clock_and_no_folder(tmp_path: Path) -> None:
    paths = sweep(tmp_path)
    for name in ("a.yaml", "b.yaml"):
        calibrate(paths, output=tmp_path / name, gpu="h100-sxm", tensor_parallel=1)
    first, second = ((tmp_path / name).read_bytes() for name in ("a.yaml", "b.yaml"))
    assert first == second
    assert b"date:" not in first
    assert str(tmp_path).encode() not in first


def test_the_screen_says_error_range_and_how_to_use_it(tmp_path: Path) -> None:
    paths = sweep(tmp_path)
    (tmp_path / "odd.json").write_text(
        paths[1].read_text("utf-8").replace('"max_concurrency": 4', '"max_concurrency": 9')
    )
    text = calibrate([*paths, tmp_path / "odd.json"], output=tmp_path / "a.yaml", gpu="h100-sxm", tensor_parallel=1)
    assert "3 load points" in text
    assert "leave-one-out" in text
    assert "odd.json at concurrency 9: rate x E2E" in text
    assert "--with" in text
    assert "# Set aside: odd.json" in (tmp_path / "a.yaml").read_text("utf-8")


def test_a_calibration_is_used_for_its_subject_only(tmp_path: Path) -> None:
    calibration = fitted(tmp_path).calibration
    catalog = load_catalog()
    made = build(
        catalog.models["llama-3.1-8b"],
        catalog.gpus["h100-sxm"],
        catalog.engines["vllm-0.33"],
        tensor_parallel=1,
        precision="bf16",
    )
    assert isinstance(made, Replica)
    subject = ("llama-3.1-8b", "h100-sxm", "vllm-0.33", "bf16", 1)
    table, used = calibrated(made.table, *subject, [calibration])
    assert used is calibration
    assert table.kv_read_s == apply(made.table, calibration.factors).kv_read_s
    for other in (("llama-3.1-70b", *subject[1:]), (subject[0], "h200-sxm", *subject[2:]), (*subject[:3], "fp8", 1)):
        assert calibrated(made.table, *other, [calibration]) == (made.table, None)


def test_the_nearest_layout_is_used_and_the_distance_told(tmp_path: Path) -> None:
    one = fitted(tmp_path).calibration
    four = one.model_copy(update={"range": one.range.model_copy(update={"tensor_parallel": (4,)})})
    catalog = load_catalog()
    made = build(
        catalog.models["llama-3.1-8b"],
        catalog.gpus["h100-sxm"],
        catalog.engines["vllm-0.33"],
        tensor_parallel=8,
        precision="bf16",
    )
    assert isinstance(made, Replica)
    _, used = calibrated(made.table, "llama-3.1-8b", "h100-sxm", "vllm-0.33", "bf16", 8, [one, four])
    assert used is four
    assert outside(one.range, 1, 8.0, 1024.0, 128.0) == ()
    told = outside(one.range, 2, 100.0, 1024.0, 128.0)
    assert "tensor_parallel 2 was not measured (only 1)" in told[0]
    assert "requests in flight (100) lie outside the measured 1 to 16" in told[1]


def test_a_wrong_date_and_a_place_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    paths = sweep(tmp_path)
    with pytest.raises(InvalidInput, match="--date"):
        calibrate(paths, output=tmp_path / "a.yaml", gpu="h100-sxm", tensor_parallel=1, date="12/01/2026")
    with pytest.raises(OutputError, match="cannot be written") as error:
        calibrate(paths, output=tmp_path / "no" / "a.yaml", gpu="h100-sxm", tensor_parallel=1)
    assert error.value.exit_code == 2


def test_a_model_that_does_not_fit_what_the_flags_say_is_told(tmp_path: Path) -> None:
    paths = sweep(tmp_path, model_id="meta-llama/Llama-3.1-405B-Instruct")
    with pytest.raises(InvalidInput, match="Do the flags name what was measured"):
        calibrate(paths, output=tmp_path / "a.yaml", gpu="h100-sxm", tensor_parallel=1)


def test_odd_file_names_and_reasons_still_make_a_fragment(tmp_path: Path) -> None:
    first, *rest = sweep(tmp_path)
    odd = first.rename(tmp_path / 'a "b"\n\x07é: #.json')
    result = calibrated_from([odd, *rest], Given(gpu="h100-sxm", tensor_parallel=1), load_catalog(), None, None)
    text = fragment(result.calibration, ["a reason\nwith a \x00 in it"], ["prefill"])
    (data,) = read_yaml(text, "fragment.yaml").data["evidence"]["calibrations"]
    assert Calibration.model_validate(data).files == result.calibration.files
    assert "# prefill ended at the bound of its prior" in text
