"""A level that, once reached, leaves exactly the lead time to act; and symptoms, which leave none."""

from __future__ import annotations

from datetime import date
from typing import Literal

from aisizer.schema import Record

Kind = Literal["load", "kv_cache", "log_storage", "egress", "upstream", "power", "spend"]
Ailment = Literal["latency", "queue", "preemptions", "redundancy", "errors", "cost"]


class Trigger(Record):
    """One alert with its arithmetic, dates, owner and action."""

    id: str
    alert: str
    """CamelCase Prometheus alert name"""
    quantity: str
    """what is measured, e.g. peak load over sized capacity"""
    pool: str
    """pool of replicas, upstream system, or site that it is about"""
    threshold: float
    limit: float
    growth_per_month: float
    lead_time_weeks: float
    review_weeks: float
    formula: str
    """the arithmetic with numbers substituted"""
    predicted: dict[Literal["low", "base", "high"], date | None]
    """when the threshold is crossed in each growth case; null: not within 36 months"""
    fires_on_day_one: bool
    severity: Literal["ticket", "page"]
    owner: str
    action: str
    sized_output_tokens_per_s: float
    """[token/s] output tokens of the sized capacity at the SLO, for the recording rule"""
    sized_requests_per_s: float
    model_label: str
    metric: str
    """engine metric that the rule reads"""
    engine: str
    kind: Kind = "load"
    """which limit it watches; only one that is known is watched"""
    unit: str = ""
    """unit of the capacity and of what the query gives"""
    capacity: float | None = None
    """[unit] what stands: the level is what is used over it; null: what is sized, in the unit of the metric"""
    query: str = ""
    """PromQL of what is used now [unit]; empty: sum of the metric's rate for a load, else nothing measures it"""
    per_gpu: float = 0.0
    """[1/GPU] share of the capacity that one more GPU in service adds; 0: an order of GPUs does not help"""
    on_order_gpus: int = 0
    """[GPU] on their way at the site on plan_date"""
    order: str = ""
    """the order that answers the alert where it fires on day one"""
    floor: float | None = None
    """level of busy days at which the forecast alert fires whatever it forecasts; null: no forecast alert"""
    cautious: float | None = None
    """the lower one at which it fires until 13 weeks have been measured"""
    window_weeks: int = 0
    """[week] of measurements that the forecast is fitted to"""
    fitted_weight: float = 0.0
    """[1] weight of the fitted growth; the rest is the plan's"""
    retention_days: int = 0
    """[day] that Prometheus must keep samples for the forecast"""

    @property
    def first_level(self) -> float:
        """The level [1] of the first weeks: the cautious one, where there is one and it is lower."""
        return self.threshold if self.cautious is None else min(self.threshold, self.cautious)


class BurnWindow(Record):
    """A long and a short window in which the error budget burns faster than a rate."""

    long: str
    short: str
    rate: float
    """[1] multiple of the pace at which the budget is just spent"""


class Symptom(Record):
    """Something that users feel now, or will with the next failure: it pages, and buying hardware does not mend it tonight."""

    id: str
    alert: str
    kind: Ailment
    quantity: str
    """what is measured"""
    pool: str
    limit: float
    unit: str
    how: Literal["burn_rate", "immediate"]
    windows: tuple[BurnWindow, ...] = ()
    """any of which fires; empty where immediate"""
    hold: str
    """how long it must last, as Prometheus writes it"""
    expr: str
    """PromQL that is true while it lasts"""
    formula: str
    """how the limit was found, with numbers"""
    severity: Literal["page"] = "page"
    owner: str
    action: str
    engine: str
    metric: str
    """what is measured, as its exporter calls it"""
    over: str = ""
    """counter that it is a share of; empty: none"""
    model_label: str
    """label of the metric that holds the model; empty: none"""
