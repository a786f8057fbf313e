"""Gates: conditions on a plan that a merge or a budget must not break."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from aisizer.errors import InvalidInput
from aisizer.plan import Plan
from aisizer.schema import Record
from aisizer.studies.paths import Node, Place, dump, near_paths, place_of

THREE_YEAR = "tco.three_year_usd"
"""what an increase is measured on where no path is given"""
_PATH = r"[a-z][\w.\-]*"
_NUMBER = r"[\d_.]+(?:[eE][-+]?\d+)?"
_GATE = re.compile(
    rf"^\s*(?:(?P<no>not)\s+)?(?P<path>{_PATH})\s*(?:(?P<operator><=|>=|==|<|>)\s*(?P<number>[-+]?{_NUMBER}))?\s*$"
)
_INCREASE = re.compile(rf"^\s*(?:(?P<path>{_PATH})\s*=\s*)?(?P<number>{_NUMBER})\s*%\s*$")
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}


class GateResult(Record):
    """One gate, whether it holds, and why."""

    gate: str
    holds: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Condition:
    """PATH compared with a number, or PATH alone, which is true or false."""

    path: str
    operator: str | None = None
    number: float | None = None
    negated: bool = False


def check_gates(plan: Plan) -> list[GateResult]:
    """Every gate of the plan's profile, which holds when it is true."""
    gates = plan.profile.get("gates") or ()
    data = dump(plan) if gates else {}
    return [_judged(plan, data, str(gate), "gates", True) for gate in gates]


def check_fail_on(plan: Plan, conditions: Sequence[str]) -> list[GateResult]:
    """Every --fail-on condition, which fails when it is true."""
    data = dump(plan) if conditions else {}
    return [_judged(plan, data, condition, "--fail-on", False) for condition in conditions]


def check_increases(old: Plan, new: Plan, limits: Sequence[str]) -> list[GateResult]:
    """Every --max-increase limit on what the new plan has more than the old one."""
    before, after = (dump(old), dump(new)) if limits else ({}, {})
    return [_increase(old, new, before, after, *parse_increase(limit)) for limit in limits]


def told(result: GateResult) -> str:
    """A gate's result as a sentence."""
    return f"The gate {result.gate} {'holds' if result.holds else 'fails'}: {result.reason}."


def parse_gate(gate: str, where: str = "gates") -> Condition:
    """The condition that a text states.

    >>> parse_gate("tco.three_year_usd <= 6.0e6")
    Condition(path='tco.three_year_usd', operator='<=', number=6000000.0, negated=False)
    >>> parse_gate("not slo.met")
    Condition(path='slo.met', operator=None, number=None, negated=True)
    """
    match = _GATE.match(gate)
    number = None if match is None or match["number"] is None else _number(match["number"])
    if match is None or (number is None) != (match["number"] is None) or (match["no"] and match["operator"]):
        raise InvalidInput(
            f"{where}: {gate!r} is not a gate. Write PATH, not PATH, or PATH <= NUMBER, such as decision.gpus <= 16."
        )
    return Condition(match["path"], match["operator"], number, bool(match["no"]))


def parse_increase(limit: str) -> tuple[str, Decimal]:
    """Path and share [1] of a limit on the increase.

    >>> parse_increase("5%"), parse_increase("decision.gpus = 2.5 %")
    (('tco.three_year_usd', Decimal('0.05')), ('decision.gpus', Decimal('0.025')))
    """
    match = _INCREASE.match(limit)
    number = None if match is None else _number(match["number"])
    if match is None or number is None:
        raise InvalidInput(
            f"--max-increase: {limit!r} is no limit. Write 5%, which is of {THREE_YEAR}, or PATH=5%, "
            "such as decision.gpus=0%."
        )
    return match["path"] or THREE_YEAR, Decimal(repr(number)) / 100


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _judged(plan: Plan, data: Mapping[str, Node], gate: str, where: str, wanted: bool) -> GateResult:
    """A condition that must come out as wanted; one that cannot be judged fails."""
    condition = parse_gate(gate, where)
    name = gate.strip() if wanted else f'--fail-on "{gate.strip()}"'
    place = _found(plan, data, condition.path, where)
    if condition.operator is None or condition.number is None:
        true = _bare(condition, place.value, where)
        return GateResult(gate=name, holds=true is wanted, reason=_shown(condition, place))
    value = _figure(plan, condition.path, place.value, where)
    if value is None or place.unpriced:
        return GateResult(gate=name, holds=False, reason=_unjudged(condition.path, place))
    true = _OPERATORS[condition.operator](value, condition.number)
    return GateResult(gate=name, holds=true is wanted, reason=_shown(condition, place))


def _increase(
    old: Plan, new: Plan, before: Mapping[str, Node], after: Mapping[str, Node], path: str, share: Decimal
) -> GateResult:
    name, where = f"--max-increase {path}={float(100 * share):.10g}%", "--max-increase"
    now = _found(new, after, path, where)
    value = _figure(new, path, now.value, where)
    try:
        then = place_of(old, before, path)
    except KeyError:
        then = Place(None)
    base = _figure(old, path, then.value, where)
    for plan, place, figure in (("NEW", now, value), ("OLD", then, base)):
        if figure is None or place.unpriced:
            return GateResult(gate=name, holds=False, reason=f"in {plan} {_unjudged(path, place)}")
    first, last = Decimal(repr(base)), Decimal(repr(value))
    holds = last - first <= abs(first) * share
    return GateResult(
        gate=name, holds=holds, reason=f"{path} goes from {base:,.10g} to {value:,.10g}{_by(first, last)}"
    )


def _by(first: Decimal, last: Decimal) -> str:
    return f", by {(last - first) / abs(first) * 100:+.2f} %" if first else ""


def _found(plan: Plan, data: Mapping[str, Node], path: str, where: str) -> Place:
    try:
        return place_of(plan, data, path)
    except KeyError as error:
        raise InvalidInput(f"{where}: the plan has no {path}. {_mend(plan, path)}") from error


def _mend(plan: Plan, path: str) -> str:
    near = near_paths(plan, path)
    return (
        f"Did you mean {', '.join(near)}?"
        if near
        else f"Use the path of a number in sizing.json, such as {THREE_YEAR}."
    )


def _figure(plan: Plan, path: str, value: Node, where: str) -> float | None:
    if isinstance(value, (str, dict, list)):
        raise InvalidInput(f"{where}: {path} is no number, so it cannot be compared. {_mend(plan, path)}")
    return None if value is None else float(value)


def _bare(condition: Condition, value: Node, where: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput(
            f"{where}: {condition.path} is neither true nor false, so it is no condition by itself. "
            f"Write {condition.path} <= NUMBER."
        )
    return value is not condition.negated


def _shown(condition: Condition, place: Place) -> str:
    value = place.value
    return f"{condition.path} is {str(value).lower() if isinstance(value, bool) else f'{value:,.10g}'}"


def _unjudged(path: str, place: Place) -> str:
    """Why a value cannot be held against a number."""
    if place.value is None:
        return f"{path} has no value"
    lines = f"{', '.join(place.unpriced[:4])}{' and more' if len(place.unpriced) > 4 else ''}"
    return f"{path} is only known to be at least {place.value:,.2f}: cost lines have no price ({lines})"
