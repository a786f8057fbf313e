"""What pictures of the model show, as the Plan carries it: latency by load, and how far measurements lay from predictions."""

from __future__ import annotations

from aisizer.schema import Record


class PromiseCurve(Record):
    """One promised percentile by load."""

    workload: str
    metric: str
    percentile: str
    target_ms: float
    latency_ms: tuple[float | None, ...]
    """at each load of the curve, by the analytic queue; null where it has no steady state"""
    operating_ms: float
    """at the curve's operating load, by the same queue"""
    degraded_ms: float
    """the same with the redundancy down"""


class LoadCurve(Record):
    """Latency of a pool of the first wave by the load it carries, all servers up."""

    pool: str
    carried_per_s: float
    """[req/s] the most that the whole pool carries with every SLO met"""
    loads: tuple[float, ...]
    """[1] of it"""
    operating: float
    """[1] of it in the busiest minutes of the peak hour, at the highest demand that the first wave carries"""
    degraded: float
    """[1] of it that would keep every replica as busy as the same minutes do with the redundancy down"""
    promises: tuple[PromiseCurve, ...]


class ErrorBand(Record):
    """How far published measurements lay from predictions of one promise's kind."""

    workload: str
    metric: str
    percentile: str
    measurements: int
    """behind the band; 0: none, it is assumed"""
    basis: str
    low: float
    """[1] measured over predicted: the next measurement lies below with a chance of 10 %"""
    median: float
    high: float
    """[1] it lies above with a chance of 10 %"""
