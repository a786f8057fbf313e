"""guidellm's benchmarks.json and benchmarks.csv: latencies in milliseconds except the request's own, in seconds.

Its time_per_output_token_ms divides the whole latency by all tokens; our TPOT is its inter_token_latency_ms.
"""

from __future__ import annotations

import json
from dataclasses import replace

from aisizer.calibration.read_documents import Content
from aisizer.calibration.read_fields import MILLI, Fields
from aisizer.calibration.read_record import Measurement, Protocol, Spread, TokenCounts
from aisizer.errors import Fault, InvalidInput

LISTED = ("min", "p001", "p01", "p05", "p10", "p25", "p75", "p90", "p95", "p99", "max")
"""What each place of the CSV's percentile list means: p001 is 0.1 %, and the median stands in a column of its own."""
_PROTOCOLS: dict[str, Protocol] = {
    "concurrent": "closed_burst",
    "synchronous": "closed_burst",
    "throughput": "drain",
    "constant": "constant",
    "async": "constant",
    "poisson": "poisson",
}


def read_guidellm(record: Fields) -> list[Measurement]:
    """Every benchmark of one file."""
    version = record.at("metadata").text("guidellm_version")
    found = [_benchmark(entry) for entry in record.items("benchmarks")]
    return [replace(measurement, tool_version=version) for measurement in found]


def read_guidellm_csv(content: Content) -> list[Measurement]:
    """The same from the CSV, whose header has three rows: group, name and statistic."""
    names = [tuple(column) for column in zip(*content.rows[:3], strict=False)]
    rows = [row for row in content.rows[3:] if any(row)]
    return [_from_row(content, dict(zip(names, row, strict=False)), number) for number, row in enumerate(rows, start=4)]


def _benchmark(entry: Fields) -> Measurement:
    metrics, strategy = entry.at("metrics"), entry.at("config", "strategy")
    totals, duration = metrics.at("request_totals"), entry.positive("duration")
    kind = strategy.text("type_") or ""
    warmed = bool(entry.number("warmup_duration") or entry.number("cooldown_duration"))
    failed = totals.count("errored") + totals.count("incomplete")
    return Measurement(
        file=entry.file,
        sha256=entry.sha256,
        source_tool="guidellm",
        model=entry.at("config", "backend").text("model"),
        prompt_tokens=TokenCounts(_ok(metrics, "prompt_token_count").positive("mean")),
        output_tokens=TokenCounts(_ok(metrics, "output_token_count").positive("mean")),
        protocol=_protocol(strategy.at("type_"), kind, warmed),
        concurrency=_clients(strategy, kind, totals.count("successful") + failed),
        rate=strategy.positive("rate") if kind in ("constant", "async", "poisson") else None,
        n_requests=totals.count("successful") + failed,
        duration_s=duration,
        completed=totals.count("successful"),
        failed=failed,
        requests_per_s=totals.count("successful") / duration,
        output_tokens_per_s=_ok(metrics, "output_token_count").positive("total_sum") / duration,
        ttft=_spread(metrics, "time_to_first_token_ms", MILLI),
        tpot=_spread(metrics, "inter_token_latency_ms", MILLI),
        e2e=_spread(metrics, "request_latency", 1.0),
    )


def _ok(metrics: Fields, name: str) -> Fields:
    return metrics.at(name, "successful")


def _spread(metrics: Fields, name: str, seconds: float) -> Spread:
    part = _ok(metrics, name)
    if not part.number("count"):
        return Spread()
    tail = part.at("percentiles").spread({p: p for p in ("p50", "p90", "p95", "p99")}, seconds)
    return replace(tail, mean=part.spread({"mean": "mean"}, seconds).mean)


def _clients(strategy: Fields, kind: str, requests: int) -> int | None:
    if kind == "synchronous":
        return 1
    if kind == "throughput":
        return strategy.whole("max_concurrency") or requests
    return strategy.whole("streams") if kind == "concurrent" else strategy.whole("max_concurrency")


def _protocol(where: Fields, kind: str, warmed: bool) -> Protocol:
    if kind not in _PROTOCOLS:
        raise where.fault(f"this strategy is not known (got {kind or 'none'}). Known: {', '.join(_PROTOCOLS)}.")
    protocol = _PROTOCOLS[kind]
    return "closed_steady" if protocol == "closed_burst" and warmed else protocol


def _from_row(content: Content, row: dict[tuple[str, ...], str], line: int) -> Measurement:
    """One row, laid out as the JSON so that both are read alike."""

    def cell(*name: str) -> str:
        key = tuple(name) + ("",) * (3 - len(name))
        if key not in row:
            problem = f"the column {' / '.join(part for part in name if part)} is missing. Export the file again."
            raise InvalidInput([Fault(content.file, line, None, "", problem)])
        return row[key]

    def metric(group: str, unit: str) -> dict[str, object]:
        values = _loads(content, line, cell(group, unit, "Percentiles"))
        listed = values if isinstance(values, list) else []
        tail = dict(zip(LISTED, listed, strict=False)) | {"p50": cell(group, unit, "Median")}
        return {"successful": {"mean": cell(group, unit, "Mean"), "count": done, "percentiles": tail}}

    def tokens(kind: str) -> dict[str, object]:
        mean = cell("Token Metrics", f"Successful {kind} Tokens", "Mean")
        part = Fields(content.file, content.sha256, {"mean": mean, "done": done}, f"line {line}")
        return {"successful": {"mean": mean, "total_sum": part.positive("mean") * part.needed("done")}}

    done, (kind, _, load) = cell("Request Counts", "Successful"), cell("Benchmark", "Strategy").partition("@")
    metrics = {
        "request_totals": {
            "successful": done,
            "errored": cell("Request Counts", "Errored"),
            "incomplete": cell("Request Counts", "Incomplete"),
        },
        "prompt_token_count": tokens("Input"),
        "output_token_count": tokens("Output"),
        "time_to_first_token_ms": metric("Time to First Token", "Successful ms"),
        "inter_token_latency_ms": metric("Inter Token Latency", "Successful ms"),
        "request_latency": metric("Request Latency", "Successful Sec"),
    }
    strategy = {"type_": kind, "streams": load or None, "rate": load or None}
    data = {
        "duration": cell("Timings", "Duration", "Sec"),
        "warmup_duration": cell("Timings", "Warmup", "Sec"),
        "cooldown_duration": cell("Timings", "Cooldown", "Sec"),
        "config": {"strategy": strategy, "backend": _loads(content, line, cell("Run Info", "Backend"))},
        "metrics": metrics,
    }
    version = Fields(content.file, content.sha256, _loads(content, line, cell("Runtime Info", "Metadata")))
    found = _benchmark(Fields(content.file, content.sha256, data, f"line {line}"))
    return replace(found, tool_version=version.text("guidellm_version"))


def _loads(content: Content, line: int, text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        problem = f"a JSON value is expected in a cell (got {text[:40]!r}). Export the file again."
        raise InvalidInput([Fault(content.file, line, None, "", problem)]) from None
