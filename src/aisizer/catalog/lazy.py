"""Records that are parsed and checked when first asked for, and found by name without parsing all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from aisizer.catalog.coverage import coverage_problems
from aisizer.catalog.record_file import RecordFile
from aisizer.catalog.records import Source
from aisizer.errors import Fault, InvalidInput
from aisizer.schema import Record

R = TypeVar("R", bound=Record)


class LazyRecords(Mapping[str, R], Generic[R]):
    """Records by id that are parsed and checked when first asked for."""

    def __init__(self, kind: type[R], files: Mapping[str, RecordFile], sources: Mapping[str, Source]) -> None:
        self._kind, self._files, self._sources = kind, files, sources
        self._parsed: dict[str, R] = {}
        self._texts: dict[str, str] = {}

    def __getitem__(self, key: str) -> R:
        if key not in self._parsed:
            record, faults = read_record(self._kind, self._files[key], self._sources)
            if record is None or faults:
                raise InvalidInput(faults)
            self._parsed[key] = record
        return self._parsed[key]

    def __contains__(self, key: object) -> bool:
        return key in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def holding(self, name: str) -> Iterator[R]:
        """The records whose file has the mapped name anywhere in its text; only these are parsed."""
        if not self._texts:
            self._texts = {key: mapped(file.text()) for key, file in self._files.items()}
        for key, text in self._texts.items():
            if name in text:
                yield self[key]


def mapped(text: str) -> str:
    """Lower case, a hyphen for each run of blanks and underscores, a point inside a version: all spellings go through it.

    >>> mapped("Meta-Llama-3.1_8B Instruct"), mapped("llama3_1-8b"), mapped("gemma-3-4b")
    ('meta-llama-3.1-8b-instruct', 'llama3.1-8b', 'gemma-3-4b')
    """
    hyphened = re.sub(r"[\s_]+", "-", text.lower())
    return re.sub(r"([a-z]-?\d)-(?=\d-)", r"\1.", hyphened)


def read_record(kind: type[R], file: RecordFile, sources: Mapping[str, Source]) -> tuple[R | None, list[Fault]]:
    """One file as a record, with every fault it has."""
    record, faults = file.validate(kind)
    if record is None:
        return None, faults
    stem = file.path.stem
    if getattr(record, "id", stem) != stem:
        faults.append(file.fault(("id",), f"the id must be the file's name (got {record.id}). Write {stem}."))  # type: ignore[attr-defined]
    faults += [file.fault(path, problem) for path, problem in coverage_problems(record, sources)]
    return record, faults
