"""Symptoms: what each engine's metrics can show, and budgets that burn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.catalog.load import load_catalog
from aisizer.sizing.records import SloResult
from aisizer.triggers.burn import burn_windows, burning_quantile
from aisizer.triggers.promql import series
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


SHORT = {name: name for name in ("ttft", "queue_time", "preemptions", "requests", "running", "errors")}


def test_each_expression_is_the_ratio_the_quantile_or_the_count_that_its_formula_tells() -> None:
    metrics = SHORT | {"ttft": "ttft_s", "tpot": "tpot_s"}
    expr = {name: symptom.expr for name, symptom in found(metrics).items()}
    m = '{model_name="m"}'

    def slow(quantile: float, w: str) -> str:
        return f"histogram_quantile({quantile}, sum by (le) (rate(ttft_s_bucket{m}[{w}]))) > 5"

    def failing(share: float, w: str) -> str:
        return f"sum(rate(errors{m}[{w}])) / sum(rate(requests{m}[{w}])) > {share}"

    pairs = ((0.28, "1h", "5m"), (0.7, "6h", "30m"))
    assert expr["slo-ttft-p95-m"] == "\nor ".join(
        f"({slow(quantile, long)} and {slow(quantile, short)})" for quantile, long, short in pairs
    )
    assert expr["slo-tpot-mean-m"] == "\nand ".join(
        f"sum(rate(tpot_s_sum{m}[{w}])) / sum(rate(tpot_s_count{m}[{w}])) > 0.05" for w in ("1h", "5m")
    )
    assert expr["queue-m"] == f"histogram_quantile(0.95, sum by (le) (rate(queue_time_bucket{m}[5m]))) > 5"
    assert expr["preemptions-m"] == f"sum(rate(preemptions{m}[10m])) / sum(rate(requests{m}[10m])) > 0.01"
    assert expr["redundancy-m"] == f"(count(count by (instance) (running{m})) or vector(0)) < 5"
    assert expr["errors-m"] == "\nor ".join(
        f"({failing(share, long)} and {failing(share, short)})"
        for share, long, short in ((0.0144, "1h", "5m"), (0.006, "6h", "30m"))
    )


def test_money_is_compared_with_the_plan_and_a_tenth_more() -> None:
    rented = found({})["cost-hosted"]
    assert rented.limit == 17.6 and rented.model_label == ""
    on_order = 'scalar(sum(aisizer:capacity_on_order{aisizer_profile="p"}) or vector(0))'
    assert rented.expr == f"count(DCGM_FI_DEV_GPU_UTIL)\n  > 17.6 + {on_order}"
    billed = found({}, money=Money("p", "on_premises", "sum(bill)", 16, "x", rented=True))["cost-on_premises"]
    assert (billed.limit, billed.unit) == (1.1, "1")
    assert billed.expr == '(sum(bill))\n  > 1.1 * scalar(aisizer:planned_spend:usd{aisizer_profile="p"})'


def test_a_queue_is_judged_by_the_loosest_percentile_and_else_by_its_length() -> None:
    slos = [slo("a", "ttft", *each) for each in (("p50", 9000), ("p50", 8000), ("p99", 1000), ("mean", 99000))]
    subject = Subject(pool="m", labels={}, slo=slos, replicas=1, spare=0)
    desk = Desk(metrics=SHORT, model_label="", availability=0.5, owner="o", engine="e")
    queue = next(s for s in symptoms_of([subject], MONEY, desk) if s.kind == "queue")
    assert queue.limit == 9.0 and queue.expr.startswith("histogram_quantile(0.5,")
    waiting = found({"waiting": "w", "paused": "p"})
    assert (waiting["queue-m"].limit, waiting["queue-m"].unit) == (0.0, "request")
    assert waiting["preemptions-m"].unit == "request"
    assert waiting["preemptions-m"].expr == 'sum(p{model_name="m"}) > 0' and waiting["preemptions-m"].limit == 0.0


def test_a_symptom_says_its_unit_its_metrics_and_its_windows() -> None:
    symptoms = found(SHORT)
    assert [symptoms[name].over for name in ("preemptions-m", "errors-m", "redundancy-m")] == [
        "requests",
        "requests",
        "",
    ]
    units = {"slo-ttft-p95-m": "s", "queue-m": "s", "preemptions-m": "1", "redundancy-m": "replica", "errors-m": "1"}
    assert {name: symptom.unit for name, symptom in symptoms.items()} == units | {"cost-hosted": "GPU"}
    assert {symptom.model_label for symptom in symptoms.values() if symptom.kind != "cost"} == {"model_name"}
    budgets = {name: symptom.how for name, symptom in symptoms.items() if symptom.windows}
    assert budgets == {"slo-ttft-p95-m": "burn_rate", "errors-m": "burn_rate"}
    assert symptoms["errors-m"].limit == 0.001
    assert "14.4 x 0.001 = 0.0144 of the requests" in symptoms["errors-m"].formula
    assert "14.4 x 0.05 = 0.72 of the answers beyond 5 s" in symptoms["slo-ttft-p95-m"].formula
    assert symptoms["slo-ttft-p95-m"].quantity.startswith("pace at which the budget of TTFT p95 ")
    assert "next failure" in symptoms["redundancy-m"].formula
    assert "the peak is not carried" in found(SHORT, spare=0)["redundancy-m"].formula


@pytest.mark.parametrize(("text", "quoted"), [("Zürich", '"Zürich"'), ("a\u200bb", '"a\\u200bb"'), ('"', '"\\""')])
def test_a_label_is_quoted_so_that_it_reads_and_hides_nothing(text: str, quoted: str) -> None:
    assert series("m", {"site": text, "x": "1"}) == f'm{{site={quoted}, x="1"}}'
    assert series("m", {}) == "m"
