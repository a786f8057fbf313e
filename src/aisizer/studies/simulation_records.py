"""What `aisizer simulate` answers: promises by phase, and the queue over time, of each pool."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aisizer.plan.drill_records import DrillResult, Phase
from aisizer.schema import Record


class PoolRun(Record):
    """One pool's part of a simulation."""

    pool: str
    replicas: int
    peak_rate_per_s: float
    utilization: float
    """[1] share of the time that replicas are in steps"""
    kv_use_p95: float
    preemptions: float
    """per request"""
    refused: float
    """[1] share of requests that are longer than a replica's KV memory"""
    turned_away: float = 0.0
    """[1] share of requests that the admission limits refuse"""
    phases: tuple[Phase, ...]
    waiting: tuple[float, ...]
    """requests without a first token in each sixtieth of the run, mean over it and over seeds"""
    in_flight: tuple[float, ...]
    """requests without their last token, likewise"""
    recovered_s: float | None = None
    """[s] from the begin of the trouble until every promise holds again and stays so; null where it never does within the
    run, or was never broken: see `held`"""
    held: bool = True
    """whether every promise held in all phases"""


class UpstreamRun(Record):
    """A system that requests call before the model: how long they wait for their turn at its rate ceiling."""

    name: str
    calls_per_s: float
    limit_per_s: float
    wait_p95_s: float
    longest_wait_s: float


class Simulation(Record):
    """What `aisizer simulate` answers (aisizer/simulation/v1)."""

    schema_: Literal["aisizer/simulation/v1"] = Field(default="aisizer/simulation/v1", alias="schema")
    aisizer_version: str
    profile: str
    drill: str | None
    told: str
    """what is played, in a sentence"""
    seconds: float
    seeds: int
    requests: int
    routing: str
    pools: tuple[PoolRun, ...]
    upstreams: tuple[UpstreamRun, ...] = ()
    """those with a rate ceiling; their time is outside the promises, which are those of the model service"""


class AllDrills(Record):
    """What `aisizer simulate --drill all` answers (aisizer/drills/v1)."""

    schema_: Literal["aisizer/drills/v1"] = Field(default="aisizer/drills/v1", alias="schema")
    aisizer_version: str
    profile: str
    seconds: float
    seeds: int
    drills: tuple[DrillResult, ...]
    simulations: tuple[Simulation, ...]
    """the run behind each of them, in the same order"""
