"""How each generation of GPUs runs each precision: its own arithmetic, weights expanded to BF16, or not at all."""

from __future__ import annotations

import pytest
from hand_built import GPUS, MODELS, vllm

from aisizer.engine.formats import Format, allowed_precisions, default_kv_precision, expands_cache, format_of
from aisizer.errors import Rejection

LLAMA, OSS = MODELS["llama-3.1-8b"], MODELS["gpt-oss-120b"]


@pytest.mark.parametrize(
    ("gpu", "precision", "compute", "weight_only"),
    [
        ("a100-sxm", "bf16", "bf16", False),
        ("h100-sxm", "fp8", "fp8", False),
        ("mi300x", "fp8", "fp8", False),
        ("b200-sxm", "fp4", "fp4", False),
        ("a100-sxm", "fp8", "bf16", True),
        ("h100-sxm", "fp4", "bf16", True),
    ],
)
def test_arithmetic_is_the_gpus_own_or_bf16_with_a_note(
    gpu: str, precision: str, compute: str, weight_only: bool
) -> None:
    found = format_of(LLAMA, GPUS[gpu], precision)
    assert isinstance(found, Format)
    assert (found.compute, found.weight_only, found.kind) == (
        compute, weight_only, "weight_only" if weight_only else compute,
    )  # fmt: skip
    assert bool(found.note) is weight_only and (not found.note or f"computes {precision.upper()} weights" in found.note)


def test_amd_expands_no_fp8_and_only_fp4_that_was_published_so() -> None:
    mi250 = GPUS["mi300x"].model_copy(update={"fp8_tflops": None, "name": "MI250X"})
    for precision, why in (
        ("fp8", "no weight-only FP8 kernel"),
        ("fp4", "no kernel for FP4 weights that were not published"),
    ):
        found = format_of(LLAMA, mi250, precision)
        assert isinstance(found, Rejection) and found.reason == "precision"
        assert f"MI250X has no {precision.upper()} tensor cores" in found.detail and why in found.detail
    assert isinstance(format_of(OSS, mi250, "fp4"), Format)


@pytest.mark.parametrize(
    ("engine", "precision", "kept"),
    [("trtllm", "fp8", "fp8"), ("trtllm", "fp4", "fp8"), ("trtllm", "bf16", "bf16"), ("vllm", "fp8", "bf16")],
)
def test_only_tensorrt_llm_keeps_the_cache_of_8_and_4_bit_weights_in_fp8(
    engine: str, precision: str, kept: str
) -> None:
    assert default_kv_precision(vllm(engine=engine), precision) == kept


def test_a_cache_of_8_bit_is_expanded_where_the_gpu_has_no_such_arithmetic() -> None:
    assert [expands_cache(GPUS[gpu], kv) for gpu, kv in (("a100-sxm", "fp8"), ("a100-sxm", "bf16"), ("h100-sxm", "fp8"))] == [
        True, False, False,
    ]  # fmt: skip


def test_precisions_are_those_allowed_else_the_published_one_and_fp8_beside_bf16() -> None:
    assert allowed_precisions(LLAMA, ()) == ("bf16", "fp8")
    assert allowed_precisions(OSS, ()) == ("fp4",)
    assert allowed_precisions(OSS, ["bf16"]) == ("bf16",)
