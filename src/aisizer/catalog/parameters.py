"""How many parameters a model has, part by part, from the dimensions in its config.json."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from aisizer.catalog.records import Attention, Model

CONV_KERNEL = 4
"""[token] width of the short convolution of gated delta-rule attention (Qwen3.5 config.json, linear_conv_kernel_dim)"""


@dataclass(frozen=True, slots=True)
class Parts:
    """[parameter] of each part of a model; `routed_experts` holds all of them, used or not."""

    embedding: float
    head: float
    attention: float
    dense_mlp: float
    shared_experts: float
    routed_experts: float
    router: float
    norms: float

    @property
    def total(self) -> float:
        """[parameter] of the whole model."""
        return math.fsum(getattr(self, part.name) for part in fields(self))


def mlp_parameters(hidden: int, width: int, gated: bool = True) -> float:
    """[parameter] of one MLP: three matrices of hidden x width if gated (Shazeer 2020, arXiv:2002.05202), else two.

    >>> mlp_parameters(4096, 14336)
    176160768
    """
    return (3 if gated else 2) * hidden * width


def gqa_parameters(hidden: int, heads: int, kv_heads: int, head_dim: int, output_gate: bool = False) -> float:
    """[parameter] of grouped-query attention: Q, K, V and O (Ainslie et al. 2023, arXiv:2305.13245).

    >>> gqa_parameters(8192, 64, 8, 128)
    150994944
    """
    queries = heads * head_dim * (2 if output_gate else 1)
    return hidden * (queries + 2 * kv_heads * head_dim + heads * head_dim)


def mla_parameters(
    hidden: int, heads: int, kv_lora_rank: int, q_lora_rank: int | None, nope: int, rope: int, value: int
) -> float:
    """[parameter] of multi-head latent attention (DeepSeek-AI 2024, arXiv:2405.04434, section 2.1).

    >>> mla_parameters(7168, 128, 512, 1536, 128, 64, 128)
    187105280
    """
    per_head = heads * (nope + rope)
    queries = hidden * per_head if q_lora_rank is None else hidden * q_lora_rank + q_lora_rank * per_head
    latent = hidden * (kv_lora_rank + rope) + kv_lora_rank * heads * (nope + value)
    return queries + latent + heads * value * hidden


def linear_attention_parameters(
    hidden: int, key_heads: int, value_heads: int, state_head_dim: int, key_head_dim: int = 0
) -> float:
    """[parameter] of gated delta-rule attention: Q, K, V, output gate, two scalars a head, convolution, output.

    Yang et al. 2024, arXiv:2412.06464, as configured by Qwen3.5. Mamba-2 (Dao and Gu 2024, arXiv:2405.21060) has the
    same matrices with groups for key heads, its state size for their width, and one scalar a head instead of two.

    >>> linear_attention_parameters(5120, 16, 48, 128)
    115875840
    """
    keys, values = key_heads * (key_head_dim or state_head_dim), value_heads * state_head_dim
    projections = hidden * (2 * keys + 2 * values + 2 * value_heads)
    return projections + CONV_KERNEL * (2 * keys + values) + values * hidden


def parts(model: Model) -> Parts:
    """The parameters of each part of a model; biases are left out (below 0.1 %)."""
    width = model.embedding_width or model.hidden
    moe_layers = model.with_experts
    expert = mlp_parameters(model.expert_hidden or model.hidden, model.expert_ffn or 0, model.gated_mlp)
    return Parts(
        embedding=float(model.vocab * width + model.learned_positions * model.hidden + _joining(model)),
        head=0.0 if model.tied_embeddings or model.prefill_only else float(model.vocab * width),
        attention=sum(group.layers * _attention(model, group) for group in model.attention),
        dense_mlp=(model.with_mlp - moe_layers) * mlp_parameters(model.hidden, model.ffn or 0, model.gated_mlp),
        shared_experts=moe_layers * mlp_parameters(model.hidden, shared_width(model), model.gated_mlp),
        routed_experts=moe_layers * model.experts * expert,
        router=float(moe_layers * (model.experts + 2 * (model.expert_hidden or 0)) * model.hidden),
        norms=float((model.sublayers + 1) * model.hidden),
    )


def _joining(model: Model) -> int:
    """[parameter] of the two projections between an embedding of its own width and the hidden state."""
    return 0 if model.embedding_width is None else 2 * model.embedding_width * model.hidden


def shared_width(model: Model) -> int:
    """The width of all shared experts together; 0 without any."""
    if model.shared_expert_ffn is not None:
        return model.shared_expert_ffn
    return model.shared_experts * (model.expert_ffn or 0)


def total_parameters(model: Model) -> float:
    """The number of parameters of a model.

    >>> from aisizer.catalog.load import load_catalog
    >>> models = load_catalog().models
    >>> round(total_parameters(models["llama-3.1-8b"]) / 1e9, 2)  # 8.03 published
    8.03
    >>> round(total_parameters(models["deepseek-r1"]) / 1e9, 1)  # 671 published
    671.0
    """
    return parts(model).total


def active_parameters(model: Model) -> float:
    """The number of parameters one token uses: all but the routed experts that are not chosen for it.

    >>> from aisizer.catalog.load import load_catalog
    >>> round(active_parameters(load_catalog().models["gpt-oss-120b"]) / 1e9, 1)  # 5.7 derived with both embeddings
    5.7
    """
    counted = parts(model)
    if not model.experts:
        return counted.total
    return counted.total - counted.routed_experts * (1 - model.experts_per_token / model.experts)


def _attention(model: Model, group: Attention) -> float:
    if group.kind == "linear":
        heads = group.key_heads, group.value_heads
        return linear_attention_parameters(model.hidden, *heads, group.state_head_dim, group.key_head_dim)
    if group.kind != "mla":
        return gqa_parameters(model.hidden, model.heads, group.kv_heads, group.head_dim, model.attention_output_gate)
    kv_rank, nope, rope, value = (
        model.kv_lora_rank,
        model.qk_nope_head_dim,
        model.qk_rope_head_dim,
        model.v_head_dim,
    )
    if kv_rank is None or nope is None or rope is None or value is None:
        needed = "kv_lora_rank, qk_nope_head_dim, qk_rope_head_dim and v_head_dim"
        raise ValueError(f"{model.id}: latent attention needs {needed}.")
    return mla_parameters(model.hidden, model.heads, kv_rank, model.q_lora_rank, nope, rope, value)
