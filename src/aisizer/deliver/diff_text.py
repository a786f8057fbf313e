"""What changed between two plans, as a screen of 80 columns and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from textwrap import wrap

from aisizer.deliver.diff_tables import NOTHING, Row, Table, closing, headline, summary, tables, visible
from aisizer.studies.diff_records import Diff
from aisizer.studies.gates import told

WIDTH = 80
KEY = "~ changed, + added, - removed"
WIDTHS = (27, 15, 15, 14, 9)
"""columns of name (with its mark), old, new, difference and per cent"""
_BOLD, _RED, _GREEN, _OFF = "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[0m"


def diff_json(diff: Diff) -> str:
    """All that differs, fields in the order they are declared."""
    data = diff.model_dump(mode="json", by_alias=True)
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def diff_text(diff: Diff, *, color: bool = False) -> str:
    """All that differs as tables; one line where nothing does."""
    lines = list(_gates(diff, color))
    if not diff.sections:
        return _joined([NOTHING, *lines])
    for row in summary(diff):
        lines += _wrapped(f"{row.name}: {_phrase(row)}", "  ")
    lines += ["", f"{KEY:<{WIDTHS[0]}}{_heads()}"]
    for table in tables(diff):
        lines += ["", _painted(table.title, _BOLD, color), *_rows(table, color)]
    for sentence in closing(diff):
        lines += ["", *_wrapped(sentence)]
    title = _wrapped(f"{diff.new.profile}: {headline(diff)}")
    return _joined([*(_painted(line, _BOLD, color) for line in title), *lines])


def _phrase(row: Row) -> str:
    """Old and new in one line."""
    if row.old == row.new:
        return f"{row.new}, as before"
    change = f" ({row.delta}{', ' if row.ratio else ''}{row.ratio})" if row.delta else ""
    return f"{row.old} -> {row.new}{change}"


def _joined(lines: list[str]) -> str:
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _heads() -> str:
    return "".join(f"{text:>{width}}" for text, width in zip(("old", "new", "change"), WIDTHS[1:4], strict=True))


def _gates(diff: Diff, color: bool) -> Iterator[str]:
    for result in diff.gates:
        for line in _wrapped(told(result), "  "):
            yield _painted(line, _GREEN if result.holds else _RED, color)


def _rows(table: Table, color: bool) -> Iterator[str]:
    for row in table.rows:
        tone = "" if row.worse is None else _RED if row.worse else _GREEN
        for line in _row(row):
            yield _painted(line, tone, color and bool(tone))


def _row(row: Row) -> list[str]:
    """One line where it fits, else the name above the values."""
    cells = (visible(row.old), visible(row.new), row.delta, row.ratio)
    name = _wrapped(f"{row.mark} {row.name}", "  ")
    if any(len(text) >= width for text, width in zip(cells, WIDTHS[1:], strict=True)):
        return [*name, *_stacked(row)]
    figures = "".join(f"{text:>{width}}" for text, width in zip(cells, WIDTHS[1:], strict=True))
    if len(name) == 1 and len(name[0]) <= WIDTHS[0]:
        return [f"{name[0]:<{WIDTHS[0]}}{figures}"]
    return [*name, f"{'':<{WIDTHS[0]}}{figures}"]


def _stacked(row: Row) -> list[str]:
    """Values too long for a column, one below the other."""
    parts = [("old:", row.old), ("new:", row.new), ("change:", f"{row.delta} {row.ratio}".strip())]
    texts = [f"{label} {text}" for label, text in parts if text]
    return [line for text in texts for line in _wrapped(text, " " * 9, " " * 4)]


def _wrapped(text: str, indent: str = "", first: str = "") -> list[str]:
    """Lines of at most 80 columns, all of them visible text."""
    return wrap(visible(text), WIDTH, initial_indent=first, subsequent_indent=indent)


def _painted(text: str, tone: str, color: bool) -> str:
    return f"{tone}{text.rstrip()}{_OFF}" if color else text
