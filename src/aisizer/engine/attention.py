"""Attention of one GPU over all layers: what a context token costs while decoding, and a query-key pair in prefill."""

from __future__ import annotations

from aisizer.catalog.records import Attention, Gpu, Model
from aisizer.engine import constants as c
from aisizer.engine.formats import expands_cache
from aisizer.engine.machine import bandwidth, dense_flops
from aisizer.engine.memory import index_bytes, state_bytes, token_bytes
from aisizer.engine.roofline import attention_s_per_token, window_share_of_pairs, window_share_of_tokens


def kv_read_s(
    model: Model, gpu: Gpu, tensor_parallel: int, mean_context_tokens: float, kv_precision: str = "bf16"
) -> float:
    """Decode attention over all layers per token of context; a window reads its share of the mean context. [s/token]

    A cache that the kernel must expand is read at the rate of weights that a kernel must expand.
    """
    kv_bytes = c.KV_BYTES[kv_precision]
    rate = gpu.memory_bandwidth_gb_s * 1e9 * c.ATTENTION_BANDWIDTH_EFFICIENCY
    flops = dense_flops(gpu, "bf16") * c.ATTENTION_EFFICIENCY
    read = sum(
        window_share_of_tokens(mean_context_tokens, _reach(group, model))
        * attention_s_per_token(
            token_bytes(group, model, tensor_parallel, kv_bytes),
            _decode_flop(group, model, tensor_parallel),
            rate,
            flops,
        )
        for group in model.attention
    )
    read /= c.WEIGHT_ONLY_DERATE if expands_cache(gpu, kv_precision) else 1.0
    return read + indexer_s_per_token(index_bytes(model), index_flop(model), rate, index_flops(gpu))


def prefill_attention_s(model: Model, gpu: Gpu, tensor_parallel: int, mean_context_tokens: float) -> float:
    """Prefill attention over all layers per query-key pair; a window keeps its share of the pairs. [s/token^2]"""
    flop = sum(_prefill_flop(group, model, tensor_parallel, mean_context_tokens) for group in model.attention)
    whole = flop / (dense_flops(gpu, "bf16") * c.ATTENTION_EFFICIENCY)
    return whole + index_flop(model) / index_flops(gpu)


def state_s(model: Model, gpu: Gpu, tensor_parallel: int) -> float:
    """Linear attention over all layers per sequence and step: its state is read and written once. [s]

    Source: definition of the recurrence (Katharopoulos et al. 2020, arXiv:2006.16236); memory roofline.

    Qwen3.5-397B on four H200: 45 layers x 16 of 64 heads x 128 x 128 x 4 byte = 47.2 MB; twice that at 0.86 x 4.8 TB/s = 22.9 us.

    >>> from aisizer.catalog.load import load_catalog
    >>> catalog = load_catalog()
    >>> round(state_s(catalog.models["qwen3.5-397b-a17b"], catalog.gpus["h200-sxm"], 4) * 1e6, 1)
    22.9
    """
    moved = 2 * sum(state_bytes(group, tensor_parallel) for group in model.attention)
    return moved / bandwidth(gpu)


def indexer_s_per_token(read_bytes: float, flop: float, bandwidth: float, flops: float) -> float:
    """The indexer of sparse attention per token of context: it reads and scores every key, then attention reads top-k. [s]

    Source: DeepSeek-AI 2025, DeepSeek-V3.2 technical report (arXiv:2512.02556), section 2.1; roofline as `overlap`.

    DeepSeek V3.2 on H200: 61 layers x 132 byte = 8,052 byte at 4.32 TB/s = 1.86 ns, and 61 x 2 x 64 x 128 = 1.0 MFLOP at
    0.6 x 1,978 TFLOP/s = 0.84 ns.

    >>> round(indexer_s_per_token(61 * 132, 61 * 2 * 64 * 128, 4.32e12, 0.6 * 1978e12) * 1e9, 2)
    1.92
    """
    return attention_s_per_token(read_bytes, flop, bandwidth, flops)


def index_flop(model: Model) -> float:
    """Scores of one query against one indexer key, in all layers with an indexer: 2 x heads x width each. [FLOP]"""
    return 2.0 * model.indexed_layers * (model.index_heads or 0) * (model.index_head_dim or 0)


def index_flops(gpu: Gpu) -> float:
    """[FLOP/s] at which a GPU scores indexer keys: FP8 where it has it."""
    return dense_flops(gpu, "fp8" if gpu.fp8_tflops is not None else "bf16") * c.ATTENTION_EFFICIENCY


def _reach(group: Attention, model: Model) -> int | None:
    """[token] of context that one query reads at most."""
    return model.index_topk if model.is_indexed(group) else group.window


def _prefill_flop(group: Attention, model: Model, tensor_parallel: int, mean_context_tokens: float) -> float:
    """FLOP of a mean pair; sparse attention takes the cheaper of all pairs and top-k pairs on the latent. [FLOP]"""
    every = _pair_flop(group, model, tensor_parallel) * _pairs(group, model, mean_context_tokens)
    if not model.is_indexed(group):
        return every
    chosen = window_share_of_pairs(mean_context_tokens, model.index_topk)
    return min(every, _decode_flop(group, model, tensor_parallel) * chosen)


def _pairs(group: Attention, model: Model, context_tokens: float) -> float:
    """Pairs that a layer scores over the causal S^2 / 2; an encoder looks both ways, half of its window to each side. [1]"""
    if not model.bidirectional:
        return window_share_of_pairs(context_tokens, group.window)
    return 2 * window_share_of_pairs(context_tokens, group.window and group.window // 2)


def _pair_flop(group: Attention, model: Model, tensor_parallel: int) -> float:
    """Score and value products of one query-key pair: 2 x (query width + value width) per head. [FLOP]"""
    if group.kind == "linear":
        return 0.0
    widths = 2 * group.head_dim
    if group.kind == "mla":
        widths = (model.qk_nope_head_dim or 0) + (model.qk_rope_head_dim or 0) + (model.v_head_dim or 0)
    return 2.0 * widths * group.layers * model.heads / tensor_parallel


def _decode_flop(group: Attention, model: Model, tensor_parallel: int) -> float:
    """The same while decoding: MLA with absorbed weights works on the latent, rank + rope and rank wide. [FLOP]"""
    if group.kind != "mla":
        return _pair_flop(group, model, tensor_parallel)
    rank, rope = model.kv_lora_rank or 0, model.qk_rope_head_dim or 0
    return 2.0 * (2 * rank + rope) * group.layers * model.heads / tensor_parallel
