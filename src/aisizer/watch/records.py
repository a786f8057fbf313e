"""What `aisizer watch` says, as its --json carries it (aisizer/watch/v1)."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from aisizer.schema import Record

OrderState = Literal["in service", "on order", "slipped", "not placed yet", "first wave", "elsewhere"]


class OrderSeen(Record):
    """One recorded order, and what it is on the day of the watch."""

    id: str
    site: str
    gpus: int
    due: date
    state: OrderState
    """first wave: due by go-live, so that the plan's sized capacity holds it already"""


class Runway(Record):
    """Weeks until the limit, over the 80 % interval of the fitted growth; null: never at that growth."""

    low: float | None
    base: float | None
    high: float | None


class Gap(Record):
    """Days without a level, both ends included."""

    first: date
    last: date


class Watched(Record):
    """One trigger of the plan beside what was measured; the figures are null where nothing was."""

    id: str
    quantity: str
    pool: str
    severity: str
    owner: str
    action: str
    fired: bool | None
    reason: str
    """why it fired or did not, with the figures"""
    level: float | None
    """[1] of a busy day now: the 70 % quantile of the daily levels of four weeks, brought to today at the plan's growth"""
    threshold: float
    """[1] of the plan, raised by the capacity that stands or is on order beyond it"""
    limit: float
    """[1] at the date at which an order placed now would serve, raised likewise and lowered by the rollout to come"""
    growth_per_month: float | None
    """[1/month] fitted, drawn towards the plan's where noise hides it, rollout phases taken out; null: too few days"""
    planned_growth_per_month: float
    runway_weeks: Runway | None
    """from the fitted level of the busiest weekday until the limit; null: too few days"""
    needs_weeks: float
    """lead time and review"""
    capacity_factor: float
    """[1] capacity in service or on order at that date, over the plan's first wave"""
    days: int
    """days with a level that the growth was fitted on"""
    gaps: tuple[Gap, ...]
    source: str
    """the column, or the query that gave the levels"""


class Drift(Record):
    """One property of the workload beside the one that the plan was sized for."""

    quantity: str
    name: str
    """pool, or workload"""
    planned: float
    actual: float | None
    """mean of the last seven days; null: not measured"""
    change: float | None
    """[1] by which the work changes, or the share of requests that moved"""
    tolerance: float
    void: bool | None
    note: str


class Source(Record):
    """Where the levels come from."""

    kind: Literal["prometheus", "csv"]
    name: str
    """address without credentials, or file name"""
    sha256: str | None
    """of the file"""


class Watch(Record):
    """A plan against its metrics on one day."""

    schema_: Literal["aisizer/watch/v1"] = Field(default="aisizer/watch/v1", alias="schema")
    aisizer_version: str
    profile: str
    plan_sha256: str
    source: Source
    fragments: dict[str, str]
    """file name to sha256 of every fragment given with --with"""
    at: date
    fired: bool
    sizing_void: bool
    """whether the workload drifted so far that the plan's figures no longer stand"""
    triggers: tuple[Watched, ...]
    drift: tuple[Drift, ...]
    orders: tuple[OrderSeen, ...]
    notes: tuple[str, ...]
