"""Latency by load, and what pictures need beside it: the same figures as the rest of the Plan."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from aisizer.catalog.load import load_catalog
from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.profile.load import load_profile

ROOT = Path(__file__).parents[2]
each_profile = pytest.mark.parametrize("name", ["clinical-notes", "rag-internal"])


@cache
def plan_of(name: str) -> Plan:
    return make_plan(load_profile(ROOT / "profiles" / f"{name}.yaml"), load_catalog(), confirm="none")


@each_profile
def test_latency_never_falls_with_load(name: str) -> None:
    for curve in plan_of(name).load_curves:
        for promise in curve.promises:
            known = [ms for ms in promise.latency_ms if ms is not None]
            assert len(known) >= 8
            assert promise.latency_ms[: len(known)] == tuple(known), (
                "once there is no steady state, there is none beyond"
            )
            assert all(before <= after for before, after in pairwise(known))


@each_profile
def test_every_promise_is_kept_up_to_what_the_pool_carries_and_one_is_missed_beyond(name: str) -> None:
    for curve in plan_of(name).load_curves:
        full = curve.loads.index(1.0)
        assert all((p.latency_ms[full] or 0.0) <= p.target_ms * 1.001 for p in curve.promises)
        assert any(p.latency_ms[-1] is None or p.latency_ms[-1] > p.target_ms for p in curve.promises)


@each_profile
def test_the_operating_points_are_those_of_the_promises(name: str) -> None:
    plan = plan_of(name)
    points = [p for curve in plan.load_curves for p in curve.promises]
    assert len(points) == len(plan.slo)
    for point, result in zip(points, plan.slo, strict=True):
        assert (point.workload, point.metric, point.percentile) == (result.workload, result.metric, result.percentile)
        assert (point.operating_ms, point.degraded_ms) == (result.analytic_ms, result.analytic_degraded_ms)


@each_profile
def test_the_operating_load_lies_where_its_latency_does(name: str) -> None:
    for curve in plan_of(name).load_curves:
        assert 0 < curve.operating <= curve.degraded
        for promise in curve.promises:
            around = zip(curve.loads, promise.latency_ms, strict=True)
            below = [ms for load, ms in around if load <= curve.operating and ms is not None]
            above = [
                ms for load, ms in zip(curve.loads, promise.latency_ms, strict=True) if load >= curve.operating and ms
            ]
            assert max(below, default=0.0) <= promise.operating_ms <= min(above)


@each_profile
def test_bands_are_the_factors_of_the_promises_bands(name: str) -> None:
    plan = plan_of(name)
    for band, result in zip(plan.error_bands, plan.slo, strict=True):
        assert band.measurements > 0
        assert band.low < band.median < band.high
        assert (band.low * result.predicted_ms, band.high * result.predicted_ms) == (
            pytest.approx(result.low_ms, rel=1e-4),
            pytest.approx(result.high_ms, rel=1e-4),
        )


@each_profile
def test_the_chosen_options_ratio_is_that_of_the_tightest_promise(name: str) -> None:
    plan = plan_of(name)
    chosen = next(option for option in plan.ranking if option.chosen)
    assert chosen.slo_ratio == pytest.approx(max(r.predicted_ms / r.target_ms for r in plan.slo), rel=1e-4)


@each_profile
def test_cumulative_cash_is_what_the_saving_was_counted_from(name: str) -> None:
    plan = plan_of(name)
    assert plan.decision
    own = plan.cumulative[plan.decision.site]
    assert next(iter(plan.cumulative)) == plan.decision.site
    assert len(plan.cumulative) > 2
    for found in plan.comparisons:
        assert (found.saving_usd is not None) == (found.other in plan.cumulative)
        if found.saving_usd is not None:
            paid = plan.cumulative[found.other]
            assert len(paid) == 37
            assert paid[-1] - own[-1] == pytest.approx(found.saving_usd, abs=1.0)
            later = [month for month in range(37) if paid[month] <= own[month]]
            assert found.cheaper_from_month == (None if 36 in later else max(later, default=-1) + 1)
