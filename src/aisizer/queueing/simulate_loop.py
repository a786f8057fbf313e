"""The simulator's event loop: numbers, records and heaps only, so that numba can compile it.

The functions run as they stand, on lists of objects, or compiled, on rows of structured arrays. Both do the same
arithmetic and give the same bytes. Compiled, they are one file: numba's cache notices changes of this file only; and they take no
tuples with names, whose class a cache of another version would not find.

A decoding request makes one token a step, so the step of its last token is known when its prompt is done; a heap keyed on
the step counter finds whoever finishes. Steps without prompts until the next finish, full KV memory or arrival are one
stretch, whose duration is a closed form: nothing is done per step and per sequence. Comparisons are written out where all
requests and steps pass, for calls of `min` and `max` would take a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from importlib import import_module
from math import inf, nan, sqrt
from typing import Any, TypeVar

from aisizer.queueing.simulate_records import DOWN, NOBODY, UP, Job, Kind, Replica, Sender, Turn

Function = TypeVar("Function", bound=Callable[..., Any])
NEVER = 1 << 62
"""A key beyond every step: the last entry of each heap, so that none is ever empty."""
HANGS_UP, SENDS_AGAIN, REACHES = 0, 1, 2
CALLS = 3
"""What a client does at a time of its own; an entry of `calls` is that time and CALLS x request + one of these."""
SPREAD = 0.25
"""[1] of a pause before sending again by which clients differ."""
GOLDEN = 0.6180339887498949
"""Multiples of it spread evenly over (0, 1) (Weyl 1916, doi:10.1007/BF01475864): pauses differ without a random number."""
Heap = list[int]
Calls = list[tuple[float, int]]
COMPILED = __name__.endswith("compiled")
"""Whether this is the copy of the module that `simulate` loads to have it compiled."""


def _compiled(function: Function) -> Function:
    """The function as it stands, or compiled by numba."""
    if not COMPILED:
        return function
    result: Function = import_module("numba").njit(cache=True, inline="always")(function)
    return result


@_compiled
def play(
    prompt_step_s: list[float],
    sequences_s: list[float],
    decode_step_s: list[float],
    kinds: list[Kind],
    senders: list[Sender],
    jobs: list[Job],
    replicas: list[Replica],
    turns: list[Turn],
    route: list[int],
) -> None:
    """Serves every request; `route` names the replica of each, NOBODY for the one with the fewest outstanding.

    A step takes what its tokens take when it has prompts and what its sequences take, or all of a step that only decodes
    so many: tables in which those of each kind of replica begin at its `base`.

    Requests are sent in order, at their arrival or when one of the `in_flight` before has finished. At one instant
    finishes come first, then arrivals at replicas, then the next step, then clients that hang up and replicas that turn.
    """
    front, clients = kinds[0], senders[0]
    once = clients.attempts == 1
    in_order = front.request_token_s == 0 or len(replicas) * front.front_processes == 1
    calm = in_order and clients.timeout_s == inf and turns[0].at_s == inf
    sendable, sent, arrived, turned = clients.in_flight, 0, 0, 0
    finishing = [[NEVER] for _ in range(len(replicas))]
    calls = [(inf, NOBODY)]
    while True:
        r = _next_to_wake(replicas)
        now = replicas[r].wake_s
        alarm_s = inf if calm else min(calls[0][0], turns[turned].at_s)
        reach_s = jobs[arrived].reach_s if in_order and arrived < sent else inf
        if sent < sendable and (once or jobs[sent].sent_s <= min(now, alarm_s, reach_s)):
            # Where nobody sends again the API processes get requests in order, so that all may pass at once.
            until = sendable if once else sent + 1
            for i in range(sent, until):
                _send(front, clients, jobs, replicas, calls, i, jobs[i].sent_s, in_order)
            sent = until
        elif reach_s < now and reach_s <= alarm_s:
            sendable += _arrive(kinds, clients, jobs, replicas, calls, arrived, route[arrived], reach_s, sendable)
            arrived += 1
        elif alarm_s < now:
            if turns[turned].at_s == alarm_s:
                turn = turns[turned]
                sendable += _turn(clients, jobs, replicas[turn.replica], calls, finishing[turn.replica], turn, sendable)
                turned += 1
            else:
                sendable += _call(kinds, clients, jobs, replicas, calls, route, sendable)
        elif now == inf:
            return
        else:
            rules = kinds[replicas[r].kind]
            sendable = _complete(rules, jobs, replicas[r], finishing[r], now, sendable)
            while sent < sendable and jobs[sent].sent_s <= now:
                _send(front, clients, jobs, replicas, calls, sent, jobs[sent].sent_s, in_order)
                sent += 1
            while in_order and arrived < sent and jobs[arrived].reach_s <= now:
                sendable += _arrive(kinds, clients, jobs, replicas, calls, arrived, route[arrived], now, sendable)
                arrived += 1
            replicas[r].wake_s = _begin(
                prompt_step_s, sequences_s, decode_step_s, rules, clients, jobs, replicas[r], finishing[r], now
            )


@_compiled
def _send(
    front: Kind,
    clients: Sender,
    jobs: list[Job],
    replicas: list[Replica],
    calls: Calls,
    i: int,
    now: float,
    in_order: bool,
) -> None:
    """Passes request i through the API processes, which replicas share evenly; its client waits from now on.

    Of several processes a short prompt may overtake a long one: such requests come as calls.
    """
    job, station = jobs[i], replicas[0]
    work = front.request_token_s * (job.total - job.left)
    begin = now if now > station.front_s else station.front_s
    station.front_s = begin + work / (len(replicas) * front.front_processes)
    job.reach_s = begin + work + front.request_fixed_s
    job.attempts += 1
    if clients.timeout_s < inf:
        job.gives_up_s = now + clients.timeout_s
        heappush(calls, (job.gives_up_s, CALLS * i + HANGS_UP))
    if not in_order:
        heappush(calls, (job.reach_s, CALLS * i + REACHES))


@_compiled
def _next_to_wake(replicas: list[Replica]) -> int:
    first, wake_s = 0, replicas[0].wake_s
    for r in range(1, len(replicas)):
        if replicas[r].wake_s < wake_s:
            first, wake_s = r, replicas[r].wake_s
    return first


@_compiled
def _arrive(
    kinds: list[Kind],
    clients: Sender,
    jobs: list[Job],
    replicas: list[Replica],
    calls: Calls,
    i: int,
    r: int,
    now: float,
    sendable: int,
) -> int:
    """Queues request i; wakes an idle replica, and ends a stretch at the first step boundary after the arrival.

    Where no replica takes requests, or the client has hung up meanwhile, the client may send again. Returns the requests
    that may be sent in its place.
    """
    job = jobs[i]
    if r == NOBODY:
        r = _least_outstanding(replicas)
    elif replicas[r].state != UP:
        r = _stand_in(replicas, i)
    if r == NOBODY or job.gives_up_s <= now:
        return _again(clients, jobs, calls, i, now, sendable)
    replica = replicas[r]
    rules = kinds[replica.kind]
    replica.outstanding += 1
    job.replica = r
    if rules.schedule_ahead + rules.hold_steps > 0:
        job.seen = _first_open_step(rules, replica, now)
    _queue(jobs, replica, i, job.level)
    if replica.head == i:
        if replica.wake_s == inf:
            replica.start_s = replica.wake_s = now
        elif replica.stretch > 1:
            ahead = rules.schedule_ahead + rules.hold_steps
            _cut_short(rules, replica, replica.step + _steps_until(rules, replica, now) + ahead)
    return 0


@_compiled
def _queue(jobs: list[Job], replica: Replica, i: int, level: int) -> None:
    """Puts request i behind all requests of this level or a lower one."""
    job = jobs[i]
    job.behind = NOBODY
    if replica.head == NOBODY:
        replica.head = replica.tail = i
    elif jobs[replica.tail].level <= level:
        jobs[replica.tail].behind = i
        replica.tail = i
    else:
        before, at = NOBODY, replica.head
        while jobs[at].level <= level:
            before = at
            at = jobs[at].behind
        job.behind = at
        if before == NOBODY:
            replica.head = i
        else:
            jobs[before].behind = i


@_compiled
def _call(
    kinds: list[Kind],
    clients: Sender,
    jobs: list[Job],
    replicas: list[Replica],
    calls: Calls,
    route: list[int],
    sendable: int,
) -> int:
    """The next client hangs up, sends again, or its request reaches a replica."""
    now, code = heappop(calls)
    i = code // CALLS
    what = code - i * CALLS
    freed = 0
    if what == SENDS_AGAIN:
        _send(kinds[0], clients, jobs, replicas, calls, i, now, False)
    elif what == REACHES:
        freed = _arrive(kinds, clients, jobs, replicas, calls, i, route[i], now, sendable)
    elif jobs[i].gives_up_s == now and jobs[i].replica != NOBODY and jobs[i].first_s != jobs[i].first_s:
        replica = replicas[jobs[i].replica]
        _withdraw(kinds[replica.kind], jobs, replica, i, now)
        freed = _again(clients, jobs, calls, i, now, sendable)
    return freed


@_compiled
def _withdraw(rules: Kind, jobs: list[Job], replica: Replica, i: int, now: float) -> None:
    """Takes a request without a first token from its replica: the prompt that is computed in part, or one in the queue."""
    job = jobs[i]
    replica.outstanding -= 1
    if i == replica.partial:
        replica.partial = NOBODY
        replica.newest = job.older
        replica.kv -= job.total - (job.left if rules.kv_growth else 1)
        return
    before, at = NOBODY, replica.head
    while at != i:
        before = at
        at = jobs[at].behind
    if replica.tail == i:
        replica.tail = before
    if before != NOBODY:
        jobs[before].behind = job.behind
        return
    replica.head = job.behind
    if replica.head != NOBODY and replica.stretch > 1:
        # the next in line may fit where this one did not
        opened = jobs[replica.head].seen + rules.hold_steps
        _cut_short(rules, replica, max(opened, replica.step + _steps_until(rules, replica, now)))


@_compiled
def _again(clients: Sender, jobs: list[Job], calls: Calls, i: int, now: float, sendable: int) -> int:
    """The client sends again after a pause that doubles each time; or it fails, and another request is sent in its place."""
    job = jobs[i]
    job.replica = job.due = NOBODY
    job.gives_up_s = inf
    job.first_s = nan
    job.left = job.output
    if job.attempts < clients.attempts:
        pause_s = min(clients.backoff_s * 2.0 ** (job.attempts - 1), clients.longest_backoff_s)
        pause_s *= 1.0 - SPREAD * ((i + job.attempts) * GOLDEN % 1.0)
        heappush(calls, (now + pause_s, CALLS * i + SENDS_AGAIN))
        return 0
    job.failed_s = now
    return _send_next(jobs, now, sendable)


@_compiled
def _send_next(jobs: list[Job], now: float, sendable: int) -> int:
    """One more request may be sent, if there is one."""
    if sendable == len(jobs):
        return 0
    job = jobs[sendable]
    job.sent_s = now if now > job.arrival_s else job.arrival_s
    return 1


@_compiled
def _turn(
    clients: Sender, jobs: list[Job], replica: Replica, calls: Calls, finishing: Heap, turn: Turn, sendable: int
) -> int:
    """Changes the state of a replica; one that goes down loses its requests."""
    replica.state = turn.state
    if turn.state != DOWN:
        return 0
    freed, i = 0, replica.head
    while i != NOBODY:
        behind = jobs[i].behind
        freed += _again(clients, jobs, calls, i, turn.at_s, sendable + freed)
        i = behind
    i = replica.newest
    while i != NOBODY:
        older = jobs[i].older
        if jobs[i].due != NOBODY or i == replica.partial:
            freed += _again(clients, jobs, calls, i, turn.at_s, sendable + freed)
        i = older
    if replica.wake_s < inf:
        replica.busy_s += turn.at_s - replica.start_s
    replica.wake_s = inf
    replica.partial = replica.head = replica.tail = replica.newest = NOBODY
    replica.batch = replica.context = replica.kv = replica.outstanding = replica.stretch = 0
    finishing.clear()
    finishing.append(NEVER)
    return freed


@_compiled
def _least_outstanding(replicas: list[Replica]) -> int:
    """The replica that takes requests and has the fewest, or NOBODY."""
    best = NOBODY
    for r in range(len(replicas)):
        if replicas[r].state == UP and (best == NOBODY or replicas[r].outstanding < replicas[best].outstanding):
            best = r
    return best


@_compiled
def _stand_in(replicas: list[Replica], i: int) -> int:
    """One of the replicas that take requests, dealt out in turn by request, or NOBODY."""
    up = 0
    for replica in replicas:
        up += replica.state == UP
    if up == 0:
        return NOBODY
    r, left = -1, i % up
    while left >= 0:
        r += 1
        left -= replicas[r].state == UP
    return r


@_compiled
def _stretch_s(rules: Kind, replica: Replica, steps: int) -> float:
    """[s] `steps` decode steps: step j reads the context as it is after j more tokens of each sequence."""
    return steps * (replica.pace_s + rules.kv_read_s * (replica.context + 0.5 * replica.batch * (steps + 1)))


@_compiled
def _first_open_step(rules: Kind, replica: Replica, now: float) -> int:
    """The first step that is not yet scheduled at `now`; an idle replica schedules nothing ahead."""
    if replica.wake_s == inf:
        return replica.step
    if replica.stretch == 0:
        return replica.step + rules.schedule_ahead
    return replica.step + _steps_until(rules, replica, now) + rules.schedule_ahead


@_compiled
def _next_look(rules: Kind, replica: Replica, step: int) -> int:
    """The first step from `step` on before which the queue is looked at."""
    return step + (replica.polled - step) % rules.poll_steps


@_compiled
def _cut_short(rules: Kind, replica: Replica, first: int) -> None:
    """Ends the stretch before the first look at the queue from step `first` on, if that is sooner."""
    steps = _next_look(rules, replica, first) - replica.step
    if steps < replica.stretch:
        replica.stretch = steps
        replica.wake_s = replica.start_s + _stretch_s(rules, replica, steps)


@_compiled
def _steps_until(rules: Kind, replica: Replica, now: float) -> int:
    """Steps of the stretch up to its first step boundary from `now` on.

    The whole part of the root of a quadratic is at most one step short.
    """
    elapsed = now - replica.start_s
    bend = 0.5 * rules.kv_read_s * replica.batch
    slope = replica.pace_s + rules.kv_read_s * replica.context + bend
    steps = int(2 * elapsed / (slope + sqrt(slope * slope + 4 * bend * elapsed)))
    if steps < 1:
        steps = 1
    while _stretch_s(rules, replica, steps) < elapsed:
        steps += 1
    return steps


@_compiled
def _complete(rules: Kind, jobs: list[Job], replica: Replica, finishing: Heap, now: float, sendable: int) -> int:
    """Books what the replica has just done, and returns how many requests may have been sent by now."""
    count = len(jobs)
    if replica.stretch > 0:
        replica.step += replica.stretch
        replica.context += replica.stretch * replica.batch
        replica.kv += (replica.stretch - 1) * replica.batch * rules.kv_growth
        replica.stretch = 0
    replica.busy_s += now - replica.start_s
    if replica.kv > replica.peak_kv:
        replica.peak_kv = replica.kv
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
        sendable += _send_next(jobs, now, sendable)
    return sendable


@_compiled
def _begin(
    prompt_step_s: list[float],
    sequences_s: list[float],
    decode_step_s: list[float],
    rules: Kind,
    clients: Sender,
    jobs: list[Job],
    replica: Replica,
    finishing: Heap,
    now: float,
) -> float:
    """Starts what the replica does next - a step with prompts, a stretch of decode steps, nothing - and says its end."""
    while replica.kv + replica.batch * rules.kv_growth > rules.kv_capacity:
        _preempt(clients, jobs, replica)
    batch, context = replica.batch, replica.context
    replica.kv += batch * rules.kv_growth
    replica.start_s = now
    horizon = _horizon(rules, jobs, replica)
    if replica.partial != NOBODY or replica.head != NOBODY:
        tokens, attention = _take_prompts(rules, jobs, replica, finishing, horizon)
        if tokens > 0:
            seconds = prompt_step_s[rules.base + tokens + batch]
            seconds += sequences_s[rules.base + replica.batch]
            seconds += rules.prefill_attention_s * attention + rules.kv_read_s * (context + batch)
            if batch > 0:
                seconds += rules.decode_fixed_s
            if seconds < rules.prefill_floor_s:
                seconds = rules.prefill_floor_s
            replica.step += 1
            replica.polled = replica.step
            replica.context += batch
            _emit_first_tokens(jobs, replica, now + seconds)
            return now + seconds
    if batch == 0:
        return inf
    replica.stretch = _longest_stretch(rules, jobs, replica, finishing[0] // len(jobs), horizon)
    replica.pace_s = decode_step_s[rules.base + batch]
    return now + _stretch_s(rules, replica, replica.stretch)


@_compiled
def _horizon(rules: Kind, jobs: list[Job], replica: Replica) -> int:
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
def _longest_stretch(rules: Kind, jobs: list[Job], replica: Replica, next_finish: int, horizon: int) -> int:
    """Decode steps until somebody finishes, the KV memory is full or the queue is looked at.

    A request that was seen and could not be admitted waits for memory or a sequence, which only a finish brings.
    """
    steps = next_finish - replica.step
    if steps > rules.longest_stretch:
        steps = rules.longest_stretch
    if replica.head != NOBODY and jobs[replica.head].seen > horizon:
        opened = max(jobs[replica.head].seen + rules.hold_steps, replica.step + 1)
        steps = min(steps, _next_look(rules, replica, opened) - replica.step)
    if rules.kv_growth == 0:
        return steps
    held = 1 + (rules.kv_capacity - replica.kv) // replica.batch
    return held if held < steps else steps


@_compiled
def _preempt(clients: Sender, jobs: list[Job], replica: Replica) -> None:
    """Drops the KV of a request and queues it first of its level: its prompt and tokens are computed again.

    Of those served last it takes the one admitted last. It cannot come back at once: it was what did not fit.
    """
    while not _runs(jobs, replica, replica.newest):
        replica.newest = jobs[replica.newest].older  # that one has finished
    newer, i, before, at = NOBODY, replica.newest, replica.newest, jobs[replica.newest].older
    while jobs[i].level < clients.last_level and at != NOBODY:
        if jobs[at].level > jobs[i].level and _runs(jobs, replica, at):
            newer, i = before, at
        before = at
        at = jobs[at].older
    job = jobs[i]
    if newer == NOBODY:
        replica.newest = job.older
    else:
        jobs[newer].older = job.older
    if i == replica.partial:
        replica.partial = NOBODY
        replica.kv -= job.total - job.left
    else:
        job.left = job.due // len(jobs) - replica.step
        job.due = NOBODY
        replica.batch -= 1
        replica.context -= job.total - job.left - 1
        replica.kv -= job.total - job.left - 1
    _queue(jobs, replica, i, job.level - 1)
    replica.preemptions += 1


@_compiled
def _runs(jobs: list[Job], replica: Replica, i: int) -> bool:
    return jobs[i].due != NOBODY or i == replica.partial


@_compiled
def _take_prompts(rules: Kind, jobs: list[Job], replica: Replica, finishing: Heap, horizon: int) -> tuple[int, float]:
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
        chunk = prompt - replica.computed
        if chunk > room - tokens:
            chunk = room - tokens
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
def _admit(rules: Kind, jobs: list[Job], replica: Replica, horizon: int) -> bool:
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
