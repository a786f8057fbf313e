"""Pipeline, expert and attention-data parallelism, servers joined by a network: hand-worked figures and laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hand_built import GPUS, MODELS, vllm
from hypothesis import given
from hypothesis import strategies as st

from aisizer.engine import constants as c
from aisizer.engine import work
from aisizer.engine.collectives import (
    all_gather_s,
    all_reduce_s,
    all_to_all_s,
    group_all_gather_s,
    group_all_reduce_s,
    inter_node_link,
    link,
    peer_link,
)
from aisizer.engine.formats import Format, format_of
from aisizer.engine.imbalance import expected_maximum, slowest_lane_contexts, slowest_rank_hit, slowest_rank_pairs
from aisizer.engine.machine import kernel
from aisizer.engine.memory import weights_bytes
from aisizer.engine.parallel import Parallel, slowest_stage
from aisizer.engine.replica import GRID, Replica, build
from aisizer.engine.roofline import gemm_s
from aisizer.errors import Rejection

H100, H200 = GPUS["h100-sxm"], GPUS["h200-sxm"]


def made(name: str, gpu: Any = H100, precision: str = "fp8", **more: Any) -> Replica:
    found = build(MODELS[name], gpu, vllm(), precision=precision, **({"tensor_parallel": 1} | more))
    assert isinstance(found, Replica), found
    return found


def decode_s(replica: Replica, sequences: float, context: float) -> float:
    table = replica.table
    total = np.interp(sequences, table.token_grid, table.tokens_s)
    total += np.interp(sequences, table.sequence_grid, table.sequences_s)
    total += table.kv_read_s * sequences * context + table.decode_fixed_s
    return float(total + table.step_fixed_s + table.per_sequence_s * sequences)


# DeepSeek-AI, DeepEP, docs/legacy.md: 128 tokens of 7,168 values on each H800, 8 experts each; FP8 dispatch, BF16 combine.
DEEP_EP_US = [(16, 118, 195), (32, 155, 273), (64, 173, 314), (128, 192, 369), (256, 194, 360)]


@pytest.mark.parametrize(("ranks", "dispatch_us", "combine_us"), DEEP_EP_US)
def test_all_to_all_between_servers_agrees_with_deepep(ranks: int, dispatch_us: float, combine_us: float) -> None:
    h800 = H100.model_copy(update={"interconnect_gb_s": 160.0})
    for value_bytes, measured in ((1, dispatch_us), (2, combine_us)):
        time = all_to_all_s(np.array([128 * 7168.0 * value_bytes]), 8, ranks, h800, 8)[0]
        assert time * 1e6 == pytest.approx(measured, rel=0.07)


def test_many_tokens_travel_once_to_each_server() -> None:
    """4,096 tokens on 32 GPUs: 29.4 MB x 3 (1 - 0.75^8) = 79.3 MB at 42.5 GB/s = 1.87 ms; copy by copy it were 4.2 ms."""
    time = all_to_all_s(np.array([4096 * 7168.0]), 8, 32, H100, 8)[0]
    assert time == pytest.approx(2.07e-3, rel=0.01)


@pytest.mark.usefixtures("round_constants")
def test_an_all_reduce_over_two_servers_by_hand() -> None:
    """33.55 MB on 16 H100: inside 226.2 us; 4.19 MB over one port: 4.19 MB / 42.5 GB/s = 98.7 us + 10 us + 2.7 us."""
    message = np.array([2048 * 8192 * 2.0])
    inside = all_reduce_s(message, 8, link(H100, 8))[0]
    both = group_all_reduce_s(message, 16, H100, 8)[0]
    assert inside == pytest.approx(226.2e-6, rel=0.002)
    assert both - inside == pytest.approx(111.4e-6, rel=0.002)
    assert inter_node_link().bus_bandwidth == pytest.approx(42.5e9)


@given(size=st.floats(1e3, 1e9), ranks=st.sampled_from([2, 4, 8]))
def test_inside_one_server_nothing_changes(size: float, ranks: int) -> None:
    message = np.array([size])
    assert group_all_reduce_s(message, ranks, H100, 8)[0] == all_reduce_s(message, ranks, link(H100, ranks))[0]


def test_a_gather_over_two_servers_gathers_inside_and_then_each_gpus_share_between_them() -> None:
    message = np.array([4e6])
    inside, across = all_gather_s(message, 8, link(H100, 8)), all_gather_s(message / 8, 2, inter_node_link())
    assert group_all_gather_s(message, 16, H100, 8) == pytest.approx(inside + across)
    assert group_all_gather_s(message, 8, H100, 8) == pytest.approx(inside)
    assert group_all_gather_s(message, 2, H100, 1) == pytest.approx(all_gather_s(message, 2, inter_node_link()))


def test_a_bridged_pair_reaches_others_by_pcie() -> None:
    bridged = H100.model_copy(update={"interconnect": "nvlink"})
    assert peer_link(bridged, 4, 8) == link(bridged, 4) != link(bridged, 2) == peer_link(bridged, 2, 8)


def test_a_hop_takes_the_slowest_link_on_its_way() -> None:
    assert peer_link(H100, 8, 8).bus_bandwidth == pytest.approx(c.BUS_EFFICIENCY["nvswitch"] * 450e9)
    assert peer_link(H100, 16, 8) == inter_node_link()
    assert peer_link(GPUS["mi300x"], 8, 8).bus_bandwidth == pytest.approx(448e9 / 7 * 0.7)
    assert peer_link(GPUS["l40s"], 4, 8).bus_bandwidth == pytest.approx(0.4 * 32e9)


def draws(rng: np.random.Generator, tokens: int, experts: int, per_token: int) -> np.ndarray:
    """Experts of each token, without replacement, uniform."""
    return np.argsort(rng.random((tokens, experts)), axis=1)[:, :per_token]


@pytest.mark.parametrize(("tokens", "ranks"), [(16, 8), (128, 8), (128, 32), (512, 64)])
def test_the_fullest_rank_agrees_with_a_monte_carlo(tokens: int, ranks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(c, "EXPERT_POPULARITY_SPREAD", 0.0)
    monkeypatch.setattr(c, "ROUTING_SKEW", 1.0)
    rng, pairs, hit = np.random.default_rng(7), [], []
    for _ in range(60):
        chosen = draws(rng, tokens, 256, 8)
        pairs.append(np.bincount(chosen.ravel() // (256 // ranks), minlength=ranks).max())
        hit.append(np.bincount(np.unique(chosen) // (256 // ranks), minlength=ranks).max())
    at = np.array([float(tokens)])
    assert slowest_rank_pairs(at, 256, 8, ranks)[0] == pytest.approx(np.mean(pairs), rel=0.06)
    assert slowest_rank_hit(at, 256, 8, ranks)[0] == pytest.approx(np.mean(hit), rel=0.08)


def test_lasting_popularity_adds_to_chance() -> None:
    """Experts of log-normal popularity (spread 0.5), 1,024 tokens on 8 ranks, against 40 drawn models."""
    rng, sigma = np.random.default_rng(3), np.sqrt(np.log(1.25))
    worst = []
    for _ in range(200):
        weight = rng.lognormal(-(sigma**2) / 2, sigma, 256)
        load = rng.multinomial(8 * 1024, weight / weight.sum())
        worst.append(load.reshape(8, 32).sum(axis=1).max())
    assert slowest_rank_pairs(np.array([1024.0]), 256, 8, 8)[0] == pytest.approx(np.mean(worst), rel=0.04)


@given(tokens=st.floats(1, 1e5), ranks=st.sampled_from([2, 8, 32, 64]))
def test_the_fullest_rank_has_at_least_the_mean_and_at_most_all(tokens: float, ranks: int) -> None:
    pairs = slowest_rank_pairs(np.array([tokens]), 256, 8, ranks)[0]
    assert tokens * 8 / ranks <= pairs <= tokens * 8
    assert slowest_rank_hit(np.array([tokens]), 256, 8, ranks)[0] <= 256 / ranks


def test_the_fullest_lane_agrees_with_a_monte_carlo() -> None:
    rng, sigma = np.random.default_rng(5), np.sqrt(np.log(1 + c.CONTEXT_SPREAD**2))
    contexts = rng.lognormal(-(sigma**2) / 2, sigma, (400, 8, 32))
    found = slowest_lane_contexts(np.array([256.0]), 8)[0]
    assert found == pytest.approx(contexts.sum(axis=2).max(axis=1).mean(), rel=0.02)


def test_expected_maxima() -> None:
    exact = [0.5642, 1.0294, 1.4236, 1.7660, 2.0697, 2.3440]
    assert expected_maximum(np.array([2.0, 4, 8, 16, 32, 64])) == pytest.approx(exact, abs=0.03)


def test_a_pipeline_halves_the_weights_and_keeps_the_latency_of_one_sequence() -> None:
    whole = made("llama-3.3-70b", tensor_parallel=2, mean_context_tokens=2000.0)
    halves = made("llama-3.3-70b", tensor_parallel=2, pipeline_parallel=2, mean_context_tokens=2000.0)
    assert halves.memory.weights_gb == pytest.approx(whole.memory.weights_gb / 2, rel=0.02)
    assert halves.memory.kv_capacity_tokens > 2 * whole.memory.kv_capacity_tokens
    assert decode_s(whole, 1, 2000) < decode_s(halves, 1, 2000) < 1.2 * decode_s(whole, 1, 2000)


def test_a_full_pipeline_carries_almost_twice_the_sequences() -> None:
    """256 sequences over two stages cost about what 128 cost on one: each stage computes 128 at a time."""
    whole = made("llama-3.3-70b", tensor_parallel=2)
    halves = made("llama-3.3-70b", tensor_parallel=2, pipeline_parallel=2)
    assert decode_s(halves, 256, 2000) == pytest.approx(decode_s(whole, 128, 2000), rel=0.25)
    assert decode_s(halves, 256, 2000) > decode_s(whole, 128, 2000)


def test_layers_that_do_not_divide_leave_a_bubble() -> None:
    assert slowest_stage(61, 2) == pytest.approx(62 / 61)
    assert weights_bytes(MODELS["deepseek-v3"], "fp8", Parallel(8, 2)) > (
        weights_bytes(MODELS["deepseek-v3"], "fp8", Parallel(8)) / 2
    )


def test_attention_ranks_of_a_latent_cache_hold_eight_times_as_many_tokens_each_for_itself() -> None:
    """MLA keeps 70,272 byte a token on every GPU under TP8; attention-DP lets each of 8 GPUs hold its own sequences."""
    tensor = made("deepseek-v3", H200, tensor_parallel=8)
    ranks = made("deepseek-v3", H200, attention_dp=8, expert_parallel=8)
    assert ranks.memory.kv_bytes_per_token == tensor.memory.kv_bytes_per_token
    assert ranks.memory.weights_gb > tensor.memory.weights_gb
    assert ranks.memory.kv_capacity_tokens == pytest.approx(8 * ranks.memory.kv_gb * 1e9 / 70272)
    assert ranks.memory.kv_capacity_tokens > 4 * tensor.memory.kv_capacity_tokens
    assert (ranks.table.max_batch, ranks.table.token_budget) == (8 * 256, 8 * 8192)


def test_attention_ranks_win_where_the_cache_is_read_and_lose_on_a_single_sequence() -> None:
    tensor = made("deepseek-v3", H200, tensor_parallel=8)
    ranks = made("deepseek-v3", H200, attention_dp=8, expert_parallel=8)
    assert decode_s(ranks, 1, 4000) > decode_s(tensor, 1, 4000)
    assert decode_s(ranks, 512, 8000) < decode_s(tensor, 512, 8000)


def test_a_lone_prompt_runs_on_one_rank() -> None:
    """1,024 tokens alone on one of 8 attention ranks: its attention takes as long as 8 x 1,024 on all, its experts less."""
    ranks = made("deepseek-v3", H200, attention_dp=8, expert_parallel=8, mean_context_tokens=1024.0)
    table = ranks.table
    spread, full = np.interp([1024, 8 * 1024], table.token_grid, table.tokens_s)
    assert 1.3 * spread < spread + table.prefill_fixed_s < full


def test_what_a_lone_prompt_adds_is_its_chunk_on_one_lane_and_the_pairs_that_others_would_share() -> None:
    cut, model = Parallel(attention_dp=4, expert=4), MODELS["deepseek-v3"]
    weights = format_of(model, H200, "fp8")
    assert isinstance(weights, Format)

    def chunk(parallel: Parallel, tokens: float) -> float:
        return float(work.tokens_s(model, H200, vllm(), weights, parallel, np.array([tokens]))[0])

    def added(prompt: float, pair_s: float) -> float:
        return work.excess_of_a_lone_prompt_s(model, H200, vllm(), weights, cut, pair_s, prompt)

    assert added(2000, 1e-9) - added(2000, 0.0) == pytest.approx(1e-9 * 2000**2 / 2 * 3 / 4)
    assert added(20_000, 0.0) == added(8192, 0.0), "no chunk is longer than the token budget"
    assert 0 < added(2000, 0.0) < 4 * chunk(cut, 2000)
    assert work.excess_of_a_lone_prompt_s(model, H200, vllm(), weights, Parallel(4), 1e-9, 2000) == 0


def test_whole_experts_wait_for_the_fullest_rank() -> None:
    cut = made("deepseek-v3", H200, tensor_parallel=8).table
    whole = made("deepseek-v3", H200, tensor_parallel=8, expert_parallel=8).table
    assert np.interp(64, GRID, whole.tokens_s) > np.interp(64, GRID, cut.tokens_s)


@pytest.mark.parametrize("precision", ["bf16", "fp8"])
def test_tokens_go_to_their_experts_in_the_precision_of_the_arithmetic_and_come_back_in_bf16(precision: str) -> None:
    """Eight ranks of attention and experts: one all-to-all each way; with tensor-parallel pairs a gather to the pair besides."""
    model, rows = MODELS["deepseek-v3"], np.array([512.0])
    weights = format_of(model, H200, precision)
    assert isinstance(weights, Format)
    there_bytes = {"bf16": 2.0, "fp8": c.DISPATCH_FP8_BYTES}[precision]

    def both_ways(values: float) -> float:
        return sum(all_to_all_s(np.array([values * each]), 8, 8, H200, 8)[0] for each in (there_bytes, 2.0))

    alone = work._exchange_s(model, H200, weights, Parallel(attention_dp=8, expert=8), rows)[0]
    assert alone == pytest.approx(both_ways(512 * 7168))
    pairs = work._exchange_s(model, H200, weights, Parallel(2, attention_dp=4, expert=8), rows)[0]
    gather = group_all_gather_s(np.array([512 * 7168 * 2.0]), 2, H200, 8)[0]
    assert pairs == pytest.approx(both_ways(256 * 7168) + gather)
    sliced = work._exchange_s(model, H200, weights, Parallel(attention_dp=8), rows)[0]
    assert sliced == pytest.approx(group_all_reduce_s(np.array([8 * 512 * 7168 * 2.0]), 8, H200, 8)[0])


def test_attention_ranks_of_pairs_reduce_their_dense_parts_and_exchange_at_each_layer_with_experts() -> None:
    model, cut, rows = MODELS["deepseek-v3"], Parallel(2, attention_dp=4, expert=8), np.array([512.0])
    weights = format_of(model, H200, "fp8")
    assert isinstance(weights, Format) and model.with_experts == 58
    reduced = all_reduce_s(rows * 7168 * 2, 2, link(H200, 2))[0] + vllm().collective_overhead_s
    exchanged = work._exchange_s(model, H200, weights, cut, rows)[0]
    found = work._collectives_s(model, H200, vllm(), weights, cut, rows)[0]
    assert found == pytest.approx((2 * 61 - 58) * reduced + 58 * exchanged)


@pytest.mark.parametrize("tokens", [1.0, 16.0, 3000.0])
def test_a_pipeline_of_two_takes_for_twice_the_tokens_what_one_gpu_takes_and_the_hops(tokens: float) -> None:
    model, two = MODELS["mixtral-8x7b"], Parallel(pipeline=2)
    weights = format_of(model, H200, "fp8")
    assert isinstance(weights, Format)
    alone, piped = (
        work.tokens_s(model, H200, vllm(), weights, cut, np.array([share * tokens]))[0]
        for cut, share in ((Parallel(), 1), (two, 2))
    )
    hops = 2 * (peer_link(H200, 2, 8).launch_s + tokens * 4096 * 2 / peer_link(H200, 2, 8).bus_bandwidth)
    assert piped == pytest.approx(alone + hops)


def test_the_head_gathers_logits_of_two_bytes_and_a_pipeline_runs_it_in_turn() -> None:
    model, rows = MODELS["llama-3.3-70b"], np.array([64.0])
    weights = format_of(model, H100, "bf16")
    assert isinstance(weights, Format)
    product = gemm_s(rows, 128256 // 4, 8192, kernel(H100, weights))[0]
    gather = group_all_gather_s(rows * 128256 * 2, 4, H100, 8)[0]
    assert work.sequences_s(model, H100, Parallel(4), rows)[0] == pytest.approx(product + gather)
    assert work.sequences_s(model, H100, Parallel(4, pipeline=2), 2 * rows)[0] == pytest.approx(2 * (product + gather))


def test_tensor_parallelism_over_servers_pays_for_the_network() -> None:
    near = made("llama-3.3-70b", tensor_parallel=16, gpus_per_node=16).table
    far = made("llama-3.3-70b", tensor_parallel=16).table
    assert (far.tokens_s[1:] > near.tokens_s[1:] + 80 * c.INTER_NODE_LAUNCH_S).all()


def test_an_fp8_cache_holds_twice_as_much_and_is_read_in_half_the_time() -> None:
    wide, narrow = (
        made("llama-3.3-70b", tensor_parallel=4),
        made("llama-3.3-70b", tensor_parallel=4, kv_precision="fp8"),
    )
    assert narrow.memory.kv_capacity_tokens == pytest.approx(2 * wide.memory.kv_capacity_tokens)
    assert narrow.table.kv_read_s == pytest.approx(wide.table.kv_read_s / 2, rel=0.01)


@pytest.mark.parametrize(
    ("name", "expanded"), [("h100-sxm", False), ("l40s", False), ("mi300x", False), ("a100-sxm", True)]
)
def test_an_8_bit_cache_costs_its_expansion_where_the_gpu_has_no_fp8(name: str, expanded: bool) -> None:
    """Half the bytes at 0.85 of the rate is 0.59 of the time, and the replica says that it is emulated."""
    wide, narrow = (made("llama-3.1-8b", GPUS[name], "bf16", kv_precision=kv) for kv in ("bf16", "fp8"))
    assert narrow.table.kv_read_s == pytest.approx(wide.table.kv_read_s / 2 / (0.85 if expanded else 1), rel=0.01)
    assert any("expand the 8-bit cache" in note for note in narrow.notes) == expanded
    assert not any("cache" in note for note in wide.notes)


FAULTS: list[tuple[str, dict[str, int], str]] = [
    ("llama-3.3-70b", {"tensor_parallel": 2, "expert_parallel": 2}, "no experts"),
    ("llama-3.3-70b", {"attention_dp": 2}, "are replicas"),
    ("llama-3.1-8b", {"pipeline_parallel": 33}, "has 32 layers"),
    ("mixtral-8x7b", {"tensor_parallel": 16, "expert_parallel": 16}, "has 8"),
    ("deepseek-v3", {"tensor_parallel": 8, "expert_parallel": 3}, "must divide"),
    ("deepseek-v3", {"tensor_parallel": 2, "attention_dp": 4, "expert_parallel": 4}, "over all of them or over none"),
]


@pytest.mark.parametrize(("name", "cut", "why"), FAULTS)
def test_cuts_that_cannot_be_are_refused(name: str, cut: dict[str, int], why: str) -> None:
    found = build(MODELS[name], H200, vllm(), precision="fp8", **({"tensor_parallel": 1} | cut))  # type: ignore[arg-type]
    assert isinstance(found, Rejection) and found.reason == "parallelism"
    assert why in found.detail and "Use " in found.detail
    assert found.unit == "GPU" and f"(got {list(cut)[-1]} {found.got:.0f})" in found.detail
    assert f"Use {list(cut)[-1]} {found.limit:.0f}." in found.detail


def test_an_unknown_cache_precision_is_refused() -> None:
    found = build(MODELS["llama-3.1-8b"], H100, vllm(), tensor_parallel=1, precision="bf16", kv_precision="int2")
    assert isinstance(found, Rejection) and found.reason == "precision" and "bf16, fp8" in found.detail


LAYOUTS: list[dict[str, Any]] = [
    {"tensor_parallel": 8},
    {"tensor_parallel": 8, "expert_parallel": 8},
    {"attention_dp": 8, "expert_parallel": 8},
    {"attention_dp": 8},
    {"tensor_parallel": 8, "pipeline_parallel": 2},
    {"tensor_parallel": 2, "attention_dp": 16, "expert_parallel": 32},
]


@pytest.mark.parametrize("cut", LAYOUTS)
def test_more_work_never_takes_less_time_in_any_layout(cut: dict[str, Any]) -> None:
    table = made("deepseek-v3", H200, **cut).table
    assert (np.diff(table.token_grid) > 0).all()
    assert (np.diff(table.tokens_s) >= -1e-12).all()
    reading = table.sequences_s + table.kv_read_s * table.sequence_grid * c.DEFAULT_CONTEXT_TOKENS
    assert (np.diff(reading) >= -1e-12).all()
    assert table.tokens_s[0] == table.sequences_s[0] == 0 < table.kv_capacity_tokens


def test_a_pipeline_of_attention_ranks_runs_the_head_of_each_rank_in_turn() -> None:
    """Eight sequences on four ranks are two to a rank, so two micro-batches; 16 on them fill both stages alike."""
    model = MODELS["deepseek-v3"]
    cut = Parallel(1, 4, 8, 4)
    few, full = (work.sequences_s(model, H200, cut, np.array([n]))[0] for n in (8.0, 16.0))
    assert full == pytest.approx(2 * few)


def test_a_stage_sends_each_ranks_part_of_the_hidden_states() -> None:
    over, rows = peer_link(H200, 8, 8), np.array([1000.0])
    found = work._sends_s(MODELS["llama-3.3-70b"], H200, Parallel(4, pipeline=2), rows)[0]
    assert found == pytest.approx(2 * (over.launch_s + 1000 * 8192 * 2 / 4 / over.bus_bandwidth))


def test_a_rank_may_hold_one_expert_more_than_another() -> None:
    """Ten experts on four ranks: three on the fullest, and a token has at most three of its eight there."""
    many = np.array([1e6])
    assert slowest_rank_hit(many, 10, 2, 4)[0] == pytest.approx(3.0)
    assert slowest_rank_pairs(np.array([1.0]), 10, 8, 4)[0] == 3.0
