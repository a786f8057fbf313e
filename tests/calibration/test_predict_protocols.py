"""Replays of each protocol on step tables whose answers are known by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aisizer.calibration.points import PROTOCOLS, Span
from aisizer.calibration.protocols import Scenario, largest_rate, replay, shortened
from aisizer.calibration.sampling import sample
from aisizer.queueing.simulate import simulate
from aisizer.shapes import StepTable

GRID = np.array([0.0, 1.0, 8192.0])
TABLE = StepTable(
    token_grid=GRID,
    tokens_s=np.array([0.0, 1e-5, 8192e-5]),
    sequence_grid=GRID,
    sequences_s=np.zeros(3),
    prefill_attention_s=0.0,
    kv_read_s=0.0,
    prefill_fixed_s=0.0,
    decode_fixed_s=0.0,
    step_fixed_s=0.01,
    per_sequence_s=0.0,
    request_fixed_s=0.0,
    kv_capacity_tokens=1e6,
    max_batch=256,
    token_budget=8192,
)
"""A step takes 10 ms and 10 us for each of its tokens."""
PLAIN = Scenario("closed_burst", 4.0, 40, None, 1, Span(100.0, 100.0), Span(11.0, 11.0))


def test_one_client_pays_one_prefill_and_ten_decode_steps() -> None:
    found = replay(TABLE, replace(PLAIN, load=1.0, requests=10))
    assert found.ttft_s["mean"] == pytest.approx(0.011)
    assert found.tpot_s["mean"] == pytest.approx(0.01001)
    assert found.req_s == pytest.approx(1 / (0.011 + 10 * 0.01001))
    assert found.output_tok_s == pytest.approx(11 * found.req_s)
    assert found.kv_tokens >= 110


def test_tokens_in_groups_delay_the_first_and_not_the_last() -> None:
    at_once, grouped = (replay(TABLE, replace(PLAIN, load=1.0, requests=10), interval) for interval in (1, 5))
    assert grouped.ttft_s["mean"] == pytest.approx(at_once.ttft_s["mean"] + 4 * at_once.tpot_s["mean"])
    assert grouped.e2e_s == pytest.approx(at_once.e2e_s)


def test_a_steady_loop_obeys_littles_law_and_forgets_its_start() -> None:
    found = replay(TABLE, replace(PLAIN, protocol="closed_steady", load=32.0, requests=0))
    assert found.req_s * found.e2e_s == pytest.approx(32.0)
    long = replay(TABLE, replace(PLAIN, load=32.0, requests=6400))
    assert found.req_s == pytest.approx(long.req_s, rel=0.02)


def test_a_drain_ends_with_its_last_request() -> None:
    found = replay(TABLE, replace(PLAIN, protocol="drain", load=500.0, requests=500))
    assert found.req_s <= largest_rate(TABLE, 100.0, 11.0) * 1.001
    assert found.ttft_s["p99"] > 2 * found.ttft_s["p50"] * 0.9
    calm = replay(TABLE, replace(PLAIN, protocol="drain", load=500.0, requests=500, max_in_flight=8))
    assert calm.req_s < found.req_s and calm.tpot_s["mean"] < found.tpot_s["mean"]


def test_an_open_loop_serves_what_it_is_sent_while_stable() -> None:
    stable = largest_rate(TABLE, 100.0, 11.0)
    light = replay(TABLE, replace(PLAIN, protocol="poisson", load=stable / 2, requests=4000))
    assert light.req_s == pytest.approx(stable / 2, rel=0.02)
    heavy = replay(TABLE, replace(PLAIN, protocol="poisson", load=stable * 2, requests=4000))
    assert heavy.req_s == pytest.approx(stable, rel=0.05)
    even = replay(TABLE, replace(PLAIN, protocol="constant", load=stable / 2, requests=4000))
    assert even.ttft_s["p99"] <= light.ttft_s["p99"]


def test_a_static_batch_is_one_prefill_and_equal_decode_steps() -> None:
    found = replay(TABLE, replace(PLAIN, protocol="static", load=8.0, requests=0))
    assert found.ttft_s["p99"] == pytest.approx(0.01 + 800e-5)
    assert found.tpot_s["p95"] == pytest.approx(0.01 + 8e-5)
    assert found.req_s == pytest.approx(8 / found.e2e_s)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("hit", "computed"), [(0.4, 60.0), (0.409, 60.0), (1.0, 1.0)])
def test_cached_tokens_are_not_computed_whatever_the_protocol(protocol: str, hit: float, computed: float) -> None:
    """On a table without attention a prompt of which so much is cached takes the time of the rest alone."""
    asked = replace(PLAIN, protocol=protocol, load=40.0, requests=400)
    cached, short = (
        replay(TABLE, s) for s in (replace(asked, prefix_hit=hit), replace(asked, prompt=Span(computed, computed)))
    )
    assert cached.ttft_s == pytest.approx(short.ttft_s)
    assert cached.tpot_s == pytest.approx(short.tpot_s)
    assert cached.total_tok_s > short.total_tok_s, "what is cached was asked all the same"


def test_cached_tokens_are_read_by_those_behind_them() -> None:
    table = replace(TABLE, prefill_attention_s=1e-6)
    one = replace(PLAIN, load=1.0, requests=1, prefix_hit=0.6)
    expected = 0.01 + 40e-5 + 1e-6 * 40 * (60 + 40 / 2)
    assert replay(table, one).ttft_s["mean"] == pytest.approx(expected)
    assert replay(table, replace(one, protocol="static")).ttft_s["mean"] == pytest.approx(expected)


def test_replicas_share_the_load_evenly() -> None:
    one = replay(TABLE, replace(PLAIN, load=4.0, requests=40))
    four = replay(TABLE, replace(PLAIN, load=16.0, requests=160, replicas=4))
    many = replay(TABLE, replace(PLAIN, load=160.0, requests=1600, replicas=40))
    for found, replicas in ((four, 4), (many, 40)):
        assert found.tpot_s["mean"] == pytest.approx(one.tpot_s["mean"], rel=0.05)
        assert found.req_s == pytest.approx(replicas * one.req_s, rel=0.05)


def test_a_run_is_cut_only_beyond_what_matters_and_says_so() -> None:
    whole = replace(PLAIN, load=8.0, requests=20_000)
    longer = replace(whole, requests=60_000)
    assert shortened(whole) == "" and shortened(longer) == "20000 of 60000 requests simulated"
    a, b = replay(TABLE, whole), replay(TABLE, longer)
    assert a.ttft_s["mean"] == pytest.approx(b.ttft_s["mean"], rel=0.01)
    drain = replace(PLAIN, protocol="drain", prompt=Span(10.0, 10.0), output=Span(2.0, 2.0))
    short, long = (replay(TABLE, replace(drain, requests=n)) for n in (20_000, 40_000))
    assert long.ttft_s["mean"] == pytest.approx(2 * short.ttft_s["mean"], rel=0.02)
    assert long.req_s == pytest.approx(short.req_s)


@pytest.mark.parametrize("cached", [0.0, 0.9])
@pytest.mark.parametrize(("prompt", "output"), [(100, 11), (2000, 50), (20, 400), (6000, 2), (2000, 1)])
def test_the_largest_rate_is_what_endless_work_reaches(prompt: int, output: int, cached: float) -> None:
    table = replace(TABLE, prefill_attention_s=2e-8)
    requests = sample(Span(prompt, prompt), Span(output, output), count := 3000, cached)
    outcome = simulate(table, requests)
    finish = np.sort(outcome.finish_s)
    reached = count / 2 / (finish[count * 3 // 4] - finish[count // 4])
    assert largest_rate(table, prompt, output, cached * prompt) == pytest.approx(reached, rel=0.1)


def test_token_weighted_and_per_request_tpot_differ_where_lengths_do() -> None:
    mixed = replace(PLAIN, load=64.0, requests=640, prompt=Span(50.0, 8000.0), output=Span(2.0, 200.0))
    found = replay(TABLE, mixed)
    assert found.tpot_token_weighted_s != pytest.approx(found.tpot_s["mean"], rel=0.01)
