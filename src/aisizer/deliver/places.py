"""Where a figure of the document stands in its plan: the way back from a sentence to what `explain` knows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aisizer.deliver.printed import TIME, Printed, printed_in
from aisizer.plan import Assumption, Plan, Step
from aisizer.studies.paths import dump

Node = Any
"""what a plan's JSON may hold at a path"""
WORD = re.compile(r"[A-Za-z]{4,}|[A-Z]{3}|usd|slo")
RESULT, VALUE, INPUT, WORDS = range(4)
"""how well known a place is: a recorded step or a value that the plan rests on, any other value, an input of a step, text"""

FIRST = ("decision", "tco", "slo", "roadmap", "triggers")
"""where a reader looks first"""


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the plan and what stands there."""

    path: str
    says: str
    values: tuple[tuple[float, str], ...]
    """the figures of it with their units"""
    known: int
    """RESULT, VALUE, INPUT or WORDS"""
    why: tuple[str, ...] = ()
    """where it comes from, as far as the plan says it of this place"""

    @property
    def about(self) -> frozenset[str]:
        """The words of its path, of what it says and where that comes from."""
        return words(" ".join((self.path, self.says, *self.why)))

    def holds(self, figure: Printed) -> bool:
        """Whether a figure stands here, as far as the document prints its digits."""
        return figure.text in self.says if figure.is_date else any(figure.is_of(*value) for value in self.values)


def words(text: str) -> frozenset[str]:
    """The words of a text or a path, by which a sentence and a place are known to speak of the same.

    >>> sorted(words("2 GPUs at month 36")), sorted(words("roadmap.month_36_gpus"))
    (['gpu', 'month'], ['gpu', 'month', 'roadmap'])
    """
    return frozenset(word.lower().removesuffix("s") for word in WORD.findall(text))


def places(plan: Plan) -> list[Place]:
    """Every place of a plan at which figures stand, the best known first."""
    found = [place for step in plan.explain for place in _of_step(step)]
    found += [place for assumption in plan.assumptions for place in _of_assumption(assumption)]
    for key, node in dump(plan).items():
        found += [_length(key, node)] if key in ("explain", "assumptions") else _below(node, key)
    return sorted(found, key=lambda place: (place.known, not place.path.startswith(FIRST), place.path.count(".")))


def places_of(figure: Printed, text: str, known: Sequence[Place]) -> list[Place]:
    """The places that hold a figure of a text, each path once: those first that speak of the same, and of them results."""
    said = words(text)

    def distance(place: Place) -> tuple[bool, bool, int]:
        shared = len(place.about & said)
        return not shared, place.known > VALUE, -shared

    found: dict[str, Place] = {}
    for place in sorted((place for place in known if place.holds(figure)), key=distance):
        found.setdefault(place.path, place)
    return list(found.values())


def _of_step(step: Step) -> Iterator[Place]:
    why = (step.meaning, f"formula  {step.formula}", f"source   {step.source}")
    unit = "" if step.unit in ("1", "date") else step.unit
    yield _place(step.name, f"{step.value} {unit}".rstrip(), RESULT, why)
    for name, value in step.inputs.items():
        yield _place(step.name, f"{name} = {value}", INPUT, why)
    yield _place(step.name, f"{step.meaning}; {step.formula}", WORDS)


def _of_assumption(assumption: Assumption) -> Iterator[Place]:
    facts = {"set by": assumption.origin, "reason": " ".join(assumption.reason.split()), "source": assumption.source}
    why = tuple(f"{name:<8} {fact}" for name, fact in facts.items() if fact)
    yield _place(assumption.path, assumption.value, RESULT, why)
    yield _place(assumption.path, assumption.reason, WORDS)


def _below(node: Node, path: str, unit: str = "") -> Iterator[Place]:
    """The figures at a path and below it: numbers, dates, text with figures in it, and how many entries a list has."""
    if isinstance(node, dict):
        for key, entry in node.items():
            yield from _below(entry, f"{path}.{key}", str(node.get("unit", "")))
    elif isinstance(node, list):
        yield _length(path, node)
        for number, entry in enumerate(node):
            yield from _below(entry, f"{path}.{number}")
    elif isinstance(node, str):
        yield _place(path, node, WORDS if " " in node else VALUE)
    elif node is not None and not isinstance(node, bool):
        yield Place(path, str(node), ((float(node), _unit(path) or unit),), VALUE)


def _length(path: str, node: Sequence[Node]) -> Place:
    return Place(path, f"{len(node)} entries", ((float(len(node)), "entries"),), VALUE)


def _place(path: str, text: str, known: int, why: tuple[str, ...] = ()) -> Place:
    found = tuple((figure.value, figure.unit) for figure in printed_in(text) if not figure.is_date)
    return Place(path, text, found, known, why)


def _unit(path: str) -> str:
    """The unit that a path names last, as far as the document prints it in another one.

    >>> _unit("recovery.restore_s.weights"), _unit("tco.hosted.cash_by_month_usd.1"), _unit("decision.gpus")
    ('s', 'USD', '')
    """
    for key in reversed(path.split(".")):
        end = key.rpartition("_")[2]
        if "usd" in key:
            return "USD"
        if end in TIME and end != key and not key.endswith(("per_s", "bit_s")):
            return end
    return ""
