"""The published parameter count of every model of the catalog, and of a config.json of every family, is reproduced."""

import json

import pytest
from config_samples import SAMPLES

from aisizer.catalog.config_families import FAMILIES
from aisizer.catalog.config_json import model_from_config
from aisizer.catalog.load import load_catalog
from aisizer.catalog.parameters import active_parameters, total_parameters
from aisizer.catalog.records import Model
from aisizer.catalog.verify import named_size_b
from aisizer.engine.layouts import embedding_weights, experts, matrices

MODELS = load_catalog().models
TOLERANCE = 0.01
"""[1] biases, token types and poolers are not counted"""
ROUNDED = 0.08
"""[1] where only a model's name says how large it is: Qwen3 14B has 14.77 B"""
NOT_COMPARED = {
    *("id", "name", "aliases", "sources", "notes", "huggingface", "architecture", "developer", "developer_country"),
    *("published_params_b", "published_active_params_b", "published_precision", "max_context"),
    *("tied_embeddings", "shared_expert_ffn"),  # an encoder has no head to tie; the width may be given or follow
}
DIMENSIONS = sorted(set(Model.model_fields) - NOT_COMPARED)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_count_of_a_catalog_model_is_the_published_one(name: str) -> None:
    model = MODELS[name]
    total, active = total_parameters(model) / 1e9, active_parameters(model) / 1e9
    named = named_size_b(model.name)
    if model.published_params_b is not None:
        assert total == pytest.approx(model.published_params_b, rel=TOLERANCE)
    elif named is not None:
        assert total == pytest.approx(named, rel=ROUNDED, abs=0.25)
    else:
        assert any("none is published" in note for note in model.notes), name
    if model.published_active_params_b is not None:
        assert active == pytest.approx(model.published_active_params_b, rel=TOLERANCE)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_matrices_of_the_engine_hold_the_parameters(name: str) -> None:
    """Norms, convolutions and the scalars of linear heads are no matrices; an indexer is not in the published counts."""
    model = MODELS[name].model_copy(update={"index_topk": None})
    routed = experts(model, 1)
    weights = sum(m.weights for m in matrices(model, 1)) + embedding_weights(model, 1)
    weights += routed.weights if routed else 0
    assert weights == pytest.approx(total_parameters(model), rel=5e-3)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_config_of_each_family_gives_the_model_of_the_catalog(name: str) -> None:
    found, known = model_from_config(json.dumps(SAMPLES[name]), f"{name}/config.json"), MODELS[name]
    assert {field: getattr(found, field) for field in DIMENSIONS} == {
        field: getattr(known, field) for field in DIMENSIONS
    }
    assert total_parameters(found) == pytest.approx(total_parameters(known), rel=1e-3)


def test_the_samples_cover_the_families_that_serve_today() -> None:
    covered = {sample["architectures"][0] for sample in SAMPLES.values()}
    assert covered <= set(FAMILIES)
    stems = {"Llama", "Mistral", "Mixtral", "Qwen2", "Qwen3", "Gemma", "Phi", "Deepseek", "GptOss"}
    stems |= {"Glm", "Kimi", "Granite", "Nemotron", "Llama4", "MiniMax", "Bert", "XLMRoberta", "ModernBert", "Deberta"}
    assert {stem for stem in stems if not any(name.startswith(stem) for name in covered)} == set()
