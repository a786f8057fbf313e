"""Laws of the judgement: growth, orders and their dates move it one way only."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watching import AT, DAY, GO_LIVE, judge, levels, order

from aisizer.errors import InvalidInput
from aisizer.profile.sections import GrowthSection, Phase
from aisizer.triggers.order_rule import BUSY_DAYS
from aisizer.watch.judgement import Setting, as_planned_on, busy_level, fitted, limit_then, step_on
from aisizer.watch.measured import within
from aisizer.watch.orders import capacity_factor

growths = st.floats(-0.1, 0.3)
lasts = st.floats(0.01, 1.5)


def weeks(value: float | None) -> float:
    return float("inf") if value is None else value


@given(last=lasts, slow=growths, fast=growths)
def test_faster_growth_never_gives_a_longer_runway(last: float, slow: float, fast: float) -> None:
    slow, fast = sorted((slow, fast))
    short, long = judge(levels(last, fast)), judge(levels(last, slow))
    assert short.runway_weeks is not None and long.runway_weeks is not None
    for end in ("low", "base", "high"):
        assert weeks(getattr(short.runway_weeks, end)) <= weeks(getattr(long.runway_weeks, end)) * (1 + 1e-6) + 1e-6


@given(last=lasts, growth=growths)
def test_the_interval_holds_the_runway(last: float, growth: float) -> None:
    runway = judge(levels(last, growth)).runway_weeks
    assert runway is not None
    assert weeks(runway.low) <= weeks(runway.base) <= weeks(runway.high)


@given(last=lasts, growth=growths, lead=st.floats(1, 60), more=st.floats(0, 40))
def test_a_longer_lead_time_never_silences(last: float, growth: float, lead: float, more: float) -> None:
    daily = levels(last, growth)
    if judge(daily, lead_time_weeks=lead).fired:
        assert judge(daily, lead_time_weeks=lead + more).fired


@given(last=lasts, growth=growths, gpus=st.integers(1, 64), due=st.dates(AT, date(2031, 1, 1)))
def test_an_order_never_fires_more(last: float, growth: float, gpus: int, due: date) -> None:
    daily = levels(last, growth)
    with_order = judge(daily, [order(gpus=gpus, due=due)])
    assert with_order.fired <= judge(daily).fired  # type: ignore[operator]
    assert with_order.capacity_factor >= 1


def test_an_order_silences_up_to_what_it_adds_and_a_slipped_one_fires_again() -> None:
    daily = levels(0.70, 0.04)
    assert judge(daily).fired
    silenced = judge(daily, [order()])
    assert not silenced.fired and silenced.capacity_factor == 2.0
    later = date(2029, 9, 2)
    still = {**daily, **{AT + n * DAY: 0.70 for n in range(1, (later - AT).days + 1)}}
    assert judge(still, [order()], at=later).fired, "due yesterday and not received"
    assert not judge(still, [order()], at=later - DAY).fired, "due today"
    assert not judge(still, [order(received=date(2029, 9, 1))], at=later).fired
    assert judge(still, [order(received=date(2029, 9, 10))], at=later).fired, "what comes later is not known yet"
    doubled = {day: level * 2.2 for day, level in daily.items()}
    assert judge(doubled, [order()]).fired, "the order adds no more than it adds"


def test_an_order_that_comes_after_one_placed_now_does_not_silence() -> None:
    daily = levels(0.70, 0.04)
    soonest = AT + timedelta(weeks=26)
    assert not judge(daily, [order(due=soonest)]).fired
    assert judge(daily, [order(due=soonest + DAY)]).fired
    assert judge(daily, [order(ordered=AT + DAY)]).fired, "nobody has placed it yet"


def test_orders_elsewhere_and_of_the_first_wave_add_nothing() -> None:
    daily = levels(0.70, 0.04)
    first = order(ordered=date(2027, 1, 1), due=GO_LIVE, received=GO_LIVE)
    assert judge(daily, [order(site="hosted"), first]).capacity_factor == 1.0


def test_a_first_wave_that_did_not_come_is_missing() -> None:
    half = order(gpus=4, ordered=date(2027, 1, 1), due=GO_LIVE)
    assert judge(levels(0.3, 0.04), [half]).capacity_factor == 0.5
    with pytest.raises(InvalidInput, match="Give the orders that came"):
        capacity_factor(1 / 8, -8)


def test_a_level_over_the_threshold_fires_without_any_growth() -> None:
    found = judge({AT: 0.62})
    assert found.fired and "at or over the threshold of 61.3%" in found.reason and found.days == 1
    assert found.growth_per_month is None and found.runway_weeks is None
    assert "growth is not judged before 28 days" in found.reason
    assert not judge({AT: 0.60}, growth_per_month=0.0).fired


def test_growth_faster_than_planned_fires_below_the_threshold() -> None:
    found = judge(levels(0.5, 0.10))
    assert found.level is not None and found.level < found.threshold
    assert found.fired and "but what is forecast 26 weeks on, with its margin, passes the limit" in found.reason
    assert not judge(levels(0.5, 0.0)).fired


def test_until_thirteen_weeks_are_measured_a_cautious_threshold_stands_in_for_the_growth() -> None:
    """61.3 % x 0.32 / 0.4 = 49.1 % on the first 90 days, as the alert of the rules; then the growth decides again."""
    early, known = (judge(levels(0.52, 0.0, days=n), cautious=0.32) for n in (90, 91))
    assert early.fired and early.threshold == pytest.approx(0.8 * known.threshold)
    assert not known.fired and "a cautious one" in early.reason and "a cautious one" not in known.reason
    assert not judge(levels(0.45, 0.30, days=90), cautious=0.32).fired
    assert judge(levels(0.45, 0.30, days=91), cautious=0.32).fired


def test_neither_a_weekend_nor_one_wild_day_moves_the_level_and_a_month_of_a_jump_does() -> None:
    daily = levels(0.4, 0.0)
    calm = judge(daily).level
    assert calm is not None
    weekends = {day: level * (0.3 if day.weekday() > 4 else 1) for day, level in daily.items()}
    assert judge(weekends).level == pytest.approx(calm)
    assert judge(daily | {AT - DAY: 5.0}).level == pytest.approx(calm) and not judge(daily | {AT: 0.7}).fired
    jumped = daily | {AT - n * DAY: 0.62 for n in range(14)}
    assert judge(jumped).fired and judge(jumped).level == pytest.approx(calm * 0.62 / 0.4)


def test_old_levels_are_no_level() -> None:
    daily = levels(0.3, 0.0)
    with pytest.raises(InvalidInput, match=r"no level in the week up to 2029-07-08: its last level is of 2029-06-30"):
        judge(daily, at=AT + 8 * DAY)
    with pytest.raises(InvalidInput, match="there is none before it"):
        judge(daily, at=date(2020, 1, 1))


def test_what_does_not_follow_the_demand_is_judged_by_its_level_alone() -> None:
    daily = levels(0.60, 0.20)
    assert judge(daily).fired
    found = judge(daily, floor=None)
    assert not found.fired and found.growth_per_month is None and "the level alone decides" in found.reason
    assert found.level == 0.60 and judge(levels(0.62, 0.0), floor=None).fired


def test_what_comes_after_the_day_is_not_seen() -> None:
    daily = levels(0.3, 0.04)
    future = {AT + n * DAY: 5.0 for n in range(1, 20)}
    assert judge(daily | future) == judge(daily)


def test_gaps_are_told_and_zeros_have_no_logarithm() -> None:
    daily = levels(0.3, 0.04, days=30)
    for n in (4, 5, 9):
        del daily[AT - n * DAY]
    daily[AT - 12 * DAY] = 0.0
    found = judge(daily)
    assert [(g.first, g.last) for g in found.gaps] == [
        (AT - 12 * DAY, AT - 12 * DAY),
        (AT - 9 * DAY, AT - 9 * DAY),
        (AT - 5 * DAY, AT - 4 * DAY),
    ]
    assert list(within(daily, AT, 3)) == [AT - 2 * DAY, AT - DAY, AT]


ROLLOUT = GrowthSection(
    phases=(Phase(name="pilot", share=0.2, start="2028-01-01"), Phase(name="all", share=1, start="2029-06-01"))
)
SEASON = GrowthSection(seasonality=(1.0,) * 5 + (1.5,) + (1.0,) * 6)


@pytest.mark.parametrize("growth", [ROLLOUT, SEASON])
def test_a_rollout_phase_or_a_busy_month_is_no_growth_and_lifts_the_level_at_once(growth: GrowthSection) -> None:
    daily = within({day: 0.3 * step_on(growth, day) for day in levels(0.3, 0.0)}, AT, 90)
    flat, steep = (fitted(as_planned_on(daily, plan, AT), AT, 0.0) for plan in (growth, GrowthSection()))
    assert flat is not None and steep is not None
    assert flat.per_day == pytest.approx(0.0, abs=1e-9) and steep.per_day > 0.0001
    early = date(2029, 6, 3)
    now = busy_level(within(as_planned_on(daily, growth, early), early, BUSY_DAYS), early, 0.0)
    assert now == pytest.approx(daily[early])


def test_a_phase_or_a_busy_month_to_come_lowers_the_limit() -> None:
    before = date(2029, 5, 1)
    assert limit_then(0.8, Setting(before, ROLLOUT, 1.0), 26) == pytest.approx(0.16)
    assert limit_then(0.8, Setting(before, ROLLOUT, 1.0), 2) == pytest.approx(0.8)
    assert limit_then(0.8, Setting(before, ROLLOUT, 2.0), 26) == pytest.approx(0.32)
    assert limit_then(0.9, Setting(before, SEASON, 1.0), 6) == pytest.approx(0.6)
    assert limit_then(0.9, Setting(before, SEASON, 1.0), 12) == pytest.approx(0.9)
