"""Reads a trace of any known format, gzip or not, in one pass."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from aisizer.demand.traces.json_files import read_document, read_lines
from aisizer.demand.traces.json_records import BLOCK_TOKENS
from aisizer.demand.traces.lines import opened, refusal, sha256_of
from aisizer.demand.traces.records import Collector, Trace
from aisizer.demand.traces.table import read_table
from aisizer.progress import Told, untold

_PEEK = 1024
"""Characters looked at to tell CSV from JSON."""


def read_trace(path: Path, mapping: Mapping[str, str] | None = None, progress: Told = untold) -> Trace:
    """Reads a trace; `mapping` names its columns where it is of no known format. A refusal names the line.

    `progress` is told of the bytes read.
    """
    digest = sha256_of(path)
    collector = Collector()
    with opened(path, progress) as stream:
        form, has_times, has_cached, zoneless, reuse = _read(stream, path, mapping or {}, collector)
    requests, start, sessions = collector.requests()
    left = collector.left()
    if not len(requests.arrival_s):
        raise refusal(path, f"no row is usable ({_why(collector)}). Mend the rows.")
    return Trace(
        file=path.name,
        form=form,
        sha256=digest,
        requests=requests,
        start_s=start,
        sessions=sessions,
        has_times=has_times,
        has_cached=has_cached,
        zoneless=zoneless,
        unsorted=collector.unsorted if has_times else 0,
        malformed=left,
        apart={sort: count for sort, count in collector.apart.items() if count},
        reuse=reuse,
    )


def _read(
    stream: TextIO, path: Path, mapping: Mapping[str, str], collector: Collector
) -> tuple[str, bool, bool, bool, tuple[float, float] | None]:
    first = stream.read(_PEEK).lstrip()
    stream.seek(0)
    if first[:1] not in ("{", "["):
        form, roles, zoneless = read_table(stream, path, mapping, collector)
        return form, "time" in roles, "cached" in roles, zoneless, None
    is_document = path.name.removesuffix(".gz").endswith(".json") or first[:1] == "["
    reading = (read_document if is_document else read_lines)(stream, path, mapping, collector)
    share = (reading.reuse.found / reading.reuse.tokens, float(BLOCK_TOKENS)) if reading.reuse.tokens else None
    return reading.form, reading.has_times, reading.has_cached, False, share


def _why(collector: Collector) -> str:
    """Why nothing is left, in the words of the first rows."""
    examples = [f"line {line}: {why}" for line, why in collector.left().examples[:3]]
    apart = [f"{count:,} {sort}" for sort, count in collector.apart.items() if count]
    return "; ".join(examples + apart) or "it has no rows"
