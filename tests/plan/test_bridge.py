"""A site that delivers after go-live: what serves until then, what it costs, and that nothing changes where none is due."""

from __future__ import annotations

import copy
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.costs.bridge import PREFIX
from aisizer.costs.records import SiteCost
from aisizer.costs.tco import line_amounts
from aisizer.deliver.sections_path import bridge_section
from aisizer.plan import Plan, confirm
from aisizer.plan import bridge as bridge_room
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated
from aisizer.plan.make import make_plan
from aisizer.plan.records import Bridge
from aisizer.profile.load import profile_of

PLAN_DATE, GO_LIVE = date(2026, 12, 1), date(2027, 3, 1)
LATE = {
    "go_live": GO_LIVE.isoformat(),
    "supply": {"sites": ["on_premises", "enclave"], "gpus": ["h100-sxm", "l40s"], "commitment": "three_year"},
}
"""The enclave has no price of three years, so the late site with its bridge is the only one that money can rank."""
RUNNING = ("power", "staff", "egress", "residual", "migrations")


def plan(confirm: Any = "none", **changes: Any) -> Plan:
    named = {key.replace("__", "."): value for key, value in changes.items()}
    return make_plan(profile_of(changed(copy.deepcopy(LATE) | named), "law.json"), catalog(), confirm=confirm)


def bridged(made: Plan) -> tuple[Bridge, SiteCost]:
    assert made.bridge is not None and made.decision is not None
    return made.bridge, made.tco[made.decision.site]


def test_the_bridge_by_hand() -> None:
    made = plan()
    bridge, cost = bridged(made)
    assert made.roadmap is not None
    # 28 weeks from 2026-12-01 are 2027-06-15; the first month that starts later is the fifth, of 2027-07-01.
    assert (bridge.from_, bridge.until, bridge.months) == (GO_LIVE, date(2027, 7, 1), 4)
    assert (bridge.site, bridge.gpus, bridge.servers) == ("enclave", 2, 2)
    rent = next(line for line in cost.lines if line.id == "bridge-rent-on-demand")
    assert rent.quantity == (0.0, *[2 * 730.0] * 4, *[0.0] * 32)
    price = catalog().prices["aws-us-gov"].instances[bridge.offer].terms["on_demand"].base
    assert rent.unit_price_usd == price
    assert made.roadmap.purchases[0].need_by == bridge.until
    assert bridge.order_by == GO_LIVE - timedelta(days=67)  # 9.5 weeks are 66.5 days
    assert bridge.usd_per_month == pytest.approx(bridge.usd / 4, rel=1e-5)


def test_a_warning_names_site_dates_and_monthly_cost() -> None:
    made = plan()
    bridge, _ = bridged(made)
    said = made.warnings[0]
    for word in (
        "enclave",
        "2027-03-01",
        "2027-07-01",
        f"{bridge.usd_per_month:,.0f}"[:4],
        "on_premises",
        "delivery 20 w",
    ):
        assert word in said


def test_only_late_sites_give_no_plan_but_the_parts_of_the_lead_time() -> None:
    for sites in (["on_premises"], ["on_premises", "hosted"]):
        made = plan(go_live="2027-01-15", supply__sites=sites)
        assert made.decision is None and made.bridge is None
        group = next(g for g in made.rejections if g.reason == "lead_time")
        assert "approval 4 w + order" in str(group.nearest["detail"])


def test_a_site_that_the_rules_reject_is_no_bridge() -> None:
    common = {"supply__sites": ["on_premises", "hosted"], "go_live": "2027-03-15"}
    assert plan(**common, supply__commitment="auto").decision is not None
    abroad = plan(**common, compliance={"residency": "de"}, supply__commitment="auto")
    assert {v.site: v.verdict for v in abroad.verdicts}["hosted"] == "rejected"
    assert abroad.decision is None and "lead_time" in {g.reason for g in abroad.rejections}


def test_a_site_that_delivers_after_the_horizon_is_rejected() -> None:
    assert plan(supply__lead_time={"delivery": "4 years"}).decision is None


def test_an_owned_site_in_time_is_no_bridge() -> None:
    slow = {"order": "30 weeks"}
    made = plan(supply__sites=["on_premises"], go_live="2027-07-01", supply__lead_time=slow)
    assert made.decision is None


def test_no_bridge_is_looked_for_where_all_are_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a bridge was looked for")

    monkeypatch.setattr(bridge_room, "cheapest_bridge", refuse)
    made = plan(go_live="2027-12-01", supply__commitment="auto")
    assert made.bridge is None
    assert not any(line.id.startswith(PREFIX) for cost in made.tco.values() for line in cost.lines)
    with pytest.raises(AssertionError, match="looked for"):
        plan()


@settings(max_examples=12, deadline=None)
@given(
    weeks=st.integers(10, 27),
    rate=st.floats(1, 60),
    growth=st.floats(-8, 8),
    posture=st.sampled_from(["none", "warm_standby"]),
    redundancy=st.sampled_from(["N", "N+1", "auto"]),
)
def test_every_month_is_served_and_paid_once(
    weeks: int, rate: float, growth: float, posture: str, redundancy: str
) -> None:
    made = plan(
        go_live=(PLAN_DATE + timedelta(weeks=weeks)).isoformat(),
        workloads__chat__load={"rate": f"{rate} req/s"},
        growth={"rate": f"{growth} %/month"},
        resilience={"redundancy": redundancy, "disaster_recovery": {"posture": posture}},
    )
    bridge, cost = bridged(made)
    assert made.roadmap is not None and made.decision is not None
    assert all(m.gpus_in_service >= m.gpus_needed > 0 for m in made.roadmap.months)
    assert all(m.utilization < 1 for m in made.roadmap.months)
    assert all(checkpoint.slo_ratio <= 1 for checkpoint in made.roadmap.checkpoints)
    gpus = [step.gpus for step in made.waterfall]
    assert gpus == sorted(gpus) and gpus[-1] == made.decision.gpus == made.roadmap.purchases[0].gpus
    assert made.decision.gpus_needed == made.ranking[0].gpus_needed
    assert bridge.until >= PLAN_DATE + timedelta(weeks=28)
    assert made.roadmap.purchases[0].order_by >= PLAN_DATE and bridge.order_by >= PLAN_DATE
    assert made.roadmap.months[bridge.months].start == bridge.until
    _paid(made, bridge, cost)


def _paid(made: Plan, bridge: Bridge, cost: SiteCost) -> None:
    amounts = {line.id: line_amounts(line) for line in cost.lines if line.unit_price_usd is not None}
    own = [line for line in cost.lines if not line.id.startswith(PREFIX)]
    lent = [line for line in cost.lines if line.id.startswith(PREFIX)]
    assert all(not any(line.quantity[: bridge.months + 1]) for line in own)
    assert all(not any(line.quantity[bridge.months + 1 :]) for line in lent)
    assert sum(amounts[line.id].sum() for line in lent) == pytest.approx(bridge.usd, rel=1e-5)
    from_lines = sum(amounts[line.id].sum() for line in cost.lines if line.category not in RUNNING)
    assert sum(b.extended_price_usd or 0 for b in made.bom) == pytest.approx(from_lines, rel=1e-5)
    assert sum(a.sum() for a in amounts.values()) == pytest.approx(cost.three_year_usd, abs=0.01)
    rented = [line for line in made.bom if line.category == "bridge"]
    assert rented and all((b.order_by, b.need_by) == (bridge.order_by, bridge.from_) for b in rented)


def test_an_earlier_go_live_never_makes_the_bridge_cheaper() -> None:
    paid = [bridged(plan(go_live=f"2027-{month:02}-15"))[0].usd for month in (5, 4, 3)]
    assert paid == sorted(paid) and paid[0] < paid[-1]


def test_the_bridge_is_simulated_at_the_demand_of_its_months_and_paid_as_it_grows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    played: list[tuple[str, float]] = []
    true = confirm.fleet_trials

    def noted(context: Context, e: Evaluated, ledger: confirm.Ledger) -> Any:
        played.append((e.site.id, max(context.demand.factors)))
        return true(context, e, ledger)

    monkeypatch.setattr(confirm, "fleet_trials", noted)
    made = plan(confirm="auto", growth={"rate": "4 %/month"})
    bridge, cost = bridged(made)
    assert ("enclave", pytest.approx(1.04**3)) in played
    _paid(made, bridge, cost)


def test_a_bridge_whose_replicas_carry_less_in_simulation_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    rate = {"workloads__chat__load": {"rate": "60 req/s"}}
    plain, _ = bridged(plan(**rate))
    true = confirm.carried

    def weaker(*given: Any) -> Any:
        found = true(*given)
        return replace(found, share=found.share / 3)

    monkeypatch.setattr(confirm, "carried", weaker)
    made = plan(confirm="auto", **rate)
    larger, cost = bridged(made)
    assert larger.servers > plain.servers and larger.usd > plain.usd
    _paid(made, larger, cost)


def test_the_document_has_the_bridge_with_its_dates() -> None:
    made = plan()
    text = repr(bridge_section(made))
    bridge, _ = bridged(made)
    for word in ("2027-03-01", "2027-07-01", bridge.offer_name, bridge.order_by.isoformat()):
        assert word in text
