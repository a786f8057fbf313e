"""What is kept of a trace: the usable requests as numbers, and a count of everything that was left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aisizer.shapes import Floats, Ints, Requests

Booleans = NDArray[np.bool_]
NO_SESSION = 0
"""In place of a session's hash where the row names none."""
MOST_TOKENS = 10_000_000
"""[token] of one request; no model has a longer context."""
FIRST_CALENDAR_SECOND = 946_684_800.0
"""[s] the year 2000; smaller times count from a zero of the trace's own."""
NO_LINES = np.empty(0, dtype=np.int64)
"""Of rows that are kept: a good one is never named."""
_EXAMPLES = 5
_NUMERIC = frozenset("0123456789.,:+-eETZ")
_SAID = frozenset(("prompt", "output", "cached", "prompt,", "output,", "columns", "inf", "nan"))
"""Words that the messages themselves use."""
NO_OUTPUT = "failed, without output"
FROM_THE_GATEWAY = "answered from the gateway's own cache"


@dataclass(frozen=True, slots=True)
class Left:
    """Rows that were left out: how many for each reason, and the first few with their line and what they held."""

    reasons: dict[str, int]
    examples: tuple[tuple[int, str], ...]

    @property
    def count(self) -> int:
        """All rows left out."""
        return sum(self.reasons.values())


@dataclass(frozen=True, slots=True)
class Trace:
    """The usable requests of a trace, in order of arrival, and the rows that were left out."""

    file: str
    """Its name without the folder."""
    form: str
    """The format it was read as."""
    sha256: str
    """Of the file as it lies on disk."""
    requests: Requests
    """The first arrives at 0."""
    start_s: float
    """[s] the first arrival on the trace's own clock: since 1970, or since a zero of its own."""
    sessions: Ints
    """Hash of the session of each request, NO_SESSION where it names none; in order of arrival."""
    has_times: bool
    """Without a time column every arrival is 0 and only the lengths mean anything."""
    has_cached: bool
    """Whether the trace says how much of each prompt came from the prefix cache."""
    zoneless: bool
    """Whether times named no zone and were taken as UTC."""
    unsorted: int
    """Rows whose time lay before that of the row above them."""
    malformed: Left
    """Rows that are no requests at all."""
    apart: dict[str, int]
    """Rows that are requests, or calls, but none that a model answered."""
    reuse: tuple[float, float] | None
    """[1] share of prompt tokens in blocks seen before, and the tokens of a block; None where the trace has no blocks."""

    @property
    def failed(self) -> int:
        """Requests without output."""
        return self.apart.get(NO_OUTPUT, 0)

    @property
    def has_calendar(self) -> bool:
        """Whether its clock counts from 1970, so that hours and weekdays mean something."""
        return self.has_times and self.start_s >= FIRST_CALENDAR_SECOND


@dataclass(slots=True)
class Rows:
    """Some rows of a file as columns of numbers; absent columns are zero."""

    line: Ints
    time_s: Floats
    prompt: Floats
    output: Floats
    cached: Floats
    session: Ints

    def where(self, kept: Booleans) -> Rows:
        """The rows that are kept."""
        return Rows(*(getattr(self, column.name)[kept] for column in fields(self)))


@dataclass(slots=True)
class Collector:
    """Takes a file's rows, keeps the usable ones and counts the others."""

    kept: list[Rows] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[int, str]] = field(default_factory=list)
    apart: Counter[str] = field(default_factory=Counter)
    unsorted: int = 0
    latest_s: float = -np.inf

    def refuse(self, line: int, reason: str, got: str = "") -> None:
        """Counts one malformed row; the first few are kept with what they held."""
        self.reasons[reason] += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append((line, f"{reason} (got {_of_numbers(got)})" if got else reason))

    def take(self, rows: Rows) -> None:
        """Keeps the usable rows; a row without output is a failed request, one without a prompt is malformed."""
        finite = np.isfinite(rows.time_s) & np.isfinite(rows.prompt) & np.isfinite(rows.output)
        failed = finite & (rows.output == 0) & (rows.prompt >= 0)
        short = finite & ~failed & ((rows.prompt < 1) | (rows.output < 1))
        long = finite & ((rows.prompt > MOST_TOKENS) | (rows.output > MOST_TOKENS))
        cached = finite & ~failed & ~short & ~long & ~((rows.cached >= 0) & (rows.cached <= rows.prompt))
        self._refuse(rows, ~finite, "a number is not finite")
        self._refuse(rows, short, "less than one token")
        self._refuse(rows, long & ~failed & ~short, f"more than {MOST_TOKENS:,} tokens")
        self._refuse(rows, cached, "cached tokens outside the prompt")
        self.apart[NO_OUTPUT] += int(failed.sum())
        kept = rows.where(finite & ~failed & ~short & ~long & ~cached)
        kept.line = NO_LINES
        self.kept.append(kept)
        self._order(kept.time_s)

    def _refuse(self, rows: Rows, wrong: Booleans, reason: str) -> None:
        places = np.flatnonzero(wrong)
        for index in places[:_EXAMPLES]:
            got = f"{rows.prompt[index]:g} prompt, {rows.output[index]:g} output, {rows.cached[index]:g} cached"
            self.refuse(int(rows.line[index]), reason, got)
        self.reasons[reason] += len(places[_EXAMPLES:])

    def _order(self, times: Floats) -> None:
        if len(times):
            before = np.concatenate([[self.latest_s], times[:-1]])
            self.unsorted += int(np.sum(times < before))
            self.latest_s = float(times[-1])

    def left(self) -> Left:
        """What was refused."""
        return Left({reason: count for reason, count in self.reasons.items() if count}, tuple(sorted(self.examples)))

    def requests(self) -> tuple[Requests, float, Ints]:
        """The usable requests in order of arrival, the first arrival's time [s], and each one's session; the rows are
        let go of as they are joined, so that a trace lies in memory once and a column more."""
        times = np.concatenate([np.empty(0), *(rows.time_s for rows in self.kept)])
        order = np.argsort(times, kind="stable")
        times, start = times[order], float(times.min()) if len(times) else 0.0
        prompt, output, cached, session = (self._joined(name)[order] for name in _COLUMNS)
        return Requests(times - start, prompt, output, cached, np.zeros(len(times), dtype=np.int64)), start, session

    def _joined(self, name: str) -> Any:
        column = np.concatenate([getattr(rows, name) for rows in self.kept] or [np.empty(0)])
        for rows in self.kept:
            setattr(rows, name, None)
        return column


_COLUMNS = ("prompt", "output", "cached", "session")


def _of_numbers(text: str) -> str:
    """What a cell held, unless it is text: that may be a prompt or a name, and none reaches a report.

    >>> _of_numbers("1.5e3 prompt"), _of_numbers("2026-01-01T00:00"), _of_numbers("Dear Sir")
    ('1.5e3 prompt', '2026-01-01T00:00', 'text')
    """
    words = text.split()
    return printable(text) if all(word in _SAID or not set(word) - _NUMERIC for word in words) else "text"


def printable(text: str) -> str:
    """A short text of a file as one line that any terminal can show."""
    return "".join(c if c.isprintable() else "?" for c in text[:80])
