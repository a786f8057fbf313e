"""Symptoms: what each engine's metrics can show, and budgets that burn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.catalog.load import load_catalog
from aisizer.sizing.records import SloResult
from aisizer.triggers.burn import burn_windows, burning_quantile
from aisizer.triggers.records import Symptom
from aisizer.triggers.symptoms import Desk, Money, Subject, symptoms_of

CATALOG = load_catalog()
MONEY = Money(profile="p", site="hosted", spend_query="", gpus=16, gpu_metric="DCGM_FI_DEV_GPU_UTIL", rented=True)


def slo(workload: str, metric: str, percentile: str, target_ms: float) -> SloResult:
    return SloResult(
        workload=workload,
        metric=metric,  # type: ignore[arg-type]
        percentile=percentile,  # type: ignore[arg-type]
        target_ms=target_ms,
        predicted_ms=1,
        low_ms=1,
        high_ms=1,
        degraded_ms=1,
        met=True,
    )


def found(metrics: dict[str, str], spare: int = 2, money: Money = MONEY) -> dict[str, Symptom]:
    subject = Subject(
        pool="m",
        labels={"model_name": "m"},
        slo=(slo("a", "ttft", "p95", 2000), slo("b", "ttft", "p95", 5000), slo("a", "tpot", "mean", 50)),
        replicas=6,
        spare=spare,
    )
    desk = Desk(metrics=metrics, model_label="model_name", availability=0.999, owner="o", engine="e")
    return {symptom.id: symptom for symptom in symptoms_of([subject], money, desk)}


@pytest.mark.parametrize("engine", ["vllm-0.33", "sglang-0.5.23", "trtllm-1.2"])
def test_every_engine_of_the_year_shows_all_symptoms(engine: str) -> None:
    names = {symptom.kind for symptom in found(CATALOG.engines[engine].metrics).values()}
    assert names == {"latency", "queue", "preemptions", "redundancy", "errors", "cost"}


def test_nim_shows_what_it_exports() -> None:
    symptoms = found(CATALOG.exporters["nim"].metrics)
    assert {s.kind for s in symptoms.values()} == {"latency", "queue", "redundancy", "cost"}
    assert symptoms["queue-m"].expr == 'sum(num_requests_waiting{model_name="m"}) > 0'


def test_all_page_and_none_says_to_order() -> None:
    for symptom in found(CATALOG.engines["vllm-0.33"].metrics).values():
        assert symptom.severity == "page"
        assert "order" not in symptom.action.lower().replace("record its order", "")


def test_the_loosest_target_of_a_pool_pages() -> None:
    symptoms = found(CATALOG.engines["vllm-0.33"].metrics)
    assert symptoms["slo-ttft-p95-m"].limit == 5.0
    assert symptoms["slo-tpot-mean-m"].how == "immediate"


def test_redundancy_is_lost_when_the_next_failure_breaks_the_promise() -> None:
    assert found(CATALOG.engines["vllm-0.33"].metrics, spare=2)["redundancy-m"].limit == 5
    assert found(CATALOG.engines["vllm-0.33"].metrics, spare=0)["redundancy-m"].limit == 6


def test_money_is_watched_only_where_something_measures_it() -> None:
    owned = Money("p", "on_premises", "", 16, "x", rented=False)
    billed = Money("p", "on_premises", "sum(bill)", 16, "x", rented=False)
    assert not any(s.kind == "cost" for s in found({}, money=owned).values())
    assert "aisizer:planned_spend:usd" in found({}, money=billed)["cost-on_premises"].expr


@given(st.sampled_from([0.5, 0.9, 0.95, 0.99, 0.999]))
def test_a_quantile_stands_for_every_pace(percentile: float) -> None:
    for window in burn_windows(percentile):
        quantile = burning_quantile(percentile, window.rate)
        assert 0 < quantile <= percentile
        assert 1 - quantile == pytest.approx(window.rate * (1 - percentile))
