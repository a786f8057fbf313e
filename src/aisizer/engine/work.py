"""The work of one step that tables hold: matrices, experts, norms and collectives over tokens, the head over sequences."""

from __future__ import annotations

import numpy as np

from aisizer.catalog.records import Engine, Gpu, Model
from aisizer.engine import constants as c
from aisizer.engine.collectives import (
    all_to_all_s,
    group_all_gather_s,
    group_all_reduce_s,
    peer_link,
    send_s,
)
from aisizer.engine.formats import Format
from aisizer.engine.graphs import captured, eager_floor_s, host_s
from aisizer.engine.imbalance import slowest_lane_contexts, slowest_rank_hit, slowest_rank_pairs
from aisizer.engine.layouts import experts, head_rows, matrices
from aisizer.engine.machine import bandwidth, expert_kernel, kernel
from aisizer.engine.parallel import Parallel, pipeline_cycle_s, slowest_stage
from aisizer.engine.roofline import elementwise_s, gemm_s, grouped_s, moe_s
from aisizer.shapes import Floats

BF16 = Format(bits=16.0, compute="bf16", weight_only=False)


def tokens_s(model: Model, gpu: Gpu, engine: Engine, weights: Format, parallel: Parallel, tokens: Floats) -> Floats:
    """Time of all work that depends on the tokens of a step alone, on the slowest lane, for tokens dealt evenly. [s]"""
    lane = np.maximum(tokens / parallel.lanes, 1.0)
    stage = np.maximum(tokens / parallel.pipeline, 1.0)
    return _lane_s(model, gpu, engine, weights, parallel, lane, stage)


def sequences_s(model: Model, gpu: Gpu, parallel: Parallel, sequences: Floats) -> Floats:
    """Time of the BF16 head over the sequences that get a token, and of gathering logits; none in an embedder. [s]

    The last stage of a pipeline runs it for each micro-batch in turn.
    """
    if model.prefill_only:
        return np.zeros_like(sequences)
    lane = np.maximum(sequences / parallel.lanes, 1.0)
    total = gemm_s(lane, head_rows(model, parallel.tensor), model.embedding_width or model.hidden, kernel(gpu, BF16))
    if parallel.tensor > 1:
        logits = lane * model.vocab * c.VALUE_BYTES
        total = total + group_all_gather_s(logits, parallel.tensor, gpu, parallel.gpus_per_node)
    if parallel.pipeline > 1:
        in_turn = np.clip(sequences / parallel.attention_dp, 1.0, parallel.pipeline)
        total = total * in_turn
    return total


def uneven_contexts_s(sequences: Floats, lanes: int, mean_read_s: float) -> Floats:
    """What the fullest lane reads beyond an even share of all contexts, at the mean context's time. [s]"""
    return np.asarray((slowest_lane_contexts(sequences, lanes) - sequences / lanes) * mean_read_s)


def excess_of_a_lone_prompt_s(
    model: Model,
    gpu: Gpu,
    engine: Engine,
    weights: Format,
    parallel: Parallel,
    pair_s: float,
    mean_context_tokens: float,
) -> float:
    """What one mean prompt, which only one lane computes, takes longer than if it were dealt over all lanes. [s]"""
    if parallel.lanes == 1:
        return 0.0
    chunk = float(min(mean_context_tokens, engine.token_budget))
    spread = tokens_s(model, gpu, engine, weights, parallel, np.array([chunk]))
    alone = _lane_s(model, gpu, engine, weights, parallel, np.array([chunk]), np.array([chunk]))
    pairs = chunk**2 / 2 * (1 - 1 / parallel.lanes)
    return float((alone - spread)[0]) + pair_s * pairs


def _lane_s(
    model: Model, gpu: Gpu, engine: Engine, weights: Format, parallel: Parallel, lane: Floats, stage: Floats
) -> Floats:
    """All layers for `lane` tokens on the slowest lane, whose stage computes `stage` tokens on all its ranks. [s]"""
    rows = captured(lane, engine.largest_captured_batch)
    narrow, wide = kernel(gpu, weights), kernel(gpu, BF16)
    dense = matrices(model, parallel.tensor)
    total = np.zeros_like(lane)
    for m in dense:
        total += m.layers * gemm_s(rows, m.outputs, m.inputs, narrow if m.quantised else wide)
    total += _experts_s(model, gpu, weights, parallel, stage * (rows / lane))
    values = c.NORM_PASSES / 2 * model.hidden * model.sublayers + sum(m.outputs * m.layers for m in dense)
    total += elementwise_s(rows, values, bandwidth(gpu))
    total += _collectives_s(model, gpu, engine, weights, parallel, rows)
    if parallel.pipeline > 1:
        stages = parallel.pipeline
        one_stage = total * slowest_stage(model.layers, stages) / stages
        total = pipeline_cycle_s(one_stage, stages, stages) + _sends_s(model, gpu, parallel, rows)
    return np.maximum(total, eager_floor_s(lane, engine.largest_captured_batch, host_s(model, engine, weights)))


def _experts_s(model: Model, gpu: Gpu, weights: Format, parallel: Parallel, tokens: Floats) -> Floats:
    """Routed experts of all layers on the slowest rank. [s]"""
    routed = experts(model, parallel.expert_tensor, parallel.expert)
    if routed is None:
        return np.zeros_like(tokens)
    shape, rates = (routed.hidden, routed.width, routed.matrices), expert_kernel(gpu, weights)
    if parallel.expert == 1:
        return routed.layers * moe_s(tokens, routed.experts, routed.per_token, *shape, rates)
    pairs = slowest_rank_pairs(tokens, model.experts, routed.per_token, parallel.expert)
    hit = slowest_rank_hit(tokens, model.experts, routed.per_token, parallel.expert)
    return routed.layers * grouped_s(pairs, hit, *shape, rates)


def _collectives_s(model: Model, gpu: Gpu, engine: Engine, weights: Format, parallel: Parallel, rows: Floats) -> Floats:
    """One all-reduce for each attention and each MLP among the tensor-parallel GPUs, or for both where they run in
    parallel; with attention-DP the experts exchange tokens instead. [s]"""
    sparse = model.with_experts if parallel.attention_dp > 1 else 0
    reduces = (model.layers if model.parallel_attention else model.sublayers) - sparse
    total = np.zeros_like(rows)
    if parallel.tensor > 1:
        message = rows * model.hidden * c.VALUE_BYTES
        one = group_all_reduce_s(message, parallel.tensor, gpu, parallel.gpus_per_node)
        total += reduces * (one + engine.collective_overhead_s)
    if sparse:
        total += sparse * _exchange_s(model, gpu, weights, parallel, rows)
    return total


def _exchange_s(model: Model, gpu: Gpu, weights: Format, parallel: Parallel, rows: Floats) -> Floats:
    """One layer's tokens to the experts of all ranks and back. [s]"""
    if parallel.expert == 1:  # every GPU holds a slice of every expert and needs every token
        message = rows * parallel.attention_dp * model.hidden * c.VALUE_BYTES
        return group_all_reduce_s(message, parallel.stage_gpus, gpu, parallel.gpus_per_node)
    own = rows / parallel.tensor * model.hidden
    out_bytes = c.VALUE_BYTES if weights.compute == "bf16" else c.DISPATCH_FP8_BYTES
    total = np.zeros_like(rows)
    for value_bytes in (out_bytes, c.VALUE_BYTES):  # dispatch, combine
        total += all_to_all_s(own * value_bytes, model.experts_per_token, parallel.expert, gpu, parallel.gpus_per_node)
    if parallel.tensor == 1:
        return total
    message = rows * model.hidden * c.VALUE_BYTES
    return total + group_all_gather_s(message, parallel.tensor, gpu, parallel.gpus_per_node)


def _sends_s(model: Model, gpu: Gpu, parallel: Parallel, rows: Floats) -> Floats:
    """Hidden states from stage to stage and the token back to the first, all at the slowest hop's rate. [s]"""
    over = peer_link(gpu, parallel.gpus, parallel.gpus_per_node)
    return parallel.pipeline * send_s(rows * model.hidden * c.VALUE_BYTES / parallel.tensor, over)
