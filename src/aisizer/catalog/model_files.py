"""Models that a profile names by size or by file, which are no records of the catalog."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from aisizer.catalog.generic import is_size, model_from_size, names_a_file
from aisizer.catalog.records import Model
from aisizer.errors import InvalidInput
from aisizer.profile.load import LoadedProfile


def model_files(loaded: LoadedProfile) -> tuple[dict[str, Model], dict[str, str]]:
    """Models given as a size or as the path of a config.json, by workload, and the hashes of the files read."""
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
