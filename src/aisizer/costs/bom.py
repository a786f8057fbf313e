"""The bill of materials: what is ordered, wave by wave, with the parts of each line below it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aisizer.costs.bom_lines import Dated, Terms, included_line, ordered_line, part_line
from aisizer.costs.lines import PERIODS, Fleet
from aisizer.costs.needs import CATEGORIES, added
from aisizer.costs.rates import ON_GOODS
from aisizer.costs.records import BomLine, CostLine
from aisizer.costs.rented import split_hours
from aisizer.roadmap.records import Purchase
from aisizer.sizing.needs import Group, Need
from aisizer.sizing.server_parts import Part

PAYS: Mapping[Group, str] = {
    "network": "network",
    "facility": "racks",
    "front end": "cpu-servers",
}
"""Cost line whose price holds the parts of a group that have no price of their own."""
ORDERED = frozenset(
    {"hardware", "install", "support", "colocation", "licence", "rent", "bridge", *ON_GOODS} | set(CATEGORIES.values())
) - {"migrations"}
"""Categories of what is ordered; people, power, egress, controls and what is paid on them stand in the workbook."""
IN_SERVERS = "port"
"""Unit of network parts that stand below the servers, not below the network."""
BELOW_SERVERS = ("network", "install", "support", "colocation")
"""Ends of the ids of lines that belong to the servers of the line whose id has `hardware` in its place."""


@dataclass(frozen=True, slots=True)
class Bill:
    """What a bill of materials is made from.

    parts   of one piece, by the id of the cost line that pays for it
    dated   by the id of cost lines that do not come with the servers
    notes   by wave and id of cost line
    """

    terms: Terms
    lines: Sequence[CostLine]
    needs: Sequence[Need]
    fleet: Fleet
    purchases: Sequence[Purchase]
    parts: Mapping[str, Sequence[Part]]
    dated: Mapping[str, Dated]
    notes: Mapping[tuple[int, str], str]


@dataclass(frozen=True, slots=True)
class _Wave:
    """One purchase: the month of its servers, how many they are, and the periods whose purchases it brings."""

    purchase: Purchase
    added: tuple[int, int]
    periods: slice
    opening: bool


def bill_of_materials(bill: Bill) -> tuple[BomLine, ...]:
    """One block of lines per purchase; over all waves the quantities add up to those of the cost lines.

    What is paid by the month stands in the first block, with its months up to month 36.
    """
    made: list[BomLine] = []
    for wave in _waves(bill):
        numbers: dict[str, int] = {}
        for line in bill.lines:
            schedule = _schedule(line, wave, bill.terms.buyer.term)
            if sum(schedule) <= 0:
                continue
            ordered = _ordered(bill, line, wave, schedule, len(made) + 1, numbers)
            numbers[line.id] = ordered.line
            made.append(ordered)
            for below in _below(bill, line, wave, ordered):
                made.append(below.model_copy(update={"line": len(made) + 1}))
    return tuple(made)


def parent_id(line: CostLine) -> str:
    """The id of the cost line that a line belongs to: what a tax is paid on, or the servers; empty for one of its own."""
    if line.category in ON_GOODS:
        return line.id.removeprefix(f"{line.category}-")
    owner, _, last = line.id.rpartition("-")
    if last not in BELOW_SERVERS:
        return ""
    return f"{owner}-hardware" if owner else "hardware"


def _waves(bill: Bill) -> Iterator[_Wave]:
    starts = [month for month, _ in bill.fleet.added]
    ends = [*starts[1:], PERIODS]
    for found, purchase, end in zip(bill.fleet.added, bill.purchases, ends, strict=True):
        opening = found[0] == starts[0]
        yield _Wave(purchase, found, slice(0 if opening else found[0], end), opening)


def _ordered(
    bill: Bill, line: CostLine, wave: _Wave, schedule: Sequence[float], number: int, numbers: Mapping[str, int]
) -> BomLine:
    note = bill.notes.get((wave.purchase.wave, line.id), "")
    made = ordered_line(bill.terms, line, schedule, wave.purchase, bill.dated.get(line.id), note)
    return made.model_copy(update={"line": number, "parent": numbers.get(parent_id(line))})


def _below(bill: Bill, line: CostLine, wave: _Wave, parent: BomLine) -> Iterator[BomLine]:
    """The parts that come with a line at its price."""
    for part in bill.parts.get(line.id, ()):
        yield part_line(part, parent)
    for need in bill.needs:
        if need.price or need.unit == IN_SERVERS or PAYS.get(need.group) != line.id:
            continue
        quantity = _included(need, wave, once=line.treatment == "capitalise")
        if quantity > 0:
            yield included_line(need, quantity, parent)


def _included(need: Need, wave: _Wave, once: bool) -> float:
    """Pieces that a wave adds; where the parent is rented, the most that ever stand, all in the first block."""
    if not (need.bought or need.unit == "instance"):
        return 0.0
    if once:
        return math.fsum(added(need.by_month)[wave.periods])
    return max(need.by_month) if wave.opening else 0.0


def _schedule(line: CostLine, wave: _Wave, term: str) -> Sequence[float]:
    """What a wave orders of a cost line, by the period in which it enters service or is used; rent up to month 36."""
    if line.category == "rent":
        committed, demand = split_hours(Fleet((wave.added,), ()), term)
        return demand if line.id == "rent-on-demand" else committed
    if line.category not in ORDERED:
        return ()
    if line.treatment == "capitalise":
        brought = range(*wave.periods.indices(PERIODS))
        return [quantity * (period in brought) for period, quantity in enumerate(line.used)]
    return line.used if wave.opening else ()
