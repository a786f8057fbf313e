"""The simulator's event loop: numbers, records and heaps only, so that numba can compile it.

Compiled, the records are rows of structured arrays; without numba the same functions run as they stand, on lists of
objects. Both do the same arithmetic and give the same bytes.

A decoding request makes one token a step, so the step of its last token is known when its prompt is done; a heap keyed on
the step counter finds whoever finishes. Steps without prompts until the next finish, full KV memory or arrival are one
stretch, whose duration is a closed form: nothing is done per step and per sequence.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from importlib import import_module
from importlib.util import find_spec
from math import inf, sqrt
from typing import Any, NamedTuple, TypeVar

from aisizer.queueing.simulate_records import NOBODY, Job, Replica

Function = TypeVar("Function", bound=Callable[..., Any])
NEVER = 1 << 62
"""A key beyond every step: the last entry of each heap, so that none is ever empty."""
Heap = list[int]
COMPILED = find_spec("numba") is not None and not import_module("numba").config.DISABLE_JIT


def _compiled(function: Function) -> Function:
    """The function compiled by numba where numba is installed, else as it stands."""
    if not COMPILED:
        return function
    result: Function = import_module("numba").njit(cache=True, inline="always")(function)
    return result


class Times(NamedTuple):
    """The tables of a step: its tokens when it has prompts, its sequences, and all of a step that only decodes so many.

    Apart from Rules, because compiled code counts references to arrays wherever they go; in this file, because numba's
    cache knows the fields of a tuple by their position and notices changes of this file only.
    """

    prompt_step_s: list[float]
    sequences_s: list[float]
    decode_step_s: list[float]


class Rules(NamedTuple):
    """The terms of a step that need no table, and the limits of a replica.

    kv_growth  KV tokens that a decoding sequence takes per step: 1, or 0 where its whole output is reserved on admission
    """

    decode_fixed_s: float
    prefill_attention_s: float
    kv_read_s: float
    kv_capacity: int
    max_batch: int
    token_budget: int
    kv_growth: int
    longest_stretch: int
    prefill_floor_s: float
    request_fixed_s: float
    request_token_s: float
    schedule_ahead: int
    poll_steps: int
    hold_steps: int


@_compiled
def play(
    times: Times,
    rules: Rules,
    jobs: list[Job],
    replicas: list[Replica],
    route: list[int],
    in_flight: int,
) -> None:
    """Serves every request; `route` names the replica of each, NOBODY for the one with the fewest outstanding.

    Requests are sent in order, at their arrival or when one of the `in_flight` before has finished. At one instant
    finishes come first, then arrivals at replicas, then the next step.
    """
    sendable, arrived = in_flight, 0
    finishing = [[NEVER] for _ in range(len(replicas))]
    for i in range(in_flight):
        _send(rules, jobs, replicas, i)
    while True:
        r = _next_to_wake(replicas)
        now = replicas[r].wake_s
        if arrived < sendable and jobs[arrived].reach_s < now:
            _arrive(rules, jobs, replicas, arrived, route[arrived], jobs[arrived].reach_s)
            arrived += 1
            continue
        if now == inf:
            return
        sent = sendable
        sendable = _complete(rules, jobs, replicas[r], finishing[r], now, sendable)
        for i in range(sent, sendable):
            _send(rules, jobs, replicas, i)
        while arrived < sendable and jobs[arrived].reach_s <= now:
            _arrive(rules, jobs, replicas, arrived, route[arrived], now)
            arrived += 1
        replicas[r].wake_s = _begin(times, rules, jobs, replicas[r], finishing[r], now)


@_compiled
def _send(rules: Rules, jobs: list[Job], replicas: list[Replica], i: int) -> None:
    """Passes request i, now sent, through the API process; replicas share theirs evenly."""
    job, front = jobs[i], replicas[0]
    work = rules.request_token_s * (job.total - job.left)
    begin = max(front.front_s, job.sent_s)
    front.front_s = begin + work / len(replicas)
    job.reach_s = begin + work + rules.request_fixed_s


@_compiled
def _next_to_wake(replicas: list[Replica]) -> int:
    first = 0
    for r in range(1, len(replicas)):
        if replicas[r].wake_s < replicas[first].wake_s:
            first = r
    return first


@_compiled
def _arrive(rules: Rules, jobs: list[Job], replicas: list[Replica], i: int, r: int, now: float) -> None:
    """Queues request i; wakes an idle replica, and ends a stretch at the first step boundary after the arrival."""
    if r == NOBODY:
        r = _least_outstanding(replicas)
    replica = replicas[r]
    replica.outstanding += 1
    if rules.schedule_ahead + rules.hold_steps > 0:
        jobs[i].seen = _first_open_step(rules, replica, now)
    if replica.head != NOBODY:
        jobs[replica.tail].behind = i
        replica.tail = i
        return
    replica.head = replica.tail = i
    if replica.wake_s == inf:
        replica.start_s = replica.wake_s = now
    elif replica.stretch > 1:
        _cut_short(rules, replica, now)


@_compiled
def _least_outstanding(replicas: list[Replica]) -> int:
    best = 0
    for r in range(1, len(replicas)):
        if replicas[r].outstanding < replicas[best].outstanding:
            best = r
    return best


@_compiled
def _stretch_s(rules: Rules, replica: Replica, steps: int) -> float:
    """[s] `steps` decode steps: step j reads the context as it is after j more tokens of each sequence."""
    return steps * (replica.pace_s + rules.kv_read_s * (replica.context + 0.5 * replica.batch * (steps + 1)))


@_compiled
def _first_open_step(rules: Rules, replica: Replica, now: float) -> int:
    """The first step that is not yet scheduled at `now`; an idle replica schedules nothing ahead."""
    if replica.wake_s == inf:
        return replica.step
    if replica.stretch == 0:
        return replica.step + rules.schedule_ahead
    return replica.step + _steps_until(rules, replica, now) + rules.schedule_ahead


@_compiled
def _next_look(rules: Rules, replica: Replica, step: int) -> int:
    """The first step from `step` on before which the queue is looked at."""
    return step + (replica.polled - step) % rules.poll_steps


@_compiled
def _cut_short(rules: Rules, replica: Replica, now: float) -> None:
    """Ends the stretch where a request that arrives now is looked at, if that is sooner."""
    first = replica.step + _steps_until(rules, replica, now) + rules.schedule_ahead + rules.hold_steps
    steps = _next_look(rules, replica, first) - replica.step
    if steps < replica.stretch:
        replica.stretch = steps
        replica.wake_s = replica.start_s + _stretch_s(rules, replica, steps)


@_compiled
def _steps_until(rules: Rules, replica: Replica, now: float) -> int:
    """Steps of the stretch up to its first step boundary from `now` on.

    The whole part of the root of a quadratic is at most one step short.
    """
    elapsed = now - replica.start_s
    bend = 0.5 * rules.kv_read_s * replica.batch
    slope = replica.pace_s + rules.kv_read_s * replica.context + bend
    steps = max(1, int(2 * elapsed / (slope + sqrt(slope * slope + 4 * bend * elapsed))))
    while _stretch_s(rules, replica, steps) < elapsed:
        steps += 1
    return steps


@_compiled
def _complete(rules: Rules, jobs: list[Job], replica: Replica, finishing: Heap, now: float, sendable: int) -> int:
    """Books what the replica has just done, and returns how many requests may have been sent by now."""
    count = len(jobs)
    if replica.stretch > 0:
        replica.step += replica.stretch
        replica.context += replica.stretch * replica.batch
        replica.kv += (replica.stretch - 1) * replica.batch * rules.kv_growth
        replica.stretch = 0
    replica.busy_s += now - replica.start_s
    replica.peak_kv = max(replica.peak_kv, replica.kv)
    while finishing[0] < (replica.step + 1) * count:
        key = heappop(finishing)
        job = jobs[key % count]
        if job.due != key:
            continue  # it was preempted after this entry was made
        job.due = NOBODY
        job.finish_s = now
        replica.batch -= 1
        replica.context -= job.total - 1
        replica.kv -= job.total - 1
        replica.outstanding -= 1
        if sendable < count:
            jobs[sendable].sent_s = max(jobs[sendable].arrival_s, now)
            sendable += 1
    return sendable


@_compiled
def _begin(times: Times, rules: Rules, jobs: list[Job], replica: Replica, finishing: Heap, now: float) -> float:
    """Starts what the replica does next - a step with prompts, a stretch of decode steps, nothing - and says its end."""
    while replica.kv + replica.batch * rules.kv_growth > rules.kv_capacity:
        _preempt_newest(jobs, replica)
    batch, context = replica.batch, replica.context
    replica.kv += batch * rules.kv_growth
    replica.start_s = now
    horizon = _horizon(rules, jobs, replica)
    if replica.partial != NOBODY or replica.head != NOBODY:
        tokens, attention = _take_prompts(rules, jobs, replica, finishing, horizon)
        if tokens > 0:
            seconds = times.prompt_step_s[tokens + batch] + times.sequences_s[replica.batch]
            seconds += rules.prefill_attention_s * attention + rules.kv_read_s * (context + batch)
            if batch > 0:
                seconds += rules.decode_fixed_s
            seconds = max(seconds, rules.prefill_floor_s)
            replica.step += 1
            replica.polled = replica.step
            replica.context += batch
            _emit_first_tokens(jobs, replica, now + seconds)
            return now + seconds
    if batch == 0:
        return inf
    replica.stretch = _longest_stretch(rules, jobs, replica, finishing[0] // len(jobs), horizon)
    replica.pace_s = times.decode_step_s[batch]
    return now + _stretch_s(rules, replica, replica.stretch)


@_compiled
def _horizon(rules: Rules, jobs: list[Job], replica: Replica) -> int:
    """Requests that may be computed from this step on are those first seen up to the returned one.

    An engine without answers under way waits for nothing; a prompt that is computed in part takes others along.
    """
    if replica.batch == 0 and replica.partial == NOBODY:
        return NEVER
    held = replica.partial == NOBODY and replica.head != NOBODY
    if held and jobs[replica.head].seen + rules.hold_steps > replica.step:
        return -1
    return replica.step if _next_look(rules, replica, replica.step) == replica.step else -1


@_compiled
def _longest_stretch(rules: Rules, jobs: list[Job], replica: Replica, next_finish: int, horizon: int) -> int:
    """Decode steps until somebody finishes, the KV memory is full or the queue is looked at.

    A request that was seen and could not be admitted waits for memory or a sequence, which only a finish brings.
    """
    steps = min(next_finish - replica.step, rules.longest_stretch)
    if replica.head != NOBODY and jobs[replica.head].seen > horizon:
        opened = max(jobs[replica.head].seen + rules.hold_steps, replica.step + 1)
        steps = min(steps, _next_look(rules, replica, opened) - replica.step)
    if rules.kv_growth == 0:
        return steps
    return min(steps, 1 + (rules.kv_capacity - replica.kv) // replica.batch)


@_compiled
def _preempt_newest(jobs: list[Job], replica: Replica) -> None:
    """Drops the KV of the request admitted last and queues it first: its prompt and tokens are computed again.

    It cannot come back at once: it was what did not fit.
    """
    i = replica.newest
    while jobs[i].due == NOBODY and i != replica.partial:
        i = jobs[i].older  # that one has finished
    job = jobs[i]
    replica.newest = job.older
    if i == replica.partial:
        replica.partial = NOBODY
        replica.kv -= job.total - job.left
    else:
        job.left = job.due // len(jobs) - replica.step
        job.due = NOBODY
        replica.batch -= 1
        replica.context -= job.total - job.left - 1
        replica.kv -= job.total - job.left - 1
    if replica.head == NOBODY:
        replica.tail = i
    job.behind = replica.head
    replica.head = i
    replica.preemptions += 1


@_compiled
def _take_prompts(rules: Rules, jobs: list[Job], replica: Replica, finishing: Heap, horizon: int) -> tuple[int, float]:
    """Fills the step's token budget with prompts, first come first served: their tokens and their attention.

    A prompt that ends here is chained to `ready`, joins the decoding batch and is booked for the step of its last token.
    """
    room, tokens, attention = rules.token_budget - replica.batch, 0, 0.0
    while tokens < room:
        if replica.partial == NOBODY and not _admit(rules, jobs, replica, horizon):
            break
        i = replica.partial
        job = jobs[i]
        prompt = job.total - job.left
        chunk = min(room - tokens, prompt - replica.computed)
        attention += chunk * (replica.computed + 0.5 * chunk)
        tokens += chunk
        replica.computed += chunk
        if replica.computed == prompt:
            replica.partial = NOBODY
            replica.batch += 1
            replica.context += prompt
            job.due = (replica.step + job.left) * len(jobs) + i
            heappush(finishing, job.due)
            job.behind = replica.ready
            replica.ready = i
    return tokens, attention


@_compiled
def _admit(rules: Rules, jobs: list[Job], replica: Replica, horizon: int) -> bool:
    """Takes the first request of the queue as the partial prompt, if a sequence and the KV memory are free."""
    i = replica.head
    if i == NOBODY or replica.batch >= rules.max_batch:
        return False
    job = jobs[i]
    if job.seen > horizon:
        return False
    held = job.total - (job.left if rules.kv_growth else 1)
    if replica.kv + held > rules.kv_capacity:
        return False
    replica.kv += held
    replica.head = job.behind
    replica.partial = i
    replica.computed = job.skipped
    job.older = replica.newest
    replica.newest = i
    return True


@_compiled
def _emit_first_tokens(jobs: list[Job], replica: Replica, now: float) -> None:
    """Stamps the prompts that this step completes; a recomputed one had its first token before."""
    while replica.ready != NOBODY:
        job = jobs[replica.ready]
        if job.first_s != job.first_s:
            job.first_s = now
        replica.ready = job.behind
