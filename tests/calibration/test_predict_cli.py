"""The verb's body: one point as text or JSON, a file onto stdout or into another, and refusals as sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aisizer.calibration import predict
from aisizer.calibration.predict import NUMBERS, PREDICTED
from aisizer.catalog.load import load_catalog
from aisizer.cli.predict import predict_csv, predict_one
from aisizer.errors import InvalidInput, OutputError

POINT = {"model": "llama-3.1-8b", "gpu": "h100-sxm", "tp": 1, "isl": 512, "osl": 64, "precision": "fp8"}


def test_one_point_as_text_names_every_assumption() -> None:
    text = predict_one(**POINT, concurrency=8)  # type: ignore[arg-type]
    for part in ("TTFT mean", "TPOT mean", "requests", "memory per GPU", "ok: it runs.", "precision_kv = bf16"):
        assert part in text
    assert max(len(line) for line in text.splitlines()) < 100


def test_one_point_as_json_holds_every_column() -> None:
    found = json.loads(predict_one(**POINT, rate=2.0, as_json=True))  # type: ignore[arg-type]
    assert list(found) == list(PREDICTED)
    assert all(isinstance(found[name], float) for name in NUMBERS)
    assert found["pred_req_s"] == pytest.approx(2.0, rel=0.05)


def test_drafted_tokens_shorten_the_steps_and_are_named() -> None:
    plain, drafted = (
        json.loads(predict_one(**POINT, concurrency=8, spec_decode=drafts, as_json=True))  # type: ignore[arg-type]
        for drafts in (False, True)
    )
    assert "spec_decode = 1 draft token (accepted in 85%)" in drafted["pred_assumed"]
    assert "spec_decode" not in plain["pred_assumed"]
    assert plain["pred_tpot_ms_mean"] / 1.85 < drafted["pred_tpot_ms_mean"] < plain["pred_tpot_ms_mean"]
    assert drafted["pred_gpu_mem_gib"] > plain["pred_gpu_mem_gib"]


def test_a_cached_share_shortens_the_first_token() -> None:
    plain, cached = (
        json.loads(predict_one(**POINT, concurrency=8, prefix_hit=hit, as_json=True))  # type: ignore[arg-type]
        for hit in (None, "80%")
    )
    assert cached["pred_ttft_ms_mean"] < plain["pred_ttft_ms_mean"]


def test_a_config_json_is_a_model(tmp_path: Path) -> None:
    config = {"architectures": ["LlamaForCausalLM"], "hidden_size": 4096, "num_hidden_layers": 32}
    config |= {"num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256}
    config |= {"max_position_embeddings": 131072, "tie_word_embeddings": False}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    ours = predict_one(**POINT | {"model": str(tmp_path / "config.json")}, concurrency=8)  # type: ignore[arg-type]
    assert ours == predict_one(**POINT, concurrency=8)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({}, "--concurrency or --rate"),
        ({"concurrency": 8, "rate": 1.0}, "given twice"),
        ({"model": None, "rate": 1.0}, "--model and --gpu"),
        ({"model": "llama-9", "rate": 1.0}, "no model"),
        ({"rate": 1.0, "prefix_hit": "140%"}, "prefix_hit must be a share from 0 to 1, such as 0.4 or 40 %"),
        ({"model": "deepseek-v3", "rate": 1.0}, "needs"),
    ],
)
def test_what_cannot_be_answered_is_a_sentence(changes: dict[str, object], part: str) -> None:
    with pytest.raises(InvalidInput, match=part):
        predict_one(**POINT | changes)  # type: ignore[arg-type]


def test_a_file_goes_to_stdout_or_into_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points = tmp_path / "points.csv"
    points.write_text("model,gpu,mine\nllama-3.1-8b,h100-sxm,x\nno-model,h100-sxm,y\n", encoding="utf-8")
    predict_csv(points, output=None, overlay=None)
    shown = capsys.readouterr()
    predict_csv(points, output=tmp_path / "out.csv", overlay=None)
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == shown.out
    assert shown.err == "2 rows: 1 ok, 1 rejected.\n"
    with pytest.raises(OutputError, match="there is no folder"):
        predict_csv(points, output=tmp_path / "no" / "out.csv", overlay=None)


@pytest.mark.parametrize("part", [2, 9], ids=["on all cores", "in one part"])
def test_every_row_is_told_once_it_is_answered(monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    monkeypatch.setattr(predict, "PART", part)
    told: list[tuple[int, int]] = []
    answers = predict.predict_many(load_catalog(None), [{}] * 5, lambda done, of: told.append((done, of)))
    assert [answer["pred_status"] for answer in answers] == ["rejected"] * 5
    assert told == [(done, 5) for done in range(6)]
