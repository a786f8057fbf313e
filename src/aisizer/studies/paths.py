"""Paths into a plan: where a figure stands in sizing.json, with short cuts to the chosen site and to the promises."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aisizer.plan import Plan

Node = Any
"""what a plan's JSON may hold at a path"""
FACILITY_POWER = ("nameplate-power", "cooling-and-losses")
"""what of the surroundings makes up the power that the site must feed the GPU servers with"""
_PROMISES = "slo."
_NEAR = 3
_LIKE = 0.5
"""[1] likeness from which a path is offered: names of plans are long, so that half of one is much in common"""


@dataclass(frozen=True, slots=True)
class Place:
    """What stands at a path, and which cost lines without a price make it a lower bound."""

    value: Node
    unpriced: tuple[str, ...] = ()


def dump(plan: Plan) -> dict[str, Node]:
    """The plan as JSON has it, with the power of its facility added."""
    return plan.model_dump(mode="json", by_alias=True) | {"power": facility_power(plan)}


def facility_power(plan: Plan) -> dict[str, float | None]:
    """[kW] of the GPU servers at nameplate with cooling and losses; null where the plan's site does not tell it."""
    parts = [need for need in plan.surroundings if need.id in FACILITY_POWER]
    told = any(need.id == FACILITY_POWER[0] for need in parts)
    return {
        "go_live_kw": round(sum(need.go_live for need in parts), 6) if told else None,
        "month_36_kw": round(sum(need.month_36 for need in parts), 6) if told else None,
    }


def value_of(plan: Plan, path: str) -> Node:
    """The value at a Plan path, or KeyError; tco means the chosen site's, slo.met whether every SLO is met."""
    return place_of(plan, dump(plan), path).value


def place_of(plan: Plan, data: Mapping[str, Node], path: str) -> Place:
    """The same with the lines that it lacks; `data` is the plan's dump."""
    keys = full_path(plan, path).split(".")
    if path.startswith(_PROMISES) and keys[-1] == "met" and (met := _met(plan, ".".join(keys[1:-1]))) is not None:
        return Place(met)
    steps = list(_descend(data, keys))
    return Place(steps[-1][1], _unpriced(steps))


def full_path(plan: Plan, path: str) -> str:
    """The path with the chosen site where it names none, as in tco.three_year_usd."""
    keys = path.split(".")
    if keys[0] == "tco" and plan.decision is not None and keys[1:2] and keys[1] not in plan.tco:
        keys.insert(1, plan.decision.site)
    return ".".join(keys)


def near_paths(plan: Plan, path: str) -> list[str]:
    """The paths of figures that look most like this one, as gates write them."""
    chosen = "" if plan.decision is None else f"tco.{plan.decision.site}."
    promises = ["slo.met", *(f"slo.{name}.met" for name in dict.fromkeys(result.workload for result in plan.slo))]
    found = (name.replace(chosen, "tco.", 1) if chosen else name for name in _figures(dump(plan)))
    names = (name for name in dict.fromkeys([*promises, *found]) if name != path)
    return difflib.get_close_matches(path, list(names), _NEAR, _LIKE)


def _met(plan: Plan, workload: str) -> bool | None:
    """Whether every promise is met, of one workload or, for an empty name, of all; None where there is no such workload."""
    results = [result for result in plan.slo if workload in ("", result.workload)]
    return all(result.met for result in results) if results or not workload else None


def _descend(node: Node, keys: Sequence[str]) -> Iterator[tuple[str, Node]]:
    """One step per key, each with what stands there; names may hold dots themselves."""
    if not keys:
        return
    entries = _entries(node)
    for parts in range(1, len(keys) + 1):
        head = ".".join(keys[:parts])
        if head in entries:
            yield head, entries[head]
            yield from _descend(entries[head], keys[parts:])
            return
    raise KeyError(".".join(keys))


def _entries(node: Node) -> Mapping[str, Node]:
    """What a path may name next; a list's entries go by their place and by their own name."""
    if isinstance(node, dict):
        return node
    if not isinstance(node, list):
        return {}
    return {str(place): entry for place, entry in enumerate(node)} | dict(_named(node))


def _named(node: Sequence[Node]) -> Iterator[tuple[str, Node]]:
    for entry in node:
        match entry:
            case {"workload": workload, "metric": metric, "percentile": percentile}:
                yield f"{workload}.{metric}_{percentile}", entry
            case {"id": str(name)} | {"name": str(name)} | {"item": str(name)}:
                yield name, entry


def _unpriced(steps: Sequence[tuple[str, Node]]) -> tuple[str, ...]:
    """The lines without a price in the innermost total that the path goes through, where it ends at money."""
    keys = [key for key, _ in steps]
    if "lines" in keys or not any("usd" in key or key == "by_category" for key in keys):
        return ()
    totals = [node for _, node in steps if isinstance(node, dict) and ("missing" in node or "complete" in node)]
    if not totals:
        return ()
    total = totals[-1]
    if "missing" not in total:
        return () if total["complete"] else ("some of them",)
    if "by_category" not in keys or keys[-1] == "by_category":
        return tuple(total["missing"])
    return tuple(
        line["id"] for line in total["lines"] if line["category"] == keys[-1] and line["id"] in total["missing"]
    )


def _figures(node: Node, path: str = "") -> Iterator[str]:
    """The paths of all numbers and truths below a node; a list's entries by name only."""
    if isinstance(node, (bool, int, float)):
        yield path
    entries = node.items() if isinstance(node, dict) else _named(node) if isinstance(node, list) else ()
    for key, entry in entries:
        yield from _figures(entry, f"{path}.{key}" if path else key)
