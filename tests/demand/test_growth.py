"""Demand by month: by hand, and what must hold for any growth."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from aisizer.demand.growth import add_months, demand_factors, monthly_rate
from aisizer.errors import InvalidInput
from aisizer.profile.sections import GrowthSection

START = date(2027, 7, 1)
rates = st.floats(-0.05, 0.2)


def section(**given_: Any) -> GrowthSection:
    return GrowthSection.model_validate(given_)


def test_thirty_six_months_of_compound_growth() -> None:
    factors = demand_factors(section(rate="4 %/month"), START)
    assert len(factors) == 36 and factors[0] == 1.0
    assert factors[35] == pytest.approx(1.04**35)


@given(rates)
def test_the_cases_are_in_order(rate: float) -> None:
    growth = section(rate=f"{rate * 100} %/month")
    low, base, high = (demand_factors(growth, START, case) for case in ("low", "base", "high"))
    assert np.all(low <= base * (1 + 1e-12)) and np.all(base <= high * (1 + 1e-12))


def test_cases_that_are_given_are_used() -> None:
    growth = section(rate="4 %/month", low="0 %/month", high="9 %/month")
    assert [monthly_rate(growth, case) for case in ("low", "base", "high")] == [0.0, 0.04, 0.09]


def test_a_phase_counts_for_the_whole_month_in_which_it_starts() -> None:
    phases = [
        {"name": "pilot", "share": "10 %", "start": "2027-08-15"},
        {"name": "half", "share": "50 %", "start": "2027-09-20"},
        {"name": "all", "share": "100 %", "start": "2027-11-01"},
    ]
    factors = demand_factors(section(rate="0 %/month", phases=phases), START, months=6)
    assert factors.tolist() == pytest.approx([0.1, 0.1, 0.5, 0.5, 1.0, 1.0])


def test_points_replace_the_rate_up_to_the_last_of_them() -> None:
    growth = section(rate="10 %/month", points={"2028-01": 8, "2027-09": "400 %"})
    factors = demand_factors(growth, date(2027, 7, 31), months=8)
    expected = [1, 2, 4, 4 * 2**0.25, 4 * 2**0.5, 4 * 2**0.75, 8, 8.8]
    assert factors.tolist() == pytest.approx(expected)


def test_points_that_do_not_lie_after_go_live_are_refused() -> None:
    with pytest.raises(InvalidInput, match="must lie after go-live 2027-07-01"):
        demand_factors(section(points={"2027-07": 2}), START)


@given(st.dates(date(2020, 1, 1), date(2060, 1, 1)), st.integers(0, 60))
def test_months_are_calendar_months(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == day.day or (later.day < day.day and add_months(day, months + 1).day >= later.day - 3)


@given(rates, rates, st.integers(1, 36))
def test_more_growth_never_means_less_demand(one: float, other: float, month: int) -> None:
    low, high = sorted((one, other))
    factors = [demand_factors(section(rate=f"{rate * 100} %/month"), START)[month - 1] for rate in (low, high)]
    assert factors[0] <= factors[1]


seasons = st.lists(st.floats(0.2, 5.0), min_size=12, max_size=12).map(tuple)


@given(seasons, rates, st.dates(date(2026, 1, 1), date(2030, 12, 31)))
def test_the_go_live_peak_is_the_profiles_and_the_season_returns_each_year(
    season: tuple[float, ...], rate: float, go_live: date
) -> None:
    growth = section(rate=f"{rate * 100} %/month", seasonality=season)
    plain, seasonal = (demand_factors(g, go_live) for g in (section(rate=f"{rate * 100} %/month"), growth))
    assert seasonal[0] == pytest.approx(1.0)
    ratio = seasonal / plain
    assert ratio[12:].tolist() == pytest.approx(ratio[:-12].tolist())
    assert ratio.tolist() == pytest.approx(
        [season[(go_live.month - 1 + m) % 12] / season[go_live.month - 1] for m in range(36)]
    )


@given(seasons, st.floats(0.1, 10.0))
def test_the_scale_of_a_season_does_not_matter(season: tuple[float, ...], scale: float) -> None:
    one, other = (section(seasonality=[value * by for value in season]) for by in (1.0, scale))
    assert demand_factors(one, START).tolist() == pytest.approx(demand_factors(other, START).tolist())


@given(seasons)
def test_dated_points_hold_in_any_season(season: tuple[float, ...]) -> None:
    growth = section(points={"2027-12": 2.5, "2028-09": 3.0}, seasonality=season)
    factors = demand_factors(growth, START)
    assert (factors[5], factors[14]) == (pytest.approx(2.5), pytest.approx(3.0))


def test_a_season_by_hand() -> None:
    """Go-live in July, whose peak is 0.8 of the usual one: September, at the usual, is 1 / 0.8 = 1.25 times as busy."""
    season = [1, 1, 1, 1, 1, 1, 0.8, "80 %", 1, 1.2, 1, 1]
    factors = demand_factors(section(rate="0 %/month", seasonality=season), START, months=4)
    assert factors.tolist() == pytest.approx([1, 1, 1.25, 1.5])


@pytest.mark.parametrize("season", [[1] * 11, [1] * 13, [0] + [1] * 11], ids=["eleven", "thirteen", "zero"])
def test_a_season_has_twelve_months_with_demand(season: list[float]) -> None:
    with pytest.raises(ValidationError):
        section(seasonality=season)
