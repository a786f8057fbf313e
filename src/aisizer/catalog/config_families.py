"""Which architectures of config.json can be read, what each assumes where the file is silent, and how it names fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Family:
    """What a transformers class assumes where config.json is silent, and its own names of the common fields."""

    defaults: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    """common field to the family's own"""


_GEMMA3 = {
    "tie_word_embeddings": True,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "vocab_size": 262208,
    "max_position_embeddings": 131072,
    "sliding_window": 4096,
    "sliding_window_pattern": 6,
}
_GEMMA2 = {"tie_word_embeddings": True, "head_dim": 256, "sliding_window": 4096, "sliding_window_pattern": 2}
_LLAMA4 = {"no_rope_layer_interval": 4}
_QWEN_WINDOW = {"use_sliding_window": False}
_QWEN3_5 = {"full_attention_interval": 4, "attn_output_gate": True}
_PLAIN_MLP = {"gated_mlp": False, "ffn_multiple": 4}
_PARALLEL = {**_PLAIN_MLP, "parallel_attention": True}
_MAMBA = {
    "linear_num_key_heads": "n_groups",
    "linear_num_value_heads": "mamba_num_heads",
    "linear_value_head_dim": "mamba_head_dim",
    "linear_key_head_dim": "ssm_state_size",
}
_GRANITE_MAMBA = {
    "linear_num_key_heads": "mamba_n_groups",
    "linear_num_value_heads": "mamba_n_heads",
    "linear_value_head_dim": "mamba_d_head",
    "linear_key_head_dim": "mamba_d_state",
}
_GPT = {
    "hidden_size": "n_embd",
    "num_hidden_layers": "n_layer",
    "num_attention_heads": "n_head",
    "max_position_embeddings": "n_positions",
    "intermediate_size": "n_inner",
}
_CHATGLM = {
    "num_hidden_layers": "num_layers",
    "vocab_size": "padded_vocab_size",
    "num_key_value_heads": "multi_query_group_num",
    "head_dim": "kv_channels",
    "intermediate_size": "ffn_hidden_size",
    "max_position_embeddings": "seq_length",
}

_DECODERS: Mapping[str, Family] = {
    **dict.fromkeys(
        (
            "Llama",
            "Mistral",
            "Mixtral",
            "Ministral",
            "Glm",
            "Glm4",
            "Glm4Moe",
            "MiniMaxM2",
            "MiMo",
            "SeedOss",
            "Aquila",
        ),
        Family(),
    ),
    **dict.fromkeys(("DeepseekV2", "DeepseekV3", "DeepseekV32", "GlmMoeDsa", "KimiLinear"), Family()),
    **dict.fromkeys(("Olmo2", "Olmoe", "InternLM2", "InternLM3", "DeciLM", "Baichuan", "PhiMoE", "Phi3"), Family()),
    **dict.fromkeys(("Qwen2", "Qwen2Moe", "Qwen3", "Qwen3Moe"), Family(_QWEN_WINDOW)),
    **dict.fromkeys(("Qwen3Next", "Qwen3_5", "Qwen3_5Moe"), Family(_QWEN3_5)),
    **dict.fromkeys(("Granite", "SmolLM3"), Family()),
    "GraniteMoe": Family({"tie_word_embeddings": True}),
    "GraniteMoeShared": Family(),
    "GraniteMoeHybrid": Family({"mamba_n_groups": 1, "mamba_d_state": 256}, _GRANITE_MAMBA),
    "Nemotron": Family({"gated_mlp": False}),
    "NemotronH": Family({"gated_mlp": False}, _MAMBA | {"head_dim": "attention_head_dim"}),
    "Gemma": Family({"tie_word_embeddings": True, "head_dim": 256}),
    "Gemma2": Family(_GEMMA2),
    "Gemma3": Family(_GEMMA3),
    "Gemma4": Family({"tie_word_embeddings": True}),
    "GptOss": Family({"sliding_window_pattern": 2}),
    "Llama4": Family(_LLAMA4),
    "MiniMaxM3": Family(),
    "MiniMaxM1": Family({"lightning": True}),
    "MiniMaxText01": Family({"lightning": True}),
    "MiniMax": Family({"lightning": True}),
    "ChatGLM": Family(names=_CHATGLM),
    "Cohere": Family({"tie_word_embeddings": True, "parallel_attention": True}),
    "Cohere2": Family({"tie_word_embeddings": True, "parallel_attention": True, "sliding_window_pattern": 4}),
    "Starcoder2": Family({"gated_mlp": False, "tie_word_embeddings": True}),
    "Phi": Family({"gated_mlp": False, "parallel_attention": True}),
    "GPTJ": Family(_PARALLEL, _GPT),
    "GPTNeoX": Family(_PARALLEL),
    "Falcon": Family(_PARALLEL | {"max_position_embeddings": 2048}, {"num_key_value_heads": "num_kv_heads"}),
    "Bloom": Family(
        _PLAIN_MLP | {"tie_word_embeddings": True, "max_position_embeddings": 2048},
        _GPT | {"hidden_size": "n_embed", "max_position_embeddings": "seq_length"},
    ),
    "OPT": Family(
        _PLAIN_MLP | {"tie_word_embeddings": True, "learned_positions": True, "position_offset": 2},
        {"intermediate_size": "ffn_dim"},
    ),
}
_WRAPPED: Mapping[str, Family] = {
    "Mistral3ForConditionalGeneration": _DECODERS["Mistral"],
    "Qwen2_5_VLForConditionalGeneration": _DECODERS["Qwen2"],
    "Qwen3VLForConditionalGeneration": _DECODERS["Qwen3"],
    "Qwen3VLMoeForConditionalGeneration": _DECODERS["Qwen3Moe"],
    "Qwen3_5ForConditionalGeneration": _DECODERS["Qwen3_5"],
    "Qwen3_5MoeForConditionalGeneration": _DECODERS["Qwen3_5Moe"],
    "Gemma3ForConditionalGeneration": _DECODERS["Gemma3"],
    "Gemma4ForConditionalGeneration": _DECODERS["Gemma4"],
    "Glm4vMoeForConditionalGeneration": _DECODERS["Glm4Moe"],
    "KimiK25ForConditionalGeneration": _DECODERS["DeepseekV3"],
    "KimiK3ForConditionalGeneration": _DECODERS["KimiLinear"],
    "Llama4ForConditionalGeneration": _DECODERS["Llama4"],
    "LlavaForConditionalGeneration": _DECODERS["Llama"],
    "MllamaForConditionalGeneration": _DECODERS["Llama"],
    "MiniMaxM3SparseForConditionalGeneration": _DECODERS["MiniMaxM3"],
    "Phi4MMForCausalLM": _DECODERS["Phi3"],
    "ChatGLMForConditionalGeneration": _DECODERS["ChatGLM"],
}
"""Models for images or sound around a decoder: their text_config is read, their towers are not counted."""

_BERT = {"bidirectional": True, "prefill_only": True, "gated_mlp": False, "tie_word_embeddings": True}
_ENCODERS: Mapping[str, Family] = {
    "Bert": Family(_BERT | {"learned_positions": True}),
    "Roberta": Family(_BERT | {"learned_positions": True, "first_position": 2}),
    "XLMRoberta": Family(_BERT | {"learned_positions": True, "first_position": 2}),
    "DebertaV2": Family(_BERT | {"learned_positions": True}),
    "ModernBert": Family(_BERT | {"gated_mlp": True, "global_attn_every_n_layers": 3, "local_attention": 128}),
    "New": Family(_BERT | {"gated_mlp": True}),
    "NomicBert": Family(_BERT | {"gated_mlp": True}, _GPT),
}
"""Encoders: every token sees all others, and none is generated."""
_ENCODER_TASKS = ("Model", "ForMaskedLM", "ForSequenceClassification", "ForTokenClassification")
_POOLED_TASKS = ("Model", "ForSequenceClassification", "ForTokenClassification", "ForRewardModel")
"""What a decoder's class is called when it embeds or classifies instead of generating."""

FAMILIES: Mapping[str, Family] = {
    **{f"{stem}ForCausalLM": family for stem, family in _DECODERS.items()},
    **{
        f"{stem}{task}": Family({**family.defaults, "prefill_only": True}, family.names)
        for stem, family in _DECODERS.items()
        for task in _POOLED_TASKS
        if (stem, task) != ("ChatGLM", "Model")
    },
    "ChatGLMModel": _DECODERS["ChatGLM"],
    **_WRAPPED,
    **{f"{stem}{task}": family for stem, family in _ENCODERS.items() for task in _ENCODER_TASKS},
}
"""Each architecture that can be read, by its name in config.json."""

_TEXT_CONFIGS = ("text_config", "llm_config", "language_config")
"""Where models for images or sound keep the fields of their decoder."""


def common_fields(outer: Mapping[str, Any], family: Family) -> dict[str, Any]:
    """The config's fields under their common names, those of a nested decoder in front, silent ones filled in."""
    config = dict(outer)
    for name in _TEXT_CONFIGS:
        if isinstance(outer.get(name), dict):
            config |= outer[name]
    renamed = {common: config[own] for common, own in family.names.items() if config.get(own) is not None}
    given = {name: value for name, value in config.items() if value is not None}
    return {**family.defaults, **_nested_linear(config), **renamed, **given}


def _nested_linear(config: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of Kimi's linear attention, which stand in a mapping of their own."""
    nested = config.get("linear_attn_config")
    if not isinstance(nested, dict):
        return {}
    heads, width = nested.get("num_heads"), nested.get("head_dim")
    return {
        "linear_num_key_heads": heads,
        "linear_num_value_heads": heads,
        "linear_value_head_dim": width,
        "full_attn_layers": nested.get("full_attn_layers"),
    }
