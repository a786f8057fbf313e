"""Oddities of published measurements and hardware that a step model must get right, each with the figure that shows it."""

from __future__ import annotations

import numpy as np
import pytest
from hand_built import GPUS, MODELS, vllm

from aisizer.catalog.load import load_catalog
from aisizer.catalog.records import Gpu, Model
from aisizer.engine import constants as c
from aisizer.engine.attention import kv_read_s
from aisizer.engine.collectives import link
from aisizer.engine.formats import Format, format_of
from aisizer.engine.machine import expert_kernel
from aisizer.engine.memory import kv_bytes_per_token, token_bytes
from aisizer.engine.replica import Replica, build
from aisizer.engine.roofline import experts_hit, moe_s
from aisizer.shapes import StepTable

CATALOG = load_catalog()
H100, H200, L40S, A100, B200 = (GPUS[g] for g in ("h100-sxm", "h200-sxm", "l40s", "a100-sxm", "b200-sxm"))


def table(model: Model, gpu: Gpu, engine: str, t: int, precision: str, context: float, kv: str = "bf16") -> StepTable:
    roomy = gpu.model_copy(update={"memory_gb": 4000.0, "device_memory_gib": None})  # memory is not on trial here
    made = build(
        model.model_copy(update={"max_context": 10**7}),
        roomy,
        CATALOG.engines[engine],
        tensor_parallel=t,
        precision=precision,
        mean_context_tokens=context,
        kv_precision=kv,
    )
    assert isinstance(made, Replica), made
    return made.table


def decode_s(of: StepTable, sequences: float, context: float) -> float:
    total = np.interp(sequences, of.token_grid, of.tokens_s) + np.interp(sequences, of.sequence_grid, of.sequences_s)
    total += of.kv_read_s * sequences * context + of.decode_fixed_s
    return float(total + of.step_fixed_s + of.per_sequence_s * sequences)


def test_coverage_is_neither_the_active_share_nor_all_experts() -> None:
    """16 tokens, 8 of 128: one token's worth reads a sixteenth, all experts are 1.7 times too many."""
    hit = experts_hit(np.array([1.0, 16.0]), 128, 8)
    assert hit[0] == pytest.approx(8)
    assert 8 * 6 < hit[1] < 128 / 1.5


def test_routing_as_even_as_a_benchmark_makes_it_costs_more_than_real_routing() -> None:
    """Forced-balanced routing touches min(E, T k) = all 128 experts at 16 tokens; kernel tables show up to twice the time."""
    h100 = expert_kernel(H100, Format(8.0, "fp8", weight_only=False))
    real = moe_s(np.array([16.0]), 128, 8, 4096, 1536, 3, h100)[0]
    forced = 128 * 3 * 4096 * 1536 / h100.bandwidth + h100.launch_s
    assert 1.3 < forced / real < 2.1


# TensorRT-LLM 0.9, static batches with random weights and the same prompt in every sequence, exact lengths (NVIDIA DLI
# data set in cfregly/ai-performance-engineering @ca35059): Mixtral 8x7B BF16 on two A100; batch, prompt, output, TPOT in ms.
MIXTRAL = [
    (1, 128, 128, 8.65),
    (4, 128, 128, 9.09),
    (8, 128, 2048, 10.37),
    (16, 128, 128, 9.76),
    (32, 128, 2048, 13.16),
]


@pytest.mark.parametrize(("batch", "prompt", "output", "tpot_ms"), MIXTRAL)
def test_a_benchmark_of_equal_prompts_reads_the_experts_of_one_token(
    batch: int, prompt: int, output: int, tpot_ms: float
) -> None:
    """Sixteen equal sequences take 13 % longer than one: all of them choose the same two experts."""
    context = prompt + output / 2
    two = MODELS["mixtral-8x7b"].model_copy(update={"experts": 2})
    same = decode_s(table(two, A100, "trtllm-0.9", 2, "bf16", context), batch, context)
    assert 1e3 * same == pytest.approx(tpot_ms, rel=0.35)
    if batch >= 4:
        free = decode_s(table(MODELS["mixtral-8x7b"], A100, "trtllm-0.9", 2, "bf16", context), batch, context)
        assert 1e3 * free > 1.6 * tpot_ms


def test_few_key_value_heads_are_replicated_and_a_latent_is_never_divided() -> None:
    llama, deepseek = MODELS["llama-3.3-70b"], MODELS["deepseek-v3"]
    assert kv_bytes_per_token(llama, 16, 4096) == kv_bytes_per_token(llama, 8, 4096)
    assert token_bytes(deepseek.attention[0], deepseek, 8) == token_bytes(deepseek.attention[0], deepseek, 1)


def test_a_wrong_label_of_the_precision_costs_what_was_measured() -> None:
    """MXFP4 runs in BF16 arithmetic on Hopper and natively on Blackwell; taken for BF16 weights it reads 3.8 times as much."""
    oss = MODELS["gpt-oss-120b"]
    hopper, blackwell = format_of(oss, H100, "fp4"), format_of(oss, B200, "fp4")
    assert isinstance(hopper, Format) and hopper.weight_only and hopper.compute == "bf16"
    assert isinstance(blackwell, Format) and not blackwell.weight_only and blackwell.compute == "fp4"
    right, wrong = (decode_s(table(oss, H100, "vllm-0.33", 2, p, 2000), 32, 2000) for p in ("fp4", "bf16"))
    assert 1.45 < wrong / right < 3.0


def test_an_unknown_cache_precision_moves_the_cliff_by_two() -> None:
    llama = MODELS["llama-3.3-70b"]
    made = [build(llama, H100, vllm(), tensor_parallel=4, precision="fp8", kv_precision=kv) for kv in ("bf16", "fp8")]
    wide, narrow = (m.memory.kv_capacity_tokens for m in made if isinstance(m, Replica))
    assert narrow == pytest.approx(2 * wide)


def test_floors_are_those_of_graphs_and_not_of_eager_tables() -> None:
    """Eager tables show 12.5 us for a TensorRT-LLM FP8 matrix, 60-80 us for vLLM's block FP8 and 20-50 us for a MoE."""
    assert c.GEMM_LAUNCH_S["fp8"] < 12.5e-6 / 2
    assert max(c.MOE_LAUNCH_S.values()) < 50e-6


def test_a_cache_in_l2_never_makes_attention_faster_than_memory() -> None:
    """L40S benchmarks read 96 MB caches from L2 above the memory's 864 GB/s; a server's cache does not fit there."""
    llama = MODELS["llama-3.1-8b"]
    assert kv_read_s(llama, L40S, 1, 2000) >= kv_bytes_per_token(llama, 1, 2000) / 864e9


def test_pcie_all_reduce_is_a_small_part_of_the_link() -> None:
    """2-5 GB/s in kernel tables, 14 in end-to-end runs of 70B on four and eight L40S, against 32 of the link."""
    assert 5e9 < link(L40S, 4).bus_bandwidth < 16e9


def test_time_per_token_differs_by_request_and_by_token() -> None:
    """Short answers meet each other's prompts more often for each of their tokens.

    Two classes on one replica: answers of 20 tokens whose own long prompt delays their second token by one prefill step of
    300 ms, and answers of 500 tokens with the same delay; steps of 20 ms. Mean over requests (300 / 19 + 20 + 300 / 499 + 20)
    / 2 = 28.2 ms; over tokens 2 x 300 / 518 + 20 = 21.2 ms: 33 % apart, so that the two must never be pooled.
    """
    outputs, step_ms, stall_ms = np.array([20.0, 500.0]), 20.0, 300.0
    decode_ms = step_ms * (outputs - 1) + stall_ms
    by_request = (decode_ms / (outputs - 1)).mean()
    by_token = decode_ms.sum() / (outputs - 1).sum()
    assert by_request / by_token - 1 == pytest.approx(0.334, abs=0.002)


# The same data set: dense models in BF16 and FP8 (cache in FP8), TPOT in ms; model, GPU, precision, GPUs, batch, lengths.
OLD_ENGINE = [
    ("llama-3.3-70b", H100, "bf16", 8, 1, 2048, 2048, 14.72),
    ("llama-3.3-70b", H100, "bf16", 8, 64, 2048, 2048, 20.29),
    ("llama-3.3-70b", H100, "bf16", 8, 512, 128, 128, 36.15),
    ("llama-3.3-70b", H100, "bf16", 4, 1, 128, 128, 17.48),
    ("llama-3.3-70b", H100, "bf16", 4, 64, 2048, 2048, 26.16),
    ("llama-3.3-70b", H100, "bf16", 2, 64, 128, 128, 31.44),
]


@pytest.mark.parametrize(("name", "gpu", "precision", "t", "batch", "prompt", "output", "tpot_ms"), OLD_ENGINE)
def test_an_engine_of_2024_pays_for_launches_and_collectives(
    name: str, gpu: Gpu, precision: str, t: int, batch: int, prompt: int, output: int, tpot_ms: float
) -> None:
    context = prompt + output / 2
    llama = MODELS[name].model_copy(update={"vocab": 32000})
    then = decode_s(table(llama, gpu, "trtllm-0.9", t, precision, context), batch, context)
    now = decode_s(table(llama, gpu, "trtllm-1.2", t, precision, context), batch, context)
    assert 1e3 * then == pytest.approx(tpot_ms, rel=0.16)
    assert now < then


# vLLM 0.6.6 to 0.11 on 8 x MI300X, Llama-3.1-70B FP8, one static batch (ROCm/vllm performance tables): E2E in ms of 128 in,
# 2,048 out, versions 0.8.3 and 0.9.0.1.
AMD = [(1, 15427, 15566), (8, 18679, 18898), (32, 23260, 23896), (128, 42952, 43767)]


@pytest.mark.parametrize(("batch", "first_ms", "second_ms"), AMD)
def test_an_amd_server_is_within_a_seventh_of_its_measurements(batch: int, first_ms: float, second_ms: float) -> None:
    of = table(MODELS["llama-3.3-70b"], GPUS["mi300x"], "vllm-0.33", 8, "fp8", 1152)
    found = 2047 * decode_s(of, batch, 1152)
    assert found == pytest.approx((first_ms + second_ms) / 2e3, rel=0.15)
