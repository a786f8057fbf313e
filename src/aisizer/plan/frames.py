"""The Plan's tables in pandas, for notebooks and other programs; the only module with pandas in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pandas as pd

from aisizer.plan.records import Plan
from aisizer.plan.tables import TABLES, Table
from aisizer.profile.fields import bare
from aisizer.schema import Record, descriptions

TYPES: Mapping[Any, tuple[str, str]] = {
    float: ("float64", "float64"),
    int: ("int64", "Int64"),
    bool: ("bool", "boolean"),
    str: ("string", "string"),
    date: ("datetime64[s]", "datetime64[s]"),
}
"""Of a column whose values are all known, and of one where some may be missing."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, and how a record fills it."""

    name: str
    dtype: str
    meaning: str
    value: Callable[[Any], Any]


def frames(plan: Plan) -> dict[str, pd.DataFrame]:
    """Every table of a plan by name; `attrs["columns"]` of each says what its columns mean."""
    return {name: _frame(table, plan) for name, table in TABLES.items()}


def columns(table: Table) -> list[Column]:
    """The columns of a table's record, without those that the table's keys stand for."""
    return [column for column in _columns(table.record) if column.name not in table.keys]


def _frame(table: Table, plan: Plan) -> pd.DataFrame:
    rows, own = list(table.rows(plan)), columns(table)
    keys = {name: pd.Series([keys[name] for keys, _ in rows], dtype="string") for name in table.keys}
    frame = pd.DataFrame(keys | {c.name: pd.Series([c.value(row) for _, row in rows], dtype=c.dtype) for c in own})
    frame.attrs["columns"] = dict(table.keys) | {column.name: column.meaning for column in own}
    return frame


def _columns(record: type[Record]) -> Iterator[Column]:
    hints, texts = get_type_hints(record), descriptions(record)
    for name, info in record.model_fields.items():
        yield from _column(info.alias or name, hints[name], " ".join(texts.get(name, "").split()), attrgetter(name))


def _column(name: str, hint: Any, meaning: str, value: Callable[[Any], Any], maybe: bool = False) -> Iterator[Column]:
    """The columns of one field: one of a value, several of a record, a range or named values; none of longer lists."""
    maybe = maybe or type(None) in get_args(hint)
    kind = bare(hint)
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        kind = type(args[0])
    if kind in TYPES:
        yield Column(name, TYPES[kind][maybe], meaning, value)
    elif isinstance(kind, type) and issubclass(kind, Record):
        yield from (_within(f"{name}_{inner.name}", inner, value) for inner in _columns(kind))
    elif origin is dict and get_origin(args[0]) is Literal:
        for key in get_args(args[0]):
            yield from _column(f"{name}_{key}", args[1], meaning, _entry(value, key), maybe)
    elif kind == tuple[float, float]:
        for key, end in enumerate(("low", "high")):
            yield from _column(f"{name}_{end}", float, meaning, _entry(value, key), maybe)
    elif kind == tuple[str, ...]:
        yield Column(name, "string", meaning, lambda record: "; ".join(value(record)))
    elif origin is not tuple and origin is not dict:
        yield Column(name, "object", meaning, value)


def _within(name: str, inner: Column, outer: Callable[[Any], Any]) -> Column:
    """A column of a record that stands in a field of another one."""
    return Column(name, inner.dtype, inner.meaning, lambda record: inner.value(outer(record)))


def _entry(value: Callable[[Any], Any], key: Any) -> Callable[[Any], Any]:
    """One value of a mapping or range; nothing where there is no such."""
    return lambda record: None if (held := value(record)) is None else held[key]
