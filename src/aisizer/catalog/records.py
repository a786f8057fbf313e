"""One record type per kind of catalog file; every number is covered by the record's `sources` map."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from aisizer.catalog.model import Attention as Attention
from aisizer.catalog.model import Model as Model
from aisizer.catalog.sourced import Amount as Amount
from aisizer.catalog.sourced import Confidence, Id
from aisizer.catalog.sourced import Precision as Precision
from aisizer.catalog.sourced import Source as Source
from aisizer.catalog.sourced import Sourced as Sourced
from aisizer.schema import Record


class Gpu(Sourced):
    """A GPU class: datasheet figures, dense FLOPS only."""

    vendor: Literal["nvidia", "amd", "intel"]
    architecture: Literal[
        "volta", "turing", "ampere", "ada", "hopper", "blackwell", "cdna2", "cdna3", "cdna4", "gaudi3"
    ]
    form_factor: Literal["sxm", "pcie", "oam", "rack"]
    memory_gb: float = Field(gt=0)
    """[GB] 10^9 byte, as sold"""
    device_memory_gib: float | None = Field(default=None, gt=0)
    """[GiB] that the driver reports to a process and engines take their share of; null: memory_gb is taken for it"""
    memory_bandwidth_gb_s: float = Field(gt=0)
    bf16_tflops: float = Field(gt=0)
    """dense, 16 bit with 32-bit sums: BF16, or FP16 where the GPU has no BF16"""
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

    @property
    def device_bytes(self) -> float:
        """[byte] of memory that a process sees."""
        return self.memory_gb * 1e9 if self.device_memory_gib is None else self.device_memory_gib * 2**30


class ServerPart(Record):
    """One kind of part in a server's chassis, beside its GPUs."""

    kind: Literal["cpu", "memory", "nvme", "nic"]
    name: str
    quantity: int = Field(ge=1)
    """in one server"""
    unit: str = "EA"
    """EA for pieces, TB for memory"""
    manufacturer: str = ""
    part_number: str = ""


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
    parts: tuple[ServerPart, ...] = ()
    """what its maker builds in beside the GPUs; kinds that no source names are left out"""
    gpu_network: Amount | None = None
    """[GB/s] one way from each GPU to GPUs of other servers, RDMA; null where no source gives it: no replica spans servers"""
    cooling: Literal["air", "liquid"] = "air"
    end_of_sale: date | None = None
    """last day on which its maker takes orders; null where no source gives it"""


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


class Recipe(Record):
    """How a public closed-loop sweep set its servers, which no row of its results says; a row that matches is replayed so.

    Empty lists and null match everything. kv_precision, where given, replaces the engine's default.
    """

    architectures: tuple[str, ...] = ()
    models: tuple[Id, ...] = ()
    versions: tuple[str, ...] = ()
    """beginnings of the engine version"""
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    """longest of the run"""
    max_tensor_parallel: int | None = None
    min_clients: int = Field(default=1, ge=1)
    max_clients: int | None = None
    kv_precision: Literal["bf16", "fp8"] | None = None
    poll_steps: int = Field(default=1, ge=1)
    """[step] without prompts between two looks at the queue"""
    hold_steps: int = Field(default=0, ge=0)
    """[step] for which a waiting prompt is held back for others"""
    schedule_ahead: int | None = Field(default=None, ge=0)
    """[step] scheduled while another one runs"""
    launch_s: float | None = Field(default=None, ge=0)
    """[s] of host time per kernel of a step with prompts, where the sweep turned its graphs off"""
    waiting_clients: int = Field(default=0, ge=0)
    """clients beyond the sequences that the server takes at once"""
    note: str = ""
    """what is set, in words that end up beside the prediction"""


ENGINES = {"vllm": "vLLM", "sglang": "SGLang", "trtllm": "TensorRT-LLM"}
"""Families of engines as they write themselves."""


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
    """[GB] per GPU inside the engine's share of memory that is neither weights, activations nor cache: libraries' workspace"""
    collective_gb: float = Field(default=0.0, ge=0)
    """[GB] more of it per GPU where several serve together: buffers of collectives"""
    graphs_gb: float = Field(default=0.0, ge=0)
    """[GB] per GPU that the engine sets aside for CUDA graphs before it sizes the cache; 0 where it captures them in what
    memory_fraction leaves"""
    token_budget: int
    max_batch: int
    largest_captured_batch: int | None = Field(default=None, ge=1)
    """[token] of the largest CUDA graph: smaller steps are padded to a captured size, larger ones are launched kernel by
    kernel; null: neither is modelled"""
    collective_overhead_s: float = Field(default=0.0, ge=0)
    """[s] per collective of a step beyond the fast kernels' latency, where the engine of that year calls NCCL instead"""
    launch_s: float = Field(default=0.0, ge=0)
    """[s] of host time per kernel that no CUDA graph covers: the floor of a step with prompts, or beyond the graphs"""
    schedule_ahead: int = Field(default=0, ge=0)
    """[step] that is scheduled while another one runs: a request that arrives waits for it too"""
    request_token_s: float = Field(default=0.0, ge=0)
    """[s] of the API process per prompt token: reading, tokenising and handing over, one request after the other"""
    stream_interval: int = Field(default=1, ge=1)
    """[step] between two emissions of a stream whose first token waits for a full interval; 1: each token at once"""
    api_processes: int = Field(default=1, ge=1)
    api_request_s: float | None = Field(default=None, ge=0)
    """[s] of one API process's time per request beside request_token_s; with api_token_s it sets a ceiling and the delay that
    load adds to request_overhead_s; null where no source gives it, and then neither is modelled"""
    api_token_s: float | None = Field(default=None, ge=0)
    """[s] of one API process's time per generated token: detokeniser and event stream; null where no source gives it"""
    metrics: dict[str, str] = Field(default_factory=dict)
    """Prometheus metric of each signal: running, waiting, generation_tokens, prompt_tokens, ttft, tpot, kv_use, ..."""
    model_label: str = "model_name"
    recipes: tuple[Recipe, ...] = ()
    """sweeps whose server settings are known; the first that matches a row holds"""


class Exporter(Sourced):
    """Metric names of what is no engine of its own: a packaged server, or the GPUs' telemetry."""

    path: str = "/metrics"
    """where Prometheus scrapes it"""
    metrics: dict[str, str]
    """Prometheus metric of each signal, as in Engine.metrics; power [W] and gpu_use [%] of GPUs"""
    model_label: str | None = None
    """label that holds the model; null where there is none"""


class LeadTimes(Record):
    """[week] parts of the time from decision to service."""

    approval: Amount
    order: Amount
    delivery: Amount
    install: Amount
    burn_in: Amount


class SiteLimits(Record):
    """What a site can carry; null where nobody said, and then it is not checked."""

    power_kw: float | None = Field(default=None, gt=0)
    """[kW] of servers"""
    racks: int | None = Field(default=None, ge=1)
    rack_power_kw: float | None = Field(default=None, gt=0)
    """[kW] that one rack can be fed and cooled with"""
    cooling: Literal["air", "liquid"] | None = None
    """liquid: air-cooled servers are carried as well"""
    quota: int | None = Field(default=None, ge=1)
    """[instance] that may be rented"""


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
    storage_warm: str | None = None
    storage_archive: str | None = None
    cpu_server: str | None = None
    egress: str | None = None
    support: str | None = None
    install: str | None = None
    """names of facility amounts (`prices/facility.yaml`) that this site pays"""
    staff_shares: dict[str, str] = Field(default_factory=dict)
    """by role, the facility amount that says its part of staff_fte; empty: one line for all people"""
    egress_tiers: dict[str, float] = Field(default_factory=dict)
    """[GB] of a month from which each facility amount prices the rest, `egress` first; empty: one price for all"""
    attestations: tuple[str, ...] = ()
    limits: SiteLimits = SiteLimits.model_construct()


class TokenPrice(Record):
    """What a managed API charges for one model."""

    name: str
    """as the provider calls the model"""
    input: Amount
    """[USD/Mtoken] prompt tokens, without a discount for cached ones"""
    output: Amount
    """[USD/Mtoken]"""


class ManagedApi(Record):
    """A model service billed by the token: never a site of the fleet, only what the fleet is compared with."""

    id: Id
    name: str
    aliases: tuple[str, ...] = ()
    site_class: Literal["api_commercial", "api_government"]
    operator: str
    countries: tuple[str, ...] = ("us",)
    attestations: tuple[str, ...] = ()
    models: dict[Id, TokenPrice]
    """by model of the catalog"""
    notes: tuple[str, ...] = ()


Place = Site | ManagedApi
"""Whatever rules can speak of: it has an id, a class, countries and attestations."""


class Verdict(Record):
    """What one framework says of one class of site."""

    verdict: Literal["admit", "conditions", "reject"]
    condition: str = ""
    citation: str
    confidence: Confidence
    basis: Literal["primary", "secondary", "memory"]
    attestations: tuple[str, ...] = ()
    """of which the site must hold one, else the verdict is a rejection; empty: none is asked for"""


class Control(Record):
    """What a framework asks for that costs money or capacity, wherever the system runs."""

    kind: Literal[
        "assessment",
        "backup",
        "capacity",
        "encryption",
        "facility",
        "front end",
        "log storage",
        "network",
        "records",
        "schedule",
        "second site",
        "spares",
        "staff",
    ]
    text: str
    citation: str
    confidence: Confidence
    basis: Literal["primary", "secondary", "memory"]


class Retention(Record):
    """How long records are kept, and whether the text demands it."""

    months: float
    hot_months: float | None = None
    """[month] of them that must be at hand at once; null where no text says so"""
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
    controls: tuple[Control, ...] = ()
    banned_developers: tuple[str, ...] = ()
    """model developers that the framework bars at every site"""
    url: str
    version_date: str
    notes: tuple[str, ...] = ()
