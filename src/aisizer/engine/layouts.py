"""Which matrices a model holds, and how tensor parallelism cuts them: shared by memory and step time."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from aisizer.catalog.parameters import shared_width
from aisizer.catalog.records import Attention, Model
from aisizer.engine.constants import TENSOR_PARALLELS
from aisizer.errors import Rejection


@dataclass(frozen=True, slots=True)
class Matrix:
    """One weight matrix of one GPU, the same in `layers` layers."""

    outputs: int
    inputs: int
    layers: int
    quantised: bool

    @property
    def weights(self) -> float:
        """All weights of the matrix over its layers."""
        return float(self.outputs * self.inputs * self.layers)


@dataclass(frozen=True, slots=True)
class Experts:
    """The routed experts of one GPU, some of them whole or all of them cut along their width."""

    layers: int
    experts: int
    per_token: int
    hidden: int
    width: int
    matrices: int
    """3 where gated, else 2"""

    @property
    def weights(self) -> float:
        """All weights of the routed experts over their layers."""
        return float(self.layers * self.experts * self.matrices * self.hidden * self.width)


def local_kv_heads(kv_heads: int, tensor_parallel: int) -> int:
    """Key-value heads on each GPU: one is the least, so they are replicated beyond one GPU per head.

    >>> local_kv_heads(8, 4), local_kv_heads(8, 16)
    (2, 1)
    """
    return ceil(kv_heads / tensor_parallel)


def parallelism_fault(model: Model, tensor_parallel: int) -> Rejection | None:
    """Why the heads cannot be cut so, or nothing; matrix widths and the vocabulary are padded instead."""
    uneven = _uneven_heads(model, tensor_parallel)
    if not uneven:
        return None
    fitting = ", ".join(str(t) for t in TENSOR_PARALLELS if not _uneven_heads(model, t))
    detail = (
        f"{model.name} has {uneven[0]} attention heads of one kind, which {tensor_parallel} GPUs cannot share evenly. "
        f"Use a tensor_parallel of {fitting}."
    )
    return Rejection("parallelism", detail, got=float(tensor_parallel), limit=float(uneven[0]), unit="GPU")


def _uneven_heads(model: Model, t: int) -> list[int]:
    """Head counts that t GPUs cannot share; key-value heads may also be replicated evenly."""
    shared = [model.heads, *(heads for g in model.attention for heads in (g.key_heads, g.value_heads))]
    replicated = [g.kv_heads for g in model.attention if g.kind != "mla" and g.kv_heads]
    return [n for n in shared if n % t] + [n for n in replicated if n % t and t % n]


def only_experts_quantised(model: Model) -> bool:
    """Whether the published 4-bit checkpoint keeps all but its routed experts in BF16 (gpt-oss, Kimi K2)."""
    return model.experts > 0 and model.published_precision in ("fp4", "int4")


def matrices(model: Model, tensor_parallel: int) -> tuple[Matrix, ...]:
    """All matrices of the layers of one GPU, without routed experts, embedding and head."""
    attention = [m for group in model.attention for m in _attention(model, group, tensor_parallel)]
    return (*attention, *_mlp(model, tensor_parallel))


def experts(model: Model, tensor_parallel: int, expert_parallel: int = 1) -> Experts | None:
    """The routed experts of one GPU, or nothing in a dense model; each rank of expert_parallel holds whole ones."""
    if not model.experts:
        return None
    width = ceil(_given(model, model.expert_ffn, "expert_ffn") / tensor_parallel)
    held = ceil(model.experts / expert_parallel)
    hidden = model.expert_hidden or model.hidden
    return Experts(model.with_experts, held, model.experts_per_token, hidden, width, _gates(model) + 1)


def head_rows(model: Model, tensor_parallel: int) -> int:
    """Rows of the vocabulary that one GPU holds, padded."""
    return ceil(model.vocab / tensor_parallel)


def embedding_weights(model: Model, tensor_parallel: int) -> float:
    """Weights of embedding and head on one GPU; a tied or absent head counts once, positions are on every GPU."""
    copies = 1 if model.tied_embeddings or model.prefill_only else 2
    width = model.embedding_width or model.hidden
    joining = 0 if model.embedding_width is None else 2 * width * model.hidden
    return float(copies * head_rows(model, tensor_parallel) * width + model.learned_positions * model.hidden + joining)


def _attention(model: Model, group: Attention, t: int) -> list[Matrix]:
    quantised = not only_experts_quantised(model)
    if group.kind == "mla":
        pairs = _mla_shapes(model, t)
    elif group.kind == "linear":
        keys = local_kv_heads(group.key_heads, t) * group.key_width
        values = local_kv_heads(group.value_heads, t) * group.state_head_dim
        pairs = [(2 * keys + 2 * values, model.hidden), (model.hidden, values)]  # query and key, value and gate
    else:
        heads = model.heads // t
        kv_heads = local_kv_heads(group.kv_heads, t)
        queries = 2 * heads if model.attention_output_gate else heads
        pairs = [
            ((queries + 2 * kv_heads) * group.head_dim, model.hidden),
            (model.hidden, heads * group.head_dim),
        ]
    if model.is_indexed(group):
        pairs = [*pairs, *_indexer_shapes(model)]
    return [Matrix(outputs, inputs, group.layers, quantised) for outputs, inputs in pairs]


def _mla_shapes(model: Model, t: int) -> list[tuple[int, int]]:
    rank = _given(model, model.kv_lora_rank, "kv_lora_rank")
    rope = _given(model, model.qk_rope_head_dim, "qk_rope_head_dim")
    nope = _given(model, model.qk_nope_head_dim, "qk_nope_head_dim")
    value = _given(model, model.v_head_dim, "v_head_dim")
    heads = model.heads // t
    query = heads * (nope + rope)
    down = [(model.q_lora_rank + rank + rope, model.hidden)] if model.q_lora_rank else [(rank + rope, model.hidden)]
    up = [(query, model.q_lora_rank or model.hidden)]
    return [*down, *up, (heads * (nope + value), rank), (model.hidden, heads * value)]


def _indexer_shapes(model: Model) -> list[tuple[int, int]]:
    """Queries, key and head weights of the sparse-attention indexer, the same on every GPU (DeepSeek-V3.2, 2025)."""
    heads = _given(model, model.index_heads, "index_heads")
    width = _given(model, model.index_head_dim, "index_head_dim")
    return [(heads * width, model.q_lora_rank or model.hidden), (width + heads, model.hidden)]


def _mlp(model: Model, t: int) -> list[Matrix]:
    quantised = not only_experts_quantised(model)
    sparse = model.with_experts
    dense = model.with_mlp - sparse
    found = _feed_forward(model, _given(model, model.ffn, "ffn"), dense, t, quantised) if dense else []
    if not sparse:
        return found
    if shared_width(model):
        found += _feed_forward(model, shared_width(model), sparse, t, quantised)
    if model.expert_hidden is not None:  # into the experts' width and back, whole on every GPU
        found += [Matrix(model.expert_hidden, model.hidden, sparse, quantised)]
        found += [Matrix(model.hidden, model.expert_hidden, sparse, quantised)]
    return [*found, Matrix(model.experts, model.hidden, sparse, quantised=False)]


def _feed_forward(model: Model, width: int, layers: int, t: int, quantised: bool) -> list[Matrix]:
    local = ceil(width / t)
    return [
        Matrix(_gates(model) * local, model.hidden, layers, quantised),
        Matrix(model.hidden, local, layers, quantised),
    ]


def _gates(model: Model) -> int:
    return 2 if model.gated_mlp else 1


def _given(model: Model, value: int | None, name: str) -> int:
    if value is None:
        raise ValueError(f"{model.id}: {name} is missing, and this architecture needs it. Add it to the record.")
    return value
