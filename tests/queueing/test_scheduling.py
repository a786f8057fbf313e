"""When a waiting request is looked at, by hand: steps ahead, polls, holds, host time and the API process.

Every step takes one second. A (ten prompt tokens, ten output tokens) is sent at 0 and decodes from 1 to 10; B is sent
at 2.5, while the step from 2 to 3 runs, so that without any setting its first token is there at 4.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from synthetic import requests, steps

from aisizer.queueing.simulate import Outcome, simulate


def run(sent: list[float], output: list[float], replicas: int = 1, **changes: float) -> Outcome:
    """Requests of ten prompt tokens on one-second steps that are scheduled as `changes` say."""
    return simulate(replace(steps(per_step=1.0), **changes), requests(sent, 10, output), replicas=replicas)


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({}, 4.0),
        ({"schedule_ahead": 1}, 5.0),  # the step from 3 to 4 was scheduled before B came
        ({"hold_steps": 3}, 7.0),  # seen at 3 and held for the steps from 3, 4 and 5
        ({"schedule_ahead": 1, "hold_steps": 2}, 7.0),
        ({"poll_steps": 4}, 6.0),  # A's prompt was step 0: the queue is looked at before steps 1, 5 and 9
        ({"poll_steps": 4, "schedule_ahead": 1, "hold_steps": 2}, 10.0),  # open from step 6: looked at before step 9
    ],
)
def test_a_request_beside_decoding_ones_waits_for_its_look(changes: dict[str, float], first: float) -> None:
    found = run([0.0, 2.5], [10.0, 2.0], **changes)
    assert found.first_token_s.tolist() == [1.0, first]
    assert found.finish_s.tolist() == [10.0, first + 1.0]


@pytest.mark.parametrize("changes", [{"hold_steps": 100}, {"poll_steps": 100}, {"schedule_ahead": 1}])
def test_an_engine_without_answers_under_way_waits_for_nothing(changes: dict[str, float]) -> None:
    """A ends at 4; B, in the queue since 2.5, begins then, and C, sent to an idle engine, at once."""
    found = run([0.0, 2.5, 20.0], [4.0, 2.0, 2.0], **changes)
    assert found.first_token_s.tolist() == [1.0, 5.0, 21.0]


def test_whoever_waits_is_taken_along_at_the_next_look() -> None:
    """Polls before steps 1, 5: B and C, sent at 1.5 and 3.5, begin together."""
    found = run([0.0, 1.5, 3.5], [10.0, 2.0, 2.0], poll_steps=4)
    assert found.first_token_s.tolist() == [1.0, 6.0, 6.0]


def test_a_step_with_prompts_lasts_at_least_as_long_as_the_host_needs_to_launch_it() -> None:
    found = run([0.0, 2.5], [10.0, 2.0], prefill_floor_s=5.0)
    assert found.first_token_s.tolist() == [5.0, 10.0]  # B's prompt from 5 to 10; decode steps still take one second
    assert found.finish_s.tolist() == [18.0, 11.0]


def test_the_api_process_reads_one_prompt_after_the_other() -> None:
    """One second per prompt: A reaches the engine at 1, B at 2, C at 3."""
    found = run([0.0, 0.0, 0.0], [2.0, 2.0, 2.0], request_token_s=0.1)
    assert found.ttft_s.tolist() == [2.0, 3.0, 4.0]


def test_each_replica_brings_its_own_share_of_api_processes() -> None:
    """Two replicas: prompts begin to be read half a second apart, and each is read in a second."""
    found = run([0.0, 0.0, 0.0], [1.0, 1.0, 1.0], replicas=2, request_token_s=0.1)
    assert found.ttft_s.tolist() == [2.0, 2.5, 3.0]
