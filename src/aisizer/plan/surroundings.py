"""What stands around the GPUs of an option: every room's needs, gathered for its fleet."""

from __future__ import annotations

from collections.abc import Sequence

from aisizer.costs.lines import Buyer
from aisizer.costs.needs import line_id
from aisizer.plan.demand import Demand
from aisizer.roadmap.waves import Fleets
from aisizer.sizing.fleet import Layout
from aisizer.sizing.needs import Need
from aisizer.sizing.records import Surrounding


def around(buyer: Buyer, layout: Layout, made: Fleets, demand: Demand) -> tuple[Need, ...]:
    """All needs of an option's fleet."""
    return ()


def shown(needs: Sequence[Need]) -> tuple[Surrounding, ...]:
    """The needs as the Plan carries them."""
    return tuple(
        Surrounding(
            group=need.group,
            name=need.name,
            unit=need.unit,
            go_live=need.by_month[0],
            month_12=need.by_month[11],
            month_36=need.by_month[35],
            formula=need.formula,
            source=need.source,
            line=line_id(need) if need.price else "",
            note=need.note,
        )
        for need in needs
    )
