"""What the analytic queue knows beyond mean steps, each against the simulator or against its own closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic import LARGE, steps, traffic
from synthetic import requests as few

from aisizer.queueing.lengths import _powered, summarise
from aisizer.queueing.occupancy import Latency, Load, capacity, solve
from aisizer.queueing.simulate import Outcome, simulate
from aisizer.queueing.steady import settle
from aisizer.queueing.step_times import StepTimes
from aisizer.queueing.steps import stack
from aisizer.queueing.waits import Situation, overflow_tokens
from aisizer.shapes import Floats, Requests, StepTable

ONE = Load(np.ones(1), np.zeros(1))
COUNT = 40_000
NARROW = replace(LARGE, token_budget=2048, schedule_ahead=1)


def code(count: int, seed: int = 0, rate: float | None = None) -> Requests:
    """Long prompts with answers of some 30 tokens: rag prompts, chat answers divided by eight."""
    prompts, answers = traffic("rag", count, seed, rate), traffic("chat", count, seed)
    return replace(prompts, output_tokens=np.ceil(answers.output_tokens / 8))


def shuffled(requests: Requests, seed: int = 1) -> Requests:
    order = np.random.default_rng(seed).permutation(len(requests.arrival_s))
    return replace(requests, prompt_tokens=requests.prompt_tokens[order], output_tokens=requests.output_tokens[order])


def pair(table: StepTable, lengths: str, load: float) -> tuple[Outcome, Latency, Situation]:
    """A simulation, the analytic answer and its steady state at a share of the stable rate."""
    make = code if lengths == "code" else lambda count, seed=0, rate=None: traffic(lengths, count, seed, rate)
    sample = make(2048)
    rate = load * float(capacity([table], sample, ONE, []).stable_share[0])
    now = settle(stack([table]), summarise(sample, 1), ONE, np.array([rate]))
    return simulate(table, shuffled(make(COUNT, 3, rate))), solve([table], sample, ONE, np.array([rate])), now


def steady(values: Floats) -> Floats:
    kept = values[COUNT // 10 : -COUNT // 10]
    return kept[~np.isnan(kept)]


def miss(found: Latency, run: Outcome, metric: str, statistic: str) -> float:
    values = steady({"ttft": run.ttft_s, "tpot": run.tpot_s, "e2e": run.e2e_s}[metric])
    exact = values.mean() if statistic == "mean" else np.quantile(values, float(statistic[1:]) / 100)
    return float(found.value(metric, statistic)[0, 0] / exact - 1)


@pytest.mark.parametrize("ahead", [0, 1])
def test_a_step_scheduled_ahead_holds_the_prompts_of_others(ahead: int) -> None:
    """As a step that only decodes it would make mean TTFT 8 % too short."""
    run, found, _ = pair(replace(LARGE, schedule_ahead=ahead), "chat", 0.7)
    assert abs(miss(found, run, "ttft", "mean")) < 0.05
    assert abs(miss(found, run, "ttft", "p99")) < 0.16


@pytest.mark.parametrize("ahead", [0, 1])
def test_a_backlog_has_a_tail(ahead: int) -> None:
    """With the mean overflow alone p95 of TTFT is 16 % too short."""
    run, found, _ = pair(replace(LARGE, schedule_ahead=ahead), "code", 0.7)
    assert abs(miss(found, run, "ttft", "p95")) < 0.08


def test_the_attention_of_long_prompts_lengthens_the_tail() -> None:
    """Ten times the attention: with tokens of equal time mean TTFT is 13 % too short and p99 36 %."""
    run, found, _ = pair(replace(LARGE, prefill_attention_s=10 * LARGE.prefill_attention_s), "chat", 0.5)
    assert abs(miss(found, run, "ttft", "mean")) < 0.08
    assert abs(miss(found, run, "ttft", "p99")) < 0.20


@pytest.mark.parametrize("table", [NARROW, replace(LARGE, schedule_ahead=1)])
def test_short_answers_are_decoded_beside_the_prompts_that_came_behind_their_own(table: StepTable) -> None:
    """An echo that is spread over all steps alike errs by 23 % in the mean and by more than twice at p95."""
    run, found, now = pair(table, "code", 0.8)
    assert abs(miss(found, run, "tpot", "mean")) < 0.05
    assert abs(miss(found, run, "tpot", "p95")) < 0.05
    assert abs(miss(found, run, "e2e", "p95")) < 0.08
    # what the mean step alone would say
    stepped = float(now.occupancy.mean(now.at_nodes.mean_s)[0])
    assert stepped / steady(run.tpot_s).mean() < 0.8


def test_no_tpot_is_above_a_full_step() -> None:
    _, found, now = pair(NARROW, "code", 0.85)
    assert found.value("tpot", "p99")[0, 0] <= now.times.full_s[0, -1]
    assert found.value("tpot", "p99")[0, 0] >= 0.95 * now.times.full_s[0, 0]


def test_prompts_in_bursts_spread_the_number_of_sequences() -> None:
    run, _, now = pair(NARROW, "chat", 0.8)
    events = np.concatenate([run.first_token_s, run.finish_s])
    change = np.concatenate([np.ones(COUNT), -np.ones(COUNT)])[np.argsort(events)]
    held, lasted = np.cumsum(change)[COUNT // 4 : -COUNT // 4], np.diff(np.sort(events))[COUNT // 4 : 1 - COUNT // 4]
    mean = float((held * lasted).sum() / lasted.sum())
    exact = float((((held - mean) ** 2) * lasted).sum() / lasted.sum()) ** 0.5
    states = now.occupancy.decoding
    found = float(now.occupancy.mean(states)[0])
    deviation = float(now.occupancy.mean((states - found) ** 2)[0]) ** 0.5
    assert found == pytest.approx(mean, rel=0.04)
    assert 0.65 * exact < deviation < 1.05 * exact
    assert deviation > 1.4 * found**0.5, "a birth-death process with these steps has about the deviation of Poisson"


def test_overflow_against_its_own_recursion() -> None:
    """Steps of constant length, so that arrivals per step are a compound Poisson variable and nothing else."""
    table = replace(steps(per_step=0.02, kv_capacity=1e9, max_batch=64, budget=2000))
    sample = replace(traffic("chat", 4096), output_tokens=np.full(4096, 11.0))
    rate = 70.0
    now = settle(stack([table]), summarise(sample, 1), ONE, np.array([rate]))
    rng = np.random.default_rng(5)
    arrived = np.array([rng.choice(sample.prompt_tokens, n).sum() for n in rng.poisson(rate * 0.02, 200_000)])
    room = float(2000 - now.occupancy.mean(now.occupancy.decoding)[0])
    left, overflow = 0.0, np.empty(len(arrived))
    for i, tokens in enumerate(arrived):
        left = max(left + tokens - room, 0.0)
        overflow[i] = left
    first, second = overflow_tokens(now)
    assert first[0] == pytest.approx(overflow.mean(), rel=0.08)
    assert second[0] == pytest.approx((overflow**2).mean(), rel=0.12)


def test_moments_of_work_and_attention_are_those_of_their_sum() -> None:
    lengths = summarise(traffic("rag", 512), 1)
    prompt = traffic("rag", 512).prompt_tokens
    for order in (1, 2, 3):
        exact = np.mean((prompt + 2e-4 * prompt**2 / 2) ** order)
        assert _powered(lengths.prompts, order, np.array([2e-4]))[0, 0] == pytest.approx(exact)


def test_the_api_process_reads_whole_prompts_one_after_the_other() -> None:
    """1,000 tokens at 0.4 ms each, half of them cached: 0.4 s a prompt at 1 req/s, M/D/1 with rho 0.4."""
    table = replace(steps(per_step=1e-4), request_token_s=4e-4)
    sample = replace(few(np.zeros(64), 1000, 1, cached=500.0))
    found = solve([table], sample, ONE, np.ones(1)).value("ttft", "mean")[0, 0]
    arrival = np.cumsum(np.random.default_rng(2).exponential(1.0, COUNT))
    run = simulate(table, few(arrival, 1000, 1, cached=500.0))
    assert found == pytest.approx(0.4 + 0.4**2 / (2 * 0.6), rel=0.01)
    assert found == pytest.approx(run.ttft_s.mean(), rel=0.02)
    assert not solve([table], sample, ONE, np.array([2.6])).stable[0], "2.5 prompts a second are all that it reads"


def test_the_echo_is_over_after_some_steps_and_never_longer_than_full_ones() -> None:
    _, _, now = pair(NARROW, "code", 0.8)
    times: StepTimes = now.times
    assert (times.fading > 0).all() and (times.echo_s >= 0).all()
    assert (times.slowed_s(now.mix) <= times.full_s * (1 + 1e-12)).all()
    first_steps = times.mean_s + times.echo_s / times.fading
    assert (first_steps <= times.full_s * (1 + 1e-9)).all()


def test_no_tpot_is_below_a_step_that_only_decodes() -> None:
    """Two output tokens: few requests meet a prompt in their only step, which then takes a hundred times as long."""
    sample = replace(traffic("rag", 256), output_tokens=np.full(256, 2.0))
    rates = np.geomspace(1e-4, 0.9, 20) * float(capacity([LARGE], sample, ONE, []).stable_share[0])
    found, now = solve([LARGE] * 20, sample, ONE, rates), settle(stack([LARGE]), summarise(sample, 1), ONE, rates[:1])
    alone = now.times.decode_s[0, 1]
    for name in ("p50", "p95", "p99"):
        assert (found.value("tpot", name) >= alone * (1 - 1e-12)).all()
    assert found.value("tpot", "p50")[0, 0] == pytest.approx(alone, rel=0.01)
