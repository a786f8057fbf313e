"""The time that prompts and answers take, against the simulator's busy time and hand-worked shares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic import LARGE, SMALL, requests, steps, traffic

from aisizer.queueing.occupancy import Load, solve
from aisizer.queueing.phases import Phases, phases
from aisizer.queueing.simulate import simulate
from aisizer.shapes import StepTable

PLAIN = replace(
    steps(per_step=0.1, per_token=1e-3, budget=100),
    prefill_fixed_s=0.02,
    decode_fixed_s=0.03,
    per_sequence_s=0.004,
    prefill_attention_s=1e-6,
    kv_read_s=1e-5,
)
"""every part of a step a figure of its own"""


def found(table: StepTable, name: str, rate: float) -> Phases:
    sample = traffic(name, 2000)
    latency = solve([table], sample, Load(np.array([rate]), np.zeros(1)), np.ones(1))
    return phases(table, sample, np.array([rate]), latency.tpot["mean"][0])


@pytest.mark.parametrize("table, name, rate", [(LARGE, "chat", 1.0), (LARGE, "chat", 4.0), (SMALL, "rag", 2.0)])
def test_both_phases_together_are_the_busy_time_of_the_simulator(table: StepTable, name: str, rate: float) -> None:
    its = found(table, name, rate)
    run = simulate(table, traffic(name, 4000, rate=rate), seed=1)
    assert rate * (its.prefill_s + its.decode_s) == pytest.approx(run.busy_s / run.makespan_s, rel=0.12)


def test_a_longer_answer_takes_a_larger_part_and_a_longer_prompt_a_smaller_one() -> None:
    chat, rag, reason = (found(LARGE, name, 0.5).prefill_share for name in ("chat", "rag", "reason"))
    assert reason < chat < rag


def test_an_embedder_computes_prompts_alone() -> None:
    sample = traffic("chat", 500)
    single = type(sample)(sample.arrival_s, sample.prompt_tokens, np.ones(500), sample.cached_tokens, sample.class_id)
    assert phases(SMALL, single, np.array([2.0]), np.array([np.nan])).prefill_share == 1.0


def test_a_fuller_replica_shares_its_steps_among_more_answers() -> None:
    light, heavy = found(LARGE, "chat", 0.5), found(LARGE, "chat", 4.0)
    assert heavy.decode_s < light.decode_s and heavy.prefill_share > light.prefill_share


def test_a_request_alone_takes_what_the_simulator_takes_for_it() -> None:
    one = requests([0.0], 1500, 200)
    run = simulate(SMALL, one)
    its = phases(SMALL, one, np.array([1e-6]), run.tpot_s)
    assert its.prefill_s == pytest.approx(float(run.ttft_s[0]) - SMALL.request_fixed_s, rel=0.02)
    assert its.decode_s == pytest.approx(199 * float(run.tpot_s[0]), rel=0.02)


def test_a_prompt_beside_answers_takes_what_it_prolongs_their_steps_by() -> None:
    """By hand: 2 req/s x 10 steps x 0.2 s are 4 that decode, and a prompt of 200 tokens takes 200/96 steps of 96."""
    its = phases(PLAIN, requests([0.0], 200, 11), np.array([2.0]), np.array([0.2]))
    longer = 96e-3 + 0.02 + 1e-6 * 96 * 100 + 0.004 * 96 / 200
    step = 4e-3 + 0.1 + 0.03 + 0.004 * 4 + 1e-5 * 4 * (200 + 11 / 2)
    assert its.prefill_s == pytest.approx(longer * 200 / 96, rel=1e-12)
    assert its.decode_s == pytest.approx(10 * step / 4, rel=1e-12)


def test_a_prompt_takes_the_whole_step_where_nobody_decodes() -> None:
    """By hand: 2 req/s x 1 step x 0.15 s, so that one decodes three tenths of the time and nobody else ever."""
    its = phases(PLAIN, requests([0.0], 50, 2), np.array([2.0]), np.array([0.15]))
    longer = 50e-3 + 0.02 + 1e-6 * 50 * 25 + 0.004
    assert its.prefill_s == pytest.approx(0.3 * longer + 0.7 * (longer + 0.1), rel=1e-12)
    assert its.decode_s == pytest.approx(1e-3 + 0.1 + 0.03 + 0.004 + 1e-5 * (50 + 2 / 2), rel=1e-12)


def test_first_tokens_alone_decode_nothing_beside_a_class_of_answers() -> None:
    """By hand: of 4 req/s one is answered in 8 more steps of 0.25 s, so that 2 decode, and a mean request takes 2 steps."""
    both = replace(requests([0.0, 0.0], 40, [1, 9]), class_id=np.array([0, 1]))
    its = phases(PLAIN, both, np.array([3.0, 1.0]), np.array([np.nan, 0.25]))
    step = 2e-3 + 0.1 + 0.03 + 0.004 * 2 + 1e-5 * 2 * (40 + 9 / 2)
    assert its.prefill_s == pytest.approx(40e-3 + 0.02 + 1e-6 * 40 * 20 + 0.004, rel=1e-12)
    assert its.decode_s == pytest.approx(2 * step / 2, rel=1e-12)
