"""The cost lines that a profile asks for, as they reach the Plan; and that every site carries the same."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.costs.rented import INCLUDED
from aisizer.costs.tco import line_amounts
from aisizer.errors import InvalidInput
from aisizer.plan import Plan
from aisizer.plan.context import Context, gather
from aisizer.plan.evaluate import Evaluated, ranked
from aisizer.plan.make import make_plan, rooms, search
from aisizer.plan.surroundings import paid
from aisizer.profile.load import profile_of
from aisizer.sizing.capacity import screen
from aisizer.sizing.needs import Need

SITES = ["on_premises", "hosted", "enclave", "commercial"]
WHOLE: dict[str, Any] = {
    "supply.sites": SITES,
    "supply.vector_stores": {"passages": {"chunks": 1_000_000, "dimensions": 1024}},
    "resilience.disaster_recovery": {"posture": "warm_standby"},
    "resilience.environments": {"staging": {"rule": "replica"}},
    "compliance.logging": {"worm": True},
}
"""Everything that a plan can carry, at every class of site."""
OWN_ROOM = {
    "Racks": "racks and space",
    "Rack PDUs": "racks and space",
    "Rack units": "racks and space",
    "Nameplate power": "electricity and cooling",
    "Expected power": "electricity and cooling",
    "Cooling and losses": "electricity and cooling",
    "Electricity of CPU servers": "electricity and cooling",
    "Spare GPUs on the shelf": "spare parts",
}
"""Needs that only an owned site has, and what of the rent stands for them elsewhere."""


def plan(**changes: Any) -> Plan:
    named = {key.replace("__", "."): value for key, value in changes.items()}
    return make_plan(profile_of(changed(named), "law.json"), catalog(), confirm="none")


def first_of_each_site(context: Context) -> dict[str, Evaluated]:
    offered = rooms(context)
    screened = [
        screen(p, context.named.gpus, offered, context.named.engine, context.profile.supply, {}) for p in context.pools
    ]
    found, _ = search(context, screened)
    best: dict[str, Evaluated] = {}
    for e in ranked(found, None):
        best.setdefault(e.site.id, e)
    return best


def test_every_site_carries_the_same_and_says_what_its_rent_holds() -> None:
    context = gather(profile_of(changed(WHOLE), "law.json"), catalog(), {})
    found = first_of_each_site(context)
    assert sorted(found) == sorted(SITES)
    needs: dict[str, dict[str, Need]] = {
        site: {n.name: n for n in paid(e.buyer, e.layout, e.fleets, context.demand)} for site, e in found.items()
    }
    groups = {n.group for n in needs["on_premises"].values()}
    assert {"logging", "vector store", "front end", "recovery", "non-production", "migrations"} <= groups
    for site, e in found.items():
        assert needs[site].keys() <= needs["on_premises"].keys()
        missing = needs["on_premises"].keys() - needs[site].keys()
        assert missing <= OWN_ROOM.keys()
        assert {OWN_ROOM[name] for name in missing} <= set(e.cost.included)
        assert e.cost.included == (() if site == "on_premises" else INCLUDED)
        shared = {"logging", "vector store", "migrations"}
        assert all(
            n.by_month == needs["on_premises"][name].by_month for name, n in needs[site].items() if n.group in shared
        )
        paid_for = {line.category for line in e.cost.lines}
        carried = {"staff", "storage", "front_end", "migrations", "non_production", "disaster_recovery"}
        assert carried <= paid_for, site


def test_a_late_site_carries_its_bridge_with_the_same_lines() -> None:
    made = plan(go_live="2027-03-01", supply={"sites": ["on_premises", "enclave"], "commitment": "three_year"})
    assert made.decision is not None and made.bridge is not None
    lines = {line.id: line for line in made.tco[made.decision.site].lines}
    months = made.bridge.months
    for role in ("operations", "platform", "security"):
        bridge, own = lines[f"bridge-staff-{role}"], lines[f"staff-{role}"]
        assert sum(bridge.quantity) == months and sum(own.quantity) == 36 - months


@pytest.mark.parametrize(
    ("field", "value", "category"),
    [
        ("supply.staff", {"on_call": {"fte": 3}}, "staff"),
        ("supply.licences", ["nvidia-ai-enterprise"], "licence"),
        ("finance.duty", "3 %", "duty"),
        ("finance.freight", "2 %", "freight"),
        ("finance.insurance", "0.5 %", "insurance"),
        ("finance.property_tax", "1 %", "property_tax"),
        ("finance.service_tax", "20 %", "service_tax"),
        ("finance.decommissioning", "1 %", "decommissioning"),
        ("compliance.control_costs", {"tools": {"cost": "40 kUSD"}}, "compliance"),
    ],
)
def test_what_the_profile_asks_for_is_in_the_total_of_its_category(field: str, value: Any, category: str) -> None:
    one_class = {"supply.gpus": ["h100-sxm"]}
    before, after = plan(**one_class), plan(**one_class, **{field: value})
    assert before.decision is not None and after.decision is not None
    for site, cost in after.tco.items():
        more = cost.by_category.get(category, 0.0) - before.tco[site].by_category.get(category, 0.0)
        assert cost.three_year_usd - before.tco[site].three_year_usd == pytest.approx(more, abs=0.05)
        assert more >= 0 and not cost.missing
    there = {line.id for line in before.tco["on_premises"].lines}
    added = [line for line in after.tco["on_premises"].lines if line.id not in there]
    assert {line.category for line in added} == {category} and sum(line_amounts(line).sum() for line in added) > 0
    set_by = {path for line in added for path in (*line.factor_paths.values(), line.price_path)}
    assert any(path.startswith(field) or field == "supply.licences" for path in set_by)


def test_no_name_that_the_user_gives_makes_the_id_of_another_line() -> None:
    """Each of these names made an id twice: of a tax, a bridge, a licence, a control, a need, or of a name spelt alike."""
    store = {"chunks": 1_000_000, "dimensions": 1024}
    names = ("tax", "tax-x", "x", "bridge-x", "a.b", "a_b", "a-b", "a-", "a", "licence-nvidia", "control-a", "rent")
    made = plan(
        go_live="2027-03-01",
        supply={
            "sites": ["on_premises", "enclave"],
            "gpus": ["h100-sxm"],
            "commitment": "three_year",
            "vector_stores": dict.fromkeys(names, store),
            "licences": ["nvidia-ai-enterprise"],
        },
        resilience={
            "environments": {key: {"rule": "replica"} for key in ("cpu", "x", "tax-x", "bridge-x", "a.b", "a_b")}
        },
        compliance={"control_costs": {key: {"cost": "1 kUSD"} for key in ("a-disk", "hardware", "support")}},
        finance=dict.fromkeys(
            ("tax", "duty", "freight", "insurance", "property_tax", "service_tax", "residual"), "2 %"
        ),
    )
    assert made.bridge is not None and made.baseline is not None
    ids = [[line.id for line in cost.lines] for cost in (*made.tco.values(), made.baseline)]
    ids.append([need.id for need in made.surroundings])
    assert [[name for name in each if each.count(name) > 1] for each in ids] == [[]] * len(ids)


def test_what_is_sold_has_no_day_of_order_and_no_book_life() -> None:
    lines = {line.id: line for line in plan(finance={"residual": "10 %"}).tco["on_premises"].lines}
    sold, bought = lines["residual"], lines["hardware"]
    assert sold.order_date is None and bought.order_date is not None and bought.in_service_date is not None
    assert bought.order_date < bought.in_service_date
    assert sold.end_date == sold.cash_date == lines["support"].end_date


def test_a_price_for_a_framework_that_does_not_bind_is_refused() -> None:
    asked = {"audit": {"cost": "1 kUSD", "framework": "soc2"}}
    with pytest.raises(InvalidInput, match="soc2 does not bind"):
        plan(compliance={"control_costs": asked})
    assert plan(compliance={"control_costs": asked, "frameworks": ["soc2"]}).decision is not None


def test_controls_without_a_line_are_named_and_leave_the_total_complete() -> None:
    bound = {"data_class": "cui", "frameworks": ["cmmc-l2"]}
    made = plan(compliance=bound)
    assert {c.kind for c in made.unpriced_controls} == {"encryption", "records", "assessment"}
    assert all("compliance.control_costs" in c.why for c in made.unpriced_controls)
    assert made.complete
    priced = plan(
        compliance=bound | {"control_costs": {"c3pao": {"cost": "90 kUSD", "per": "once", "framework": "cmmc-l2"}}}
    )
    assert priced.unpriced_controls == ()
    assert plan().unpriced_controls == ()


def test_energy_and_emissions_stand_beside_the_cost_of_an_owned_site() -> None:
    made = plan()
    owned, rented = made.tco["on_premises"], made.tco["enclave"]
    assert owned.energy_kwh is not None and owned.tco2e == pytest.approx(owned.energy_kwh * 369.473 / 1e6, rel=1e-5)
    tariff = {line.unit_price_usd for line in owned.lines if line.category == "power"}
    assert owned.by_category["power"] == pytest.approx(owned.energy_kwh * tariff.pop(), rel=1e-5) and not tariff
    taxed = plan(finance={"service_tax": "20 %"}).tco["on_premises"]
    assert (taxed.energy_kwh, taxed.tco2e) == (owned.energy_kwh, owned.tco2e)
    assert rented.energy_kwh is None and rented.energy_note
    assert {"ember-2023", "gpu-residual-2026", "staffing-2026", "uptime-2025"} <= {s.id for s in made.sources}
    own = plan(supply__grid_carbon=180)
    half = own.tco["on_premises"].tco2e
    assert "ember-2023" not in {s.id for s in own.sources}
    assert half == pytest.approx(owned.energy_kwh * 180 / 1e6, rel=1e-5)
