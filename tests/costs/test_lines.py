"""People, licences, controls, traffic, energy and what stands idle, each against a case worked by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from buyers import AMOUNTS, CATALOG, buyer
from hypothesis import given, settings
from hypothesis import strategies as st

from aisizer.costs.controls import control_lines
from aisizer.costs.egress import egress_lines, tiered
from aisizer.costs.energy import energy, grid
from aisizer.costs.licences import flat_licence_lines, licence_lines, yearly_in_advance
from aisizer.costs.lines import Fleet, Volume, by_wave
from aisizer.costs.needs import need_lines
from aisizer.costs.owned import owned_lines, residual_high
from aisizer.costs.people import WAGES, staff_lines
from aisizer.costs.prices import price_book
from aisizer.costs.records import CostLine
from aisizer.costs.rented import rented_lines, unused_commitment, unused_hours
from aisizer.costs.site import site_lines
from aisizer.costs.tco import line_amounts
from aisizer.errors import InvalidInput
from aisizer.profile.sections import ControlCost, Finance, Quote, Supply
from aisizer.sizing.needs import Need

STEADY = Fleet(((1, 2),), (2,) * 36)
VOLUME = Volume((1e6,) * 36, (1e9,) * 36, (1e8,) * 36)
SITES = sorted(CATALOG.sites)


def supply(**given: Any) -> Supply:
    return Supply.model_validate(given)


def quote(item: str, price: str) -> Quote:
    return Quote(item=item, unit_price=price, as_of=date(2026, 11, 1), supplier="S")


def usd(lines: list[CostLine]) -> float:
    return sum(float(line_amounts(line).sum()) for line in lines)


def fte(lines: list[CostLine]) -> float:
    return sum(math.prod(v for name, v in line.factors.items() if name != "years_per_month") for line in lines)


@pytest.mark.parametrize("site", SITES)
def test_the_roles_of_a_site_add_up_to_its_people(site: str) -> None:
    place = CATALOG.sites[site]
    assert place.staff_fte is not None and set(place.staff_shares) == {"operations", "platform", "security"}
    assert math.fsum(AMOUNTS[name].base for name in place.staff_shares.values()) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(("site", "people"), [("on_premises", 1.5), ("hosted", 0.75), ("enclave", 0.75)])
def test_the_roles_are_as_many_people_as_the_catalog_says(site: str, people: float) -> None:
    assert fte(staff_lines(buyer(site))) == pytest.approx(people, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 50), st.sampled_from(["on_premises", "hosted", "enclave"]))
def test_the_profiles_people_are_dealt_out_to_the_roles(total: float, site: str) -> None:
    assert fte(staff_lines(buyer(site, supply=supply(staff_fte=total)))) == pytest.approx(total)


def test_each_role_is_paid_its_wage() -> None:
    """0.9, 0.375 and 0.225 FTE for three years."""
    by_hand = 3 * (0.9 * 137_746 + 0.375 * 189_373 + 0.225 * 177_747)
    assert usd(staff_lines(buyer())) == pytest.approx(by_hand)
    assert {line.price_item for line in staff_lines(buyer())} <= set(WAGES.values())


def test_a_role_of_the_profile_replaces_its_share_and_nobody_is_on_call_unasked() -> None:
    own = supply(staff={"security": {"fte": 1, "cost_per_year": "200 kUSD"}, "on_call": {"fte": 3}})
    made = {line.id: line for line in staff_lines(buyer(supply=own))}
    assert [line.id for line in staff_lines(buyer())] == ["staff-operations", "staff-platform", "staff-security"]
    assert line_amounts(made["staff-security"]).sum() == pytest.approx(600_000)
    assert made["staff-security"].factor_paths == {"fte": "supply.staff.security.fte"}
    assert made["staff-security"].price_path == "supply.staff.security.cost_per_year"
    assert line_amounts(made["staff-on-call"]).sum() == pytest.approx(3 * 3 * 137_746)
    plain = {line.id: line for line in staff_lines(buyer())}
    assert made["staff-platform"] == plain["staff-platform"]


def test_the_profiles_own_pue_is_the_factor_of_the_power() -> None:
    (power,) = (line for line in owned_lines(buyer(supply=supply(pue=1.25)), STEADY) if line.category == "power")
    assert (power.factors["pue"], power.factor_paths["pue"]) == (1.25, "supply.pue")
    assert (power.unit, power.price_unit) == ("server-month", "USD/kWh")


def test_what_a_line_of_owned_servers_is_counted_in_and_priced_by() -> None:
    """What ends with month 36 are the servers of that month, one of which came in it."""
    place = buyer(finance=Finance(residual=0.2, decommissioning=0.02))
    made = {line.id: line for line in owned_lines(place, Fleet(((1, 2), (36, 1)), (*(2,) * 35, 3)))}
    for name, sign in (("residual", -1), ("decommissioning", 1)):
        assert (made[name].unit, made[name].price_item, made[name].quantity[36]) == ("server", place.offer.id, 3 * sign)
    bare = place.site.model_copy(update={"electricity": None, "network": None})
    free = replace(place, site=bare, offer=replace(place.offer, terms={}), book=price_book({}, ()))
    ends = {line.id: line.price_item for line in owned_lines(free, STEADY) if line.unit_price_usd is None}
    assert ends["residual"] == ends["decommissioning"] == place.offer.id
    bare_lines = {line.id: line for line in owned_lines(replace(place, site=bare), STEADY)}
    assert bare_lines["power"].price_item == "supply.electricity" and bare_lines["power"].unit_price_usd is None
    assert (bare_lines["network"].price_item, bare_lines["network"].unit_price_usd) == ("network", None)


def test_two_waves_of_one_month_are_added() -> None:
    assert by_wave(Fleet(((1, 2), (1, 1), (7, 4)), ()), 8.0)[:8] == [24.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 32.0]


def test_a_site_that_deals_nobody_out_has_one_line_for_all_its_people() -> None:
    """A year of 1.5 engineers of operations, in twelfths."""
    place = buyer()
    place = replace(place, site=place.site.model_copy(update={"staff_shares": {}}))
    (made,) = staff_lines(place)
    assert (made.id, made.category, made.treatment, made.unit) == ("staff", "staff", "expense", "month")
    assert (made.description, made.price_item) == ("Staff that runs the fleet", "fte-systems-engineer-us")
    assert made.quantity == (0.0, *(1.0,) * 36) and made.unit_price_usd == 137_746
    assert set(made.factors) == {"fte", "years_per_month"} and made.factors["fte"] == 1.5
    assert usd([made]) == pytest.approx(3 * 1.5 * 137_746)
    others = {name: amount for name, amount in place.book.amounts.items() if name != "fte-systems-engineer-us"}
    unpriced = staff_lines(replace(place, book=replace(place.book, amounts=others)))
    assert [(line.price_unit, line.price_item) for line in unpriced] == [("USD/FTE-year", "fte-systems-engineer-us")]


def test_a_quote_overrides_a_wage() -> None:
    made = staff_lines(buyer(quotes=[quote("fte-platform-engineer-us", "250000 USD/FTE-year")]))
    assert [line.unit_price_usd for line in made if line.id == "staff-platform"] == [250_000]


def test_no_licence_is_paid_unasked() -> None:
    assert licence_lines(buyer(), STEADY) == [] == flat_licence_lines(buyer(), STEADY)


def test_a_licence_by_the_gpu_is_paid_yearly_in_advance_and_charged_as_it_is_used() -> None:
    """16 GPUs x 3 years x 4,500 USD, a third of it before service."""
    (line,) = licence_lines(buyer(supply=supply(licences=["nvidia-ai-enterprise"])), STEADY)
    assert (line.treatment, line.unit, line.quantity[0], line.quantity[13], line.quantity[25]) == (
        "prepaid", "GPU-year", 16, 16, 16,
    )  # fmt: skip
    assert line_amounts(line).sum() == pytest.approx(16 * 3 * 4500)
    assert line.used[1:] == pytest.approx([16 / 12] * 36)


def test_a_cloud_sells_the_licence_by_the_hour_unless_a_quote_says_otherwise() -> None:
    asked = supply(licences=["nvidia-ai-enterprise"])
    (line,) = licence_lines(buyer("enclave", supply=asked), STEADY)
    assert (line.id, line.unit, line.price_unit, line.treatment) == (
        "licence-nvidia-ai-enterprise", "GPU-hour", "USD/GPU-hour", "expense",
    )  # fmt: skip
    assert line_amounts(line).sum() == pytest.approx(16 * 730 * 36)
    own = [quote("nvidia-ai-enterprise", "3000 USD/GPU-year")]
    (quoted,) = licence_lines(buyer("enclave", own, supply=asked), STEADY)
    assert (quoted.unit_price_usd, quoted.unit) == (3000, "GPU-year")
    repriced = tuple(quote.model_copy(update={"replaces": "price"}) for quote in own)
    assert licence_lines(buyer("enclave", repriced, supply=asked), STEADY) == [line], "a new price is no new way to buy"
    (hosted,) = licence_lines(buyer("hosted", supply=asked), STEADY)
    assert hosted.price_unit == "USD/GPU-year"


def test_a_new_price_of_egress_keeps_its_tiers_and_an_offer_is_flat() -> None:
    offer = quote("egress-aws-commercial", "0.05 USD/GB")
    repriced = offer.model_copy(update={"replaces": "price"})
    busy = Volume((1e9,) * 36, (1e12,) * 36, (1e13,) * 36)
    tiers = egress_lines(buyer("commercial"), busy)
    assert len(tiers) > 1
    assert [line.id for line in egress_lines(buyer("commercial", [repriced]), busy)] == [line.id for line in tiers]
    assert [line.id for line in egress_lines(buyer("commercial", [offer]), busy)] == ["egress"]


@pytest.mark.parametrize("site", ["on_premises", "hosted", "commercial"])
def test_the_quote_that_an_unpriced_line_names_prices_it(site: str) -> None:
    """What finance types into an empty cell is a quote for that item in that unit."""
    known = buyer(site)
    nothing = {name: amount for name, amount in AMOUNTS.items() if not amount.unit.startswith("USD")}
    offer = replace(known.offer, terms={})

    def lines(quotes: list[Quote]) -> dict[str, CostLine]:
        poor = replace(known, offer=offer, book=price_book(nothing, quotes))
        return {line.id: line for line in site_lines(poor, STEADY, VOLUME)}

    bare = lines([])
    assert bare and all(line.unit_price_usd is None for line in bare.values())
    names = {line.price_path.removeprefix("supply.quotes."): f"7 {line.price_unit}" for line in bare.values()}
    told = lines([quote(item, price) for item, price in names.items()])
    assert [line.id for line in told.values() if line.unit_price_usd != 7] == []


def test_licences_by_server_and_flat_ones_are_counted_as_their_quotes_say() -> None:
    quotes = [quote("os", "800 USD/server-year"), quote("portal", "12000 USD/year")]
    place = buyer(quotes=quotes, supply=supply(licences=["os", "portal", "unknown"]))
    by_server, unknown = licence_lines(place, STEADY)
    assert line_amounts(by_server).sum() == pytest.approx(2 * 3 * 800) and by_server.unit == "server-year"
    assert unknown.unit_price_usd is None and unknown.unit == "GPU-year"
    (flat,) = flat_licence_lines(place, STEADY)
    assert line_amounts(flat).sum() == pytest.approx(36_000)
    assert (flat.id, flat.unit, flat.description) == ("licence-portal", "year", "Licence portal")
    servers = Need("non-production", "staging servers", "server", (1.0,) * 36, "", "", price="server", bought=True)
    beside = {line.id for line in need_lines([servers], place) if "licence" in line.id}
    assert beside == {f"non-production-staging-servers-licence-{name}" for name in ("os", "unknown")}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 36), st.integers(1, 9)), min_size=1, max_size=5))
def test_all_years_that_are_paid_are_used(added: list[tuple[int, int]]) -> None:
    paid, used = yearly_in_advance(added)
    assert math.fsum(paid) == pytest.approx(math.fsum(used))
    assert all(sum(paid[: m + 1]) >= sum(used[: m + 1]) - 1e-9 for m in range(37))


def test_controls_are_paid_as_the_profile_says() -> None:
    """40,000 USD for three years, and 120,000 USD before service."""
    given = {
        "tools": ControlCost.model_validate({"cost": "40 kUSD"}),
        "audit": ControlCost.model_validate({"cost": "120 kUSD", "per": "once", "framework": "soc2"}),
    }
    tools, audit = control_lines(buyer(controls=given))
    assert line_amounts(tools).sum() == pytest.approx(120_000) and line_amounts(tools)[0] == 0
    assert line_amounts(audit)[0] == 120_000 == line_amounts(audit).sum()
    assert (tools.category, tools.price_path) == ("compliance", "compliance.control_costs.tools.cost")
    assert (tools.description, audit.description) == ("Control tools", "Control audit for soc2")
    assert (tools.unit, tools.price_unit, audit.unit, audit.price_unit) == (
        "month", "USD/year", "control", "USD/control",
    )  # fmt: skip
    assert control_lines(buyer()) == []


def test_egress_is_priced_tier_by_tier() -> None:
    """200 TB a month in us-east-1: 10,240, 40,960, 102,400 and 46,400 GB at the prices of the four tiers."""
    place = buyer("commercial")
    tokens = 200_000e9 / AMOUNTS["egress-bytes-per-token"].base
    made = egress_lines(place, Volume((1.0,) * 36, (1.0,) * 36, (tokens,) * 36))
    month = 10_240 * 0.09 + 40_960 * 0.085 + 102_400 * 0.07 + 46_400 * 0.05
    assert usd(made) == pytest.approx(36 * month, rel=1e-8)
    (small,) = egress_lines(place, Volume((1.0,) * 36, (1.0,) * 36, (1e6,) * 36))
    assert (small.id, small.price_item) == ("egress", "egress-aws-commercial")
    begins = (0.0, 10_240.0, 51_200.0, 153_600.0)
    assert [line.id for line in made] == ["egress", *(f"egress-over-{begin:.0f}-gb" for begin in begins[1:])]
    assert [line.description for line in made[:2]] == [
        "Network egress of responses", "Network egress of responses, over 10,240 GB a month",
    ]  # fmt: skip
    assert [line.price_item for line in made] == list(place.site.egress_tiers)
    assert {(line.unit, line.price_unit) for line in made} == {("GB", "USD/GB")}
    untiered = replace(place, site=place.site.model_copy(update={"egress_tiers": {}}))
    (whole,) = egress_lines(untiered, Volume((1.0,) * 36, (1.0,) * 36, (tokens,) * 36))
    assert (whole.id, whole.description) == ("egress", "Network egress of responses")
    unknown = replace(place, book=price_book({n: a for n, a in AMOUNTS.items() if n != "egress-bytes-per-token"}, []))
    (line,) = egress_lines(unknown, Volume((1.0,) * 36, (1.0,) * 36, (tokens,) * 36))
    assert line.unit_price_usd is None, "no size of a token, so no cost that is known"
    flat = buyer("commercial", [quote("egress-aws-commercial", "0.02 USD/GB")])
    assert usd(egress_lines(flat, Volume((1.0,) * 36, (1.0,) * 36, (tokens,) * 36))) == pytest.approx(
        36 * 200_000 * 0.02
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=36))
def test_tiers_share_out_all_of_the_volume(volume: list[float]) -> None:
    parts = tiered(volume, CATALOG.sites["commercial"].egress_tiers)
    assert [math.fsum(month) for month in zip(*parts.values(), strict=True)] == pytest.approx(volume)


@pytest.mark.parametrize("site", SITES)
def test_tiers_begin_at_zero_with_the_sites_own_price_and_get_cheaper(site: str) -> None:
    place = CATALOG.sites[site]
    if place.egress_tiers:
        begins = list(place.egress_tiers.values())
        prices = [AMOUNTS[name].base for name in place.egress_tiers]
        assert begins == sorted(begins) and begins[0] == 0 and next(iter(place.egress_tiers)) == place.egress
        assert prices == sorted(prices, reverse=True) and len(set(prices)) == len(prices)


def test_committed_hours_that_no_month_needs_are_priced() -> None:
    """Two instances by the year, of which the first half year needs one: 6 x 730 hours stand idle."""
    quoted = buyer("enclave", [quote(f"{buyer('enclave').offer.id}:one_year", "50 USD/h")])
    place = replace(quoted, term="one_year")
    made = rented_lines(place, STEADY)
    assert unused_commitment(made, [1] * 6 + [2] * 30) == pytest.approx(6 * 730 * 50)
    assert unused_commitment(made, [2] * 36) == 0
    assert unused_commitment(rented_lines(buyer("enclave"), STEADY), [1] * 36) == 0
    assert unused_commitment(owned_lines(buyer(), STEADY), [1] * 36) == 0


@given(st.lists(st.integers(0, 9), min_size=36, max_size=36), st.lists(st.integers(0, 9), min_size=36, max_size=36))
def test_more_need_leaves_less_idle(a: list[int], b: list[int]) -> None:
    held = [0.0, *(5 * 730.0,) * 36]
    more = [max(x, y) for x, y in zip(a, b, strict=True)]
    assert all(0 <= x <= y for x, y in zip(unused_hours(held, more), unused_hours(held, a), strict=True))


def test_energy_is_what_the_bill_of_electricity_is_for() -> None:
    """Two servers at 10.2 kW x 0.686 x 1.54 for 26,280 hours, at 369.473 g/kWh."""
    place = buyer()
    assert place.offer.server is not None
    kwh = 2 * place.offer.server.max_power_kw * 0.686 * 1.54 * 26_280
    found = energy(owned_lines(place, STEADY), True, "grid-carbon-us", None, place.book)
    assert (found.kwh, found.note) == (pytest.approx(kwh), "")
    assert found.tco2e == pytest.approx(kwh * 369.473 / 1e6)
    assert energy(owned_lines(place, STEADY), True, "grid-carbon-us", 50.0, place.book).tco2e == pytest.approx(
        kwh * 50 / 1e6
    )
    elsewhere = energy(owned_lines(place, STEADY), True, "grid-carbon-eu", None, place.book)
    assert elsewhere.kwh == found.kwh and elsewhere.tco2e is None and "supply.grid_carbon" in elsewhere.note
    rented = energy(rented_lines(buyer("hosted"), STEADY), False, "grid-carbon-us", None, place.book)
    assert (rented.kwh, rented.tco2e) == (None, None) and rented.note


def test_energy_without_a_tariff_is_unknown_and_not_zero() -> None:
    (power,) = (line for line in owned_lines(buyer(), STEADY) if line.id == "power")
    unpriced = power.model_copy(update={"unit_price_usd": None})
    found = energy([unpriced], True, "grid-carbon-us", None, buyer().book)
    assert found.kwh is None and "Set supply.electricity" in found.note


def test_the_high_end_of_the_residual_is_a_share_of_the_servers_price() -> None:
    place = buyer()
    made = owned_lines(place, STEADY)
    price = made[0].unit_price_usd
    assert price is not None and residual_high(made, place.offer.id, place.book) == pytest.approx(2 * price * 0.35)
    unpriced = made[0].model_copy(update={"unit_price_usd": None})
    assert residual_high([unpriced], place.offer.id, place.book) is None


def test_a_quote_for_a_term_prices_that_term_and_is_a_lease_where_servers_stand_for_one_alone() -> None:
    offer = buyer("enclave").offer.id
    half = quote(f"{offer}:one_year", "50 USD/h").model_copy(update={"upfront": 0.5})
    place = replace(buyer("enclave", [quote(offer, "90 USD/h"), half]), term="one_year")
    late = Fleet(((1, 2), (20, 1), (26, 1)), (2,) * 19 + (3,) * 6 + (4,) * 11)
    made = {line.id: line for line in rented_lines(place, late)}
    committed, demand = made["rent-one-year"], made["rent-on-demand"]
    assert [(line.unit_price_usd, line.treatment) for line in (committed, demand)] == [(50, "prepaid"), (90, "expense")]
    assert (committed.price_item, demand.price_item) == (f"{offer}:one_year", offer)
    assert (committed.waves, committed.unit, committed.price_unit) == ((1, 2, 3), "instance-hour", "USD/h")
    assert committed.description.endswith(", one year") and demand.description.endswith(", on demand")
    assert committed.quantity[0] == 0.5 * 2 * 8760 and committed.quantity[13] == 0.5 * 2 * (8760 + 730)
    assert committed.quantity[20] == 0.5 * (8760 + 3 * 730) and math.fsum(committed.quantity) == 2 * 26_280 + 8760
    assert math.fsum(committed.quantity) == math.fsum(committed.used) and demand.served == ()
    assert committed.used[:2] == (0, 2 * 730) and committed.used[36] == 2 * 730
    assert math.fsum(demand.quantity) == (5 + 11) * 730
    assert {line.treatment for line in rented_lines(buyer("hosted"), STEADY)} == {"possible_lease"}


def test_upfront_without_a_term_is_a_fault_with_the_mend() -> None:
    offer = buyer("enclave").offer.id
    place = buyer("enclave", [quote(offer, "90 USD/h").model_copy(update={"upfront": 0.5})])
    with pytest.raises(
        InvalidInput, match=f"{offer} on demand has a part paid upfront.* Give upfront to the price of a term"
    ):
        rented_lines(place, STEADY)


def test_an_instance_without_a_price_names_the_quote_that_it_lacks() -> None:
    place = buyer("enclave")
    bare = replace(place, term="one_year", offer=replace(place.offer, terms={}))
    (line,) = rented_lines(bare, STEADY)
    assert (line.unit_price_usd, line.price_path, line.price_unit) == (
        None, f"supply.quotes.{place.offer.id}:one_year", "USD/h",
    )  # fmt: skip


def test_servers_beside_the_fleet_keep_what_totals_treat_apart() -> None:
    place = buyer(finance=Finance(residual=0.2, decommissioning=0.02))
    beside = Need(
        "non-production", "staging servers", "server", (0.0, *(2.0,) * 35), "", "", price="server", bought=True
    )
    made = {line.id: line for line in need_lines([beside], place)}
    assert {line.category for line in made.values()} == {"non_production", "residual", "decommissioning"}
    hardware = made["non-production-staging-servers-hardware"]
    assert (hardware.waves, hardware.quantity[2], hardware.quantity[0]) == ((), 2, 0)
    assert hardware.description.startswith("staging servers: ")
    assert need_lines([replace(beside, by_month=(0.0,) * 36)], place) == ()


def test_what_is_bought_is_paid_in_its_wave_and_what_serves_each_month() -> None:
    """Two servers before service and one in month 13; the fabric by the GPU, at another price where servers exchange data."""
    place, fleet = buyer(), Fleet(((1, 2), (13, 1)), (2,) * 12 + (3,) * 24)
    made = {line.id: line for line in owned_lines(place, fleet)}
    assert list(made) == ["hardware", "network", "install", "support", "power"]
    for name, each in (("hardware", 1), ("network", 8), ("install", 1)):
        line = made[name]
        assert (line.treatment, line.waves) == ("capitalise", (1, 2))
        assert {period: q for period, q in enumerate(line.quantity) if q} == {0: 2 * each, 13: each}
    for name in ("support", "power"):
        assert (made[name].treatment, made[name].waves) == ("expense", ())
        assert made[name].quantity == (0, *(2,) * 12, *(3,) * 24)
    assert made["network"].price_item == place.site.network
    joined = {line.id: line for line in owned_lines(replace(place, rdma=True), fleet)}
    assert joined["network"].price_item == place.site.rdma_network != place.site.network
    assert made["support"].factors == {
        "support_rate_per_year": AMOUNTS[place.site.support or ""].base, "years_per_month": 1 / 12,
    }  # fmt: skip
    assert made["install"].factors == {"install_rate": AMOUNTS[place.site.install or ""].base}


def test_an_owned_line_without_a_price_names_what_a_quote_must_name() -> None:
    place = buyer()
    bare = replace(place, offer=replace(place.offer, terms={}), book=price_book({}, []))
    made = {line.id: line for line in owned_lines(bare, STEADY)}
    assert {line.unit_price_usd for line in made.values()} == {None}
    assert (made["hardware"].price_item, made["hardware"].price_unit) == (place.offer.id, "USD/server")
    assert (made["network"].price_item, made["network"].price_unit) == (place.site.network, "USD/GPU")
    rated = replace(bare, book=price_book({n: a for n, a in AMOUNTS.items() if not a.unit.startswith("USD")}, []))
    items = {line.id: (line.price_item, line.price_unit) for line in owned_lines(rated, STEADY)}
    assert items["install"] == items["support"] == (place.offer.id, "USD/server")
    assert items["power"] == (place.site.electricity, "USD/kWh")
    (own,) = (
        line for line in owned_lines(buyer(supply=supply(electricity="0.12 USD/kWh")), STEADY) if line.id == "power"
    )
    assert (own.price_path, own.unit_price_usd, own.price_unit) == ("supply.electricity", 0.12, "USD/kWh")


def test_colocation_is_paid_by_the_kilowatt_of_the_nameplate() -> None:
    place = buyer(supply=supply(colocation="150 USD/kW-month"))
    (line,) = (line for line in owned_lines(place, STEADY) if line.id == "colocation")
    assert place.offer.server is not None
    assert line_amounts(line).sum() == pytest.approx(36 * 2 * place.offer.server.max_power_kw * 150)
    assert (line.price_path, line.unit, line.treatment) == ("supply.colocation", "server-month", "expense")
    assert line.price_unit == "USD/kW-month"
    charged = replace(
        place, supply=supply(), site=place.site.model_copy(update={"colocation": "electricity-us-commercial"})
    )
    (own,) = (line for line in owned_lines(charged, STEADY) if line.id == "colocation")
    assert own.price_item == "electricity-us-commercial"


def test_a_role_says_what_its_people_are_paid_by_and_which_field_sets_their_number() -> None:
    own = Supply.model_validate({"staff": {"on_call": {"cost_per_year": "100 kUSD"}}, "staff_fte": 2})
    made = {one.id: one for one in staff_lines(buyer(supply=own))}
    nobody = made["staff-on-call"]
    assert (nobody.unit, nobody.price_unit, nobody.factors["fte"]) == ("month", "USD/FTE-year", 0.0)
    assert made["staff-operations"].factor_paths["fte"] == "supply.staff_fte"
    unpriced = staff_lines(replace(buyer(), book=price_book({}, ())))
    assert {one.price_unit for one in unpriced} == {"USD/FTE-year"}


def test_the_grid_is_that_of_the_sites_country_else_of_where_the_data_must_stay() -> None:
    place = CATALOG.sites["commercial"].model_copy(update={"countries": ("us", "ca")})
    assert grid(place, "EU") == "grid-carbon-us"
    assert grid(place.model_copy(update={"countries": ()}), "EU") == "grid-carbon-eu"


def test_answers_of_unknown_size_leave_without_a_quantity_or_a_price() -> None:
    volume = Volume((1e6,) * 36, (1e9,) * 36, (1e12,) * 36)
    amounts = {name: amount for name, amount in AMOUNTS.items() if name != "egress-bytes-per-token"}
    (made,) = egress_lines(replace(buyer("commercial"), book=price_book(amounts, ())), volume)
    assert not any(made.quantity) and made.unit_price_usd is None
