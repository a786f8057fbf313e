"""Plausibility laws over the whole catalog: every model on six GPU classes, one model of each build on all of them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from aisizer.calibration.protocols import largest_rate
from aisizer.catalog.load import load_catalog
from aisizer.catalog.records import Engine, Gpu, Model
from aisizer.engine import constants as c
from aisizer.engine.memory import Memory, memory_of, weights_bytes
from aisizer.engine.parallel import Parallel, parallel_fault
from aisizer.engine.replica import Replica, build
from aisizer.shapes import StepTable

CATALOG = load_catalog()
SIX = ("a100-80-sxm", "h100-sxm", "h200-sxm", "b200-sxm", "l40s", "mi300x")
GPUS = sorted(CATALOG.gpus)
MODELS = sorted(CATALOG.models)
BUILDS = (
    *("llama-3.1-8b", "llama-3.3-70b", "mixtral-8x7b", "deepseek-r1", "deepseek-v3.2", "gpt-oss-120b", "gemma-3-27b"),
    *("llama-4-scout", "qwen3.5-27b", "nemotron-3-super-120b-a12b", "granite-4.0-h-small", "minimax-m3", "kimi-k3"),
    *("falcon-7b", "bloom-7b1", "opt-350m", "bge-m3", "modernbert-large", "qwen3-embedding-0.6b"),
)
"""One of each: grouped heads, experts, latent and sparse attention, windows, chunks, linear layers, Mamba-2, latent experts,
one key-value head, no gate, an embedding of its own width, encoders."""
ENGINE = CATALOG.engines["vllm-0.33"]
ROOMY: dict[str, Any] = {"memory_gb": 4000.0, "device_memory_gib": None}


def on(gpu_id: str) -> list[str]:
    """The models that are tried on a GPU."""
    return MODELS if gpu_id in SIX else list(BUILDS)


def largest(model: Model, gpu: Gpu, precision: str, t: int, prompt: int, output: int) -> float:
    """Requests per second of one replica that never runs out of work; 0 where it does not fit."""
    prompt, output = (min(prompt, model.max_context // 2), 1) if model.prefill_only else (prompt, output)
    longest = float(min(prompt + output, model.max_context))
    found = build(
        model,
        gpu,
        ENGINE,
        tensor_parallel=t,
        precision=precision,
        mean_context_tokens=min(prompt + output / 2, longest),
        max_context_tokens=longest,
    )
    return largest_rate(found.table, prompt, output) if isinstance(found, Replica) else 0.0


def cut(model: Model) -> int:
    """The largest degree up to 8 that shares the model's heads."""
    return max(t for t in (1, 2, 4, 8) if parallel_fault(model, Parallel(t)) is None)


def table(model: Model, gpu: Gpu, precision: str = "bf16", t: int | None = None, engine: Engine = ENGINE) -> StepTable:
    roomy = gpu.model_copy(update=ROOMY)  # memory is not on trial here
    found = build(model, roomy, engine, tensor_parallel=t or cut(model), precision=precision, mean_context_tokens=900.0)
    assert isinstance(found, Replica), found
    return found.table


def never_slower(fast: StepTable, slow: StepTable) -> bool:
    arrays = (fast.tokens_s <= slow.tokens_s * (1 + 1e-9)).all() and (
        fast.sequences_s <= slow.sequences_s * (1 + 1e-9)
    ).all()
    scalars = fast.kv_read_s <= slow.kv_read_s * (1 + 1e-9)
    return bool(arrays and scalars and fast.prefill_attention_s <= slow.prefill_attention_s * (1 + 1e-9))


@pytest.mark.parametrize("gpu_id", GPUS)
def test_more_bandwidth_or_flops_never_raises_step_time(gpu_id: str) -> None:
    gpu = CATALOG.gpus[gpu_id]
    faster = [
        {"memory_bandwidth_gb_s": 1.5 * gpu.memory_bandwidth_gb_s},
        {"bf16_tflops": 1.5 * gpu.bf16_tflops},
        {"interconnect_gb_s": 1.5 * gpu.interconnect_gb_s},
    ]
    slower_clock = gpu.model_copy(update={"sustained_clock_share": 0.7 * gpu.sustained_clock_share})
    for name in on(gpu_id):
        base = table(CATALOG.models[name], gpu)
        for change in faster:
            assert never_slower(table(CATALOG.models[name], gpu.model_copy(update=change)), base), (name, change)
        assert never_slower(base, table(CATALOG.models[name], slower_clock)), name


@pytest.mark.parametrize("gpu_id", GPUS)
def test_more_memory_never_holds_fewer_tokens(gpu_id: str) -> None:
    gpu = CATALOG.gpus[gpu_id]
    for name in on(gpu_id):
        model = CATALOG.models[name]
        sizes = [gpu.memory_gb, 1.3 * gpu.memory_gb, 1000.0]
        found = [
            memory_of(
                model,
                gpu.model_copy(update={"memory_gb": size, "device_memory_gib": None}),
                ENGINE,
                parallel=Parallel(cut(model)),
                precision="fp8" if gpu.fp8_tflops else "bf16",
                mean_context_tokens=1000.0,
                max_context_tokens=2000.0,
            )
            for size in sizes
        ]
        capacity = [m.kv_capacity_tokens if isinstance(m, Memory) else 0.0 for m in found]
        assert capacity == sorted(capacity), name


@pytest.mark.parametrize("gpu_id", GPUS)
def test_more_memory_never_lowers_the_largest_throughput(gpu_id: str) -> None:
    gpu = CATALOG.gpus[gpu_id]
    for name in BUILDS:
        model = CATALOG.models[name]
        rates = [
            largest(
                model,
                gpu.model_copy(update={"memory_gb": size, "device_memory_gib": None}),
                model.published_precision,
                cut(model),
                1000,
                200,
            )
            for size in (gpu.memory_gb, 1.2 * gpu.memory_gb, 2 * gpu.memory_gb, 4000.0)
        ]
        assert all(more >= less * (1 - 1e-9) for less, more in pairwise(rates)), (name, rates)
        assert rates[-1] > 0 or gpu.vendor == "amd", name  # some formats no AMD GPU of the catalog executes


@pytest.mark.parametrize("gpu_id", [g for g in GPUS if (CATALOG.gpus[g].fp8_tflops or 0) > CATALOG.gpus[g].bf16_tflops])
def test_fp8_never_lowers_the_largest_throughput(gpu_id: str) -> None:
    """Where compute or weight reads bind: on one GPU always; over several not in small models, nor where the longer launch
    floors of FP8 kernels take a twentieth of the step and more."""
    gpu = CATALOG.gpus[gpu_id].model_copy(update=ROOMY)
    for name in BUILDS:
        model = CATALOG.models[name]
        if model.published_precision not in ("bf16", "fp8"):
            continue
        several = model.hidden >= 2560 and not launches_bind(model, gpu)
        for t in {1, cut(model)} if several else {1}:
            for prompt, output in ((1000, 200), (4000, 16), (100, 1000)):
                wide, narrow = (largest(model, gpu, p, t, prompt, output) for p in ("bf16", "fp8"))
                assert narrow >= wide > 0, (name, t, prompt, output)


def launches_bind(model: Model, gpu: Gpu) -> bool:
    longer = model.layers * 4 * (c.GEMM_LAUNCH_S["fp8"] - c.GEMM_LAUNCH_S["bf16"])
    longer += model.with_experts * (c.MOE_LAUNCH_S["fp8"] - c.MOE_LAUNCH_S["bf16"])
    step = table(model, gpu)
    return longer > np.interp(step.max_batch, step.token_grid, step.tokens_s) / 20


@pytest.mark.parametrize("gpu_id", [g for g in SIX if g != "a100-80-sxm"])
def test_fp8_is_never_slower_where_weights_or_arithmetic_bind(gpu_id: str) -> None:
    """One token reads the weights; 8,192 tokens compute. The floors of small kernels may cost small models their gain."""
    gpu = CATALOG.gpus[gpu_id]
    for name in MODELS:
        model = CATALOG.models[name]
        if model.published_precision not in ("bf16", "fp8"):
            continue
        wide, narrow = table(model, gpu, "bf16", t=1), table(model, gpu, "fp8", t=1)
        launches = (
            model.layers * 8 * 2.3e-6 + model.layers * 1e-5
        )  # kernels of a layer x (5.0 - 2.7 us), rounding kernels
        read, many = (np.interp(m, wide.token_grid, wide.tokens_s - narrow.tokens_s) for m in (1, 8192))
        assert read >= -launches, name
        assert many >= 0 or model.hidden < 3000, name


def test_fp8_halves_the_weights_at_least_and_frees_cache() -> None:
    for name in MODELS:
        model = CATALOG.models[name]
        if model.published_precision in ("bf16", "fp8"):
            assert weights_bytes(model, "fp8", Parallel(1)) < weights_bytes(model, "bf16", Parallel(1)), name


@pytest.mark.parametrize("name", MODELS)
def test_no_cut_ever_raises_the_weights_of_a_gpu(name: str) -> None:
    model = CATALOG.models[name]
    precision = model.published_precision
    cuts = [Parallel(t, p) for p in (1, 2, 4) for t in (1, 2, 4, 8, 16)]
    sizes = {(q.tensor, q.pipeline): weights_bytes(model, precision, q) for q in cuts}
    for (t, p), size in sizes.items():
        if t < 16:
            assert sizes[2 * t, p] <= size * (1 + 1e-12)
        if p < 4:
            assert sizes[t, 2 * p] <= size * (1 + 1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_an_fp8_cache_never_holds_fewer_tokens(name: str) -> None:
    model = CATALOG.models[name]
    gpu = CATALOG.gpus["h200-sxm"].model_copy(update=ROOMY)
    found = [
        build(model, gpu, ENGINE, tensor_parallel=cut(model), precision="bf16", kv_precision=kv)
        for kv in ("bf16", "fp8")
    ]
    assert all(isinstance(r, Replica) for r in found)
    wide, narrow = (r for r in found if isinstance(r, Replica))
    assert wide.memory.kv_capacity_tokens <= narrow.memory.kv_capacity_tokens <= 2.0001 * wide.memory.kv_capacity_tokens
    assert narrow.table.kv_read_s <= wide.table.kv_read_s
