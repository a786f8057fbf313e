"""Reads fields of an untrusted record by name; what is absent or of the wrong type is a fault that names file and field."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from aisizer.calibration.read_record import STATISTICS, Spread
from aisizer.errors import Fault, InvalidInput

MILLI = 1e-3
"""[s/ms]"""


@dataclass(frozen=True, slots=True)
class Fields:
    """One record of a file, or a part of it."""

    file: str
    sha256: str
    data: Any
    path: str = ""

    def at(self, *keys: str) -> Fields:
        """The part below these keys; an absent part is empty."""
        found = self
        for key in keys:
            inner = found.data.get(key) if isinstance(found.data, dict) else None
            found = Fields(self.file, self.sha256, inner, f"{found.path}.{key}" if found.path else key)
        return found

    def items(self, *keys: str) -> list[Fields]:
        """Entries of a list; an absent list has none."""
        part = self.at(*keys)
        entries = part.data if isinstance(part.data, list) else []
        return [Fields(self.file, self.sha256, entry, f"{part.path}.{i}") for i, entry in enumerate(entries)]

    def has(self, *keys: str) -> bool:
        """Whether the record is a mapping with all these keys."""
        return isinstance(self.data, dict) and all(key in self.data for key in keys)

    def number(self, *keys: str) -> float | None:
        """A finite number, also where it is written as text; None where it is absent, null, or not finite."""
        part = self.at(*keys)
        if part.data is None:
            return None
        if isinstance(part.data, bool) or not isinstance(part.data, (int, float, str)):
            raise part.fault(f"a number is expected (got {_short(part.data)}).")
        try:
            value = float(part.data)
        except (ValueError, OverflowError):
            raise part.fault(f"a number is expected (got {_short(part.data)}).") from None
        return value if math.isfinite(value) else None

    def needed(self, *keys: str) -> float:
        """A number of at least 0 that the record must have."""
        value = self.number(*keys)
        part = self.at(*keys)
        if value is None:
            raise part.fault("this field is missing. Write the file again with the tool's own export.")
        if value < 0:
            raise part.fault(f"a number of at least 0 is expected (got {value:g}).")
        return value

    def positive(self, *keys: str) -> float:
        """A number above 0 that the record must have."""
        value = self.needed(*keys)
        if value == 0:
            raise self.at(*keys).fault("a number above 0 is expected (got 0).")
        return value

    def count(self, *keys: str) -> int:
        """A whole number of at least 0 that the record must have."""
        return round(self.needed(*keys))

    def whole(self, *keys: str) -> int | None:
        """A whole number of at least 1; None where it is absent."""
        value = self.number(*keys)
        if value is not None and round(value) < 1:
            raise self.at(*keys).fault(f"a whole number of at least 1 is expected (got {value:g}).")
        return None if value is None else round(value)

    def text(self, *keys: str) -> str | None:
        """A text that is not empty; None where it is absent."""
        value = self.at(*keys).data
        return value if isinstance(value, str) and value else None

    def counts(self, *keys: str) -> tuple[int, ...]:
        """A list of whole numbers, empty where it is absent."""
        return tuple(entry.count() for entry in self.items(*keys))

    def spread(self, names: dict[str, str], seconds: float) -> Spread:
        """A latency whose statistics stand under these names, times `seconds` per unit of the file."""
        found: dict[str, float | None] = {}
        for statistic in STATISTICS:
            value = self.number(names[statistic]) if statistic in names else None
            if value is not None and value < 0:
                raise self.at(names[statistic]).fault(f"a latency of at least 0 is expected (got {value:g}).")
            found[statistic] = None if value is None else value * seconds
        return Spread(**found)

    def fault(self, problem: str) -> InvalidInput:
        """The fault of this field."""
        return InvalidInput([Fault(self.file, None, None, self.path, problem)])


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."
