"""A static batch: one step for all prompts, then equal decode steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic import LARGE, requests, steps

from aisizer.queueing.simulate import simulate, static_batch


def test_a_static_batch_is_a_burst_that_one_step_computes() -> None:
    table = replace(LARGE, token_budget=16384, request_fixed_s=0.0)
    for batch, prompt, output in ((1, 100, 50), (16, 1000, 200), (8, 2000, 2)):
        run = simulate(table, requests(np.zeros(batch), prompt, output))
        expected = (run.ttft_s[0], run.tpot_s[0], run.makespan_s)
        assert static_batch(table, prompt, output, batch) == pytest.approx(expected, rel=1e-9)
        cached = replace(requests(np.zeros(batch), prompt, output), cached_tokens=np.full(batch, 64.0))
        first = simulate(table, cached).ttft_s[0]
        assert static_batch(table, prompt, output, batch, 64.0)[0] == pytest.approx(first, rel=1e-9)
    assert np.isnan(static_batch(table, 100, 1, 4)[1])


def test_a_static_batch_beyond_the_grid_goes_on_in_a_straight_line() -> None:
    table = steps(per_token=1e-3)
    assert static_batch(table, 10_000.0, 1.0, 10)[0] == pytest.approx(100.0)


def test_each_term_of_a_static_batch() -> None:
    """By hand: a table of 1 ms per token and half a millisecond per sequence, and every fixed part a figure of its own."""
    table = replace(
        steps(per_step=0.1, per_token=1e-3),
        sequences_s=np.array([0.0, 2.048]),
        prefill_fixed_s=0.02,
        decode_fixed_s=0.03,
        per_sequence_s=0.004,
        prefill_attention_s=1e-6,
        kv_read_s=1e-5,
    )
    first = 1e-3 * 8 * 60 + 0.1 + 0.0005 * 8 + 0.004 * 8 + 0.02 + 1e-6 * 8 * 60 * (40 + 30)
    step = 1e-3 * 8 + 0.1 + 0.0005 * 8 + 0.004 * 8 + 0.03 + 1e-5 * 8 * (100 + 15)
    expected = (first, step, first + 29 * step)
    assert static_batch(table, 100, 30, 8, 40) == pytest.approx(expected, rel=1e-12)
    assert static_batch(replace(table, prefill_floor_s=9.0), 100, 1, 8)[::2] == (9.0, 9.0)


@pytest.mark.parametrize("asked", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_a_static_batch_of_nothing_is_refused(asked: tuple[int, int, int]) -> None:
    with pytest.raises(
        ValueError, match=r"needs at least one prompt token, output token and request \(got \d, \d, \d\)"
    ):
        static_batch(LARGE, *asked)
    assert static_batch(LARGE, 1, 1, 1)[0] > 0
