"""Recording rules: each level over its capacity once a minute, the orders on their way, and what the plan spends.

A group interval above the five-minute look-back of Prometheus would make alerts on recorded series silently never fire.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from typing import Any

from aisizer.deliver import labels
from aisizer.deliver.order_alert import busy_level, weekly_mean
from aisizer.deliver.yaml_text import Block
from aisizer.plan import Plan
from aisizer.plan.records import Decision
from aisizer.profile.sections import Order
from aisizer.roadmap.calendar import add_months
from aisizer.triggers.promql import number, series, summed_rate
from aisizer.triggers.records import Trigger
from aisizer.triggers.symptoms import CAPACITY_ON_ORDER, PLANNED_SPEND

CAPACITY = "aisizer:sized_capacity:rate"
UTILIZATION = "aisizer:capacity_utilization:ratio"
UTILIZATION_P95 = "aisizer:capacity_utilization:p95_1d"
UTILIZATION_BUSY = "aisizer:capacity_utilization:busy_28d"
USED_P95 = "aisizer:capacity_used:p95_1d"
USED_LN = "aisizer:capacity_used:ln_p95_1d"
USED_LN_WEEK = "aisizer:capacity_used:ln_p95_7d"
DAILY_WINDOW = "1d"
WEEK_S = 7 * 86400


def record_rules(plan: Plan) -> list[dict[str, Any]]:
    """All recording rules of the plan."""
    levels = [rule for trigger in watched(plan) for rule in _levels(plan, trigger)]
    return [*levels, *_on_order(plan), *_planned_spend(plan)]


def watched(plan: Plan) -> list[Trigger]:
    """The triggers that something measures; of a load its own metric does."""
    return [trigger for trigger in plan.triggers if trigger.query or trigger.kind == "load"]


def trigger_labels(plan: Plan, trigger: Trigger) -> dict[str, str]:
    """What tells the series of one trigger from all others."""
    return {"aisizer_profile": labels.profile_name(plan), "pool": trigger.pool, "trigger": trigger.id}


def own_series(name: str, plan: Plan, trigger: Trigger, window: str = "") -> str:
    """One recorded series of a trigger."""
    return series(name, trigger_labels(plan, trigger), window)


def level_series(plan: Plan, trigger: Trigger) -> str:
    """The level that the alerts compare: of what follows demand that of busy days, so that no weekend hides it."""
    return own_series(UTILIZATION_P95 if trigger.floor is None else UTILIZATION_BUSY, plan, trigger)


def served_model(plan: Plan, pool: str) -> str:
    """The name under which engines serve a pool."""
    pools = plan.decision.pools if plan.decision else ()
    return next((its.model for its in pools if its.name == pool), pool)


def horizon_s(trigger: Trigger) -> int:
    """[s] how far ahead a trigger looks: lead time and review."""
    return round((trigger.lead_time_weeks + trigger.review_weeks) * WEEK_S)


def orders(plan: Plan) -> list[Order]:
    """Orders that the profile lists at the chosen site, which are beyond the plan's own first wave and not yet received."""
    decision, listed = labels.decided(plan), (plan.profile.get("evidence") or {}).get("orders") or ()
    every = [Order.model_validate(order) for order in listed]
    return [o for o in every if o.site == decision.site and o.received is None and o.due > decision.go_live]


def end_of(day: date) -> int:
    """[s since 1970] of the midnight that ends a day, UTC."""
    return int(datetime.combine(day + timedelta(days=1), time(), UTC).timestamp())


def _levels(plan: Plan, trigger: Trigger) -> Iterator[dict[str, Any]]:
    own = trigger_labels(plan, trigger)
    query, capacity = _query(plan, trigger), own_series(CAPACITY, plan, trigger)
    yield _record(CAPACITY, f"vector({number(_capacity(trigger))})", own)
    yield _record(UTILIZATION, f"{query}\n  / scalar({capacity})", own)
    yield _record(
        UTILIZATION_P95, f"quantile_over_time(0.95, {own_series(UTILIZATION, plan, trigger, DAILY_WINDOW)})", own
    )
    if trigger.floor is not None:
        # Kept as what is used, so that new capacity bends no growth and old capacity haunts no level.
        used = own_series(USED_P95, plan, trigger)
        yield _record(USED_P95, f"{own_series(UTILIZATION_P95, plan, trigger)}\n  * scalar({capacity})", own)
        yield _record(UTILIZATION_BUSY, f"{busy_level(used)}\n  / scalar({capacity})", own)
        yield _record(USED_LN, f"ln({used} > 0)", own)
        yield _record(USED_LN_WEEK, weekly_mean(own_series(USED_LN, plan, trigger)), own)


def _record(name: str, expr: str, own: dict[str, str]) -> dict[str, Any]:
    return {"record": name, "expr": Block(expr), "labels": own}


def _query(plan: Plan, trigger: Trigger) -> str:
    found = trigger.query or summed_rate(trigger.metric, {trigger.model_label: served_model(plan, trigger.pool)})
    return found if trigger.kind in ("load", "kv_cache") else f"({found})"


def _capacity(trigger: Trigger) -> float:
    """What stands, in the unit of the query; plans of earlier versions tell the sized rates only."""
    if trigger.capacity is not None:
        return trigger.capacity
    return trigger.sized_output_tokens_per_s if "token" in trigger.metric else trigger.sized_requests_per_s


def _on_order(plan: Plan) -> Iterator[dict[str, Any]]:
    """Each order as a constant series while it is due within the lead time and not late: then it answers the forecast."""
    horizons = {horizon_s(trigger) for trigger in watched(plan) if trigger.per_gpu}
    for order in orders(plan):
        due = end_of(order.due)
        expr = (
            f"vector({order.gpus})\n"
            f"  and on () (vector(time()) < {due})\n"
            f"  and on () (vector(time()) >= {due} - {max(horizons, default=0)})"
        )
        yield _record(CAPACITY_ON_ORDER, expr, {"aisizer_profile": labels.profile_name(plan), "order": order.id})


def _planned_spend(plan: Plan) -> Iterator[dict[str, Any]]:
    """What the plan has spent by the end of the present month, as one step for each month; nothing before go-live."""
    decision = labels.decided(plan)
    cost = plan.tco.get(decision.site)
    if cost is None:
        return
    first, *monthly = cost.cash_by_month_usd
    spent = list(accumulate(monthly, initial=first))[1:]
    steps = [
        f"vector({number(round(usd, 2))}) and on () (vector(time()) >= {_start(decision, month)})"
        for month, usd in enumerate(spent)
    ]
    expr = "\nor ".join(reversed(steps))
    yield _record(PLANNED_SPEND, expr, {"aisizer_profile": labels.profile_name(plan), "site": decision.site})


def _start(decision: Decision, month: int) -> int:
    return end_of(add_months(decision.go_live, month) - timedelta(days=1))
