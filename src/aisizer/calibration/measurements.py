"""What was measured, and how far it lay from the predictions. Data only, printed by benchmarks/accuracy/run.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

LEVELS = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
"""Probabilities at which residuals are tabulated."""


class Residuals(NamedTuple):
    """Measured over predicted of one metric, of a dense model on a measured GPU class clear of the KV wall."""

    n: int
    """measurements behind it"""
    factors: tuple[float, ...]
    """[1] measured over predicted at LEVELS, rising"""
    basis: str


class Range(NamedTuple):
    """The loads that were measured: least and most of each."""

    n: int
    in_flight: tuple[float, float]
    """[request] per replica, closed loops"""
    prompt_tokens: tuple[float, float]
    output_tokens: tuple[float, float]
    tensor_parallel: tuple[int, ...]


UNCALIBRATED: Mapping[tuple[str, str, str], Residuals] = {
    ("throughput", "closed", "sglang"): Residuals(
        n=1010,
        factors=(0.752, 0.797, 0.843, 0.891, 0.947, 1.018, 1.077),
        basis="model never seen; own median, scatter of all engines",
    ),
    ("throughput", "closed", "trtllm"): Residuals(
        n=557, factors=(0.781, 0.838, 0.888, 0.942, 1.009, 1.111, 1.173), basis="model never seen"
    ),
    ("throughput", "closed", "vllm"): Residuals(
        n=221, factors=(0.822, 0.84, 0.877, 0.914, 0.995, 1.016, 1.028), basis="model never seen"
    ),
    ("throughput", "closed", "any"): Residuals(
        n=1010, factors=(0.779, 0.827, 0.877, 0.922, 0.984, 1.063, 1.125), basis="model never seen"
    ),
    ("throughput", "drain", "trtllm"): Residuals(
        n=434, factors=(0.902, 0.948, 1.008, 1.073, 1.145, 1.21, 1.265), basis="model never seen"
    ),
    ("throughput", "drain", "any"): Residuals(
        n=434, factors=(0.902, 0.948, 1.008, 1.073, 1.145, 1.21, 1.265), basis="model never seen"
    ),
    ("throughput", "static", "trtllm"): Residuals(
        n=1626, factors=(0.678, 0.746, 0.834, 0.929, 1.01, 1.109, 1.199), basis="model never seen"
    ),
    ("throughput", "static", "vllm"): Residuals(
        n=1512, factors=(0.479, 0.542, 0.681, 0.85, 1.049, 1.241, 1.292), basis="model never seen"
    ),
    ("throughput", "static", "any"): Residuals(
        n=3138, factors=(0.526, 0.616, 0.768, 0.907, 1.023, 1.193, 1.279), basis="model never seen"
    ),
    ("tpot", "closed", "sglang"): Residuals(
        n=841,
        factors=(0.892, 0.945, 1.015, 1.083, 1.144, 1.195, 1.233),
        basis="model never seen; own median, scatter of all engines",
    ),
    ("tpot", "closed", "trtllm"): Residuals(
        n=485, factors=(0.825, 0.873, 0.957, 1.03, 1.097, 1.144, 1.183), basis="model never seen"
    ),
    ("tpot", "closed", "vllm"): Residuals(
        n=221, factors=(0.957, 0.977, 0.999, 1.091, 1.143, 1.192, 1.217), basis="model never seen"
    ),
    ("tpot", "closed", "any"): Residuals(
        n=841, factors=(0.861, 0.911, 0.982, 1.059, 1.113, 1.171, 1.208), basis="model never seen"
    ),
    ("tpot", "open", "vllm"): Residuals(
        n=20, factors=(0.784, 0.83, 0.905, 0.928, 1.008, 1.046, 1.084), basis="model never seen"
    ),
    ("tpot", "open", "any"): Residuals(
        n=20, factors=(0.784, 0.83, 0.905, 0.928, 1.008, 1.046, 1.084), basis="model never seen"
    ),
    ("tpot", "static", "trtllm"): Residuals(
        n=816, factors=(0.701, 0.843, 0.926, 1.002, 1.086, 1.157, 1.24), basis="model never seen"
    ),
    ("tpot", "static", "vllm"): Residuals(
        n=828, factors=(0.768, 0.771, 0.808, 0.96, 1.042, 1.288, 1.328), basis="model never seen"
    ),
    ("tpot", "static", "any"): Residuals(
        n=1644, factors=(0.766, 0.773, 0.863, 0.988, 1.061, 1.215, 1.309), basis="model never seen"
    ),
    ("ttft", "closed", "sglang"): Residuals(
        n=841,
        factors=(1.052, 1.129, 1.281, 1.495, 1.787, 2.402, 4.029),
        basis="model never seen; own median, scatter of all engines",
    ),
    ("ttft", "closed", "trtllm"): Residuals(
        n=485, factors=(0.804, 0.854, 0.989, 1.161, 1.36, 1.871, 3.08), basis="model never seen"
    ),
    ("ttft", "closed", "vllm"): Residuals(
        n=221, factors=(0.79, 0.839, 0.912, 1.016, 1.192, 1.384, 1.51), basis="model never seen"
    ),
    ("ttft", "closed", "any"): Residuals(
        n=841, factors=(0.811, 0.875, 0.981, 1.15, 1.365, 1.864, 3.596), basis="model never seen"
    ),
    ("ttft", "open", "vllm"): Residuals(
        n=20, factors=(0.666, 0.679, 0.711, 0.749, 0.978, 1.026, 1.12), basis="model never seen"
    ),
    ("ttft", "open", "any"): Residuals(
        n=20, factors=(0.666, 0.679, 0.711, 0.749, 0.978, 1.026, 1.12), basis="model never seen"
    ),
    ("ttft", "static", "trtllm"): Residuals(
        n=907, factors=(0.727, 0.872, 0.965, 1.077, 1.141, 1.211, 1.253), basis="model never seen"
    ),
    ("ttft", "static", "vllm"): Residuals(
        n=833, factors=(0.987, 1.005, 1.086, 1.204, 1.452, 1.788, 2.083), basis="model never seen"
    ),
    ("ttft", "static", "any"): Residuals(
        n=1740, factors=(0.862, 0.933, 1.028, 1.121, 1.24, 1.551, 1.78), basis="model never seen"
    ),
}
"""Nothing fitted end to end; by metric, kind of run and family of the engine, `any` being all of them
together. `silicon_sample.csv` and the second set of docs/accuracy.md, AMD and reserved pairs left out."""
SPREAD: Mapping[str, Mapping[str, float]] = {
    "throughput": {"experts": 2.2, "near_wall": 1.51, "crowded": 2.67, "unmeasured_gpu": 2.19, "tail": 1.0},
    "tpot": {"experts": 2.12, "near_wall": 1.64, "crowded": 6.01, "unmeasured_gpu": 3.1, "tail": 1.35},
    "ttft": {"experts": 1.37, "near_wall": 3.48, "crowded": 5.76, "unmeasured_gpu": 1.32, "tail": 2.55},
}
"""[1] By metric, what the log scatter is multiplied by: with a mixture of experts; with the KV cache nearly full;
with more than 256 requests in flight on a replica; on a GPU class that was left out; of a percentile such as P95 instead
of a mean. Widths from P10 to P90, each over that of the other rows."""
CALIBRATED: Mapping[tuple[str, str, str], Residuals] = {
    ("throughput", "closed", "sglang"): Residuals(
        n=1211,
        factors=(0.866, 0.903, 0.953, 0.991, 1.033, 1.087, 1.139),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("throughput", "closed", "trtllm"): Residuals(
        n=445, factors=(0.881, 0.904, 0.941, 0.985, 1.048, 1.103, 1.137), basis="after 5 points"
    ),
    ("throughput", "closed", "vllm"): Residuals(
        n=468, factors=(0.902, 0.93, 0.976, 1.005, 1.03, 1.073, 1.096), basis="after 5 points"
    ),
    ("throughput", "closed", "any"): Residuals(
        n=1211, factors=(0.87, 0.905, 0.955, 0.998, 1.037, 1.094, 1.137), basis="after 5 points"
    ),
    ("tpot", "closed", "sglang"): Residuals(
        n=1211,
        factors=(0.865, 0.907, 0.956, 1.001, 1.041, 1.089, 1.128),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("tpot", "closed", "trtllm"): Residuals(
        n=445, factors=(0.87, 0.899, 0.952, 1.019, 1.073, 1.111, 1.141), basis="after 5 points"
    ),
    ("tpot", "closed", "vllm"): Residuals(
        n=468, factors=(0.913, 0.931, 0.97, 0.994, 1.024, 1.075, 1.109), basis="after 5 points"
    ),
    ("tpot", "closed", "any"): Residuals(
        n=1211, factors=(0.87, 0.909, 0.958, 1.0, 1.048, 1.1, 1.14), basis="after 5 points"
    ),
    ("ttft", "closed", "sglang"): Residuals(
        n=1211,
        factors=(0.775, 0.857, 0.956, 1.039, 1.15, 1.36, 2.077),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("ttft", "closed", "trtllm"): Residuals(
        n=445, factors=(0.716, 0.79, 0.886, 0.97, 1.049, 1.138, 1.276), basis="after 5 points"
    ),
    ("ttft", "closed", "vllm"): Residuals(
        n=468, factors=(0.783, 0.825, 0.924, 0.996, 1.103, 1.243, 1.358), basis="after 5 points"
    ),
    ("ttft", "closed", "any"): Residuals(
        n=1211, factors=(0.738, 0.815, 0.914, 0.992, 1.093, 1.298, 2.031), basis="after 5 points"
    ),
    ("tpot", "open", "sglang"): Residuals(
        n=1211,
        factors=(0.865, 0.907, 0.956, 1.001, 1.041, 1.089, 1.128),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("tpot", "open", "trtllm"): Residuals(
        n=445, factors=(0.87, 0.899, 0.952, 1.019, 1.073, 1.111, 1.141), basis="after 5 points"
    ),
    ("tpot", "open", "vllm"): Residuals(
        n=468, factors=(0.913, 0.931, 0.97, 0.994, 1.024, 1.075, 1.109), basis="after 5 points"
    ),
    ("tpot", "open", "any"): Residuals(
        n=1211, factors=(0.87, 0.909, 0.958, 1.0, 1.048, 1.1, 1.14), basis="after 5 points"
    ),
}
"""After five of the user's points, judged on other layouts and lengths."""
CALIBRATED_SPREAD: Mapping[str, Mapping[str, float]] = {
    "throughput": {"experts": 1.42, "near_wall": 1.51, "crowded": 2.67, "unmeasured_gpu": 1.0, "tail": 1.0},
    "tpot": {"experts": 1.3, "near_wall": 1.64, "crowded": 6.01, "unmeasured_gpu": 1.0, "tail": 1.35},
    "ttft": {"experts": 1.94, "near_wall": 3.48, "crowded": 5.76, "unmeasured_gpu": 1.0, "tail": 2.55},
}
"""[1] The same after calibration."""
RANGES: Mapping[str, Range] = {
    "sglang": Range(
        n=758,
        in_flight=(2.0, 512.0),
        prompt_tokens=(900.0, 7372.8),
        output_tokens=(90.0, 7372.8),
        tensor_parallel=(1, 2, 4, 8),
    ),
    "trtllm": Range(
        n=1830,
        in_flight=(1.0, 448.0),
        prompt_tokens=(115.2, 13500.0),
        output_tokens=(115.2, 7372.8),
        tensor_parallel=(1, 2, 4, 8),
    ),
    "vllm": Range(
        n=1132,
        in_flight=(4.0, 512.0),
        prompt_tokens=(547.0, 7372.8),
        output_tokens=(90.0, 7372.8),
        tensor_parallel=(1, 2, 4, 8),
    ),
}
"""By family of the engine, what the closed and open loops that were compared have covered."""
COUNTS: Mapping[tuple[str, str], int] = {
    ("sglang", "b200-sxm"): 411,
    ("sglang", "b300-sxm"): 123,
    ("sglang", "h100-sxm"): 84,
    ("sglang", "h200-sxm"): 140,
    ("trtllm", "a100-40-sxm"): 444,
    ("trtllm", "a100-80-sxm"): 619,
    ("trtllm", "b200-sxm"): 581,
    ("trtllm", "gb200"): 59,
    ("trtllm", "h100-sxm"): 2174,
    ("trtllm", "h200-sxm"): 220,
    ("trtllm", "l40s"): 376,
    ("vllm", "a100-40-sxm"): 185,
    ("vllm", "a100-80-sxm"): 430,
    ("vllm", "a10g"): 52,
    ("vllm", "b200-sxm"): 458,
    ("vllm", "b300-sxm"): 114,
    ("vllm", "h100-sxm"): 883,
    ("vllm", "h100-sxm-powercapped"): 247,
    ("vllm", "h200-sxm"): 278,
    ("vllm", "l4"): 4,
    ("vllm", "mi300x"): 620,
}
"""Measurements that were compared, by family of the engine and GPU class."""
