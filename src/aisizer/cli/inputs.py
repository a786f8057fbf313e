"""What every verb that reads a profile does first: the profile, the catalog and the models named by file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.records import Model
from aisizer.errors import Fault, InvalidInput
from aisizer.profile.load import LoadedProfile

_SIZE = re.compile(r"^\d+(\.\d+)?[BM]$")


@dataclass(frozen=True, slots=True)
class LoadedInputs:
    """A validated profile with its catalog and the models that it names by path or size."""

    loaded: LoadedProfile
    catalog: Catalog
    files: dict[str, Model]


def load_inputs(profile: str, sets: Sequence[str], fragments: Sequence[Path], overlay: Path | None) -> LoadedInputs:
    """Reads everything that a plan depends on."""
    from aisizer.catalog.load import load_catalog
    from aisizer.demand.resolve import resolve_traces
    from aisizer.profile.load import load_profile

    loaded = resolve_traces(load_profile(profile, sets=sets, fragments=fragments))
    files, hashes = _models(loaded)
    loaded = replace(loaded, fragments=loaded.fragments | hashes)
    return LoadedInputs(loaded, load_catalog(overlay), files)


def _models(loaded: LoadedProfile) -> tuple[dict[str, Model], dict[str, str]]:
    """Models given as a size or as the path of a config.json, by workload, and the hashes of the files read."""
    from aisizer.catalog.config_json import model_from_config
    from aisizer.catalog.generic import model_from_size

    files: dict[str, Model] = {}
    hashes: dict[str, str] = {}
    for name, workload in loaded.profile.workloads.items():
        if _SIZE.match(workload.model):
            files[name] = model_from_size(workload.model)
        elif workload.model.endswith(".json") or "\\" in workload.model or workload.model.startswith((".", "/")):
            where = ("workloads", name, "model")
            path = loaded.folder(where) / workload.model
            path = path / "config.json" if path.is_dir() else path
            try:
                content = path.read_bytes()
            except OSError as error:
                problem = f"{workload.model} cannot be read ({error.strerror}). Give the path of a config.json."
                raise InvalidInput([loaded.fault(where, problem)]) from error
            files[name] = model_from_config(content.decode("utf-8", "replace"), workload.model)
            hashes[path.name] = hashlib.sha256(content).hexdigest()
    return files, hashes


def reference_faults(overlay: Path | None) -> Callable[[LoadedProfile], Iterable[Fault]]:
    """A check that the catalog has everything that a valid profile names."""
    from aisizer.catalog.load import load_catalog
    from aisizer.plan.names import resolve

    catalog = load_catalog(overlay)

    def check(loaded: LoadedProfile) -> Iterable[Fault]:
        try:
            resolve(loaded, catalog, _models(loaded)[0])
        except InvalidInput as error:
            return error.faults or [Fault(loaded.profile.name, None, None, "", str(error))]
        return ()

    return check
