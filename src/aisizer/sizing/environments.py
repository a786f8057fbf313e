"""Fleets beside production: staging, integration tests, evaluation, canary."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aisizer.profile.sections import Environment, Evidence, Resilience
from aisizer.sizing.needs import Need
from aisizer.sizing.placement import servers_for

DEFAULT: Mapping[str, Environment] = {"staging": Environment(shares_with_production=True)}
"""Where the profile names none: one replica of each pool on production's spare off-peak, because a change must be tried
somewhere, and a fleet of its own would double a small one."""
STAGING = "staging"
"""The environment that prototype hardware becomes."""


@dataclass(frozen=True, slots=True)
class Production:
    """What the environments are measured against.

    servers_by_month  at the primary site, redundancy included
    spare_by_month    those of them that are the redundancy
    replica_gpus      GPUs of one replica of each pool
    """

    servers_by_month: tuple[int, ...]
    spare_by_month: tuple[int, ...]
    replica_gpus: tuple[int, ...]
    gpu: str
    gpus_per_server: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Hardware that stands already and never counts as production."""

    gpu: str
    gpus: int
    field: str


def standing(evidence: Evidence) -> tuple[Standing, ...]:
    """What the profile says of hardware that stands: the prototype's, then today's fleet's, which production replaces."""
    named = (("evidence.prototype", evidence.prototype), ("evidence.today", evidence.today))
    return tuple(Standing(found.gpu, found.gpus, field) for field, found in named if found is not None)


def environment_servers(environment: Environment, production: Production) -> tuple[int, ...]:
    """Servers of production's kind that an environment's size takes, by month, whoever owns them."""
    servers = production.servers_by_month
    if environment.rule == "mirror":
        return servers
    if environment.rule == "share":
        return tuple(math.ceil(environment.share * n) for n in servers)
    sizes = production.replica_gpus
    one_of_each = servers_for([1] * len(sizes), sizes, production.gpus_per_server)
    return tuple(one_of_each if n else 0 for n in servers)


def environment_needs(
    resilience: Resilience, production: Production, stands: Sequence[Standing] = ()
) -> tuple[Need, ...]:
    """For each environment the servers to have besides production's, and the GPU-hours that it runs, by month."""
    environments = DEFAULT if resilience.environments is None else resilience.environments
    return tuple(
        need for name, environment in environments.items() for need in _needs(name, environment, production, stands)
    )


def _needs(name: str, environment: Environment, made: Production, stands: Sequence[Standing]) -> Iterator[Need]:
    size = environment_servers(environment, made)
    gpus = _gpus(environment, made, size)
    home = next((s for s in stands if name == STAGING and s.gpus >= max(gpus)), None)
    bought = size if home is None and not environment.shares_with_production else tuple(0 for _ in size)
    source = f"resilience.environments.{name}"
    yield Need(
        group="non-production",
        name=f"{name} servers",
        unit="server",
        by_month=tuple(float(n) for n in bought),
        formula=_formula(environment, made, size),
        source=source if home is None else f"{source}, {home.field}",
        price="server" if any(bought) else "",
        bought=True,
        note=_note(name, environment, made, size, home, stands),
    )
    yield Need(
        group="non-production",
        name=f"{name} GPU-hours",
        unit="GPU-hour",
        by_month=tuple(n * environment.hours_per_month for n in gpus),
        formula=f"{gpus[-1]} GPUs x {environment.hours_per_month:g} h a month",
        source=source,
        note="The servers that it runs on are paid for elsewhere; this says how long they are taken.",
    )


def _gpus(environment: Environment, made: Production, size: Sequence[int]) -> tuple[int, ...]:
    """GPUs that are taken by month: whole servers, or those of the replicas only."""
    if environment.rule == "replica":
        return tuple(sum(made.replica_gpus) if n else 0 for n in size)
    return tuple(n * made.gpus_per_server for n in size)


def _formula(environment: Environment, made: Production, size: Sequence[int]) -> str:
    servers = made.servers_by_month[-1]
    if environment.rule == "mirror":
        return f"as production: {servers} servers"
    if environment.rule == "share":
        return f"{environment.share * 100:g} % of {servers} servers, rounded up: {size[-1]}"
    replicas = " + ".join(str(n) for n in made.replica_gpus)
    return f"one replica of each pool: {replicas} GPUs in servers of {made.gpus_per_server}: {size[-1]}"


def _note(
    name: str,
    environment: Environment,
    made: Production,
    size: Sequence[int],
    home: Standing | None,
    stands: Sequence[Standing],
) -> str:
    if home is not None:
        other = (
            f" They are not {made.gpu} as production: check that the weights fit, and compare answers there, not speed."
            if home.gpu != made.gpu
            else ""
        )
        return f"Stands on the {home.gpus} {home.gpu} of {home.field}, which never count as production capacity.{other}"
    small = [s for s in stands if name == STAGING]
    why = "".join(f"The {s.gpus} {s.gpu} of {s.field} are too few for one replica of each pool. " for s in small)
    if not environment.shares_with_production:
        return f"{why}Servers of its own, as production's; they never count as production capacity."
    if all(n <= spare for n, spare in zip(size, made.spare_by_month, strict=True)):
        return f"{why}Runs off-peak on production's redundancy and buys no server; it gives way when a server fails."
    return (
        f"{why}Takes {size[-1]} of production's servers off-peak, more than its redundancy of {made.spare_by_month[-1]}. Run "
        f"it when the load leaves them free, or set resilience.environments.{name}.shares_with_production to false."
    )
