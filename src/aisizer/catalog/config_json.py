"""A Hugging Face config.json becomes a Model; an architecture that is not known is refused, never guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from aisizer.catalog.config_layers import attention_groups
from aisizer.catalog.config_reader import ConfigReader
from aisizer.catalog.generic import model_from_size
from aisizer.catalog.records import Model, Precision
from aisizer.errors import Fault, InvalidInput

__all__ = ["FAMILIES", "USER_CONFIG_SOURCE", "model_from_config", "model_from_size"]

USER_CONFIG_SOURCE = "user-config-json"
"""id of the catalog source that stands for a config.json given by the user"""

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

FAMILIES: Mapping[str, Mapping[str, Any]] = {
    "LlamaForCausalLM": {},
    "MistralForCausalLM": {},
    "MixtralForCausalLM": {},
    "Qwen2ForCausalLM": _QWEN_WINDOW,
    "Qwen2MoeForCausalLM": _QWEN_WINDOW,
    "Qwen3ForCausalLM": _QWEN_WINDOW,
    "Qwen3MoeForCausalLM": _QWEN_WINDOW,
    "Qwen3_5ForConditionalGeneration": _QWEN3_5,
    "Qwen3_5MoeForConditionalGeneration": _QWEN3_5,
    "Gemma2ForCausalLM": _GEMMA2,
    "Gemma3ForCausalLM": _GEMMA3,
    "Gemma3ForConditionalGeneration": _GEMMA3,
    "Gemma4ForConditionalGeneration": {"tie_word_embeddings": True},
    "Phi3ForCausalLM": {},
    "GraniteForCausalLM": {},
    "NemotronForCausalLM": {"gated_mlp": False},
    "DeepseekV2ForCausalLM": {},
    "DeepseekV3ForCausalLM": {},
    "DeepseekV32ForCausalLM": {},
    "KimiK25ForConditionalGeneration": {},
    "GlmMoeDsaForCausalLM": {},
    "Glm4MoeForCausalLM": {},
    "MiniMaxM2ForCausalLM": {},
    "GptOssForCausalLM": {"sliding_window_pattern": 2},
    "Llama4ForConditionalGeneration": _LLAMA4,
    "Llama4ForCausalLM": _LLAMA4,
}
"""Each architecture that can be read, with what its transformers class assumes where config.json is silent."""

_PRECISIONS: Mapping[tuple[str, str], Precision] = {
    ("int", "4"): "int4",
    ("int", "8"): "int8",
    ("float", "8"): "fp8",
    ("float", "4"): "fp4",
}
_METHODS: Mapping[str, Precision] = {"fp8": "fp8", "fbgemm_fp8": "fp8", "mxfp4": "fp4", "nvfp4": "fp4"}


def names_a_file(text: str) -> bool:
    """Whether a model is given as a path rather than by name.

    >>> names_a_file("./config.json"), names_a_file("meta-llama/Llama-3.1-8B")
    (True, False)
    """
    return text.endswith(".json") or "\\" in text or text.startswith((".", "/"))


def model_from_config(text: str, file: str) -> Model:
    """Reads the text of a Hugging Face config.json; `file` names it in messages and gives the model its id."""
    outer = _parse(text, file)
    config = {**outer, **_mapping(outer.get("text_config"))}
    architecture = _architecture(outer, text, file)
    reader = ConfigReader({**FAMILIES[architecture], **config}, text, file)
    fields = _dimensions(reader) | _latent(reader) | _mlp(reader, architecture)
    attention = attention_groups(reader)
    precision = _precision(reader)
    reader.raise_faults()
    name = _name(outer, file)
    return Model(
        id=re.sub(r"[^a-z0-9_.-]+", "-", name.lower()).strip("-._") or "model",
        name=name,
        sources={"*": USER_CONFIG_SOURCE},
        huggingface=str(outer.get("_name_or_path") or ""),
        architecture=architecture,
        attention=attention,
        published_precision=precision,
        **fields,
    )


def _parse(text: str, file: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        problem = f"this is not JSON: {error.msg}. Give the model's config.json as Hugging Face publishes it."
        raise InvalidInput([Fault(file, error.lineno, error.colno, "", problem)]) from None
    except (ValueError, RecursionError):
        problem = "a number is too long or the nesting too deep. Give the config.json as Hugging Face publishes it."
        raise InvalidInput([Fault(file, None, None, "", problem)]) from None
    if not isinstance(data, dict):
        problem = "a JSON object is expected. Give the model's config.json as Hugging Face publishes it."
        raise InvalidInput([Fault(file, 1, 1, "", problem)])
    return data


def _architecture(config: Mapping[str, Any], text: str, file: str) -> str:
    named = config.get("architectures")
    architecture = str(named[0]) if isinstance(named, list) and named else ""
    if architecture in FAMILIES:
        return architecture
    got = f"the architecture {architecture!r} is not known" if architecture else "the architecture is missing"
    needed = (
        "Describe it as models/NAME.yaml in your own --catalog folder with layers, hidden, heads, attention "
        "(layers, kind, kv_heads, head_dim, window), ffn or experts, experts_per_token and expert_ffn, vocab, "
        "max_context, tied_embeddings and published_precision; copy the nearest model of the catalog to start."
    )
    line = next((n for n, row in enumerate(text.splitlines(), 1) if '"architectures"' in row), None)
    raise InvalidInput([Fault(file, line, None, "architectures", f"{got}. {needed}")])


def _dimensions(reader: ConfigReader) -> dict[str, Any]:
    return {
        "layers": reader.integer("num_hidden_layers"),
        "hidden": reader.integer("hidden_size"),
        "heads": reader.integer("num_attention_heads"),
        "vocab": reader.integer("vocab_size"),
        "max_context": reader.integer("max_position_embeddings"),
        "tied_embeddings": reader.flag("tie_word_embeddings"),
        "gated_mlp": reader.flag("gated_mlp", default=True),
        "attention_output_gate": reader.flag("attn_output_gate"),
    }


def _latent(reader: ConfigReader) -> dict[str, Any]:
    if not reader.has("kv_lora_rank"):
        return {}
    names = ("kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim")
    return {name: reader.integer(name) for name in names} | {"q_lora_rank": reader.optional("q_lora_rank")}


def _mlp(reader: ConfigReader, architecture: str) -> dict[str, Any]:
    experts = reader.optional("num_local_experts", "num_experts", "n_routed_experts")
    if not experts:
        return {"ffn": reader.integer("intermediate_size")}
    dense_layers = _dense_layers(reader)
    experts_per_token = reader.integer("num_experts_per_tok", "top_k_experts", "experts_per_token")
    if experts_per_token > experts:
        problem = f"{experts_per_token} experts a token are more than the {experts} there are. Check the config.json."
        reader.fault("num_experts_per_tok", problem)
    return {
        "experts": experts,
        "experts_per_token": experts_per_token,
        "expert_ffn": reader.integer("moe_intermediate_size", "intermediate_size"),
        "dense_layers": dense_layers,
        "ffn": reader.integer("intermediate_size_mlp", "intermediate_size") if dense_layers else None,
    } | _shared(reader, architecture)


def _shared(reader: ConfigReader, architecture: str) -> dict[str, int]:
    if architecture.startswith("Llama4"):
        return {"shared_experts": 1}
    if architecture.startswith("Gemma4"):  # its dense MLP runs beside the experts in every layer
        return {"shared_experts": 1, "shared_expert_ffn": reader.integer("intermediate_size")}
    if width := reader.optional("shared_expert_intermediate_size"):
        return {"shared_experts": 1, "shared_expert_ffn": width}
    return {"shared_experts": reader.optional("n_shared_experts") or 0}


def _dense_layers(reader: ConfigReader) -> int:
    layers = reader.integer("num_hidden_layers")
    if step := reader.optional("interleave_moe_layer_step", "decoder_sparse_step"):
        return layers - layers // step
    dense = reader.optional("first_k_dense_replace") or 0
    if dense > layers:
        reader.fault("first_k_dense_replace", f"{dense} is more than the {layers} layers. Check the config.json.")
    return dense


def _precision(reader: ConfigReader) -> Precision:
    quantization = _mapping(reader.config.get("quantization_config"))
    if not quantization:
        return "bf16"
    method = str(quantization.get("quant_algo") or quantization.get("quant_method") or "").lower()
    groups = list(_mapping(quantization.get("config_groups")).values())
    weights = _mapping(_mapping(groups[0]).get("weights")) if groups else {}
    bits = weights.get("num_bits", quantization.get("bits", 4 if quantization.get("load_in_4bit") else None))
    found = _METHODS.get(method) or _PRECISIONS.get((str(weights.get("type", "int")), str(bits)))
    if found is None:
        accepted = "fp8, mxfp4, nvfp4, or gptq and awq with bits"
        reader.fault(
            "quantization_config", f"the quantization {method!r} is not known. Set quant_method to {accepted}."
        )
    return found or "bf16"


def _name(config: Mapping[str, Any], file: str) -> str:
    path = PurePath(str(config.get("_name_or_path") or file).replace("\\", "/"))
    if path.name == "config.json" and path.parent.name:
        return path.parent.name
    return path.stem if path.suffix == ".json" else path.name


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
