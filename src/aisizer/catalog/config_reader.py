"""Reads fields of a config.json, collecting every fault before raising."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aisizer.errors import Fault, InvalidInput

LARGEST = 10**8
"""The longest context announced is 10^7 tokens; a larger number in a config.json is a mistake."""


class ConfigReader:
    """The fields of one config.json; a fault yields 1 as a stand-in until `raise_faults` refuses the file."""

    def __init__(self, config: Mapping[str, Any], text: str, file: str) -> None:
        self.config = config
        self._lines = text.splitlines()
        self._file = file
        self._faults: list[Fault] = []

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self.config.get(name) is not None

    def integer(self, *names: str) -> int:
        """The first of these fields that is there, as a whole number of at least 1."""
        value = self.optional(*names)
        if value:
            return value
        if value == 0:
            self.fault(names[0], "a whole number of at least 1 is expected (got 0). Check the config.json.")
        else:
            self.fault(names[0], f"the field {' or '.join(names)} is missing. Add it to the config.json.")
        return 1

    def optional(self, *names: str) -> int | None:
        """The first of these fields that is there, as a whole number; None without any."""
        name = next((name for name in names if self.has(name)), None)
        if name is None:
            return None
        value = self.config[name]
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST:
            self.fault(name, f"a whole number is expected (got {str(value)[:40]}). Check the config.json.")
            return 1
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """The field as true or false."""
        value = self.config.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fault(name, f"true or false is expected (got {str(value)[:40]}). Check the config.json.")
        return value is True

    def inside(self, name: str) -> ConfigReader:
        """A reader of the mapping in that field, whose faults are this reader's."""
        nested = self.config.get(name)
        reader = ConfigReader(nested if isinstance(nested, dict) else {}, "", self._file)
        reader._lines, reader._faults = self._lines, self._faults
        return reader

    def fault(self, name: str, problem: str) -> None:
        """Notes a fault of the field, once, with its line where the text has one."""
        line = next((number for number, row in enumerate(self._lines, 1) if f'"{name}"' in row), None)
        fault = Fault(self._file, line, None, name, problem)
        if fault not in self._faults:
            self._faults.append(fault)

    def raise_faults(self) -> None:
        """Refuses the file if it has any fault."""
        if self._faults:
            raise InvalidInput(self._faults)
