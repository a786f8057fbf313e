"""Traces as CSV, read in blocks of rows: whole columns at once, and row by row only beside a wrong one."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from aisizer.demand.traces.columns import columns_of, form_of
from aisizer.demand.traces.lines import chunks, refusal
from aisizer.demand.traces.records import FROM_THE_GATEWAY, NO_OUTPUT, NO_SESSION, Collector, Rows
from aisizer.demand.traces.times import names_no_zone, seconds
from aisizer.shapes import Floats, Ints

BLOCK = 8192
"""Rows converted at once."""
FEW = 16
"""Rows that are not worth halving."""
_FAILED = frozenset({"failure", "failed", "error"})


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of the table, and the line on which each ends."""

    line: Ints
    rows: list[list[str]]

    def where(self, kept: Sequence[bool]) -> Block:
        """The rows that are kept."""
        return Block(self.line[np.array(kept, dtype=bool)], list(compress(self.rows, kept)))


def read_table(
    stream: TextIO, path: Path, mapping: Mapping[str, str], collector: Collector
) -> tuple[str, set[str], bool]:
    """Reads a CSV trace into the collector; its form, its roles, and whether its times name no zone."""
    reader = csv.reader(chunks(stream))
    zoneless = False
    try:
        header = next(reader, [])
        columns = columns_of(header, mapping, path)
        for number, block in enumerate(_blocks(reader)):
            if number == 0 and "time" in columns:
                zoneless = _zoneless(block, columns["time"])
            _take(_answered(block, columns, collector), columns, collector)
    except csv.Error as error:
        problem = f"the row is no CSV ({error}). Export numbers only, without prompts and answers."
        raise refusal(path, problem, reader.line_num) from error
    return form_of(header, mapping), set(columns), zoneless


def _blocks(reader: Any) -> Iterator[Block]:
    """So many rows at a time; empty lines are none."""
    before = reader.line_num
    while rows := list(islice(reader, BLOCK)):
        block = Block(_lines(rows, before, reader.line_num), rows)
        before = reader.line_num
        yield block if all(rows) else block.where([bool(row) for row in rows])


def _lines(rows: list[list[str]], before: int, after: int) -> Ints:
    """The line on which each row ends; a quoted cell may hold line ends of its own."""
    if after - before == len(rows):
        return np.arange(before + 1, after + 1)
    return before + np.cumsum([1 + sum(cell.count("\n") for cell in row) for row in rows])


def _zoneless(block: Block, position: int) -> bool:
    for row in block.rows:
        try:
            return names_no_zone(row[position])
        except (ValueError, IndexError):
            continue
    return False


def _take(block: Block, columns: Mapping[str, int], collector: Collector) -> None:
    """Hands a block over; one with a wrong row is halved until few rows are left to look at one by one."""
    try:
        rows = _rows(block, columns)
    except (ValueError, IndexError, OverflowError):
        middle = len(block.rows) // 2
        if middle >= FEW:
            _take(Block(block.line[:middle], block.rows[:middle]), columns, collector)
            _take(Block(block.line[middle:], block.rows[middle:]), columns, collector)
            return
        numbered = zip(block.line.tolist(), block.rows, strict=True)
        rows = _rows(block.where([_readable(line, row, columns, collector) for line, row in numbered]), columns)
    collector.take(rows)


def _answered(block: Block, columns: Mapping[str, int], collector: Collector) -> Block:
    """The rows that a model answered; where a gateway says so, failures and answers of its own cache are counted."""
    status, gateway = columns.get("status"), columns.get("answered_from_cache")
    if status is None and gateway is None:
        return block
    failed = [_cell(row, status) in _FAILED for row in block.rows]
    cached = [not wrong and _cell(row, gateway) == "true" for wrong, row in zip(failed, block.rows, strict=True)]
    collector.apart[NO_OUTPUT] += sum(failed)
    collector.apart[FROM_THE_GATEWAY] += sum(cached)
    return block.where([not (wrong or own) for wrong, own in zip(failed, cached, strict=True)])


def _cell(row: list[str], position: int | None) -> str:
    return row[position].strip().lower() if position is not None and position < len(row) else ""


def _rows(block: Block, columns: Mapping[str, int]) -> Rows:
    def numbers(role: str, convert: Callable[[Sequence[str]], Floats]) -> Floats:
        if role not in columns or not block.rows:
            return np.zeros(len(block.rows))
        return convert(list(map(itemgetter(columns[role]), block.rows)))

    return Rows(
        line=block.line,
        time_s=numbers("time", seconds),
        prompt=numbers("prompt", _counts),
        output=numbers("output", _counts),
        cached=numbers("cached", _counts),
        session=_sessions(block, columns),
    )


def _sessions(block: Block, columns: Mapping[str, int]) -> Ints:
    """Sessions only as hashes: they are counted, and no name of one is kept."""
    if "session" not in columns:
        return np.full(len(block.rows), NO_SESSION, dtype=np.int64)
    names = map(itemgetter(columns["session"]), block.rows)
    return np.array([hash(name) if name else NO_SESSION for name in names], dtype=np.int64)


def _counts(texts: Sequence[str]) -> Floats:
    return np.array(texts, dtype=np.float64)


def _readable(line: int, row: list[str], columns: Mapping[str, int], collector: Collector) -> bool:
    """Whether a row converts; if not it is counted with what is wrong in it."""
    if max(columns.values()) >= len(row):
        collector.refuse(line, "a column is missing", f"{len(row)} columns")
        return False
    for role in ("prompt", "output", "cached"):
        if role in columns and not _converts(_counts, row[columns[role]]):
            collector.refuse(line, f"the count of {role} tokens is no number", row[columns[role]])
            return False
    if "time" in columns and not _converts(seconds, row[columns["time"]]):
        collector.refuse(line, "the time is neither a number nor an ISO 8601 date", row[columns["time"]])
        return False
    return True


def _converts(convert: Callable[[Sequence[str]], Floats], text: str) -> bool:
    try:
        convert([text])
    except (ValueError, OverflowError):
        return False
    return True
