"""Reads a profile with its fragments and --set values into one validated record; every fault comes at once."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aisizer.errors import Fault, InvalidInput
from aisizer.profile.checks import cross_field
from aisizer.profile.faults import faults_of, in_order, shown
from aisizer.profile.fields import did_you_mean
from aisizer.profile.layers import QUOTES, Layers, Origin, dotted, split, written_paths
from aisizer.profile.packaged import packaged
from aisizer.profile.sections import Profile
from aisizer.profile.yaml_file import MAX_BYTES, Document, FieldPath, is_file, read_bytes, read_file, read_yaml
from aisizer.shapes import Requests

MAX_SET_PATH = 200
"""Characters of a --set path; the longest path of a profile has about 130."""
NameCheck = Callable[[Mapping[str, Any]], Iterable[tuple[FieldPath, str]]]
"""Finds the names in a profile's data that lead nowhere, each as a path and a sentence."""


@dataclass(frozen=True, slots=True)
class LoadedProfile:
    """A validated profile, what it was read from by hash, and where each of its values stands."""

    profile: Profile
    sha256: str
    """Of the bytes of the profile, followed by the --set values if any."""
    fragments: dict[str, str]
    """File name to sha256 of every fragment, quote file and trace read."""
    base_dir: Path | None
    """Folder of the profile; None when it came from stdin."""
    data: dict[str, Any]
    """The profile after merging, before defaults."""
    user_set: frozenset[str]
    """Every dotted path that the user wrote, parents included."""
    layers: Layers = field(repr=False)
    warnings: tuple[str, ...] = ()
    """What was left out of the files read, for the plan's warnings."""
    replays: Mapping[str, Requests] = field(default_factory=dict, repr=False)
    """The requests of each workload that names a trace, as they arrived, for a simulation to replay."""

    def fault(self, path: Sequence[str | int], problem: str, *, at_key: bool = False) -> Fault:
        """A fault of one field, placed in the file that set it."""
        return self.layers.fault(tuple(path), problem, at_key=at_key)

    def folder(self, path: Sequence[str | int]) -> Path:
        """The folder that a relative path written at this field starts from."""
        return self.layers.origin(tuple(path))[0].folder

    def with_value(self, path: FieldPath, value: Any, file: str, sha256: str) -> LoadedProfile:
        """The same profile with one value read from a file in place of what the user wrote."""
        origin, inner = self.layers.origin(path)
        layers = self.layers.replace(path, value, replace(origin, inner=inner))
        fragments = _with_hash(self.fragments, file, sha256)
        written = self.user_set | {dotted(path), *(f"{dotted(path)}.{below}" for below in written_paths(value))}
        return replace(
            self, profile=_validate(layers), data=layers.data, user_set=written, layers=layers, fragments=fragments
        )


def load_profile(
    source: Path | str,
    *,
    sets: Sequence[str] = (),
    fragments: Sequence[Path] = (),
    names: NameCheck | None = None,
) -> LoadedProfile:
    """Reads a profile from a path, `-` (stdin) or the name of a ready profile, and lays fragments and --set over it.

    `names` adds its faults to those of the schema, so that a user sees all of a file's faults at once.
    """
    return _loaded(*_read_source(source), sets, fragments, names)


def profile_of(data: Mapping[str, Any], label: str, fragments: Sequence[Path] = ()) -> LoadedProfile:
    """A profile from its data, as a plan keeps it, with fragments over it; paths in it start from the current folder."""
    content = json.dumps(data).encode()
    return _loaded(read_bytes(content, label), content, Path(), (), fragments, None)


def _loaded(
    document: Document,
    content: bytes,
    folder: Path | None,
    sets: Sequence[str],
    fragments: Sequence[Path],
    names: NameCheck | None,
) -> LoadedProfile:
    layers = Layers(_mapping(document), {(): Origin(document, folder or Path())})
    hashes: dict[str, str] = {}
    for path in fragments:
        fragment, fragment_bytes = read_file(path)
        layers = layers.overlay(_mapping(fragment), Origin(fragment, path.parent))
        hashes = _with_hash(hashes, path.name, _sha256(fragment_bytes))
    layers = _without_replaced(layers)
    for text in sets:
        layers = _set(layers, text)
    user_set = frozenset(written_paths(layers.data))
    layers, hashes = _with_quotes(layers, hashes)
    digest = _sha256(content + "".join(f"\n--set {text}" for text in sets).encode("utf-8", "surrogatepass"))
    return LoadedProfile(_validate(layers, names), digest, hashes, folder, layers.data, user_set, layers)


def ready_profiles() -> list[str]:
    """The names of the profiles that ship with aisizer."""
    return sorted(path.stem for path in packaged("profiles").glob("*.yaml"))


def ready_path(name: str) -> Path:
    """The file of a ready profile."""
    known = ready_profiles()
    if name in known:
        return packaged("profiles") / f"{name}.yaml"
    near = did_you_mean(name, known)
    problem = (
        f"there is no such file and no ready profile of that name{near}. Give a path, or one of {', '.join(known)}."
    )
    raise InvalidInput([Fault(shown(name), None, None, "", problem)])


def _read_source(source: Path | str) -> tuple[Document, bytes, Path | None]:
    if str(source) == "-":
        content = sys.stdin.buffer.read(MAX_BYTES + 1)
        return read_bytes(content, "<stdin>"), content, None
    path = Path(source)
    if isinstance(source, str) and "/" not in source and not path.suffix and not is_file(path):
        path = ready_path(source)
        return *read_file(path, f"profiles/{path.name}"), path.parent
    return *read_file(path), path.parent


def _mapping(document: Document) -> dict[str, Any]:
    if isinstance(document.data, dict):
        return document.data
    problem = (
        f"a mapping of fields is expected (got {shown(document.data)}). `aisizer init` writes a profile to start from."
    )
    raise InvalidInput([document.fault((), problem)])


def _set(layers: Layers, text: str) -> Layers:
    label = f"--set {shown(text)}"
    name, equals, value_text = text.partition("=")
    if not equals or not name.strip(".") or len(name) > MAX_SET_PATH:
        raise InvalidInput([Fault(label, None, None, "", "PATH=VALUE is expected, e.g. growth.rate=5 %/month.")])
    path = split(name, layers.data)
    document = Document(read_yaml(value_text, label).data, label)
    try:
        return layers.replace(path, document.data, Origin(document, Path()))
    except InvalidInput as error:
        raise InvalidInput([Fault(label, None, None, shown(name), str(error))]) from error


def _without_replaced(layers: Layers) -> Layers:
    """The layers without the quotes that a fragment replaces, so that --set counts those that are left."""
    entries = [(entry, origin, origin.document) for entry, origin in layers.entries(QUOTES)]
    return layers.with_entries(QUOTES, _latest(entries)) if entries else layers


def _with_quotes(layers: Layers, hashes: dict[str, str]) -> tuple[Layers, dict[str, str]]:
    """Replaces each path in supply.quotes by the quotes of that file, then keeps the last layer's quote for each item."""
    written, entries = layers.entries(QUOTES), list[tuple[Any, Origin, Document]]()
    for index, (entry, origin) in enumerate(written):
        if not isinstance(entry, str):
            entries.append((entry, origin, origin.document))
            continue
        document, content = _quote_file(layers, index, origin.folder / entry)
        hashes = _with_hash(hashes, Path(entry).name, _sha256(content))
        entries += [
            (quote, Origin(document, origin.folder, ("quotes", position)), origin.document)
            for position, quote in enumerate(_quotes_of(document))
        ]
    return (layers.with_entries(QUOTES, _latest(entries)) if written else layers), hashes


def _latest(entries: Sequence[tuple[Any, Origin, Document]]) -> list[tuple[Any, Origin]]:
    """The quotes without those whose item a later layer quotes again; two for one item in one layer stay, as a fault.

    One that replaces the price alone leaves the offer below what it was, but for the day until which its price was valid.
    """
    last = {_item(quote): layer for quote, _, layer in entries}
    below: dict[str, dict[str, Any]] = {}
    kept = []
    for quote, origin, layer in entries:
        item = _item(quote)
        if item in below and quote.get("replaces") == "price":
            kind = {"replaces": below[item].get("replaces", "offer")}
            quote = {key: value for key, value in below[item].items() if key != "valid_until"} | quote | kind
        if item is not None:
            below[item] = quote
        if item is None or last[item] is layer:
            kept.append((quote, origin))
    return kept


def _item(quote: Any) -> str | None:
    item = quote.get("item") if isinstance(quote, dict) else None
    return item if isinstance(item, str) else None


def _quote_file(layers: Layers, index: int, path: Path) -> tuple[Document, bytes]:
    if not is_file(path):
        problem = f"there is no such file (got {shown(layers.data['supply']['quotes'][index])}). Mend the path."
        raise InvalidInput([layers.fault((*QUOTES, index), problem)])
    return read_file(path)


def _quotes_of(document: Document) -> list[Any]:
    quotes = document.data.get("quotes") if isinstance(document.data, dict) else None
    if not isinstance(quotes, list) or set(document.data) != {"quotes"} or any(isinstance(q, str) for q in quotes):
        raise InvalidInput([document.fault((), "a file of quotes holds `quotes:` and a list of them. Mend the file.")])
    return quotes


def _validate(layers: Layers, names: NameCheck | None = None) -> Profile:
    profile, faults = _profile(layers)
    faults += [layers.fault(path, problem) for path, problem in (names(layers.data) if names else ())]
    if profile is None or faults:
        raise InvalidInput(in_order(faults))
    return profile


def _profile(layers: Layers) -> tuple[Profile | None, list[Fault]]:
    try:
        profile = Profile.model_validate(layers.data)
    except ValidationError as error:
        return None, list(faults_of(error, layers))
    return profile, [layers.fault(path, problem) for path, problem in cross_field(profile)]


def _with_hash(known: dict[str, str], file: str, sha256: str) -> dict[str, str]:
    """Two different files of one name are told apart by their hash."""
    name = file if known.get(file, sha256) == sha256 else f"{file} ({sha256[:8]})"
    return {**known, name: sha256}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
