"""Traces as JSON: one record a line, or one document with a list of records or of a benchmark's requests."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from aisizer.demand.traces.json_records import BLOCK_TOKENS, FORMS, Apart, Record, Request, by_mapping, spans_of
from aisizer.demand.traces.lines import document, lines, refusal
from aisizer.demand.traces.records import NO_SESSION, Collector, Rows

BLOCK = 8192
"""Requests handed over at once."""
_VLLM = "vLLM bench serve"


@dataclass(slots=True)
class Reuse:
    """The share of prompt tokens whose blocks were all seen in an earlier request: an endless cache, cold at the start."""

    seen: set[object] = field(default_factory=set)
    tokens: float = 0.0
    found: float = 0.0

    def take(self, request: Request) -> None:
        """Counts one prompt; an id stands for the whole prefix, so that the first unseen block ends the hit."""
        hits = next((n for n, block in enumerate(request.blocks) if block not in self.seen), len(request.blocks))
        self.found += min(BLOCK_TOKENS * hits, request.prompt)
        self.tokens += request.prompt
        self.seen.update(request.blocks)


@dataclass(slots=True)
class Reading:
    """What a JSON trace gave besides its rows."""

    form: str = ""
    has_times: bool = False
    has_cached: bool = False
    reuse: Reuse = field(default_factory=Reuse)


Numbered = Iterator[tuple[int, Any]]


def read_lines(stream: TextIO, path: Path, mapping: Mapping[str, str], collector: Collector) -> Reading:
    """One JSON object a line."""
    return _read(_parsed(stream, path, collector), path, mapping, collector)


def read_document(stream: TextIO, path: Path, mapping: Mapping[str, str], collector: Collector) -> Reading:
    """One JSON document: a list of records, an OTLP export, or vLLM's detailed benchmark result."""
    try:
        data = json.loads(document(stream, path))
    except (ValueError, RecursionError) as error:
        raise refusal(
            path, f"the file is no JSON document ({_reason(error)}). One record a line is named .jsonl."
        ) from error
    if isinstance(data, dict) and "input_lens" in data:
        return _vllm(data, path, collector)
    records = data if isinstance(data, list) else [data]
    return _read(enumerate(records, 1), path, mapping, collector)


def _parsed(stream: TextIO, path: Path, collector: Collector) -> Numbered:
    for number, line in enumerate(lines(stream, path), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                collector.refuse(number, f"the line is no JSON object ({_reason(error)})")


def _read(records: Numbered, path: Path, mapping: Mapping[str, str], collector: Collector) -> Reading:
    reading, reader = Reading(), by_mapping(mapping) if mapping else None
    kept: list[tuple[int, Request]] = []
    for number, record in records:
        if not isinstance(record, dict):
            collector.refuse(number, "the record is no JSON object")
            continue
        for single in _singles(number, record, collector):
            if reader is None:
                reading.form, reader = _form(single, path, number)
            _keep(number, single, reader, kept, collector)
        if len(kept) >= BLOCK:
            _hand_over(kept, reading, collector)
    _hand_over(kept, reading, collector)
    reading.form = reading.form or "JSON lines"
    return reading


def _singles(number: int, record: Record, collector: Collector) -> list[Record]:
    try:
        return [single for single in spans_of(record) if isinstance(single, dict)]
    except (TypeError, AttributeError):
        collector.refuse(number, "resourceSpans is no OTLP export")
        return []


def _form(record: Record, path: Path, number: int) -> tuple[str, Callable[[Record], Request]]:
    """The format of a file by its first record."""
    for form, belongs, reader in FORMS:
        if belongs(record):
            return form, reader
    problem = (
        f"the record belongs to no known trace (known: {', '.join(form for form, _, _ in FORMS)}). Name the fields: "
        f"--columns prompt=NAME,output=NAME,time=NAME."
    )
    raise refusal(path, problem, number)


def _keep(
    number: int,
    record: Record,
    reader: Callable[[Record], Request],
    kept: list[tuple[int, Request]],
    collector: Collector,
) -> None:
    try:
        kept.append((number, reader(record)))
    except Apart as sort:
        collector.apart[str(sort)] += 1
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
        collector.refuse(number, str(error) if isinstance(error, ValueError) else "the record lacks its fields")


def _hand_over(kept: list[tuple[int, Request]], reading: Reading, collector: Collector) -> None:
    """Gives the requests read so far to the collector, and their blocks to the reuse."""
    for _, request in kept:
        reading.has_times |= request.time_s is not None
        reading.has_cached |= request.cached is not None
        if request.blocks and 1 <= request.prompt < math.inf:
            reading.reuse.take(request)
    collector.take(
        Rows(
            line=np.array([number for number, _ in kept], dtype=np.int64),
            time_s=np.array([request.time_s or 0.0 for _, request in kept]),
            prompt=np.array([request.prompt for _, request in kept]),
            output=np.array([request.output for _, request in kept]),
            cached=np.array([request.cached or 0.0 for _, request in kept]),
            session=np.array([_session(request.session) for _, request in kept], dtype=np.int64),
        )
    )
    kept.clear()


def _session(name: object) -> int:
    return hash(name) if isinstance(name, (str, int)) and name else NO_SESSION


def _vllm(data: Record, path: Path, collector: Collector) -> Reading:
    """`vllm bench serve --save-detailed`: lists with one entry a request; a failed one has no output."""
    prompts, outputs, starts = (data.get(key) for key in ("input_lens", "output_lens", "start_times"))
    if not isinstance(prompts, list) or not isinstance(outputs, list) or len(prompts) != len(outputs):
        raise refusal(path, "input_lens and output_lens are no lists of one length. Save with --save-detailed.")
    timed = isinstance(starts, list) and len(starts) == len(prompts)
    times = starts if timed and isinstance(starts, list) else [0.0] * len(prompts)
    records = ({"t": t, "i": i, "o": o} for t, i, o in zip(times, prompts, outputs, strict=True))
    reading = _read(enumerate(records, 1), path, {"time": "t", "prompt": "i", "output": "o"}, collector)
    reading.form, reading.has_times = _VLLM, timed
    return reading


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return error.msg
    return "nested too deeply" if isinstance(error, RecursionError) else "a number is too long"
