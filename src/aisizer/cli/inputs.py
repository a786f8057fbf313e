"""What every verb that reads a profile does first: the profile, the catalog and the models named by file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.records import Model
from aisizer.errors import InvalidInput
from aisizer.profile.load import LoadedProfile, NameCheck


@dataclass(frozen=True, slots=True)
class LoadedInputs:
    """A validated profile with its catalog and the models that it names by path or size."""

    loaded: LoadedProfile
    catalog: Catalog
    files: dict[str, Model]


def load_inputs(profile: str, sets: Sequence[str], fragments: Sequence[Path], overlay: Path | None) -> LoadedInputs:
    """Reads everything that a plan depends on."""
    return inputs_with(load_overlay(overlay), profile, sets, fragments)


def load_overlay(overlay: Path | None) -> Catalog:
    """The packaged catalog with the user's own laid over it."""
    from aisizer.catalog.load import load_catalog

    return load_catalog(overlay)


def inputs_with(catalog: Catalog, profile: str, sets: Sequence[str], fragments: Sequence[Path]) -> LoadedInputs:
    """Reads a profile and the models that it names by file, with a catalog that is loaded already."""
    from aisizer.demand.resolve import resolve_traces
    from aisizer.profile.load import load_profile

    names = name_check(catalog)
    loaded = resolve_traces(load_profile(profile, sets=sets, fragments=fragments, names=names))
    files, hashes = model_files(loaded)
    return LoadedInputs(replace(loaded, fragments=loaded.fragments | hashes), catalog, files)


def name_check(catalog: Catalog) -> NameCheck:
    """The check that the catalog has everything that a profile names."""
    from aisizer.plan.names import unknown_names

    return lambda data: unknown_names(data, catalog)


def model_files(loaded: LoadedProfile) -> tuple[dict[str, Model], dict[str, str]]:
    """Models given as a size or as the path of a config.json, by workload, and the hashes of the files read."""
    from aisizer.catalog.generic import is_size, model_from_size, names_a_file

    files: dict[str, Model] = {}
    hashes: dict[str, str] = {}
    for name, workload in loaded.profile.workloads.items():
        if is_size(workload.model):
            files[name] = model_from_size(workload.model)
        elif names_a_file(workload.model):
            where = ("workloads", name, "model")
            path = loaded.folder(where) / workload.model
            path = path / "config.json" if path.is_dir() else path
            try:
                content = path.read_bytes()
            except OSError as error:
                problem = f"{workload.model} cannot be read ({error.strerror}). Give the path of a config.json."
                raise InvalidInput([loaded.fault(where, problem)]) from error
            files[name] = _model_at(path, content, workload.model)
            hashes[path.name] = hashlib.sha256(content).hexdigest()
    return files, hashes


def _model_at(path: Path, content: bytes, written: str) -> Model:
    """The model of a config.json, which has its id from what the profile wrote, and its faults where the file is."""
    from aisizer.catalog.config_json import model_from_config

    try:
        return model_from_config(content.decode("utf-8", "replace"), written)
    except InvalidInput as error:
        raise InvalidInput([replace(fault, file=str(path)) for fault in error.faults]) from error
