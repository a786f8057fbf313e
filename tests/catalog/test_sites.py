"""Every site validates and names only price lists, facility amounts and sources that exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from aisizer.catalog.load import load_catalog
from aisizer.catalog.records import PriceList, Site
from aisizer.profile.sections import Supply

CATALOG = Path(__file__).parents[2] / "hardware_catalog"
PARTS = ("approval", "order", "delivery", "install", "burn_in")
TIERS = ("storage_hot", "storage_warm", "storage_archive")
NAMED = (
    "pue",
    "electricity",
    "colocation",
    "staff_fte",
    "network",
    *TIERS,
    "cpu_server",
    "egress",
    "support",
    "install",
)
UNITS = {
    "pue": "ratio",
    "electricity": "USD/kWh",
    "colocation": "USD/kW-month",
    "staff_fte": "FTE",
    "network": "USD/GPU",
    **dict.fromkeys(TIERS, "USD/GB-month"),
    "egress": "USD/GB",
    "support": "1/year",
    "install": "ratio",
}


def unit_of(field: str, site: Site) -> str:
    """A CPU server is bought at an owned site, and rented by the month at the others."""
    if field == "cpu_server":
        return "USD/server" if site.ownership == "own" else "USD/server-month"
    return UNITS[field]


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


SITES = {path.stem: Site.model_validate(read(path)) for path in sorted((CATALOG / "sites").glob("*.yaml"))}
SOURCES = load_catalog().sources
OF_SITES = set(read(CATALOG / "sources" / "sites.yaml"))
LISTS = {path.stem: PriceList.model_validate(read(path)) for path in (CATALOG / "prices").glob("*.yaml")}

each_site = pytest.mark.parametrize("site", SITES.values(), ids=lambda site: site.id)


def test_the_file_stem_is_the_id_and_the_default_sites_exist() -> None:
    assert all(stem == site.id for stem, site in SITES.items())
    assert set(Supply().sites) <= set(SITES)


@each_site
def test_an_owned_site_rents_nothing_and_a_rented_one_names_a_price_list_with_instances(site: Site) -> None:
    assert bool(site.providers) == (site.ownership == "rent")
    assert all(LISTS[provider].instances for provider in site.providers)


@pytest.mark.parametrize("id_", ["azure_government", "gcp_assured_workloads"])
def test_an_enclave_without_prices_says_so_and_has_none(id_: str) -> None:
    site = SITES[id_]
    assert site.site_class == "gov_enclave"
    assert not [i for provider in site.providers for i in LISTS[provider].instances.values() if i.terms]
    assert any("could be sourced" in note or "was not found" in note for note in site.notes)
    assert id_ not in Supply().sites


@each_site
def test_named_amounts_exist_with_the_unit_that_the_costs_expect(site: Site) -> None:
    for field in NAMED:
        name = getattr(site, field)
        if name is not None:
            assert LISTS["facility"].amounts[name].unit == unit_of(field, site)


@each_site
def test_an_older_log_never_lies_on_dearer_storage(site: Site) -> None:
    prices = [LISTS["facility"].amounts[getattr(site, tier)].base for tier in TIERS]
    assert prices == sorted(prices, reverse=True)


@each_site
def test_lead_times_are_ordered_ranges_in_weeks_with_sources(site: Site) -> None:
    for part in PARTS:
        amount = getattr(site.lead_times_weeks, part)
        assert amount.unit == "week"
        assert amount.low <= amount.base <= amount.high
        assert amount.source in SOURCES
    assert set(site.sources.values()) <= set(SOURCES)


def test_on_premises_delivery_is_the_sourced_range_and_the_slowest_of_all_sites() -> None:
    delivery = SITES["on_premises"].lead_times_weeks.delivery
    assert (delivery.low, delivery.base, delivery.high) == (13, 20, 52)
    others = [site for site in SITES.values() if site.id != "on_premises"]
    assert all(site.lead_times_weeks.delivery.base < delivery.base for site in others)


def test_every_source_is_used() -> None:
    used = {getattr(site.lead_times_weeks, part).source for site in SITES.values() for part in PARTS}
    assert used | {source for site in SITES.values() for source in site.sources.values()} >= OF_SITES


@each_site
def test_shares_of_people_and_tiers_of_egress_name_amounts_with_the_unit_that_the_costs_expect(site: Site) -> None:
    amounts = LISTS["facility"].amounts
    assert {amounts[name].unit for name in site.staff_shares.values()} <= {"ratio"}
    assert {amounts[name].unit for name in site.egress_tiers} <= {"USD/GB"}
