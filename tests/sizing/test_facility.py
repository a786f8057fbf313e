"""Racks, height, power and cooling of owned servers, by hand and by law."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.catalog.load import load_catalog
from aisizer.catalog.records import Server, SiteLimits
from aisizer.profile.sections import Supply
from aisizer.sizing.facility import facility_needs, limits_of, servers_per_rack
from aisizer.sizing.needs import Need

CATALOG = load_catalog()
H200 = CATALOG.servers["hgx-h200-8"]
DENSITY, SHARE = CATALOG.amount("rack-density"), CATALOG.amount("average-power-share").base


def needs(server: Server, servers: list[int], limits: SiteLimits | None = None, pue: float = 1.5) -> dict[str, Need]:
    found = facility_needs(server, servers, limits or SiteLimits(), pue, SHARE, DENSITY)
    assert all(need.group == "facility" and len(need.by_month) == len(servers) for need in found)
    return {need.name: need for need in found}


def test_by_hand() -> None:
    """Three HGX H200 of 10.2 kW and 8 U in racks of 40 kW: three in a rack by power, five by height."""
    got = needs(H200, [0, 3, 4], SiteLimits(rack_power_kw=40))
    assert got["Racks"].by_month == (0, 1, 2)
    assert got["Rack units"].by_month == (0, 24, 32)
    assert got["Nameplate power"].by_month == pytest.approx((0, 30.6, 40.8))
    assert got["Expected power"].by_month == pytest.approx((0, 30.6 * 0.686, 40.8 * 0.686))
    assert got["Cooling and losses"].by_month == pytest.approx((0, 15.3, 20.4))
    assert (got["Racks"].price, got["Racks"].bought) == ("rack-price", True)
    assert got["Racks"].source == "supply.rack_power"


def test_an_unknown_rack_is_counted_by_the_average_density_and_says_so() -> None:
    racks = needs(H200, [5])["Racks"]
    assert racks.by_month == (3,)  # 27 kW hold two
    assert "rack-density-2026" in racks.source


def test_a_server_too_strong_for_a_rack_gets_one_of_its_own_and_says_so() -> None:
    racks = needs(CATALOG.servers["gb200-nvl72"], [2])["Racks"]
    assert racks.by_month == (2,)
    assert "a rack of its own kind" in racks.note


def test_height_is_left_out_where_no_source_gives_it() -> None:
    assert "Rack units" not in needs(H200.model_copy(update={"rack_units": None}), [1])


@given(
    st.floats(min_value=1, max_value=300),
    st.floats(min_value=1, max_value=140),
    st.one_of(st.none(), st.floats(min_value=1, max_value=42)),
)
def test_a_rack_never_holds_more_than_its_power_and_its_height(rack: float, server: float, units: float | None) -> None:
    held = servers_per_rack(rack, server, units)
    assert held * server <= rack + 1e-6
    assert units is None or held * units <= 42
    one_more = held + 1
    assert one_more * server > rack - 1e-6 or (units is not None and one_more * units > 42)


@given(st.lists(st.integers(min_value=0, max_value=400), min_size=36, max_size=36), st.floats(min_value=1, max_value=3))
def test_more_servers_never_need_less_of_anything(servers: list[int], pue: float) -> None:
    few, more = needs(H200, servers, pue=pue), needs(H200, [n + 1 for n in servers], pue=pue)
    for name, need in few.items():
        assert all(a <= b for a, b in zip(need.by_month, more[name].by_month, strict=True))


@given(st.floats(min_value=1, max_value=300), st.floats(min_value=1, max_value=300))
def test_a_stronger_rack_never_takes_more_racks(a: float, b: float) -> None:
    weak, strong = (needs(H200, [40], SiteLimits(rack_power_kw=kw))["Racks"].by_month for kw in sorted((a, b)))
    assert strong <= weak


def test_expected_power_is_what_the_cost_lines_of_power_multiply() -> None:
    got = needs(H200, [7])
    assert got["Expected power"].by_month[0] == pytest.approx(got["Nameplate power"].by_month[0] * SHARE)
    assert math.isclose(SHARE, 0.686)


def test_the_profile_overrides_the_site_and_each_kind_of_site_has_its_own_limits() -> None:
    own = CATALOG.sites["on_premises"].model_copy(update={"limits": SiteLimits(power_kw=50, racks=4, cooling="air")})
    supply = Supply.model_validate({"power_limit": "80 kW", "rack_power": "40 kW", "quota": 3})
    assert limits_of(own, supply) == SiteLimits(power_kw=80, racks=4, rack_power_kw=40, cooling="air")
    assert limits_of(CATALOG.sites["enclave"], supply) == SiteLimits(quota=3)
    assert limits_of(CATALOG.sites["on_premises"], Supply()) == SiteLimits()
