"""Gates: what is judged, what cannot be judged, and what is told about a path that a plan does not have."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "deliver"))
from sample_plan import infeasible_plan, missing_price_plan, sample_plan, two_pool_plan

from aisizer.errors import InvalidInput
from aisizer.plan import Plan
from aisizer.sizing.records import Surrounding
from aisizer.studies.gates import check_fail_on, check_gates, check_increases, parse_gate, parse_increase
from aisizer.studies.paths import near_paths, value_of


def gated(plan: Plan, *gates: str) -> list[bool]:
    found = plan.model_copy(update={"profile": {**plan.profile, "gates": list(gates)}})
    return [result.holds for result in check_gates(found)]


def dearer(plan: Plan, factor: float, field: str = "three_year_usd") -> Plan:
    cost = plan.tco["on_premises"]
    more = cost.model_copy(update={field: round(getattr(cost, field) * factor, 2)})
    return plan.model_copy(update={"tco": {**plan.tco, "on_premises": more}})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("decision.gpus", 16),
        ("tco.three_year_usd", 1_942_456.17),
        ("tco.hosted.three_year_usd", 1_964_952.0),
        ("tco.by_category.staff", 831_600.0),
        ("tco.lines.switch.unit_price_usd", 21_500.0),
        ("slo.met", False),
        ("slo.notes.met", True),
        ("slo.guard.met", False),
        ("slo.notes.ttft_p95.predicted_ms", 1210.0),
        ("slo.0.met", True),
        ("triggers.capacity.llama-3.3-70b.threshold", 0.6134),
        ("decision.pools.gemma-3-4b.replicas", 2),
        ("power.go_live_kw", None),
    ],
)
def test_a_path_names_sites_promises_and_ids(path: str, value: object) -> None:
    assert value_of(two_pool_plan(), path) == value


def test_facility_power_is_nameplate_with_cooling_and_losses() -> None:
    def power(id: str, go_live: float, month_36: float) -> Surrounding:
        return Surrounding(
            id=id, group="facility", name=id, unit="kW", go_live=go_live, month_12=go_live, month_36=month_36,
            formula="", source="",
        )  # fmt: skip

    around = (
        power("nameplate-power", 20.4, 30.6),
        power("expected-power", 14, 21),
        power("cooling-and-losses", 11, 16.5),
    )
    plan = sample_plan().model_copy(update={"surroundings": around})
    assert (value_of(plan, "power.go_live_kw"), value_of(plan, "power.month_36_kw")) == (31.4, 47.1)


@pytest.mark.parametrize("path", ["slo.nobody.met", "tco.nothing", "decision", "triggers.9", "slo.notes.ttft_p99.met"])
def test_an_unknown_path_is_bad_input(path: str) -> None:
    with pytest.raises(InvalidInput):
        check_fail_on(sample_plan(), [f"{path} > 1"])


def test_near_paths_are_told_in_the_form_that_gates_take() -> None:
    plan = sample_plan()
    assert near_paths(plan, "tco.tree_year_usd")[0] == "tco.three_year_usd"
    assert near_paths(plan, "slo.note.met")[0] == "slo.notes.met"
    assert near_paths(plan, "decision.gpu")[0] == "decision.gpus"
    with pytest.raises(InvalidInput, match=r"the plan has no decision.gpuz. Did you mean decision.gpus"):
        check_fail_on(plan, ["decision.gpuz > 3"])
    with pytest.raises(InvalidInput, match=r"decision.gpu is no number.* Did you mean decision.gpus"):
        check_fail_on(plan, ["decision.gpu > 3"])


def test_a_gate_of_the_profile_must_be_true_and_fail_on_must_not() -> None:
    plan = two_pool_plan()
    conditions = [
        "decision.gpus <= 16",
        "decision.gpus < 16",
        "slo.met",
        "not slo.met",
        "slo.notes.met",
        "complete == 1",
    ]
    assert gated(plan, *conditions) == [True, False, False, True, True, True]
    assert [result.holds for result in check_fail_on(plan, conditions)] == [False, True, True, False, False, False]


def test_a_total_without_prices_passes_no_gate_and_others_are_judged() -> None:
    plan = missing_price_plan()
    for condition in ("tco.three_year_usd <= 9e9", "tco.three_year_usd > 9e9", "tco.by_category.network <= 9e9"):
        assert gated(plan, condition) == [False]
        (result,) = check_fail_on(plan, [condition])
        assert not result.holds and "at least" in result.reason and "(optics)" in result.reason
    judged = ["decision.gpus <= 16", "tco.gpus <= 16", "tco.by_category.staff <= 9e9", "tco.hosted.npv_usd <= 9e9"]
    assert gated(plan, *judged, "tco.lines.switch.unit_price_usd < 1e6") == [True] * 5
    assert gated(plan, "ranking.0.three_year_usd < 9e9", "ranking.1.three_year_usd < 9e9") == [False, True]


def test_a_figure_that_nobody_gave_passes_no_gate() -> None:
    plan = sample_plan(rate=None)
    assert gated(plan, "tco.npv_usd <= 9e9") == [False]
    assert not check_fail_on(plan, ["tco.npv_usd > 9e9"])[0].holds
    assert not check_increases(plan, plan, ["tco.npv_usd=5%"])[0].holds


@pytest.mark.parametrize(("more", "limit", "holds"), [
    (1.05, "5%", True), (1.0500001, "5%", False), (0.9, "0%", True), (1.0, "0 %", True), (1.2, "20%", True),
    (1.05, "tco.three_year_usd = 4.99%", False), (9.0, "tco.one_year_usd=0%", True), (9.0, "decision.gpus=0%", True),
])  # fmt: skip
def test_an_increase_is_judged_to_the_cent(more: float, limit: str, holds: bool) -> None:
    old = sample_plan()
    cost = old.tco["on_premises"].model_copy(update={"three_year_usd": 1_000_000.0})
    old = old.model_copy(update={"tco": {**old.tco, "on_premises": cost}})
    (result,) = check_increases(old, dearer(old, more), [limit])
    assert result.holds is holds, result


def test_an_increase_over_unknown_figures_fails_and_says_which() -> None:
    plan, lacking = sample_plan(), missing_price_plan()
    for old, new, said in (
        (plan, lacking, "in NEW tco.three_year_usd is only known to be at least 1,924,416.17"),
        (lacking, plan, "in OLD tco.three_year_usd is only known to be at least"),
        (infeasible_plan(), plan, "in OLD tco.three_year_usd has no value"),
    ):
        (result,) = check_increases(old, new, ["5%"])
        assert not result.holds and result.reason.startswith(said)


def test_an_increase_from_nothing_is_beyond_every_limit() -> None:
    two, one = two_pool_plan(), sample_plan()
    (new_promise,) = check_increases(one, two, ["slo.guard.e2e_p95.predicted_ms=50%"])
    assert not new_promise.holds and "in OLD slo.guard.e2e_p95.predicted_ms has no value" in new_promise.reason
    free = dearer(one, 0.0)
    (result,) = check_increases(free, one, ["900%"])
    assert not result.holds and result.reason == "tco.three_year_usd goes from 0 to 1,942,456.17"


@pytest.mark.parametrize(
    "gate", ["", "> 3", "decision.gpus =< 3", "decision.gpus <= x", "a <= 1.2.3", "not a <= 1", "a b"]
)
def test_what_is_no_gate_is_refused(gate: str) -> None:
    with pytest.raises(InvalidInput, match="is not a gate"):
        parse_gate(gate, "--fail-on")


@pytest.mark.parametrize(
    "limit", ["", "5", "0.05", "-5%", "%", "=5%", "decision.gpus", "decision.gpus=5", "1.2.3%", "x>5%"]
)
def test_what_is_no_limit_is_refused(limit: str) -> None:
    with pytest.raises(InvalidInput, match=r"--max-increase: .* is no limit"):
        parse_increase(limit)


def test_numbers_are_read_as_written() -> None:
    conditions: list[Any] = [parse_gate(f"tco.npv_usd > {text}").number for text in ("5e6", "5_000_000", "-1.5", ".5")]
    assert conditions == [5e6, 5e6, -1.5, 0.5]
    assert parse_increase("2.5%") == ("tco.three_year_usd", Decimal("0.025"))
