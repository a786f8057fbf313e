"""What every verb that reads a profile does first: the profile, the catalog and the models named by file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.records import Model
from aisizer.profile.load import LoadedProfile


@dataclass(frozen=True, slots=True)
class LoadedInputs:
    """A validated profile with its catalog and the models that it names by path or size."""

    loaded: LoadedProfile
    catalog: Catalog
    files: Mapping[str, Model]


def load_inputs(profile: str, sets: Sequence[str], fragments: Sequence[Path], overlay: Path | None) -> LoadedInputs:
    """Reads everything that a plan depends on."""
    return inputs_with(load_overlay(overlay), profile, sets, fragments)


def load_overlay(overlay: Path | None) -> Catalog:
    """The packaged catalog with the user's own laid over it."""
    from aisizer.catalog.load import load_catalog

    return load_catalog(overlay)


def inputs_with(catalog: Catalog, profile: str, sets: Sequence[str], fragments: Sequence[Path]) -> LoadedInputs:
    """Reads a profile and the models that it names by file, with a catalog that is loaded already."""
    from aisizer.api import load_profile

    read = load_profile(profile, sets=sets, fragments=fragments, catalog=catalog)
    return LoadedInputs(read.loaded, catalog, read.models)
