"""Recorded steps of the bridge until delivery and of the path to production."""

from __future__ import annotations

from collections.abc import Iterator

from aisizer.plan.records import Bridge, Step
from aisizer.roadmap.records import Path
from aisizer.units import figure


def path_steps(bridge: Bridge | None, way: Path) -> Iterator[Step]:
    """What a bridge costs and when the path ends."""
    if bridge is not None:
        yield Step(
            name="bridge.usd",
            meaning=f"cost of the bridge at {bridge.site} until {bridge.until}",
            formula="sum of the chosen site's cost lines whose ids begin with bridge-",
            inputs={
                "servers": str(bridge.servers),
                "from": str(bridge.from_),
                "until": str(bridge.until),
                "months": str(bridge.months),
            },
            value=f"{bridge.usd:,.2f}",
            unit="USD",
            source="tco of the chosen site",
            next=("decision.order_by",),
        )
    yield Step(
        name="path.weeks.base",
        meaning="from the go decision on plan_date to production",
        formula="sum of the tasks of the critical path",
        inputs={step.name: f"{step.weeks['base']:g} w" for step in way.steps if step.critical},
        value=figure(way.weeks["base"], 6),
        unit="week",
        source="Kelley and Walker (1959), doi:10.1145/1460299.1460318; supply.path and the lead time of the site",
        next=("decision.order_by",),
    )
