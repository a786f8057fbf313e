"""Laws and closed forms of the analytic queue, its answers to callers' errors, and its speed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import fields, replace
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import LARGE, SMALL, traffic

from aisizer.queueing.occupancy import Latency, Limit, Load, capacity, solve
from aisizer.shapes import Floats, Requests, StepTable

NONE = np.zeros(1)
LIMITS = [
    Limit(0, "ttft", "p95", 1.0),
    Limit(0, "tpot", "p95", 0.05),
    Limit(1, "e2e", "p95", 40.0),
]


@pytest.fixture(autouse=True)
def no_numerical_warning() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def joined(*parts: Requests) -> Requests:
    return Requests(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Requests)))


def scaled(requests: Requests, factor: float) -> Requests:
    return replace(
        requests,
        prompt_tokens=np.ceil(requests.prompt_tokens * factor),
        output_tokens=np.ceil(requests.output_tokens * factor),
    )


TWO = joined(traffic("chat", 256), traffic("rag", 256, class_id=1))
OPEN = Load(np.array([20.0, 5.0]), np.zeros(2))
CLOSED = Load(np.zeros(2), np.array([200.0, 50.0]))
MIXED = Load(np.array([20.0, 0.0]), np.array([0.0, 50.0]))
LOADS = st.sampled_from([OPEN, CLOSED, MIXED])
REPLICAS = st.builds(
    lambda table, speed, kv, batch, budget: replace(
        table,
        tokens_s=table.tokens_s * speed,
        kv_capacity_tokens=table.kv_capacity_tokens * kv,
        max_batch=batch,
        token_budget=budget,
    ),
    st.sampled_from([LARGE, SMALL]),
    st.floats(0.3, 4),
    st.floats(0.2, 4),
    st.integers(1, 1024),
    st.sampled_from([512, 2048, 8192, 16384]),
)


def table_of(found: Latency, name: str) -> Floats:
    return np.stack([found.value(metric, name) for metric in ("ttft", "tpot", "e2e")])


@settings(max_examples=20)
@given(REPLICAS, st.floats(0.02, 0.9), st.floats(1.05, 1.5))
def test_latency_never_falls_with_the_share(table: StepTable, part: float, more: float) -> None:
    bound = float(capacity([table], TWO, OPEN, []).stable_share[0])
    shares = np.array([part, max(part, min(part * more, 0.97))]) * bound
    found = solve([table, table], TWO, OPEN, shares)
    # Percentiles are read from a few hundred nodes, which resolve them to some percent.
    for name, slack in {"mean": 0.99, "p50": 0.94, "p95": 0.96}.items():
        values = table_of(found, name)
        assert np.all(values[:, 1] >= values[:, 0] * slack)


@settings(max_examples=8)
@given(REPLICAS, st.sampled_from([CLOSED, MIXED]), st.floats(0.02, 0.6), st.floats(1.05, 1.3))
def test_closed_e2e_never_falls_with_the_share(table: StepTable, load: Load, part: float, more: float) -> None:
    bound = float(capacity([table], TWO, load, []).stable_share[0])
    found = solve([table, table], TWO, load, np.array([part, part * more]) * bound)
    assert np.all(found.e2e["mean"][1] >= found.e2e["mean"][0] * 0.95)


@settings(max_examples=8)
@given(st.lists(REPLICAS, min_size=1, max_size=6), LOADS, st.floats(0.3, 3), st.floats(0.3, 3))
def test_capacity_meets_every_limit_when_solved_again(
    tables: list[StepTable], load: Load, ttft: float, tpot: float
) -> None:
    limits = [Limit(0, "ttft", "p95", ttft), Limit(1, "tpot", "mean", 0.04 * tpot), Limit(0, "e2e", "p99", 60.0)]
    found = capacity(tables, TWO, load, limits)
    assert np.all(found.stable_share >= found.share)
    kept = np.flatnonzero(found.share > 0)
    if len(kept):
        again = solve([tables[i] for i in kept], TWO, load, found.share[kept])
        assert again.stable.all()
        for limit in limits:
            assert np.all(again.value(limit.metric, limit.statistic)[:, limit.class_id] <= limit.seconds)
    for i in np.flatnonzero((found.share == 0) & (found.stable_share > 0)):
        limit = limits[found.binding[i]]
        assert found.idle.value(limit.metric, limit.statistic)[i, limit.class_id] > limit.seconds


@settings(max_examples=3)
@given(REPLICAS, LOADS, st.floats(0.5, 0.95))
def test_capacity_never_rises_with_a_tighter_limit(table: StepTable, load: Load, tighter: float) -> None:
    loose = capacity([table], TWO, load, LIMITS).share[0]
    for i, limit in enumerate(LIMITS):
        tight = [*LIMITS[:i], replace(limit, seconds=limit.seconds * tighter), *LIMITS[i + 1 :]]
        assert capacity([table], TWO, load, tight).share[0] <= loose * 1.01 + 1e-12


@settings(max_examples=4)
@given(REPLICAS, LOADS, st.floats(1.05, 2.0))
def test_capacity_never_rises_with_longer_requests(table: StepTable, load: Load, factor: float) -> None:
    short, long = capacity([table], TWO, load, LIMITS), capacity([table], scaled(TWO, factor), load, LIMITS)
    assert long.share[0] <= short.share[0] * 1.02 + 1e-12
    if load is OPEN:
        assert long.stable_share[0] <= short.stable_share[0] * 1.001


@settings(max_examples=12)
@given(REPLICAS, st.floats(0.02, 0.85))
def test_little_for_open_arrivals(table: StepTable, part: float) -> None:
    share = part * capacity([table], TWO, OPEN, []).stable_share
    found = solve([table], TWO, OPEN, share)
    rates = share[0] * OPEN.rate
    assert found.throughput[0] == pytest.approx(rates.sum())
    assert found.in_flight[0] == pytest.approx((rates * found.e2e["mean"][0]).sum(), rel=0.05)


@settings(max_examples=8)
@given(REPLICAS, st.floats(1.0, 100.0))
def test_little_for_a_closed_population(table: StepTable, population: float) -> None:
    chat = traffic("chat", 256)
    found = solve([table], chat, Load(NONE, np.array([min(population, float(table.max_batch))])), np.ones(1))
    if found.stable[0]:
        assert found.throughput[0] * found.e2e["mean"][0, 0] == pytest.approx(found.in_flight[0], rel=0.1)


def test_capacity_is_the_same_alone_and_in_a_batch() -> None:
    tables = [LARGE, SMALL, replace(LARGE, max_batch=32)]
    together = capacity(tables, TWO, OPEN, LIMITS)
    for i, table in enumerate(tables):
        alone = capacity([table], TWO, OPEN, LIMITS)
        assert (alone.share[0], alone.stable_share[0], alone.binding[0]) == (
            together.share[i],
            together.stable_share[i],
            together.binding[i],
        )


def constant(seconds: float, **changes: float) -> StepTable:
    """A replica whose every step takes the same time, whatever it computes."""
    free = dict.fromkeys(
        ("prefill_attention_s", "kv_read_s", "prefill_fixed_s", "decode_fixed_s", "request_fixed_s"), 0.0
    )
    flat = replace(SMALL, tokens_s=np.zeros_like(SMALL.tokens_s), sequences_s=np.zeros_like(SMALL.sequences_s), **free)
    return replace(flat, step_fixed_s=seconds, per_sequence_s=0.0, **changes)


def fixed(prompt: float, output: float, count: int = 64) -> Requests:
    return Requests(
        np.zeros(count),
        np.full(count, prompt),
        np.full(count, output),
        np.zeros(count),
        np.zeros(count, dtype=np.int64),
    )


def test_constant_steps_are_an_infinite_server_queue() -> None:
    """Decoding time is 100 steps whatever the load: M/G/inf; a prompt waits half a step and takes one."""
    found = solve([constant(0.02)], fixed(10, 101), Load(np.array([20.0]), NONE), np.ones(1))
    assert found.tpot["mean"][0, 0] == pytest.approx(0.02, rel=1e-6)
    assert found.ttft["mean"][0, 0] == pytest.approx(0.03, rel=1e-3)
    assert found.in_flight[0] == pytest.approx(20 * (2.0 + 0.03), rel=2e-3)


@pytest.mark.parametrize("rho", [0.3, 0.6, 0.8])
def test_steps_in_proportion_to_sequences_are_processor_sharing(rho: float) -> None:
    """M/G/1-PS: n is geometric, and a request of 200 steps takes 200 steps alone / (1 - rho)."""
    table = replace(constant(1e-7), kv_read_s=1e-6, max_batch=1024)
    requests = fixed(100, 201)
    alone = 1e-6 * (100 + 201 / 2)
    rate = rho / (200 * alone)
    found = solve([table], requests, Load(np.array([rate]), NONE), np.ones(1))
    assert found.tpot["mean"][0, 0] == pytest.approx(alone / (1 - rho), rel=0.08)


@pytest.mark.parametrize("rho", [0.2, 0.5, 0.8])
def test_prompts_that_fill_a_step_wait_at_least_as_in_md1(rho: float) -> None:
    """One output token, every prompt one full step: M/D/1; whole steps for parts of prompts ahead err on the safe side."""
    found = solve([constant(0.02)], fixed(2048, 1), Load(np.array([rho / 0.02]), NONE), np.ones(1))
    exact = 0.02 + rho * 0.02 / (2 * (1 - rho))
    assert exact <= found.ttft["mean"][0, 0] <= 1.35 * exact
    assert np.isnan(found.tpot["mean"]).all()
    assert found.e2e["p95"] == found.ttft["p95"]


def test_stable_share_of_known_queues() -> None:
    decode = capacity([constant(0.02, max_batch=50)], fixed(10, 101), Load(np.array([1.0]), NONE), [])
    assert decode.stable_share[0] == pytest.approx(50 / (100 * 0.02), rel=1e-3)
    prefill = capacity([constant(0.02)], fixed(2048, 1), Load(np.array([1.0]), NONE), [])
    assert prefill.stable_share[0] == pytest.approx(1 / 0.02, rel=1e-3)
    crowd = capacity([constant(0.02, max_batch=50)], fixed(10, 101), Load(NONE, np.array([200.0])), [])
    assert crowd.stable_share[0] == pytest.approx(50 / 200, rel=1e-3)


def test_one_closed_request_is_a_hand_calculation() -> None:
    found = solve([constant(0.02)], fixed(10, 101), Load(NONE, np.array([1.0])), np.ones(1))
    assert found.ttft["mean"][0, 0] == pytest.approx(0.02)
    assert found.e2e["mean"][0, 0] == pytest.approx(101 * 0.02)
    assert found.throughput[0] == pytest.approx(1 / 2.02, rel=0.01)


def test_unstable_is_nan_and_never_a_number() -> None:
    bound = capacity([LARGE], TWO, OPEN, []).stable_share
    found = solve([LARGE, LARGE], TWO, OPEN, np.concatenate([bound * 1.01, bound * 0.5]))
    assert found.stable.tolist() == [False, True]
    assert np.isnan(table_of(found, "mean")[:, 0]).all() and np.isfinite(table_of(found, "mean")[:, 1]).all()
    assert np.isnan([found.in_flight[0], found.throughput[0], found.kv_use_p95[0]]).all()


def test_a_request_that_does_not_fit_gives_zero() -> None:
    found = capacity([replace(SMALL, kv_capacity_tokens=5000.0), SMALL], TWO, OPEN, LIMITS)
    assert found.share[0] == found.stable_share[0] == 0.0 and found.binding[0] == -1
    assert not found.idle.stable[0] and found.share[1] > 0


def test_an_idle_miss_names_the_limit() -> None:
    found = capacity([LARGE], TWO, OPEN, [*LIMITS, Limit(1, "ttft", "mean", 0.001)])
    assert found.share[0] == 0.0 and found.binding == (3,)
    assert found.idle.value("ttft", "mean")[0, 1] > 0.001


def test_another_table_on_another_grid_changes_nothing() -> None:
    """A table is linear between its samples, so that reading it at more points gives the same latencies."""
    grid = np.unique(np.concatenate([SMALL.token_grid / 2, SMALL.token_grid * 3]))
    other = replace(LARGE, token_grid=grid, tokens_s=np.interp(grid, LARGE.token_grid, LARGE.tokens_s))
    alone, beside = solve([SMALL], TWO, OPEN, np.ones(1)), solve([SMALL, other], TWO, OPEN, np.ones(2))
    for metric in ("ttft", "tpot", "e2e"):
        assert beside.value(metric, "p95")[0] == pytest.approx(alone.value(metric, "p95")[0], rel=1e-9, nan_ok=True)


def test_callers_errors_are_refused() -> None:
    one = fixed(10, 1)
    with pytest.raises(ValueError, match="must reach the token budget"):
        solve([replace(SMALL, token_budget=int(SMALL.token_grid[-1]) + 1)], TWO, OPEN, np.ones(1))
    with pytest.raises(ValueError, match="TPOT is not defined"):
        capacity([SMALL], one, Load(np.ones(1), NONE), [Limit(0, "tpot", "p95", 0.1)])
    with pytest.raises(ValueError, match="either a rate or a population"):
        Load(np.array([1.0, 0.0]), np.zeros(2))
    with pytest.raises(ValueError, match="every class"):
        solve([SMALL], one, OPEN, np.ones(1))
    with pytest.raises(ValueError, match="one of"):
        Limit(0, "itl", "p95", 1.0)


def test_cached_prompts_compute_less_and_hold_as_much() -> None:
    prompts = traffic("rag", 256)
    cached = replace(prompts, cached_tokens=np.floor(prompts.prompt_tokens * 0.8))
    load = Load(np.array([1.0]), NONE)
    whole, part = (capacity([LARGE], r, load, []) for r in (prompts, cached))
    assert part.stable_share[0] > whole.stable_share[0]
    share = whole.stable_share * 0.5
    before, after = solve([LARGE], prompts, load, share), solve([LARGE], cached, load, share)
    assert after.ttft["p95"][0, 0] < before.ttft["p95"][0, 0]
    assert capacity([replace(LARGE, kv_capacity_tokens=5000.0)], cached, load, []).share[0] == 0.0


def test_speed_of_a_search() -> None:
    tables = [
        replace(t, tokens_s=t.tokens_s * (1 + i / 100), max_batch=64 + 4 * i)
        for i in range(100)
        for t in (LARGE, SMALL)
    ]
    capacity(tables[:2], TWO, OPEN, LIMITS)
    start = process_time()
    capacity(tables, TWO, OPEN, LIMITS)
    assert process_time() - start < 1.0, "0.25 s on an idle two-core machine"
