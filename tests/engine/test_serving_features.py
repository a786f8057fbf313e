"""Graph padding, the API station, grouped emission, speculative decoding and separate pools."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hand_built import GPUS, MODELS, vllm
from hypothesis import given
from hypothesis import strategies as st

from aisizer.engine.collectives import Link
from aisizer.engine.disaggregated import (
    HANDOVER_S,
    decode_rate_req_s,
    decode_table,
    exposed_transfer_s,
    kv_transfer_s,
    prefill_s,
    prefill_table,
)
from aisizer.engine.graphs import captured
from aisizer.engine.replica import Replica, build
from aisizer.engine.speculative import Speculation, accepted_tokens, speculative_replica, speculative_table
from aisizer.errors import Rejection
from aisizer.queueing.front import ceiling_req_s
from aisizer.shapes import StepTable

H100 = GPUS["h100-sxm"]


def table(name: str = "llama-3.3-70b", t: int = 4, **engine: object) -> StepTable:
    found = build(MODELS[name], H100, vllm(**engine), tensor_parallel=t, precision="fp8")
    assert isinstance(found, Replica)
    return found.table


def decode_s(of: StepTable, sequences: float, context: float = 1000.0) -> float:
    total = np.interp(sequences, of.token_grid, of.tokens_s) + np.interp(sequences, of.sequence_grid, of.sequences_s)
    total += of.kv_read_s * sequences * context + of.decode_fixed_s
    return float(total + of.step_fixed_s + of.per_sequence_s * sequences)


@given(tokens=st.integers(1, 2000), largest=st.sampled_from([1, 8, 256, 512]))
def test_padding_only_adds_and_stops_at_the_largest_graph(tokens: int, largest: int) -> None:
    padded = captured(np.array([float(tokens)]), largest)[0]
    assert tokens <= padded <= max(tokens + 15, largest) if tokens <= largest else padded == tokens
    assert padded <= largest or padded == tokens


def test_a_step_runs_the_next_captured_size() -> None:
    """9 sequences of a MoE run the graph of 16 and read the experts of 16."""
    free, graphed = table("mixtral-8x7b", 2), table("mixtral-8x7b", 2, largest_captured_batch=512)
    assert graphed.tokens_s[graphed.token_grid == 12] == pytest.approx(free.tokens_s[free.token_grid == 16], rel=1e-6)
    assert (graphed.tokens_s >= free.tokens_s).all()


def test_beyond_the_graphs_a_small_model_waits_for_its_host() -> None:
    small = MODELS["llama-3.1-8b"].model_copy(update={"hidden": 1024, "ffn": 2048, "heads": 8})
    engine = vllm(largest_captured_batch=64, launch_s=6e-6)
    found = build(small, H100, engine, tensor_parallel=1, precision="fp8")
    assert isinstance(found, Replica)
    assert np.interp(65, found.table.token_grid, found.table.tokens_s) == pytest.approx(32 * 12 * engine.launch_s)
    assert np.interp(64, found.table.token_grid, found.table.tokens_s) < 32 * 12 * engine.launch_s


def test_a_station_is_unknown_until_both_times_are_given() -> None:
    assert ceiling_req_s(table(), 1000, 200) == ceiling_req_s(table(api_request_s=0.002), 1000, 200) == inf
    full = table(api_request_s=0.002, api_token_s=5e-5, api_processes=4)
    assert ceiling_req_s(full, 1000, 200) == pytest.approx(4 / 0.012)
    assert full.request_fixed_s == table().request_fixed_s, "what an idle process takes is measured there already"


@given(acceptance=st.floats(0, 1), draft=st.integers(0, 8))
def test_accepted_tokens_are_the_sum_of_chances(acceptance: float, draft: int) -> None:
    assert accepted_tokens(acceptance, draft) == pytest.approx(sum(acceptance**i for i in range(draft + 1)))


@given(sequences=st.integers(1, 250), acceptance=st.floats(0.1, 0.95), draft=st.integers(1, 4))
def test_a_speculative_step_is_the_real_step_over_what_it_adds(sequences: int, acceptance: float, draft: int) -> None:
    plain = TABLE
    quick = speculative_table(plain, acceptance=acceptance, draft_tokens=draft, draft_share=0.1)

    def parts(count: float) -> tuple[float, float]:
        tokens = float(np.interp(count, plain.token_grid, plain.tokens_s))
        return tokens, float(np.interp(count, plain.sequence_grid, plain.sequences_s))

    attention = plain.kv_read_s * sequences * 1000 + plain.decode_fixed_s
    one_draft = 0.1 * (parts(sequences)[0] + attention) + parts(sequences)[1]
    real = sum(parts(sequences * (draft + 1))) + attention + draft * one_draft
    real += plain.step_fixed_s + plain.per_sequence_s * sequences
    assert decode_s(quick, sequences) == pytest.approx(real / accepted_tokens(acceptance, draft), rel=2e-3)


TABLE = table()


@pytest.mark.parametrize(("acceptance", "draft"), [(-0.1, 2), (1.1, 2), (0.5, -1)])
def test_a_chance_lies_between_0_and_1(acceptance: float, draft: int) -> None:
    with pytest.raises(ValueError, match=r"lies in 0..1"):
        accepted_tokens(acceptance, draft)


def test_speculation_pays_for_few_sequences_and_costs_for_many_that_fail() -> None:
    quick = speculative_table(TABLE, acceptance=0.8, draft_tokens=3, draft_share=1 / 80)
    assert decode_s(quick, 1) < 0.6 * decode_s(TABLE, 1)
    poor = speculative_table(TABLE, acceptance=0.1, draft_tokens=3, draft_share=1 / 80)
    assert decode_s(poor, 250) > decode_s(TABLE, 250)


def test_a_step_that_advances_more_tokens_has_a_smaller_budget_and_floor_for_each() -> None:
    floored = replace(TABLE, prefill_floor_s=0.02)
    quick = speculative_table(floored, acceptance=0.8, draft_tokens=3, draft_share=1 / 80)
    accepted = accepted_tokens(0.8, 3)
    assert quick.token_budget == int(TABLE.token_budget / accepted)
    assert quick.prefill_floor_s == pytest.approx(0.02 / accepted)
    assert quick.prefill_fixed_s == pytest.approx(TABLE.prefill_fixed_s / accepted)


def test_speculation_leaves_long_prompts_as_they_are() -> None:
    quick = speculative_table(TABLE, acceptance=0.8, draft_tokens=3, draft_share=1 / 80)
    per_token = [np.interp(b, t.token_grid, t.tokens_s) / b for t, b in ((TABLE, 8192), (quick, 8192 / 2.952))]
    assert per_token[1] == pytest.approx(per_token[0], rel=0.001)
    assert quick.prefill_attention_s == TABLE.prefill_attention_s


def test_the_layers_that_draft_take_memory_and_time_of_their_own() -> None:
    """One layer of 80 more: 1/80 of weights and of the cache per token; a draft model of half the layers does not fit."""
    plain = build(MODELS["llama-3.3-70b"], H100, vllm(), tensor_parallel=2, precision="fp8")
    assert isinstance(plain, Replica)
    quick = speculative_replica(plain, 80, Speculation(1, 0.85))
    assert isinstance(quick, Replica)
    left = plain.memory.kv_gb - plain.memory.weights_gb / 80
    assert quick.memory.kv_gb == pytest.approx(left)
    assert quick.table.kv_capacity_tokens == pytest.approx(
        plain.table.kv_capacity_tokens * left / plain.memory.kv_gb / (1 + 1 / 80)
    )
    assert quick.memory.kv_capacity_tokens == pytest.approx(
        plain.memory.kv_capacity_tokens * left / plain.memory.kv_gb / (1 + 1 / 80)
    )
    assert quick.memory.weights_gb == pytest.approx(plain.memory.weights_gb * (1 + 1 / 80))
    assert quick.memory.kv_bytes_per_token == pytest.approx(plain.memory.kv_bytes_per_token * (1 + 1 / 80))
    assert (quick.table.max_batch, quick.notes) == (plain.table.max_batch, plain.notes)
    assert decode_s(plain.table, 8) / 1.85 < decode_s(quick.table, 8) < decode_s(plain.table, 8)
    refused = speculative_replica(plain, 80, Speculation(1, 0.85, 0.95))
    assert isinstance(refused, Rejection) and refused.reason == "memory" and "Use more GPUs" in refused.detail
    drafts_gb = 0.95 * plain.memory.weights_gb
    assert (refused.got, refused.limit, refused.unit) == (drafts_gb, plain.memory.kv_gb, "GB")
    assert f"need {drafts_gb:.1f} GB beside the model, and {plain.memory.kv_gb:.1f} GB are" in refused.detail


def test_the_batch_is_narrowed_to_the_sequences_whose_drafts_the_tables_hold() -> None:
    plain = build(MODELS["llama-3.3-70b"], H100, vllm(max_batch=8192), tensor_parallel=4, precision="fp8")
    assert isinstance(plain, Replica)
    quick = speculative_replica(plain, 80, Speculation(3, 0.8))
    assert isinstance(quick, Replica)
    last = min(plain.table.token_grid[-1], plain.table.sequence_grid[-1])
    assert quick.table.max_batch == last // 4 < plain.table.max_batch


def test_a_third_of_a_table_is_a_whole_number_of_sequences_and_is_used_to_its_end() -> None:
    plain = build(MODELS["gpt-oss-120b"], GPUS["h200-sxm"], vllm(max_batch=8192), tensor_parallel=4, precision="fp4")
    assert isinstance(plain, Replica) and plain.notes
    quick = speculative_replica(plain, 36, Speculation(2, 0.8))
    assert isinstance(quick, Replica)
    assert (quick.table.max_batch, quick.notes) == (16384 // 3, plain.notes)
    assert 3 * quick.table.sequence_grid[-1] == 16384


@pytest.mark.parametrize(("left_gb", "fits"), [(0.0, False), (0.5, True)])
def test_drafts_may_leave_little_for_the_cache_but_not_nothing(left_gb: float, fits: bool) -> None:
    plain = build(MODELS["llama-3.1-8b"], H100, vllm(), tensor_parallel=1, precision="bf16")
    assert isinstance(plain, Replica)
    tight = replace(plain, memory=replace(plain.memory, weights_gb=10.0, kv_gb=5.0 + left_gb))
    assert isinstance(speculative_replica(tight, 32, Speculation(1, 0.8, 0.5)), Replica) is fits


def test_a_batch_that_the_table_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="exceed the table"):
        speculative_table(table(max_batch=8192), acceptance=0.8, draft_tokens=3, draft_share=0.0)


def test_a_prompt_of_70b_crosses_the_network_faster_than_it_is_computed() -> None:
    prefill, transfer = prefill_s(TABLE, 4096), kv_transfer_s(81920, 4096, Link(10e-6, 42.5e9))
    assert transfer == pytest.approx(7.9e-3, rel=0.01)
    assert 0.1 < prefill < 0.4
    assert exposed_transfer_s(transfer, prefill, 80) == pytest.approx(transfer / 80)


@given(prompt=st.integers(1, 30000), more=st.integers(1, 5000))
def test_longer_prompts_take_longer(prompt: int, more: int) -> None:
    assert prefill_s(TABLE, prompt + more) > prefill_s(TABLE, prompt) > 0


def test_a_prefill_replica_hands_its_cache_over_and_a_decode_replica_launches_no_prompt() -> None:
    """4,096 tokens of 81,920 byte hide behind 80 layers: 1/80 of 7.9 ms shows, after the 200 ms that the hand-over takes."""
    plain = build(MODELS["llama-3.3-70b"], H100, vllm(), tensor_parallel=4, precision="fp8")
    assert isinstance(plain, Replica)
    first, rest = prefill_table(plain, 80, 4096), decode_table(plain.table)
    assert first.request_fixed_s - plain.table.request_fixed_s == pytest.approx(HANDOVER_S + 7.9e-3 / 80, abs=1e-5)
    assert (first.tokens_s == plain.table.tokens_s).all() and (rest.tokens_s == plain.table.tokens_s).all()
    assert rest.prefill_fixed_s == rest.request_fixed_s == 0.0
    assert rest.prefill_attention_s == rest.kv_read_s == plain.table.kv_read_s
    assert rest.kv_capacity_tokens == plain.table.kv_capacity_tokens
    held = replace(plain.table, request_token_s=1e-6, hold_steps=3, prefill_floor_s=0.01)
    alone = decode_table(held)
    assert (alone.request_token_s, alone.hold_steps, alone.prefill_floor_s) == (0.0, 0, 0.0)


def test_a_prompt_alone_pays_every_part_of_its_steps() -> None:
    """1,500 tokens in steps of 1,000 and 500: twice the fixed parts, one head and one sequence, attention over 1,500^2 / 2."""
    grid = np.array([0.0, 1000.0])
    parts = StepTable(grid, grid * 1e-4, grid, grid * 2e-3, 4e-9, 0.0, 0.003, 0.0, 0.005, 0.007, 0.0, 1e5, 16, 1000)
    by_hand = 0.150 + 0.002 + 0.007 + 2 * (0.003 + 0.005) + 4e-9 * 1500**2 / 2
    assert prefill_s(parts, 1500) == pytest.approx(by_hand)


def test_a_decode_replica_computes_no_more_sequences_than_its_budget_holds_beside_one() -> None:
    grid = np.array([0.0, 64.0])
    parts = StepTable(grid, 0 * grid, grid, 0 * grid, 0.0, 0.0, 0.0, 0.0, 0.01, 0.0, 0.0, 1e9, 64, 33)
    assert decode_rate_req_s(parts, 1000, 101) == pytest.approx(32 / (100 * 0.01))


def test_a_decode_step_has_every_part_at_the_sequences_that_batch_and_cache_hold() -> None:
    """1,000 prompt tokens and half of 200: contexts of 1,100, of which 13,500 tokens hold 12, and a batch 10."""
    grid = np.array([0.0, 1000.0])
    parts = StepTable(
        grid, grid * 1e-4, grid, grid * 2e-3, 4e-9, 3e-7, 0.003, 0.004, 0.005, 0.007, 0.0, 13_500, 10, 1000
    )
    for held, sequences in ((parts, 10), (replace(parts, max_batch=64), 12)):
        step = sequences * (1e-4 + 2e-3 + 0.007 + 3e-7 * 1100) + 0.004 + 0.005
        assert decode_rate_req_s(held, 1000, 200) == pytest.approx(sequences / (199 * step))


@given(prompt=st.integers(100, 20000), output=st.integers(2, 3000))
def test_a_longer_answer_or_prompt_lowers_the_decode_rate(prompt: int, output: int) -> None:
    rates = [
        decode_rate_req_s(TABLE, p, o) for p, o in ((prompt, output), (prompt, output + 100), (prompt + 1000, output))
    ]
    assert rates[0] > rates[1] > 0 and rates[0] >= rates[2] > 0
