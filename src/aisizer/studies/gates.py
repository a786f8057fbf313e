"""Gates: conditions on a plan that a merge or a budget must not break."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aisizer.errors import InvalidInput
from aisizer.plan import Plan

_GATE = re.compile(
    r"^\s*(?P<path>[a-z][\w.\-]*)\s*(?:(?P<operator><=|>=|==|<|>)\s*(?P<number>[-+]?[\d_.]+(?:[eE][-+]?\d+)?))?\s*$"
)
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate, whether it holds, and the sentence that says why not."""

    gate: str
    holds: bool
    sentence: str


def check_gates(plan: Plan) -> list[GateResult]:
    """Every gate of the plan's profile; a total that lacks prices cannot pass a gate."""
    return [_check(plan, str(gate)) for gate in plan.profile.get("gates") or ()]


def parse_gate(gate: str) -> tuple[str, str | None, float | None]:
    """Path, operator and number of a gate.

    >>> parse_gate("tco.three_year_usd <= 6.0e6")
    ('tco.three_year_usd', '<=', 6000000.0)
    >>> parse_gate("slo.met")
    ('slo.met', None, None)
    """
    match = _GATE.match(gate)
    if match is None:
        raise InvalidInput(
            f"gates: {gate!r} is not a gate. Write PATH, or PATH <= NUMBER, such as decision.gpus <= 16."
        )
    number = match["number"]
    return match["path"], match["operator"], None if number is None else float(number)


def _check(plan: Plan, gate: str) -> GateResult:
    path, comparison, number = parse_gate(gate)
    try:
        value = value_of(plan, path)
    except KeyError as error:
        raise InvalidInput(
            f"gates: the plan has no {path}. Use a path of sizing.json, such as tco.three_year_usd."
        ) from error
    if comparison is None or number is None:
        return _bare(gate, path, value)
    if isinstance(value, (str, dict, list)):
        raise InvalidInput(f"gates: {path} is no number, so it cannot be compared. Use the path of a number.")
    if value is None:
        return GateResult(gate, False, f"{path} has no value in this plan")
    if path.startswith("tco.") and not plan.complete:
        return GateResult(gate, False, f"{path} is at least {value:,.2f}: cost lines of the chosen site have no price")
    return GateResult(gate, _OPERATORS[comparison](float(value), number), f"{path} is {value:,.10g}")


def _bare(gate: str, path: str, value: object) -> GateResult:
    if not isinstance(value, bool):
        raise InvalidInput(
            f"gates: {path} is neither true nor false, so it is no condition by itself. Write {path} <= NUMBER."
        )
    return GateResult(gate, value, f"{path} is {str(value).lower()}")


def value_of(plan: Plan, path: str) -> Any:
    """The value at a Plan path, or KeyError; tco means the chosen site's, slo.met whether every SLO is met."""
    if path == "slo.met":
        return bool(plan.slo) and all(result.met for result in plan.slo)
    return _descend(plan.model_dump(mode="json", by_alias=True), full_path(plan, path).split("."))


def full_path(plan: Plan, path: str) -> str:
    """The path with the chosen site where it names none, as in tco.three_year_usd."""
    keys = path.split(".")
    if keys[0] == "tco" and plan.decision is not None and keys[1:2] and keys[1] not in plan.tco:
        keys.insert(1, plan.decision.site)
    return ".".join(keys)


def _descend(node: Any, keys: Sequence[str]) -> Any:
    """One step per key; names may hold dots themselves, and a list's entries go by their place."""
    if not keys:
        return node
    if isinstance(node, list) and keys[0].isdecimal() and int(keys[0]) < len(node):
        return _descend(node[int(keys[0])], keys[1:])
    heads = range(1, len(keys) + 1) if isinstance(node, dict) else ()
    for parts in heads:
        head = ".".join(keys[:parts])
        if head in node:
            return _descend(node[head], keys[parts:])
    raise KeyError(".".join(keys))
