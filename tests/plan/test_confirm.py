"""The leading options of a plan are simulated, and the plan says what that changed."""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.deliver.json_file import plan_json
from aisizer.errors import InvalidInput
from aisizer.plan import Plan
from aisizer.plan.confirm import Confirm, as_confirm
from aisizer.plan.make import make_plan
from aisizer.profile.load import profile_of


@cache
def plan(confirm: Confirm = "auto", changes: str = "{}") -> Plan:
    return make_plan(profile_of(changed(json.loads(changes)), "law.json"), catalog(), confirm=confirm)


def with_changes(confirm: Confirm, changes: dict[str, Any]) -> Plan:
    return plan(confirm, json.dumps(changes))


def test_every_promise_carries_both_figures_and_their_gap() -> None:
    for result in plan().slo:
        assert result.method == "simulated"
        assert result.analytic_ms is not None and result.gap is not None and result.interval_ms is not None
        assert result.gap == pytest.approx(result.predicted_ms / result.analytic_ms - 1, abs=2e-5)
        assert result.interval_ms[0] <= result.predicted_ms <= result.interval_ms[1]
        assert result.low_ms < result.predicted_ms < result.high_ms
        assert abs(result.gap) < 0.25


def test_without_confirmation_the_analytic_figures_stand() -> None:
    bare, full = plan("none"), plan()
    assert {result.method for result in bare.slo} == {"analytic"}
    assert bare.confirmation is not None and bare.confirmation.simulated == 0
    assert bare.decision is not None and full.decision is not None
    assert [r.analytic_ms for r in bare.slo] == [r.predicted_ms for r in bare.slo]
    assert bare.decision.pools[0].peak_rate_per_replica == bare.decision.pools[0].analytic_rate_per_replica


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"workloads.chat.load": {"rate": "45 req/s"}},
        {"workloads.chat.slo": {"ttft_p95": "500 ms", "tpot_p95": "25 ms"}},
        {"workloads.chat.slo": {"e2e_p95": "12 s"}, "workloads.chat.load": {"rate": "90 req/s"}},
        {"workloads.chat.load": {"concurrency": 200}},
    ],
)
def test_simulation_moves_the_replicas_by_one_or_a_tenth_at_most(changes: dict[str, Any]) -> None:
    bare, full = (with_changes(confirm, changes) for confirm in ("none", "auto"))  # type: ignore[arg-type]
    same = [o for o in bare.ranking if full.decision and (o.site, o.gpu) == (full.decision.site, full.ranking[0].gpu)]
    assert same, "the option that simulation chose was among those of the screen"
    replicas = [p.gpus for p in same[0].pools], [p.gpus for p in full.ranking[0].pools]
    if same[0].pools[0].layout == full.ranking[0].pools[0].layout:
        need = same[0].gpus_needed / same[0].pools[0].tensor_parallel
        got = full.ranking[0].gpus_needed / full.ranking[0].pools[0].tensor_parallel
        assert abs(got - need) <= max(1.0, 0.1 * need), replicas


def test_the_same_profile_gives_the_same_bytes() -> None:
    again = make_plan(profile_of(changed({}), "law.json"), catalog())
    assert plan_json(again) == plan_json(plan())


def test_the_chosen_fleet_keeps_its_promises_in_simulation_with_the_redundancy_down() -> None:
    found = with_changes("auto", {"resilience.headroom": 0, "workloads.chat.load": {"rate": "60 req/s"}})
    assert all(result.met for result in found.slo)
    assert all(result.degraded_ms <= result.target_ms for result in found.slo)


def test_full_effort_plays_three_seeds_of_twenty_thousand() -> None:
    found = plan("full").confirmation
    assert found is not None
    assert (found.seeds, found.requests) == (3, 20_000)
    auto = plan().slo
    for careful, quick in zip(plan("full").slo, auto, strict=True):
        assert careful.interval_ms is not None and quick.interval_ms is not None
        assert careful.interval_ms[1] - careful.interval_ms[0] < quick.interval_ms[1] - quick.interval_ms[0]


def test_steadier_routing_never_needs_more() -> None:
    tight = {
        "workloads.chat.slo": {"ttft_p95": "250 ms", "tpot_p95": "30 ms"},
        "workloads.chat.load": {"rate": "80 req/s"},
    }
    needed = [
        with_changes("auto", tight | {"supply.routing": routing}).ranking[0].gpus_needed
        for routing in ("random", "least_outstanding")
    ]
    assert needed[1] <= needed[0]


def test_a_word_that_is_no_effort_is_refused() -> None:
    with pytest.raises(InvalidInput, match="none, auto, full"):
        as_confirm("some")
