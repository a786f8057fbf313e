"""Published parameter counts are reproduced from config.json; what cannot be read is refused with all its faults."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisizer.catalog.config_json import FAMILIES, model_from_config
from aisizer.catalog.generic import SHAPES, is_size, model_from_size
from aisizer.catalog.load import load_catalog
from aisizer.catalog.parameters import active_parameters, total_parameters
from aisizer.errors import InvalidInput

COMMON = ("num_hidden_layers", "hidden_size", "num_attention_heads", "num_key_value_heads", "intermediate_size")


def config(architecture: str, dims: tuple[int, ...], vocab: int, **fields: object) -> dict[str, object]:
    base = dict(zip(COMMON, dims, strict=True))
    return {"architectures": [architecture], **base, "vocab_size": vocab, "max_position_embeddings": 131072, **fields}


MLA = {"kv_lora_rank": 512, "q_lora_rank": 1536, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128}
DEEPSEEK_EXPERTS = {
    "n_routed_experts": 256,
    "num_experts_per_tok": 8,
    "moe_intermediate_size": 2048,
    "n_shared_experts": 1,
    "first_k_dense_replace": 3,
}
PUBLISHED = [
    (config("LlamaForCausalLM", (32, 4096, 32, 8, 14336), 128256), 8.03, 8.03),
    (config("Qwen3ForCausalLM", (36, 4096, 32, 8, 12288), 151936, head_dim=128, sliding_window=None), 8.19, 8.19),
    (config("Gemma2ForCausalLM", (42, 3584, 16, 8, 14336), 256000, max_position_embeddings=8192), 9.24, 9.24),
    (config("Phi3ForCausalLM", (40, 5120, 40, 10, 17920), 100352), 14.66, 14.66),
    (
        config("MixtralForCausalLM", (32, 4096, 32, 8, 14336), 32000, num_local_experts=8, num_experts_per_tok=2),
        46.7,
        12.88,
    ),
    (
        config(
            "Qwen3MoeForCausalLM",
            (94, 4096, 64, 4, 12288),
            151936,
            head_dim=128,
            num_experts=128,
            num_experts_per_tok=8,
            moe_intermediate_size=1536,
            decoder_sparse_step=1,
        ),
        235.09,
        22.19,
    ),
    (config("DeepseekV3ForCausalLM", (61, 7168, 128, 128, 18432), 129280, **MLA, **DEEPSEEK_EXPERTS), 671.03, 37.55),
    (
        config(
            "GptOssForCausalLM",
            (36, 2880, 64, 8, 2880),
            201088,
            head_dim=64,
            sliding_window=128,
            num_local_experts=128,
            num_experts_per_tok=4,
        ),
        116.79,
        5.71,
    ),
    (
        {
            "architectures": ["Llama4ForConditionalGeneration"],
            "text_config": config(
                "",
                (48, 5120, 40, 8, 8192),
                202048,
                head_dim=128,
                intermediate_size_mlp=16384,
                interleave_moe_layer_step=2,
                num_local_experts=128,
                num_experts_per_tok=1,
                attention_chunk_size=8192,
            ),
        },
        400.71,
        17.18,
    ),
]


@pytest.mark.parametrize(("fields", "total_b", "active_b"), PUBLISHED, ids=lambda value: str(value)[:40])
def test_published_counts_are_reproduced(fields: dict[str, object], total_b: float, active_b: float) -> None:
    model = model_from_config(json.dumps(fields), "some-model/config.json")
    assert total_parameters(model) / 1e9 == pytest.approx(total_b, rel=0.002)
    assert active_parameters(model) / 1e9 == pytest.approx(active_b, rel=0.002)
    assert model.id == "some-model"


def groups(fields: dict[str, object]) -> list[tuple[int, str, int | None]]:
    return [(g.layers, g.kind, g.window) for g in model_from_config(json.dumps(fields), "m.json").attention]


def test_layers_with_a_window_are_told_apart() -> None:
    dims = (34, 2560, 8, 4, 10240)
    gemma = config("Gemma3ForCausalLM", dims, 262144, sliding_window=1024)
    assert groups(gemma) == [(5, "full", None), (29, "sliding", 1024)]
    mistral = config("MistralForCausalLM", dims, 32000, sliding_window=4096, head_dim=256)
    assert groups(mistral) == [(34, "sliding", 4096)]
    assert groups(mistral | {"sliding_window": 262144}) == [(34, "full", None)]
    qwen = config("Qwen2ForCausalLM", dims, 32000, sliding_window=4096, use_sliding_window=True, max_window_layers=20)
    assert groups(qwen) == [(20, "full", None), (14, "sliding", 4096)]
    assert groups(qwen | {"use_sliding_window": False}) == [(34, "full", None)]
    kinds = ["sliding_attention", "full_attention"] * 17
    oss = config("GptOssForCausalLM", dims, 32000, head_dim=64, sliding_window=128, layer_types=kinds)
    assert groups(oss) == [(17, "full", None), (17, "sliding", 128)]
    assert groups(PUBLISHED[-1][0]) == [(12, "full", None), (36, "chunked", 8192)]


@pytest.mark.parametrize(
    ("quantization", "precision"),
    [
        ({"quant_method": "fp8"}, "fp8"),
        ({"quant_method": "mxfp4"}, "fp4"),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "fp4"),
        ({"quant_method": "awq", "bits": 4}, "int4"),
        ({"quant_method": "gptq", "bits": 8}, "int8"),
        ({"quant_method": "compressed-tensors", "config_groups": {"group_0": {"weights": {"num_bits": 4}}}}, "int4"),
        (None, "bf16"),
    ],
)
def test_precision_of_published_weights(quantization: object, precision: str) -> None:
    fields = PUBLISHED[0][0] | {"quantization_config": quantization}
    assert model_from_config(json.dumps(fields), "m.json").published_precision == precision


def test_an_unknown_architecture_names_the_fields_that_would_describe_it() -> None:
    with pytest.raises(InvalidInput) as caught:
        model_from_config('{\n "architectures": ["MambaForCausalLM"]\n}', "mamba.json")
    message = str(caught.value)
    assert message.startswith("mamba.json:2: architectures: the architecture 'MambaForCausalLM' is not known.")
    assert all(word in message for word in ("layers", "hidden", "kv_heads", "expert_ffn", "--catalog"))


def test_all_faults_of_a_config_come_at_once() -> None:
    fields = PUBLISHED[0][0] | {"num_hidden_layers": "many", "quantization_config": {"quant_method": "magic"}}
    del fields["vocab_size"]
    with pytest.raises(InvalidInput) as caught:
        model_from_config(json.dumps(fields, indent=1), "m.json")
    assert {fault.path for fault in caught.value.faults} == {"num_hidden_layers", "vocab_size", "quantization_config"}


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"architectures": 3}', "[" * 100_000, "1" * 5000])
def test_what_is_no_config_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        model_from_config(text, "m.json")


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 10**12), st.floats(), st.text(max_size=5), st.lists(st.integers())
)
FIELDS = sorted({key for fields, _, _ in PUBLISHED[:8] for key in fields} - {"architectures"})


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FAMILIES)), st.dictionaries(st.sampled_from(FIELDS), VALUES))
def test_fuzzed_configs_are_read_or_refused(architecture: str, fields: dict[str, object]) -> None:
    text = json.dumps(PUBLISHED[6][0] | {"architectures": [architecture]} | fields)
    try:
        model = model_from_config(text, "m.json")
    except InvalidInput as error:
        assert error.faults
    else:
        assert 0 < active_parameters(model) <= total_parameters(model)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.5, 900))
def test_a_generic_model_has_about_the_size_asked_for(billions: float) -> None:
    text = f"{billions:.2f}B"
    assert is_size(text)
    counted = total_parameters(model_from_size(text)) / 1e9
    assert counted == pytest.approx(float(text[:-1]), rel=0.07)


def test_generic_shapes_are_those_of_the_catalog() -> None:
    models = load_catalog()
    for shape in SHAPES:
        model = models.find_model(shape.name)
        assert (shape.layers, shape.hidden, shape.heads, shape.ffn) == (
            model.layers,
            model.hidden,
            model.heads,
            model.ffn,
        )
        assert shape.total == pytest.approx(total_parameters(model), rel=1e-4)


@pytest.mark.parametrize("text", ["70", "B", "70b", "-7B", "7e1B", "0.1B", "5000B", "llama-70B", "7 B"])
def test_other_text_is_no_size(text: str) -> None:
    with pytest.raises(InvalidInput):
        model_from_size(text)


def test_a_checkpoint_that_keeps_its_quantisation_elsewhere_is_known_by_its_name() -> None:
    text = json.dumps(PUBLISHED[0][0])
    for folder, precision in (("Llama-NVFP4", "fp4"), ("Llama-8B-FP8-KV", "fp8"), ("Llama-8B", "bf16")):
        assert model_from_config(text, f"{folder}/config.json").published_precision == precision


def test_mixed_precision_is_read_as_that_of_its_mlps() -> None:
    eight, four = ({"weights": {"num_bits": bits, "type": "float"}} for bits in (8, 4))
    mixed = {"quant_method": "modelopt", "quant_algo": "MIXED_PRECISION", "config_groups": {"a": eight, "b": four}}
    layers = {"quant_algo": "MIXED_PRECISION", "quantized_layers": {"mlp": {"quant_algo": "NVFP4"}, "q": {}}}
    for quantization in (mixed, layers):
        fields = PUBLISHED[0][0] | {"quantization_config": quantization}
        assert model_from_config(json.dumps(fields), "m.json").published_precision == "fp4"


def test_layers_pruned_by_search_keep_their_own_widths() -> None:
    """NVIDIA's Nemotron Super: 2/3 x ffn_mult x 2 x hidden, up to a multiple of 256; here 7,168 and nothing."""
    kept = {"attention": {"n_heads_in_group": 8, "no_op": False}, "ffn": {"ffn_mult": 1.3125, "no_op": False}}
    dropped = {"attention": {"no_op": True}, "ffn": {"no_op": True}}
    fields = config("DeciLMForCausalLM", (4, 8192, 64, 64, 0), 128256, block_configs=[kept, dropped] * 2)
    model = model_from_config(json.dumps(fields), "m.json")
    assert [(g.layers, g.kv_heads) for g in model.attention] == [(2, 8)]
    assert model.ffn == 7168 / 2


def test_what_the_record_cannot_describe_is_refused() -> None:
    """DeepSeek V4 compresses its cache by layer: its bytes per token are not those of any kind of attention here."""
    with pytest.raises(InvalidInput, match="DeepseekV4ForCausalLM"):
        model_from_config(json.dumps(PUBLISHED[6][0] | {"architectures": ["DeepseekV4ForCausalLM"]}), "m.json")
