"""Capacity that stands or is on order beyond the plan's first wave, as recorded orders have it on one day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from aisizer.errors import InvalidInput
from aisizer.plan import Plan
from aisizer.profile.sections import Order
from aisizer.watch.records import OrderSeen, OrderState


def state_of(order: Order, at: date, go_live: date, site: str) -> OrderState:
    """What an order is on a day; what lies after that day is not known on it."""
    if order.site != site:
        return "elsewhere"
    if order.ordered > at:
        return "not placed yet"
    received = order.received is not None and order.received <= at
    if not received and order.due < at:
        return "slipped"
    if order.due <= go_live:
        return "first wave"
    return "in service" if received else "on order"


def seen(orders: Sequence[Order], at: date, go_live: date, site: str) -> tuple[OrderSeen, ...]:
    """Every order with its state."""
    return tuple(
        OrderSeen(id=o.id, site=o.site, gpus=o.gpus, due=o.due, state=state_of(o, at, go_live, site)) for o in orders
    )


def added_gpus(orders: Sequence[OrderSeen], by: date, go_live: date) -> int:
    """[GPU] beyond the first wave on the date `by`; below zero where a part of the first wave itself has slipped.

    What is on order counts from its due date; what slipped counts no more, because nobody knows when it comes.
    """
    more = sum(o.gpus for o in orders if o.state == "in service" or (o.state == "on order" and o.due <= by))
    missing = sum(o.gpus for o in orders if o.state == "slipped" and o.due <= go_live)
    return more - missing


def counted_in_plan(plan: Plan, go_live: date, site: str) -> int:
    """[GPU] beyond the first wave that were in service when the plan was made, so that its triggers count them already."""
    listed = (plan.profile.get("evidence") or {}).get("orders") or ()
    orders = [Order.model_validate(order) for order in listed]
    return sum(o.gpus for o in orders if o.site == site and o.received is not None and o.due > go_live)


def capacity_factor(per_gpu: float, added: int) -> float:
    """[1] capacity with so many GPUs more over the trigger's own, of which one GPU adds the share per_gpu [1/GPU].

    >>> capacity_factor(1 / 8, 8), capacity_factor(1 / 16, -8), capacity_factor(0.0, 8)
    (2.0, 0.5, 1.0)
    """
    factor = 1 + per_gpu * added
    if factor <= 0:
        raise InvalidInput(
            f"The orders say that {-added} GPUs of the first wave never came, which are all that carry its load. "
            "Give the orders that came the day on which they were received."
        )
    return factor
