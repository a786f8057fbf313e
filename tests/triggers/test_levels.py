"""Laws of all triggers: longer lead or faster growth never later, an order on its way never earlier, a slipped one as none."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisizer.triggers.levels import Level, OnOrder, Setting, trigger_of
from aisizer.triggers.records import Trigger

GO_LIVE = date(2027, 7, 1)
growths, leads, starts = st.floats(0.0, 0.12), st.floats(0.0, 60.0), st.floats(0.05, 0.6)
follows = st.booleans()


def made(
    start: float, growth: float, lead: float, *, follows: bool = True, orders: tuple[OnOrder, ...] = (), **more: Any
) -> Trigger:
    """A trigger on a level that grows at a constant rate from go-live on."""
    rates = {"low": growth / 2, "base": growth, "high": 1.5 * growth}
    fields = {
        "id": "capacity-x",
        "alert": "AisizerCapacityOrderNow",
        "kind": "load",
        "quantity": "load",
        "pool": "x",
        "levels": {case: tuple(start * (1 + rate) ** month for month in range(36)) for case, rate in rates.items()},
        "limit": 0.8,
        "lead_weeks": lead,
        "action": "Order.",
        "follows_demand": follows,
        "per_gpu": 1 / 16,
    }
    level = Level(**(fields | more))
    setting = Setting(
        plan_date=date(2026, 12, 1),
        go_live=GO_LIVE,
        growth=rates,
        review_weeks=2.0,
        owner="owner",
        engine="vllm-0.33",
        model_label="model_name",
        on_order=orders,
        next_order="wave 2",
    )
    return trigger_of(level, setting)


def when(trigger: Trigger, case: Any = "base") -> date:
    return trigger.predicted[case] or date.max


@settings(max_examples=150, deadline=None)
@given(starts, growths, leads, leads, follows)
def test_a_longer_lead_never_triggers_later(start: float, growth: float, a: float, b: float, follows: bool) -> None:
    short, long = (made(start, growth, lead, follows=follows) for lead in sorted((a, b)))
    assert long.threshold <= short.threshold + 1e-12
    assert when(long) <= when(short)
    assert long.fires_on_day_one >= short.fires_on_day_one


@settings(max_examples=150, deadline=None)
@given(starts, growths, growths, leads, follows)
def test_faster_growth_never_triggers_later(start: float, a: float, b: float, lead: float, follows: bool) -> None:
    slow, fast = (made(start, growth, lead, follows=follows) for growth in sorted((a, b)))
    assert when(fast) <= when(slow)
    assert when(fast, "high") <= when(fast) <= when(fast, "low")


@settings(max_examples=150, deadline=None)
@given(starts, growths, leads, st.integers(1, 64), st.integers(0, 1200))
def test_an_order_on_its_way_never_triggers_earlier(
    start: float, growth: float, lead: float, gpus: int, days: int
) -> None:
    order = OnOrder(GO_LIVE + timedelta(days=days), gpus)
    without, ordered = made(start, growth, lead), made(start, growth, lead, orders=(order,))
    assert when(ordered) >= when(without)
    assert ordered.threshold == without.threshold and ordered.on_order_gpus == gpus


def test_an_order_counts_from_one_lead_and_review_before_its_date() -> None:
    start, growth, lead = 0.4, 0.05, 20.0
    without = made(start, growth, lead)
    horizon = timedelta(weeks=22)
    in_time = OnOrder(when(without) + horizon - timedelta(days=7), 16)
    too_late = OnOrder(when(without) + horizon + timedelta(days=40), 16)
    doubled = made(start, growth, lead, orders=(in_time,))
    assert when(made(start, growth, lead, orders=(too_late,))) == when(without)
    later = math.log(2) / math.log(1 + growth) * 30.4375
    assert abs((when(doubled) - when(without)).days - later) <= 4


def test_what_fires_on_day_one_names_its_order() -> None:
    assert made(0.6, 0.05, 50.0).order == "wave 2"
    assert made(0.1, 0.01, 10.0).order == ""


@given(st.floats(0.0, 0.1), leads)
def test_the_forecast_alert_is_the_backtested_rule(growth: float, lead: float) -> None:
    trigger = made(0.3, growth, lead)
    assert trigger.window_weeks >= max(26, lead / 2) and trigger.retention_days == trigger.window_weeks * 7
    assert trigger.floor is not None and trigger.cautious is not None
    assert trigger.cautious < trigger.floor <= trigger.threshold
    assert made(trigger.cautious * 1.01, growth, lead).fires_on_day_one


def test_a_budget_that_lasts_is_its_own_threshold() -> None:
    calm = made(0.1, 0.0, 20.0, follows=False)
    assert calm.threshold == calm.limit and when(calm) == date.max and calm.floor is None


@settings(max_examples=100, deadline=None)
@given(st.floats(0.05, 0.4), st.floats(0.02, 0.12), st.floats(0.0, 30.0))
def test_what_grows_by_its_own_law_is_alerted_one_lead_and_review_before_its_forecast_limit(
    start: float, growth: float, lead: float
) -> None:
    trigger = made(start, growth, lead, follows=False)
    months = (lead + 2) / (365.25 / 12 / 7)
    reached = math.log(0.8 / start) / math.log(1 + growth)
    assert trigger.threshold == pytest.approx(start * (1 + growth) ** max(0.0, reached - months), rel=1e-6)


def test_what_a_level_says_of_itself_reaches_its_trigger() -> None:
    said = {
        "kind": "log_storage",
        "unit": "GB",
        "capacity": 900.0,
        "query": "sum(x)",
        "metric": "x",
        "sized_requests_per_s": 3.0,
        "sized_output_tokens_per_s": 700.0,
    }
    trigger = made(0.3, 0.02, 20.0, **said)
    assert {name: getattr(trigger, name) for name in said} == said
    assert trigger.per_gpu == 1 / 16 and 0 < trigger.fitted_weight < 1
    assert isinstance(trigger.window_weeks, int)


def test_only_what_follows_demand_is_forecast_from_measurements() -> None:
    own = made(0.3, 0.02, 20.0, follows=False)
    assert (own.window_weeks, own.retention_days, own.fitted_weight, own.floor) == (0, 0, 0.0, None)


def test_gpus_on_their_way_help_only_where_gpus_add_capacity() -> None:
    orders = (OnOrder(GO_LIVE, 16),)
    disks = made(0.6, 0.05, 50.0, orders=orders, per_gpu=0.0)
    assert disks.on_order_gpus == 0 and disks.order == "Order."
    assert when(disks) == when(made(0.6, 0.05, 50.0, per_gpu=0.0))


def test_what_arrives_in_time_counts_from_the_first_day() -> None:
    early = OnOrder(GO_LIVE - timedelta(days=400), 16)
    assert made(0.4, 0.05, 50.0).fires_on_day_one
    assert not made(0.4, 0.05, 50.0, orders=(early,)).fires_on_day_one
    twice = made(0.3, 0.05, 20.0, orders=(early, early))
    tripled = made(0.1, 0.05, 20.0)
    assert abs((when(twice) - when(tripled)).days) <= 1


def test_day_one_is_judged_by_the_level_of_go_live() -> None:
    calm = made(0.1, 0.02, 20.0)
    assert calm.cautious is not None
    levels = {case: (0.1, *[calm.cautious * 1.01] * 35) for case in ("low", "base", "high")}
    assert not made(0.1, 0.02, 20.0, levels=levels).fires_on_day_one


def test_a_budget_of_the_plan_is_not_forecast_beyond_it() -> None:
    assert made(0.3, 0.02, 20.0, follows=False, kind="spend").threshold == 0.8
    beyond = made(0.3, 0.02, 20.0, follows=False, kind="egress")
    assert beyond.threshold < 0.8 and when(beyond) == date.max
    assert "after 49.5 months" in beyond.formula
    assert "never reaches 0.8" in made(0.3, 0.02, 20.0, follows=False, kind="spend").formula


def test_the_formula_says_where_dated_growth_is_steeper() -> None:
    steep = {case: (0.2, *[0.2 * 1.2**month for month in range(1, 36)]) for case in ("low", "base", "high")}
    assert "dated growth is steeper" in made(0.2, 0.02, 20.0, levels=steep).formula
    assert "steeper" not in made(0.2, 0.02, 20.0).formula


@settings(max_examples=100, deadline=None)
@given(starts, growths, leads, st.integers(1, 32), st.integers(1, 32), st.integers(-200, 1200))
def test_two_orders_of_one_day_are_one_order(
    start: float, growth: float, lead: float, a: int, b: int, days: int
) -> None:
    due = GO_LIVE + timedelta(days=days)
    both = made(start, growth, lead, orders=(OnOrder(due, a), OnOrder(due, b)))
    assert when(both) == when(made(start, growth, lead, orders=(OnOrder(due, a + b),)))


def test_an_order_of_the_first_month_answers_nothing_before_it_counts() -> None:
    """The level is reached 0.3 months after go-live; what counts from 0.9 months on comes too late for that."""
    start = made(0.1, 0.05, 20.0).threshold / 1.05**0.3
    soon = OnOrder(GO_LIVE + timedelta(days=27 + 22 * 7), 16)
    assert when(made(start, 0.05, 20.0, orders=(soon,))) == when(made(start, 0.05, 20.0)) == date(2027, 7, 10)
    assert when(made(0.7, 0.05, 20.0)) == GO_LIVE
