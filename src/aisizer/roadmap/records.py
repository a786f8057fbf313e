"""Demand and fleet by month, and the dated purchases between them."""

from __future__ import annotations

from datetime import date

from aisizer.schema import Record


class Month(Record):
    """One production month of the plan."""

    month: int
    """1 is the first month in production"""
    start: date
    demand_factor: float
    """[1] demand over go-live demand at full rollout"""
    peak_rate_per_s: float
    gpus_needed: int
    """after headroom, whole servers and redundancy"""
    gpus_in_service: int
    servers_in_service: int
    utilization: float
    demand_factor_low: float | None = None
    """[1] in the slow case of growth"""
    demand_factor_high: float | None = None
    """[1] in the fast case of growth"""
    gpus_needed_low: int | None = None
    """as gpus_needed, in the slow case"""
    gpus_needed_high: int | None = None
    """as gpus_needed, in the fast case"""


class Purchase(Record):
    """One wave: what is ordered, by when, and why then."""

    wave: int
    gpus: int
    servers: int
    order_by: date
    need_by: date
    """in service on this day"""
    covers_to_month: int
    reason: str
    release_by: date | None = None
    """last day to release the order: order_by and the approval"""
    confirmed_by: date | None = None
    """about when the supplier confirms an order that is released so late"""
    covers_until: date | None = None
    """first day after the months that it covers"""


class Checkpoint(Record):
    """The fleet in service at one month, with its utilisation and how close the tightest SLO is."""

    month: int
    date: date
    gpus: int
    servers: int
    utilization: float
    tightest_slo: str
    """workload and metric with the largest predicted over target"""
    slo_ratio: float


class Roadmap(Record):
    """36 months of demand and capacity at the chosen site."""

    go_live: date
    go_live_gpus: int
    month_12_gpus: int
    month_36_gpus: int
    months: tuple[Month, ...]
    purchases: tuple[Purchase, ...]
    checkpoints: tuple[Checkpoint, ...]
    lead_time_weeks: dict[str, float]
    """approval, order, delivery, install, burn_in and total"""


class Precondition(Record):
    """What should stand ready before the go decision, and whether it does."""

    name: str
    field: str
    """profile field that says so"""
    met: bool
    effect: str
    """what the path loses without it"""


class PathStep(Record):
    """One task between the go decision and production."""

    name: str
    owner: str
    weeks: dict[str, float]
    """[week] low, base and high"""
    after: tuple[str, ...]
    """tasks that must be done before it begins"""
    start: date
    """earliest, at base"""
    end: date
    critical: bool
    """whether a week lost here is a week lost at the end"""
    reason: str


class Path(Record):
    """The way from the go decision, plan_date, to production."""

    site: str
    """whose procurement it waits for: that of the bridge where one is due"""
    steps: tuple[PathStep, ...]
    critical: tuple[str, ...]
    """names of the critical path, in order"""
    weeks: dict[str, float]
    """[week] low, base and high"""
    months: dict[str, float]
    end: date
    """earliest day in production, at base"""
    go_live: date
    in_time: bool
    preconditions: tuple[Precondition, ...]
