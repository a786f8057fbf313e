"""The simulator against hand calculations, the reference simulator, closed forms and the analytic queue."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import reference_simulator
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import LARGE, SMALL, requests, shuffled, steps, traffic

from aisizer.queueing.formulas import mg1_mean_wait, mmc_mean_wait
from aisizer.queueing.occupancy import Load, solve
from aisizer.queueing.simulate import Outcome, simulate
from aisizer.shapes import Floats, StepTable

TABLES = {"large": LARGE, "small": SMALL}


def same(a: Outcome, b: Outcome, tolerance: float = 1e-9) -> None:
    for name in ("sent_s", "first_token_s", "finish_s"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("cached", [0, 1234, 2048, 5000])
def test_one_request_equals_a_hand_calculation(cached: int) -> None:
    """Whole chunks, the last chunk, then one step per further token with a growing context."""
    prompt, output, table = 5000, 300, SMALL
    computed = prompt - min(cached, prompt - 1)
    tokens = np.interp(np.arange(4096.0), table.token_grid, table.tokens_s)
    sequences = np.interp(np.arange(2.0), table.sequence_grid, table.sequences_s)
    whole, last = divmod(computed - 1, table.token_budget)
    first = whole * (tokens[table.token_budget] + sequences[0]) + tokens[last + 1] + sequences[1] + table.per_sequence_s
    first += (whole + 1) * (table.step_fixed_s + table.prefill_fixed_s)
    first += table.prefill_attention_s * (prompt**2 - (prompt - computed) ** 2) / 2 + table.request_fixed_s
    step = tokens[1] + sequences[1] + table.per_sequence_s + table.step_fixed_s + table.decode_fixed_s
    decode = (output - 1) * step + table.kv_read_s * (prompt + np.arange(1, output)).sum()
    run = simulate(table, requests([3.0], prompt, output, cached))
    assert run.sent_s[0] == 3.0
    assert run.ttft_s[0] == pytest.approx(first, rel=1e-9)
    assert run.e2e_s[0] == pytest.approx(first + decode, rel=1e-9)
    assert run.tpot_s[0] == pytest.approx(decode / (output - 1), rel=1e-9)
    assert run.busy_s == pytest.approx(first + decode - table.request_fixed_s, rel=1e-9)
    assert run.peak_kv_tokens == prompt + output - 1


def test_one_token_has_no_tpot() -> None:
    run = simulate(SMALL, requests([0.0], 100, 1))
    assert np.isnan(run.tpot_s[0])
    assert run.e2e_s[0] == run.ttft_s[0] == run.makespan_s


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    name=st.sampled_from(["large", "small"]),
    workload=st.sampled_from(["chat", "rag", "reason"]),
    max_batch=st.sampled_from([1, 3, 24, 256]),
    clients=st.sampled_from([None, 1, 7, 40]),
    cached=st.booleans(),
)
def test_agrees_with_the_reference_simulator(
    seed: int, name: str, workload: str, max_batch: int, clients: int | None, cached: bool
) -> None:
    """Where nothing is preempted; the reference knows no time outside the GPU in a closed loop."""
    table = replace(TABLES[name], max_batch=max_batch, kv_capacity_tokens=1e9)
    table = table if clients is None else replace(table, request_fixed_s=0.0)
    asked = shuffled(traffic(workload, 150, seed=seed, rate=None if clients else 4.0), seed)
    if cached:
        asked = replace(asked, cached_tokens=np.floor(asked.prompt_tokens * 0.7))
    expected = reference_simulator.simulate(table, asked, population=clients)
    run = simulate(table, asked, clients=clients)
    np.testing.assert_allclose(run.ttft_s, expected.ttft_s, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(run.e2e_s, expected.e2e_s, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(run.tpot_s, expected.tpot_s, rtol=1e-9, atol=1e-9)


def test_preemption_by_hand() -> None:
    """One second a step, room for 13 tokens. Both prompts of 4 end at 1 s; from 3 s on 14 tokens would be needed, so the
    newer request goes, with 3 of its 6 tokens made. The older one ends at 6 s; then 4 + 3 tokens are computed again."""
    run = simulate(steps(per_step=1.0, kv_capacity=13), requests([0.0, 0.0], 4, 6))
    assert run.first_token_s.tolist() == [1.0, 1.0]
    assert run.finish_s.tolist() == [6.0, 9.0]
    assert (run.preemptions, run.peak_kv_tokens, run.busy_s) == (1, 12.0, 9.0)


def test_preemption_of_a_prompt_computed_in_part_by_hand() -> None:
    """One second and four tokens a step, room for 12. After two steps 2 + 3 of the second prompt's 9 tokens are computed;
    then the first request, at 2 + 2 tokens, finds the memory full. It ends at 10 s, and all 9 take three more steps."""
    run = simulate(steps(per_step=1.0, kv_capacity=12, budget=4), requests([0.0, 0.0], [2, 9], [10, 2]))
    assert run.first_token_s.tolist() == [1.0, 13.0]
    assert run.finish_s.tolist() == [10.0, 14.0]
    assert (run.preemptions, run.peak_kv_tokens, run.busy_s) == (1, 12.0, 14.0)


def test_a_request_queues_behind_the_preempted_one() -> None:
    """As in the first case of preemption, with a third request that is over after 1 s, and a fourth at 4.5 s: the second
    one, preempted at 3 s into an empty queue, comes back at 6 s, and the fourth with it."""
    asked = requests([0.0, 0.0, 0.0, 4.5], [4, 4, 1, 1], [6, 6, 1, 1])
    run = simulate(steps(per_step=1.0, kv_capacity=13), asked)
    assert run.finish_s.tolist() == [6.0, 9.0, 1.0, 7.0]


def test_reserving_all_by_hand() -> None:
    """The same two requests, each 4 + 6 - 1 tokens of KV memory: the second one waits until the first has finished."""
    run = simulate(steps(per_step=1.0, kv_capacity=13), requests([0.0, 0.0], 4, 6), reserve_all=True)
    assert run.first_token_s.tolist() == [1.0, 7.0]
    assert run.finish_s.tolist() == [6.0, 12.0]
    assert (run.preemptions, run.peak_kv_tokens) == (0, 9.0)


def test_an_arrival_is_seen_at_the_next_step_boundary() -> None:
    """One second a step: an arrival at 4.5 s, deep inside a stretch of decode steps, is computed from 5 s on."""
    run = simulate(steps(per_step=1.0), requests([0.0, 4.5], 4, [20, 2]))
    assert run.first_token_s.tolist() == [1.0, 6.0]
    assert run.finish_s.tolist() == [20.0, 7.0]


def test_one_client_is_sequential_service() -> None:
    asked = shuffled(traffic("chat", 50))
    run = simulate(SMALL, asked, clients=1)
    for i in range(50):
        alone = simulate(SMALL, requests([0.0], asked.prompt_tokens[i], asked.output_tokens[i]))
        assert run.e2e_s[i] == pytest.approx(alone.e2e_s[0], rel=1e-9)
        assert run.ttft_s[i] == pytest.approx(alone.ttft_s[0], rel=1e-9)
    np.testing.assert_allclose(run.sent_s[1:], run.finish_s[:-1], rtol=1e-12)


def replications(table: StepTable, rate: float, outputs: object, count: int = 12_000, runs: int = 5) -> list[Outcome]:
    found = []
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        arrival = np.cumsum(rng.exponential(1 / rate, count))
        output = outputs(rng, count) if callable(outputs) else outputs
        found.append(simulate(table, requests(arrival, 1, output)))
    return found


def assert_mean(samples: list[float], exact: float, bias: float) -> None:
    """The mean over replications within four standard errors, and a stated bias, of the closed form."""
    error = abs(np.mean(samples) - exact)
    assert error <= 4 * np.std(samples, ddof=1) / len(samples) ** 0.5 + bias, (np.mean(samples), exact)


def test_md1_one_sequence_and_one_step_per_request() -> None:
    runs = replications(steps(per_step=1.0, max_batch=1), 0.7, 1)
    assert_mean([float(run.e2e_s[1000:].mean()) - 1 for run in runs], mg1_mean_wait(0.7, 1.0, 1.0), bias=0.0)


def test_mmc_constant_steps_and_geometric_outputs() -> None:
    """Steps of constant length do not slow each other: `max_batch` servers. A step is 1/200 of the mean service."""
    runs = replications(
        steps(per_step=1.0, max_batch=4), 3.2 / 200, lambda rng, n: rng.geometric(1 / 200, n).astype(float)
    )
    waits = [float((run.ttft_s[1000:]).mean()) - 1 for run in runs]
    assert_mean(waits, mmc_mean_wait(4, 3.2 / 200, 200.0), bias=1.0)


def test_processor_sharing_steps_proportional_to_sequences() -> None:
    """A step as long as its batch is wide shares the processor equally: E2E = service / (1 - load) for any lengths."""
    runs = replications(
        steps(per_token=1.0, max_batch=512), 0.5 / 120, lambda rng, n: rng.choice([40.0, 200.0], n), count=8000
    )
    for length in (40.0, 200.0):
        means = [float(run.e2e_s[run.output_tokens == length].mean()) for run in runs]
        assert_mean(means, length / (1 - 0.5), bias=3.0)


@pytest.mark.parametrize(
    ("name", "workload", "rate"), [("large", "chat", 2.0), ("small", "chat", 5.0), ("large", "rag", 0.4)]
)
def test_agrees_with_the_analytic_queue_at_low_load(name: str, workload: str, rate: float) -> None:
    table = TABLES[name]
    run = simulate(table, shuffled(traffic(workload, 16_000, rate=rate)))
    found = solve([table], traffic(workload, 512), Load(np.array([rate]), np.zeros(1)), np.ones(1))
    means = {"ttft": run.ttft_s.mean(), "tpot": np.nanmean(run.tpot_s), "e2e": run.e2e_s.mean()}
    for metric, mean in means.items():
        assert found.value(metric, "mean")[0, 0] == pytest.approx(mean, rel=0.04), metric


def digest(worth_compiling: int) -> str:
    """Of all times of a run with preemptions, several replicas and every routing, in a process of its own."""
    code = f"""
import hashlib, sys
import numpy as np
from dataclasses import replace
from synthetic import SMALL, shuffled, traffic
from aisizer.queueing import simulate as simulator
from aisizer.queueing.simulate import ROUTINGS, Change, Patience, simulate
simulator.WORTH_COMPILING = {worth_compiling}
table, found = replace(SMALL, kv_capacity_tokens=40_000.0), hashlib.sha256()
scheduled = replace(table, prefill_floor_s=0.02, request_token_s=1e-6, schedule_ahead=1, poll_steps=5, hold_steps=3)
asked = shuffled(traffic("chat", 600, rate=60.0))
for routing in ROUTINGS:
    for options in (dict(), dict(clients=60), dict(max_in_flight=50), dict(reserve_all=True), dict(tables=scheduled)):
        run = simulate(**(dict(tables=table, requests=asked, replicas=2, routing=routing) | options))
        assert run.preemptions > 0 or options
        for column in (run.sent_s, run.first_token_s, run.finish_s, np.array([run.busy_s, run.peak_kv_tokens])):
            found.update(column.tobytes())
classes = replace(asked, class_id=np.arange(600) % 3)
patience, changes = Patience(timeout_s=3.0, attempts=4), [Change(2.0, 1, "down"), Change(5.0, 1, "up")]
run = simulate([table, scheduled], classes, priorities=(0, 2, 1), patience=patience, changes=changes)
assert run.attempts.max() > 1 and run.preemptions > 0
found.update(run.finish_s.tobytes() + run.attempts.tobytes())
print("aisizer.queueing.simulate_compiled" in sys.modules, found.hexdigest())
"""
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed: there is one code path only")
def test_compiled_and_interpreted_give_the_same_bytes() -> None:
    compiled, interpreted = digest(worth_compiling=0).split(), digest(worth_compiling=10**9).split()
    assert (compiled[0], interpreted[0]) == ("True", "False")
    assert compiled[1] == interpreted[1]


def test_importing_the_simulator_does_not_import_numba() -> None:
    code = "import sys, aisizer.queueing.simulate; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_round_robin_and_random_replicas_are_independent_engines() -> None:
    asked = shuffled(traffic("chat", 900, rate=40.0))
    chosen = np.random.default_rng(5).integers(3, size=900)
    for routing, replica in (("round_robin", np.arange(900) % 3), ("random", chosen)):
        run = simulate(SMALL, asked, replicas=3, routing=routing, seed=5)
        for r in range(3):
            mine = np.flatnonzero(replica == r)
            columns = (asked.arrival_s, asked.prompt_tokens, asked.output_tokens, asked.cached_tokens)
            alone = simulate(SMALL, requests(*(column[mine] for column in columns)))
            np.testing.assert_allclose(run.finish_s[mine], alone.finish_s, rtol=1e-12)


def test_least_outstanding_avoids_the_occupied_replica() -> None:
    """The first request keeps replica 0 for 100 s; the others, one at a time, all go to replica 1 and wait for none."""
    asked = requests([0.0, 10.0, 20.0, 30.0], 10, [100, 2, 2, 2])
    table = steps(per_step=1.0, max_batch=1)
    assert simulate(table, asked, replicas=2, routing="least_outstanding").ttft_s.tolist() == [1.0] * 4
    assert simulate(table, asked, replicas=2, routing="round_robin").ttft_s[2] > 50


def test_requests_held_back_at_the_client() -> None:
    asked = shuffled(traffic("chat", 400, rate=60.0))
    held, free = simulate(SMALL, asked, max_in_flight=5), simulate(SMALL, asked, max_in_flight=400)
    same(free, simulate(SMALL, asked))
    assert (held.sent_s >= asked.arrival_s).all()
    assert in_flight(held).max() == 5
    closed = simulate(SMALL, asked, clients=9)
    assert closed.sent_s[:9].tolist() == [0.0] * 9
    assert (in_flight(closed)[: len(np.unique(closed.sent_s))] == 9).all()


def in_flight(run: Outcome) -> Floats:
    """Requests in flight after each instant at which one was sent or finished."""
    times = np.concatenate([run.sent_s, run.finish_s])
    order = np.argsort(times, kind="stable")
    counts = np.cumsum(np.repeat([1.0, -1.0], len(run.sent_s))[order])
    return counts[np.append(np.diff(times[order]) > 0, True)]


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"prompt_tokens": np.array([99.0, 9.0])}, {}, "never run"),
        ({"output_tokens": np.array([0.4, 9.0])}, {}, "at least one"),
        ({"cached_tokens": np.array([11.0, 0.0])}, {}, "between 0 and prompt"),
        ({"arrival_s": np.array([1.0, 0.0])}, {}, "order"),
        ({}, {"clients": 1, "max_in_flight": 1}, "one of them"),
        ({}, {"clients": 0}, "at least 1"),
        ({}, {"replicas": 0}, "at least 1"),
        ({}, {"routing": "best"}, "round_robin, random"),
    ],
)
def test_refuses_what_cannot_be_simulated(change: dict[str, Floats], options: dict[str, object], message: str) -> None:
    asked = replace(requests([0.0, 1.0], 10, 10), **change)
    with pytest.raises(ValueError, match=message):
        simulate(steps(per_step=1.0, kv_capacity=100), asked, **options)  # type: ignore[arg-type]


def test_refuses_no_requests() -> None:
    with pytest.raises(ValueError, match="no request"):
        simulate(SMALL, requests([], [], []))
