"""Sparse-index attention: hand-worked reads, scores and cache, and where it pays."""

from __future__ import annotations

import pytest
from hand_built import GPUS, MODELS, vllm

from aisizer.engine import constants as c
from aisizer.engine.attention import index_flop, kv_read_s, prefill_attention_s
from aisizer.engine.graphs import small_kernels_s
from aisizer.engine.layouts import matrices
from aisizer.engine.memory import index_bytes, kv_bytes_per_token
from aisizer.engine.replica import Replica, build

H200 = GPUS["h200-sxm"]
DENSE = MODELS["deepseek-v3"]
SPARSE = DENSE.model_copy(update={"index_topk": 2048, "index_heads": 64, "index_head_dim": 128})


@pytest.mark.usefixtures("round_constants")
def test_a_decode_step_at_32k_by_hand() -> None:
    """Per token of context on one of 8 H200 (4.32 TB/s; 593.4 TFLOP/s BF16, 1,186.8 FP8):

    attention reads 2,048 of 32,768 tokens, 1/16 of 61 x 576 x 2 byte: 4,392 byte = 1.017 ns, beside 1/16 of 61 x 16 x 2 x
    1,088 FLOP = 0.224 ns, in all 1.020 ns; the indexer reads 61 x 132 byte = 1.864 ns and computes 61 x 2 x 64 x 128 FLOP =
    0.842 ns, in all 1.920 ns. Together 2.94 ns against 16.3 ns of dense attention.
    """
    assert kv_read_s(SPARSE, H200, 8, 32768) == pytest.approx(2.940e-9, rel=0.002)
    assert kv_read_s(DENSE, H200, 8, 32768) == pytest.approx(16.3e-9, rel=0.01)


def test_a_short_context_is_read_whole_and_scored_besides() -> None:
    assert kv_read_s(SPARSE, H200, 8, 1024) == pytest.approx(kv_read_s(DENSE, H200, 8, 1024) + 1.920e-9, rel=0.002)


@pytest.mark.usefixtures("round_constants")
def test_prefill_takes_the_cheaper_of_all_pairs_and_chosen_ones() -> None:
    """All pairs: 61 x 16 x 2 x 320 FLOP = 1.053 ns; chosen at 128k: 61 x 16 x 2 x 1,088 x 0.031 = 0.111 ns; scores 0.842 ns."""
    assert prefill_attention_s(SPARSE, H200, 8, 1024) == pytest.approx(1.0526e-9 + 0.842e-9, rel=0.001)
    assert prefill_attention_s(SPARSE, H200, 8, 131072) == pytest.approx(0.111e-9 + 0.842e-9, rel=0.002)


def test_the_indexer_keeps_its_keys_beside_the_latent() -> None:
    assert index_bytes(SPARSE) == 61 * (128 + 4)
    assert kv_bytes_per_token(SPARSE, 8, 4096) == 61 * (576 * 2 + 132)
    assert index_bytes(DENSE) == index_flop(DENSE) == 0


def test_the_indexer_adds_two_matrices_a_layer() -> None:
    extra = sum(m.weights for m in matrices(SPARSE, 1)) - sum(m.weights for m in matrices(DENSE, 1))
    assert extra == 61 * (64 * 128 * 1536 + (128 + 64) * 7168)


def test_an_indexed_layer_launches_two_kernels_of_attention() -> None:
    options = {"precision": "fp8", "mean_context_tokens": 1024.0, "max_context_tokens": 1024.0}
    dense, sparse = (build(m, H200, vllm(), tensor_parallel=8, **options) for m in (DENSE, SPARSE))  # type: ignore[arg-type]
    assert isinstance(dense, Replica) and isinstance(sparse, Replica)
    more = sparse.table.decode_fixed_s - dense.table.decode_fixed_s
    small = small_kernels_s(SPARSE) - small_kernels_s(DENSE)
    assert more == pytest.approx(61 * c.DECODE_ATTENTION_LAUNCH_S + small) and small > 0
    more = sparse.table.prefill_fixed_s - dense.table.prefill_fixed_s
    assert more == pytest.approx(61 * c.PREFILL_ATTENTION_LAUNCH_S + small)


def test_long_contexts_gain_and_short_ones_pay() -> None:
    def step_s(found: object, sequences: int, context: float) -> float:
        assert isinstance(found, Replica)
        return found.table.kv_read_s * sequences * context + found.table.decode_fixed_s

    for context, faster in ((1024.0, False), (32768.0, True)):
        options = {"precision": "fp8", "mean_context_tokens": context, "max_context_tokens": context}
        dense, sparse = (build(m, H200, vllm(), tensor_parallel=8, **options) for m in (DENSE, SPARSE))  # type: ignore[arg-type]
        assert (step_s(sparse, 64, context) < step_s(dense, 64, context)) == faster
