"""The cost lines of a fleet that is delivered after go-live, and of what serves until then."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aisizer.costs.records import CostLine

PREFIX = "bridge-"
"""How the ids of a bridge's cost lines begin."""


def starting(lines: Sequence[CostLine], month: int) -> tuple[CostLine, ...]:
    """A site's lines where its first servers serve from `month` on: nothing runs there and nothing is paid before it."""
    if month == 1:
        return tuple(lines)
    return tuple(line.model_copy(update=_cut(line, lambda period: period >= month)) for line in lines)


def _cut(line: CostLine, kept: Callable[[int], bool]) -> dict[str, tuple[float, ...]]:
    """A line's schedules in the periods that are kept."""
    return {
        name: tuple(quantity * kept(period) for period, quantity in enumerate(schedule))
        for name, schedule in (("quantity", line.quantity), ("served", line.served))
    }


def _by_the_month(line: CostLine) -> CostLine:
    """What is paid a year ahead, paid as it is used: its year goes on at the site that follows."""
    if line.treatment != "prepaid":
        return line
    return line.model_copy(update={"quantity": line.used, "served": (), "treatment": "expense"})


def bridge_lines(lines: Sequence[CostLine], month: int, place: str) -> tuple[CostLine, ...]:
    """A bridge's lines in the months before `month`, by names of their own; what it does not ask for then is left out.

    Its rent is a category of its own, because it ends; the rest stays what it is, so that sites are compared alike.
    """
    kept = (_by_the_month(line) for line in lines if line.category != "residual")
    cut = ((line, _cut(line, lambda period: period < month)) for line in kept)
    return tuple(
        line.model_copy(
            update={
                "id": PREFIX + line.id,
                "category": "bridge" if line.category == "rent" else line.category,
                "description": f"Bridge at {place}: {line.description}",
                "waves": (),
                **schedules,
            }
        )
        for line, schedules in cut
        if any(schedules["quantity"])
    )
