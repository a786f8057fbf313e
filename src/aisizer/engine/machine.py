"""What one GPU sustains, in SI units, from its datasheet and the generic efficiencies."""

from __future__ import annotations

from dataclasses import dataclass

from aisizer.catalog.records import Gpu
from aisizer.engine import constants as c
from aisizer.engine.formats import Format


@dataclass(frozen=True, slots=True)
class Kernel:
    """The rates that bound one matrix multiplication kernel."""

    flops: float
    """[FLOP/s] sustained at large sizes"""
    bandwidth: float
    """[byte/s] sustained from memory"""
    multiprocessors: int
    launch_s: float
    weight_bytes: float
    """[byte] per weight, scales included"""
    quantises_input: bool
    """whether a kernel before it rounds the activations to 8 or 4 bit"""


def multiprocessors(gpu: Gpu) -> int:
    """Streaming multiprocessors (compute units) of the GPU, or of its architecture's largest product."""
    return gpu.streaming_multiprocessors or c.MULTIPROCESSORS[gpu.architecture]


def bandwidth(gpu: Gpu) -> float:
    """[byte/s] sustained by kernels that stream weights or activations."""
    return gpu.memory_bandwidth_gb_s * 1e9 * c.BANDWIDTH_EFFICIENCY


def dense_flops(gpu: Gpu, compute: c.Compute) -> float:
    """[FLOP/s] of the datasheet, dense, at the clock the card sustains, with AMD's derate."""
    tflops = {"bf16": gpu.bf16_tflops, "fp8": gpu.fp8_tflops, "fp4": gpu.fp4_tflops}[compute]
    if tflops is None:
        raise ValueError(f"{gpu.id} has no {compute} FLOPS. Choose the format with format_of first.")
    return tflops * 1e12 * gpu.sustained_clock_share * (c.AMD_COMPUTE_DERATE if gpu.vendor == "amd" else 1.0)


def kernel(gpu: Gpu, weights: Format) -> Kernel:
    """The rates of this GPU's matrix kernels for weights of a format."""
    derate = c.WEIGHT_ONLY_DERATE if weights.weight_only else 1.0
    return Kernel(
        flops=dense_flops(gpu, weights.compute) * c.GEMM_EFFICIENCY[weights.compute] * derate,
        bandwidth=bandwidth(gpu),
        multiprocessors=multiprocessors(gpu),
        launch_s=c.GEMM_LAUNCH_S[weights.compute],
        weight_bytes=weights.bits / 8,
        quantises_input=weights.compute != "bf16",
    )


def expert_kernel(gpu: Gpu, weights: Format) -> Kernel:
    """The same for grouped expert kernels, which reach less of the peak."""
    base, kind = kernel(gpu, weights), weights.kind
    blocks = kind == "fp8" and gpu.architecture == "blackwell"
    efficiency = c.MOE_BLOCK_FP8_BLACKWELL if blocks else c.MOE_EFFICIENCY[kind]
    flops = dense_flops(gpu, weights.compute) * efficiency
    launch_s = c.MOE_LAUNCH_S[kind]
    return Kernel(flops, base.bandwidth, base.multiprocessors, launch_s, base.weight_bytes, base.quantises_input)
