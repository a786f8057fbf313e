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
        factors=(0.759, 0.799, 0.843, 0.89, 0.942, 1.035, 1.084),
        basis="model never seen; own median, scatter of all engines",
    ),
    ("throughput", "closed", "trtllm"): Residuals(
        n=557, factors=(0.793, 0.842, 0.888, 0.944, 1.007, 1.106, 1.156), basis="model never seen"
    ),
    ("throughput", "closed", "vllm"): Residuals(
        n=221, factors=(0.825, 0.839, 0.876, 0.916, 1.0, 1.104, 1.147), basis="model never seen"
    ),
    ("throughput", "closed", "any"): Residuals(
        n=1010, factors=(0.786, 0.831, 0.878, 0.924, 0.98, 1.087, 1.131), basis="model never seen"
    ),
    ("throughput", "drain", "trtllm"): Residuals(
        n=434, factors=(0.899, 0.947, 1.004, 1.076, 1.151, 1.22, 1.265), basis="model never seen"
    ),
    ("throughput", "drain", "any"): Residuals(
        n=434, factors=(0.899, 0.947, 1.004, 1.076, 1.151, 1.22, 1.265), basis="model never seen"
    ),
    ("throughput", "static", "trtllm"): Residuals(
        n=1626, factors=(0.678, 0.746, 0.834, 0.929, 1.01, 1.109, 1.183), basis="model never seen"
    ),
    ("throughput", "static", "vllm"): Residuals(
        n=1512, factors=(0.479, 0.54, 0.681, 0.851, 1.049, 1.241, 1.292), basis="model never seen"
    ),
    ("throughput", "static", "any"): Residuals(
        n=3138, factors=(0.524, 0.616, 0.768, 0.907, 1.022, 1.186, 1.278), basis="model never seen"
    ),
    ("tpot", "closed", "sglang"): Residuals(
        n=841,
        factors=(0.872, 0.91, 1.015, 1.083, 1.144, 1.198, 1.23),
        basis="model never seen; own median, scatter of all engines",
    ),
    ("tpot", "closed", "trtllm"): Residuals(
        n=485, factors=(0.829, 0.875, 0.957, 1.029, 1.098, 1.145, 1.187), basis="model never seen"
    ),
    ("tpot", "closed", "vllm"): Residuals(
        n=221, factors=(0.846, 0.884, 0.975, 1.088, 1.146, 1.196, 1.216), basis="model never seen"
    ),
    ("tpot", "closed", "any"): Residuals(
        n=841, factors=(0.844, 0.889, 0.98, 1.056, 1.113, 1.171, 1.209), basis="model never seen"
    ),
    ("tpot", "open", "vllm"): Residuals(
        n=20, factors=(0.785, 0.83, 0.906, 0.931, 1.007, 1.045, 1.085), basis="model never seen"
    ),
    ("tpot", "open", "any"): Residuals(
        n=20, factors=(0.785, 0.83, 0.906, 0.931, 1.007, 1.045, 1.085), basis="model never seen"
    ),
    ("tpot", "static", "trtllm"): Residuals(
        n=816, factors=(0.706, 0.844, 0.926, 1.002, 1.086, 1.158, 1.241), basis="model never seen"
    ),
    ("tpot", "static", "vllm"): Residuals(
        n=828, factors=(0.768, 0.771, 0.808, 0.96, 1.042, 1.288, 1.329), basis="model never seen"
    ),
    ("tpot", "static", "any"): Residuals(
        n=1644, factors=(0.766, 0.773, 0.863, 0.988, 1.061, 1.219, 1.31), basis="model never seen"
    ),
    ("ttft", "closed", "sglang"): Residuals(
        n=841,
        factors=(1.055, 1.124, 1.257, 1.486, 1.764, 2.367, 3.995),
        basis="model never seen; own median, scatter of all engines",
    ),
    ("ttft", "closed", "trtllm"): Residuals(
        n=485, factors=(0.812, 0.862, 1.003, 1.161, 1.366, 1.877, 3.041), basis="model never seen"
    ),
    ("ttft", "closed", "vllm"): Residuals(
        n=221, factors=(0.786, 0.821, 0.891, 1.037, 1.217, 1.4, 1.515), basis="model never seen"
    ),
    ("ttft", "closed", "any"): Residuals(
        n=841, factors=(0.813, 0.863, 0.983, 1.153, 1.369, 1.872, 3.57), basis="model never seen"
    ),
    ("ttft", "open", "vllm"): Residuals(
        n=20, factors=(0.682, 0.695, 0.708, 0.75, 0.982, 1.037, 1.114), basis="model never seen"
    ),
    ("ttft", "open", "any"): Residuals(
        n=20, factors=(0.682, 0.695, 0.708, 0.75, 0.982, 1.037, 1.114), basis="model never seen"
    ),
    ("ttft", "static", "trtllm"): Residuals(
        n=907, factors=(0.735, 0.872, 0.965, 1.078, 1.142, 1.211, 1.253), basis="model never seen"
    ),
    ("ttft", "static", "vllm"): Residuals(
        n=833, factors=(0.987, 1.006, 1.088, 1.205, 1.452, 1.788, 2.084), basis="model never seen"
    ),
    ("ttft", "static", "any"): Residuals(
        n=1740, factors=(0.862, 0.934, 1.028, 1.122, 1.24, 1.554, 1.781), basis="model never seen"
    ),
}
"""Nothing fitted end to end; by metric, kind of run and family of the engine, `any` being all of them
together. `silicon_sample.csv` and the second set of docs/accuracy.md, AMD and reserved pairs left out."""
SPREAD: Mapping[str, Mapping[str, float]] = {
    "throughput": {"experts": 2.41, "near_wall": 1.35, "crowded": 2.23, "unmeasured_gpu": 1.61, "tail": 1.0},
    "tpot": {"experts": 2.18, "near_wall": 1.4, "crowded": 4.87, "unmeasured_gpu": 2.29, "tail": 1.35},
    "ttft": {"experts": 1.38, "near_wall": 3.49, "crowded": 5.71, "unmeasured_gpu": 1.29, "tail": 2.7},
}
"""[1] By metric, what the log scatter is multiplied by: with a mixture of experts; with the KV cache nearly full;
with more than 256 requests in flight on a replica; on a GPU class that was left out; of a percentile such as P95 instead
of a mean. Widths from P10 to P90, each over that of the other rows."""
CALIBRATED: Mapping[tuple[str, str, str], Residuals] = {
    ("throughput", "closed", "sglang"): Residuals(
        n=1211,
        factors=(0.864, 0.903, 0.952, 0.99, 1.032, 1.087, 1.138),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("throughput", "closed", "trtllm"): Residuals(
        n=445, factors=(0.883, 0.906, 0.94, 0.983, 1.045, 1.102, 1.135), basis="after 5 points"
    ),
    ("throughput", "closed", "vllm"): Residuals(
        n=468, factors=(0.898, 0.93, 0.976, 1.006, 1.029, 1.072, 1.095), basis="after 5 points"
    ),
    ("throughput", "closed", "any"): Residuals(
        n=1211, factors=(0.869, 0.904, 0.953, 0.997, 1.037, 1.093, 1.136), basis="after 5 points"
    ),
    ("tpot", "closed", "sglang"): Residuals(
        n=1211,
        factors=(0.865, 0.907, 0.956, 1.0, 1.043, 1.092, 1.13),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("tpot", "closed", "trtllm"): Residuals(
        n=445, factors=(0.872, 0.901, 0.953, 1.018, 1.075, 1.113, 1.145), basis="after 5 points"
    ),
    ("tpot", "closed", "vllm"): Residuals(
        n=468, factors=(0.914, 0.932, 0.969, 0.994, 1.025, 1.076, 1.115), basis="after 5 points"
    ),
    ("tpot", "closed", "any"): Residuals(
        n=1211, factors=(0.872, 0.909, 0.959, 0.999, 1.049, 1.1, 1.144), basis="after 5 points"
    ),
    ("ttft", "closed", "sglang"): Residuals(
        n=1211,
        factors=(0.782, 0.854, 0.954, 1.037, 1.147, 1.356, 2.095),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("ttft", "closed", "trtllm"): Residuals(
        n=445, factors=(0.729, 0.8, 0.887, 0.97, 1.047, 1.143, 1.275), basis="after 5 points"
    ),
    ("ttft", "closed", "vllm"): Residuals(
        n=468, factors=(0.776, 0.816, 0.92, 0.991, 1.096, 1.245, 1.327), basis="after 5 points"
    ),
    ("ttft", "closed", "any"): Residuals(
        n=1211, factors=(0.744, 0.816, 0.911, 0.989, 1.086, 1.288, 2.047), basis="after 5 points"
    ),
    ("tpot", "open", "sglang"): Residuals(
        n=1211,
        factors=(0.865, 0.907, 0.956, 1.0, 1.043, 1.092, 1.13),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("tpot", "open", "trtllm"): Residuals(
        n=445, factors=(0.872, 0.901, 0.953, 1.018, 1.075, 1.113, 1.145), basis="after 5 points"
    ),
    ("tpot", "open", "vllm"): Residuals(
        n=468, factors=(0.914, 0.932, 0.969, 0.994, 1.025, 1.076, 1.115), basis="after 5 points"
    ),
    ("tpot", "open", "any"): Residuals(
        n=1211, factors=(0.872, 0.909, 0.959, 0.999, 1.049, 1.1, 1.144), basis="after 5 points"
    ),
}
"""After five of the user's points, judged on other layouts and lengths."""
CALIBRATED_SPREAD: Mapping[str, Mapping[str, float]] = {
    "throughput": {"experts": 1.41, "near_wall": 1.35, "crowded": 2.23, "unmeasured_gpu": 1.0, "tail": 1.0},
    "tpot": {"experts": 1.27, "near_wall": 1.4, "crowded": 4.87, "unmeasured_gpu": 1.0, "tail": 1.35},
    "ttft": {"experts": 1.93, "near_wall": 3.49, "crowded": 5.71, "unmeasured_gpu": 1.0, "tail": 2.7},
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
