"""Each limit of a site: one fleet that passes it and one that does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.catalog.load import load_catalog
from aisizer.catalog.records import SiteLimits
from aisizer.sizing.breaches import Breach, site_breaches, unchecked

CATALOG = load_catalog()
WORK = {name: amount for prices in CATALOG.prices.values() for name, amount in prices.amounts.items()}
OWN, RENTED = CATALOG.sites["on_premises"], CATALOG.sites["enclave"]
GROWING = [2] * 12 + [4] * 24


def breaches(server: str = "hgx-h200-8", servers: list[int] | None = None, **limits: Any) -> dict[str, Breach]:
    found = site_breaches(OWN, SiteLimits(**limits), CATALOG.servers[server], servers or GROWING, WORK)
    return {breach.reason: breach for breach in found}


@pytest.mark.parametrize(
    ("reason", "server", "tight", "enough"),
    [
        ("power", "hgx-h200-8", {"power_kw": 40.7}, {"power_kw": 40.8}),
        ("racks", "hgx-h200-8", {"racks": 1, "rack_power_kw": 31}, {"racks": 2, "rack_power_kw": 31}),
        ("rack_power", "hgx-h200-8", {"rack_power_kw": 10}, {"rack_power_kw": 10.2}),
        ("cooling", "gb200-nvl72", {"cooling": "air"}, {"cooling": "liquid"}),
    ],
)
def test_a_limit_is_passed_and_is_not(reason: str, server: str, tight: dict[str, Any], enough: dict[str, Any]) -> None:
    breach = breaches(server, **tight)[reason]
    assert breach.sentence.endswith(".")
    assert OWN.name in breach.sentence
    assert "supply." in breach.sentence or "take an air-cooled server" in breach.sentence
    assert reason not in breaches(server, **enough)
    assert breaches(server) == {}


def test_air_cooled_servers_stand_in_a_room_with_liquid_cooling() -> None:
    assert breaches("hgx-h200-8", cooling="liquid") == {}
    assert breaches("hgx-h200-8", cooling="air") == {}


def test_power_is_dated_by_its_first_month_and_carries_its_lead_time() -> None:
    breach = breaches(power_kw=30)["power"]
    assert (breach.month, breach.got, breach.limit, breach.unit) == (13, pytest.approx(40.8), 30, "kW")
    assert breach.lead_time_weeks is not None
    assert (breach.lead_time_weeks.low, breach.lead_time_weeks.base) == (104, 208)
    assert "more takes 208 weeks by transformer-lead-time-2026" in breach.sentence


def test_liquid_cooling_is_an_item_of_its_own_whose_time_no_source_gives() -> None:
    breach = breaches("gb200-nvl72", cooling="air")["cooling"]
    assert (breach.item, breach.lead_time_weeks) == ("liquid cooling of the site", None)
    assert "put liquid-cooling-lead-time into the prices of a catalog overlay" in breach.sentence


def test_an_overlay_gives_liquid_cooling_its_time() -> None:
    work = {"liquid-cooling-lead-time": WORK["colocation-lead-time"]}
    (breach,) = site_breaches(OWN, SiteLimits(cooling="air"), CATALOG.servers["gb200-nvl72"], GROWING, work)
    assert breach.lead_time_weeks == WORK["colocation-lead-time"]


def test_racks_are_counted_at_the_last_month_and_dated_by_the_first() -> None:
    breach = breaches(racks=1, rack_power_kw=31)["racks"]
    assert (breach.got, breach.month) == (2, 13)


def test_a_quota_counts_instances() -> None:
    (breach,) = site_breaches(RENTED, SiteLimits(quota=3), None, GROWING, WORK)
    assert (breach.reason, breach.got, breach.limit, breach.month) == ("quota", 4, 3, 13)
    assert breach.lead_time_weeks == RENTED.lead_times_weeks.delivery
    assert site_breaches(RENTED, SiteLimits(quota=4), None, GROWING, WORK) == ()
    assert site_breaches(RENTED, SiteLimits(), None, GROWING, WORK) == ()


def test_what_nobody_gave_is_named_and_not_checked() -> None:
    assert unchecked(OWN, SiteLimits(power_kw=1)) == ("supply.racks", "supply.rack_power", "supply.cooling")
    assert unchecked(RENTED, SiteLimits()) == ("supply.quota",)
    assert unchecked(RENTED, SiteLimits(quota=1)) == ()


@given(
    st.floats(min_value=1, max_value=500), st.floats(min_value=1, max_value=500),
    st.integers(min_value=1, max_value=40), st.integers(min_value=1, max_value=40),
)  # fmt: skip
def test_a_wider_limit_or_a_smaller_fleet_passes_no_more_limits(kw_a: float, kw_b: float, a: int, b: int) -> None:
    tight, wide = sorted((kw_a, kw_b))
    few, many = sorted((a, b))
    assert set(breaches(servers=[many] * 36, power_kw=wide)) <= set(breaches(servers=[many] * 36, power_kw=tight))
    assert set(breaches(servers=[few] * 36, power_kw=tight)) <= set(breaches(servers=[many] * 36, power_kw=tight))
