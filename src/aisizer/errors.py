"""Everything that can go wrong for a reason the user can mend, and its exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one file: where it is, which field, what is wrong and how to mend it."""

    file: str
    line: int | None
    column: int | None
    path: str
    problem: str

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return f"{place}: {self.path}: {self.problem}" if self.path else f"{place}: {self.problem}"


class AisizerError(Exception):
    """A failure that the user can mend; `exit_code` is what the process returns."""

    exit_code = 2


class InvalidInput(AisizerError):
    """One or more files or values are not valid; all faults are carried at once."""

    exit_code = 2

    def __init__(self, faults: Sequence[Fault] | str) -> None:
        self.faults: tuple[Fault, ...] = () if isinstance(faults, str) else tuple(faults)
        super().__init__(faults if isinstance(faults, str) else "\n".join(str(fault) for fault in faults))


class OutputError(AisizerError):
    """The outputs cannot be written (a full disk, a read-only folder)."""

    exit_code = 2


class NoFeasiblePlan(AisizerError):
    """No option meets the profile; the message names the nearest misses and what would free them."""

    exit_code = 3


class GateFailed(AisizerError):
    """A gate of the profile does not hold for the plan."""

    exit_code = 4


class TriggerFired(AisizerError):
    """A trigger of the plan has fired on what was measured."""

    exit_code = 5


@dataclass(frozen=True, slots=True)
class Rejection:
    """One option that was not taken: a short reason code, the sentence, and what was got against which limit."""

    reason: str
    detail: str
    got: float | None = None
    limit: float | None = None
    unit: str = ""
    option: dict[str, str | int] = field(default_factory=dict)
