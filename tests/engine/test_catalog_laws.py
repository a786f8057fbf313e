"""Plausibility laws over every model of the catalog on six GPU classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aisizer.catalog.load import load_catalog
from aisizer.catalog.records import Engine, Gpu, Model
from aisizer.engine.memory import Memory, memory_of, weights_bytes
from aisizer.engine.parallel import Parallel, parallel_fault
from aisizer.engine.replica import Replica, build
from aisizer.shapes import StepTable

CATALOG = load_catalog()
SIX = ("a100-80-sxm", "h100-sxm", "h200-sxm", "b200-sxm", "l40s", "mi300x")
MODELS = sorted(CATALOG.models)
ENGINE = CATALOG.engines["vllm-0.33"]
ROOMY: dict[str, Any] = {"memory_gb": 4000.0}


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


@pytest.mark.parametrize("gpu_id", SIX)
def test_more_bandwidth_or_flops_never_raises_step_time(gpu_id: str) -> None:
    gpu = CATALOG.gpus[gpu_id]
    faster = [
        {"memory_bandwidth_gb_s": 1.5 * gpu.memory_bandwidth_gb_s},
        {"bf16_tflops": 1.5 * gpu.bf16_tflops},
        {"interconnect_gb_s": 1.5 * gpu.interconnect_gb_s},
    ]
    slower_clock = gpu.model_copy(update={"sustained_clock_share": 0.7})
    for name in MODELS:
        base = table(CATALOG.models[name], gpu)
        for change in faster:
            assert never_slower(table(CATALOG.models[name], gpu.model_copy(update=change)), base), (name, change)
        assert never_slower(base, table(CATALOG.models[name], slower_clock)), name


@pytest.mark.parametrize("gpu_id", SIX)
def test_more_memory_never_holds_fewer_tokens(gpu_id: str) -> None:
    gpu = CATALOG.gpus[gpu_id]
    for name in MODELS:
        model = CATALOG.models[name]
        sizes = [gpu.memory_gb, 1.3 * gpu.memory_gb, 1000.0]
        found = [
            memory_of(
                model,
                gpu.model_copy(update={"memory_gb": size}),
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
