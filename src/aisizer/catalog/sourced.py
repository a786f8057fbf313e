"""The base of every catalog record: an id, a name, and the source of each number."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from aisizer.schema import Record

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
Kind = Literal["measured", "datasheet", "list_price", "quote", "derived", "estimated", "rule"]
Confidence = Literal["high", "medium", "low"]
Precision = Literal["bf16", "fp8", "fp4", "int8", "int4"]


class Source(Record):
    """Who said a number, where and when."""

    title: str
    publisher: str
    url: str
    date: str
    """Publication or retrieval date as the source gives it: 2026-10-22, 2026-10 or 2026."""
    kind: Kind
    confidence: Confidence = "medium"


class Sourced(Record):
    """A record of the catalog; `sources` names the source of each numeric field, `*` that of all the others."""

    id: Id
    """what a profile calls it, and the stem of its file; never changes its meaning"""
    name: str
    """what people call it, in documents"""
    aliases: tuple[str, ...] = ()
    """other names that a profile may use"""
    sources: dict[str, str]
    """id of the source of each numeric field; `*` stands for all that are not named"""
    notes: tuple[str, ...] = ()
    """what a reader of the record should know of its figures"""


class Amount(Record):
    """A price or factor with its range, unit, date and source; base = high where the source gives a range only."""

    base: float = Field(ge=0)
    """what the plan counts with"""
    low: float | None = Field(default=None, ge=0)
    high: float | None = Field(default=None, ge=0)
    unit: str
    """USD, USD/h, week, ratio, ..."""
    as_of: date
    """day on which it held: its age counts from there"""
    source: str
    """id of a source"""
    kind: Kind
    upfront: float = Field(default=0.0, ge=0, le=1)
    """[1] of a term's price that is paid at its start"""
    note: str = ""
