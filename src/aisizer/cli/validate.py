"""aisizer validate: every fault of every file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aisizer.demand.resolve import resolve_traces
from aisizer.errors import Fault, InvalidInput
from aisizer.profile.load import LoadedProfile, load_profile


def validate(files: Sequence[str], check_names: Callable[[LoadedProfile], object]) -> str:
    """One line for each valid file; raises InvalidInput with every fault of every file.

    `check_names` raises InvalidInput where a valid profile names what the catalog has not.
    """
    faults = [fault for file in files for fault in _faults(file, check_names)]
    if faults:
        raise InvalidInput(faults)
    return "\n".join(f"{file}: valid." for file in files)


def _faults(file: str, check_names: Callable[[LoadedProfile], object]) -> list[Fault]:
    try:
        check_names(resolve_traces(load_profile(file)))
    except InvalidInput as error:
        return list(error.faults) or [Fault(file, None, None, "", str(error))]
    return []
