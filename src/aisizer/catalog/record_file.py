"""One YAML file of a catalog: read once, checked against its record type, faults at their line and column."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from aisizer.errors import Fault, InvalidInput
from aisizer.profile.yaml_file import Document, read_bytes
from aisizer.schema import Record

R = TypeVar("R", bound=Record)
Place = tuple[str | int, ...]

_MENDS = {
    "extra_forbidden": "this field is not known. Remove it or correct its name.",
    "missing": "this field is missing. Add it.",
}


class RecordFile:
    """One file of a catalog folder, parsed when first needed."""

    def __init__(self, path: Path, content: bytes) -> None:
        self.path, self._content = path, content

    def validate(self, kind: type[R]) -> tuple[R | None, list[Fault]]:
        """The file as one record, and its faults."""
        document, faults = self._read()
        return (None, faults) if document is None else _record(kind, document, document.data, ())

    def validate_each(self, kind: type[R]) -> Iterator[tuple[str, R | None, list[Fault]]]:
        """Each entry of a mapping of id to record, with its faults."""
        document, faults = self._read()
        if document is None or not isinstance(document.data, dict):
            yield "", None, faults or [self.fault((), "a mapping of id to record is expected. Write id: {...}.")]
            return
        for name, entry in document.data.items():
            yield str(name), *_record(kind, document, entry, (name,))

    def text(self) -> str:
        """The file's text, unparsed."""
        return self._content.decode("utf-8", errors="replace")

    def fault(self, place: Place, problem: str, *, at_key: bool = False) -> Fault:
        """A fault of this file at the position of the value, or of its key."""
        return read_bytes(self._content, str(self.path)).fault(place, problem, at_key=at_key)

    def _read(self) -> tuple[Document | None, list[Fault]]:
        try:
            return read_bytes(self._content, str(self.path)), []
        except InvalidInput as error:
            return None, list(error.faults)


def _record(kind: type[R], document: Document, data: object, prefix: Place) -> tuple[R | None, list[Fault]]:
    try:
        return kind.model_validate(data), []
    except ValidationError as error:
        return None, [_fault(document, dict(item), prefix) for item in error.errors(include_url=False)]


def _fault(document: Document, item: dict[str, Any], prefix: Place) -> Fault:
    problem = _MENDS.get(item["type"], f"{item['msg']} (got {str(item['input'])[:60]}). Correct the value.")
    return document.fault((*prefix, *item["loc"]), problem, at_key=item["type"] in _MENDS)
