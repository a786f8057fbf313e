"""How a pool's requests and promises are divided over prefill and decode, and what cannot be divided."""

from __future__ import annotations

from typing import Any

import pytest

from aisizer.catalog.load import load_catalog
from aisizer.demand.loads import offered
from aisizer.errors import Rejection
from aisizer.profile.sections import Supply, Workload
from aisizer.sizing.capacity import screen
from aisizer.sizing.cuts import Room
from aisizer.sizing.pools import Pool, make_pools
from aisizer.sizing.stages import stages


def pool(**changes: Any) -> Pool:
    data = {
        "model": "llama-3.3-70b",
        "load": {"rate": "2 req/s"},
        "prompt_tokens": {"mean": 1000, "p95": 2500},
        "output_tokens": {"mean": 300, "p95": 700},
        "slo": {"ttft_p95": "2 s", "tpot_p95": "60 ms", "e2e_p99": "30 s"},
    }
    workloads = {"w": Workload.model_validate(data | changes)}
    return make_pools(workloads, {"w": load_catalog().models["llama-3.3-70b"]}, offered(workloads), {})[0]


def test_promises_are_divided_by_hand() -> None:
    """2 s to the first token: 1.8 s for prefill and 0.2 s for a place in the decode pool; 30 s in all leave 28.2 s."""
    found = stages(pool())
    assert not isinstance(found, Rejection)
    first, rest = ({(i.metric, i.statistic): i.seconds for i in stage.limits} for stage in found)
    assert first == {("ttft", "p95"): pytest.approx(1.8), ("ttft", "p99"): pytest.approx(1.8)}
    assert rest == {
        ("ttft", "p95"): pytest.approx(0.2),
        ("tpot", "p95"): 0.06,
        ("e2e", "p99"): pytest.approx(28.2),
    }
    assert [stage.name for stage in found] == ["llama-3.3-70b-prefill", "llama-3.3-70b-decode"]
    assert all(stage.promised.limits == pool().limits and stage.peak_rate == 2.0 for stage in found)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"slo": {"tpot_p95": "60 ms"}}, "no ttft target"),
        ({"slo": {"ttft_p95": "2 s", "e2e_p95": "1.5 s"}}, "leaves nothing"),
        ({"output_tokens": {"mean": 1, "p95": 1}, "slo": {"ttft_p95": "2 s"}}, "too little"),
    ],
)
def test_what_cannot_be_divided_says_why(changes: dict[str, Any], why: str) -> None:
    found = stages(pool(**changes))
    assert isinstance(found, Rejection) and found.reason == "disaggregation" and why in found.detail


def test_a_closed_population_counts_at_its_nominal_rate() -> None:
    closed = pool(load={"concurrency": 40})
    found = stages(closed)
    assert not isinstance(found, Rejection)
    assert closed.load.population[0] == 40
    assert found[0].load.rate[0] == closed.class_rates[0] > 0 == found[0].load.population[0]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("never", {"serve"}), ("auto", {"serve", "prefill", "decode"}), ("always", {"prefill", "decode"})],
)
def test_the_profile_says_which_stages_are_screened(asked: str, expected: set[str]) -> None:
    catalog = load_catalog()
    supply = Supply.model_validate({"disaggregation": asked})
    found = screen(pool(), catalog.gpus, {"h100-sxm": Room(8, 8)}, catalog.engines["vllm-0.33"], supply)
    assert {c.pool.stage for c in found.candidates} == expected


def test_each_stage_carries_at_least_what_a_replica_of_both_carries() -> None:
    """It has a part of the work and most of the time; where the cache holds little, the wait for a place in it decides."""
    catalog = load_catalog()
    supply = Supply.model_validate({"disaggregation": "auto"})
    found = screen(pool(), catalog.gpus, {"h100-sxm": Room(8, 8)}, catalog.engines["vllm-0.33"], supply)
    shares = {(c.form.parallel.text, c.form.precision, c.pool.stage): c.share for c in found.candidates}
    starved = {(c.form.parallel.text, c.form.precision) for c in found.candidates if c.replica.memory.kv_gb < 10}
    assert len(starved) < 3
    for (cut, precision, stage), share in shares.items():
        if stage == "serve":
            assert shares[cut, precision, "prefill"] > share
            assert (cut, precision) in starved or shares[cut, precision, "decode"] > share


def test_a_pool_that_cannot_be_divided_is_rejected_and_served_whole() -> None:
    catalog = load_catalog()
    supply = Supply.model_validate({"disaggregation": "auto"})
    undivided = pool(slo={"tpot_p95": "60 ms"})
    found = screen(undivided, catalog.gpus, {"h100-sxm": Room(8, 8)}, catalog.engines["vllm-0.33"], supply)
    assert [r.reason for r in found.rejections if r.reason == "disaggregation"] == ["disaggregation"]
    assert {c.pool.stage for c in found.candidates} == {"serve"}
