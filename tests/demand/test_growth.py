"""Demand by month: by hand, and what must hold for any growth."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
