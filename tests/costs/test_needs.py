"""Needs become cost lines at the price of their site: bought once, paid each month, or as servers of the fleet's own kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.catalog.load import load_catalog
from aisizer.costs.lines import Buyer
from aisizer.costs.needs import added, need_lines
from aisizer.costs.prices import price_book
from aisizer.costs.records import CostLine
from aisizer.costs.tco import line_amounts
from aisizer.profile.sections import Finance, Quote, Supply
from aisizer.sizing.needs import Need
from aisizer.sizing.options import offers

CATALOG = load_catalog()
AMOUNTS = {name: amount for prices in CATALOG.prices.values() for name, amount in prices.amounts.items()}
GROWS = (2.0,) * 12 + (3.0,) * 24


def buyer(site: str = "on_premises", quotes: tuple[Quote, ...] = (), **finance: Any) -> Buyer:
    place = CATALOG.sites[site]
    offer = next(o for o in offers(place, CATALOG, ("h100-sxm",)) if o.terms and o.gpus == 8)
    term = next(iter(offer.terms))
    return Buyer(place, offer, term, price_book(AMOUNTS, quotes), Supply(), Finance.model_validate(finance))


def need(price: str, bought: bool = True, by_month: tuple[float, ...] = GROWS, unit: str = "server") -> Need:
    return Need("front end", "CPU servers", unit, by_month, "", "", price=price, bought=bought)


def one(lines: tuple[CostLine, ...]) -> CostLine:
    (line,) = lines
    return line


def test_owned_servers_are_bought_as_they_are_added() -> None:
    """Two at the start and a third in month 13, at 12,000 USD each."""
    line = one(need_lines([need("cpu-server")], buyer()))
    assert (line.treatment, line.unit, line.price_unit) == ("capitalise", "server", "USD/server")
    assert (line.quantity[0], line.quantity[13], sum(line.quantity)) == (2.0, 1.0, 3.0)
    assert line_amounts(line).sum() == pytest.approx(36_000)


def test_rented_servers_are_paid_each_month() -> None:
    """2 x 12 + 3 x 24 server-months."""
    line = one(need_lines([need("cpu-server")], buyer("enclave")))
    assert (line.treatment, line.unit) == ("expense", "server-month")
    assert line.quantity == (0.0, *GROWS)
    assert line_amounts(line).sum() == pytest.approx(96 * 925.93)


def test_a_need_of_electricity_is_paid_at_the_profiles_own_price() -> None:
    own = replace(buyer(), supply=Supply.model_validate({"electricity": "0.2 USD/kWh"}))
    line = one(need_lines([need("electricity", bought=False, unit="kWh")], own))
    assert (line.unit_price_usd, line.price_path, line.price_unit) == (0.2, "supply.electricity", "USD/kWh")
    assert (line.category, line.unit) == ("power", "kWh")


def test_a_need_without_a_price_still_says_what_it_would_be_priced_per() -> None:
    line = one(need_lines([need("cpu-server")], replace(buyer(), book=price_book({}, ()))))
    assert (line.unit_price_usd, line.price_unit, line.unit) == (None, "USD/server", "server")
    assert line.price_item == "cpu-server"


def test_storage_is_priced_by_its_tier_at_the_site() -> None:
    tiers = [need(f"storage-{tier}", bought=False, unit="GB") for tier in ("hot", "warm", "archive")]
    here, there = (
        [line.price_item for line in need_lines(tiers, buyer(site))] for site in ("on_premises", "commercial")
    )
    assert here == ["storage-hot-owned", "storage-warm-owned", "storage-warm-owned"]
    assert there == ["storage-hot-aws", "storage-warm-aws", "storage-archive-aws"]


def test_a_spare_gpu_costs_its_part_of_the_server_or_its_quote() -> None:
    spare = need("spare-gpu", by_month=(1.0,) * 36, unit="GPU")
    line = one(need_lines([spare], buyer()))
    assert line.factors == {"servers_per_gpu": 1 / 8} and line.unit_price_usd is not None
    assert line_amounts(line).sum() == pytest.approx(line.unit_price_usd / 8)
    quote = Quote(item="spare-gpu", unit_price="25000 USD", as_of=date(2026, 11, 1), supplier="Dell")
    quoted = one(need_lines([spare], buyer(quotes=(quote,))))
    assert (quoted.factors, quoted.unit_price_usd, quoted.source) == ({}, 25_000, "quote:spare-gpu")


def test_electricity_of_the_profile_comes_before_the_sites() -> None:
    kwh = need("electricity", bought=False, unit="kWh")
    cheap = Buyer(
        **{name: getattr(buyer(), name) for name in Buyer.__slots__}
        | {"supply": Supply.model_validate({"electricity": "0.05 USD/kWh"})}
    )
    line = one(need_lines([kwh], cheap))
    assert (line.unit_price_usd, line.unit, line.category) == (0.05, "kWh", "power")
    assert one(need_lines([kwh], buyer())).price_item == buyer().site.electricity


def test_what_nobody_prices_stays_unknown() -> None:
    line = one(need_lines([need("liquid-cooling-price", unit="kW")], buyer()))
    assert (line.unit_price_usd, line.kind, line.treatment) == (None, "unpriced", "capitalise")
    assert need_lines([need("")], buyer()) == ()


def test_servers_of_its_own_bring_all_that_is_paid_for_a_server() -> None:
    lines = need_lines([need("server", by_month=(1.0,) * 36)], buyer())
    assert {line.id.removeprefix("cpu-servers-") for line in lines} == {
        "hardware",
        "network",
        "install",
        "support",
        "power",
    }
    assert {line.category for line in lines} == {"front_end"}
    rented = need_lines([need("server", by_month=(1.0,) * 36)], buyer("enclave"))
    assert [line.quantity[1] for line in rented] == [730.0]
    assert need_lines([need("server", by_month=(0.0,) * 36)], buyer()) == ()


@given(st.lists(st.integers(0, 50), min_size=36, max_size=36))
def test_what_was_bought_by_a_month_is_the_most_that_was_needed_up_to_it(needed: list[int]) -> None:
    bought = added([float(n) for n in needed])
    assert len(bought) == 37 and bought[1] == 0
    for month in range(1, 37):
        assert sum(bought[: month + 1]) == max(needed[:month])
