"""How a GPU executes weights of a precision: natively, by expanding them in the kernel, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aisizer.catalog.records import Engine, Gpu, Model
from aisizer.engine.constants import PUBLISHED_EXPERT_BITS, WEIGHT_BITS, Compute
from aisizer.engine.layouts import only_experts_quantised
from aisizer.errors import Rejection


@dataclass(frozen=True, slots=True)
class Format:
    """Stored bits per quantised weight, and the arithmetic that multiplies them."""

    bits: float
    compute: Compute
    weight_only: bool
    note: str = ""

    @property
    def kind(self) -> str:
        """How kernels are told apart: by their arithmetic, or as expanding weights."""
        return "weight_only" if self.weight_only else self.compute


def allowed_precisions(model: Model, allowed: Sequence[str]) -> tuple[str, ...]:
    """The precisions to try: those allowed, else the published one, and FP8 where that is BF16."""
    if allowed:
        return tuple(allowed)
    return ("bf16", "fp8") if model.published_precision == "bf16" else (model.published_precision,)


def default_kv_precision(engine: Engine, precision: str) -> str:
    """What an engine keeps its cache in unless told: 16 bit, the default of vLLM and SGLang; FP8 in TensorRT-LLM where
    NVIDIA's FP8 and FP4 checkpoints say so (kv_cache_quant_algo in hf_quant_config.json of the nvidia/*-FP8 and *-FP4
    models)."""
    return "fp8" if engine.engine == "trtllm" and precision in ("fp8", "fp4") else "bf16"


def expands_cache(gpu: Gpu, kv_precision: str) -> bool:
    """Whether the attention kernel must expand an 8-bit cache itself, since the GPU has no FP8 arithmetic."""
    return kv_precision != "bf16" and gpu.fp8_tflops is None


def weight_bits(model: Model, precision: str) -> float:
    """[bit] per quantised weight with its scales; formats published for experts only have their own scales."""
    if only_experts_quantised(model) and precision == model.published_precision:
        return PUBLISHED_EXPERT_BITS[precision]
    return WEIGHT_BITS[precision]


def format_of(model: Model, gpu: Gpu, precision: str) -> Format | Rejection:
    """How this GPU runs the model at a precision, with a note where it is emulated; never granted for free."""
    bits = weight_bits(model, precision)
    if precision == "bf16":
        return Format(bits, "bf16", weight_only=False)
    if precision == "fp8" and gpu.fp8_tflops is not None:
        return Format(bits, "fp8", weight_only=False)
    if precision == "fp4" and gpu.fp4_tflops is not None:
        return Format(bits, "fp4", weight_only=False)
    if precision == "fp8" and gpu.vendor == "amd":
        return _rejected(gpu, precision, "no weight-only FP8 kernel for it")
    if precision == "fp4" and gpu.vendor == "amd" and model.published_precision != "fp4":
        return _rejected(gpu, precision, "no kernel for FP4 weights that were not published so")
    note = f"{gpu.name} computes {precision.upper()} weights in BF16: they are read at {bits:g} bit and expanded."
    return Format(bits, "bf16", weight_only=True, note=note)


def _rejected(gpu: Gpu, precision: str, why: str) -> Rejection:
    detail = f"{gpu.name} has no {precision.upper()} tensor cores, and engines have {why}. Allow bf16 or another GPU."
    return Rejection("precision", detail)
