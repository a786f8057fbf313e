"""Which layers of a config.json attend to everything, to a window, to a chunk, or linearly."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from aisizer.catalog.config_reader import ConfigReader
from aisizer.catalog.records import Attention

LayerKind = Literal["full", "sliding", "chunked", "linear"]

MAX_LAYERS = 1000
"""The deepest published model has 126 layers (Llama 3.1 405B)."""

_LAYER_TYPES: dict[str, LayerKind] = {
    "full_attention": "full",
    "sliding_attention": "sliding",
    "chunked_attention": "chunked",
    "linear_attention": "linear",
}


def attention_groups(reader: ConfigReader) -> tuple[Attention, ...]:
    """The groups of layers with the same attention, full attention first."""
    layers = reader.integer("num_hidden_layers")
    if reader.has("kv_lora_rank"):
        return (Attention(layers=layers, kind="mla"),)
    if layers > MAX_LAYERS:
        reader.fault("num_hidden_layers", f"{layers} layers are more than {MAX_LAYERS:,}. Check the config.json.")
        layers = 1
    counts = Counter(_layer_kinds(reader, layers))
    return tuple(_group(reader, kind, counts[kind]) for kind in _LAYER_TYPES.values() if counts[kind])


def _layer_kinds(reader: ConfigReader, layers: int) -> list[LayerKind]:
    listed = reader.config.get("layer_types")
    if isinstance(listed, list):
        return _listed_kinds(reader, listed, layers)
    if interval := reader.optional("full_attention_interval"):
        return _every(interval, layers, "linear")
    if reader.has("attention_chunk_size"):
        return _every(reader.integer("no_rope_layer_interval"), layers, "chunked")
    if _window(reader) is None:
        return ["full"] * layers
    if pattern := reader.optional("sliding_window_pattern"):
        return _every(pattern, layers, "sliding")
    first = reader.optional("max_window_layers") if reader.flag("use_sliding_window") else None
    return ["full" if layer < (first or 0) else "sliding" for layer in range(layers)]


def _listed_kinds(reader: ConfigReader, listed: list[object], layers: int) -> list[LayerKind]:
    unknown = sorted({str(kind) for kind in listed if str(kind) not in _LAYER_TYPES})
    if unknown:
        reader.fault("layer_types", f"{', '.join(unknown)} is not known. Use one of: {', '.join(_LAYER_TYPES)}.")
    if len(listed) != layers:
        problem = f"{len(listed)} layers are listed but num_hidden_layers is {layers}. Make them equal."
        reader.fault("layer_types", problem)
    kinds = [_LAYER_TYPES.get(str(kind), "full") for kind in listed] or ["full"]
    windowless = _window(reader) is None
    return ["full" if windowless and kind == "sliding" else kind for kind in kinds]


def _every(interval: int, layers: int, other: LayerKind) -> list[LayerKind]:
    return ["full" if (layer + 1) % interval == 0 else other for layer in range(layers)]


def _window(reader: ConfigReader) -> int | None:
    """[token] of the sliding window; None where it is off or not below the longest context."""
    if not reader.flag("use_sliding_window", default=True):
        return None
    window = reader.optional("sliding_window")
    context = reader.integer("max_position_embeddings")
    return window if window and window < context else None


def _group(reader: ConfigReader, kind: LayerKind, layers: int) -> Attention:
    if kind == "linear":
        return Attention(
            layers=layers,
            kind=kind,
            key_heads=reader.integer("linear_num_key_heads"),
            value_heads=reader.integer("linear_num_value_heads"),
            state_head_dim=reader.integer("linear_value_head_dim"),
        )
    kv_heads = reader.optional("num_key_value_heads") or reader.integer("num_attention_heads")
    head_dim = reader.optional("head_dim") or _split_head_dim(reader)
    if kind == "full":
        kv_heads = reader.optional("num_global_key_value_heads") or kv_heads
        head_dim = reader.optional("global_head_dim") or head_dim
    windows = {"sliding": _window(reader), "chunked": reader.optional("attention_chunk_size")}
    return Attention(layers=layers, kind=kind, kv_heads=kv_heads, head_dim=head_dim, window=windows.get(kind))


def _split_head_dim(reader: ConfigReader) -> int:
    hidden, heads = reader.integer("hidden_size"), reader.integer("num_attention_heads")
    if hidden % heads:
        problem = f"hidden_size {hidden} is not a multiple of num_attention_heads {heads}. Add head_dim."
        reader.fault("head_dim", problem)
        return 1
    return hidden // heads
