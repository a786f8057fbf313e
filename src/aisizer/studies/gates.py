"""Gates: conditions on a plan that a merge or a budget must not break."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
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
    return [_check(plan, str(gate)) for gate in plan.profile.get("gates", ())]


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
    value = value_of(plan, path)
    if comparison is None or number is None:
        return GateResult(gate, bool(value), f"{path} is {value}")
    if value is None or isinstance(value, (str, dict, list)):
        return GateResult(gate, False, f"{path} has no number (got {value})")
    if path.startswith("tco.") and not plan.complete:
        return GateResult(gate, False, f"{path} is at least {value:,.2f}: cost lines of the chosen site have no price")
    return GateResult(gate, _OPERATORS[comparison](float(value), number), f"{path} is {value:,.10g}")


def value_of(plan: Plan, path: str) -> Any:
    """The value at a Plan path; tco means the chosen site's, slo.met whether every SLO is met."""
    if path == "slo.met":
        return bool(plan.slo) and all(result.met for result in plan.slo)
    keys = path.split(".")
    node: Any = plan.model_dump(mode="json", by_alias=True)
    if keys[0] == "tco" and plan.decision is not None and keys[1:2] and keys[1] not in plan.tco:
        keys.insert(1, plan.decision.site)
    for key in keys:
        if isinstance(node, dict) and key in node:
            node = node[key]
        else:
            raise InvalidInput(f"gates: the plan has no {path}. Use a path of sizing.json, such as tco.three_year_usd.")
    return node
