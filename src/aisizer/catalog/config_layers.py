"""Which layers of a config.json attend to everything, to a window, to a chunk, or linearly, and which not at all."""

from __future__ import annotations

from collections import Counter
from math import ceil
from typing import Any, Literal

from aisizer.catalog.config_reader import ConfigReader
from aisizer.catalog.records import Attention

LayerKind = Literal["full", "sliding", "chunked", "linear", "mlp", "none"]

MAX_LAYERS = 1000
"""The deepest published model has 126 layers (Llama 3.1 405B)."""

_LAYER_TYPES: dict[str, LayerKind] = {
    "full_attention": "full",
    "sliding_attention": "sliding",
    "chunked_attention": "chunked",
    "linear_attention": "linear",
    "attention": "full",
    "deepseek_sparse_attention": "full",
    "mamba": "linear",
    "moe": "mlp",
    "mlp": "mlp",
}
_PATTERN: dict[str, LayerKind] = {"*": "full", "M": "linear", "E": "mlp", "-": "mlp"}
"""Letters of Nemotron-H's hybrid_override_pattern."""
_ORDER: tuple[LayerKind, ...] = ("full", "sliding", "chunked", "linear")


def layer_count(reader: ConfigReader) -> int:
    """The number of layers, given or as many as are listed."""
    listed = reader.config.get("layers_block_type") or reader.config.get("hybrid_override_pattern")
    if isinstance(listed, (list, str)) and listed and not reader.has("num_hidden_layers"):
        return len(listed)
    layers = reader.integer("num_hidden_layers")
    if layers > MAX_LAYERS:
        reader.fault("num_hidden_layers", f"{layers} layers are more than {MAX_LAYERS:,}. Check the config.json.")
        return 1
    return layers


def layer_kinds(reader: ConfigReader) -> list[LayerKind]:
    """What each layer attends to; "mlp" for one that is an MLP alone, "none" where attention was pruned away."""
    layers = layer_count(reader)
    if blocks := _blocks(reader):
        return ["none" if _dropped(block, "attention") else "full" for block in blocks]
    for name in ("layer_types", "layers_block_type"):
        listed = reader.config.get(name)
        if isinstance(listed, list):
            return _listed_kinds(reader, name, [str(kind) for kind in listed], _LAYER_TYPES, layers)
    pattern = reader.config.get("hybrid_override_pattern")
    if isinstance(pattern, str):
        return _listed_kinds(reader, "hybrid_override_pattern", list(pattern), _PATTERN, layers)
    return _regular_kinds(reader, layers)


def attention_groups(reader: ConfigReader, kinds: list[LayerKind]) -> tuple[Attention, ...]:
    """The groups of layers with the same attention, full attention first."""
    counts = Counter(kinds)
    groups = [_group(reader, kind, counts[kind]) for kind in _ORDER if counts[kind]]
    sparse = _sparse_layers(reader)
    if not sparse or not groups or groups[0].kind != "full":
        return tuple(groups)
    rest = groups[0].layers - sparse
    indexed = groups[0].model_copy(update={"layers": sparse, "sparse": True})
    whole = [groups[0].model_copy(update={"layers": rest})] if rest > 0 else []
    return (*whole, indexed, *groups[1:])


def _regular_kinds(reader: ConfigReader, layers: int) -> list[LayerKind]:
    """Kinds that follow from an interval, from a list of numbers or from the window."""
    numbers, flags = reader.config.get("full_attn_layers"), reader.config.get("attn_type_list")
    if isinstance(numbers, list):
        return ["full" if layer + 1 in numbers else "linear" for layer in range(layers)]
    if isinstance(flags, list):
        return ["full" if flag else "linear" for flag in (*flags, *[0] * layers)[:layers]]
    if interval := reader.optional("full_attention_interval"):
        return _every(interval, layers, "linear")
    if interval := reader.optional("global_attn_every_n_layers"):
        return ["full" if layer % interval == 0 else "sliding" for layer in range(layers)]
    if reader.has("attention_chunk_size"):
        return _every(reader.integer("no_rope_layer_interval"), layers, "chunked")
    if window(reader) is None:
        return ["full"] * layers
    if pattern := reader.optional("sliding_window_pattern"):
        return _every(pattern, layers, "sliding")
    first = reader.optional("max_window_layers") if reader.flag("use_sliding_window") else None
    return ["full" if layer < (first or 0) else "sliding" for layer in range(layers)]


def _listed_kinds(
    reader: ConfigReader, name: str, listed: list[str], types: dict[str, LayerKind], layers: int
) -> list[LayerKind]:
    unknown = sorted({kind for kind in listed if kind not in types})
    if unknown:
        reader.fault(name, f"{', '.join(unknown)[:80]} is not known. Use one of: {', '.join(types)}.")
    if len(listed) != layers:
        problem = f"{len(listed)} layers are listed but num_hidden_layers is {layers}. Make them equal."
        reader.fault(name, problem)
    kinds = [types.get(kind, "full") for kind in listed] or ["full"]
    windowless = window(reader) is None
    return ["full" if windowless and kind == "sliding" else kind for kind in kinds]


def _every(interval: int, layers: int, other: LayerKind) -> list[LayerKind]:
    return ["full" if interval and (layer + 1) % interval == 0 else other for layer in range(layers)]


def window(reader: ConfigReader) -> int | None:
    """[token] of the sliding window; None where it is off or not below the longest context."""
    if not reader.flag("use_sliding_window", default=True):
        return None
    found = reader.optional("sliding_window", "local_attention")
    context = reader.integer("max_position_embeddings")
    return found if found and found < context else None


def _sparse_layers(reader: ConfigReader) -> int:
    """Layers whose attention reads only what an indexer chooses, where the config lists them (MiniMax M3)."""
    nested = reader.config.get("sparse_attention_config")
    listed = nested.get("sparse_attention_freq") if isinstance(nested, dict) else None
    return sum(1 for flag in listed if flag) if isinstance(listed, list) else 0


def _group(reader: ConfigReader, kind: LayerKind, layers: int) -> Attention:
    if kind == "linear":
        return _linear_group(reader, layers)
    if kind == "full" and reader.has("kv_lora_rank"):
        return Attention(layers=layers, kind="mla")
    assert kind not in ("mlp", "none")
    kv_heads = _kv_heads(reader)
    head_dim = reader.optional("head_dim") or _split_head_dim(reader)
    if kind == "full":
        kv_heads = reader.optional("num_global_key_value_heads") or kv_heads
        head_dim = reader.optional("global_head_dim") or head_dim
    windows = {"sliding": window(reader), "chunked": reader.optional("attention_chunk_size")}
    return Attention(layers=layers, kind=kind, kv_heads=kv_heads, head_dim=head_dim, window=windows.get(kind))


def _linear_group(reader: ConfigReader, layers: int) -> Attention:
    """Gated delta rule, Mamba-2, or lightning attention, whose heads are those of full attention."""
    if reader.flag("lightning"):
        heads, width = reader.integer("num_attention_heads"), reader.optional("head_dim") or _split_head_dim(reader)
        return Attention(layers=layers, kind="linear", key_heads=heads, value_heads=heads, state_head_dim=width)
    width = reader.integer("linear_value_head_dim")
    keys = reader.optional("linear_key_head_dim") or width
    return Attention(
        layers=layers,
        kind="linear",
        key_heads=reader.integer("linear_num_key_heads"),
        value_heads=reader.integer("linear_num_value_heads"),
        state_head_dim=width,
        key_head_dim=0 if keys == width else keys,
    )


def pruned_widths(reader: ConfigReader) -> list[int]:
    """Widths of the MLP of each layer where they differ: 2/3 of a multiple of the hidden size, in steps of 256.

    Source: configuration of NVIDIA's pruned models (block_configs, ffn_mult); a dropped MLP is 0 wide.
    """
    hidden = reader.integer("hidden_size")
    multiples = [
        0.0 if _dropped(block, "ffn") else _number(block.get("ffn", {}).get("ffn_mult")) for block in _blocks(reader)
    ]
    return [ceil(int(2 * multiple * hidden / 3) / 256) * 256 for multiple in multiples]


def _blocks(reader: ConfigReader) -> list[dict[str, Any]]:
    """The descriptions of single layers in models pruned by search (Llama Nemotron Super)."""
    listed = reader.config.get("block_configs")
    blocks = listed if isinstance(listed, list) else []
    return [block for block in blocks if isinstance(block, dict)]


def _dropped(block: dict[str, Any], part: str) -> bool:
    described = block.get(part)
    return not isinstance(described, dict) or bool(described.get("no_op"))


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) and 0 < value < MAX_LAYERS else 1.0


def _kv_heads(reader: ConfigReader) -> int:
    """Key-value heads of a layer; the most of any layer where they differ, to which engines pad them."""
    groups = [
        block["attention"].get("n_heads_in_group") for block in _blocks(reader) if not _dropped(block, "attention")
    ]
    if groups and all(isinstance(size, int) and size > 0 for size in groups):
        return max(reader.integer("num_attention_heads") // int(min(groups)), 1)
    listed = reader.config.get("num_key_value_heads_per_layer")
    if isinstance(listed, list) and listed and all(isinstance(n, int) and 0 < n < MAX_LAYERS for n in listed):
        return int(max(listed))
    if reader.flag("multi_query") and not reader.flag("new_decoder_architecture"):
        return 1
    return reader.optional("num_key_value_heads") or reader.integer("num_attention_heads")


def _split_head_dim(reader: ConfigReader) -> int:
    hidden, heads = reader.integer("hidden_size"), reader.integer("num_attention_heads")
    if hidden % heads:
        problem = f"hidden_size {hidden} is not a multiple of num_attention_heads {heads}. Add head_dim."
        reader.fault("head_dim", problem)
        return 1
    return hidden // heads
