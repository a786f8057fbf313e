"""How sure a prediction is: band, probability and quantile factor, from how published measurements lay around predictions.

Split-conformal prediction (Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World, 2005): the quantiles of the
error on measurements that no constant was fitted to are the quantiles of the next error, whatever their distribution.
Locally weighted (Lei et al., Distribution-free predictive inference for regression, JASA 113, 2018, section 5.2,
doi:10.1080/01621459.2017.1307116): the scatter of ln(measured / predicted) is stretched by what is known to widen it.
The quantiles are the table in `measurements.py`; they are those of mean values, and percentiles scatter more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from aisizer.calibration.measurements import (
    CALIBRATED,
    CALIBRATED_SPREAD,
    LEVELS,
    SPREAD,
    UNCALIBRATED,
    Residuals,
)

Metric = Literal["ttft", "tpot", "e2e", "throughput"]
Kind = Literal["static", "closed", "open", "drain"]
KINDS: Mapping[str, Kind] = {
    "closed_burst": "closed",
    "closed_steady": "closed",
    "poisson": "open",
    "constant": "open",
    "static": "static",
    "drain": "drain",
}
"""Kind of run of each protocol."""
NOMINAL = 0.8
"""[1] share of measurements that a band holds."""
MEDIAN = 0.5
KV_WALL = 0.85
"""[1] share of the KV cache in use above which a small error in memory turns into a large one in waiting time."""
CROWD = 256
"""[request] in flight on one replica, the batch limit of vLLM up to 2024 and of many recipes since: beyond it, measured
servers queue requests that the model still batches, without saying so."""
FEWEST_POINTS = 5
"""[1] load points of the user's own from which a calibration counts: what the calibrated residuals were measured after."""
UNKNOWN = Residuals(0, (0.41, 0.5, 0.69, 1.0, 1.44, 2.0, 2.43), "assumed: a log-normal factor of two up and down")
"""Where no measurement of the kind stands behind a prediction at all."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What is known of a prediction, before anything is measured, that its error depends on."""

    kind: Kind
    engine: str
    """catalog id, or its family alone"""
    calibrated: bool = False
    experts: bool = False
    """a mixture of experts: which of them a step reads is less certain than a dense model's weights"""
    near_wall: bool = False
    """the KV cache is nearly full"""
    crowded: bool = False
    """more requests in flight on a replica than CROWD"""
    unmeasured_gpu: bool = False
    """only a datasheet describes the GPU class"""
    tail: bool = False
    """a percentile beyond the median instead of a mean"""


def residuals(metric: str, conditions: Conditions) -> Residuals:
    """The residuals of a metric (e2e, which is mostly TPOT, takes TPOT's) in this kind of run with this engine.

    An engine without measurements of its own takes those of all engines; a calibration that no measurement stands
    behind earns no credit.
    """
    name, family = "tpot" if metric == "e2e" else metric, conditions.engine.partition("-")[0]
    tables = (CALIBRATED, UNCALIBRATED) if conditions.calibrated else (UNCALIBRATED,)
    keys = ((name, conditions.kind, family), (name, conditions.kind, "any"))
    return next((table[key] for table in tables for key in keys if key in table), UNKNOWN)


def spread(metric: str, conditions: Conditions) -> float:
    """By how much the scatter exceeds that of means of a dense model on a measured GPU class, clear of the KV wall. [1]"""
    widen = (CALIBRATED_SPREAD if conditions.calibrated else SPREAD)["tpot" if metric == "e2e" else metric]
    return math.prod(factor for name, factor in widen.items() if getattr(conditions, name))


def quantile(level: float, factors: Sequence[float], stretch: float = 1.0) -> float:
    """The factor that measured over predicted stays below with probability `level`. [1]

    Linear in the logarithm between the LEVELS; beyond the last of them each halving of the probability left adds the
    same logarithm as the last one did (a geometric tail). `stretch` scales the logarithms around the median.

    >>> steps = (0.6, 0.7, 0.9, 1.0, 1.1, 1.3, 1.5)
    >>> [round(quantile(p, steps), 3) for p in (0.10, 0.50, 0.70, 0.90, 0.95, 0.975)]
    [0.7, 1.0, 1.079, 1.3, 1.5, 1.731]
    >>> round(quantile(0.90, steps, stretch=2.0), 3)  # 1.3 squared
    1.69
    """
    if not 0 < level < 1:
        raise ValueError(f"A quantile needs a level between 0 and 1 (got {level}).")
    logs = [math.log(factor) for factor in factors]
    middle = logs[LEVELS.index(MEDIAN)]
    if level < LEVELS[0]:
        found = logs[0] - (logs[1] - logs[0]) * _halvings(level, LEVELS[0])
    elif level > LEVELS[-1]:
        found = logs[-1] + (logs[-1] - logs[-2]) * _halvings(1 - level, 1 - LEVELS[-1])
    else:
        found = _between(level, LEVELS, logs)
    return math.exp(middle + stretch * (found - middle))


def probability(ratio: float, factors: Sequence[float], stretch: float = 1.0) -> float:
    """The probability that measured over predicted is at most `ratio`: the inverse of `quantile`. [1]

    >>> steps = (0.6, 0.7, 0.9, 1.0, 1.1, 1.3, 1.5)
    >>> [round(probability(x, steps), 3) for x in (0.3, 0.7, 1.0, 1.3, 1.731)]
    [0.002, 0.1, 0.5, 0.9, 0.975]
    """
    if ratio <= 0:
        return 0.0
    logs = [math.log(factor) for factor in factors]
    middle = logs[LEVELS.index(MEDIAN)]
    at = middle + (math.log(ratio) - middle) / stretch
    if at < logs[0]:
        return LEVELS[0] * math.exp2((at - logs[0]) / (logs[1] - logs[0]))
    if at > logs[-1]:
        return 1 - (1 - LEVELS[-1]) * math.exp2((logs[-1] - at) / (logs[-1] - logs[-2]))
    return _between(at, logs, LEVELS)


def band_factors(metric: str, conditions: Conditions) -> tuple[float, float]:
    """Factors that hold 80 % of measured values of one metric; they always hold 1, the prediction itself.

    Of n residuals and the next one all orders are equally likely, so the upper end is the residual of rank
    0.9 (n + 1) and the lower one its mirror (Vovk 2005, proposition 2.1; Lei et al. 2018, theorem 2.2).
    """
    found = residuals(metric, conditions)
    upper = (1 + NOMINAL) / 2 * (1 + 1 / found.n if found.n else 1)
    low, high = (quantile(level, found.factors, spread(metric, conditions)) for level in (1 - upper, upper))
    return min(low, 1.0), max(high, 1.0)


def band(value: float, metric: str, conditions: Conditions) -> tuple[float, float]:
    """The values between which the next measurement lies with a chance of 80 %.

    >>> low, high = band(100.0, "tpot", Conditions("closed", "vllm-0.33"))
    >>> low < 100.0 < high
    True
    """
    low, high = band_factors(metric, conditions)
    return value * low, value * high


def probability_within(prediction: float, target: float, metric: str, conditions: Conditions) -> float:
    """The probability that the measured value is at most the target. [1]

    >>> known = Conditions("closed", "vllm-0.33")
    >>> at_target, below = (probability_within(x, 50.0, "tpot", known) for x in (50.0, 30.0))
    >>> 0 < at_target < below < 1
    True
    """
    return probability(target / prediction, residuals(metric, conditions).factors, spread(metric, conditions))


def latency_factor(confidence: float, metric: str, conditions: Conditions) -> float:
    """What a latency is multiplied by so that the measured one stays below with that confidence; 1 at 50 %. [1]

    The prediction itself stands for P50, so that the default plan is the plain prediction plus headroom; where the
    model is off in the median, the probability of meeting the SLO says so, and so does every higher confidence. Never
    below 1: caution does not lower a prediction.
    """
    if confidence <= MEDIAN:
        return 1.0
    found = residuals(metric, conditions)
    return max(1.0, quantile(confidence, found.factors, spread(metric, conditions)))


def throughput_factor(confidence: float, conditions: Conditions) -> float:
    """What the largest throughput is multiplied by so that the measured one reaches it with that confidence; 1 at 50 %.

    A replica at its largest throughput is never without work, which is what closed loops measure.
    """
    if confidence <= MEDIAN:
        return 1.0
    saturated = replace(conditions, kind="closed")
    found = residuals("throughput", saturated)
    return min(1.0, quantile(1 - confidence, found.factors, spread("throughput", saturated)))


def _halvings(left: float, before: float) -> float:
    return math.log2(before / left)


def _between(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """Linear interpolation in a rising sequence."""
    i = min(sum(x >= known for known in xs[1:]), len(xs) - 2)
    return ys[i] + (x - xs[i]) / (xs[i + 1] - xs[i]) * (ys[i + 1] - ys[i])
