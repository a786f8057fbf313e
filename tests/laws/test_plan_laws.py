"""What must hold of every plan, whatever the profile."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import planning
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aisizer.catalog.load import load_catalog
from aisizer.costs.bom import ORDERED
from aisizer.costs.records import SiteCost
from aisizer.costs.tco import line_amounts, used_amounts
from aisizer.plan import Plan

law = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def plan(folder: Path, **changes: Any) -> Plan:
    made: Plan = planning.plan_for(folder, {k.replace("__", "."): v for k, v in changes.items()})
    return made


def smallest(made: Plan) -> dict[tuple[str, str], int]:
    return {(o.site, o.gpu): o.gpus_needed for o in made.ranking}


def sized(folder: Path, gpu: str = "h100-sxm", **changes: Any) -> int:
    """GPUs with burst and headroom on one class, at a demand that does not grow: what the choice of a layout minimises."""
    supply = {"sites": ["on_premises"], "gpus": [gpu]} | changes.pop("supply", {})
    made = plan(folder, **changes, supply=supply, growth={"rate": "0 %/month"})
    assert made.decision is not None
    return next(step.gpus for step in made.waterfall if step.name == "headroom")


@law
@given(rate=st.floats(0.5, 80), factor=st.floats(1.0, 3.0))
def test_more_load_never_needs_fewer_gpus(tmp_path: Path, rate: float, factor: float) -> None:
    low = smallest(plan(tmp_path, workloads__chat__load={"rate": f"{rate} req/s"}))
    high = smallest(plan(tmp_path, workloads__chat__load={"rate": f"{rate * factor} req/s"}))
    assert all(high[key] >= low[key] for key in low)


@law
@given(target=st.floats(0.6, 3.0), factor=st.floats(1.0, 3.0))
def test_a_looser_slo_never_needs_more_gpus_and_never_costs_more(tmp_path: Path, target: float, factor: float) -> None:
    slo = "workloads__chat__slo"
    tight = plan(tmp_path, **{slo: {"ttft_p95": f"{target} s", "tpot_p95": "60 ms"}})
    loose = plan(tmp_path, **{slo: {"ttft_p95": f"{target * factor} s", "tpot_p95": "60 ms"}})
    assert all(smallest(loose)[key] <= n for key, n in smallest(tight).items())
    assert loose.ranking[0].npv_usd is not None and tight.ranking[0].npv_usd is not None
    assert loose.ranking[0].npv_usd <= tight.ranking[0].npv_usd + 0.01


@law
@given(rate=st.floats(0.5, 200), kinds=st.sets(st.sampled_from(["expert", "attention_dp", "pipeline", "multi_node"])))
def test_an_allowed_layout_more_never_costs_more(tmp_path: Path, rate: float, kinds: set[str]) -> None:
    common: dict[str, Any] = {
        "workloads__chat__model": "deepseek-v2-lite",
        "workloads__chat__load": {"rate": f"{rate} req/s"},
        "growth": {"rate": "0 %/month"},
    }
    few = plan(tmp_path, **common, supply__parallelism=sorted(kinds))
    all_of_them = plan(tmp_path, **common)
    assert all_of_them.ranking[0].npv_usd is not None and few.ranking[0].npv_usd is not None
    assert all_of_them.ranking[0].npv_usd <= few.ranking[0].npv_usd + 0.01


@law
@given(
    growth=st.floats(0, 8),
    redundancy=st.sampled_from(["N", "N+1", "N+2", "auto"]),
    posture=st.sampled_from(["none", "warm_standby", "active_active"]),
    rate=st.floats(1, 60),
)
def test_every_plan_is_consistent_in_itself(
    tmp_path: Path, growth: float, redundancy: str, posture: str, rate: float
) -> None:
    made = plan(
        tmp_path,
        growth={"rate": f"{growth} %/month"},
        resilience={"redundancy": redundancy, "disaster_recovery": {"posture": posture}},
        workloads__chat__load={"rate": f"{rate} req/s"},
    )
    assert made.decision is not None and made.roadmap is not None
    _waterfall(made)
    _roadmap(made)
    _money(made)
    assert all(result.met for result in made.slo)
    assert Plan.model_validate_json(made.model_dump_json(by_alias=True)) == made


def _waterfall(made: Plan) -> None:
    assert made.decision is not None
    gpus = [step.gpus for step in made.waterfall]
    assert gpus == sorted(gpus)
    assert gpus[-1] == made.decision.gpus
    assert made.waterfall[1].gpus == made.decision.gpus_needed
    assert sum(pool.gpus for pool in made.decision.pools) <= made.decision.gpus


def _roadmap(made: Plan) -> None:
    assert made.roadmap is not None and made.decision is not None
    assert all(m.gpus_in_service >= m.gpus_needed for m in made.roadmap.months)
    assert sum(p.gpus for p in made.roadmap.purchases) == made.roadmap.month_36_gpus
    assert made.roadmap.purchases[0].gpus == made.decision.gpus
    for purchase in made.roadmap.purchases:
        weeks = made.roadmap.lead_time_weeks["total"]
        assert (purchase.need_by - purchase.order_by).days >= weeks * 7
    assert all(checkpoint.slo_ratio <= 1 for checkpoint in made.roadmap.checkpoints)


def _capital_by_wave(made: Plan, cost: SiteCost) -> None:
    """What the bill capitalises in a wave is what enters service from its month up to the next wave's."""
    assert made.roadmap is not None
    bought = [i for i in cost.lines if i.treatment == "capitalise" and i.category in ORDERED and i.unit_price_usd]
    by_month = sum((used_amounts(line) for line in bought), np.zeros(37))
    begins = [next(m.month for m in made.roadmap.months if m.start >= p.need_by) for p in made.roadmap.purchases]
    for purchase, begin, end in zip(made.roadmap.purchases, [0, *begins[1:]], [*begins[1:], 37], strict=True):
        lines = [b.extended_price_usd or 0 for b in made.bom if b.wave == purchase.wave and b.treatment == "capitalise"]
        assert sum(lines) == pytest.approx(by_month[begin:end].sum(), abs=0.0051 * max(1, len(lines)))


def _money(made: Plan) -> None:
    assert made.decision is not None
    cost = made.tco[made.decision.site]
    amounts = {line.id: line_amounts(line) for line in cost.lines if line.unit_price_usd is not None}
    assert sum(a.sum() for a in amounts.values()) == pytest.approx(cost.three_year_usd, abs=0.01)
    assert sum(a[:13].sum() for a in amounts.values()) == pytest.approx(cost.one_year_usd, abs=0.01)
    for line in cost.lines:
        listed = [b for b in made.bom if b.cost_line == line.id]
        if line.category not in ORDERED:
            assert not listed
        elif line.id in amounts:
            cents = sum(b.extended_price_usd or 0 for b in listed)
            assert cents == pytest.approx(amounts[line.id].sum(), abs=0.0051 * max(1, len(listed)))
    _capital_by_wave(made, cost)
    assert cost.one_year_usd <= cost.three_year_usd + 0.01


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    assert plan(tmp_path).model_dump_json() == plan(tmp_path).model_dump_json()


def test_a_missing_price_gives_at_least_totals(tmp_path: Path) -> None:
    made = plan(tmp_path, supply={"sites": ["on_premises"], "gpus": ["mi325x"]})
    assert made.decision is not None
    assert not made.complete
    assert "hardware" in made.tco["on_premises"].missing
    assert made.ranking[0].three_year_usd is None
    assert any("at least" in warning for warning in made.warnings)


def test_a_barred_model_is_rejected_at_every_site(tmp_path: Path) -> None:
    made = plan(tmp_path, compliance={"data_class": "cui"}, workloads__chat__model="deepseek-v2-lite")
    assert made.decision is None
    assert {group.reason for group in made.rejections} == {"model_ban"}


def test_an_impossible_slo_names_the_nearest_miss(tmp_path: Path) -> None:
    made = plan(tmp_path, workloads__chat__slo={"ttft_p95": "1 ms"})
    assert made.decision is None
    group = next(g for g in made.rejections if g.reason == "slo")
    assert group.nearest["got"] is not None and group.nearest["got"] > 0.001  # type: ignore[operator]
    assert "ttft_p95 >=" in group.freed_by


def test_a_go_live_too_soon_is_rejected_with_the_arithmetic(tmp_path: Path) -> None:
    made = plan(tmp_path, go_live="2026-12-15")
    assert made.decision is None
    group = next(g for g in made.rejections if g.reason == "lead_time")
    assert "weeks after plan_date 2026-12-01" in str(group.nearest["detail"])


def calibration(**factors: float) -> dict[str, Any]:
    return {
        "model": "llama-3.1-8b",
        "gpu": "h100-sxm",
        "engine": "vllm-0.33",
        "precision": "fp8",
        "tensor_parallel": 1,
        "points": 5,
        "factors": factors,
        "range": {
            "in_flight": [1, 256], "prompt_tokens": [100, 500], "output_tokens": [10, 4000], "tensor_parallel": [1]
        },
        "files": [{"name": "bench.json", "sha256": "0" * 64, "tool": "vllm bench serve"}],
    }  # fmt: skip


def test_a_calibration_to_slower_steps_lowers_capacity_and_is_named(tmp_path: Path) -> None:
    supply = {"sites": ["on_premises"], "gpus": ["h100-sxm"]}
    rates = {}
    for name, evidence in (
        ("none", {}),
        ("same", {"calibrations": [calibration()]}),
        ("slow", {"calibrations": [calibration(weights=1.5, tokens=1.5, prefill=1.5)]}),
    ):
        made = plan(tmp_path, supply=supply, evidence=evidence, workloads__chat__precision=["fp8"])
        assert made.decision is not None
        rates[name] = made.decision.pools[0].peak_rate_per_replica
        assert any("leaves the range of its calibration" in w for w in made.warnings) == (name != "none")
        assert any(a.path == "evidence.calibrations" for a in made.assumptions) == (name != "none")
    assert rates["same"] == rates["none"] > rates["slow"]


def test_very_short_prompts_and_answers_are_sized_without_a_warning(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        short = plan(tmp_path, workloads__chat__output_tokens={"mean": 2, "p95": 3})
        cached = plan(
            tmp_path,
            workloads__chat__prompt_tokens={"quantiles": {"p1": 1, "p99": 30000}},
            workloads__chat__prefix_hit="50 %",
        )
    assert short.decision is not None and cached.decision is not None


def test_the_api_server_is_named_where_it_stops_a_replica_and_more_processes_free_it(tmp_path: Path) -> None:
    """A model of one billion weights on an H100 outruns one Python process, which has its times for 1,500 and 250 tokens."""
    supply: dict[str, Any] = {"sites": ["on_premises"], "gpus": ["h100-sxm"]}
    changes: dict[str, Any] = {"workloads__chat__model": "llama-3.2-1b", "workloads__chat__load": {"rate": "900 req/s"}}
    one = plan(tmp_path, **changes, supply=supply)
    four = plan(tmp_path, **changes, supply=supply | {"api_processes": 4})
    assert one.decision is not None and four.decision is not None
    stopped, freed = one.decision.pools[0], four.decision.pools[0]
    assert stopped.limited_by == "api server" and freed.limited_by == "chat ttft_p95"
    engine = load_catalog().engines[stopped.engine]
    per_request = engine.api_request_s + 1500 * engine.request_token_s + 250 * engine.api_token_s
    assert stopped.api_ceiling_per_replica == pytest.approx(1 / per_request, rel=0.01)
    assert 0.95 * stopped.api_ceiling_per_replica <= stopped.peak_rate_per_replica <= stopped.api_ceiling_per_replica
    assert (stopped.api_processes, freed.api_processes) == (stopped.replicas, 4 * freed.replicas)
    assert four.decision.gpus_needed < one.decision.gpus_needed
    assert any("API server" in w for w in one.warnings) and not any("API server" in w for w in four.warnings)
    assert any(step.name == "pools.llama-3.2-1b.api_ceiling" for step in one.explain)


@law
@given(rate=st.floats(2, 200), gpu=st.sampled_from(["h100-sxm", "l40s", "a100-80-sxm"]))
def test_an_8_bit_cache_allowed_never_needs_more_gpus(tmp_path: Path, rate: float, gpu: str) -> None:
    load = {"rate": f"{rate} req/s"}
    wide = sized(tmp_path, gpu, workloads__chat__load=load)
    either = sized(tmp_path, gpu, workloads__chat__load=load, supply={"kv_precision": ["bf16", "fp8"]})
    assert either <= wide


@law
@given(rate=st.floats(1, 200), acceptance=st.integers(0, 90), more=st.integers(0, 10), drafts=st.integers(1, 3))
def test_more_accepted_drafts_never_need_more_gpus_and_none_never_fewer(
    tmp_path: Path, rate: float, acceptance: int, more: int, drafts: int
) -> None:
    def needed(speculative: dict[str, Any] | None) -> int:
        load = {"rate": f"{rate} req/s"}
        return sized(tmp_path, workloads__chat__load=load, workloads__chat__speculative=speculative)

    low, high = (needed({"draft_tokens": drafts, "acceptance": f"{a} %"}) for a in (acceptance, acceptance + more))
    assert high <= low
    assert needed({"draft_tokens": drafts, "acceptance": "0 %"}) >= needed(None)


@law
@given(
    rate=st.floats(1, 200), hit=st.integers(0, 90), more=st.integers(0, 30), slo=st.sampled_from(["300 ms", "1.5 s"])
)
def test_more_prefix_hits_never_need_more_gpus(tmp_path: Path, rate: float, hit: int, more: int, slo: str) -> None:
    few, many = (
        sized(
            tmp_path,
            workloads__chat__load={"rate": f"{rate} req/s"},
            workloads__chat__slo={"ttft_p95": slo, "tpot_p95": "60 ms"},
            workloads__chat__prefix_hit=f"{share} %",
        )
        for share in (hit, min(hit + more, 95))
    )
    assert many <= few


def test_found_tokens_save_computation_and_keep_their_place_in_the_cache(tmp_path: Path) -> None:
    supply = {"sites": ["on_premises"], "gpus": ["h100-sxm"]}
    pools = []
    for share in ("0 %", "60 %"):
        made = plan(tmp_path, supply=supply, workloads__chat__prefix_hit=share, workloads__chat__precision=["fp8"])
        assert made.decision is not None
        pools.append(made.decision.pools[0])
    assert pools[0].kv_capacity_tokens == pools[1].kv_capacity_tokens
    assert pools[1].peak_rate_per_replica > 1.1 * pools[0].peak_rate_per_replica


@law
@given(rate=st.floats(5, 300), prompt=st.sampled_from([500, 4000]))
def test_two_pools_allowed_never_need_more_gpus(tmp_path: Path, rate: float, prompt: int) -> None:
    common: dict[str, Any] = {
        "workloads__chat__load": {"rate": f"{rate} req/s"},
        "workloads__chat__prompt_tokens": {"mean": prompt, "p95": 2 * prompt},
    }
    one = sized(tmp_path, **common)
    assert sized(tmp_path, **common, supply={"disaggregation": "auto"}) <= one


def test_two_pools_are_balanced_and_keep_every_promise(tmp_path: Path) -> None:
    made = plan(
        tmp_path,
        supply={"sites": ["on_premises"], "gpus": ["h100-sxm"], "disaggregation": "always"},
        workloads__chat__load={"rate": "120 req/s"},
        workloads__chat__slo={"ttft_p95": "1.5 s", "tpot_p95": "60 ms", "e2e_p99": "60 s"},
    )
    assert made.decision is not None and made.decision.replicas is None
    first, rest = made.decision.pools
    assert (first.role, rest.role) == ("prefill", "decode")
    assert (first.name, rest.name) == ("llama-3.1-8b-prefill", "llama-3.1-8b-decode")
    assert all(result.met for result in made.slo) and len(made.slo) == 3
    assert all(pool.replicas >= pool.replicas_needed for pool in made.decision.pools)
    assert abs(first.utilization - rest.utilization) < 0.25, "spare GPUs go where the load is highest"
    ttft = next(r for r in made.slo if r.metric == "ttft")
    assert ttft.predicted_ms > 200, "the hand-over takes that long"
    assert [t.pool for t in made.triggers if t.kind == "load"] == ["llama-3.1-8b"]
    network = next(line for line in made.tco["on_premises"].lines if line.id == "network")
    assert network.price_item == "network-rdma-fabric-per-gpu"
    steps = {step.name for step in made.explain}
    assert steps >= {f"pools.{p.name}.peak_rate_per_replica" for p in (first, rest)}
    assert all(name in steps for step in made.explain for name in step.next), "every name leads somewhere"


def test_two_pools_need_a_network_between_servers(tmp_path: Path) -> None:
    supply = {"sites": ["on_premises"], "gpus": ["l40s"], "disaggregation": "always"}
    made = plan(tmp_path, supply=supply)
    assert made.decision is None
    assert "network" in {group.reason for group in made.rejections}


def test_a_replica_over_two_servers_names_its_cut_its_network_and_its_spare(tmp_path: Path) -> None:
    made = plan(
        tmp_path,
        supply={"sites": ["on_premises"], "gpus": ["h100-sxm"]},
        growth={"rate": "0 %/month"},
        workloads__chat__model="deepseek-r1",
        workloads__chat__load={"rate": "5 req/s"},
    )
    assert made.decision is not None
    pool = made.decision.pools[0]
    assert (pool.layout, pool.tensor_parallel, pool.pipeline_parallel) == ("TP8 x PP2", 8, 2)
    assert pool.gpus == 16 * pool.replicas
    steps = {step.name: step.gpus for step in made.waterfall}
    assert steps["servers"] == steps["headroom"], "whole servers without gaps"
    assert steps["redundancy"] - steps["servers"] == 16, "a lost server takes a replica of two"
    assert any("network between servers" in use for source in made.sources for use in source.used_for)
    assert all(result.met for result in made.slo)


def test_processes_of_an_engine_without_times_are_said_to_have_no_effect(tmp_path: Path) -> None:
    supply = {"sites": ["on_premises"], "gpus": ["h100-sxm"], "engine": "vllm-0.6", "api_processes": 4}
    made = plan(tmp_path, supply=supply)
    assert made.decision is not None and made.decision.pools[0].api_processes is None
    assert any("supply.api_processes has no effect" in warning for warning in made.warnings)
