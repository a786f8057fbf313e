"""What sizing answers, as the Plan carries it."""

from __future__ import annotations

from typing import Literal

from aisizer.schema import Record
from aisizer.sizing.needs import Group


class Pool(Record):
    """The replicas of one model."""

    name: str
    role: Literal["serve", "prefill", "decode"] = "serve"
    workloads: tuple[str, ...]
    model: str
    gpu: str
    replicas: int
    """replicas in service: spares carry traffic too"""
    replicas_needed: int
    """replicas that the headroom and confidence steps ask for"""
    tensor_parallel: int
    pipeline_parallel: int = 1
    expert_parallel: int = 1
    """GPUs of a pipeline stage over which whole experts are spread"""
    attention_dp: int = 1
    """groups of GPUs that each hold their own sequences and share the experts"""
    layout: str = ""
    """the cut of one replica in words, such as TP8 x PP2 or attention-DP 8, EP 8"""
    precision: str
    kv_precision: str = "bf16"
    """of the key-value cache"""
    engine: str
    draft_tokens: int = 0
    """tokens drafted for each decode step; 0: no speculative decoding"""
    tokens_per_step: float = 1.0
    """[token] by which a decode step advances each sequence on average"""
    gpus: int
    peak_rate_per_s: float
    """[req/s] in the peak hour at go-live"""
    peak_rate_per_replica: float
    """[req/s] the most one replica carries with every SLO met"""
    analytic_rate_per_replica: float | None = None
    """[req/s] the same as the analytic screen says"""
    rate_half_width: float | None = None
    """[1] of peak_rate_per_replica to each side of it, the 95 % interval of its simulation; null: not simulated"""
    limited_by: str = ""
    """what stops a replica there: `workload metric_statistic` of an SLO, stability, or api server"""
    api_processes: int | None = None
    """API processes (HTTP, tokeniser, detokeniser) of all its replicas; null where no source gives their times"""
    api_ceiling_per_replica: float | None = None
    """[req/s] that the API processes of one replica carry at most"""
    utilization: float
    """[1] peak-hour load over capacity at the SLO, all servers up"""
    utilization_degraded: float
    """[1] the same with the redundancy's servers down"""
    in_flight: float | None = None
    """[request] mean number in one replica, all servers up"""
    weights_gb_per_gpu: float
    kv_capacity_tokens: float
    kv_use_p95: float
    """[1] share of the KV cache in use at the 95th percentile, all servers up; 1 is the wall"""
    kv_use_p95_degraded: float | None = None
    """[1] the same with the redundancy's servers down"""


class SloResult(Record):
    """One promised percentile beside the predicted one."""

    workload: str
    metric: Literal["ttft", "tpot", "e2e"]
    percentile: Literal["mean", "p50", "p90", "p95", "p99"]
    target_ms: float
    predicted_ms: float
    low_ms: float
    """lower end of the 80 % band of the model's own error"""
    high_ms: float
    degraded_ms: float
    """predicted with the redundancy's servers down"""
    met: bool
    """predicted and degraded both within the target"""
    probability: float | None = None
    """[1] that the measured value is within the target, by the error of measured predictions, all servers up"""
    probability_degraded: float | None = None
    """[1] the same with the redundancy's servers down"""
    method: Literal["analytic", "simulated"] = "analytic"
    """where predicted and degraded come from"""
    analytic_ms: float | None = None
    """what the analytic queue says, all servers up"""
    analytic_degraded_ms: float | None = None
    interval_ms: tuple[float, float] | None = None
    """95 % interval of the simulated percentile: how much of it is chance"""
    interval_degraded_ms: tuple[float, float] | None = None
    gap: float | None = None
    """[1] simulated over analytic, less 1"""


class WaterfallStep(Record):
    """How many GPUs are needed up to and including this reason."""

    name: Literal[
        "throughput", "latency", "growth", "burst", "headroom", "confidence", "servers", "redundancy", "upgrade",
        "disaster_recovery",
    ]  # fmt: skip
    gpus: int
    reason: str


class Option(Record):
    """One way to serve the demand that was priced over the horizon."""

    site: str
    gpu: str
    offer: str
    """server or instance id"""
    term: Literal["purchase", "on_demand", "one_year", "three_year"]
    gpus: int
    """first purchase wave"""
    gpus_needed: int
    gpus_month_36: int
    servers: int
    pools: tuple[Pool, ...]
    one_year_usd: float | None
    three_year_usd: float | None
    npv_usd: float | None
    complete: bool
    """whether every cost line has a price"""
    gpus_p90: int | None = None
    """first purchase wave at 90 % confidence; null where an idle replica misses an SLO at it"""
    probability_met: float | None = None
    """[1] of meeting the least certain SLO with all servers up"""
    tightest_slo: str = ""
    """of the first wave, all servers up, by the analytic queue"""
    slo_ratio: float | None = None
    """[1] its predicted latency over its target"""
    chosen: bool = False
    note: str = ""


class RejectionGroup(Record):
    """Options rejected for the same reason, and the nearest miss among them."""

    reason: str
    """short code, such as memory, slo, precision, rule, price, lead_time, model_ban"""
    text: str
    count: int
    nearest: dict[str, str | int | float | None]
    """the option that came closest: site, gpu, model, tensor_parallel, precision, got, limit, unit"""
    freed_by: str = ""


class Surrounding(Record):
    """One thing that stands around the GPUs, sized by a formula."""

    id: str
    group: Group
    name: str
    unit: str
    go_live: float
    """quantity in month 1"""
    month_12: float
    month_36: float
    formula: str
    """with the numbers of this plan put in"""
    source: str
    """what the formula and its figures rest on"""
    line: str = ""
    """id of the cost line that pays for it; empty where another line does, or nothing"""
    note: str = ""
