"""One request from one JSON object: Mooncake, OpenTelemetry GenAI spans, LiteLLM and aiperf, each in a few lines.

Only the fields named here are looked at: no message, answer, user or key of a record is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aisizer.demand.traces.records import FROM_THE_GATEWAY, NO_OUTPUT
from aisizer.demand.traces.times import seconds

MILLI, NANO = 1e-3, 1e-9
"""[s/ms], [s/ns]"""
BLOCK_TOKENS = 512
"""[token] of a Mooncake hash block (Qin et al., Mooncake, FAST 2025)."""
NO_MODEL_CALL = "spans that are no call of a language model"
WARM_UP = "warm-up or cancelled"
_CALLS = frozenset({"chat", "text_completion", "generate_content", "completion"})
"""gen_ai.operation.name of a call of a model; agents and tools wrap such calls and would count them twice."""


class Apart(Exception):
    """A record that is no answered request; the text says of which sort."""


@dataclass(frozen=True, slots=True)
class Request:
    """One answered request as a record states it."""

    time_s: float | None
    prompt: float
    output: float
    cached: float | None = None
    session: object = None
    blocks: Sequence[object] = ()


Record = Mapping[str, Any]


def mooncake(record: Record) -> Request:
    """Times in milliseconds since the trace began; hash_ids name the prompt's blocks of 512 tokens."""
    time, blocks = record.get("timestamp"), record.get("hash_ids") or ()
    if not isinstance(blocks, (list, tuple)) or not set(map(type, blocks)) <= {int, str}:
        raise ValueError("hash_ids is no list of ids")
    at = None if time is None else _number(record, "timestamp") * MILLI
    return Request(at, _number(record, "input_length"), _number(record, "output_length"), blocks=blocks)


def span(record: Record) -> Request:
    """An OpenTelemetry span of a GenAI call, in the present names or those before semantic conventions 1.27."""
    attributes = _attributes(record.get("attributes"))
    operation = attributes.get("gen_ai.operation.name")
    prompt = _first(attributes, "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")
    if (operation is not None and operation not in _CALLS) or (operation is None and prompt is None):
        raise Apart(NO_MODEL_CALL)
    output = _first(attributes, "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")
    if _is_error(record.get("status")) or not output or float(output) == 0:
        raise Apart(NO_OUTPUT)
    cached = attributes.get("gen_ai.usage.cache_read.input_tokens")
    return Request(
        time_s=_number(record, "startTimeUnixNano") * NANO,
        prompt=_as_number("input_tokens", prompt),
        output=_as_number("output_tokens", output),
        cached=None if cached is None else _as_number("cache_read", cached),
        session=attributes.get("gen_ai.conversation.id"),
    )


def litellm(record: Record) -> Request:
    """A row of LiteLLM's spend logs; failures and answers of the gateway's own cache reached no model."""
    if str(record.get("status", "")).lower() in ("failure", "failed", "error"):
        raise Apart(NO_OUTPUT)
    if str(record.get("cache_hit", "")).lower() == "true":
        raise Apart(FROM_THE_GATEWAY)
    return Request(
        time_s=_time(record.get("startTime")),
        prompt=_number(record, "prompt_tokens"),
        output=_number(record, "completion_tokens"),
        session=record.get("session_id"),
    )


def aiperf(record: Record) -> Request:
    """A line of aiperf's profile_export.jsonl; the server's own token counts where it reported them."""
    metadata, metrics = record["metadata"], record["metrics"]
    if metadata.get("was_cancelled") or metadata.get("phase_kind", metadata.get("benchmark_phase")) not in (
        "profiling",
        None,
    ):
        raise Apart(WARM_UP)
    if record.get("error"):
        raise Apart(NO_OUTPUT)
    prompt = metrics.get("usage_prompt_tokens") or metrics.get("input_sequence_length") or {}
    output = metrics.get("usage_completion_tokens") or metrics.get("output_sequence_length") or {}
    return Request(
        time_s=_number(metadata, "request_start_ns") * NANO,
        prompt=_number(prompt, "value"),
        output=_number(output, "value"),
        session=metadata.get("conversation_id"),
    )


def by_mapping(columns: Mapping[str, str]) -> Callable[[Record], Request]:
    """A record whose fields the user names."""

    def read(record: Record) -> Request:
        return Request(
            time_s=_time(record.get(columns["time"])) if "time" in columns else None,
            prompt=_number(record, columns.get("prompt", "prompt_tokens")),
            output=_number(record, columns.get("output", "output_tokens")),
            cached=_number(record, columns["cached"]) if "cached" in columns else None,
            session=record.get(columns["session"]) if "session" in columns else None,
        )

    return read


FORMS: tuple[tuple[str, Callable[[Record], bool], Callable[[Record], Request]], ...] = (
    ("Mooncake", lambda r: "input_length" in r and "output_length" in r, mooncake),
    ("OpenTelemetry GenAI spans", lambda r: "attributes" in r, span),
    ("aiperf profile_export", lambda r: "metadata" in r and "metrics" in r, aiperf),
    ("LiteLLM spend logs", lambda r: "completion_tokens" in r and "startTime" in r, litellm),
    ("JSON lines", lambda r: "prompt_tokens" in r and "output_tokens" in r, by_mapping({"time": "arrival_s"})),
)
"""Each format: its name, how a record of it is known, and what reads it."""


def spans_of(record: Record) -> list[Record]:
    """The spans of an OTLP export, which nests them by resource and scope; any other record alone."""
    if "resourceSpans" not in record:
        return [record]
    scopes = [scope for resource in record["resourceSpans"] for scope in resource.get("scopeSpans", ())]
    return [span for scope in scopes for span in scope.get("spans", ())]


def _attributes(written: Any) -> Mapping[str, Any]:
    """Attributes as a mapping; OTLP's JSON has a list of {key, value: {intValue: ...}}."""
    if isinstance(written, Mapping):
        return written
    if not isinstance(written, list):
        raise ValueError("the attributes are no mapping")
    return {item["key"]: next(iter(item["value"].values()), None) for item in written}


def _first(attributes: Mapping[str, Any], *names: str) -> Any:
    return next((attributes[name] for name in names if name in attributes), None)


def _is_error(status: Any) -> bool:
    code = status.get("code", status.get("status_code")) if isinstance(status, Mapping) else status
    return code in (2, "2", "ERROR", "STATUS_CODE_ERROR")


def _time(value: Any) -> float | None:
    if value is None:
        return None
    try:
        return float(seconds([str(value)])[0])
    except (ValueError, OverflowError):
        raise ValueError("the time is neither a number nor an ISO 8601 date") from None


def _number(record: Record, name: str) -> float:
    return _as_number(name, record.get(name))


def _as_number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(f"{name} is {'absent' if value is None else 'no number'}")
    try:
        return float(value)
    except (ValueError, OverflowError):
        raise ValueError(f"{name} is no number") from None
