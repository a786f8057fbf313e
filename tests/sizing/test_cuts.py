"""Which cuts of a model are tried, and that a model too large for a server is spread only over servers that are joined."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.load import load_catalog
from aisizer.catalog.records import Amount
from aisizer.demand.loads import offered
from aisizer.profile.sections import Supply, Workload
from aisizer.sizing.capacity import Screened, screen
from aisizer.sizing.cuts import Room, beyond, inside
from aisizer.sizing.options import Offer, room
from aisizer.sizing.pools import Pool, make_pools

ALL = Supply().parallelism
SERVER, JOINED, RACK = Room(8), Room(8, 8), Room(72)


@cache
def catalog() -> Catalog:
    return load_catalog()


def texts(model: str, where: Room, allowed: tuple[str, ...] = ALL) -> list[str]:
    return [cut.text for cut in inside(catalog().models[model], where, allowed)]


def wider(model: str, where: Room, allowed: tuple[str, ...] = ALL) -> list[list[str]]:
    return [[cut.text for cut in cuts] for cuts in beyond(catalog().models[model], where, allowed)]


def pool(model: str, **changes: Any) -> Pool:
    data = {
        "model": model,
        "load": {"rate": "2 req/s"},
        "prompt_tokens": {"mean": 1000, "p95": 2500},
        "output_tokens": {"mean": 300, "p95": 700},
        "slo": {"ttft_p95": "10 s", "tpot_p95": "200 ms"},
    }
    workloads = {"w": Workload.model_validate(data | changes)}
    return make_pools(workloads, {"w": catalog().models[model]}, offered(workloads), {})[0]


def screened(model: str, gpu: str, where: Room, supply: Supply | None = None, **changes: Any) -> Screened:
    found = catalog()
    rooms = {gpu: where}
    return screen(pool(model, **changes), found.gpus, rooms, found.engines["vllm-0.33"], supply or Supply())


def forms(found: Screened) -> set[tuple[str, str]]:
    return {(c.form.parallel.text, c.form.precision) for c in found.candidates}


def test_a_dense_model_is_cut_by_tensor_parallelism_alone() -> None:
    assert texts("llama-3.3-70b", SERVER) == ["TP1", "TP2", "TP4", "TP8"]
    assert texts("llama-3.3-70b", Room(4)) == ["TP1", "TP2", "TP4"]


def test_experts_are_also_spread_whole_and_attention_is_split_where_its_cache_would_be_copied() -> None:
    """MLA has one latent for all heads; Qwen3-235B has 4 key-value heads, so 8 GPUs would hold each of them twice."""
    assert texts("deepseek-r1", SERVER)[-3:] == [f"attention-DP {n}, EP {n}" for n in (2, 4, 8)]
    assert texts("qwen3-235b-a22b", SERVER)[-1] == "TP4 x attention-DP 2, EP 8"
    assert "TP8, EP 8" in texts("gpt-oss-120b", SERVER)
    assert not any("attention-DP" in text for text in texts("gpt-oss-120b", SERVER))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (SERVER, []),
        (JOINED, [["TP8 x PP2", "attention-DP 16, EP 16"], ["TP8 x PP4", "attention-DP 32, EP 32"]]),
        (RACK, [["TP8 x PP2", "attention-DP 16, EP 16"], ["TP8 x PP4", "attention-DP 32, EP 32"]]),
    ],
)
def test_several_servers_only_where_they_are_joined(where: Room, expected: list[list[str]]) -> None:
    assert [cuts for cuts in wider("deepseek-r1", where) if cuts] == expected


def test_a_rack_is_one_domain_and_two_servers_are_two() -> None:
    model = catalog().models["llama-3.1-405b"]
    rack, servers = (next(cuts for cuts in beyond(model, where, ALL) if cuts)[0] for where in (RACK, JOINED))
    assert (rack.text, rack.gpus_per_node, servers.text, servers.gpus_per_node) == ("TP8 x PP2", 72, "TP8 x PP2", 8)


def test_what_is_not_allowed_is_not_tried() -> None:
    assert texts("deepseek-r1", SERVER, ()) == ["TP1", "TP2", "TP4", "TP8"]
    assert wider("deepseek-r1", JOINED, ("pipeline",)) == [[]]
    assert wider("deepseek-r1", JOINED, ("pipeline", "multi_node"))[1] == ["TP8 x PP2"]


def test_671_billion_fp8_weights_need_two_servers_of_640_gb_and_one_of_1128_gb() -> None:
    spread, whole = screened("deepseek-r1", "h100-sxm", JOINED), screened("deepseek-r1", "h200-sxm", JOINED)
    assert forms(spread) == {("TP8 x PP2", "fp8"), ("attention-DP 16, EP 16", "fp8")}
    assert forms(whole) == {("TP8", "fp8"), ("TP8, EP 8", "fp8"), ("attention-DP 8, EP 8", "fp8")}


@pytest.mark.parametrize(
    ("model", "gpu", "billions"),
    [("deepseek-r1", "h200-sxm", 671), ("deepseek-r1", "h100-sxm", 671), ("gpt-oss-120b", "h100-sxm", 60)],
)
def test_no_cut_loses_weights_or_counts_memory_twice(model: str, gpu: str, billions: float) -> None:
    """All GPUs together hold the model at least once, and each holds no more than it has."""
    for c in screened(model, gpu, JOINED).candidates:
        memory, cut = c.replica.memory, c.form.parallel
        assert memory.weights_gb * cut.gpus > 0.97 * billions
        used = memory.weights_gb + memory.activations_gb + memory.runtime_gb + memory.kv_gb
        assert used == pytest.approx(memory.usable_gb)
        held = memory.kv_capacity_tokens * memory.kv_bytes_per_token / cut.attention_dp
        assert held == pytest.approx(memory.kv_gb * 1e9)


def test_810_gb_of_bf16_weights_take_two_servers_as_a_pipeline() -> None:
    found = screened("llama-3.1-405b", "h100-sxm", JOINED, precision=["bf16"])
    assert forms(found) == {("TP8 x PP2", "bf16")}
    assert found.candidates[0].gpus == 16


def test_without_a_network_the_reason_is_the_network() -> None:
    found = screened("llama-3.1-405b", "h100-sxm", SERVER, precision=["bf16"])
    assert not found.candidates
    reasons = [r for r in found.rejections if r.reason == "network"]
    assert [r.option["layout"] for r in reasons] == ["TP8 x PP2"]
    assert "fits no single server" in reasons[0].detail and "Allow another" in reasons[0].detail


def test_where_four_servers_hold_no_more_the_reason_stays_memory() -> None:
    found = screened("llama-3.1-405b", "l4", Room(4), precision=["bf16"])
    assert {r.reason for r in found.rejections} == {"memory"}


def test_a_longer_request_than_the_context_is_not_answered_by_more_servers() -> None:
    found = screened("llama-2-70b", "h100-sxm", JOINED, prompt_tokens={"mean": 6000, "p95": 12000})
    assert {r.reason for r in found.rejections} == {"context"}


@pytest.mark.parametrize("kind", ["expert", "attention_dp"])
@pytest.mark.parametrize("gpu", ["h200-sxm", "b200-sxm"])
def test_an_allowed_cut_more_never_lowers_the_best_rate_per_gpu(kind: str, gpu: str) -> None:
    fewer = Supply.model_validate({"parallelism": [k for k in ALL if k != kind]})
    best = [
        max(c.share / c.gpus for c in screened("deepseek-r1", gpu, SERVER, supply).candidates)
        for supply in (fewer, Supply())
    ]
    assert best[1] >= best[0]


def caches(supply: dict[str, Any], engine: str = "vllm-0.33") -> dict[tuple[str, str], float]:
    found = catalog()
    rooms, settings = {"h100-sxm": SERVER}, Supply.model_validate(supply)
    made = screen(pool("llama-3.3-70b"), found.gpus, rooms, found.engines[engine], settings)
    best: dict[tuple[str, str], float] = {}
    for c in made.candidates:
        key = c.form.precision, c.form.kv_precision
        best[key] = max(best.get(key, 0.0), c.share / c.gpus)
    return best


def test_the_cache_is_kept_as_the_engine_keeps_it_unless_the_profile_says_more() -> None:
    assert set(caches({})) == {("bf16", "bf16"), ("fp8", "bf16")}
    assert set(caches({}, "trtllm-1.2")) == {("bf16", "bf16"), ("fp8", "fp8")}
    assert {kv for _, kv in caches({"kv_precision": ["bf16", "fp8"]})} == {"bf16", "fp8"}


def test_a_smaller_cache_never_carries_less() -> None:
    found = caches({"kv_precision": ["bf16", "fp8"]})
    assert all(found[weights, "fp8"] >= found[weights, "bf16"] for weights in ("bf16", "fp8"))


PORT = {"unit": "GB/s", "as_of": "2026-11-23", "source": "test", "kind": "datasheet"}


def offer(gpus: int, network: float | None) -> Offer:
    port = None if network is None else Amount.model_validate(PORT | {"base": network})
    return Offer("s", "o", "o", "h100-sxm", gpus, "p", {}, gpu_network=port)


def test_a_room_is_the_largest_server_and_the_largest_joined_one() -> None:
    assert room([offer(4, 50.0), offer(8, None)]) == Room(8, 4)
    assert room([offer(8, 25.0)]) == Room(8, 0)


def test_a_replica_over_two_servers_of_8_does_not_stand_on_servers_of_4() -> None:
    cut = next(cuts for cuts in beyond(catalog().models["deepseek-r1"], JOINED, ALL) if cuts)[0]
    assert offer(8, 50.0).holds(cut) and not offer(8, 25.0).holds(cut) and not offer(4, 50.0).holds(cut)
