"""Drift of the workload: what moved, by how much, and when the sizing is void."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watching import AT, CAPACITY, DAY, PROFILE, levels, made, watch

from aisizer.errors import InvalidInput
from aisizer.profile.sections import Workload
from aisizer.watch.drift import hit_change, length_change, mix_change, planned
from aisizer.watch.measured import Measured
from aisizer.watch.records import Drift, Watch
from aisizer.watch.watch import watched

POOLS = ("llama-3.1-8b", "qwen3-8b")
QUIET = {f"capacity-{pool}": levels(0.1, 0.04) for pool in POOLS}


def of(found: Watch, quantity: str, name: str) -> Drift:
    return next(d for d in found.drift if (d.quantity, d.name) == (quantity, name))


@pytest.mark.parametrize(
    ("quantity", "value", "change", "void"),
    [
        ("prompt_tokens", 1500.0, 0.0, False),
        ("prompt_tokens", 1790.0, 0.193, False),
        ("prompt_tokens", 1810.0, 0.207, True),
        ("output_tokens", 190.0, -0.24, True),
        ("prefix_hit", 0.2, 0.0, False),
        ("prefix_hit", 0.0, 0.25, True),
        ("prefix_hit", 0.5, -0.375, True),
    ],
)
def test_drift_beyond_a_fifth_voids_the_sizing(quantity: str, value: float, change: float, void: bool) -> None:
    found = watch(QUIET, {(quantity, POOLS[0]): {AT: value}})
    drift = of(found, quantity, POOLS[0])
    assert drift.change == pytest.approx(change, abs=1e-3) and drift.void is void is found.sizing_void
    assert found.fired is False
    assert any("size again" in note for note in found.notes) is void


def test_what_is_not_measured_is_neither_void_nor_sound() -> None:
    found = watch(QUIET, {("prompt_tokens", POOLS[0]): {AT - 7 * DAY: 9000.0}})
    assert {d.void for d in found.drift} == {None} and not found.sizing_void
    assert {d.note for d in found.drift} == {"not measured"}


def test_the_mix_is_by_workload_where_all_are_counted_and_else_by_pool() -> None:
    by_workload = watch(QUIET, {("requests", "chat"): {AT: 50.0}, ("requests", "code"): {AT: 50.0}})
    assert of(by_workload, "mix", "chat").planned == pytest.approx(0.75)
    assert of(by_workload, "mix", "chat").change == pytest.approx(0.25) and by_workload.sizing_void
    by_pool = watch(QUIET, {("requests", POOLS[0]): {AT: 3.0}, ("requests", POOLS[1]): {AT: 1.0}})
    assert of(by_pool, "mix", POOLS[0]).change == pytest.approx(0.0) and not by_pool.sizing_void
    one_of_two = watch(QUIET, {("requests", POOLS[0]): {AT: 3.0}})
    assert of(one_of_two, "mix", POOLS[0]).void is None


def test_the_planned_mean_is_weighted_by_requests() -> None:
    data = PROFILE["workloads"]["chat"]
    chat = Workload.model_validate(data)
    long = Workload.model_validate(
        data | {"load": {"rate": "2 req/s"}, "prompt_tokens": {"mean": 3100, "p95": 6000}, "prefix_hit": 0.0}
    )
    mean = planned({"chat": chat, "long": long}, ("chat", "long"))
    assert mean.prompt_tokens == pytest.approx((6 * 1500 + 2 * 3100) / 8)
    assert mean.prefix_hit == pytest.approx(0.2 * 9000 / 15200)


@given(st.integers(1, 100_000), st.integers(1, 100_000))
def test_a_change_has_the_sign_of_the_work(actual: int, expected: int) -> None:
    assert (length_change(actual, expected) > 0) == (actual > expected)
    assert (hit_change(actual / 2e5, expected / 2e5) < 0) == (actual > expected)


@given(st.lists(st.floats(0.01, 100), min_size=2, max_size=6), st.floats(0.1, 10))
def test_a_mix_that_only_grows_does_not_drift(rates: list[float], times: float) -> None:
    expected = {str(i): rate for i, rate in enumerate(rates)}
    assert mix_change({name: rate * times for name, rate in expected.items()}, expected) == pytest.approx(0, abs=1e-9)


def test_a_capacity_trigger_without_levels_is_refused_and_another_one_is_not_judged() -> None:
    with pytest.raises(InvalidInput, match=r"levels.csv has no level of capacity-qwen3-8b. Add its days"):
        watch({CAPACITY: levels(0.1, 0.04)})
    plan, loaded = made()
    other = plan.triggers[0].model_copy(update={"id": "spend", "kind": "spend", "query": ""})
    plan = plan.model_copy(update={"triggers": (*plan.triggers, other)})
    measured = Measured(watch(QUIET).source, QUIET, {})
    found = watched(plan, loaded, measured, None, "0" * 64)
    assert found.at == AT and found.triggers[-1].fired is None and not found.fired
    assert "measures nothing of it" in found.triggers[-1].reason
    with pytest.raises(InvalidInput, match="holds no level of any trigger"):
        watched(plan, loaded, replace(measured, levels={}), None, "0" * 64)
