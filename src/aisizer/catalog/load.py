"""Reads the packaged catalog and the user's overlay; a record that is not valid or not sourced stops the load."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.lazy import LazyRecords, read_record
from aisizer.catalog.record_file import RecordFile
from aisizer.catalog.records import Engine, Exporter, Gpu, ManagedApi, Model, PriceList, Rule, Server, Site, Source
from aisizer.errors import Fault, InvalidInput
from aisizer.profile.packaged import packaged
from aisizer.schema import Record

KINDS: Mapping[str, type[Record]] = {
    "gpus": Gpu,
    "servers": Server,
    "models": Model,
    "engines": Engine,
    "prices": PriceList,
    "sites": Site,
    "rules": Rule,
    "apis": ManagedApi,
    "exporters": Exporter,
}
"""The record type of each folder of a catalog; `sources` holds the sources."""


@dataclass(frozen=True, slots=True)
class _Folder:
    """The files of one catalog folder, by kind and stem, with the version file where there is one."""

    name: str
    version: str
    files: Mapping[str, Mapping[str, RecordFile]]
    digest: bytes


def load_catalog(overlay: Path | str | None = None) -> Catalog:
    """The packaged catalog, with the records of the user's overlay folder in place of those of the same id."""
    return load_folders(packaged("hardware_catalog"), None if overlay is None else Path(overlay))


def load_folders(base: Path, overlay: Path | None = None) -> Catalog:
    """The catalog in `base`, overlaid by the folder `overlay`."""
    folders = [_read_folder(folder) for folder in (base, overlay) if folder is not None]
    faults: list[Fault] = []
    sources = _read_sources(folders, faults)
    files = {kind: _merged(folders, kind) for kind in KINDS}
    records = {
        kind: _read_kind(record_type, files[kind], sources, faults)
        for kind, record_type in KINDS.items()
        if kind != "models"
    }
    if faults:
        raise InvalidInput(faults)
    return Catalog(
        version=folders[0].version,
        sha256=hashlib.sha256(b"".join(folder.digest for folder in folders)).hexdigest(),
        models=LazyRecords(Model, files["models"], sources),
        sources=sources,
        overlay=overlay.resolve().name if overlay else None,
        replaced=_replaced(folders),
        **records,  # type: ignore[arg-type]  # the kinds are the fields of Catalog
    )


def _read_kind(
    kind: type[Record], files: Mapping[str, RecordFile], sources: Mapping[str, Source], faults: list[Fault]
) -> dict[str, Record]:
    records = {}
    for stem, file in files.items():
        record, found = read_record(kind, file, sources)
        faults += found
        if record is not None:
            records[stem] = record
    return records


def _read_folder(folder: Path) -> _Folder:
    if not folder.is_dir():
        problem = "there is no such folder. Give one that holds gpus/, servers/, prices/ or another kind of records."
        raise InvalidInput([Fault(str(folder), None, None, "", problem)])
    paths = sorted(folder.rglob("*.yaml"), key=lambda path: path.relative_to(folder).as_posix())
    files: dict[str, dict[str, RecordFile]] = {kind: {} for kind in (*KINDS, "sources")}
    faults, digest = [], hashlib.sha256()
    for path in paths:
        relative = path.relative_to(folder)
        content = path.read_bytes()
        digest.update(relative.as_posix().encode() + b"\0" + content + b"\0")
        if len(relative.parts) != 2 or relative.parts[0] not in files:
            faults.append(
                Fault(str(path), None, None, "", f"this is not a folder of a catalog. Use {', '.join(files)}.")
            )
            continue
        files[relative.parts[0]][path.stem] = RecordFile(path, content)
    if faults:
        raise InvalidInput(faults)
    version = folder / "VERSION"
    text = version.read_text(encoding="utf-8", errors="replace").strip() if version.is_file() else ""
    digest.update(text.encode())
    return _Folder(folder.name, text, files, digest.digest())


def _read_sources(folders: list[_Folder], faults: list[Fault]) -> dict[str, Source]:
    merged: dict[str, Source] = {}
    for folder in folders:
        seen: Counter[str] = Counter()
        for file in folder.files["sources"].values():
            for name, source, found in file.validate_each(Source):
                faults += found
                seen[name] += 1
                if seen[name] > 1:
                    faults.append(file.fault((name,), "this source id is taken by another file. Rename one of them."))
                if source is not None:
                    merged[name] = source
    return merged


def _merged(folders: list[_Folder], kind: str) -> dict[str, RecordFile]:
    merged: dict[str, RecordFile] = {}
    for folder in folders:
        merged |= folder.files[kind]
    return dict(sorted(merged.items()))


def _replaced(folders: list[_Folder]) -> tuple[str, ...]:
    if len(folders) < 2:
        return ()
    base, overlay = (folder.files for folder in folders)
    return tuple(f"{kind}/{stem}" for kind in KINDS for stem in sorted(overlay[kind]) if stem in base[kind])
