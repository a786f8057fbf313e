"""The primary site's fleet at one moment: replicas that serve, by pool, and the demand that they carry."""

from __future__ import annotations

from dataclasses import dataclass

from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated, carried_factor, planned_factor
from aisizer.sizing.fleet import deployed, fleet


@dataclass(frozen=True, slots=True)
class State:
    """Replicas by pool, or by stage of one, and the demand factor."""

    replicas: tuple[int, ...]
    factor: float


def first_wave(context: Context, e: Evaluated) -> tuple[State, State]:
    """The first wave's fleet at the highest demand it carries: all servers up, and with the redundancy down."""
    resilience = context.profile.resilience
    needed = fleet(e.layout, planned_factor(e, context.demand), resilience)
    factor, servers = carried_factor(e, context.demand), e.fleets.production[e.fleets.first]
    replicas = deployed(e.layout, servers, factor, resilience, needed.redundant_servers)
    return State(replicas.up, factor), State(replicas.degraded, factor)


def in_month(context: Context, e: Evaluated, month: int) -> State:
    """The fleet that serves in a month, its bridge's before the first wave, all servers up."""
    e = e.serving(month)
    factor, servers = context.demand.factors[month - 1], e.fleets.production[month - 1]
    down = e.fleets.needed[month - 1].redundant_servers
    return State(deployed(e.layout, servers, factor, context.profile.resilience, down).up, factor)
