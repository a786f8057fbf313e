"""The comparison with measured open loops: its corrections, its one constant, and its rule of what is overloaded."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks" / "queueing"
if not FOLDER.exists():
    pytest.skip("benchmarks are not part of this install", allow_module_level=True)
sys.path.append(str(FOLDER))

import measured_open_loop as runs  # noqa: E402
import open_loop  # noqa: E402

from aisizer.catalog.load import load_catalog  # noqa: E402

ROW = {  # one published stage: inference-sim/sim-to-real-accuracy-validation, experiment 65, stage 0
    "id": "65-s0",
    "family": open_loop.FAMILY,
    "source_path": "results_trainval/error_records.csv (65-01-ai-yi-34b-tp2-general-lite-2-1 stage 0)",
    "model": "yi-34b",
    "precision_weights": "fp16",
    "gpu": "H100-SXM",
    "gpus_used": 2,
    "replicas": 1,
    "tp": 2,
    "pp": 1,
    "attention_dp": 1,
    "engine": "vLLM",
    "engine_version": "v0.11-0.16 era",
    "protocol": "poisson",
    "load_value": 2.5,
    "n_requests": np.nan,
    "isl_mean": 547.0,
    "osl_mean": 248.0,
    "ttft_ms_mean": 46.65,
    "ttft_ms_p99": 75.81,
    "tpot_ms_mean": 15.08,
    "e2e_ms_mean": 3780.2,
}


def table(*changes: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame([ROW | change for change in changes])


def test_a_run_is_met_as_its_source_ran_it() -> None:
    found = runs.replayed(table({}), load_catalog(), open_loop.Facts())
    for name, _ in runs.METRICS.values():
        assert found[name][0] == pytest.approx(ROW[name], rel=0.15), name


def test_cached_prompts_are_not_computed_again() -> None:
    catalog = load_catalog()
    ttft = [
        runs.replayed(table({}), catalog, open_loop.Facts(cached=cached))["ttft_ms_mean"][0] for cached in (True, False)
    ]
    assert ttft[0] < 0.8 * ttft[1]


def test_two_stages_get_the_rates_at_which_they_ran() -> None:
    path = "results_trainval/error_records.csv (20260217-155451-llama-2-7b-tp1-codegen stage 1)"
    rows = table({}, {"source_path": path, "load_value": 20.0})
    found = open_loop.stated(rows, open_loop.Facts())
    assert found["load_value"].tolist() == [2.5, 10.0]
    assert found["isl_mean"].tolist() == [547.0, 566.0]
    assert (found["prefix_hit"] * found["isl_mean"] // 1).tolist() == [544.0, 560.0]
    assert rows["load_value"].tolist() == [2.5, 20.0]


def test_the_constant_comes_from_other_models_and_is_the_best_there() -> None:
    rows = table(*({"model": name, "ttft_ms_mean": ttft} for name, ttft in (("a", 10.0), ("b", 20.0), ("b", 90.0))))
    predicted = pd.DataFrame({"ttft_ms_mean": [4.0, 15.0, 60.0]})
    constants = runs.server_constants(rows, predicted)
    assert constants.tolist() == [5.0, 6.0, 6.0]
    others, base = rows["ttft_ms_mean"][1:], predicted["ttft_ms_mean"][1:]
    errors = [((base + constant - others) / others).abs().mean() for constant in (4.0, 5.0, 6.0, 30.0)]
    assert min(errors) == errors[1]


def test_overloaded_is_a_growing_queue_or_exploded_steps() -> None:
    rows = table(
        {"load_value": 1.0, "n_requests": 300.0, "tpot_ms_mean": 10.0, "ttft_ms_p99": 500.0},
        {"load_value": 5.0, "n_requests": 1500.0, "tpot_ms_mean": 51.0, "ttft_ms_p99": 900.0},
        {"load_value": 3.0, "n_requests": 900.0, "tpot_ms_mean": 20.0, "ttft_ms_p99": 16_000.0},
        {"load_value": 5.0, "n_requests": 1500.0, "tpot_ms_mean": 51.0, "ttft_ms_p99": np.nan, "gpu": "L4"},
    )
    assert runs.exploded(rows).tolist() == [False, True, False, False]
    assert runs.growing(rows).tolist() == [False, False, True, False]


def test_the_rule_judges_predictions_as_it_judges_measurements() -> None:
    rows = table(*({"load_value": rate, "n_requests": 300 * rate, "tpot_ms_mean": 10.0} for rate in (1.0, 5.0)))
    found = pd.DataFrame({"pred_ttft_ms_mean": "50", "pred_ttft_ms_p99": "90", "pred_tpot_ms_mean": ["9", "46"]})
    assert runs.overloaded(rows, "either").tolist() == [False, False]
    assert runs.overloaded(runs.as_if_measured(rows, found), "either").tolist() == [False, True]
    assert runs.overloaded(runs.as_if_measured(rows, found), "a growing queue").tolist() == [False, False]
