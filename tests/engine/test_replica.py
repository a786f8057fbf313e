"""Replicas: step times against published measurements, the tables' accuracy and speed, and every refusal."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hand_built import GPUS, MODELS, full, gpu, model, vllm
from hypothesis import given, settings
from hypothesis import strategies as st

from aisizer.catalog.records import Gpu
from aisizer.engine.attention import kv_read_s, prefill_attention_s
from aisizer.engine.formats import Format, allowed_precisions, format_of
from aisizer.engine.parallel import Parallel
from aisizer.engine.replica import GRID, Replica, build
from aisizer.engine.work import sequences_s, tokens_s
from aisizer.errors import Rejection
from aisizer.shapes import StepTable

H100 = GPUS["h100-sxm"]


def made(name: str, g: Gpu = H100, t: int = 4, precision: str = "fp8", **context: Any) -> Replica:
    found = build(MODELS[name], g, vllm(), tensor_parallel=t, precision=precision, **context)
    assert isinstance(found, Replica), found
    return found


def refused(name: str, g: Gpu = H100, t: int = 4, precision: str = "fp8", **context: Any) -> Rejection:
    found = build(MODELS[name], g, vllm(), tensor_parallel=t, precision=precision, **context)
    assert isinstance(found, Rejection)
    return found


def step_s(table: StepTable, prompt: float, behind: float, decoding: float, contexts: float, finishing: int) -> float:
    """The formula of StepTable, written out once more."""
    total = np.interp(prompt + decoding, table.token_grid, table.tokens_s) + table.step_fixed_s
    total += np.interp(decoding + finishing, table.sequence_grid, table.sequences_s)
    total += table.per_sequence_s * (decoding + finishing)
    if prompt:
        total += table.prefill_fixed_s + table.prefill_attention_s * prompt * (behind + prompt / 2)
    if decoding:
        total += table.decode_fixed_s + table.kv_read_s * contexts
    return float(total)


def closed_loop_tpot_s(table: StepTable, clients: int, prompt: float, output: float) -> float:
    """While one request decodes, each of the others restarts once: its prefill steps are longer than decode steps."""
    contexts = prompt + output / 2
    decode = step_s(table, 0, 0, clients, clients * contexts, 0)
    others = clients - 1
    longer = step_s(table, prompt, 0, others, others * contexts, 1) - decode
    return decode + longer * others / output


# Llama-3.1-70B FP8, vLLM, 4 x H100, 8k in, 1k out (lengths uniform in [0.8, 1]): TPOT in ms by clients; InferenceX
# (SemiAnalysis) as exported by ai-dynamo/aiconfigurator.
@pytest.mark.parametrize(("clients", "measured_ms"), [(4, 13.3), (8, 15.8), (16, 21.1), (32, 32.8), (64, 53.5)])
def test_closed_loop_tpot_of_70b_on_four_h100(clients: int, measured_ms: float) -> None:
    table = made("llama-3.3-70b", mean_context_tokens=7800, max_context_tokens=9216).table
    found = closed_loop_tpot_s(table, clients, 0.9 * 8192, 0.9 * 1024)
    assert 1e3 * found == pytest.approx(measured_ms, rel=0.15)


# One static batch on H100, TensorRT-LLM 0.9, exact lengths (NVIDIA DLI data set in cfregly/ai-performance-engineering
# @ca35059): Llama-2-70B; precision, GPUs, batch, prompt, output, TPOT and TTFT in ms.
STATIC = [
    ("fp8", 1, 1, 128, 128, 27.04, 36.19),
    ("fp8", 1, 64, 128, 128, 30.70, 915.0),
    ("fp8", 1, 1, 2048, 2048, 28.48, 247.1),
    ("fp8", 2, 64, 2048, 2048, 27.19, None),
    ("bf16", 2, 1, 128, 2048, 28.67, 36.24),
    ("bf16", 2, 64, 128, 128, 31.44, 927.4),
    ("bf16", 2, 1, 2048, 2048, 30.07, 259.2),
]


@pytest.mark.parametrize(("precision", "t", "batch", "prompt", "output", "tpot_ms", "ttft_ms"), STATIC)
def test_static_batches_of_70b_on_h100(
    precision: str, t: int, batch: int, prompt: int, output: int, tpot_ms: float, ttft_ms: float | None
) -> None:
    roomy = gpu("h100-roomy", 400, 3350, 989, 1978)  # memory is not on trial here
    engine = vllm(step_overhead_s=0.5e-3, layer_overhead_s=14e-6, sequence_overhead_s=2e-6)
    llama = MODELS["llama-3.3-70b"].model_copy(update={"vocab": 32000})
    found = build(llama, roomy, engine, tensor_parallel=t, precision=precision)
    assert isinstance(found, Replica)
    decode = step_s(found.table, 0, 0, batch, batch * (prompt + output / 2), 0)
    assert 1e3 * decode == pytest.approx(tpot_ms, rel=0.15)
    if ttft_ms is not None:
        one_long = step_s(found.table, batch * prompt, 0, 0, 0, batch)
        pairs_between_prompts = (batch * prompt) ** 2 / 2 - batch * prompt**2 / 2
        prefill = one_long - found.table.prefill_attention_s * pairs_between_prompts
        assert 1e3 * prefill == pytest.approx(ttft_ms, rel=0.20)


def test_the_tables_lines_lie_within_two_percent_of_the_formula() -> None:
    every = np.arange(1, 16385, dtype=np.float64)
    cases = [
        ("llama-3.1-8b", H100, 1, "bf16"),
        ("llama-3.3-70b", H100, 4, "fp8"),
        ("llama-3.3-70b", GPUS["l40s"], 4, "fp8"),
        ("llama-3.3-70b", GPUS["a100-sxm"], 8, "fp8"),
        ("mixtral-8x7b", GPUS["mi300x"], 2, "bf16"),
        ("deepseek-v3", GPUS["h200-sxm"], 8, "fp8"),
        ("gpt-oss-120b", H100, 2, "fp4"),
    ]
    for name, g, t, precision in cases:
        replica = made(name, g, t, precision)
        weights = format_of(MODELS[name], g, precision)
        assert isinstance(weights, Format)
        fixed = replica.table.step_fixed_s + replica.table.decode_fixed_s
        exact = tokens_s(MODELS[name], g, vllm(), weights, Parallel(t), every) + fixed
        line = np.interp(every, GRID, replica.table.tokens_s) + fixed
        assert np.abs(line / exact - 1).max() < 0.02, (name, g.id, int(np.abs(line / exact - 1).argmax()) + 1)
        head = sequences_s(MODELS[name], g, Parallel(t), every[:1024])
        straight = np.interp(every[:1024], GRID, replica.table.sequences_s)
        assert np.abs(straight / head - 1).max() < 0.05, (name, g.id)


def test_a_table_takes_less_than_a_few_milliseconds() -> None:
    best = min(_seconds_to_build() for _ in range(20))
    assert best < 2.5e-3  # 0.3 ms on an idle core


def _seconds_to_build() -> float:
    start = time.perf_counter()
    build(MODELS["deepseek-v3"], GPUS["h200-sxm"], vllm(), tensor_parallel=8, precision="fp8")
    return time.perf_counter() - start


@pytest.mark.parametrize("name", sorted(MODELS))
def test_more_tokens_or_sequences_never_take_less_time(name: str) -> None:
    table = made(name, GPUS["b200-sxm"], 8, "fp8").table
    assert (np.diff(table.tokens_s) >= 0).all()
    assert (np.diff(table.sequences_s) >= 0).all()
    assert table.tokens_s[0] == table.sequences_s[0] == 0.0
    assert len(table.token_grid) == len(table.tokens_s) == len(table.sequences_s)


@given(
    name=st.sampled_from(sorted(MODELS)),
    t=st.sampled_from([4, 8]),
    bandwidth=st.floats(1, 3),
    flops=st.floats(1, 3),
    network=st.floats(1, 3),
)
@settings(max_examples=30)
def test_a_faster_gpu_is_never_slower(name: str, t: int, bandwidth: float, flops: float, network: float) -> None:
    slow = gpu("slow", 400, 3000, 900, 1800)
    fast = gpu("fast", 400, 3000 * bandwidth, 900 * flops, 1800 * flops, interconnect_gb_s=450 * network)
    a, b = made(name, slow, t).table, made(name, fast, t).table
    assert (b.tokens_s <= a.tokens_s * (1 + 1e-12)).all()
    assert (b.sequences_s <= a.sequences_s * (1 + 1e-12)).all()
    assert b.kv_read_s <= a.kv_read_s * (1 + 1e-12)
    assert b.prefill_attention_s <= a.prefill_attention_s * (1 + 1e-12)


def test_more_gpus_compute_a_large_chunk_faster() -> None:
    chunk = [np.interp(8192, GRID, made("llama-3.3-70b", t=t).table.tokens_s) for t in (2, 4, 8)]
    assert chunk[0] > 1.25 * chunk[1] > 1.25**2 * chunk[2]


@pytest.mark.usefixtures("round_constants")
def test_decode_attention_by_hand() -> None:
    """80 layers x 2 local heads x 128 x 2 x 2 byte = 81,920 byte; at 0.9 x 3.35 TB/s = 27.2 ns a token of context."""
    assert kv_read_s(MODELS["llama-3.3-70b"], H100, 4, 4096) == pytest.approx(27.2e-9, rel=0.01)


@pytest.mark.usefixtures("round_constants")
def test_prefill_attention_by_hand() -> None:
    """80 layers x 16 heads x 128 x 4 FLOP = 655,360 FLOP a pair; at 0.6 x 989 TFLOP/s = 1.104 ns."""
    assert prefill_attention_s(MODELS["llama-3.3-70b"], H100, 4, 4096) == pytest.approx(1.1044e-9, rel=0.001)


def test_windows_save_reads_and_pairs() -> None:
    gpt_oss = MODELS["gpt-oss-120b"]
    whole, windowed = kv_read_s(gpt_oss, H100, 2, 128), kv_read_s(gpt_oss, H100, 2, 12800)
    assert windowed == pytest.approx(whole * 0.505)
    assert prefill_attention_s(gpt_oss, H100, 2, 12800) == pytest.approx(
        prefill_attention_s(gpt_oss, H100, 2, 128) * (1 + 0.0199) / 2
    )


@pytest.mark.usefixtures("round_constants")
def test_latent_attention_decodes_on_the_latent_and_is_bound_by_arithmetic() -> None:
    """61 layers x 16 heads x 2 x 1,088 FLOP at 593.4 TFLOP/s = 3.58 ns; 70,272 byte at 4.32 TB/s = 16.3 ns."""
    assert kv_read_s(MODELS["deepseek-v3"], GPUS["h200-sxm"], 8, 4096) == pytest.approx(16.3e-9, rel=0.01)
    # All 128 heads on one GPU: 28.6 ns of arithmetic against 16.3 ns of reading.
    assert kv_read_s(MODELS["deepseek-v3"], GPUS["h200-sxm"], 1, 4096) == pytest.approx(30.3e-9, rel=0.01)


def test_engine_overheads_enter_the_table_as_they_are() -> None:
    table = made("llama-3.3-70b").table
    assert table.step_fixed_s == pytest.approx(1.0e-3 + 80 * 12e-6)
    assert (table.per_sequence_s, table.request_fixed_s) == (5e-6, 10e-3)
    assert (table.max_batch, table.token_budget) == (256, 8192)
    found = build(MODELS["llama-3.3-70b"], H100, vllm(request_token_s=3e-6), tensor_parallel=4, precision="fp8")
    assert isinstance(found, Replica) and found.table.request_token_s == 3e-6


def test_an_embedder_has_no_head() -> None:
    embedder = MODELS["llama-3.1-8b"].model_copy(update={"prefill_only": True})
    found = build(embedder, H100, vllm(), tensor_parallel=2, precision="bf16")
    assert isinstance(found, Replica)
    assert not found.table.sequences_s.any()


def test_precisions_are_native_emulated_or_refused() -> None:
    assert made("llama-3.3-70b").notes == ()
    emulated = made("llama-3.3-70b", GPUS["a100-sxm"], 4, "fp8")
    assert emulated.notes == ("a100-sxm computes FP8 weights in BF16: they are read at 8 bit and expanded.",)
    assert made("gpt-oss-120b", H100, 2, "fp4").notes and not made("gpt-oss-120b", GPUS["b200-sxm"], 2, "fp4").notes
    assert made("llama-3.3-70b", H100, 2, "int4").notes and made("llama-3.3-70b", H100, 4, "int8").notes
    found = refused("llama-3.3-70b", GPUS["mi300x"], 4, "fp4")
    assert found.reason == "precision" and found.detail.startswith("mi300x has no FP4 tensor cores")


def test_emulation_is_faster_at_decode_and_slower_at_prefill() -> None:
    emulated, wide = (made("llama-3.3-70b", GPUS["a100-sxm"], 4, p).table for p in ("fp8", "bf16"))
    assert emulated.tokens_s[1] < 0.8 * wide.tokens_s[1]
    assert emulated.tokens_s[-1] > wide.tokens_s[-1]


def test_heads_that_cannot_be_shared_are_refused() -> None:
    phi = model("phi-like", 40, 5120, 40, full(40, 10, 128), ffn=17920, vocab=100352)
    found = build(phi, H100, vllm(), tensor_parallel=4, precision="bf16")
    assert isinstance(found, Rejection) and found.reason == "parallelism"
    assert "10 attention heads" in found.detail and "Use a tensor_parallel of 1, 2." in found.detail


def test_a_context_beyond_the_models_is_refused() -> None:
    found = refused("mixtral-8x7b", max_context_tokens=40000)
    assert (found.reason, found.got, found.limit, found.unit) == ("context", 40000, 32768, "token")
    assert "at most 32,768 tokens of context" in found.detail and "have 40,000." in found.detail


def test_a_model_that_does_not_fit_is_refused() -> None:
    assert refused("llama-3.3-70b", t=1, precision="bf16").reason == "memory"


def test_an_engine_beyond_the_table_is_an_error() -> None:
    with pytest.raises(ValueError, match="must not exceed 16384"):
        build(MODELS["llama-3.1-8b"], H100, vllm(token_budget=32768), tensor_parallel=1, precision="bf16")


def test_allowed_precisions_default_to_the_published_one_and_fp8_for_bf16() -> None:
    assert allowed_precisions(MODELS["llama-3.3-70b"], ()) == ("bf16", "fp8")
    assert allowed_precisions(MODELS["deepseek-v3"], ()) == ("fp8",)
    assert allowed_precisions(MODELS["gpt-oss-120b"], ()) == ("fp4",)
    assert allowed_precisions(MODELS["gpt-oss-120b"], ["bf16"]) == ("bf16",)
