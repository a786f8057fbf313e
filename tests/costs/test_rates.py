"""Rates on purchases and services: zero makes no line, a higher one never lowers a total, and each falls on what it should."""

from __future__ import annotations

from typing import Any

import pytest
from buyers import buyer
from hypothesis import given, settings
from hypothesis import strategies as st

from aisizer.costs.bridge import starting
from aisizer.costs.lines import Buyer, Fleet, Volume
from aisizer.costs.needs import need_lines
from aisizer.costs.rates import carrying_lines, rate_lines
from aisizer.costs.records import CostLine
from aisizer.costs.schedule import scheduled
from aisizer.costs.site import site_lines
from aisizer.costs.tco import line_amounts
from aisizer.profile.sections import Finance
from aisizer.sizing.needs import Need

FLEET = Fleet(((1, 2), (13, 1)), (2,) * 12 + (3,) * 24)
VOLUME = Volume((1e5,) * 36, (1e8,) * 36, (2e7,) * 36)
CPU = Need("front end", "CPU servers", "server", (3.0,) * 36, "", "", price="cpu-server", bought=True)
RATES = ("tax", "duty", "freight", "insurance", "property_tax", "service_tax", "decommissioning")


def lines(place: Buyer) -> tuple[CostLine, ...]:
    """As a plan makes them."""
    own = starting((*site_lines(place, FLEET, VOLUME), *need_lines([CPU], place)), 1)
    own = scheduled(own, place.finance, 20)
    paid = (*own, *carrying_lines(own, place.finance))
    return (*paid, *rate_lines(paid, place.finance))


def total(place: Buyer, category: str = "") -> float:
    return sum(float(line_amounts(line).sum()) for line in lines(place) if category in ("", line.category))


def at(site: str = "on_premises", **finance: Any) -> Buyer:
    return buyer(site, finance=Finance.model_validate(finance))


def test_a_rate_of_zero_makes_no_line() -> None:
    assert {line.category for line in lines(at())}.isdisjoint(RATES)
    zero = at(**dict.fromkeys(RATES, 0.0))
    assert lines(zero) == lines(at())


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(RATES), st.floats(0, 1), st.floats(0, 1), st.sampled_from(["on_premises", "hosted", "enclave"]))
def test_a_higher_rate_never_lowers_a_total(rate: str, a: float, b: float, site: str) -> None:
    low, high = sorted((a, b))
    assert total(at(site, **{rate: low})) <= total(at(site, **{rate: high})) + 1e-6


@pytest.mark.parametrize("rate", ["tax", "duty", "freight"])
def test_what_is_due_on_goods_is_a_share_of_hardware_fabric_and_cpu_servers(rate: str) -> None:
    goods = total(at(), "hardware") + total(at(), "network") + total(at(), "front_end")
    assert total(at(**{rate: 0.08}), rate) == pytest.approx(0.08 * goods)
    assert total(at("enclave", **{rate: 0.08}), rate) == 0


@pytest.mark.parametrize("rate", ["insurance", "property_tax"])
def test_what_is_carried_is_paid_by_month_on_the_price_of_what_serves(rate: str) -> None:
    """Two servers for 12 months and three for 24: 96 server-months of a twelfth of 2 %."""
    (server,) = (line for line in lines(at(**{rate: 0.02})) if line.id.endswith(f"{rate.replace('_', '-')}-hardware"))
    price = next(line.unit_price_usd for line in lines(at()) if line.id == "hardware")
    assert price is not None and line_amounts(server).sum() == pytest.approx(96 * price * 0.02 / 12)
    assert (server.quantity[0], server.quantity[1], server.quantity[13]) == (0, 2, 3)


@pytest.mark.parametrize("rate", ["insurance", "property_tax"])
def test_what_was_bought_at_a_stepped_price_is_carried_at_it(rate: str) -> None:
    """Two servers at 100 % for 36 months; the third, of month 13, at 110 % for 24; the rate's own step comes on top."""
    steps = {"escalation": {"hardware": 0.1}, rate: 0.02, "deposit": 0.3}
    price = next(line.unit_price_usd for line in lines(at()) if line.id == "hardware")
    server = by_id(at(**steps))[f"{rate.replace('_', '-')}-hardware"]
    assert price is not None and line_amounts(server).sum() == pytest.approx((72 + 24 * 1.1) * price * 0.02 / 12)
    own = {**steps, "escalation": {"hardware": 0.1, rate: 0.05}}
    stepped = by_id(at(**own))[server.id]
    assert line_amounts(stepped)[25] == pytest.approx((2 + 1.1) * price * 0.02 / 12 * 1.05**2)
    assert (server.treatment, server.factor_paths[rate]) == ("expense", f"finance.{rate}")


def test_tax_on_services_spares_goods_and_people() -> None:
    taxed = at(service_tax=0.2)
    services = ("support", "power", "install")
    assert total(taxed, "service_tax") == pytest.approx(0.2 * sum(total(at(), name) for name in services))
    rented = ("rent", "egress", "front_end")
    there = at("enclave", service_tax=0.2)
    assert total(there, "service_tax") == pytest.approx(0.2 * sum(total(at("enclave"), name) for name in rented))


def test_a_rate_follows_the_payment_and_the_price_of_its_line() -> None:
    made = {line.id: line for line in lines(at(tax=0.1, service_tax=0.1, deposit=0.3, escalation={"power": 0.05}))}
    for rated, base in (("tax-hardware", "hardware"), ("service-tax-power", "power")):
        assert line_amounts(made[rated]) == pytest.approx(0.1 * line_amounts(made[base]))


def test_removal_is_paid_in_month_36_for_all_servers() -> None:
    (removal,) = (line for line in lines(at(decommissioning=0.02)) if line.category == "decommissioning")
    assert (removal.quantity[36], sum(removal.quantity), removal.treatment) == (3, 3, "expense")
    assert total(at("hosted", decommissioning=0.02), "decommissioning") == 0


def test_the_end_of_the_servers_is_a_share_of_their_price_in_month_36() -> None:
    made = by_id(at(residual=0.2, decommissioning=0.02))
    price = made["hardware"].unit_price_usd
    assert price is not None
    assert line_amounts(made["residual"])[36] == line_amounts(made["residual"]).sum() == pytest.approx(-0.2 * 3 * price)
    assert line_amounts(made["decommissioning"])[36] == pytest.approx(0.02 * 3 * price)
    for name in ("residual", "decommissioning"):
        assert made[name].factor_paths == {name: f"finance.{name}"}


def by_id(place: Buyer) -> dict[str, CostLine]:
    return {line.id: line for line in lines(place)}


def test_a_price_steps_up_in_its_own_category_alone() -> None:
    made = by_id(at(escalation={"power": 0.05}))
    assert {line.category for line in made.values() if line.escalation} == {"power"}
    assert made["power"].escalation == 0.05
    assert line_amounts(made["power"])[36] == pytest.approx(1.05**2 * line_amounts(by_id(at())["power"])[36])


@pytest.mark.parametrize(
    "finance", [{"deposit": 0.3}, {"payment_terms": "60 d"}, {"deposit": 0.3, "payment_terms": "60 d"}]
)
def test_terms_move_the_payment_of_what_is_bought_and_of_nothing_else(finance: dict[str, Any]) -> None:
    plain, moved = by_id(at(residual=0.2)), by_id(at(residual=0.2, **finance))
    assert moved["hardware"].quantity != plain["hardware"].quantity
    for name, line in plain.items():
        bought = line.treatment == "capitalise" and line.category != "residual"
        assert moved[name].served == (line.quantity if bought else ())
        assert bought or moved[name].quantity == line.quantity
        assert sum(moved[name].quantity) == pytest.approx(sum(line.quantity))


def test_a_tax_is_a_line_of_its_own_that_is_ordered_with_nothing_and_leases_nothing() -> None:
    (rent,) = (line for line in lines(at("hosted")) if line.category == "rent")
    assert rent.treatment == "possible_lease" and rent.waves
    made = by_id(at("hosted", service_tax=0.2))[f"service-tax-{rent.id}"]
    assert (made.treatment, made.waves) == ("expense", ())
    assert made.description == f"Tax on services, {rent.description}"
    assert made.factor_units["service_tax"] == "1" and made.factors["service_tax"] == 0.2
    owned = by_id(at(tax=0.1, duty=0.1, freight=0.1, service_tax=0.1))
    assert owned["tax-hardware"].description == f"Sales or use tax on {owned['hardware'].description}"
    assert owned["duty-hardware"].description == f"Customs duty on {owned['hardware'].description}"
    assert owned["tax-hardware"].waves == owned["hardware"].waves
    assert owned["service-tax-install"].treatment == "capitalise"
    assert owned["tax-hardware"].factor_paths["tax"] == "finance.tax"


def test_insurance_is_paid_on_what_was_bought_whenever_it_is_paid() -> None:
    made = by_id(at(insurance=0.02, deposit=0.5, residual=0.2))
    line = made["insurance-hardware"]
    assert (line.unit, line.waves, line.served) == ("server-month", (), ())
    assert line.description == f"Insurance of {made['hardware'].description}"
    assert line.factors == {"insurance": 0.02, "years_per_month": pytest.approx(1 / 12)}
    assert line.factor_units == {"insurance": "1/year", "years_per_month": "year/month"}
    assert "insurance-residual" not in made and "insurance-install" not in made
