"""Textbook formulas against closed forms, each other and published table values."""

from __future__ import annotations

from math import comb, exp, factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.queueing.formulas import (
    erlang_b,
    erlang_c,
    mg1_mean_wait,
    mgc_mean_wait,
    mmc_mean_wait,
    mmc_wait_percentile,
    servers_for_availability,
)


@pytest.mark.parametrize(("servers", "offered", "blocking"), [(1, 0.0101, 0.01), (10, 4.46, 0.01), (100, 84.1, 0.01)])
def test_erlang_b_published_table(servers: int, offered: float, blocking: float) -> None:
    """The 1 % column of the standard Erlang B table (ITU-T handbook)."""
    assert erlang_b(servers, offered) == pytest.approx(blocking, rel=0.01)


@given(st.integers(1, 40), st.floats(0.01, 30))
def test_erlang_b_is_the_truncated_poisson(servers: int, offered: float) -> None:
    terms = [offered**n / factorial(n) for n in range(servers + 1)]
    assert erlang_b(servers, offered) == pytest.approx(terms[-1] / sum(terms), rel=1e-9)


def test_erlang_b_is_stable_for_many_servers() -> None:
    assert 0 < erlang_b(5000, 4900.0) < 0.02


@given(st.floats(0.01, 0.99), st.floats(0.01, 100))
def test_one_server_waits_as_mm1(rho: float, service_s: float) -> None:
    assert mmc_mean_wait(1, rho / service_s, service_s) == pytest.approx(rho * service_s / (1 - rho))
    assert mgc_mean_wait(1, rho / service_s, service_s, 1.0, 1.0) == pytest.approx(
        mg1_mean_wait(rho / service_s, service_s, 2 * service_s**2)
    )


@given(st.integers(1, 30), st.floats(0.05, 0.98), st.floats(0.5, 0.999))
def test_percentile_inverts_the_tail(servers: int, rho: float, level: float) -> None:
    wait = mmc_wait_percentile(servers, rho * servers, 1.0, level)
    tail = erlang_c(servers, rho * servers) * exp(-servers * (1 - rho) * wait)
    assert tail <= 1 - level + 1e-9
    assert wait == 0 or tail == pytest.approx(1 - level)


@pytest.mark.parametrize("offered", [2.0, 2.5])
def test_no_steady_state_is_an_error(offered: float) -> None:
    for call in (
        lambda: erlang_c(2, offered),
        lambda: mmc_mean_wait(2, offered, 1.0),
        lambda: mg1_mean_wait(offered, 1.0, 1.0),
    ):
        with pytest.raises(ValueError, match="no steady state"):
            call()


@given(st.integers(1, 60), st.floats(0.001, 0.3), st.floats(0.5, 0.9999))
def test_availability_is_the_smallest_count(needed: int, down: float, target: float) -> None:
    def up(count: int) -> float:
        return sum(comb(count, k) * (1 - down) ** k * down ** (count - k) for k in range(needed, count + 1))

    count = servers_for_availability(needed, down, target)
    assert up(count) >= target - 1e-12
    assert count == needed or up(count - 1) < target + 1e-12


def test_availability_refuses_what_no_count_reaches() -> None:
    with pytest.raises(ValueError, match="strictly between"):
        servers_for_availability(3, 0.1, 1.0)
    with pytest.raises(ValueError, match="unavailability"):
        servers_for_availability(3, 1.0, 0.9)
