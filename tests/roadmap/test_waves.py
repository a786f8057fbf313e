"""Laws of purchases: in service before needed, never sold, covering every month."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from aisizer.profile.sections import Resilience
from aisizer.roadmap.calendar import days, earliest_service, first_of_next_month
from aisizer.roadmap.waves import fleets
from aisizer.sizing.capacity import Candidate
from aisizer.sizing.fleet import Layout


def layout(share: float) -> Layout:
    made: Any = SimpleNamespace(
        share=share,
        stable_share=share * 2,
        gpus=2,
        pool=SimpleNamespace(burst=1.05),
        confident_share=None,
    )
    return Layout((cast(Candidate, made),), 8)


factors = st.lists(st.floats(0.1, 6.0), min_size=36, max_size=36)
postures = st.sampled_from(["none", "pilot_light", "warm_standby", "half_size", "active_active"])


@settings(max_examples=100, deadline=None)
@given(factors, st.floats(0.02, 1.0), st.integers(1, 36), postures)
def test_every_month_has_what_it_needs(demand: list[float], share: float, expansion: int, posture: str) -> None:
    resilience = Resilience.model_validate({"disaster_recovery": {"posture": posture}})
    made = fleets(layout(share), demand, resilience, expansion)
    for needed, servers, production in zip(made.needed, made.servers, made.production, strict=True):
        assert servers >= needed.servers
        assert production >= needed.production_servers
    assert list(made.servers) == sorted(made.servers)
    assert made.waves[0].month == 1
    assert sum(w.servers for w in made.waves) == made.servers[-1]
    assert [w.month for w in made.waves[1:]] == [w.covers_to + 1 for w in made.waves[:-1]]


@settings(max_examples=60, deadline=None)
@given(factors, st.floats(0.02, 1.0))
def test_longer_intervals_between_purchases_never_buy_less_at_first(demand: list[float], share: float) -> None:
    yearly, quarterly = (fleets(layout(share), demand, Resilience(), months).waves[0].servers for months in (12, 3))
    assert yearly >= quarterly


def test_dates_round_to_the_safe_side() -> None:
    assert days(22.05).days == 155
    lead = {"total": 22.0}
    assert earliest_service(date(2026, 12, 1), lead) == date(2027, 5, 4)
    assert first_of_next_month(date(2027, 6, 1)) == date(2027, 6, 1)
