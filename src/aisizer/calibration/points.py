"""One run as a row describes it: what is deployed, which load, which lengths; gaps get defaults that are named."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from aisizer.errors import AisizerError

PROTOCOLS = ("static", "closed_burst", "closed_steady", "drain", "poisson", "constant")
OPEN = ("poisson", "constant")
COLUMNS = (
    *("id", "family", "quality", "model", "hf_id", "params_b", "precision_weights", "precision_kv", "gpu"),
    *("gpus_used", "replicas", "tp", "pp", "ep", "attention_dp", "engine", "engine_version", "measured_date"),
    *("protocol", "load_kind", "load_value", "n_requests", "max_in_flight", "batch", "isl_mean", "isl_min"),
    *("isl_max", "osl_mean", "osl_min", "osl_max", "prefix_hit", "spec_decode", "disagg"),
    *("slo_ttft_ms_p99", "slo_tpot_ms_p99"),
)
"""Every column that may be read; all others pass through unread."""
PRECISIONS = {
    **dict.fromkeys(("bf16", "fp16", "float16", "bfloat16", "half"), "bf16"),
    **dict.fromkeys(("fp8", "fp8_e4m3", "fp8_block", "fp8_per_tensor"), "fp8"),
    **dict.fromkeys(("fp4", "nvfp4", "mxfp4"), "fp4"),
    **dict.fromkeys(("int8", "gptq_int8", "w8a8", "w8a16"), "int8"),
    **dict.fromkeys(("int4", "gptq", "gptq_int4", "awq", "awq_int4", "w4a16"), "int4"),
}
"""How sources spell the precision of weights; 16-bit formats cost the same."""

NO = ("", "n", "no", "0", "false", "off")
"""How a row says that a feature is off, or says nothing of it."""
DEFAULT_PROMPT_TOKENS, DEFAULT_OUTPUT_TOKENS = 220.0, 200.0
"""[token] means of the ShareGPT sample (1,000 prompts) of vLLM's own serving benchmark, the commonest load whose lengths
go unrecorded."""
BURST_ROUNDS = 10
"""[1] requests per client of a burst: 10 x concurrency, as InferenceX runs them (arXiv:2601.06288, benchmark scripts)."""
DRAIN_REQUESTS = 2000
"""[request] of an offline run: TensorRT-LLM's tables of maximum throughput (its docs, performance overview) run 1,000 to
3,000, and more of the shortest; 3,000 instead move throughput by 0.2 % at the median, by under 5 % in 9 of 10."""
OPEN_REQUESTS = 2000
"""[request] of an open-loop run of unknown length: 20 beyond p99."""
MOST_TOKENS = 1e8
"""[token] longer prompts or answers are typing errors."""
MOST_REQUESTS = 1e9
"""[request]; more is a typing error."""
MOST_CLIENTS = 65_535
"""[client] of a closed loop: the TCP connections from one address to one port."""


class Unanswerable(AisizerError):
    """A row that cannot be predicted, and the sentence that says why."""


@dataclass(frozen=True, slots=True)
class Span:
    """Token lengths of a run: uniform between low and high, fixed where they are equal."""

    low: float
    high: float

    @property
    def mean(self) -> float:
        """[token]"""
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True)
class Point:
    """One run; None where the row is silent and the catalog or the layout must decide."""

    model: str
    huggingface: str
    gpu: str
    engine: str
    """empty where the row is silent"""
    engine_version: str
    measured_date: str
    precision: str | None
    kv_precision: str | None
    gpus: int | None
    replicas: int | None
    tensor_parallel: int | None
    pipeline_parallel: int
    expert_parallel: int
    attention_dp: int
    protocol: str
    load: float | None
    """clients, batch or req/s by protocol; None in a drain, or where half the largest rate is to be taken"""
    requests: int
    """0 where the protocol has no end (static, closed_steady)"""
    max_in_flight: int | None
    prompt: Span
    output: Span
    prefix_hit: float = 0.0
    """[1] share of each prompt that the prefix cache holds"""
    speculative: bool = False
    disaggregated: bool = False
    ttft_limit_s: float | None = None
    tpot_limit_s: float | None = None


@dataclass(slots=True)
class Row:
    """The cells of a row, and the assumptions made while reading them."""

    cells: Mapping[str, str]
    assumed: list[str] = field(default_factory=list)

    def text(self, name: str) -> str:
        """The cell without blanks; nan, as data frames write gaps, is empty."""
        value = self.cells.get(name, "").strip()
        return "" if value.lower() in ("nan", "none", "null") else value

    def number(self, name: str, most: float = MOST_REQUESTS) -> float | None:
        """A number above 0, or None where the cell is empty."""
        text = self.text(name)
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            raise Unanswerable(f"{name} is not a number (got {text[:40]!r}).") from None
        if not 0 < value <= most:
            raise Unanswerable(f"{name} must lie above 0 and not above {most:g} (got {text[:40]}).")
        return value

    def whole(self, name: str) -> int | None:
        """A whole number above 0, or None where the cell is empty."""
        value = self.number(name)
        if value is not None and value != int(value):
            raise Unanswerable(f"{name} must be a whole number (got {value:g}).")
        return None if value is None else int(value)

    def share(self, name: str) -> float:
        """A share from 0 to 1, written 0.4 or 40 %; 0 where the cell is empty."""
        text = self.text(name)
        try:
            value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1) if text else 0.0
        except ValueError:
            value = math.nan
        if not 0 <= value <= 1:
            raise Unanswerable(f"{name} must be a share from 0 to 1, such as 0.4 or 40 % (got {text[:40]!r}).")
        return value

    def assume(self, name: str, value: object, why: str = "") -> None:
        """Notes what was taken for an empty cell."""
        self.assumed.append(f"{name} = {value}" + (f" ({why})" if why else ""))


def read_point(row: Row) -> Point:
    """The run that a row describes; raises Unanswerable with the sentence that mends it."""
    protocol = _protocol(row)
    load = _load(row, protocol)
    prompt, output = _span(row, "isl", DEFAULT_PROMPT_TOKENS), _span(row, "osl", DEFAULT_OUTPUT_TOKENS)
    return Point(
        model=_named(row, "model"),
        huggingface=row.text("hf_id"),
        gpu=_named(row, "gpu"),
        engine=row.text("engine"),
        engine_version=row.text("engine_version"),
        measured_date=row.text("measured_date"),
        precision=_precision(row),
        kv_precision=_kv_precision(row),
        gpus=row.whole("gpus_used"),
        replicas=row.whole("replicas"),
        tensor_parallel=row.whole("tp"),
        pipeline_parallel=_degree(row, "pp"),
        expert_parallel=_degree(row, "ep"),
        attention_dp=_degree(row, "attention_dp"),
        protocol=protocol,
        load=load,
        requests=_requests(row, protocol, load),
        max_in_flight=row.whole("max_in_flight"),
        prompt=prompt,
        output=output,
        prefix_hit=row.share("prefix_hit"),
        speculative=_feature(row, "spec_decode"),
        disaggregated=_feature(row, "disagg"),
        ttft_limit_s=_limit_s(row, "slo_ttft_ms_p99"),
        tpot_limit_s=_limit_s(row, "slo_tpot_ms_p99"),
    )


def _named(row: Row, name: str) -> str:
    text = row.text(name) or (row.text("hf_id") if name == "model" else "")
    if not text:
        raise Unanswerable(f"{name} is empty, and nothing else says which one ran. Name it.")
    return text


def _degree(row: Row, name: str) -> int:
    """A degree of parallelism; silence means 1, which every source leaves out."""
    value = row.whole(name)
    if value is None:
        row.assume(name, 1)
    return value or 1


def _precision(row: Row) -> str | None:
    text = row.text("precision_weights").lower().replace("-", "_")
    if not text:
        return None
    if text not in PRECISIONS:
        raise Unanswerable(f"precision_weights {text!r} is not known. Use one of {', '.join(PRECISIONS)}.")
    return PRECISIONS[text]


def _kv_precision(row: Row) -> str | None:
    text = row.text("precision_kv").lower().replace("-", "_")
    if not text or text in ("auto", "fp16", "bf16", "float16", "bfloat16"):
        return "bf16" if text and text != "auto" else None
    if text.startswith("fp8") or text == "int8":
        return "fp8"
    raise Unanswerable(f"precision_kv {text!r} is not known. Use fp16, bf16, fp8 or int8.")


def _protocol(row: Row) -> str:
    text = row.text("protocol").lower()
    if not text:
        open_loop = row.text("load_kind").lower() == "rate"
        burst = "closed_burst" if row.text("n_requests") else "closed_steady"
        text = "poisson" if open_loop else burst
        row.assume("protocol", text)
    if text not in PROTOCOLS:
        raise Unanswerable(f"protocol {text!r} is not known. Use one of {', '.join(PROTOCOLS)}.")
    return text


def _load(row: Row, protocol: str) -> float | None:
    if protocol == "drain":
        return None
    if protocol in OPEN:
        rate = row.number("load_value")
        if rate is None:
            row.assume("load_value", "half of pred_max_req_s")
        return rate
    batch = row.whole("batch") if protocol == "static" else None
    clients = batch or row.whole("load_value")
    if clients is None:
        row.assume("batch" if protocol == "static" else "load_value", 1)
    if protocol != "static" and (clients or 1) > MOST_CLIENTS:
        raise Unanswerable(
            f"load_value = {clients} clients exceed the {MOST_CLIENTS} connections of one client machine."
        )
    return float(clients or 1)


def _requests(row: Row, protocol: str, load: float | None) -> int:
    """Requests of the whole run; where the row is silent, what such runs usually have."""
    if protocol in ("static", "closed_steady"):
        return 0
    given = row.whole("n_requests")
    if given is not None:
        return given
    burst = round(min(BURST_ROUNDS * (load or 1), MOST_REQUESTS))
    requests = {"closed_burst": burst, "drain": DRAIN_REQUESTS}.get(protocol, OPEN_REQUESTS)
    row.assume("n_requests", requests)
    return requests


def _span(row: Row, name: str, default: float) -> Span:
    """Lengths of prompts or outputs in whole tokens."""
    mean, low, high = (row.number(f"{name}_{end}", MOST_TOKENS) for end in ("mean", "min", "max"))
    if low is not None and high is not None:
        if low > high:
            raise Unanswerable(f"{name}_min {low:g} is above {name}_max {high:g}.")
        return Span(_tokens(low), _tokens(high))
    if mean is None:
        mean = low if low is not None else high
        row.assume(f"{name}_mean", f"{default if mean is None else mean:g}")
    return Span(_tokens(default if mean is None else mean), _tokens(default if mean is None else mean))


def _tokens(length: float) -> float:
    """Whole tokens, at least the one that a request needs."""
    return float(math.ceil(length - 0.5)) if length > 1 else 1.0


def _feature(row: Row, name: str) -> bool:
    """Whether a row says that a feature is on."""
    return row.text(name).lower() not in NO


def _limit_s(row: Row, name: str) -> float | None:
    value = row.number(name)
    return None if value is None else value / 1e3
