"""One replica of a model on some GPUs: its memory and its step times, or the reason why it cannot be built."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aisizer.catalog.records import Attention, Engine, Gpu, Model
from aisizer.engine import constants as c
from aisizer.engine.collectives import all_gather_s, all_reduce_s, link
from aisizer.engine.formats import Format, format_of
from aisizer.engine.layouts import experts, head_rows, matrices, parallelism_fault
from aisizer.engine.machine import bandwidth, dense_flops, expert_kernel, kernel
from aisizer.engine.memory import Memory, memory_of, token_bytes
from aisizer.engine.roofline import (
    attention_s_per_token,
    elementwise_s,
    gemm_s,
    moe_s,
    window_share_of_pairs,
    window_share_of_tokens,
)
from aisizer.errors import Rejection
from aisizer.shapes import Floats, StepTable

_TILES = [64.0, 65.0, 96.0, *(float(edge + step) for edge in range(128, 1024, 64) for step in (0, 1))]
GRID: Floats = np.array(
    [*(0, 1, 2, 3, 4, 6, 8, 12, 16, 17, 24, 32, 33, 48, 49), *_TILES]
    + [float(1024 * k) for k in (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 14, 16)],
    dtype=np.float64,
)
"""[token] and [sequence] where every table is sampled: both sides of each tile edge, which a line would blur."""
BF16 = Format(bits=16.0, compute="bf16", weight_only=False)


@dataclass(frozen=True, slots=True)
class Replica:
    """What one replica holds and how long its steps take."""

    memory: Memory
    table: StepTable
    notes: tuple[str, ...] = ()


def build(
    model: Model,
    gpu: Gpu,
    engine: Engine,
    *,
    tensor_parallel: int,
    precision: str,
    max_context_tokens: float | None = None,
    mean_context_tokens: float | None = None,
) -> Replica | Rejection:
    """One replica, or why it cannot be built; the longest request must fit, the mean one sets what windows save."""
    longest = c.DEFAULT_CONTEXT_TOKENS if max_context_tokens is None else max_context_tokens
    mean = c.DEFAULT_CONTEXT_TOKENS if mean_context_tokens is None else mean_context_tokens
    fault = parallelism_fault(model, tensor_parallel) or _context_fault(model, longest)
    if fault:
        return fault
    weights = format_of(model, gpu, precision)
    if isinstance(weights, Rejection):
        return weights
    memory = memory_of(
        model,
        gpu,
        engine,
        tensor_parallel=tensor_parallel,
        precision=precision,
        mean_context_tokens=mean,
        max_context_tokens=longest,
    )
    if isinstance(memory, Rejection):
        return memory
    table = _table(model, gpu, engine, weights, tensor_parallel, mean, memory.kv_capacity_tokens)
    return Replica(memory, table, (weights.note,) if weights.note else ())


def tokens_s(model: Model, gpu: Gpu, weights: Format, tensor_parallel: int, tokens: Floats) -> Floats:
    """Time of all work that depends on the tokens of a step alone: matrices, experts, norms and all-reduces. [s]"""
    narrow, wide = kernel(gpu, weights), kernel(gpu, BF16)
    dense = matrices(model, tensor_parallel)
    total = np.zeros_like(tokens)
    for m in dense:
        total += m.layers * gemm_s(tokens, m.outputs, m.inputs, narrow if m.quantised else wide)
    routed = experts(model, tensor_parallel)
    if routed:
        shape = (routed.experts, routed.per_token, routed.hidden, routed.width, routed.matrices)
        total += routed.layers * moe_s(tokens, *shape, expert_kernel(gpu, weights))
    values = c.NORM_PASSES * model.hidden * model.layers + sum(m.outputs * m.layers for m in dense)
    total += elementwise_s(tokens, values, bandwidth(gpu))
    if tensor_parallel > 1:
        message = tokens * model.hidden * c.VALUE_BYTES
        total += 2 * model.layers * all_reduce_s(message, tensor_parallel, link(gpu, tensor_parallel))
    return total


def sequences_s(model: Model, gpu: Gpu, tensor_parallel: int, sequences: Floats) -> Floats:
    """Time of the BF16 head over the sequences that get a token, and of gathering logits; none in an embedder. [s]"""
    if model.prefill_only:
        return np.zeros_like(sequences)
    total = gemm_s(sequences, head_rows(model, tensor_parallel), model.hidden, kernel(gpu, BF16))
    if tensor_parallel > 1:
        logits = sequences * model.vocab * c.VALUE_BYTES
        total = total + all_gather_s(logits, tensor_parallel, link(gpu, tensor_parallel))
    return total


def kv_read_s(model: Model, gpu: Gpu, tensor_parallel: int, mean_context_tokens: float) -> float:
    """Decode attention over all layers per token of context; a window reads its share of the mean context. [s/token]"""
    rate = gpu.memory_bandwidth_gb_s * 1e9 * c.ATTENTION_BANDWIDTH_EFFICIENCY
    flops = dense_flops(gpu, "bf16") * c.ATTENTION_EFFICIENCY
    return sum(
        window_share_of_tokens(mean_context_tokens, group.window)
        * attention_s_per_token(
            token_bytes(group, model, tensor_parallel), _decode_flop(group, model, tensor_parallel), rate, flops
        )
        for group in model.attention
    )


def prefill_attention_s(model: Model, gpu: Gpu, tensor_parallel: int, mean_context_tokens: float) -> float:
    """Prefill attention over all layers per query-key pair; a window keeps its share of the pairs. [s/token^2]"""
    flop = sum(
        _pair_flop(group, model, tensor_parallel) * window_share_of_pairs(mean_context_tokens, group.window)
        for group in model.attention
    )
    return flop / (dense_flops(gpu, "bf16") * c.ATTENTION_EFFICIENCY)


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


def _table(
    model: Model,
    gpu: Gpu,
    engine: Engine,
    weights: Format,
    tensor_parallel: int,
    mean_context_tokens: float,
    kv_capacity_tokens: float,
) -> StepTable:
    if max(engine.token_budget, engine.max_batch) > GRID[-1]:
        raise ValueError(f"{engine.id}: token_budget and max_batch must not exceed {GRID[-1]:.0f}. Lower them.")
    return StepTable(
        token_grid=GRID,
        tokens_s=_from_zero(tokens_s(model, gpu, weights, tensor_parallel, GRID[1:])),
        sequence_grid=GRID,
        sequences_s=_from_zero(sequences_s(model, gpu, tensor_parallel, GRID[1:])),
        prefill_attention_s=prefill_attention_s(model, gpu, tensor_parallel, mean_context_tokens),
        kv_read_s=kv_read_s(model, gpu, tensor_parallel, mean_context_tokens),
        prefill_fixed_s=model.layers * c.PREFILL_ATTENTION_LAUNCH_S,
        decode_fixed_s=model.layers * c.DECODE_ATTENTION_LAUNCH_S,
        step_fixed_s=engine.step_overhead_s + engine.layer_overhead_s * model.layers,
        per_sequence_s=engine.sequence_overhead_s,
        request_fixed_s=engine.request_overhead_s,
        kv_capacity_tokens=kv_capacity_tokens,
        max_batch=engine.max_batch,
        token_budget=engine.token_budget,
    )


def _from_zero(times_s: Floats) -> Floats:
    """Puts the first sample of the grid in front: nothing to compute takes no time."""
    return np.concatenate(([0.0], times_s))


def _context_fault(model: Model, longest: float) -> Rejection | None:
    if longest <= model.max_context:
        return None
    detail = (
        f"{model.name} takes at most {model.max_context:,} tokens of context, and the longest requests have "
        f"{longest:,.0f}. Shorten the prompts or choose a model with a longer context."
    )
    return Rejection("context", detail, got=longest, limit=float(model.max_context), unit="token")
