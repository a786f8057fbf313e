"""Whether a model fits one GPU of a replica, and how many tokens of context its key-value cache then holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

from aisizer.catalog.records import Attention, Engine, Gpu, Model
from aisizer.engine import constants as c
from aisizer.engine.formats import weight_bits
from aisizer.engine.layouts import embedding_weights, experts, local_kv_heads, matrices
from aisizer.engine.parallel import Parallel, parallel_fault, slowest_stage
from aisizer.engine.roofline import window_share_of_tokens
from aisizer.errors import Rejection

GB = 1e9


@dataclass(frozen=True, slots=True)
class Memory:
    """Where the memory of one GPU goes, and what is left for the key-value cache of the replica."""

    usable_gb: float
    """memory_fraction of the memory that the driver reports"""
    weights_gb: float
    activations_gb: float
    runtime_gb: float
    kv_gb: float
    kv_bytes_per_token: float
    """[byte/token] on each GPU at the mean context"""
    kv_capacity_tokens: float
    """[token] of the replica: each GPU holds its share of every token; the sum over attention-DP ranks"""


def weights_bytes(model: Model, precision: str, parallel: Parallel) -> float:
    """Weights of the fullest GPU: quantised matrices at the precision; router, embedding and head in BF16. [byte]

    A pipeline's first stage holds the embedding and its last the head; the fullest stage has one of them.
    Source: config.json shapes; layouts of FP8, NVFP4, MXFP4 and INT4 checkpoints as vLLM 0.11 loads them.
    """
    wide, narrow = c.WEIGHT_BITS["bf16"] / 8, weight_bits(model, precision) / 8
    total = embedding_weights(model, parallel.tensor) * wide
    layers = sum(m.weights * (narrow if m.quantised else wide) for m in matrices(model, parallel.tensor))
    layers += _expert_bytes(model, precision, parallel, narrow)
    if parallel.pipeline == 1:
        return total + layers
    one_of_two = total / 2 if not (model.tied_embeddings or model.prefill_only) else total
    return one_of_two + layers * slowest_stage(model.layers, parallel.pipeline) / parallel.pipeline


def _expert_bytes(model: Model, precision: str, parallel: Parallel, weight_bytes: float) -> float:
    """Routed experts of one GPU; MXFP4 kernels want widths and hidden sizes in whole tiles. [byte]

    Source: vLLM, model_executor/layers/quantization/mxfp4.py.
    """
    routed = experts(model, parallel.expert_tensor, parallel.expert)
    if routed is None:
        return 0.0
    if not (precision == model.published_precision == "fp4"):
        return routed.weights * weight_bytes
    width, hidden = _up(routed.width, c.MXFP4_WIDTH_TILE), _up(routed.hidden, c.MXFP4_HIDDEN_TILE)
    return replace(routed, width=width, hidden=hidden).weights * weight_bytes


def _up(size: int, tile: int) -> int:
    return ceil(size / tile) * tile


def token_bytes(group: Attention, model: Model, tensor_parallel: int, value_bytes: float = c.VALUE_BYTES) -> float:
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
    return float(group.layers * values * value_bytes)


def index_bytes(model: Model) -> float:
    """Indexer keys of one token in all layers of sparse-index attention, the same on every GPU. [byte/token]

    Source: DeepSeek-AI 2025, DeepSeek-V3.2; vLLM keeps 128 values of 1 byte and a scale of 4.
    """
    return float(model.indexed_layers * ((model.index_head_dim or 0) * c.INDEX_KEY_BYTES + c.INDEX_SCALE_BYTES))


def state_bytes(group: Attention, tensor_parallel: int) -> float:
    """State of one sequence in linear layers on one GPU: a matrix of key x value width per value head. [byte]

    Source: Katharopoulos et al. 2020, arXiv:2006.16236; Mamba-2: Dao and Gu 2024, arXiv:2405.21060.

    >>> from aisizer.catalog.records import Attention
    >>> state_bytes(Attention(layers=36, kind="linear", key_heads=16, value_heads=32, state_head_dim=128), 4)
    18874368.0

    That is 36 layers x 8 heads x 128 x 128 x 4 byte.
    """
    if group.kind != "linear":
        return 0.0
    heads = local_kv_heads(group.value_heads, tensor_parallel)
    return float(group.layers * heads * group.key_width * group.state_head_dim * c.STATE_VALUE_BYTES)


def kv_bytes_per_token(
    model: Model, tensor_parallel: int, mean_context_tokens: float, value_bytes: float = c.VALUE_BYTES
) -> float:
    """Cache bytes on one GPU per token of context, for sequences of the mean context. [byte/token]

    A window keeps at most W tokens and a linear state is fixed, so bytes per sequence are concave in the context:
    taking them at the mean never understates the total of many sequences (Jensen). An encoder keeps nothing.
    """
    if model.bidirectional:
        return 0.0
    kept = sum(
        token_bytes(g, model, tensor_parallel, value_bytes) * window_share_of_tokens(mean_context_tokens, g.window)
        for g in model.attention
    )
    return (
        kept + index_bytes(model) + sum(state_bytes(g, tensor_parallel) for g in model.attention) / mean_context_tokens
    )


def activation_bytes(model: Model, engine: Engine, parallel: Parallel) -> float:
    """Peak workspace of one step: the larger of a layer's activations and the sampler's, plus the hidden state. [byte]

    layer   = budget x (gate, up and product of the MLP, or of the routed experts) x 2 byte
    sampler = max_batch x vocabulary x 38.4 byte (every GPU holds all logits); none where nothing is generated
    Source: vLLM 0.11 start-up logs, collected by llm-d-planner @e50305a: 4.76 GiB for Llama-3.1-8B at 1,024 sequences.
    """
    hidden = engine.token_budget * model.hidden * c.VALUE_BYTES
    sampler = 0.0 if model.prefill_only else engine.max_batch * model.vocab * c.SAMPLER_BYTES_PER_LOGIT
    routed = experts(model, parallel.expert_tensor)
    pairs = routed.per_token * parallel.attention_dp / parallel.expert if routed else 0.0
    expert_width = pairs * (routed.matrices * routed.width + 2 * model.hidden) if routed else 0.0
    width = max((3 if model.gated_mlp else 2) * (model.ffn or 0) / parallel.tensor, expert_width)
    return hidden + max(engine.token_budget * width * c.VALUE_BYTES, sampler)


def runtime_bytes(engine: Engine, parallel: Parallel) -> float:
    """Memory outside the tensors on one GPU: workspace, buffers of collectives, graphs set aside. [byte]"""
    collectives = engine.collective_gb if parallel.gpus > 1 else 0.0
    return (engine.runtime_gb + engine.graphs_gb + collectives) * GB


def memory_of(
    model: Model,
    gpu: Gpu,
    engine: Engine,
    *,
    parallel: Parallel,
    precision: str,
    mean_context_tokens: float,
    max_context_tokens: float,
    kv_bytes: float = c.VALUE_BYTES,
) -> Memory | Rejection:
    """The memory of one GPU of a replica, or why the model and one longest request do not fit it."""
    usable = engine.memory_fraction * gpu.device_bytes
    fixed = _fixed_bytes(model, engine, precision, parallel)
    per_token = _stage_share(model, parallel, kv_bytes_per_token(model, parallel.tensor, mean_context_tokens, kv_bytes))
    needed = fixed + longest_request_bytes(model, parallel, max_context_tokens, kv_bytes)
    if needed > usable:
        return _does_not_fit(model, gpu, engine, precision, parallel, max_context_tokens, kv_bytes, needed)
    return Memory(
        usable_gb=usable / GB,
        weights_gb=weights_bytes(model, precision, parallel) / GB,
        activations_gb=activation_bytes(model, engine, parallel) / GB,
        runtime_gb=runtime_bytes(engine, parallel) / GB,
        kv_gb=(usable - fixed) / GB,
        kv_bytes_per_token=per_token,
        kv_capacity_tokens=parallel.attention_dp * _tokens_held(model, engine, usable - fixed, per_token),
    )


def _tokens_held(model: Model, engine: Engine, free_bytes: float, per_token: float) -> float:
    """Tokens of context that fit; where none leaves anything behind, those of the largest batch. [token]"""
    return free_bytes / per_token if per_token else float(engine.max_batch * model.max_context)


def longest_request_bytes(
    model: Model, parallel: Parallel, context_tokens: float, kv_bytes: float = c.VALUE_BYTES
) -> float:
    """Cache of one request of the longest context on one GPU. [byte]"""
    per_token = kv_bytes_per_token(model, parallel.tensor, context_tokens, kv_bytes)
    return _stage_share(model, parallel, per_token) * context_tokens


def _stage_share(model: Model, parallel: Parallel, whole_bytes: float) -> float:
    """The fullest pipeline stage's part of what all layers keep."""
    if parallel.pipeline == 1:
        return whole_bytes
    return whole_bytes * slowest_stage(model.layers, parallel.pipeline) / parallel.pipeline


def _fixed_bytes(model: Model, engine: Engine, precision: str, parallel: Parallel) -> float:
    weights = weights_bytes(model, precision, parallel)
    return weights + activation_bytes(model, engine, parallel) + runtime_bytes(engine, parallel)


def _does_not_fit(
    model: Model,
    gpu: Gpu,
    engine: Engine,
    precision: str,
    parallel: Parallel,
    context: float,
    kv_bytes: float,
    needed: float,
) -> Rejection:
    usable = engine.memory_fraction * gpu.device_bytes
    wider = [Parallel(t) for t in c.TENSOR_PARALLELS if parallel_fault(model, Parallel(t)) is None]
    fitting = [
        p.tensor
        for p in wider
        if _fixed_bytes(model, engine, precision, p) + longest_request_bytes(model, p, context, kv_bytes) <= usable
    ]
    mend = (
        f"The least tensor_parallel that fits is {fitting[0]}."
        if fitting
        else f"No tensor_parallel up to {c.TENSOR_PARALLELS[-1]} fits; use a lower precision or a GPU with more memory."
    )
    detail = (
        f"{model.name} at {precision} needs {needed / GB:.1f} GB on each of {parallel.gpus} x {gpu.name} with one "
        f"request of {context:,.0f} tokens, and {usable / GB:.1f} GB is usable. {mend}"
    )
    return Rejection("memory", detail, got=needed / GB, limit=usable / GB, unit="GB")
