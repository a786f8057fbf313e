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
        factors=(0.662, 0.71, 0.784, 0.837, 0.885, 0.948, 1.005),
        basis="nothing fitted; own median, scatter of all engines",
    ),
    ("throughput", "closed", "trtllm"): Residuals(
        n=557, factors=(0.666, 0.732, 0.822, 0.885, 0.946, 1.038, 1.076), basis="nothing fitted"
    ),
    ("throughput", "closed", "vllm"): Residuals(
        n=1010,
        factors=(0.756, 0.811, 0.895, 0.956, 1.01, 1.082, 1.147),
        basis="nothing fitted; own median, scatter of all engines",
    ),
    ("throughput", "closed", "any"): Residuals(
        n=1010, factors=(0.705, 0.755, 0.838, 0.898, 0.953, 1.024, 1.073), basis="nothing fitted"
    ),
    ("throughput", "drain", "trtllm"): Residuals(
        n=779, factors=(0.869, 0.922, 0.998, 1.068, 1.134, 1.21, 1.412), basis="nothing fitted"
    ),
    ("throughput", "drain", "vllm"): Residuals(
        n=781,
        factors=(0.63, 0.669, 0.724, 0.775, 0.823, 0.878, 1.025),
        basis="nothing fitted; own median, scatter of all engines",
    ),
    ("throughput", "drain", "any"): Residuals(
        n=781, factors=(0.868, 0.919, 0.994, 1.067, 1.134, 1.21, 1.412), basis="nothing fitted"
    ),
    ("throughput", "static", "trtllm"): Residuals(
        n=856, factors=(0.758, 0.796, 0.888, 0.969, 1.06, 1.187, 1.351), basis="nothing fitted"
    ),
    ("throughput", "static", "vllm"): Residuals(
        n=645, factors=(0.561, 0.607, 0.745, 0.933, 1.12, 1.264, 1.299), basis="nothing fitted"
    ),
    ("throughput", "static", "any"): Residuals(
        n=1501, factors=(0.614, 0.714, 0.828, 0.968, 1.075, 1.231, 1.302), basis="nothing fitted"
    ),
    ("tpot", "closed", "sglang"): Residuals(
        n=841,
        factors=(0.989, 1.033, 1.092, 1.142, 1.2, 1.285, 1.368),
        basis="nothing fitted; own median, scatter of all engines",
    ),
    ("tpot", "closed", "trtllm"): Residuals(
        n=485, factors=(0.916, 0.954, 1.009, 1.069, 1.125, 1.232, 1.308), basis="nothing fitted"
    ),
    ("tpot", "closed", "vllm"): Residuals(
        n=841,
        factors=(0.9, 0.94, 0.994, 1.039, 1.092, 1.169, 1.245),
        basis="nothing fitted; own median, scatter of all engines",
    ),
    ("tpot", "closed", "any"): Residuals(
        n=841, factors=(0.926, 0.962, 1.02, 1.064, 1.117, 1.207, 1.271), basis="nothing fitted"
    ),
    ("tpot", "open", "vllm"): Residuals(
        n=18, factors=(0.785, 0.84, 0.89, 0.974, 0.998, 1.052, 1.083), basis="nothing fitted"
    ),
    ("tpot", "open", "any"): Residuals(
        n=18, factors=(0.785, 0.84, 0.89, 0.974, 0.998, 1.052, 1.083), basis="nothing fitted"
    ),
    ("tpot", "static", "trtllm"): Residuals(
        n=684, factors=(0.749, 0.832, 0.91, 1.006, 1.089, 1.192, 1.256), basis="nothing fitted"
    ),
    ("tpot", "static", "vllm"): Residuals(
        n=1144,
        factors=(0.76, 0.771, 0.852, 0.954, 1.035, 1.23, 1.302),
        basis="nothing fitted; own median, scatter of all engines",
    ),
    ("tpot", "static", "any"): Residuals(
        n=1144, factors=(0.763, 0.783, 0.872, 0.988, 1.078, 1.264, 1.315), basis="nothing fitted"
    ),
    ("ttft", "closed", "sglang"): Residuals(
        n=841,
        factors=(3.065, 3.412, 4.698, 6.913, 10.325, 15.339, 23.018),
        basis="nothing fitted; own median, scatter of all engines",
    ),
    ("ttft", "closed", "trtllm"): Residuals(
        n=485, factors=(1.178, 1.278, 1.62, 2.66, 4.237, 6.083, 8.144), basis="nothing fitted"
    ),
    ("ttft", "closed", "vllm"): Residuals(
        n=841,
        factors=(0.721, 0.802, 1.104, 1.625, 2.428, 3.606, 5.412),
        basis="nothing fitted; own median, scatter of all engines",
    ),
    ("ttft", "closed", "any"): Residuals(
        n=841, factors=(1.144, 1.221, 1.552, 2.368, 4.427, 7.639, 10.978), basis="nothing fitted"
    ),
    ("ttft", "open", "vllm"): Residuals(
        n=18, factors=(0.727, 0.746, 0.761, 0.822, 1.168, 1.216, 1.235), basis="nothing fitted"
    ),
    ("ttft", "open", "any"): Residuals(
        n=18, factors=(0.727, 0.746, 0.761, 0.822, 1.168, 1.216, 1.235), basis="nothing fitted"
    ),
    ("ttft", "static", "trtllm"): Residuals(
        n=722, factors=(0.747, 0.783, 0.99, 1.041, 1.099, 1.218, 1.258), basis="nothing fitted"
    ),
    ("ttft", "static", "vllm"): Residuals(
        n=1184,
        factors=(0.88, 1.003, 1.117, 1.196, 1.293, 1.543, 1.782),
        basis="nothing fitted; own median, scatter of all engines",
    ),
    ("ttft", "static", "any"): Residuals(
        n=1184, factors=(0.769, 0.935, 1.014, 1.068, 1.209, 1.477, 1.782), basis="nothing fitted"
    ),
}
"""Nothing fitted end to end; by metric, kind of run and family of the engine, `any` being all of them
together. `silicon_sample.csv` and the second set of docs/accuracy.md, AMD and reserved pairs left out."""
SPREAD: Mapping[str, Mapping[str, float]] = {
    "throughput": {"experts": 2.07, "near_wall": 1.57, "unmeasured_gpu": 1.63, "tail": 1.0},
    "tpot": {"experts": 2.88, "near_wall": 2.67, "unmeasured_gpu": 2.06, "tail": 1.35},
    "ttft": {"experts": 1.08, "near_wall": 3.13, "unmeasured_gpu": 1.41, "tail": 2.17},
}
"""[1] By metric, what the log scatter is multiplied by: with a mixture of experts; with the KV cache nearly full;
on a GPU class that was left out; of a percentile such as P95 instead of a mean. Widths from P10 to P90, each over that
of the other rows."""
CALIBRATED: Mapping[tuple[str, str, str], Residuals] = {
    ("throughput", "closed", "sglang"): Residuals(
        n=1318,
        factors=(0.818, 0.865, 0.934, 0.981, 1.039, 1.094, 1.125),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("throughput", "closed", "trtllm"): Residuals(
        n=1318,
        factors=(0.82, 0.868, 0.936, 0.984, 1.042, 1.097, 1.128),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("throughput", "closed", "vllm"): Residuals(
        n=1318,
        factors=(0.839, 0.888, 0.958, 1.008, 1.067, 1.123, 1.155),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("throughput", "closed", "any"): Residuals(
        n=1318, factors=(0.828, 0.878, 0.942, 0.995, 1.056, 1.108, 1.14), basis="after 5 points"
    ),
    ("tpot", "closed", "sglang"): Residuals(
        n=1318,
        factors=(0.876, 0.908, 0.962, 1.02, 1.07, 1.15, 1.211),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("tpot", "closed", "trtllm"): Residuals(
        n=1318,
        factors=(0.877, 0.909, 0.962, 1.02, 1.07, 1.15, 1.211),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("tpot", "closed", "vllm"): Residuals(
        n=1318,
        factors=(0.848, 0.879, 0.931, 0.987, 1.035, 1.112, 1.172),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("tpot", "closed", "any"): Residuals(
        n=1318, factors=(0.866, 0.897, 0.943, 1.006, 1.06, 1.132, 1.196), basis="after 5 points"
    ),
    ("ttft", "closed", "sglang"): Residuals(
        n=1318,
        factors=(0.501, 0.571, 0.794, 1.03, 1.338, 1.898, 2.998),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("ttft", "closed", "trtllm"): Residuals(
        n=1318,
        factors=(0.458, 0.522, 0.727, 0.943, 1.224, 1.737, 2.743),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("ttft", "closed", "vllm"): Residuals(
        n=1318,
        factors=(0.501, 0.57, 0.793, 1.029, 1.336, 1.896, 2.995),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("ttft", "closed", "any"): Residuals(
        n=1318, factors=(0.477, 0.545, 0.75, 0.991, 1.289, 1.824, 2.85), basis="after 5 points"
    ),
    ("tpot", "open", "sglang"): Residuals(
        n=1318,
        factors=(0.876, 0.908, 0.962, 1.02, 1.07, 1.15, 1.211),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("tpot", "open", "trtllm"): Residuals(
        n=1318,
        factors=(0.877, 0.909, 0.962, 1.02, 1.07, 1.15, 1.211),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("tpot", "open", "vllm"): Residuals(
        n=1318,
        factors=(0.848, 0.879, 0.931, 0.987, 1.035, 1.112, 1.172),
        basis="after 5 points; own median, scatter of all engines",
    ),
    ("tpot", "open", "any"): Residuals(
        n=1318, factors=(0.866, 0.897, 0.943, 1.006, 1.06, 1.132, 1.196), basis="after 5 points"
    ),
}
"""After five of the user's points, judged on other layouts and lengths."""
CALIBRATED_SPREAD: Mapping[str, Mapping[str, float]] = {
    "throughput": {"experts": 3.07, "near_wall": 1.57, "unmeasured_gpu": 1.0, "tail": 1.0},
    "tpot": {"experts": 2.87, "near_wall": 2.67, "unmeasured_gpu": 1.0, "tail": 1.35},
    "ttft": {"experts": 1.49, "near_wall": 3.13, "unmeasured_gpu": 1.0, "tail": 2.17},
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
        n=1175,
        in_flight=(1.0, 448.0),
        prompt_tokens=(115.2, 13500.0),
        output_tokens=(115.2, 7372.8),
        tensor_parallel=(1, 2, 4, 8),
    ),
    "vllm": Range(
        n=1074,
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
    ("trtllm", "a100-80-sxm"): 399,
    ("trtllm", "b200-sxm"): 581,
    ("trtllm", "gb200"): 59,
    ("trtllm", "h100-sxm"): 1350,
    ("trtllm", "h200-sxm"): 220,
    ("trtllm", "l40s"): 239,
    ("vllm", "a100-80-sxm"): 276,
    ("vllm", "b200-sxm"): 458,
    ("vllm", "b300-sxm"): 114,
    ("vllm", "h100-sxm"): 595,
    ("vllm", "h200-sxm"): 278,
    ("vllm", "l4"): 2,
    ("vllm", "mi300x"): 417,
}
"""Measurements that were compared, by family of the engine and GPU class."""
