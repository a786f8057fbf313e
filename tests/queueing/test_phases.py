"""The time that prompts and answers take, against the simulator's busy time and hand-worked shares."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic import LARGE, SMALL, traffic

from aisizer.queueing.occupancy import Load, solve
from aisizer.queueing.phases import Phases, phases
from aisizer.queueing.simulate import simulate
from aisizer.shapes import StepTable


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
