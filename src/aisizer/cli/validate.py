"""aisizer validate: every fault of every file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from aisizer.demand.resolve import resolve_traces
from aisizer.errors import Fault, InvalidInput
from aisizer.profile.load import LoadedProfile, load_profile

References = Callable[[LoadedProfile], Iterable[Fault]]
"""Gives a fault for each name of a valid profile that the catalog does not know."""


def validate(files: Sequence[str], references: References) -> str:
    """One line for each valid file; raises InvalidInput with every fault of every file."""
    faults = [fault for file in files for fault in _faults(file, references)]
    if faults:
        raise InvalidInput(faults)
    return "\n".join(f"{file}: valid." for file in files)


def _faults(file: str, references: References) -> list[Fault]:
    try:
        return list(references(resolve_traces(load_profile(file))))
    except InvalidInput as error:
        return list(error.faults) or [Fault(file, None, None, "", str(error))]
