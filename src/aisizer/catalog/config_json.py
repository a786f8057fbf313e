"""A Hugging Face config.json becomes a Model; an architecture that is not known is refused, never guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from aisizer.catalog.config_families import FAMILIES, common_fields
from aisizer.catalog.config_layers import LayerKind, attention_groups, layer_count, layer_kinds, pruned_widths
from aisizer.catalog.config_reader import ConfigReader
from aisizer.catalog.generic import model_from_size
from aisizer.catalog.names import stated_precision
from aisizer.catalog.records import Model, Precision
from aisizer.errors import Fault, InvalidInput

__all__ = ["FAMILIES", "USER_CONFIG_SOURCE", "model_from_config", "model_from_size"]

USER_CONFIG_SOURCE = "user-config-json"
"""id of the catalog source that stands for a config.json given by the user"""

_PRECISIONS: Mapping[tuple[str, str], Precision] = {
    ("int", "4"): "int4",
    ("int", "8"): "int8",
    ("float", "8"): "fp8",
    ("float", "4"): "fp4",
}
_METHODS: Mapping[str, Precision] = {
    **dict.fromkeys(("fp8", "fbgemm_fp8", "mxfp8", "fp8_pb_wo"), "fp8"),
    **dict.fromkeys(("mxfp4", "nvfp4", "w4a16_nvfp4", "w4a8_nvfp4_fp8"), "fp4"),
}
_NARROWEST_FIRST: tuple[Precision, ...] = ("fp4", "int4", "fp8", "int8")


def model_from_config(text: str, file: str) -> Model:
    """Reads the text of a Hugging Face config.json; `file` names it in messages and gives the model its id."""
    outer = _parse(text, file)
    architecture = _architecture(outer, text, file)
    reader = ConfigReader(common_fields(outer, FAMILIES[architecture]), text, file)
    name = _name(outer, file)
    kinds = layer_kinds(reader)
    fields = _dimensions(reader) | _positions(reader) | _latent(reader) | _index(reader)
    fields |= _mlp(reader, architecture, kinds)
    attention = attention_groups(reader, kinds)
    if not attention:
        reader.fault("num_hidden_layers", "no layer attends to anything. Check the list of layer types.")
    precision = _precision(reader, name)
    reader.raise_faults()
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
    hidden, width = reader.integer("hidden_size"), reader.optional("word_embed_proj_dim")
    return {
        "layers": layer_count(reader),
        "hidden": hidden,
        "heads": reader.integer("num_attention_heads"),
        "vocab": reader.integer("vocab_size"),
        "tied_embeddings": reader.flag("tie_word_embeddings"),
        "embedding_width": None if width in (None, hidden) else width,
        "gated_mlp": reader.flag("gated_mlp", default=True),
        "attention_output_gate": reader.flag("attn_output_gate"),
        "parallel_attention": reader.flag("parallel_attention") and reader.flag("parallel_attn", default=True),
        "bidirectional": reader.flag("bidirectional") or reader.config.get("use_bidirectional_attention") is True,
        "prefill_only": reader.flag("prefill_only"),
    }


def _positions(reader: ConfigReader) -> dict[str, int]:
    """The longest context, and the rows of a table of positions; some tables begin with rows that no token uses."""
    rows = reader.integer("max_position_embeddings")
    if not reader.flag("learned_positions"):
        return {"max_context": rows}
    first = reader.optional("first_position") or 0
    return {
        "max_context": max(rows - first, 1),
        "learned_positions": rows + (reader.optional("position_offset") or 0),
    }


def _latent(reader: ConfigReader) -> dict[str, Any]:
    if not reader.has("kv_lora_rank"):
        return {}
    names = ("kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim")
    return {name: reader.integer(name) for name in names} | {"q_lora_rank": reader.optional("q_lora_rank")}


def _index(reader: ConfigReader) -> dict[str, int]:
    """The indexer of sparse attention: DeepSeek's fields, or MiniMax's, which count blocks of tokens."""
    nested = _mapping(reader.config.get("sparse_attention_config"))
    if nested.get("use_sparse_attention"):
        blocks = reader.inside("sparse_attention_config")
        return {
            "index_topk": blocks.integer("sparse_topk_blocks") * blocks.integer("sparse_block_size"),
            "index_heads": blocks.integer("sparse_num_index_heads"),
            "index_head_dim": blocks.integer("sparse_index_dim"),
        }
    if not reader.has("index_topk"):
        return {}
    return {
        "index_topk": reader.integer("index_topk"),
        "index_heads": reader.integer("index_n_heads"),
        "index_head_dim": reader.integer("index_head_dim"),
    }


def _mlp(reader: ConfigReader, architecture: str, kinds: list[LayerKind]) -> dict[str, Any]:
    if widths := pruned_widths(reader):
        return {"ffn": round(sum(widths) / len(widths)), "mlp_layers": None}
    with_mlp = kinds.count("mlp") or len(kinds)
    fields: dict[str, Any] = {} if with_mlp == len(kinds) else {"mlp_layers": with_mlp}
    experts = reader.optional("num_local_experts", "num_experts", "n_routed_experts")
    if not experts:
        return fields | {"ffn": _ffn(reader)}
    dense_layers = _dense_layers(reader)
    experts_per_token = reader.integer(
        "num_experts_per_tok", "num_experts_per_token", "top_k_experts", "experts_per_token"
    )
    if experts_per_token > experts:
        problem = f"{experts_per_token} experts a token are more than the {experts} there are. Check the config.json."
        reader.fault("num_experts_per_tok", problem)
    return (
        fields
        | {
            "experts": experts,
            "experts_per_token": experts_per_token,
            "expert_ffn": reader.integer("moe_intermediate_size", "intermediate_size"),
            "expert_hidden": reader.optional("moe_latent_size", "routed_expert_hidden_size"),
            "dense_layers": dense_layers,
            "ffn": _ffn(reader) if dense_layers else None,
        }
        | _shared(reader, architecture)
    )


def _ffn(reader: ConfigReader) -> int:
    """Width of the dense MLP."""
    names = ("intermediate_size_mlp", "dense_intermediate_size", "intermediate_size", "shared_intermediate_size")
    multiple = reader.optional("ffn_multiple")
    if multiple and not any(reader.has(name) for name in names):
        return multiple * reader.integer("hidden_size")
    return reader.integer(*names)


def _shared(reader: ConfigReader, architecture: str) -> dict[str, int]:
    if architecture.startswith("Llama4"):
        return {"shared_experts": 1}
    if architecture.startswith("Gemma4"):  # its dense MLP runs beside the experts in every layer
        return {"shared_experts": 1, "shared_expert_ffn": reader.integer("intermediate_size")}
    shared = ("shared_expert_intermediate_size", "moe_shared_expert_intermediate_size", "shared_intermediate_size")
    if width := reader.optional(*shared):
        return {"shared_experts": 1, "shared_expert_ffn": width}
    return {"shared_experts": reader.optional("n_shared_experts", "num_shared_experts") or 0}


def _dense_layers(reader: ConfigReader) -> int:
    layers = layer_count(reader)
    if step := reader.optional("interleave_moe_layer_step", "decoder_sparse_step"):
        return layers - layers // step
    sparse = reader.config.get("moe_layer_freq")
    if isinstance(sparse, list):
        return sum(1 for flag in sparse[:layers] if not flag)
    dense = reader.optional("first_k_dense_replace") or 0
    if dense > layers:
        reader.fault("first_k_dense_replace", f"{dense} is more than the {layers} layers. Check the config.json.")
    return dense


def _precision(reader: ConfigReader, name: str) -> Precision:
    """The precision of the weights: as configured, else as the checkpoint's name says, since some keep it elsewhere.

    Where parts have different ones, the narrowest: MLPs and experts, which hold most of the weights, have it.
    """
    quantization = _mapping(reader.config.get("quantization_config"))
    if not quantization:
        return stated_precision(name) or "bf16"
    found = {_method(part) for part in _quantised_parts(quantization)}
    narrowest = next((precision for precision in _NARROWEST_FIRST if precision in found), None)
    if narrowest is None:
        method = str(quantization.get("quant_algo") or quantization.get("quant_method") or "").lower()
        accepted = "fp8, mxfp4, nvfp4, or gptq and awq with bits"
        reader.fault(
            "quantization_config", f"the quantization {method!r} is not known. Set quant_method to {accepted}."
        )
    return narrowest or "bf16"


def _quantised_parts(quantization: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The descriptions of how weights are quantised: of all together, by group and by layer."""
    parts = [dict(quantization)]
    for field in ("config_groups", "quantized_layers"):
        parts += [part for part in _mapping(quantization.get(field)).values() if isinstance(part, dict)]
    return parts


def _method(part: Mapping[str, Any]) -> Precision | None:
    method = str(part.get("quant_algo") or part.get("quant_method") or "").lower()
    weights = _mapping(part.get("weights"))
    bits = weights.get("num_bits", part.get("bits", 4 if part.get("load_in_4bit") else None))
    return _METHODS.get(method) or _PRECISIONS.get((str(weights.get("type", "int")), str(bits)))


def _name(config: Mapping[str, Any], file: str) -> str:
    path = PurePath(str(config.get("_name_or_path") or file).replace("\\", "/"))
    if path.name == "config.json" and path.parent.name:
        return path.parent.name
    return path.stem if path.suffix == ".json" else path.name


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
