"""Textbook formulas against closed forms, each other and published table values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import comb, exp, factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from aisizer.queueing.formulas import (
    drain_s,
    engset,
    erlang_b,
    erlang_c,
    finite_source_mean_wait,
    mdc_mean_wait,
    mg1_mean_wait,
    mgc_mean_wait,
    mgc_mean_wait_kimura,
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


@given(st.integers(1, 30), st.floats(0.05, 0.98), st.floats(0.5, 0.999), st.floats(0.1, 10.0))
def test_percentile_inverts_the_tail(servers: int, rho: float, level: float, service_s: float) -> None:
    wait = mmc_wait_percentile(servers, rho * servers / service_s, service_s, level)
    tail = erlang_c(servers, rho * servers) * exp(-servers * (1 - rho) * wait / service_s)
    assert tail <= 1 - level + 1e-9
    assert wait == 0 or tail == pytest.approx(1 - level)


@pytest.mark.parametrize("offered", [2.0, 2.5])
def test_no_steady_state_is_an_error(offered: float) -> None:
    for call in (
        lambda: erlang_c(2, offered),
        lambda: mmc_mean_wait(2, offered, 1.0),
        lambda: mg1_mean_wait(offered, 1.0, 1.0),
        lambda: mdc_mean_wait(2, offered, 1.0),
        lambda: mgc_mean_wait_kimura(2, offered, 1.0, 0.5),
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
    with pytest.raises(ValueError, match="strictly between"):
        mmc_wait_percentile(1, 0.5, 1.0, 0.0)
    with pytest.raises(ValueError, match="unavailability"):
        servers_for_availability(3, 1.0, 0.9)
    assert servers_for_availability(3, 0.0, 0.9) == 3, "servers that never fail need no spare"


def crommelin(servers: int, rho: float) -> float:
    """Wait of M/D/c in service times by the series of Crommelin (1932): counts of arrivals in k service times."""
    k = np.arange(1, 40_000)
    at_least, more = (poisson.sf(k * servers - one, k * rho * servers) for one in (1, 0))
    return float((at_least - more / rho).sum())


@pytest.mark.parametrize("servers", [1, 2, 3, 10, 25])
@pytest.mark.parametrize("rho", [0.5, 0.8, 0.95])
def test_constant_service_is_crommelins_series(servers: int, rho: float) -> None:
    assert mdc_mean_wait(servers, 4 * rho * servers, 0.25) == pytest.approx(crommelin(servers, rho) / 4, rel=1e-6)


@given(st.integers(1, 100), st.floats(0.01, 0.9999))
def test_constant_service_waits_within_its_bounds(servers: int, rho: float) -> None:
    ratio = mdc_mean_wait(servers, rho * servers, 1.0) / mmc_mean_wait(servers, rho * servers, 1.0)
    assert 0.5 - 1e-9 <= ratio <= servers / (servers + 1) + 1e-9


def balanced(
    start: tuple[int, ...], flows: Callable[[tuple[int, ...]], Iterator[tuple[tuple[int, ...], float]]]
) -> dict:
    """Probability of every state that the flows reach from `start`: the whole chain, solved as it stands."""
    order = {start: 0}
    rates = []
    for state in (found := [start]):
        for target, rate in flows(state):
            if target not in order:
                order[target] = len(order)
                found.append(target)
            rates.append((order[state], order[target], rate))
    matrix = np.zeros((len(order), len(order)))
    for i, j, rate in rates:
        matrix[j, i] += rate
        matrix[i, i] -= rate
    matrix[0] = 1.0
    return dict(zip(order, np.linalg.solve(matrix, np.eye(len(order))[0]), strict=True))


def two_phase_wait(servers: int, rate: float, phases: tuple[float, float], first: float, both: bool) -> float:
    """Wait of M/G/c by its Markov chain, up to 250 waiting. Service starts in phase 0 with probability `first`, else in
    phase 1, at these rates; with `both` it goes on from phase 0 to phase 1. A state is (in phase 0, in phase 1, waiting)."""

    def begin(state: tuple[int, ...], rate: float) -> Iterator[tuple[tuple[int, ...], float]]:
        a, b, waiting = state
        yield (a + 1, b, waiting), rate * first
        if first < 1:
            yield (a, b + 1, waiting), rate * (1 - first)

    def end(state: tuple[int, ...], rate: float) -> Iterator[tuple[tuple[int, ...], float]]:
        a, b, waiting = state
        return begin((a, b, waiting - 1), rate) if waiting else iter([(state, rate)])

    def flows(state: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], float]]:
        a, b, waiting = state
        if a + b < servers:
            yield from begin(state, rate)
        elif waiting < 250:
            yield (a, b, waiting + 1), rate
        if a and both:
            yield (a - 1, b + 1, waiting), a * phases[0]
        elif a:
            yield from end((a - 1, b, waiting), a * phases[0])
        if b:
            yield from end((a, b - 1, waiting), b * phases[1])

    found = balanced((0, 0, 0), flows)
    return sum(state[2] * share for state, share in found.items()) / rate


def test_kimura_worked_example_is_near_the_chain() -> None:
    """M/E2/2 at rho 0.5, as in the docstring."""
    exact = two_phase_wait(2, 1.0, (2.0, 2.0), 1.0, both=True)
    assert round(exact, 4) == 0.2556
    assert mgc_mean_wait_kimura(2, 1.0, 1.0, 0.5) == pytest.approx(exact, rel=0.007)


@pytest.mark.parametrize("servers", [1, 2, 4])
@pytest.mark.parametrize("rho", [0.4, 0.7, 0.85])
def test_kimura_is_near_the_chain(servers: int, rho: float) -> None:
    """Two exponential phases in series (SCV 1/2) within 2.5 %, a mixture of two of SCV 2 within 1 %."""
    series = two_phase_wait(servers, rho * servers, (2.0, 2.0), 1.0, both=True)
    assert mgc_mean_wait_kimura(servers, rho * servers, 1.0, 0.5) == pytest.approx(series, rel=0.025)
    first = (1 + (1 / 3) ** 0.5) / 2
    mixed = two_phase_wait(servers, rho * servers, (2 * first, 2 * (1 - first)), first, both=False)
    assert mgc_mean_wait_kimura(servers, rho * servers, 1.0, 2.0) == pytest.approx(mixed, rel=0.01)


@given(st.integers(1, 40), st.floats(0.05, 0.98), st.floats(0.0, 20.0))
def test_kimura_lies_between_its_neighbours(servers: int, rho: float, scv: float) -> None:
    """It never waits less than M/D/c, agrees with Allen-Cunneen for one server, and with M/M/c at SCV 1."""
    rate = rho * servers
    wait = mgc_mean_wait_kimura(servers, rate, 1.0, scv)
    assert wait >= mdc_mean_wait(servers, rate, 1.0) * (1 - 1e-9)
    assert mgc_mean_wait_kimura(servers, rate, 1.0, 1.0) == pytest.approx(mmc_mean_wait(servers, rate, 1.0))
    assert mgc_mean_wait_kimura(1, rho, 1.0, scv) == pytest.approx(mgc_mean_wait(1, rho, 1.0, 1.0, scv))


def finite_population(servers: int, sources: int, think_s: float, service_s: float, room: int) -> dict[int, float]:
    """Requests present, by the chain: with room for `room`, beyond which they are lost."""

    def flows(state: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], float]]:
        (n,) = state
        if n < min(room, sources):
            yield (n + 1,), (sources - n) / think_s
        if n:
            yield (n - 1,), min(n, servers) / service_s

    return {n: share for (n,), share in balanced((0,), flows).items()}


@given(st.integers(1, 12), st.integers(1, 25), st.floats(0.05, 20.0))
def test_engset_is_the_share_of_requests_that_the_chain_loses(servers: int, sources: int, think_s: float) -> None:
    states = finite_population(servers, sources, think_s, 1.0, room=servers)
    asked = {n: (sources - n) * share for n, share in states.items()}
    lost = asked.get(servers, 0.0) / sum(asked.values())
    assert engset(servers, sources, 1 / think_s) == pytest.approx(lost, rel=1e-6, abs=1e-12)


def test_engset_of_a_large_population_is_erlang_b() -> None:
    assert engset(10, 10**6, 8.0 / 10**6) == pytest.approx(erlang_b(10, 8.0), rel=1e-4)


@given(st.integers(1, 12), st.integers(1, 25), st.floats(0.05, 20.0), st.floats(0.2, 5.0))
def test_closed_loop_wait_is_that_of_the_chain(servers: int, sources: int, think_s: float, service_s: float) -> None:
    states = finite_population(servers, sources, think_s, service_s, room=sources)
    served = sum(min(n, servers) * share for n, share in states.items()) / service_s
    waiting = sum(max(n - servers, 0) * share for n, share in states.items())
    assert finite_source_mean_wait(servers, sources, think_s, service_s) == pytest.approx(
        waiting / served, rel=1e-6, abs=1e-8
    )


def test_closed_loop_limits() -> None:
    """Without thinking the servers never idle; many sources that rarely ask are an open queue."""
    assert finite_source_mean_wait(2, 10, 0.0, 3.0) == pytest.approx(10 * 3.0 / 2 - 3.0)
    assert finite_source_mean_wait(2, 10**5, 10**5, 1.0) == pytest.approx(mmc_mean_wait(2, 1.0, 1.0), rel=1e-3)


def test_the_least_that_is_possible_is_answered() -> None:
    assert drain_s(1.0, 0.0) == 0.0 == mgc_mean_wait(1, 0.5, 1.0, 0.0, 0.0)
    assert (drain_s(0.0, 0.5), drain_s(0.5, 0.5)) == (0.0, 0.5)
    assert mdc_mean_wait(2, 0.0, 1.0) == 0.0 == mgc_mean_wait_kimura(2, 0.0, 1.0, 0.5), (
        "where nobody comes nobody waits"
    )
    assert (erlang_b(0, 1.0), engset(0, 2, 1.0)) == (1.0, 1.0), "without a server all is lost"
    assert engset(1, 2, 0.0) == 0.0, "without a call nothing"


@pytest.mark.parametrize(
    "call",
    [
        lambda: erlang_b(-1, 1.0),
        lambda: erlang_b(1, -1.0),
        lambda: mgc_mean_wait_kimura(2, 1.0, 1.0, -0.1),
        lambda: engset(-1, 2, 1.0),
        lambda: engset(1, 0, 1.0),
        lambda: engset(1, 2, -1.0),
        lambda: finite_source_mean_wait(0, 2, 1.0, 1.0),
        lambda: finite_source_mean_wait(1, 0, 1.0, 1.0),
        lambda: finite_source_mean_wait(1, 2, -1.0, 1.0),
        lambda: finite_source_mean_wait(1, 2, 1.0, 0.0),
        lambda: mdc_mean_wait(0, 0.5, 1.0),
        lambda: mgc_mean_wait(1, 0.5, 1.0, -0.1, 1.0),
        lambda: mgc_mean_wait(1, 0.5, 1.0, 1.0, -0.1),
        lambda: drain_s(-1.0, 0.5),
        lambda: drain_s(1.0, -0.5),
    ],
)
def test_impossible_inputs_are_refused(call: Callable[[], float]) -> None:
    with pytest.raises(ValueError, match=r"needs|is >= 0|not below 0"):
        call()


def test_a_second_moment_below_the_square_of_the_first_is_refused() -> None:
    assert mg1_mean_wait(0.1, 3.0, 9.0) == pytest.approx(0.1 * 9 / (2 * 0.7)), "the least of all: equal service times"
    with pytest.raises(ValueError, match=r"E\[S\^2\] = 8\.5 is below E\[S\]\^2 = 9\.0: no service time has that"):
        mg1_mean_wait(0.1, 3.0, 8.5)
