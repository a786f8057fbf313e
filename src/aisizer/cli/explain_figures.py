"""`aisizer explain FIGURE`: the places of a plan at which the figures of a text stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from aisizer.plan import Plan

if TYPE_CHECKING:
    from aisizer.deliver.places import Place

MOST = 5
"""places shown of each figure, the best known first"""
AS_PRINTED = "Write a figure as the document prints it, with its unit, such as '49 %' or '475 ms'."


def has_figures(text: str) -> bool:
    """Whether a text asks for figures and is no name."""
    from aisizer.deliver.printed import printed_in

    return any(printed_in(text))


def figures_text(plan: Plan, text: str) -> str:
    """For each figure of a text its places in a plan; empty where none of them stands there."""
    from aisizer.deliver.places import places, places_of
    from aisizer.deliver.printed import printed_in

    known = places(plan)
    found = {figure.text: places_of(figure, text, known) for figure in printed_in(text)}
    return (
        "\n".join("\n".join(_lines(figure, at)) + "\n" for figure, at in found.items()) if any(found.values()) else ""
    )


def _lines(figure: str, found: Sequence[Place]) -> Iterator[str]:
    """What stands where and why, and how many places more there are."""
    if not found:
        yield f"{figure} stands nowhere in the plan."
        return
    yield f"{figure} stands at {len(found)} place{'' if len(found) == 1 else 's'} of the plan"
    for place in found[:MOST]:
        yield f"  {place.path}{':' if ' = ' in place.says else ' ='} {place.says}"
        yield from (f"    {line}" for line in place.why)
    if len(found) > MOST:
        yield f"  and {len(found) - MOST} more: give the words beside it too, or the whole sentence."
    yield f"  next     aisizer explain {found[0].path}"
