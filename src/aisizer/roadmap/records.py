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
