"""What `aisizer size` does before it writes, as calls: read a profile with all that it names, and make its plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.model_files import model_files
from aisizer.catalog.records import Model
from aisizer.demand.resolve import resolve_traces
from aisizer.errors import InvalidInput
from aisizer.plan import Plan
from aisizer.plan.names import unknown_names
from aisizer.profile import load
from aisizer.profile.load import LoadedProfile
from aisizer.profile.sections import Profile

if TYPE_CHECKING:
    from aisizer.plan.confirm import Confirm


@dataclass(frozen=True, slots=True)
class ReadProfile:
    """A validated profile with what stands in the files that it names; nothing is read after it."""

    loaded: LoadedProfile
    """the profile as it was read: its values, their places in the files, and the hashes of these"""
    models: Mapping[str, Model]
    """by workload, where its model is given by size or as a config.json"""

    @property
    def profile(self) -> Profile:
        """The profile's values, defaults included."""
        return self.loaded.profile


def load_profile(
    source: Path | str,
    *,
    sets: Sequence[str] = (),
    fragments: Sequence[Path | str] = (),
    catalog: Catalog | None = None,
) -> ReadProfile:
    """Reads a profile from a path, `-` (stdin) or the name of a ready one, its fragments, traces and models.

    sets: PATH=VALUE, as of `--set`. With a catalog, names that it lacks are told together with all other faults.
    """
    loaded = load.load_profile(
        source,
        sets=sets,
        fragments=[Path(fragment) for fragment in fragments],
        names=None if catalog is None else lambda data: unknown_names(data, catalog),
    )
    loaded = resolve_traces(loaded)
    models, hashes = model_files(loaded)
    return ReadProfile(replace(loaded, fragments=loaded.fragments | hashes), models)


def make_plan(profile: ReadProfile, catalog: Catalog, *, confirm: Confirm = "auto") -> Plan:
    """The plan of `aisizer size`, without a decision where nothing meets the profile. Reads no file, clock or network.

    confirm: how far the leading options are simulated: auto, full or none.
    """
    from aisizer.plan import make
    from aisizer.plan.confirm import as_confirm

    loaded = profile.loaded
    faults = [loaded.fault(path, problem) for path, problem in unknown_names(loaded.data, catalog)]
    if faults:
        raise InvalidInput(faults)
    return make.make_plan(loaded, catalog, profile.models, as_confirm(confirm))
