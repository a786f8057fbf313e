"""One line of the bill by hand: what a buyer reads of it, from the maker's number to the months that are held."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from buyers import buyer

from aisizer.costs.bom import parent_id
from aisizer.costs.bom_lines import Terms, included_line, ordered_line, part_line
from aisizer.costs.bom_totals import bom_totals
from aisizer.costs.lines import Buyer, Fleet
from aisizer.costs.owned import owned_lines
from aisizer.costs.records import BomLine, CostLine
from aisizer.costs.rented import rented_lines
from aisizer.profile.sections import Finance, Quote
from aisizer.roadmap.records import Purchase
from aisizer.sizing.needs import Need
from aisizer.sizing.server_parts import Part

DAY = date(2026, 12, 1)
FLEET = Fleet(((1, 2),), (2,) * 36)
PURCHASE = Purchase(
    wave=1,
    gpus=16,
    servers=2,
    order_by=date(2027, 1, 4),
    need_by=date(2027, 7, 1),
    covers_to_month=36,
    reason="go-live",
)


def maker(**more: Any) -> Buyer:
    """Who buys servers whose maker's number the catalog gives."""
    who = buyer(**more)
    assert who.offer.server is not None
    return replace(who, offer=replace(who.offer, server=who.offer.server.model_copy(update={"part_number": "DGXH-8"})))


def ordered(line: CostLine, who: Buyer | None = None, schedule: tuple[float, ...] | None = None) -> BomLine:
    terms = Terms(who or maker(), {"total": 26.0, "delivery": 16.0}, DAY)
    return ordered_line(terms, line, line.quantity if schedule is None else schedule, PURCHASE, None, "A note.")


def owned(name: str, **more: Any) -> CostLine:
    return next(line for line in owned_lines(buyer(), FLEET) if line.id == name).model_copy(update=more)


def rent(**more: Any) -> CostLine:
    return next(line for line in rented_lines(buyer("enclave"), FLEET) if line.category == "rent").model_copy(
        update=more
    )


def monthly(**more: Any) -> CostLine:
    return owned("support", **({"treatment": "expense", "unit": "GB-month", "factors": {}} | more))


def test_a_server_is_its_makers_and_is_written_off_over_its_life() -> None:
    server = buyer().offer.server
    assert server is not None
    made = ordered(owned("hardware"))
    assert (made.device, made.uom, made.quantity, made.spares, made.line) == ("server", "EA", 2.0, 0.0, 0)
    assert (made.manufacturer, made.mpn) == (server.manufacturer, "DGXH-8") and server.manufacturer
    assert (made.power_kw, made.rack_units, made.supplier) == (server.max_power_kw, server.rack_units, "")
    assert (made.treatment, made.useful_life_months, made.commitment) == ("capitalise", 60, "")
    assert ordered(monthly()).useful_life_months is None
    assert ordered(owned("hardware", as_of=date(2026, 11, 1))).price_age_days == 30
    assert ordered(owned("hardware", as_of=None)).price_age_days is None
    ranged = ordered(owned("hardware", low_usd=1.0, high_usd=3.0))
    assert (ranged.low_usd, ranged.high_usd) == (1.0, 3.0)
    assert (ordered(owned("hardware", low_usd=None)).low_usd, ordered(owned("hardware", high_usd=None)).high_usd) == (
        None,
        None,
    )


@pytest.mark.parametrize(
    ("more", "device"),
    [
        ({"id": "non-production-staging-servers-hardware"}, "server"),
        ({"id": "site-work-power"}, ""),
        ({"id": "non-production-staging-servers-support"}, ""),
        ({"category": "network"}, ""),
        ({"id": "x", "unit": "GB"}, ""),
        ({"id": "x", "unit": "switch"}, "switch"),
    ],
)
def test_only_what_is_a_thing_is_one(more: dict[str, str], device: str) -> None:
    made = ordered(owned("hardware", **more))
    assert made.device == device and made.uom == ("EA" if device else more.get("unit", "server").upper())


def test_only_gpu_servers_have_the_makers_number_and_only_rent_a_provider() -> None:
    assert not ordered(owned("hardware", id="cpu-servers")).mpn
    assert ordered(owned("hardware", id="non-production-staging-servers-hardware")).mpn
    place = buyer("enclave")
    made = ordered(rent(), place)
    assert (made.device, made.supplier, made.uom) == (
        "instance",
        place.offer.provider,
        "INSTANCE-HOUR",
    ) and made.supplier
    assert not ordered(rent(id="cpu-servers"), place).supplier
    assert not ordered(monthly(id="rent-x"), place).supplier


def test_what_a_quote_leaves_out_stays_as_the_catalog_has_it() -> None:
    quote = Quote(item=buyer().offer.id, unit_price="265 kUSD", as_of=DAY, supplier="Example", reference="Q-17")
    who = maker(quotes=[quote])
    line = next(line for line in owned_lines(who, FLEET) if line.id == "hardware")
    made = ordered(line, who)
    assert (made.supplier, made.quote_ref, made.mpn) == ("Example", "Q-17", "DGXH-8")
    assert (made.warranty_months, made.supplier_part_id, made.country_of_origin) == (None, "", "")


def test_notes_are_sentences_one_after_the_other() -> None:
    stepped = ordered(owned("hardware", escalation=0.05, currency="EUR", fx_usd=1.08))
    assert stepped.notes == (
        "The mean price, which steps up by 5 % at each anniversary of go-live. Quoted in EUR, at 1.08 USD. A note."
    )
    twice = ordered(owned("hardware", factors={"install_rate": 0.1, "servers_per_gpu": 0.125}, price_item="box"))
    assert twice.notes.startswith(
        "Estimated as 0.1 of the price of box. Estimated as 0.125 of the price of box, an upper"
    )


def test_pieces_for_the_shelf_are_spares() -> None:
    assert ordered(owned("hardware", category="spares")).spares == 2.0


def test_what_is_held_by_the_month_says_how_much_and_when() -> None:

    def at(**months: float) -> tuple[float, ...]:
        return tuple(months.get(f"m{month}", 0.0) for month in range(37))

    assert ordered(monthly(), schedule=at(m2=0.5, m3=4.0)).commitment == "0.5 to 4 GB a month, months 2 to 3"
    assert ordered(monthly(), schedule=at(m2=0.5)).commitment == "0.5 GB a month, month 2"
    assert ordered(monthly(treatment="capitalise"), schedule=at(m2=0.5)).commitment == ""
    hours = tuple(730.0 * n for n in at(m1=1.0, m2=2.0))
    line = rent(id="non-production-rent-one-year")
    assert (
        ordered(line, buyer("enclave"), hours).commitment == "1 to 2 instances one year, months 1 to 2, 730 h a month"
    )


def test_nothing_ordered_is_nothing_held() -> None:
    terms = Terms(buyer(), {"total": 26.0, "delivery": 16.0}, DAY)
    made = ordered_line(terms, monthly(escalation=0.0), (0.0,) * 37, PURCHASE, None, "")
    assert (made.commitment, made.notes, made.quantity) == ("", "", 0.0)


def test_a_part_of_a_server_and_a_counted_part_come_at_their_parents_price() -> None:
    parent = ordered(owned("hardware")).model_copy(update={"line": 7})
    part = Part("nic", "400G port", 8, "EA", "record", note="", manufacturer="NVIDIA", part_number="MCX75")
    made = part_line(part, parent)
    assert (made.line, made.parent, made.quantity, made.manufacturer, made.mpn) == (0, 7, 16.0, "NVIDIA", "MCX75")
    assert made.notes == "8 in each of line 7." and made.category == "hardware"
    need = Need("network", "Leaf switch", "switch", (2.0,) * 36, "", "counted", note="as drawn")
    made = included_line(need, 2.0, parent)
    assert (made.category, made.device, made.uom, made.notes) == ("network", "switch", "EA", "as drawn")
    other = included_line(replace(need, unit="port-pair"), 2.0, parent)
    assert (other.device, other.uom) == ("", "PORT-PAIR")


@pytest.mark.parametrize(
    ("id", "category", "owner"),
    [
        ("support", "support", "hardware"),
        ("non-production-staging-servers-support", "non_production", "non-production-staging-servers-hardware"),
        ("hardware", "hardware", ""),
        ("property-tax-hardware", "property_tax", ""),
        ("tax-non-production-x-hardware", "tax", "non-production-x-hardware"),
    ],
)
def test_a_line_belongs_to_its_servers_or_to_what_a_tax_is_paid_on(id: str, category: str, owner: str) -> None:
    assert parent_id(owned("hardware", id=id, category=category)) == owner


def test_totals_count_what_has_no_price_and_carry_ids_without_underscores() -> None:
    priced = ordered(owned("hardware", category="non_production", unit_price_usd=10.0))
    bare = priced.model_copy(update={"extended_price_usd": None, "unit_price_usd": None})
    (total,) = bom_totals([priced, bare, priced])
    assert (total.id, total.lines, total.unpriced, total.extended_price_usd) == ("non-production-1", 3, 1, 40.0)


def test_the_life_is_that_of_the_finance_section() -> None:
    three = replace(buyer(), finance=Finance.model_validate({"useful_life": "3 y"}))
    assert ordered(owned("hardware"), three).useful_life_months == 36
