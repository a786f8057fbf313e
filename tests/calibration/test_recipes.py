"""Which rows are replayed as a published sweep had set its server, and what the recipe changes."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from aisizer.calibration.points import Point, Span
from aisizer.calibration.predict import predict_point
from aisizer.calibration.recipes import Settings, as_set, recipe_of, settings_of
from aisizer.catalog.catalog import Catalog
from aisizer.catalog.load import load_catalog
from aisizer.catalog.records import Recipe
from aisizer.shapes import StepTable

GRID = np.array([0.0, 8192.0])
TABLE = StepTable(GRID, GRID * 1e-5, GRID, GRID * 0, 0, 0, 0, 0, 0.01, 0, 0, 1e6, 256, 8192, prefill_floor_s=0.02)
SWEEP = Point(
    model="deepseek-r1",
    huggingface="",
    gpu="B200",
    engine="SGLang",
    engine_version="0.5.9",
    measured_date="",
    precision="fp8",
    kv_precision=None,
    gpus=8,
    replicas=1,
    tensor_parallel=8,
    pipeline_parallel=1,
    expert_parallel=1,
    attention_dp=1,
    protocol="closed_burst",
    load=16.0,
    requests=160,
    max_in_flight=None,
    prompt=Span(819.0, 1024.0),
    output=Span(819.0, 1024.0),
)
"""As InferenceX measures: ten requests per client, lengths from 0.8 of the longest on."""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def found(catalog: Catalog, engine: str, **changes: object) -> Recipe:
    point = replace(SWEEP, **changes)  # type: ignore[arg-type]
    return recipe_of(catalog.find_model(point.model), catalog.find_gpu(point.gpu), catalog.engines[engine], point)


@pytest.mark.parametrize(("clients", "polls"), [(1, 10), (8, 10), (16, 30), (256, 30)])
def test_sglang_on_blackwell_looks_for_requests_rarely(catalog: Catalog, clients: int, polls: int) -> None:
    recipe = found(catalog, "sglang-0.5.23", load=float(clients), requests=10 * clients)
    assert (recipe.poll_steps, recipe.kv_precision) == (polls, "fp8")


def test_sglang_on_hopper_or_with_another_model_is_as_the_engine_comes(catalog: Catalog) -> None:
    assert found(catalog, "sglang-0.5.23", gpu="H200") == Recipe()
    assert found(catalog, "sglang-0.5.23", model="gpt-oss-120b").poll_steps == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"requests": 161},
        {"requests": 0, "protocol": "closed_steady"},
        {"protocol": "poisson"},
        {"prompt": Span(1024.0, 1024.0)},
        {"output": Span(1.0, 1024.0)},
    ],
)
def test_a_run_without_the_marks_of_a_sweep_is_nobodys(catalog: Catalog, changes: dict[str, object]) -> None:
    """Neither a user's own points nor a scenario may come out as another server was set."""
    assert found(catalog, "sglang-0.5.23", **changes) == Recipe()


@pytest.mark.parametrize(("tensor_parallel", "holds"), [(4, 20), (8, 0)])
def test_tensorrt_llm_holds_prompts_back_where_the_sweep_set_it(
    catalog: Catalog, tensor_parallel: int, holds: int
) -> None:
    changes = {"model": "llama-3.3-70b", "tensor_parallel": tensor_parallel, "engine_version": "1.2.0"}
    assert found(catalog, "trtllm-1.2", **changes).hold_steps == holds
    longer = changes | {"prompt": Span(6553.0, 8192.0)}
    assert found(catalog, "trtllm-1.2", **longer).hold_steps == 0


def test_one_client_waits_in_sweeps_of_tensorrt_llm_1_0(catalog: Catalog) -> None:
    recipe = found(catalog, "trtllm-1.0", model="qwen3-32b", engine_version="1.0.0rc3")
    assert settings_of(recipe, SWEEP).most_sequences == 15
    assert settings_of(recipe, replace(SWEEP, load=1.0)).most_sequences == 1
    assert found(catalog, "trtllm-1.0", model="qwen3-32b", engine_version="1.1.0") == Recipe()


def test_a_recipe_changes_only_what_it_names(catalog: Catalog) -> None:
    engine = catalog.engines["trtllm-1.2"]
    unchanged = as_set(TABLE, Settings(), engine)
    assert all(getattr(unchanged, f.name) is getattr(TABLE, f.name) for f in fields(TABLE))
    changed = as_set(TABLE, Settings(30, 20, 0, 2 * engine.launch_s, 15), engine)
    assert (changed.poll_steps, changed.hold_steps, changed.schedule_ahead) == (30, 20, 0)
    assert (changed.prefill_floor_s, changed.max_batch) == (0.04, 15)


def test_a_replayed_recipe_is_named_among_the_assumptions_and_changes_the_answer(catalog: Catalog) -> None:
    cells = {
        "id": "a",
        "model": "deepseek-r1",
        "gpu": "B200",
        "gpus_used": "8",
        "tp": "8",
        "engine": "SGLang",
        "precision_weights": "fp8",
        "protocol": "closed_burst",
        "load_value": "16",
        "n_requests": "160",
        "isl_mean": "922",
        "isl_min": "819",
        "isl_max": "1024",
        "osl_mean": "922",
        "osl_min": "819",
        "osl_max": "1024",
    }
    swept, own = (predict_point(catalog, cells | {"n_requests": count}) for count in ("160", "161"))
    assert "every 30 steps" in swept["pred_assumed"]
    assert "every 30 steps" not in own["pred_assumed"]
    assert float(swept["pred_ttft_ms_mean"]) > 1.2 * float(own["pred_ttft_ms_mean"])
