"""Two pools in series: hand-worked times, a closed loop that stays closed, and the analytic queue beside the simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import LARGE, requests, shuffled, steps, traffic

from aisizer.queueing import two_pools
from aisizer.queueing.occupancy import Load, solve
from aisizer.queueing.simulate import Outcome, simulate
from aisizer.queueing.two_pools import TwoPools, decode_requests, prefill_requests, simulate_pools
from aisizer.shapes import Requests, StepTable

PREFILL = replace(LARGE, request_fixed_s=0.05)
DECODE = replace(LARGE, prefill_attention_s=LARGE.kv_read_s, prefill_fixed_s=0.0, request_fixed_s=0.0)


def pools(prefill: int = 1, decode: int = 1) -> TwoPools:
    return TwoPools(PREFILL, DECODE, prefill, decode)


def equal(count: int, prompt: float, output: float) -> Requests:
    ones = np.ones(count)
    return Requests(np.zeros(count), prompt * ones, output * ones, 0 * ones, np.zeros(count, dtype=np.int64))


def by_hand(prefill: int = 1, *, unit: float = 1.0, kv_capacity: float = 1e9, max_batch: int = 64) -> TwoPools:
    """A step of up to 100 prompt tokens takes 1 unit [s], one of answers a quarter."""
    decode = steps(per_step=unit / 4, kv_capacity=kv_capacity, max_batch=max_batch)
    return TwoPools(steps(per_step=unit, budget=100), decode, prefill, 1)


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    """Every simulation of a pool that the test causes."""
    seen: list[Outcome] = []

    def watched(table: StepTable, requests: Requests, replicas: int) -> Outcome:
        seen.append(simulate(table, requests, replicas=replicas))
        return seen[-1]

    monkeypatch.setattr(two_pools, "simulate", watched)
    return seen


def step_s(table: StepTable, tokens: float, sequences: float) -> float:
    total = np.interp(tokens, table.token_grid, table.tokens_s)
    total += np.interp(sequences, table.sequence_grid, table.sequences_s)
    return float(total + table.step_fixed_s + table.per_sequence_s * sequences)


def test_a_lone_request_by_hand() -> None:
    """2,000 prompt tokens in one step, 50 ms of hand-over, then 99 steps of one sequence: the first brings its token along."""
    found = simulate_pools(pools(), equal(1, 2000, 100))
    prompt_s = step_s(PREFILL, 2000, 1) + PREFILL.prefill_fixed_s + PREFILL.prefill_attention_s * 2000**2 / 2
    one = step_s(DECODE, 1, 1)
    contexts = [2000.5, *(2001 + i for i in range(1, 99))]
    rest = 99 * one + 98 * DECODE.decode_fixed_s + DECODE.kv_read_s * sum(contexts)
    assert found.ttft_s[0] == pytest.approx(0.05 + prompt_s, rel=1e-9)
    assert found.e2e_s[0] - found.ttft_s[0] == pytest.approx(rest, rel=1e-6)


def test_an_answer_of_one_token_never_sees_the_decode_pool() -> None:
    found = simulate_pools(pools(), equal(4, 500, 1))
    assert (found.finish_s == found.first_token_s).all()


@settings(max_examples=20, deadline=None)
@given(
    clients=st.integers(1, 40),
    count=st.integers(1, 120),
    prefill=st.integers(1, 3),
    decode=st.integers(1, 3),
    seed=st.integers(0, 5),
)
def test_each_client_has_one_request_under_way(clients: int, count: int, prefill: int, decode: int, seed: int) -> None:
    requests = shuffled(traffic("chat", count, seed), seed)
    found = simulate_pools(pools(prefill, decode), requests, clients=clients)
    assert len(found.finish_s) == count and np.isfinite(found.finish_s).all()
    assert (found.sent_s <= found.first_token_s).all() and (found.first_token_s <= found.finish_s).all()
    later = np.sort(found.finish_s)[: max(count - clients, 0)]
    if clients < count:
        assert np.abs(found.sent_s[clients:] - later).mean() <= 2e-3 * found.e2e_s.mean()
        moments = np.linspace(0.0, found.sent_s.max(), 50)[:, None]
        under_way = ((found.sent_s <= moments) & (moments < found.finish_s)).sum(axis=1)
        assert under_way.mean() == pytest.approx(clients, rel=0.05)


def test_one_client_sends_when_it_has_its_answer() -> None:
    found = simulate_pools(pools(), equal(5, 800, 50), clients=1)
    assert found.sent_s[1:] == pytest.approx(found.finish_s[:-1], rel=1e-3)


def test_more_replicas_of_the_slower_pool_carry_more_and_of_the_other_little() -> None:
    """600 prompts of 1,000 tokens at 45 us each take 27 s of one prefill replica, and their answers are decoded meanwhile."""
    requests = shuffled(traffic("chat", 600))
    spans = {n: simulate_pools(pools(*n), requests).makespan_s for n in ((1, 1), (2, 1), (1, 2))}
    assert spans[2, 1] < spans[1, 2] <= spans[1, 1] * 1.01


def test_prompts_do_not_slow_decoding_here_and_do_in_one_pool() -> None:
    """5,000-token prompts at 2 req/s: a shared replica computes them between its tokens, a decode replica never does."""
    requests = traffic("rag", 400, rate=2.0)
    apart = simulate_pools(pools(1, 1), requests)
    shared = simulate(LARGE, requests)
    assert np.nanmean(apart.tpot_s) < 0.75 * np.nanmean(shared.tpot_s)


@pytest.mark.parametrize("rate", [1.0, 3.0])
def test_the_analytic_stages_agree_with_the_simulation(rate: float) -> None:
    requests = shuffled(traffic("chat", 4000, rate=rate))
    simulated = simulate_pools(pools(), requests)
    load = Load(np.array([rate]), np.zeros(1))
    first = solve([PREFILL], prefill_requests(requests), load, np.ones(1))
    rest = solve([DECODE], decode_requests(requests), load, np.ones(1))
    ttft, tpot = first.value("ttft", "mean")[0, 0], rest.value("tpot", "mean")[0, 0]
    assert ttft == pytest.approx(simulated.ttft_s.mean(), rel=0.08)
    assert tpot == pytest.approx(np.nanmean(simulated.tpot_s), rel=0.08)
    e2e = ttft + rest.value("e2e", "mean")[0, 0]
    assert e2e == pytest.approx(simulated.e2e_s.mean(), rel=0.05)
    p95 = first.value("ttft", "p95")[0, 0]
    assert p95 == pytest.approx(np.percentile(simulated.ttft_s, 95), rel=0.15)


def test_a_decode_request_holds_its_whole_context_and_computes_one_token() -> None:
    requests = traffic("chat", 64)
    rest = decode_requests(requests)
    assert (rest.prompt_tokens - rest.cached_tokens == 1).all()
    held = rest.prompt_tokens + rest.output_tokens
    several = requests.output_tokens >= 2
    assert (held == requests.prompt_tokens + requests.output_tokens)[several].all()
    assert (prefill_requests(requests).output_tokens == 1).all()


def test_what_is_left_of_short_answers() -> None:
    assert decode_requests(requests(0.0, 100, [1, 2, 3])).output_tokens.tolist() == [1, 1, 2]


def test_the_whole_outcome_by_hand() -> None:
    """Prompts one after the other, 1 s each; of answers of 2, 1 and 3 tokens 1, 0 and 2 steps are left to decode."""
    found = simulate_pools(by_hand(), requests([0.0] * 3, 100, [2, 1, 3]))
    assert found.first_token_s.tolist() == [1.0, 2.0, 3.0]
    assert found.finish_s.tolist() == [1.25, 2.0, 3.5]
    assert (found.busy_s, found.peak_kv_tokens, found.preemptions) == (3 * 1.0 + 3 * 0.25, 102, 0)
    assert found.attempts.tolist() == [1] * 3 and found.attempts.dtype.kind == "i"
    assert np.isnan(found.failed_s).all() and found.failed_s.shape == (3,)


def test_what_is_preempted_in_the_decode_pool_is_told() -> None:
    """Two prompts of 50 become 109 tokens each and 150 are held: the later one makes way once."""
    assert simulate_pools(by_hand(kv_capacity=150), requests([0.0] * 2, 50, 60)).preemptions == 1


def test_prompts_done_at_one_instant_are_decoded_in_the_order_of_their_sending() -> None:
    """Two prompts of 50 end with each step of one replica, one of 100 with each of the other; answers pass one by one."""
    found = simulate_pools(by_hand(2, max_batch=1), requests([0.0] * 40, [50, 100] * 20, 2))
    assert np.argsort(found.finish_s).tolist() == np.lexsort((np.arange(40), found.first_token_s)).tolist()
    assert len(np.unique(found.first_token_s)) < 40 == len(np.unique(found.finish_s))


@pytest.mark.parametrize("clients", [3, 5])
def test_clients_that_send_once_send_at_once(clients: int, played: list[Outcome]) -> None:
    found = simulate_pools(by_hand(), requests([1.0, 2.0, 3.0], 100, 2), clients=clients)
    assert found.sent_s.tolist() == [0.0] * 3 and found.first_token_s.tolist() == [1.0, 2.0, 3.0]
    assert len(played) == 2, "each pool is simulated once"


def test_equal_requests_come_in_waves_as_long_as_the_first(played: list[Outcome]) -> None:
    """Two prompts in a step of 1 s and two more steps of 1/4 s; the second pass through the pools finds it settled."""
    found = simulate_pools(by_hand(), requests([0.0] * 6, 50, 3), clients=2)
    assert found.sent_s.tolist() == [0.0, 0.0, 1.5, 1.5, 3.0, 3.0]
    assert len(played) == 4


def test_pools_a_thousand_times_faster_give_the_same_loop_a_thousand_times_faster() -> None:
    """A power of two, so that nothing is rounded differently: a loop knows no second."""
    sample = replace(shuffled(traffic("chat", 40)), prompt_tokens=np.arange(40.0) * 7 % 90 + 10)
    slow, fast = (simulate_pools(by_hand(unit=unit), sample, clients=7) for unit in (1.0, 2.0**-10))
    assert (slow.finish_s * 2.0**-10).tolist() == fast.finish_s.tolist()
