"""aiperf's profile_export_aiperf.json and the older genai-perf's: every metric is {unit, avg, p50, ...}."""

from __future__ import annotations

from aisizer.calibration.read_fields import MILLI, Fields
from aisizer.calibration.read_record import Measurement, Protocol, Spread, TokenCounts

TOKEN_TOLERANCE = 0.05
"""[1] how far the client's token count may be from the server's; beyond it, its tokenizer is not the model's."""
_SECONDS = {"ms": MILLI, "s": 1.0, "sec": 1.0, "seconds": 1.0, "us": 1e-6, "ns": 1e-9}
_NAMES = {"mean": "avg", "p50": "p50", "p90": "p90", "p95": "p95", "p99": "p99"}
_PROTOCOLS: dict[str, Protocol] = {"concurrency": "closed_burst", "constant": "constant", "poisson": "poisson"}


def read_aiperf(record: Fields) -> list[Measurement]:
    """One profiling run; a cancelled or unfinished one is no measurement."""
    phases = [p for p in record.items("input_config", "phases") if (p.text("kind") or "profiling") == "profiling"]
    if len(phases) != 1:
        problem = f"one profiling phase is expected (got {len(phases)}). Profile one load at a time."
        raise record.at("input_config", "phases").fault(problem)
    kind = phases[0].text("type") or ""
    if kind not in _PROTOCOLS:
        raise phases[0].at("type").fault(f"this load is not known (got {kind}). Known: {', '.join(_PROTOCOLS)}.")
    models = record.items("input_config", "models", "items")
    rate = (
        None
        if kind == "concurrency"
        else phases[0].positive("request_rate" if phases[0].has("request_rate") else "rate")
    )
    clients = phases[0].whole("concurrency")
    model = models[0].text("name") if models else None
    return [_measurement(record, "aiperf", _PROTOCOLS[kind], clients, rate, model)]


def read_genai_perf(record: Fields) -> list[Measurement]:
    """The predecessor's export: the load stands in input_config, or below its perf_analyzer stimulus."""
    config = record.at("input_config")
    stimulus = config.at("perf_analyzer", "stimulus")
    clients = config.whole("concurrency") or stimulus.whole("concurrency")
    loads = [part for part in (config, stimulus) if part.number("request_rate") is not None]
    rate = loads[0].positive("request_rate") if loads else None
    if clients is None and rate is None:
        raise config.fault("neither concurrency nor request_rate is given. Profile with one of them.")
    names = config.at("model_names") if config.has("model_names") else config.at("model")
    first = names.data[0] if isinstance(names.data, list) and names.data else names.data
    model = first if isinstance(first, str) else None
    protocol: Protocol = "closed_burst" if rate is None else "constant"
    return [_measurement(record, "genai-perf", protocol, clients, rate, model)]


def _measurement(
    record: Fields, tool: str, protocol: Protocol, clients: int | None, rate: float | None, model: str | None
) -> Measurement:
    completed = round(record.positive("request_count", "avg"))
    wrong = record.needed("request_error_rate", "avg") if record.has("request_error_rate") else 0.0
    failed = round(completed * wrong / 100)
    requests_per_s = record.positive("request_throughput", "avg")
    duration = record.number("benchmark_duration", "avg")
    return Measurement(
        file=record.file,
        sha256=record.sha256,
        source_tool=tool,
        tool_version=record.text("aiperf_version"),
        model=model,
        prompt_tokens=TokenCounts(record.positive("input_sequence_length", "avg")),
        output_tokens=TokenCounts(record.positive("output_sequence_length", "avg")),
        protocol=protocol,
        concurrency=clients,
        rate=rate,
        n_requests=completed + failed,
        duration_s=completed / requests_per_s if duration is None else duration,
        completed=completed,
        failed=failed,
        requests_per_s=requests_per_s,
        output_tokens_per_s=record.positive("output_token_throughput", "avg"),
        ttft=_spread(record.at("time_to_first_token")),
        tpot=_spread(record.at("inter_token_latency")),
        e2e=_spread(record.at("request_latency")),
        unusable=_unusable(record),
    )


def _spread(metric: Fields) -> Spread:
    if metric.data is None:
        return Spread()
    unit = metric.text("unit") or ""
    if unit not in _SECONDS:
        raise metric.at("unit").fault(f"a unit of time is expected (got {unit}). Known: {', '.join(_SECONDS)}.")
    return metric.spread(_NAMES, _SECONDS[unit])


def _unusable(record: Fields) -> str:
    if record.at("was_cancelled").data is True or record.at("is_complete").data is False:
        return "the run was cancelled or is not complete; run it to its end."
    for client, server in (("output_sequence_length", "usage_completion_tokens"), *_PROMPT):
        counted, reported = record.number(client, "avg"), record.number(server, "avg")
        if counted and reported and abs(counted / reported - 1) > TOKEN_TOLERANCE:
            return (
                f"the client counts {counted:g} tokens a request ({client}) and the server {reported:g}: "
                "give the client the model's own tokenizer."
            )
    return ""


_PROMPT = (("input_sequence_length", "usage_prompt_tokens"),)
