"""The document's section on what stands around the GPUs."""

from __future__ import annotations

from collections.abc import Sequence

from aisizer.deliver import numbers
from aisizer.deliver.blocks import Block, Items, Paragraph, Section, table
from aisizer.plan import Plan
from aisizer.sizing.records import Surrounding

HEADS = "What | Unit | At go-live # | Month 12 # | Month 36 # | Formula at month 36 | Rests on"


def surroundings_section(plan: Plan) -> Section:
    """Logs, network, front end, facility, recovery, spares and fleets beside production, each with its formula."""
    blocks: list[Block] = [
        Paragraph(
            "Quantities are those of the chosen site at expected growth. What has a price stands in the bill of materials "
            "and in the cost; the rest is in the price of another line, as its note says."
        )
    ]
    for group in dict.fromkeys(s.group for s in plan.surroundings):
        found = [s for s in plan.surroundings if s.group == group]
        blocks.append(table(group[:1].upper() + group[1:], HEADS, [_row(s) for s in found]))
        notes = _notes(found)
        blocks += [Items(notes)] if notes else []
    return Section("surroundings", "What stands around the GPUs", tuple(blocks))


def _notes(found: Sequence[Surrounding]) -> tuple[str, ...]:
    """One item for each note, with everything that it is said of."""
    said: dict[str, list[str]] = {}
    for s in found:
        said.setdefault(s.note, []).append(s.name)
    return tuple(f"{', '.join(names)}: {note}" for note, names in said.items() if note)


def _row(s: Surrounding) -> tuple[str, ...]:
    quantities = (numbers.number(float(f"{value:.4g}")) for value in (s.go_live, s.month_12, s.month_36))
    return (s.name, s.unit, *quantities, s.formula.removeprefix("month 36: "), s.source)
