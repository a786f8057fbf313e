"""Reads a file of levels: day, trigger and level, or a column for each trigger; every fault comes with its line."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from aisizer.errors import Fault, InvalidInput
from aisizer.profile.faults import shown
from aisizer.profile.fields import did_you_mean
from aisizer.watch.drift import PREFIX_HIT, QUANTITIES, REQUESTS
from aisizer.watch.measured import Daily, Measured
from aisizer.watch.records import Source

MAX_BYTES = 50_000_000
"""[byte] minutes of a year of one trigger; more belongs into Prometheus."""
MOST_FAULTS = 20
"""Faults told of one file; a wrong column makes as many as there are lines."""
LONG = ("day", "trigger", "level")
DAILY_PERCENTILE = 95.0
"""[%] of the levels of one day that stands for the day, as the recording rule p95_1d has it."""


@dataclass
class _Rows:
    """What was read so far: the values of every (id, day), whether days are whole, and the faults."""

    file: str
    ids: Collection[str]
    values: dict[tuple[str, date], list[float]] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)
    whole: dict[tuple[str, date], bool] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, line: int, column: str, problem: str) -> None:
        self.faults.append(Fault(self.file, line, None, column, problem))


def read_metrics(path: Path, triggers: Sequence[str], pools: Collection[str], workloads: Collection[str]) -> Measured:
    """The levels of a CSV file, and what it says of the workload of pools and the requests of workloads."""
    content = _bytes(path)
    keys = [(quantity, pool) for pool in pools for quantity in QUANTITIES] + [(REQUESTS, name) for name in workloads]
    properties = {"-".join(key): key for key in keys}
    rows = _Rows(path.name, (*triggers, *properties))
    _read(rows, content)
    if rows.faults:
        raise InvalidInput(_told(rows))
    daily = _daily(rows)
    return Measured(
        source=Source(kind="csv", name=path.name, sha256=hashlib.sha256(content).hexdigest()),
        levels={name: daily[name] for name in triggers if name in daily},
        workload={key: daily[name] for name, key in properties.items() if name in daily},
        origin={name: f"{path.name}: {name}" for name in triggers if name in daily},
    )


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInput(f"{path} cannot be read ({reason}). Give the path of a CSV file of levels.") from error
    if len(content) > MAX_BYTES:
        raise InvalidInput(f"{path} is larger than 50 MB. Give one level a day, or --prometheus.")
    return content


def _read(rows: _Rows, content: bytes) -> None:
    try:
        table = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        header = [cell.strip() for cell in next(table, [])]
        if not _header_is_sound(rows, header):
            return
        for cells in table:
            if any(cell.strip() for cell in cells):
                _row(rows, table.line_num, header, [cell.strip() for cell in cells])
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{rows.file} is not UTF-8. Save the file as UTF-8.") from error
    except csv.Error as error:
        raise InvalidInput(f"{rows.file} is not CSV ({error}). Write cells with commas between them.") from error


def _header_is_sound(rows: _Rows, header: Sequence[str]) -> bool:
    known = ", ".join(rows.ids)
    if sorted(header) == sorted(LONG):
        return True
    if header[:1] != ["day"] or len(header) < 2:
        got = shown(",".join(header))
        rows.fault(1, "", f"the columns day,trigger,level or day and trigger ids are expected (got {got}). Name them.")
    for name in sorted({name for name in header if header.count(name) > 1}):
        rows.fault(1, name, "the column stands twice. Remove one of them.")
    for name in header[1:]:
        if name not in rows.ids:
            near = did_you_mean(name, list(rows.ids))
            rows.fault(1, shown(name), f"the plan has no such trigger{near}. Its ids are {known}.")
    return not rows.faults


def _row(rows: _Rows, line: int, header: Sequence[str], cells: Sequence[str]) -> None:
    if len(cells) != len(header):
        rows.fault(line, "", f"{len(header)} cells are expected (got {len(cells)}). Mend the line.")
        return
    row = dict(zip(header, cells, strict=True))
    when = _when(row["day"])
    if when is None:
        rows.fault(line, "day", f"a date or timestamp is expected (got {shown(row['day'])}). Write it as 2028-01-31.")
        return
    for name, text in _cells(row):
        _cell(rows, line, name, when, text)


def _cells(row: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Ids with their texts; an empty cell of a wide table is a day that was not measured."""
    if "trigger" in row:
        yield row["trigger"], row["level"]
        return
    yield from ((name, text) for name, text in row.items() if name != "day" and text)


def _cell(rows: _Rows, line: int, name: str, when: date | datetime, text: str) -> None:
    day = when.date() if isinstance(when, datetime) else when
    key, moment, whole = (name, day), when.isoformat(), not isinstance(when, datetime)
    value = _number(text, name)
    if name not in rows.ids:
        near = did_you_mean(name, list(rows.ids))
        rows.fault(line, "trigger", f"the plan has no trigger {shown(name)}{near}. Its ids are {', '.join(rows.ids)}.")
    elif value is None:
        what = "a share below 1" if name.startswith(f"{PREFIX_HIT}-") else "a number of at least 0"
        rows.fault(line, name, f"{what} is expected (got {shown(text)}). Mend it, or leave the day out.")
    elif (name, moment) in rows.seen or rows.whole.get(key, whole) != whole:
        rows.fault(line, name, f"there is a level of {day} already (got {shown(moment)} again). Keep one of them.")
    else:
        rows.seen.add((name, moment))
        rows.whole[key] = whole
        rows.values.setdefault(key, []).append(value)


def _when(text: str) -> date | datetime | None:
    """A day, or a moment in UTC; one without a zone is taken as UTC."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _number(text: str, name: str) -> float | None:
    """A level, plain or in per cent; None where it is none."""
    digits, percent = text.removesuffix("%").strip(), text.endswith("%")
    try:
        value = float(digits) / (100 if percent else 1)
    except ValueError:
        return None
    most = 1.0 if name.startswith(f"{PREFIX_HIT}-") else math.inf
    return value if 0 <= value < most else None


def _daily(rows: _Rows) -> dict[str, Daily]:
    daily: dict[str, dict[date, float]] = {}
    for (name, day), values in rows.values.items():
        of_workload = name.startswith(tuple(f"{quantity}-" for quantity in QUANTITIES))
        value = np.mean(values) if of_workload else np.percentile(values, DAILY_PERCENTILE)
        daily.setdefault(name, {})[day] = float(value)
    return dict(daily)


def _told(rows: _Rows) -> list[Fault]:
    more = len(rows.faults) - MOST_FAULTS
    rest = [Fault(rows.file, None, None, "", f"{more} more faults of this kind. Mend those above first.")]
    return rows.faults[:MOST_FAULTS] + (rest if more > 0 else [])
