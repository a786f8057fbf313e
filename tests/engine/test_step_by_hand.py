"""A step is the sum of its kernels: each layout's sum written out once more, kernel by kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hand_built import GPUS, MODELS, vllm

from aisizer.catalog.records import Model
from aisizer.engine import constants as c
from aisizer.engine import work
from aisizer.engine.attention import prefill_attention_s
from aisizer.engine.collectives import (
    all_gather_s,
    all_to_all_s,
    group_all_gather_s,
    group_all_reduce_s,
    link,
    peer_link,
)
from aisizer.engine.formats import Format, format_of
from aisizer.engine.graphs import host_s
from aisizer.engine.imbalance import slowest_rank_hit, slowest_rank_pairs
from aisizer.engine.layouts import matrices, only_experts_quantised
from aisizer.engine.machine import bandwidth, expert_kernel, kernel
from aisizer.engine.parallel import Parallel
from aisizer.engine.replica import GRID, Replica, build
from aisizer.engine.roofline import elementwise_s, gemm_s, grouped_s, moe_s
from aisizer.shapes import StepTable

H100, H200 = GPUS["h100-sxm"], GPUS["h200-sxm"]
BF16 = Format(16.0, "bf16", weight_only=False)


def weights_of(name: str, precision: str) -> Format:
    found = format_of(MODELS[name], H100, precision)
    assert isinstance(found, Format)
    return found


def reduce_s(rows: np.ndarray, hidden: int, ranks: int) -> np.ndarray:
    return (
        group_all_reduce_s(rows * hidden * 2, ranks, H100, 8) + vllm(collective_overhead_s=3e-6).collective_overhead_s
    )


def step_s(model: Model, weights: Format, cut: Parallel, tokens: float) -> float:
    engine = vllm(collective_overhead_s=3e-6)
    return float(work.tokens_s(model, H100, engine, weights, cut, np.array([tokens]))[0])


def table(name: str, precision: str = "fp8", **more: Any) -> StepTable:
    found = build(
        MODELS[name], H200, vllm(**more.pop("engine", {})), precision=precision, **({"tensor_parallel": 1} | more)
    )
    assert isinstance(found, Replica), found
    return found.table


def test_a_dense_model_on_four_gpus() -> None:
    """80 layers of query, key and value; output; gate and up; down; two norms and two reductions."""
    rows, weights = np.array([300.0]), weights_of("llama-3.3-70b", "fp8")
    shapes = [(16 * 128 + 2 * 2 * 128, 8192), (8192, 16 * 128), (2 * 7168, 8192), (8192, 7168)]
    expected = sum(80 * gemm_s(rows, outputs, inputs, kernel(H100, weights)) for outputs, inputs in shapes)
    values = c.NORM_PASSES / 2 * 8192 * 160 + 80 * sum(outputs for outputs, _ in shapes)
    expected = expected + elementwise_s(rows, values, bandwidth(H100)) + 160 * reduce_s(rows, 8192, 4)
    assert step_s(MODELS["llama-3.3-70b"], weights, Parallel(4), 300) == pytest.approx(float(expected[0]))


@pytest.mark.parametrize("tokens", [1.0, 300.0])
@pytest.mark.parametrize(("name", "precision"), [("mixtral-8x7b", "fp8"), ("gpt-oss-120b", "fp4")])
def test_experts_of_one_gpu_and_matrices_that_stay_in_bf16(name: str, precision: str, tokens: float) -> None:
    """The router is BF16 everywhere, and so is all but the experts of a published 4-bit checkpoint."""
    model, weights, rows = MODELS[name], weights_of(name, precision), np.array([tokens])
    groups = [(g.layers, g.kv_heads, g.head_dim) for g in model.attention]
    dense = kernel(H100, BF16 if precision == "fp4" else weights)
    expected, outputs = np.zeros(1), 0
    for layers, kv_heads, width in groups:
        wide = (model.heads + 2 * kv_heads) * width
        expected += layers * gemm_s(rows, wide, model.hidden, dense)
        expected += layers * gemm_s(rows, model.hidden, model.heads * width, dense)
        outputs += layers * (wide + model.hidden)
    expected += model.layers * gemm_s(rows, model.experts, model.hidden, kernel(H100, BF16))
    outputs += model.layers * model.experts
    assert model.expert_ffn is not None
    expert = (model.experts, model.experts_per_token, model.hidden, model.expert_ffn, 3)
    expected += model.layers * moe_s(rows, *expert, expert_kernel(H100, weights))
    expected += elementwise_s(rows, c.NORM_PASSES * model.hidden * model.layers + outputs, bandwidth(H100))
    assert step_s(model, weights, Parallel(), tokens) == pytest.approx(float(expected[0]))


def test_whole_experts_on_two_ranks_are_those_of_the_fullest() -> None:
    rows, weights = np.array([64.0]), weights_of("mixtral-8x7b", "fp8")
    pairs, hit = slowest_rank_pairs(rows, 8, 2, 2), slowest_rank_hit(rows, 8, 2, 2)
    found = work._experts_s(MODELS["mixtral-8x7b"], H100, weights, Parallel(2, expert=2), rows)
    assert found == pytest.approx(32 * grouped_s(pairs, hit, 4096, 14336, 3, expert_kernel(H100, weights)))


def test_what_is_reduced_and_what_is_exchanged() -> None:
    """A reduction for each attention and each MLP; one for both where they run side by side; with ranks of attention the
    layers with experts exchange tokens in place of theirs, and a rank of one GPU reduces nothing."""
    rows, engine = np.array([64.0]), vllm(collective_overhead_s=3e-6)

    def found(model: Model, cut: Parallel) -> float:
        return float(work._collectives_s(model, H100, engine, weights_of("deepseek-v3", "fp8"), cut, rows)[0])

    mixtral, deepseek = MODELS["mixtral-8x7b"], MODELS["deepseek-v3"]
    one = float(reduce_s(rows, 4096, 2)[0])
    assert found(mixtral, Parallel(2)) == pytest.approx(64 * one)
    assert found(mixtral.model_copy(update={"parallel_attention": True}), Parallel(2)) == pytest.approx(32 * one)
    for ranks in (2, 8):
        cut = Parallel(attention_dp=ranks, expert=ranks)
        exchange = work._exchange_s(deepseek, H100, weights_of("deepseek-v3", "fp8"), cut, rows)
        assert found(deepseek, cut) == pytest.approx(58 * float(exchange[0]))


def test_a_pipeline_waits_for_its_longest_stage() -> None:
    """33 layers on two GPUs are 17 and 16: two micro-batches take 34 / 33 of both halves, and two hops."""
    model = MODELS["llama-3.1-8b"].model_copy(
        update={"layers": 33, "attention": (MODELS["llama-3.1-8b"].attention[0].model_copy(update={"layers": 33}),)}
    )
    over = peer_link(H100, 2, 8)
    hops = 2 * (over.launch_s + 64 * 4096 * 2 / over.bus_bandwidth)
    alone = step_s(model, BF16, Parallel(), 64)
    assert step_s(model, BF16, Parallel(pipeline=2), 128) == pytest.approx(alone * 34 / 33 + hops)


def test_a_lane_computes_its_head_for_one_sequence_at_least_and_gathers_it_in_its_own_gpus() -> None:
    model = MODELS["llama-3.3-70b"]

    def head(cut: Parallel, sequences: float) -> float:
        return float(work.sequences_s(model, H100, cut, np.array([sequences]))[0])

    product = gemm_s(np.array([1.0]), 128256, 8192, kernel(H100, BF16))[0]
    assert head(Parallel(attention_dp=8), 1) == head(Parallel(attention_dp=8), 8) == head(Parallel(), 1) == product
    assert head(Parallel(attention_dp=4, pipeline=2), 1) == head(Parallel(attention_dp=4, pipeline=2), 4) == product
    half = gemm_s(np.array([1.0]), 64128, 8192, kernel(H100, BF16))[0]
    gather = group_all_gather_s(np.array([128256 * 2.0]), 2, H100, 8)[0]
    assert head(Parallel(2), 1) == pytest.approx(half + gather)


def test_a_lone_prompt_is_its_chunk_on_one_lane_less_its_share_of_all() -> None:
    cut, model, chunk = Parallel(attention_dp=2, expert=2), MODELS["mixtral-8x7b"], np.array([2000.0])
    weights = weights_of("mixtral-8x7b", "fp8")
    alone = work._lane_s(model, H100, vllm(), weights, cut, chunk, chunk)[0]
    spread = work.tokens_s(model, H100, vllm(), weights, cut, chunk)[0]
    found = work.excess_of_a_lone_prompt_s(model, H100, vllm(), weights, cut, 0.0, 2000)
    assert 0 < found == pytest.approx(alone - spread)


def test_two_gpus_gather_over_their_link() -> None:
    message = np.array([4e6])
    assert group_all_gather_s(message, 2, H100, 8) == all_gather_s(message, 2, link(H100, 2))


@pytest.mark.parametrize("ranks", [2, 8])
def test_few_tokens_travel_copy_by_copy_inside_a_server(ranks: int) -> None:
    """Each of 4 copies of a token goes to one of the others with a chance of (n - 1) / n."""
    sent = 4 * (ranks - 1) / ranks * 1e4 / link(H100, ranks).bus_bandwidth
    found = all_to_all_s(np.array([1e4]), 4, ranks, H100, 8)[0] - c.ALL_TO_ALL_LAUNCH_S
    assert found == pytest.approx(sent, rel=1e-6)


def test_copies_among_four_of_a_bridged_pair_go_over_pcie() -> None:
    bridged = H100.model_copy(update={"interconnect": "nvlink"})
    found = all_to_all_s(np.array([1e4]), 4, 4, bridged, 8)[0] - c.ALL_TO_ALL_LAUNCH_S
    assert found == pytest.approx(3 * 1e4 / link(bridged, 4).bus_bandwidth, rel=1e-6)
    assert link(bridged, 4).bus_bandwidth < link(bridged, 2).bus_bandwidth


def test_a_table_is_of_the_slowest_lane() -> None:
    """Eight ranks: samples at eight times the grid, and a rank's share of what each prompt and sequence costs."""
    ranks = table("deepseek-v3", attention_dp=8, expert_parallel=8, mean_context_tokens=1024.0)
    assert ranks.token_grid[:3].tolist() == [0, 1, 8] and ranks.token_grid[-1] == 8 * GRID[-1]
    assert ranks.token_grid.size == GRID.size + 1
    pair_s = prefill_attention_s(MODELS["deepseek-v3"], H200, 1, 1024.0)
    assert ranks.prefill_attention_s == pytest.approx(pair_s / 8)
    assert ranks.per_sequence_s == pytest.approx(5e-6 / 8)


def test_a_table_holds_the_hosts_floor_and_how_far_the_engine_schedules_ahead() -> None:
    engine = {"launch_s": 50e-6, "schedule_ahead": 1}
    found = table("llama-3.1-8b", engine=engine)
    model = MODELS["llama-3.1-8b"]
    weights = weights_of("llama-3.1-8b", "fp8")
    assert found.schedule_ahead == 1
    assert found.prefill_floor_s == pytest.approx(host_s(model, vllm(**engine), weights)) and found.prefill_floor_s > 0


def test_an_engine_may_fill_the_whole_table() -> None:
    assert table("llama-3.1-8b", engine={"token_budget": 16384}).token_budget == GRID[-1] == 16384


@pytest.mark.parametrize("kind", ["fp8", "bf16"])
def test_a_host_launches_every_kernel_of_the_layers(kind: str) -> None:
    """Latent attention in 61 layers, three dense MLPs, 58 layers of experts with a shared one; Mixtral shares none."""
    weights = weights_of("deepseek-v3", kind)
    deepseek = 61 * c.KERNELS["mla"] + 61 * c.MLP_KERNELS + 58 * (c.EXPERT_KERNELS[kind] + c.SHARED_EXPERT_KERNELS)
    mixtral = 32 * c.KERNELS["full"] + 32 * c.MLP_KERNELS + 32 * c.EXPERT_KERNELS[kind]
    for name, kernels in (("deepseek-v3", deepseek), ("mixtral-8x7b", mixtral)):
        assert host_s(MODELS[name], vllm(launch_s=50e-6), weights) == pytest.approx(kernels * 50e-6)
    sparse = MODELS["deepseek-v3"].model_copy(update={"index_topk": 2048, "index_heads": 64, "index_head_dim": 128})
    more = host_s(sparse, vllm(launch_s=50e-6), weights) - deepseek * 50e-6
    assert more == pytest.approx(61 * c.INDEXER_KERNELS * 50e-6)


def test_a_clock_that_a_card_cannot_hold_lowers_its_rate() -> None:
    slow = H100.model_copy(update={"sustained_clock_share": 0.8})
    assert kernel(slow, BF16).flops == pytest.approx(0.8 * kernel(H100, BF16).flops)


def test_three_gpus_of_bridged_pairs_are_no_pair() -> None:
    bridged = H100.model_copy(update={"interconnect": "nvlink"})
    assert link(bridged, 3) == link(bridged, 4)


def test_which_matrices_a_precision_narrows() -> None:
    """The router never; shared experts and the way into the experts' width as all else, but of published 4-bit experts."""
    found = matrices(MODELS["deepseek-v3"], 1)
    assert [m.outputs for m in found if not m.quantised] == [256] and sum(m.layers == 58 for m in found) == 3
    latent = MODELS["deepseek-v3"].model_copy(update={"expert_hidden": 2048})
    ways = [m for m in matrices(latent, 1) if 2048 in (m.outputs, m.inputs) and 7168 in (m.outputs, m.inputs)]
    assert len(ways) >= 2 and all(m.quantised for m in ways)
    model = MODELS["mixtral-8x7b"]
    for published, alone in (("int4", True), ("fp4", True), ("fp8", False)):
        assert only_experts_quantised(model.model_copy(update={"published_precision": published})) is alone
    dense = MODELS["llama-3.1-8b"].model_copy(update={"published_precision": "fp4"})
    assert not only_experts_quantised(dense)
