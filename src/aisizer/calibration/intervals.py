"""The 80 % band around an uncalibrated prediction: what published measurements were of it, by metric, run and engine."""

from __future__ import annotations

from collections.abc import Mapping

RUNS: Mapping[str, str] = {
    "closed_burst": "closed",
    "closed_steady": "closed",
    "poisson": "open",
    "constant": "open",
    "static": "static",
    "drain": "drain",
}
"""Kind of run of each protocol."""
MEASURED: Mapping[tuple[str, str, str], tuple[float, float]] = {
    ("tpot", "closed", "sglang"): (0.962, 1.422),
    ("tpot", "closed", "trtllm"): (0.902, 1.499),
    ("tpot", "open", "vllm"): (0.744, 1.264),
    ("tpot", "static", "trtllm"): (0.795, 1.193),
    ("ttft", "closed", "sglang"): (3.563, 47.14),
    ("ttft", "closed", "trtllm"): (1.299, 6.513),
    ("ttft", "closed", "vllm"): (1.169, 2.826),
    ("ttft", "open", "vllm"): (0.709, 9.792),
    ("ttft", "static", "trtllm"): (0.760, 1.215),
    ("throughput", "closed", "sglang"): (0.608, 1.015),
    ("throughput", "closed", "trtllm"): (0.589, 1.013),
    ("throughput", "drain", "trtllm"): (0.796, 1.367),
    ("throughput", "static", "trtllm"): (0.760, 1.208),
}
"""P10 and P90 of measured over predicted [1], by metric, kind of run and engine, on the measurements that constants may be
fitted on, away from a full KV cache; `benchmarks/accuracy` prints them, docs/accuracy.md describes the rows. vLLM's closed
runs of TPOT and throughput are left out: their few models are easy ones, and held-out rows fall outside such a band."""
WIDEST: Mapping[tuple[str, str], str] = {
    ("tpot", "closed"): "trtllm",
    ("tpot", "open"): "vllm",
    ("tpot", "static"): "trtllm",
    ("tpot", "drain"): "trtllm",
    ("ttft", "closed"): "trtllm",
    ("ttft", "open"): "vllm",
    ("ttft", "static"): "trtllm",
    ("throughput", "closed"): "trtllm",
    ("throughput", "static"): "trtllm",
    ("throughput", "drain"): "trtllm",
}
"""Engine whose band stands for an engine that has too few measurements of that kind."""
UNKNOWN = (0.5, 2.0)
"""[1] where no measurement of the kind stands behind the prediction at all: a factor of two."""


def band_factors(metric: str, protocol: str, engine: str) -> tuple[float, float]:
    """Factors that hold 80 % of measured values of one metric (ttft, tpot, e2e, throughput); they always hold 1.

    E2E, which is mostly TPOT, takes TPOT's.

    >>> band_factors("tpot", "static", "trtllm-1.2"), band_factors("tpot", "closed_burst", "vllm-0.33")
    ((0.795, 1.193), (0.902, 1.499))
    """
    kind, family = RUNS[protocol], engine.partition("-")[0]
    metric = "tpot" if metric == "e2e" else metric
    stand_in = WIDEST.get((metric, kind), family)
    low, high = MEASURED.get((metric, kind, family)) or MEASURED.get((metric, kind, stand_in), UNKNOWN)
    return min(low, 1.0), max(high, 1.0)


def band(value: float, metric: str, protocol: str, engine: str) -> tuple[float, float]:
    """The values between which 80 % of measurements lie.

    >>> band(100.0, "tpot", "static", "trtllm-1.2")
    (79.5, 119.3)
    """
    low, high = band_factors(metric, protocol, engine)
    return round(value * low, 12), round(value * high, 12)
