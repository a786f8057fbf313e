"""The path and the CMMC scope as the plan and its document tell them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.deliver.document import sizing_md
from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.profile.load import profile_of

MET = {"owner": "A. Smith", "budgeted": True, "review_in_parallel": True}
CUI = {"compliance": {"data_class": "cui"}}


def plan(**changes: Any) -> Plan:
    named = {key.replace("__", "."): value for key, value in changes.items()}
    return make_plan(profile_of(changed(named), "law.json"), catalog(), confirm="none")


def test_open_preconditions_that_end_after_go_live_are_warned_of_with_the_mend() -> None:
    made = plan(go_live="2027-07-15")
    assert made.path is not None and not made.path.in_time
    said = made.warnings[0]
    assert said.startswith("The path")
    for word in ("supply.path.owner", "supply.path.budgeted", "supply.path.review_in_parallel", str(made.path.end)):
        assert word in said
    ready = plan(go_live="2027-07-15", supply__path=MET)
    assert ready.path is not None and ready.path.in_time
    assert not any(w.startswith("The path") for w in ready.warnings)


def test_the_path_waits_for_the_bridge_where_one_is_due() -> None:
    late = plan(go_live="2027-03-01", supply__commitment="three_year", supply__path=MET)
    assert late.bridge is not None and late.path is not None
    assert late.path.site == late.bridge.site == "enclave"


def test_no_cmmc_framework_says_nothing_of_scope() -> None:
    assert plan().scope_changes == ()


def test_servers_inside_the_boundary_are_affirmed_and_new_places_flagged() -> None:
    recovery = {"disaster_recovery": {"posture": "warm_standby", "site": "enclave"}}
    assessed = {"sites": ["on_premises"], "reassessment": "16 w", "reassessment_cost": "90 kUSD"}
    made = plan(
        supply__sites=["on_premises"], compliance={"data_class": "cui", "assessment": assessed}, resilience=recovery
    )
    inside, second = made.scope_changes
    assert (inside.site, inside.significant, inside.weeks, inside.cost_usd) == ("on_premises", False, None, None)
    assert "annual affirmation" in inside.verdict
    assert (second.what, second.site, second.weeks, second.cost_usd) == (
        "disaster-recovery site",
        "enclave",
        16,
        90_000,
    )
    assert second.verdict == "may be a significant change: possible reassessment"
    warned = [w for w in made.warnings if "significant change" in w]
    assert len(warned) == 1 and "16 weeks" in warned[0] and "90,000 USD" in warned[0]
    unpriced = plan(
        supply__sites=["on_premises"],
        compliance={"data_class": "cui", "assessment": {"sites": ["on_premises"]}},
        resilience=recovery,
    )
    assert made.tco["on_premises"].three_year_usd == unpriced.tco["on_premises"].three_year_usd


def test_without_an_assessment_every_place_is_new_and_its_cost_unknown() -> None:
    made = plan(supply__sites=["enclave"], **CUI)
    assert [s.significant for s in made.scope_changes] == [True]
    assert made.scope_changes[0].cost_usd is None
    assert any("unknown cost" in w for w in made.warnings)


def test_a_bridge_to_a_partner_or_cloud_is_flagged() -> None:
    assessed = {"data_class": "cui", "assessment": {"sites": ["on_premises"]}}
    made = plan(go_live="2027-03-01", supply__commitment="three_year", compliance=assessed)
    assert made.bridge is not None
    assert {s.what: s.significant for s in made.scope_changes} == {
        "servers of 1 wave": False,
        "bridge until delivery": True,
    }


def test_the_document_names_owners_dates_critical_path_and_open_preconditions() -> None:
    text = sizing_md(plan(**CUI, supply__path={"owner": "A. Smith", "owners": {"handover": "C. Lee"}}))
    for word in (
        "From the decision to production",
        "C. Lee",
        "Critical path",
        "hardware budgeted",
        "possible reassessment",
    ):
        assert word in text
