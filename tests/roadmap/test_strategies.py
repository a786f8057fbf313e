"""Laws of buying early or late: what stands, what stands idle, and when the next order is due."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from aisizer.roadmap.waves import MONTHS, bought, covered_to, stranded
from aisizer.sizing.fleet import Fleet

YEAR, QUARTER = 12, 3
demands = st.lists(st.integers(1, 40), min_size=MONTHS, max_size=MONTHS)
periods = st.integers(1, MONTHS)
rates = st.floats(0, 0.25)
shares = st.floats(0.005, 2.0)


def needs(servers: list[int]) -> tuple[Fleet, ...]:
    """Fleets of so many servers at one site."""
    made: list[Any] = [SimpleNamespace(servers=n, production_servers=n, recovery_servers=0) for n in servers]
    return tuple(cast(Fleet, fleet) for fleet in made)


def grown(rate: float, share: float) -> list[int]:
    """Servers by month when one carries `share` of the go-live demand, with one spare."""
    return [math.ceil((1 + rate) ** month / share - 1e-9) + 1 for month in range(MONTHS)]


def idle(servers: list[int], period: int) -> int:
    return stranded(bought(needs(servers), period).servers, servers)


@given(demands, periods)
def test_each_purchase_is_in_service_before_it_is_needed(servers: list[int], period: int) -> None:
    made = bought(needs(servers), period)
    assert all(have >= need for have, need in zip(made.servers, servers, strict=True))
    assert covered_to(made.servers, servers) == MONTHS
    for wave in made.waves[1:]:
        assert servers[wave.month - 1] > made.servers[wave.month - 2], "nothing is bought before it is needed"


@given(demands, periods)
def test_more_upfront_never_stands_for_fewer_in_any_month(servers: list[int], period: int) -> None:
    upfront, other = bought(needs(servers), MONTHS), bought(needs(servers), period)
    assert all(many >= few for many, few in zip(upfront.servers, other.servers, strict=True))
    assert len(upfront.waves) == 1 and idle(servers, MONTHS) >= idle(servers, period)


@given(demands, periods)
def test_all_strategies_end_with_the_same_fleet(servers: list[int], period: int) -> None:
    """So month 36 passes or keeps the limits of the site whatever the strategy."""
    assert bought(needs(servers), period).servers[-1] == max(servers)


@given(demands, periods)
def test_month_by_month_strands_the_least_of_all(servers: list[int], period: int) -> None:
    assert idle(servers, 1) <= idle(servers, period)


@settings(max_examples=300)
@given(rates, shares)
def test_just_in_time_never_strands_more_under_compound_growth(rate: float, share: float) -> None:
    """Not so where demand jumps at a year's end: a batch bought in month 12 then stands idle for what month 13 needs."""
    servers = grown(rate, share)
    assert idle(servers, 1) == 0
    assert idle(servers, QUARTER) <= idle(servers, YEAR) <= idle(servers, MONTHS)


def test_a_jump_after_a_year_strands_a_quarter_that_reaches_over_it() -> None:
    jump = [10] * 11 + [11] + [100] * 24
    assert (idle(jump, YEAR), idle(jump, QUARTER)) == (11, 89)


@given(rates, rates, shares, periods)
def test_faster_growth_never_makes_the_next_order_later(one: float, other: float, share: float, period: int) -> None:
    """For the servers that are signed; later waves may fall later where a larger first purchase holds longer."""
    slow, fast = (grown(rate, share) for rate in sorted((one, other)))
    stands = bought(needs(slow), period).waves[0].servers
    assert covered_to([stands] * MONTHS, fast) <= covered_to([stands] * MONTHS, slow)


@given(rates, rates, shares)
def test_faster_growth_never_orders_a_server_later_month_by_month(one: float, other: float, share: float) -> None:
    slow, fast = (bought(needs(grown(rate, share)), 1).servers for rate in sorted((one, other)))
    assert all(few <= many for few, many in zip(slow, fast, strict=True))


def test_three_strategies_by_hand() -> None:
    """Two servers at first, a third from month 10, a fourth from month 14 and a fifth from month 30.

    Upfront: five from the start, of which 9 x 3 + 4 x 2 + 16 x 1 = 51 server-months are idle. By the year: three in month
    1, bought for month 12 and good for 13, idle for 9; then four, bought for months 14 to 25, and a fifth in month 30. By
    the quarter: two, then one more in each of months 10, 14 and 30, and nothing is idle.
    """
    servers = [2] * 9 + [3] * 4 + [4] * 16 + [5] * 7
    waves = {p: [(w.month, w.servers, w.covers_to) for w in bought(needs(servers), p).waves] for p in (3, 12, 36)}
    assert waves[36] == [(1, 5, 36)]
    assert waves[12] == [(1, 3, 13), (14, 1, 29), (30, 1, 36)]
    assert waves[3] == [(1, 2, 9), (10, 1, 13), (14, 1, 29), (30, 1, 36)]
    assert [idle(servers, p) for p in (36, 12, 3)] == [51, 9, 0]
