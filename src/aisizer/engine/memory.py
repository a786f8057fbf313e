"""Whether a model fits one GPU of a replica, and how many tokens of context its key-value cache then holds."""

from __future__ import annotations

from dataclasses import dataclass

from aisizer.catalog.records import Attention, Engine, Gpu, Model
from aisizer.engine import constants as c
from aisizer.engine.formats import weight_bits
from aisizer.engine.layouts import (
    embedding_weights,
    experts,
    local_kv_heads,
    matrices,
    parallelism_fault,
)
from aisizer.engine.roofline import window_share_of_tokens
from aisizer.errors import Rejection

GB = 1e9


@dataclass(frozen=True, slots=True)
class Memory:
    """Where the memory of one GPU goes, and what is left for the key-value cache of the replica."""

    usable_gb: float
    """memory_fraction of the GPU's memory"""
    weights_gb: float
    activations_gb: float
    runtime_gb: float
    kv_gb: float
    kv_bytes_per_token: float
    """[byte/token] on each GPU at the mean context"""
    kv_capacity_tokens: float
    """[token] of the replica: each GPU holds its share of every token"""


def weights_bytes(model: Model, precision: str, tensor_parallel: int) -> float:
    """Weights of one GPU: quantised matrices at the precision; router, embedding and head in BF16. [byte]

    Source: config.json shapes; layouts of FP8, NVFP4, MXFP4 and INT4 checkpoints as vLLM 0.11 loads them.
    """
    wide, narrow = c.WEIGHT_BITS["bf16"] / 8, weight_bits(model, precision) / 8
    total = embedding_weights(model, tensor_parallel) * wide
    total += sum(m.weights * (narrow if m.quantised else wide) for m in matrices(model, tensor_parallel))
    routed = experts(model, tensor_parallel)
    return total + (routed.weights * narrow if routed else 0.0)


def token_bytes(group: Attention, model: Model, tensor_parallel: int) -> float:
    """Key-value bytes of one token in one layer group on one GPU; zero for linear layers. [byte/token]

    Grouped-query: 2 x local heads x head_dim (Ainslie et al. 2023, arXiv:2305.13245). MLA: the latent and the rotary
    key, the same on every GPU (DeepSeek-AI 2024, arXiv:2405.04434).

    >>> from aisizer.catalog.records import Attention
    >>> token_bytes(Attention(layers=80, kind="full", kv_heads=8, head_dim=128), None, 4)  # 2 heads x 128 x 2 x 2 x 80
    81920.0
    """
    if group.kind == "linear":
        return 0.0
    if group.kind == "mla":
        values = (model.kv_lora_rank or 0) + (model.qk_rope_head_dim or 0)
    else:
        values = 2 * local_kv_heads(group.kv_heads, tensor_parallel) * group.head_dim
    return float(group.layers * values * c.VALUE_BYTES)


def state_bytes(group: Attention, tensor_parallel: int) -> float:
    """State of one sequence in linear layers on one GPU: a square matrix per value head. [byte]

    Source: Katharopoulos et al. 2020, arXiv:2006.16236.

    >>> from aisizer.catalog.records import Attention
    >>> state_bytes(Attention(layers=36, kind="linear", key_heads=16, value_heads=32, state_head_dim=128), 4)
    18874368.0

    That is 36 layers x 8 heads x 128 x 128 x 4 byte.
    """
    if group.kind != "linear":
        return 0.0
    heads = local_kv_heads(group.value_heads, tensor_parallel)
    return float(group.layers * heads * group.state_head_dim**2 * c.STATE_VALUE_BYTES)


def kv_bytes_per_token(model: Model, tensor_parallel: int, mean_context_tokens: float) -> float:
    """Cache bytes on one GPU per token of context, for sequences of the mean context. [byte/token]

    A window keeps at most W tokens and a linear state is fixed, so bytes per sequence are concave in the context:
    taking them at the mean never understates the total of many sequences (Jensen).
    """
    kept = sum(
        token_bytes(g, model, tensor_parallel) * window_share_of_tokens(mean_context_tokens, g.window)
        for g in model.attention
    )
    return kept + sum(state_bytes(g, tensor_parallel) for g in model.attention) / mean_context_tokens


def activation_bytes(model: Model, engine: Engine, tensor_parallel: int) -> float:
    """Peak workspace of one step: the larger of a layer's activations and the sampler's, plus the hidden state. [byte]

    layer   = budget x (gate, up and product of the MLP, or of the routed experts) x 2 byte
    sampler = max_batch x vocabulary x 38.4 byte (every GPU holds all logits); none where nothing is generated
    Source: vLLM 0.11 start-up logs, collected by llm-d-planner @e50305a: 4.76 GiB for Llama-3.1-8B at 1,024 sequences.
    """
    hidden = engine.token_budget * model.hidden * c.VALUE_BYTES
    sampler = 0.0 if model.prefill_only else engine.max_batch * model.vocab * c.SAMPLER_BYTES_PER_LOGIT
    routed = experts(model, tensor_parallel)
    expert_width = routed.per_token * (routed.matrices * routed.width + 2 * model.hidden) if routed else 0
    width = max((3 if model.gated_mlp else 2) * (model.ffn or 0) / tensor_parallel, expert_width)
    return hidden + max(engine.token_budget * width * c.VALUE_BYTES, sampler)


def memory_of(
    model: Model,
    gpu: Gpu,
    engine: Engine,
    *,
    tensor_parallel: int,
    precision: str,
    mean_context_tokens: float,
    max_context_tokens: float,
) -> Memory | Rejection:
    """The memory of one GPU of a replica, or why the model and one longest request do not fit it."""
    usable = engine.memory_fraction * gpu.memory_gb * GB
    fixed = _fixed_bytes(model, engine, precision, tensor_parallel)
    per_token = kv_bytes_per_token(model, tensor_parallel, mean_context_tokens)
    needed = fixed + longest_request_bytes(model, tensor_parallel, max_context_tokens)
    if needed > usable:
        return _does_not_fit(model, gpu, engine, precision, tensor_parallel, max_context_tokens, needed, usable)
    return Memory(
        usable_gb=usable / GB,
        weights_gb=weights_bytes(model, precision, tensor_parallel) / GB,
        activations_gb=activation_bytes(model, engine, tensor_parallel) / GB,
        runtime_gb=engine.runtime_gb,
        kv_gb=(usable - fixed) / GB,
        kv_bytes_per_token=per_token,
        kv_capacity_tokens=(usable - fixed) / per_token,
    )


def longest_request_bytes(model: Model, tensor_parallel: int, context_tokens: float) -> float:
    """Cache of one request of the longest context on one GPU. [byte]"""
    return kv_bytes_per_token(model, tensor_parallel, context_tokens) * context_tokens


def _fixed_bytes(model: Model, engine: Engine, precision: str, tensor_parallel: int) -> float:
    weights = weights_bytes(model, precision, tensor_parallel)
    return weights + activation_bytes(model, engine, tensor_parallel) + engine.runtime_gb * GB


def _does_not_fit(
    model: Model,
    gpu: Gpu,
    engine: Engine,
    precision: str,
    tensor_parallel: int,
    context: float,
    needed: float,
    usable: float,
) -> Rejection:
    fitting = [
        t
        for t in c.TENSOR_PARALLELS
        if parallelism_fault(model, t) is None
        and _fixed_bytes(model, engine, precision, t) + longest_request_bytes(model, t, context) <= usable
    ]
    mend = (
        f"The least tensor_parallel that fits is {fitting[0]}."
        if fitting
        else f"No tensor_parallel up to {c.TENSOR_PARALLELS[-1]} fits; use a lower precision or a GPU with more memory."
    )
    detail = (
        f"{model.name} at {precision} needs {needed / GB:.1f} GB on each of {tensor_parallel} x {gpu.name} with one "
        f"request of {context:,.0f} tokens, and {usable / GB:.1f} GB is usable. {mend}"
    )
    return Rejection("memory", detail, got=needed / GB, limit=usable / GB, unit="GB")
