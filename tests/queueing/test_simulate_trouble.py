"""Priorities, impatient clients, replicas that go down, and replicas of several kinds, by hand and by law."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import LARGE, SMALL, requests, shuffled, steps, traffic

from aisizer.queueing.simulate import ROUTINGS, Change, Outcome, Patience, simulate
from aisizer.shapes import Requests, StepTable

LAWFUL = settings(max_examples=40, deadline=None)


def of_classes(asked: Requests, class_id: object) -> Requests:
    return replace(asked, class_id=np.asarray(class_id, dtype=np.int64))


def test_replicas_of_two_kinds_are_independent_engines() -> None:
    asked = shuffled(traffic("chat", 600, rate=20.0))
    run = simulate([LARGE, SMALL, LARGE], asked)
    for r, table in enumerate((LARGE, SMALL, LARGE)):
        mine = slice(r, None, 3)
        columns = (asked.arrival_s, asked.prompt_tokens, asked.output_tokens, asked.cached_tokens)
        alone = simulate(table, requests(*(column[mine] for column in columns)))
        np.testing.assert_allclose(run.finish_s[mine], alone.finish_s, rtol=1e-12)


def test_the_fewest_outstanding_go_to_the_faster_kind() -> None:
    """Steps of 1 s and of 4 s; a request every second: the slow replica gets one only when the fast one is busy."""
    run = simulate([steps(per_step=1.0), steps(per_step=4.0)], requests([0, 1, 2], 4, 2), routing="least_outstanding")
    assert run.e2e_s.tolist() == [2.0, 8.0, 2.0]


def test_a_level_is_served_before_the_next_one() -> None:
    """One sequence at a time, 1 s each: the first is under way when one request of each level arrives."""
    asked = of_classes(requests([0.0, 0.1, 0.2, 0.3], 4, 1), [1, 1, 1, 0])
    run = simulate(steps(per_step=1.0, max_batch=1), asked, priorities=[0, 1])
    assert run.finish_s.tolist() == [1.0, 3.0, 4.0, 2.0]
    assert simulate(steps(per_step=1.0, max_batch=1), asked).finish_s.tolist() == [1.0, 2.0, 3.0, 4.0]


def test_the_last_level_is_preempted_though_admitted_first() -> None:
    """Room for 13 tokens and two requests that grow to 9, as in the test of preemption; the older one is of level 1."""
    asked = of_classes(requests([0.0, 0.0], 4, 6), [1, 0])
    run = simulate(steps(per_step=1.0, kv_capacity=13), asked, priorities=[0, 1])
    assert run.finish_s.tolist() == [9.0, 6.0]
    assert run.preemptions == 1


def test_a_client_hangs_up_and_sends_again_by_hand() -> None:
    """One sequence; the first request holds it for 10 s. The second client hangs up at 3.5 s and 0.5 s later, less what
    spreads clients, asks once more, in vain; the third one waits long enough."""
    asked = requests([0.0, 0.5, 9.5], 4, [10, 1, 1])
    once = Patience(timeout_s=3.0)
    run = simulate(steps(per_step=1.0, max_batch=1), asked, patience=once)
    assert np.isnan(run.finish_s[1]) and np.isnan(run.first_token_s[1])
    assert run.finish_s[[0, 2]].tolist() == [10.0, 11.0]
    twice = simulate(steps(per_step=1.0, max_batch=1), asked, patience=replace(once, attempts=2))
    assert twice.attempts.tolist() == [1, 2, 1]
    assert np.isnan(twice.finish_s[1])
    thrice = simulate(steps(per_step=1.0, max_batch=1), asked, patience=replace(once, attempts=4, backoff_s=0.5))
    assert thrice.attempts.tolist() == [1, 3, 1]
    assert thrice.finish_s[1] == 11.0 and thrice.sent_s[1] == 0.5


def test_a_prompt_computed_in_part_is_withdrawn() -> None:
    """Four tokens a step of 1 s: a prompt of 40 is given up at 3.5 s, and the next one, of 4, starts at the next step."""
    run = simulate(steps(per_step=1.0, budget=4), requests([0.0, 1.0], [40, 4], 1), patience=Patience(timeout_s=3.5))
    assert np.isnan(run.finish_s[0])
    assert run.finish_s[1] == 5.0 - 0.0
    assert run.peak_kv_tokens == 40


def test_a_lost_replica_loses_its_requests_and_takes_new_ones_when_it_is_back() -> None:
    """Round robin over two replicas; replica 1 is down from 2.5 s to 20 s. Its request is sent again and starts anew at
    the other one; what is meant for it while it is down goes there too, and comes back to it later."""
    down = [Change(2.5, 1, "down"), Change(20.0, 1, "up")]
    asked = requests([0.0, 0.0, 5.0, 6.0, 30.0, 30.0], 4, [10, 10, 2, 2, 2, 2])
    run = simulate(steps(per_step=1.0), asked, replicas=2, changes=down, patience=Patience(attempts=2, backoff_s=0.0))
    assert run.attempts.tolist() == [1, 2, 1, 1, 1, 1]
    assert run.finish_s.tolist() == [10.0, 13.0, 7.0, 8.0, 32.0, 32.0]
    failed = simulate(steps(per_step=1.0), asked, replicas=2, changes=down)
    assert np.isnan(failed.finish_s).tolist() == [False, True, False, False, False, False]


def test_a_draining_replica_finishes_what_it_has() -> None:
    drained = [Change(2.5, 0, "draining"), Change(12.0, 0, "down")]
    run = simulate(steps(per_step=1.0), requests([0.0, 3.0, 4.0], 4, [10, 2, 2]), replicas=2, changes=drained)
    assert run.finish_s.tolist() == [10.0, 5.0, 6.0]


def test_with_every_replica_down_requests_are_refused_until_one_is_up() -> None:
    cold = [Change(0.0, 0, "down"), Change(10.0, 0, "up")]
    patience = Patience(attempts=9, backoff_s=4.0, longest_backoff_s=4.0)
    run = simulate(steps(per_step=1.0), requests([1.0], 4, 1), changes=cold, patience=patience)
    assert run.finish_s[0] - 1.0 == pytest.approx(run.e2e_s[0])
    assert 11.0 <= run.finish_s[0] <= 15.0
    assert run.attempts[0] >= 3


def test_a_retry_storm_outlasts_its_cause() -> None:
    """Metastable failure (Bronson et al. 2021, doi:10.1145/3458336.3465286): the same short outage is over in no time for
    patient clients and goes on where those that hang up early send again and again."""
    asked = shuffled(traffic("chat", 6000, rate=26.0))
    outage = [Change(60.0, 0, "down"), Change(90.0, 0, "up")]
    patient = simulate(SMALL, asked, changes=outage, patience=Patience(timeout_s=600.0, attempts=8))
    storm = simulate(SMALL, asked, changes=outage, patience=Patience(timeout_s=2.0, attempts=8))
    late = asked.arrival_s > 200
    assert np.isnan(patient.finish_s[late]).mean() < 0.001
    assert storm.attempts.sum() > 1.2 * patient.attempts.sum()


@st.composite
def troubles(draw: st.DrawFn) -> tuple[list[StepTable], Requests, dict[str, object]]:
    """Everything at once: kinds, levels, impatience, replicas that come and go."""
    seed, count = draw(st.integers(0, 10**6)), draw(st.integers(1, 150))
    asked = shuffled(traffic(draw(st.sampled_from(["chat", "rag", "reason"])), count, seed=seed, rate=1.0), seed)
    asked = of_classes(
        replace(asked, arrival_s=asked.arrival_s / draw(st.sampled_from([0.2, 5.0, 100.0]))), np.arange(count) % 3
    )
    largest = float((asked.prompt_tokens + asked.output_tokens).max())
    replicas = draw(st.integers(1, 3))
    tables = [
        replace(
            draw(st.sampled_from([SMALL, LARGE])),
            max_batch=draw(st.sampled_from([1, 4, 256])),
            kv_capacity_tokens=largest * draw(st.sampled_from([1.0, 1.5, 4.0, 1000.0])),
            request_token_s=draw(st.sampled_from([0.0, 1e-5])),
            schedule_ahead=draw(st.integers(0, 1)),
        )
        for _ in range(replicas)
    ]
    changes = [
        Change(draw(st.floats(0.0, 30.0)), draw(st.integers(0, replicas - 1)), state)
        for state in draw(st.lists(st.sampled_from(["down", "up", "draining"]), max_size=5))
    ]
    patience = Patience(
        timeout_s=draw(st.sampled_from([0.3, 3.0, 1000.0, float("inf")])),
        attempts=draw(st.integers(1, 4)),
        backoff_s=draw(st.sampled_from([0.0, 0.5])),
    )
    options: dict[str, object] = {
        **draw(st.sampled_from([{}, {"clients": 7}, {"max_in_flight": 6}])),
        "routing": draw(st.sampled_from(ROUTINGS)),
        "reserve_all": draw(st.booleans()),
        "priorities": draw(st.sampled_from([(), (0, 1, 2), (1, 0, 1)])),
        "patience": patience,
        "changes": changes,
    }
    return tables, asked, options


def run_of(case: tuple[list[StepTable], Requests, dict[str, object]], **more: object) -> Outcome:
    tables, asked, options = case
    return simulate(tables, asked, **{**options, **more})  # type: ignore[arg-type]


@LAWFUL
@given(troubles())
def test_every_request_is_served_whole_or_fails_after_its_last_attempt(
    case: tuple[list[StepTable], Requests, dict[str, object]],
) -> None:
    run, attempts = run_of(case), case[2]["patience"].attempts  # type: ignore[attr-defined]
    failed = np.isnan(run.finish_s)
    assert (np.isnan(run.first_token_s) == failed).all()
    assert (run.attempts[failed] == attempts).all()
    assert (run.attempts >= 1).all() and (run.attempts <= attempts).all()
    assert np.isfinite(run.sent_s).all()
    served = ~failed
    assert (run.finish_s[served] >= run.first_token_s[served]).all()
    assert (run.first_token_s[served] > run.sent_s[served]).all()


@LAWFUL
@given(troubles())
def test_skipping_events_changes_nothing_in_trouble(
    case: tuple[list[StepTable], Requests, dict[str, object]],
) -> None:
    skipping, stepping = run_of(case), run_of(case, skip_events=False)
    for name in ("sent_s", "first_token_s", "finish_s"):
        np.testing.assert_allclose(getattr(skipping, name), getattr(stepping, name), rtol=1e-9, atol=1e-9)
    assert (skipping.attempts == stepping.attempts).all()


@LAWFUL
@given(troubles())
def test_trouble_that_never_comes_changes_nothing(case: tuple[list[StepTable], Requests, dict[str, object]]) -> None:
    """Clients that never hang up, changes after the end and equal priorities: the plain run, to the byte."""
    tables, asked, options = case
    plain = {name: options[name] for name in ("routing", "reserve_all", "clients", "max_in_flight") if name in options}
    run = simulate(tables, asked, **plain)  # type: ignore[arg-type]
    calm = {
        "patience": Patience(timeout_s=1e9, attempts=3),
        "changes": [Change(1e9, 0, "down")],
        "priorities": (1, 1, 1),
    }
    same = simulate(tables, asked, **plain, **calm)  # type: ignore[arg-type]
    assert same.finish_s.tobytes() == run.finish_s.tobytes()
    assert same.busy_s == run.busy_s


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"priorities": (0,)}, "level of 0 or more for every class"),
        ({"changes": [Change(1.0, 3, "down")]}, "names a replica"),
        ({"changes": [Change(1.0, 0, "gone")]}, "up, draining, down"),
        ({"replicas": 2}, "One table per replica"),
    ],
)
def test_refuses_what_makes_no_sense(options: dict[str, object], message: str) -> None:
    asked = of_classes(requests([0.0, 1.0], 10, 10), [0, 1])
    with pytest.raises(ValueError, match=message):
        simulate([SMALL, SMALL, SMALL], asked, **options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Patience"):
        Patience(timeout_s=0.0)
