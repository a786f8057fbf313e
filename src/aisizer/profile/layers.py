"""Lays fragments and --set values over a profile and remembers which file each value came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aisizer.errors import Fault, InvalidInput
from aisizer.profile.yaml_file import Document, FieldPath

QUOTES: FieldPath = ("supply", "quotes")
"""The one list that a fragment adds to: its quote for an item replaces the one below it, and all others stay."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The document that set a value, the folder its relative paths start from, and the value's path in it."""

    document: Document
    folder: Path
    inner: FieldPath = ()


@dataclass(frozen=True, slots=True)
class Layers:
    """The merged data of a profile, and the origin of each value that was laid over another."""

    data: dict[str, Any]
    origins: Mapping[FieldPath, Origin]

    def origin(self, path: FieldPath) -> tuple[Origin, FieldPath]:
        """The document that set the value at `path`, and its path in that document."""
        depth = next(n for n in range(len(path), -1, -1) if path[:n] in self.origins)
        origin = self.origins[path[:depth]]
        return origin, (*origin.inner, *path[depth:])

    def fault(self, path: FieldPath, problem: str, *, at_key: bool = False) -> Fault:
        """A fault at a path of the merged profile, placed in the file that set the value."""
        origin, inner = self.origin(path)
        line, column = origin.document.place(inner, at_key=at_key)
        return Fault(origin.document.file, line, column, dotted(path), problem)

    def replace(self, path: FieldPath, value: Any, origin: Origin) -> Layers:
        """The same layers with one value replaced; parents that are absent are made."""
        kept = {known: of for known, of in self.origins.items() if known[: len(path)] != path}
        return Layers(_with(self.data, path, value), {**kept, path: origin})

    def overlay(self, patch: Mapping[str, Any], origin: Origin, at: FieldPath = ()) -> Layers:
        """A merge patch (RFC 7396): mappings merge, null removes, lists and scalars replace; quotes are added."""
        layers = self
        for key, value in patch.items():
            path = (*at, key)
            below = value_at(layers.data, path)
            if isinstance(value, dict) and isinstance(below, dict):
                layers = layers.overlay(value, origin, path)
            elif path == QUOTES and isinstance(value, list) and isinstance(below, list):
                added = [(entry, replace(origin, inner=(*path, index))) for index, entry in enumerate(value)]
                layers = layers.with_entries(path, [*layers.entries(path), *added])
            else:
                layers = layers.replace(path, value, replace(origin, inner=path))
        return layers

    def entries(self, path: FieldPath) -> list[tuple[Any, Origin]]:
        """The entries of the list at a path, each with its origin; none where there is no list."""
        below = value_at(self.data, path)
        written = below if isinstance(below, list) else []
        found = [self.origin((*path, index)) for index in range(len(written))]
        return [(entry, replace(of, inner=inner)) for entry, (of, inner) in zip(written, found, strict=True)]

    def with_entries(self, path: FieldPath, entries: Sequence[tuple[Any, Origin]]) -> Layers:
        """The same layers with these entries as the list at a path."""
        origin, inner = self.origin(path)
        layers = self.replace(path, [entry for entry, _ in entries], replace(origin, inner=inner))
        origins: dict[FieldPath, Origin] = {(*path, index): of for index, (_, of) in enumerate(entries)}
        return Layers(layers.data, {**layers.origins, **origins})


def value_at(data: Any, path: FieldPath) -> Any:
    """The value at a path, or None where there is none."""
    for part in path:
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and 0 <= part < len(data):
            data = data[part]
        else:
            return None
    return data


def split(text: str, data: Any) -> FieldPath:
    """A dotted path as keys; a key of the data that holds dots itself is taken whole.

    >>> split("workloads.chat-v1.5.load", {"workloads": {"chat-v1.5": {}}})
    ('workloads', 'chat-v1.5', 'load')
    """
    parts, path = text.split("."), []
    while parts:
        if isinstance(data, dict):
            take = next((n for n in range(len(parts), 0, -1) if ".".join(parts[:n]) in data), 1)
            key: str | int = ".".join(parts[:take])
        else:
            take, key = 1, int(parts[0]) if isinstance(data, list) and parts[0].isdecimal() else parts[0]
        path.append(key)
        parts, data = parts[take:], value_at(data, (key,))
    return tuple(path)


def dotted(path: Sequence[str | int]) -> str:
    """A path as the user writes it.

    >>> dotted(("growth", "phases", 0, "share"))
    'growth.phases.0.share'
    """
    return ".".join(str(part) for part in path)


def written_paths(data: Any, path: FieldPath = ()) -> Iterator[str]:
    """Every dotted path of the data, parents included; a list counts as one value."""
    if path:
        yield dotted(path)
    if isinstance(data, dict):
        for key, value in data.items():
            yield from written_paths(value, (*path, key))


def _with(data: Any, path: FieldPath, value: Any) -> Any:
    if not path:
        return value
    head, rest = path[0], path[1:]
    if isinstance(data, list):
        if not isinstance(head, int) or head >= len(data):
            raise InvalidInput(f"{head} is no position of a list of {len(data)}. Count from 0.")
        return [_with(item, rest, value) if index == head else item for index, item in enumerate(data)]
    if data is not None and not isinstance(data, dict):
        raise InvalidInput(f"{dotted(path)} cannot be set below a plain value (got {data}). Set the parent instead.")
    children = dict(data or {})
    if not rest and value is None:
        children.pop(head, None)
        return children
    return {**children, head: _with(children.get(head), rest, value)}
