"""The API station: its ceiling, the delay that load adds, and what both do to a replica's capacity."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import LARGE, traffic

from aisizer.queueing.formulas import mg1_mean_wait
from aisizer.queueing.front import added_delay_s, beside_the_prompt_s, ceiling_req_s, front_load
from aisizer.queueing.lengths import mix, summarise
from aisizer.queueing.occupancy import Limit, Load, capacity, solve
from aisizer.queueing.steps import stack
from aisizer.shapes import Floats, Requests, StepTable

CHAT = traffic("chat", 256)
ONE = Load(np.ones(1), np.zeros(1))
LIMITS = [Limit(0, "ttft", "p95", 2.0), Limit(0, "tpot", "p95", 0.2)]


def behind(processes: int, request_s: float = 0.003, token_s: float = 35e-6, table: StepTable = LARGE) -> StepTable:
    return replace(table, front_request_s=request_s, front_token_s=token_s, front_processes=processes)


def delay(table: StepTable, requests: Requests, rate: float) -> tuple[float, float]:
    replicas, blend = stack([table]), mix(summarise(requests, 1), np.array([[rate]]), np.zeros(1))
    return float(front_load(replicas, blend)[0]), float(added_delay_s(replicas, blend)[0])


def processor_sharing(arrivals: Floats, work_s: Floats) -> Floats:
    """[s] sojourn of each job on one processor that all present share evenly, event by event."""
    left: dict[int, float] = {}
    done, now, next_job = np.zeros(len(arrivals)), 0.0, 0
    while left or next_job < len(arrivals):
        until = arrivals[next_job] if next_job < len(arrivals) else np.inf
        finish = now + min(left.values(), default=np.inf) * len(left)
        step = min(until, finish) - now
        left = {job: rest - step / len(left) for job, rest in left.items()}
        now += step
        for job in [job for job, rest in left.items() if rest < 1e-12]:
            done[job] = now
            del left[job]
        if now == until:
            left[next_job] = work_s[next_job]
            next_job += 1
    return done - arrivals


def test_a_time_per_token_alone_is_known_too() -> None:
    """No time per request: the streams share the process, and the first token waits for its own 35 us over 1 - rho."""
    table = replace(behind(1, request_s=0.0), request_token_s=0.0)
    load, added = delay(table, CHAT, 50.0)
    assert 0.1 < load < 1 and added == pytest.approx(35e-6 * load / (1 - load))


def test_prompts_that_are_only_read_are_read_one_after_the_other() -> None:
    """20 us a prompt token and no other time known: the wait of M/G/1 with the lengths' own second moment."""
    read_s = 20e-6 * CHAT.prompt_tokens
    rate = 0.7 / read_s.mean()
    reading = replace(LARGE, request_token_s=20e-6, front_request_s=0.0, front_token_s=0.0, front_processes=1)
    load, added = delay(reading, CHAT, rate)
    assert load == pytest.approx(0.7)
    assert added == pytest.approx(mg1_mean_wait(rate, read_s.mean(), (read_s**2).mean()))


def test_the_delay_is_that_of_a_processor_shared_by_all_jobs() -> None:
    """12 ms of work a request at 50 req/s: rho 0.6, so 3 ms of it last 7.5 ms, 4.5 ms more than on an idle process."""
    rng = np.random.default_rng(4)
    arrivals = np.cumsum(rng.exponential(1 / 50, 20_000))
    work = rng.exponential(0.012, 20_000)
    stretched = processor_sharing(arrivals, work)[1000:]
    load, added = delay(behind(1, 0.012, 0.0), CHAT, 50.0)
    assert load == pytest.approx(0.6)
    assert added == pytest.approx(0.012 * 0.6 / 0.4)
    assert stretched.mean() - work[1000:].mean() == pytest.approx(added, rel=0.12)


@given(rate=st.floats(0.1, 70.0), more=st.floats(1.0, 3.0))
def test_load_adds_delay_and_idleness_none(rate: float, more: float) -> None:
    (load, added), (higher, later) = (delay(behind(1), CHAT, r) for r in (rate, rate * more))
    assert higher == pytest.approx(load * more)
    assert added >= 0 and (np.isnan(later) if higher >= 1 else later >= added)


def test_at_the_ceiling_itself_nothing_is_steady() -> None:
    load, added = delay(behind(1, 0.25, 0.0), CHAT, 4.0)
    assert load == 1.0 and np.isnan(added)


def test_a_replica_without_times_has_no_ceiling() -> None:
    assert ceiling_req_s(LARGE, 1000, 200) == np.inf
    assert beside_the_prompt_s(LARGE, 1e6, 1000, 200) == 0.0
    assert delay(LARGE, CHAT, 1e6)[1] == 0.0


@pytest.mark.parametrize(("rate", "waits_s"), [(2.0, 0.140625), (4.0, np.inf), (6.0, np.inf)])
def test_from_the_ceiling_on_nothing_beside_the_prompt_ends(rate: float, waits_s: float) -> None:
    """By hand: 125 ms a request and a 64th of a second for each of 8 tokens are 4 req/s; half loaded, a request and one token."""
    assert beside_the_prompt_s(behind(1, 0.125, 1 / 64), rate, 1000, 8) == waits_s


def test_only_the_first_token_and_the_end_come_later() -> None:
    plain, slow = (solve([t], CHAT, ONE, np.array([2.0])) for t in (LARGE, behind(1, 0.1, 0.0005)))
    load, added = delay(behind(1, 0.1, 0.0005), CHAT, 2.0)
    assert 0.3 < load < 1
    for name in ("mean", "p95"):
        assert slow.value("ttft", name)[0, 0] == pytest.approx(plain.value("ttft", name)[0, 0] + added)
        assert slow.value("e2e", name)[0, 0] == pytest.approx(plain.value("e2e", name)[0, 0] + added)
        assert slow.value("tpot", name)[0, 0] == plain.value("tpot", name)[0, 0]


@pytest.mark.parametrize("limits", [[], LIMITS])
def test_no_replica_carries_more_than_its_processes_and_more_of_them_never_carry_less(limits: list[Limit]) -> None:
    tables = [behind(n, 0.2, 0.002) for n in (1, 2, 4, 64)]
    found = capacity([*tables, LARGE], CHAT, ONE, limits).share
    ceilings = [ceiling_req_s(t, float(CHAT.prompt_tokens.mean()), float(CHAT.output_tokens.mean())) for t in tables]
    assert (np.diff(found) >= -1e-9).all()
    assert all(share <= ceiling for share, ceiling in zip(found, ceilings, strict=False))
    assert found[0] > 0.7 * ceilings[0] and found[1] == pytest.approx(2 * found[0], rel=0.1)
    assert found[-2] == pytest.approx(found[-1], rel=0.05)


def test_a_closed_population_is_slowed_to_what_the_processes_carry() -> None:
    people = Load(np.zeros(1), np.array([64.0]))
    free, held = (solve([t], CHAT, people, np.ones(1)) for t in (LARGE, behind(1, 0.5, 0.0)))
    assert held.stable[0] and held.throughput[0] < 2.0 < free.throughput[0]
    stay = held.value("e2e", "mean")[0, 0]
    assert held.throughput[0] * stay == pytest.approx(64, rel=0.1), "Little's law"
