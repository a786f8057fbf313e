"""What stands around an option's GPUs: complete where it is owned, without room and parts where it is rented, never lost."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.plan import Plan
from aisizer.plan.context import gather
from aisizer.plan.make import make_plan
from aisizer.profile.load import profile_of
from aisizer.sizing.records import Surrounding

OWNED, RENTED = {"supply.sites": ["on_premises"]}, {"supply.sites": ["enclave"]}
GROUPS = {"logging", "network", "front end", "non-production", "migrations"}


def plan(changes: dict[str, Any]) -> Plan:
    return make_plan(profile_of(changed(changes), "law.json"), catalog(), confirm="none")


def around(made: Plan) -> dict[str, Surrounding]:
    return {s.name: s for s in made.surroundings}


def three_years(made: Plan) -> float:
    assert made.decision is not None
    return made.tco[made.decision.site].three_year_usd


def test_an_owned_fleet_has_room_and_parts_and_a_rented_one_has_not() -> None:
    owned, rented = plan(OWNED), plan(RENTED)
    assert {s.group for s in owned.surroundings} == GROUPS | {"facility", "spares"}
    assert {s.group for s in rented.surroundings} == GROUPS
    assert all(s.formula and s.source for s in owned.surroundings)
    assert owned.complete and rented.complete


def test_every_priced_need_has_its_cost_line_and_every_line_its_figure() -> None:
    made = plan(OWNED)
    assert made.decision is not None
    lines = {line.id: line for line in made.tco[made.decision.site].lines}
    named = [s for s in made.surroundings if s.line]
    assert {"hot-logs", "cpu-servers", "racks", "spare-gpus-on-the-shelf", "engineers-for-migrations"} <= set(lines)
    for s in named:
        line = lines[s.line]
        assert (sum(line.quantity) if line.treatment == "capitalise" else line.quantity[36]) == pytest.approx(
            max(s.go_live, s.month_12, s.month_36) if line.treatment == "capitalise" else s.month_36, rel=1e-4
        )


def test_parts_of_the_network_are_in_the_bill_of_an_owner_and_cost_nothing_more() -> None:
    owned, rented = plan(OWNED), plan(RENTED)
    parts = [b for b in owned.bom if b.price_kind == "included" and b.category == "network"]
    assert {b.description for b in parts} >= {"Service network: leaf switches", "Service network: optics"}
    fabric = next(b.line for b in owned.bom if b.category == "network" and b.extended_price_usd)
    assert all(b.extended_price_usd == 0 and b.parent == fabric for b in parts)
    optics, found = around(owned)["Service network: optics"], [b for b in parts if b.description.endswith("optics")]
    assert sum(b.quantity for b in found) == optics.month_36
    assert not any(b.price_kind == "included" and b.category == "network" for b in rented.bom)


def test_hot_logs_last_as_long_as_a_rule_has_them_at_hand() -> None:
    short = {"compliance.logging": {"hot": "1 mo"}, "growth.rate": "0 %/month"}
    free = gather(profile_of(changed(short), "law.json"), catalog(), {}).demand.service
    bound = gather(profile_of(changed({**short, "compliance.frameworks": ["pci-dss"]}), "law.json"), catalog(), {})
    assert bound.demand.service.retention.hot_months == 3
    assert bound.demand.service.month("Hot logs")[-1] == pytest.approx(3 * free.month("Hot logs")[-1])


def test_a_standby_has_its_own_gateways_and_copies_and_a_backup_has_not() -> None:
    def recovery(posture: str) -> dict[str, Surrounding]:
        return around(plan({**OWNED, "resilience.disaster_recovery": {"posture": posture}}))

    standby, backup = recovery("warm_standby"), recovery("backup_restore")
    assert standby["CPU servers at the second site"].month_36 == standby["CPU servers"].month_36
    assert standby["Copies at the second site"].line and not backup["Copies at the second site"].line
    assert "CPU servers at the second site" not in backup
    assert not any(s.group == "recovery" for s in plan(OWNED).surroundings)


def test_a_further_year_of_retention_says_its_cost() -> None:
    year = around(plan(OWNED))["A further year of retention"]
    usd = year.month_36 * 0.000998 * 12
    assert f"costs {usd:,.2f} USD (0.000998 USD/GB-month)" in year.note


def test_an_environment_of_its_own_costs_servers_and_one_that_shares_none() -> None:
    mirror = {"resilience.environments": {"staging": {"rule": "mirror", "shares_with_production": False}}}
    shares = {"resilience.environments": {"staging": {"rule": "mirror", "shares_with_production": True}}}
    own, shared = plan({**OWNED, **mirror}), plan({**OWNED, **shares})
    assert own.decision is not None
    staging = around(own)["staging servers"]
    assert staging.month_36 == own.decision.servers
    bought = [b for b in own.bom if b.category == "non_production" and b.description.endswith(own.decision.offer_name)]
    assert sum(b.quantity for b in bought) == staging.month_36
    assert three_years(own) > 1.3 * three_years(shared)
    assert around(shared)["staging servers"].month_36 == 0
    assert shared.decision is not None and own.decision.gpus == shared.decision.gpus


@pytest.mark.parametrize(
    "stricter",
    [
        {"compliance.log_retention": "6 y"},
        {"compliance.logging": {"worm": True}},
        {"compliance.logging": {"backups": 3}},
        {"supply.vector_stores": {"docs": {"chunks": 200_000_000, "dimensions": 1024}}},
        {"supply.front_end": {"spares": 3}},
        {"resilience.part_lead_time": "12 w"},
        {"resilience.upgrades": {"engineering_days": 200}},
        {"resilience.environments": {"canary": {"rule": "share", "share": "10 %"}}},
        {"resilience.disaster_recovery": {"posture": "pilot_light"}},
    ],
    ids=lambda value: next(iter(value)),
)
def test_asking_for_more_costs_more(stricter: dict[str, Any]) -> None:
    grows = {"growth.rate": "5 %/month", "workloads.chat.load": {"rate": "60 req/s"}}
    assert three_years(plan({**OWNED, **grows, **stricter})) > three_years(plan({**OWNED, **grows}))
