"""Triggers of a whole plan: a level is watched once its limit is known, orders count, and symptoms name the engine's metrics."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "laws"))

from planning import plan_for

from aisizer.errors import InvalidInput
from aisizer.plan import Plan
from aisizer.roadmap.calendar import add_months
from aisizer.triggers.records import Kind, Trigger


def only(plan: Plan, kind: Kind) -> Trigger:
    (found,) = [trigger for trigger in plan.triggers if trigger.kind == kind]
    return found


STEEP = {
    "supply.sites": ["on_premises"],
    "supply.gpus": ["h100-sxm"],
    "growth.rate": "7 %/month",
    "workloads.chat.load": {"rate": "60 req/s"},
}
"""Growth that needs a second wave within the horizon."""

SLOW_SUPPLY = {
    "workloads.chat.load": {"rate": "120 req/s"},
    "supply.lead_time": {"delivery": "40 w"},
    "supply.expansion": "2 mo",
    "go_live": "2028-12-01",
}


def order(due: str, received: str | None = None, site: str = "on_premises", gpus: int = 8) -> dict[str, Any]:
    return {"id": f"PO-{due}", "site": site, "gpus": gpus, "ordered": "2026-12-01", "due": due, "received": received}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan_for(tmp_path_factory.mktemp("plain"), STEEP)


def ordered(folder: Path, *orders: dict[str, Any]) -> Plan:
    return plan_for(folder, STEEP | {"evidence.orders": list(orders)})


def test_only_known_limits_are_watched(plain: Plan, tmp_path: Path) -> None:
    assert {trigger.kind for trigger in plain.triggers} == {"load", "kv_cache", "spend"}
    more = plan_for(
        tmp_path,
        {
            "supply.sites": ["on_premises"],
            "supply.power_limit": "500 kW",
            "supply.egress_limit": "1 Gbit/s",
            "compliance.logging.capacity_gb": 9000,
            "integrations": {"known": {"limit": "500 req/s"}, "unknown": {}},
        },
    )
    assert {t.kind for t in more.triggers} == {
        "load", "kv_cache", "log_storage", "egress", "upstream", "power", "spend",
    }  # fmt: skip
    assert only(more, "upstream").pool == "known"
    assert only(more, "power").capacity == 500 and only(more, "egress").capacity == 1e9


def test_the_level_of_a_load_is_its_share_of_the_sized_capacity(plain: Plan) -> None:
    load = only(plain, "load")
    assert load.capacity == pytest.approx(load.sized_output_tokens_per_s)
    assert load.query == 'sum(rate(vllm:generation_tokens_total{model_name="llama-3.1-8b"}[5m]))'
    assert plain.decision is not None and load.per_gpu == pytest.approx(1 / plain.decision.gpus, rel=1e-5)


def test_an_order_on_its_way_moves_the_date_and_one_due_by_go_live_is_the_first_wave(
    plain: Plan, tmp_path: Path
) -> None:
    alone = only(plain, "load").predicted["base"] or date.max
    coming = only(ordered(tmp_path, order("2028-06-01", gpus=16)), "load")
    assert coming.on_order_gpus == 16 and (coming.predicted["base"] or date.max) > alone
    first_wave = only(ordered(tmp_path, order("2027-11-01", gpus=16)), "load")
    assert first_wave.on_order_gpus == 0 and first_wave.predicted == only(plain, "load").predicted


def test_an_order_elsewhere_does_not_count(plain: Plan, tmp_path: Path) -> None:
    other = only(ordered(tmp_path, order("2028-06-01", site="hosted")), "load")
    assert other.on_order_gpus == 0 and other.predicted == only(plain, "load").predicted


def test_what_was_received_stands(plain: Plan, tmp_path: Path) -> None:
    before, after = only(plain, "load"), only(ordered(tmp_path, order("2028-03-01", received="2028-02-20")), "load")
    assert plain.decision is not None and before.capacity is not None
    grown = (plain.decision.gpus + 8) / plain.decision.gpus
    assert after.capacity == pytest.approx(before.capacity * grown, rel=1e-5)
    assert after.on_order_gpus == 0 and (after.predicted["base"] or date.max) >= (before.predicted["base"] or date.max)


def test_an_exporter_renames_the_metrics(tmp_path: Path) -> None:
    nim = plan_for(tmp_path, {"evidence.monitoring": {"exporter": "nim"}})
    assert only(nim, "load").metric == "generation_tokens_total"
    assert all(
        s.metric.startswith(("num_", "time_")) for s in nim.symptoms if s.kind in ("queue", "latency", "redundancy")
    )
    with pytest.raises(InvalidInput, match="serves no model"):
        plan_for(tmp_path, {"evidence.monitoring": {"exporter": "dcgm"}})


def test_the_plans_own_spend_ends_with_the_plan_and_a_smaller_budget_sooner(plain: Plan, tmp_path: Path) -> None:
    own = only(plain, "spend")
    assert own.limit == 1 and own.capacity == pytest.approx(plain.tco["on_premises"].three_year_usd, rel=1e-5)
    assert plain.decision is not None and "reaches 1 after 36.0 months" in own.formula
    asked = add_months(plain.decision.go_live, 36) - timedelta(weeks=own.lead_time_weeks + own.review_weeks)
    assert own.predicted["base"] and abs(own.predicted["base"] - asked) <= timedelta(days=2)
    budget = plain.tco["on_premises"].three_year_usd * 0.9
    less = only(plan_for(tmp_path, STEEP | {"finance.budget_three_year": f"{budget:.0f} USD"}), "spend")
    assert (less.predicted["base"] or date.max) < (own.predicted["base"] or date.max)


def test_what_fires_on_the_first_day_is_said_with_its_order(tmp_path: Path) -> None:
    plan = plan_for(tmp_path, STEEP | SLOW_SUPPLY)
    load = only(plan, "load")
    assert load.fires_on_day_one and "wave 2" in load.order
    said = next(said for said in plan.warnings if "would fire on the first day" in said)
    assert "wave 2" in said and load.first_level < load.threshold
    assert f"({load.first_level * 100:.0f} % until 13 weeks are measured, then {load.threshold * 100:.0f} %)" in said
