"""Finds a record by id, alias or another spelling of its name, and suggests the nearest one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TypeVar

from aisizer.catalog.records import Model, Sourced
from aisizer.errors import AisizerError

S = TypeVar("S", bound=Sourced)

_TUNINGS = ("-instruct", "-chat", "-it", "-hf", "-base")
_VENDORS = ("nvidia-", "amd-", "instinct-", "tesla-", "geforce-")


class UnknownName(AisizerError):
    """The catalog has no record of that name."""

    def __init__(self, kind: str, name: str, suggestion: str | None) -> None:
        self.kind, self.name, self.suggestion = kind, name, suggestion
        hint = f' (did you mean "{suggestion}"?)' if suggestion else ""
        other = " or give the path of a config.json" if kind == "model" else ""
        super().__init__(
            f'the catalog has no {kind} "{name}"{hint}. Name one of `aisizer catalog list {kind}s`{other}.'
        )


def spelled(name: str) -> str:
    """One spelling of a name: lower case, hyphens, no organisation or vendor.

    >>> spelled("H100_SXM"), spelled("NVIDIA H100 80GB HBM3"), spelled("AMD Instinct MI300X")
    ('h100-sxm', 'h100-80gb-hbm3', 'mi300x')
    """
    plain = re.sub(r"[\s_]+", "-", name.strip().lower().rsplit("/", 1)[-1])
    for vendor in _VENDORS:
        plain = plain.removeprefix(vendor)
    return plain


def untuned(name: str) -> str:
    """A model's spelling without the suffixes that do not change its architecture.

    >>> untuned("meta-llama/Llama-3.1-70B-Instruct"), untuned("google/gemma_3_4b_it")
    ('llama-3.1-70b', 'gemma-3-4b')
    """
    plain = spelled(name)
    while tuning := next((ending for ending in _TUNINGS if plain.endswith(ending)), None):
        plain = plain.removesuffix(tuning)
    return plain


def find(kind: str, name: str, records: Mapping[str, S]) -> S:
    """The record of that id or spelling; models are parsed only where no id fits."""
    for candidate in (name, spelled(name), untuned(name)):
        if candidate in records:
            return records[candidate]
    wanted = {spelled(name), untuned(name)}
    for record in records.values():
        if wanted & set(_spellings(record)):
            return record
    raise UnknownName(kind, name, nearest(spelled(name), [*records, *_aliases(records.values())]))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like this one; None where none comes close."""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=0.6)), None)


def _spellings(record: Sourced) -> list[str]:
    names = [record.id, record.name, *record.aliases]
    if isinstance(record, Model):
        return [untuned(name) for name in (*names, record.huggingface) if name]
    return [spelled(name) for name in names]


def _aliases(records: Iterable[Sourced]) -> list[str]:
    return [alias for record in records for alias in record.aliases]
