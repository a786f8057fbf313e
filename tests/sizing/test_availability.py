"""Redundancy by tails: against scipy, a hand-worked case, and every state of small fleets counted one by one."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from aisizer.profile.sections import Resilience
from aisizer.queueing.formulas import servers_for_availability
from aisizer.sizing.availability import availability_in_racks, binomial, servers_in_racks
from aisizer.sizing.resilience import (
    availability,
    rack_down,
    redundant_servers,
    server_down,
    unavailability,
    upgrade_servers,
    upgrading_servers,
)

SHARES = st.floats(0.001, 0.3)


def made(**fields: object) -> Resilience:
    return Resilience.model_validate({"redundancy": "auto"} | fields)


def counted(needed: int, servers: int, per_rack: int, server: float, rack: float) -> float:
    """The probability of every state of every rack and server in which enough servers are up."""
    homes = [s // per_rack for s in range(servers)]
    total = 0.0
    for racks in product((True, False), repeat=max(homes) + 1):
        for alone in product((True, False), repeat=servers):
            if sum(up and racks[home] for up, home in zip(alone, homes, strict=True)) >= needed:
                chance = 1.0
                for up in racks:
                    chance *= 1 - rack if up else rack
                for up in alone:
                    chance *= 1 - server if up else server
                total += chance
    return total


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 8), st.integers(0, 7), st.integers(1, 5), st.floats(0, 0.5), st.floats(0, 0.5))
def test_the_tail_is_the_sum_over_every_state(
    servers: int, spare: int, per_rack: int, server: float, rack: float
) -> None:
    needed = max(1, servers - spare)
    found = availability_in_racks(needed, servers, per_rack, server, rack)
    assert found == pytest.approx(counted(needed, servers, per_rack, server, rack), abs=1e-12)


@given(st.integers(1, 2000), st.floats(1e-9, 1) | st.just(0.0))
def test_the_binomial_is_that_of_scipy(trials: int, success: float) -> None:
    expected = stats.binom.pmf(range(trials + 1), trials, success)
    assert binomial(trials, success) == pytest.approx(expected, rel=1e-8, abs=1e-14)


@given(st.integers(1, 400), SHARES, st.floats(0.5, 0.99999))
def test_without_racks_the_tail_and_the_smallest_count_are_those_of_scipy(
    needed: int, down: float, target: float
) -> None:
    servers = servers_for_availability(needed, down, target)
    assert stats.binom.sf(needed - 1, servers, 1 - down) >= target * (1 - 1e-12)
    assert servers == needed or stats.binom.sf(needed - 1, servers - 1, 1 - down) < target * (1 + 1e-12)
    assert availability_in_racks(needed, servers, 1, down, 0.0) == pytest.approx(
        stats.binom.sf(needed - 1, servers, 1 - down), rel=1e-9
    )


def test_one_hundred_needed_at_95_percent_by_hand() -> None:
    """113 servers give 99.84 %, 114 give 99.94 %: 114 for 99.9 %."""
    assert servers_for_availability(100, 0.05, 0.999) == 114
    assert availability_in_racks(100, 113, 1, 0.05, 0.0) == pytest.approx(0.9984, abs=5e-5)
    assert availability_in_racks(100, 114, 1, 0.05, 0.0) == pytest.approx(0.9994, abs=5e-5)


def test_racks_left_out_and_patches_off_peak_change_nothing() -> None:
    plain = made()
    down = server_down(plain)
    assert (rack_down(plain), down) == (0.0, unavailability(0.7, 3 * 86400))
    for needed in (1, 2, 7, 40, 300):
        assert redundant_servers(needed, plain) == servers_for_availability(needed, down, 0.999) - needed


def test_patches_at_the_peak_and_racks_by_hand() -> None:
    """Four hours of 730.5 are 0.548 %; one of four servers in a rack needs another rack beyond the rack's 0.03 %."""
    patched = made(patch_at_peak=True, server_failures_per_year=0)
    assert server_down(patched) == pytest.approx(4 / 730.5)
    racks = made(server_failures_per_year=0, servers_per_rack=4)
    assert rack_down(racks) == pytest.approx(0.44 * 6 / (8766 + 0.44 * 6))
    assert redundant_servers(4, racks) == 0
    assert redundant_servers(4, racks.model_copy(update={"availability": 0.9999})) == 4


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 60),
    st.none() | st.integers(1, 9),
    st.floats(0.5, 0.9999),
    st.floats(0.5, 0.9999),
    st.floats(0, 20),
    st.floats(0, 20),
)
def test_a_stricter_demand_or_a_worse_world_never_needs_fewer_servers(
    needed: int, per_rack: int | None, target: float, other: float, failures: float, more: float
) -> None:
    base = made(servers_per_rack=per_rack, availability=min(target, other), server_failures_per_year=failures)
    least = redundant_servers(needed, base)
    worse = {
        "availability": max(target, other),
        "server_failures_per_year": failures + more,
        "repair_time": base.repair_time * 2,
        "rack_failures_per_year": base.rack_failures_per_year * (1 + more),
        "patch_at_peak": True,
    }
    for field, value in worse.items():
        assert redundant_servers(needed, base.model_copy(update={field: value})) >= least, field
    assert redundant_servers(needed + 1, base) + needed + 1 >= least + needed
    assert availability(needed, needed + least, base) >= base.availability * (1 - 1e-12)
    if least:
        assert availability(needed, needed + least - 1, base) < base.availability * (1 + 1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(1, 9), st.floats(0.5, 0.9999))
def test_racks_that_can_fail_never_need_fewer_servers_than_racks_that_cannot(
    needed: int, per_rack: int, target: float
) -> None:
    alone, racks = made(availability=target), made(availability=target, servers_per_rack=per_rack)
    assert redundant_servers(needed, racks) >= redundant_servers(needed, alone)


def test_more_availability_than_racks_can_give_is_bought_in_another_rack() -> None:
    assert servers_in_racks(8, 8, 0.0, 0.01, 0.99) == 8
    assert servers_in_racks(8, 8, 0.0, 0.01, 0.999) == 16
    with pytest.raises(ValueError, match="at least 1 server"):
        servers_in_racks(0, 8, 0.0, 0.01, 0.99)


@pytest.mark.parametrize(
    ("upgrades", "set_of_its_own", "stacked"),
    [
        ({}, 0, 0),
        ({"stack_on_redundancy": True}, 0, 1),
        ({"stack_on_redundancy": True, "per_year": 0}, 0, 0),
        ({"method": "blue_green"}, 7, 0),
        ({"method": "blue_green", "stack_on_redundancy": True}, 7, 0),
    ],
)
def test_what_each_way_to_upgrade_takes(upgrades: dict[str, object], set_of_its_own: int, stacked: int) -> None:
    resilience = made(upgrades=upgrades)
    assert (upgrade_servers(7, resilience), upgrading_servers(resilience)) == (set_of_its_own, stacked)
