"""What holds for every run of the simulator, whatever the replica, the traffic and the way it is sent."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import SMALL, shuffled, traffic

from aisizer.queueing.simulate import ROUTINGS, Outcome, simulate
from aisizer.shapes import Requests, StepTable

LAWFUL = settings(max_examples=40, deadline=None)
LINEAR = replace(
    SMALL,
    token_grid=np.array([0.0, 16384.0]),
    tokens_s=np.array([0.0, 16384.0 * 2e-5]),
    sequences_s=np.zeros_like(SMALL.sequence_grid),
    prefill_fixed_s=0.0,
    decode_fixed_s=0.0,
    step_fixed_s=0.0,
    per_sequence_s=0.0,
    prefill_attention_s=1e-10,
    kv_read_s=1e-10,
)
"""Every token, and every pair of tokens that attention joins, costs the same wherever it is computed."""


@dataclass(frozen=True)
class Setup:
    """One run: its replica, its requests and how they are sent."""

    table: StepTable
    requests: Requests
    options: dict[str, object]

    def run(self, table: StepTable | None = None, **more: object) -> Outcome:
        return simulate(table or self.table, self.requests, **{**self.options, **more})  # type: ignore[arg-type]


@st.composite
def setups(draw: st.DrawFn) -> Setup:
    """From ample to so little KV memory that most requests are preempted; from idle to overloaded; every scheduling."""
    seed, count = draw(st.integers(0, 10**6)), draw(st.integers(1, 200))
    asked = shuffled(traffic(draw(st.sampled_from(["chat", "rag", "reason"])), count, seed=seed, rate=1.0), seed)
    asked = replace(
        asked,
        arrival_s=asked.arrival_s / draw(st.sampled_from([0.2, 5.0, 100.0])),
        cached_tokens=asked.prompt_tokens * draw(st.sampled_from([0.0, 0.5, 1.0])),
    )
    largest = float((asked.prompt_tokens + asked.output_tokens).max())
    table = replace(
        SMALL,
        max_batch=draw(st.sampled_from([1, 4, 256])),
        token_budget=draw(st.sampled_from([256, 2048, 8192])),
        kv_capacity_tokens=largest * draw(st.sampled_from([1.0, 1.5, 4.0, 1000.0])),
        prefill_floor_s=draw(st.sampled_from([0.0, 0.05])),
        request_token_s=draw(st.sampled_from([0.0, 1e-6, 1e-5])),
        schedule_ahead=draw(st.integers(0, 2)),
        poll_steps=draw(st.sampled_from([1, 1, 7])),
        hold_steps=draw(st.sampled_from([0, 0, 5])),
    )
    sent = draw(st.sampled_from([{}, {"clients": 1}, {"clients": 17}, {"max_in_flight": 6}]))
    return Setup(
        table,
        asked,
        {
            **sent,
            "replicas": draw(st.sampled_from([1, 1, 3])),
            "routing": draw(st.sampled_from(ROUTINGS)),
            "reserve_all": draw(st.booleans()),
        },
    )


@LAWFUL
@given(setups())
def test_skipping_events_changes_nothing(setup: Setup) -> None:
    skipping, stepping = setup.run(), setup.run(skip_events=False)
    for name in ("sent_s", "first_token_s", "finish_s"):
        np.testing.assert_allclose(getattr(skipping, name), getattr(stepping, name), rtol=1e-9, atol=1e-9)
    assert skipping.busy_s == pytest.approx(stepping.busy_s, rel=1e-9)
    assert (skipping.preemptions, skipping.peak_kv_tokens) == (stepping.preemptions, stepping.peak_kv_tokens)


@LAWFUL
@given(setups())
def test_every_request_is_served_in_causal_order(setup: Setup) -> None:
    run, table = setup.run(), setup.table
    assert np.isfinite(run.finish_s).all()
    assert (run.ttft_s > table.request_fixed_s).all()
    assert (run.finish_s[run.output_tokens > 1] > run.first_token_s[run.output_tokens > 1]).all()
    assert (run.finish_s[run.output_tokens == 1] == run.first_token_s[run.output_tokens == 1]).all()
    assert (np.diff(run.sent_s) >= 0).all()
    if "clients" not in setup.options:
        assert (run.sent_s >= setup.requests.arrival_s).all()
    assert 0 < run.busy_s <= setup.options["replicas"] * run.makespan_s * (1 + 1e-9)  # type: ignore[operator]
    assert run.peak_kv_tokens <= table.kv_capacity_tokens
    assert run.preemptions == 0 or not setup.options["reserve_all"]


@LAWFUL
@given(setups())
def test_tokens_are_conserved(setup: Setup) -> None:
    """With linear costs the busy time counts every token and every pair of tokens exactly once, in whatever chunks and
    batches they were computed; preempted requests are computed again."""
    table = replace(
        LINEAR,
        max_batch=setup.table.max_batch,
        token_budget=setup.table.token_budget,
        kv_capacity_tokens=setup.table.kv_capacity_tokens,
        schedule_ahead=setup.table.schedule_ahead,
        poll_steps=setup.table.poll_steps,
        hold_steps=setup.table.hold_steps,
    )
    run, asked = setup.run(table), setup.requests
    prompt, output = asked.prompt_tokens, asked.output_tokens
    cached = np.minimum(np.floor(asked.cached_tokens), prompt - 1)
    work = 2e-5 * (prompt - cached + output - 1) + table.prefill_attention_s * (prompt**2 - cached**2) / 2
    work += table.kv_read_s * (output - 1) * (prompt + output / 2)
    if run.preemptions == 0:
        assert run.busy_s == pytest.approx(work.sum(), rel=1e-9)
    else:
        assert run.busy_s > work.sum()


@LAWFUL
@given(setups())
def test_a_replica_never_idles_while_a_request_waits(setup: Setup) -> None:
    """One replica: its busy time is the time with a request in flight, the time outside the GPU left out."""
    run = setup.run(replace(setup.table, request_fixed_s=0.0, request_token_s=0.0), replicas=1)
    starts, ends = np.sort(run.sent_s), np.sort(run.finish_s)
    gaps = np.maximum(starts[1:] - ends[:-1], 0.0)
    assert run.busy_s == pytest.approx(run.makespan_s - gaps.sum(), rel=1e-9)


@LAWFUL
@given(setups())
def test_the_same_seed_gives_the_same_bytes(setup: Setup) -> None:
    first, second = setup.run(seed=7), setup.run(seed=7)
    assert first.finish_s.tobytes() == second.finish_s.tobytes()
    assert first.busy_s == second.busy_s


@LAWFUL
@given(setups())
def test_no_input_is_written_to(setup: Setup) -> None:
    before = [column.tobytes() for column in (setup.requests.arrival_s, setup.requests.output_tokens)]
    setup.run()
    assert before == [column.tobytes() for column in (setup.requests.arrival_s, setup.requests.output_tokens)]


@pytest.mark.parametrize("options", [{}, {"replicas": 3, "routing": "least_outstanding"}, {"max_in_flight": 30}])
def test_littles_law_away_from_the_ends(options: dict[str, object]) -> None:
    """Sampled at fixed instants of the middle half: L = rate x W."""
    table = replace(SMALL, kv_capacity_tokens=120_000.0)
    rate = 15.0
    run = Setup(table, shuffled(traffic("chat", 40_000, rate=rate)), options).run()
    instants = np.linspace(0.25, 0.75, 20_000) * run.makespan_s
    present = np.searchsorted(np.sort(run.sent_s), instants) - np.searchsorted(np.sort(run.finish_s), instants)
    middle = (run.sent_s > instants[0]) & (run.sent_s < instants[-1])
    rate = middle.sum() / (instants[-1] - instants[0])
    assert present.mean() == pytest.approx(rate * run.e2e_s[middle].mean(), rel=0.01)


@pytest.mark.parametrize("clients", [1, 8, 64])
def test_a_closed_loop_keeps_its_clients_busy(clients: int) -> None:
    """Little's law with L = clients: each client is always waiting for exactly one request."""
    run = simulate(SMALL, shuffled(traffic("chat", 4000)), clients=clients)
    until = run.sent_s.max()
    spent = (np.minimum(run.finish_s, until) - run.sent_s).sum()
    assert spent == pytest.approx(clients * until, rel=1e-9)
