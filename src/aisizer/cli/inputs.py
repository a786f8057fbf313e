"""What every verb that reads a profile does first: the profile, the catalog and the models named by file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.records import Model
from aisizer.errors import Fault, InvalidInput
from aisizer.profile.load import LoadedProfile


@dataclass(frozen=True, slots=True)
class LoadedInputs:
    """A validated profile with its catalog and the models that it names by path or size."""

    loaded: LoadedProfile
    catalog: Catalog
    files: Mapping[str, Model]


def load_inputs(profile: str, sets: Sequence[str], fragments: Sequence[Path], overlay: Path | None) -> LoadedInputs:
    """Reads everything that a plan depends on."""
    (found,) = load_all([(profile, sets)], fragments, overlay)
    return found


def load_all(
    profiles: Iterable[tuple[str, Sequence[str]]], fragments: Sequence[Path], overlay: Path | None
) -> list[LoadedInputs]:
    """Reads several profiles, each with its own --set; all faults of all of them at once, one that they share once."""
    from aisizer.api import load_profile
    from aisizer.catalog.load import load_catalog

    catalog, found, faults = load_catalog(overlay), [], dict[Fault, None]()
    for profile, sets in profiles:
        try:
            read = load_profile(profile, sets=sets, fragments=fragments, catalog=catalog)
            found.append(LoadedInputs(read.loaded, catalog, read.models))
        except InvalidInput as error:
            if not error.faults:
                raise
            faults |= dict.fromkeys(error.faults)
    if faults:
        raise InvalidInput(list(faults))
    return found
