"""Reads request traces in CSV: Azure 2023 and 2024, BurstGPT, and plain prompt_tokens,output_tokens."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from aisizer.errors import Fault, InvalidInput
from aisizer.shapes import Floats, Requests

MAX_BYTES = 2_000_000_000
"""[byte] unpacked; the largest public trace (BurstGPT, 5.3 million requests) has 0.23 GB."""
_COLUMNS = {
    "prompt": ("contexttokens", "request tokens", "prompt_tokens"),
    "output": ("generatedtokens", "response tokens", "output_tokens"),
    "time": ("timestamp", "arrival_s"),
    "cached": ("cached_tokens",),
}
"""Names of each column, in lower case, as the traces spell them."""


@dataclass(frozen=True, slots=True)
class Trace:
    """The usable requests of a trace, in order of arrival, and the rows that were left out."""

    requests: Requests
    sha256: str
    """Of the file as it lies on disk."""
    has_times: bool
    """Without a time column every arrival is 0 and only the lengths mean anything."""
    malformed: dict[int, str]
    """Line number to what is wrong with it; failed requests without output are among them."""


def read_trace(path: Path) -> Trace:
    """Reads a CSV trace, gzip or not; the message of a refusal names the line."""
    content = _content(path)
    try:
        text = _unpacked(path, content).decode("utf-8-sig")
        rows = csv.reader(io.StringIO(text, newline=""))
        columns = _columns(next(rows, []), path)
        values, malformed = _values(rows, columns)
    except (csv.Error, UnicodeDecodeError) as error:
        raise _refusal(path, f"the file is not CSV in UTF-8 ({error}). Export it as CSV with a header line.") from error
    if not len(values):
        first = "; ".join(f"line {line}: {why}" for line, why in list(malformed.items())[:3]) or "it has no rows"
        raise _refusal(path, f"no row is usable ({first}). Mend the rows.")
    return Trace(_requests(values), hashlib.sha256(content).hexdigest(), "time" in columns, malformed)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _refusal(path, f"the trace cannot be read ({reason}). Check the path and its permissions.") from error


def _unpacked(path: Path, content: bytes) -> bytes:
    if path.suffix != ".gz":
        return content
    try:
        with gzip.open(io.BytesIO(content)) as stream:
            unpacked = stream.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _refusal(path, f"the file is not valid gzip ({error}). Pack it again.") from error
    if len(unpacked) > MAX_BYTES:
        raise _refusal(path, "the trace unpacks to more than 2 GB. Cut it to a few weeks.")
    return unpacked


def _columns(header: list[str], path: Path) -> dict[str, int]:
    """Position of each column that the trace has, found by name."""
    names = [name.strip().lower() for name in header]
    found = {role: names.index(name) for role, known in _COLUMNS.items() for name in known if name in names}
    if "prompt" not in found or "output" not in found:
        got = ", ".join(header)[:80] or "nothing"
        raise _refusal(
            path,
            f"the columns of prompt and output tokens are missing (got {got}). Name them prompt_tokens and "
            f"output_tokens, ContextTokens and GeneratedTokens, or Request tokens and Response tokens.",
            line=1,
        )
    return found


def _values(rows: Iterator[list[str]], columns: dict[str, int]) -> tuple[Floats, dict[int, str]]:
    """Time, prompt, output and cached tokens of each usable row, and what is wrong with the others by line."""
    values: list[tuple[float, float, float, float]] = []
    malformed: dict[int, str] = {}
    for line, row in enumerate(rows, start=2):
        if not row:
            continue
        try:
            values.append(_row(row, columns))
        except (ValueError, IndexError, OverflowError) as error:
            malformed[line] = "a column is missing" if isinstance(error, IndexError) else str(error)
    return np.array(values, dtype=np.float64).reshape(-1, 4), malformed


def _row(row: list[str], columns: dict[str, int]) -> tuple[float, float, float, float]:
    prompt, output = float(row[columns["prompt"]]), float(row[columns["output"]])
    cached = float(row[columns["cached"]]) if "cached" in columns else 0.0
    if not (1 <= prompt < math.inf and 1 <= output < math.inf):
        raise ValueError(f"less than one token, or no number (got {prompt:g} prompt, {output:g} output)")
    if not 0 <= cached <= prompt:
        raise ValueError(f"cached tokens outside the prompt (got {cached:g} of {prompt:g})")
    return _seconds(row[columns["time"]]) if "time" in columns else 0.0, prompt, output, cached


def _seconds(text: str) -> float:
    """[s] a time in seconds, or an ISO 8601 time, which is taken as UTC where it names no zone.

    >>> _seconds("41"), _seconds("2024-05-10 00:00:01.5+00:00") - _seconds("2024-05-10T00:00:00")
    (41.0, 1.5)
    """
    try:
        seconds = float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not math.isfinite(seconds):
        raise ValueError(f"the time is no number (got {text})")
    return seconds


def _requests(values: Floats) -> Requests:
    ordered = values[np.argsort(values[:, 0], kind="stable")]
    return Requests(
        arrival_s=ordered[:, 0] - ordered[0, 0],
        prompt_tokens=ordered[:, 1],
        output_tokens=ordered[:, 2],
        cached_tokens=ordered[:, 3],
        class_id=np.zeros(len(ordered), dtype=np.int64),
    )


def _refusal(path: Path, problem: str, line: int | None = None) -> InvalidInput:
    return InvalidInput([Fault(str(path), line, None, "", problem)])
