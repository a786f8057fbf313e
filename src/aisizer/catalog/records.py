"""One record type per kind of catalog file; every number is covered by the record's `sources` map."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from aisizer.schema import Record

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
Kind = Literal["measured", "datasheet", "list_price", "quote", "derived", "estimated", "rule"]
Confidence = Literal["high", "medium", "low"]
Precision = Literal["bf16", "fp8", "fp4", "int8", "int4"]


class Source(Record):
    """Who said a number, where and when."""

    title: str
    publisher: str
    url: str
    date: str
    """Publication or retrieval date as the source gives it: 2026-10-22, 2026-10 or 2026."""
    kind: Kind
    confidence: Confidence = "medium"


class Sourced(Record):
    """A record of the catalog; `sources` names the source of each numeric field, `*` that of all the others."""

    id: Id
    name: str
    aliases: tuple[str, ...] = ()
    sources: dict[str, str]
    notes: tuple[str, ...] = ()


class Amount(Record):
    """A price or factor with its range, unit, date and source; base = high where the source gives a range only."""

    base: float = Field(ge=0)
    low: float | None = Field(default=None, ge=0)
    high: float | None = Field(default=None, ge=0)
    unit: str
    as_of: date
    source: str
    kind: Kind
    note: str = ""


class Gpu(Sourced):
    """A GPU class: datasheet figures, dense FLOPS only."""

    vendor: Literal["nvidia", "amd"]
    architecture: Literal["ampere", "ada", "hopper", "blackwell", "cdna3", "cdna4"]
    form_factor: Literal["sxm", "pcie", "oam", "rack"]
    memory_gb: float = Field(gt=0)
    """[GB] 10^9 byte"""
    memory_bandwidth_gb_s: float = Field(gt=0)
    bf16_tflops: float = Field(gt=0)
    fp8_tflops: float | None = None
    fp4_tflops: float | None = None
    int8_tops: float | None = None
    tdp_w: float = Field(gt=0)
    interconnect: Literal["nvswitch", "nvlink", "pcie", "xgmi"]
    interconnect_gb_s: float = Field(gt=0)
    """[GB/s] one way per GPU to its peers in the server"""
    evidence: Literal["measured", "datasheet"] = "datasheet"
    """whether published measurements of LLM serving stand behind predictions for this class, or its datasheet only"""
    streaming_multiprocessors: int | None = None
    sustained_clock_share: float = Field(default=1.0, gt=0, le=1)
    """[1] of the clock behind the datasheet FLOPS that the card holds under its power cap in long matrix work; 1 where no
    source gives a lower one: the generic efficiencies were fitted with the loss of a standard cap inside"""
    liquid_cooled: bool = False


class Server(Sourced):
    """A server that can be bought, with everything in its chassis."""

    gpu: Id
    gpus: int = Field(ge=1)
    manufacturer: str = ""
    part_number: str = ""
    price: Amount | None = None
    """[USD] for one server with its GPUs; null where no source gives one"""
    max_power_kw: float = Field(gt=0)
    rack_units: float | None = None
    cpu: str = ""
    ram_tb: float | None = None
    nvme_tb: float | None = None
    network: str = ""
    gpu_network: Amount | None = None
    """[GB/s] one way from each GPU to GPUs of other servers, RDMA; null where no source gives it: no replica spans servers"""
    cooling: Literal["air", "liquid"] = "air"


class Instance(Record):
    """A server that can be rented, whole, by the hour."""

    name: str
    gpu: Id
    gpus: int = Field(ge=1)
    gpu_network: Amount | None = None
    """[GB/s] as of a server"""
    region: str
    terms: dict[Literal["on_demand", "one_year", "three_year"], Amount]
    """[USD/h] for the instance; only terms that a source prices"""


class PriceList(Record):
    """One provider's rented instances, or a set of facility prices and factors."""

    id: Id
    name: str
    provider: str
    partition: str = ""
    instances: dict[Id, Instance] = Field(default_factory=dict)
    amounts: dict[Id, Amount] = Field(default_factory=dict)


class Attention(Record):
    """One group of layers with the same attention."""

    layers: int = Field(ge=1)
    kind: Literal["full", "sliding", "chunked", "mla", "linear"]
    kv_heads: int = Field(default=0, ge=0)
    head_dim: int = Field(default=0, ge=0)
    window: int | None = None
    """[token] of sliding or chunked attention"""
    key_heads: int = Field(default=0, ge=0)
    """heads of linear attention, which keeps a state of fixed size and no KV per token"""
    value_heads: int = Field(default=0, ge=0)
    state_head_dim: int = Field(default=0, ge=0)
    """width of one key or value head of linear attention"""


class Model(Sourced):
    """A model's architecture, as its config.json gives it."""

    huggingface: str
    architecture: str
    developer: str = ""
    developer_country: str = ""
    layers: int = Field(ge=1)
    hidden: int = Field(ge=1)
    heads: int = Field(ge=1)
    attention: tuple[Attention, ...] = Field(min_length=1)
    kv_lora_rank: int | None = None
    q_lora_rank: int | None = None
    qk_nope_head_dim: int | None = None
    qk_rope_head_dim: int | None = None
    v_head_dim: int | None = None
    index_topk: int | None = Field(default=None, ge=1)
    """[token] that sparse-index attention reads of a longer context; null: every layer reads all of it"""
    index_heads: int | None = Field(default=None, ge=1)
    index_head_dim: int | None = Field(default=None, ge=1)
    """heads and their width in the indexer that scores every token of context"""
    attention_output_gate: bool = False
    """the query projection also makes a gate of the same width"""
    ffn: int | None = None
    """width of the dense MLP; null where every layer is MoE without one"""
    gated_mlp: bool = True
    """three matrices (SwiGLU) rather than two"""
    experts: int = Field(default=0, ge=0)
    experts_per_token: int = Field(default=0, ge=0)
    expert_ffn: int | None = None
    shared_experts: int = Field(default=0, ge=0)
    shared_expert_ffn: int | None = None
    """width of all shared experts together; null: expert_ffn x shared_experts"""
    dense_layers: int = Field(default=0, ge=0)
    """layers with the dense MLP in a MoE model"""
    vocab: int = Field(ge=1)
    max_context: int = Field(ge=1)
    tied_embeddings: bool = False
    published_precision: Precision = "bf16"
    """precision of the published weights"""
    published_params_b: float | None = None
    """[10^9] total parameters as published or derived in the source; a test holds our own count against it"""
    published_active_params_b: float | None = None
    prefill_only: bool = False
    """an embedder or reranker that generates no tokens"""


class Engine(Sourced):
    """An inference engine of one version: overheads, limits and metric names."""

    engine: Literal["vllm", "sglang", "trtllm"]
    version: str
    year: int
    step_overhead_s: float
    """[s] scheduler, sampler and detokeniser, once per step"""
    layer_overhead_s: float
    """[s] per layer and step: norms, rotary embedding and launches that no kernel table holds"""
    sequence_overhead_s: float
    """[s] per sequence and step"""
    request_overhead_s: float
    """[s] API server and tokeniser, once per request at light load: the idle time of the API process included"""
    memory_fraction: float = Field(gt=0, le=1)
    runtime_gb: float = Field(ge=0)
    """[GB] CUDA context, graphs and workspace per GPU"""
    token_budget: int
    max_batch: int
    largest_captured_batch: int | None = Field(default=None, ge=1)
    """[token] of the largest CUDA graph: smaller steps are padded to a captured size, larger ones are launched kernel by
    kernel; null: neither is modelled"""
    collective_overhead_s: float = Field(default=0.0, ge=0)
    """[s] per collective of a step beyond the fast kernels' latency, where the engine of that year calls NCCL instead"""
    stream_interval: int = Field(default=1, ge=1)
    """[step] between two emissions of a stream whose first token waits for a full interval; 1: each token at once"""
    api_processes: int = Field(default=1, ge=1)
    api_request_s: float | None = Field(default=None, ge=0)
    """[s] of one API process's time per request; with api_token_s it sets a ceiling and the delay that load adds to
    request_overhead_s; null where no source gives it, and then neither is modelled"""
    api_token_s: float | None = Field(default=None, ge=0)
    """[s] of one API process's time per generated token: detokeniser and event stream; null where no source gives it"""
    metrics: dict[str, str] = Field(default_factory=dict)
    """Prometheus metric of each signal: running, waiting, generation_tokens, prompt_tokens, ttft, tpot, kv_use, ..."""
    model_label: str = "model_name"


class LeadTimes(Record):
    """[week] parts of the time from decision to service."""

    approval: Amount
    order: Amount
    delivery: Amount
    install: Amount
    burn_in: Amount


class Site(Sourced):
    """A place where the fleet may stand."""

    site_class: Literal["on_premises", "hosted_private", "gov_enclave", "commercial_region"]
    ownership: Literal["own", "rent"]
    operator: str
    providers: tuple[Id, ...] = ()
    """price lists whose instances are offered, where rented"""
    countries: tuple[str, ...] = ("us",)
    """where it lies; empty for a site that stands wherever the customer puts it"""
    lead_times_weeks: LeadTimes
    expansion_months: int = Field(ge=1)
    """[month] how long one purchase lasts by default"""
    pue: str | None = None
    electricity: str | None = None
    colocation: str | None = None
    staff_fte: str | None = None
    network: str | None = None
    rdma_network: str | None = None
    storage_hot: str | None = None
    egress: str | None = None
    support: str | None = None
    install: str | None = None
    """names of facility amounts (`prices/facility.yaml`) that this site pays"""
    attestations: tuple[str, ...] = ()


class Verdict(Record):
    """What one framework says of one class of site."""

    verdict: Literal["admit", "conditions", "reject"]
    condition: str = ""
    citation: str
    confidence: Confidence
    basis: Literal["primary", "secondary", "memory"]


class Retention(Record):
    """How long records are kept, and whether the text demands it."""

    months: float
    kind: Literal["required", "customary", "policy"]
    citation: str
    note: str = ""


class Rule(Record):
    """A framework: which data classes bring it in, and its verdict on each class of site."""

    id: Id
    name: str
    data_classes: tuple[str, ...] = ()
    """profile data classes that bring the framework in by themselves"""
    verdicts: dict[str, Verdict]
    """by site class"""
    csp_verdict: Verdict | None = None
    """verdict on hosted_private where the partner is a cloud service provider (SP 800-145)"""
    retention: Retention | None = None
    banned_developers: tuple[str, ...] = ()
    """model developers that the framework bars at every site"""
    url: str
    version_date: str
    notes: tuple[str, ...] = ()
