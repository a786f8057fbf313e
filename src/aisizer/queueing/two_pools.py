"""Prefill and decode on pools of their own: what each sees of a stream of requests, and both simulated one after the other.

The prefill pool computes prompts and the first token. The decode pool finds the prompt in its cache, takes the first token
as one token to compute, and generates the rest in steps without prompts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from heapq import heappop, heappush

import numpy as np

from aisizer.queueing.simulate import Outcome, simulate
from aisizer.shapes import Floats, Requests, StepTable

MOST_PASSES = 40
"""Passes over a closed loop; a few are usual."""
SETTLED = 1e-3
"""[1] of the mean time in the system by which send times may still move after the last pass."""


@dataclass(frozen=True, slots=True)
class TwoPools:
    """Replicas of two step tables in series; `prefill.request_fixed_s` holds the hand-over of the cache."""

    prefill: StepTable
    decode: StepTable
    prefill_replicas: int
    decode_replicas: int


def prefill_requests(requests: Requests) -> Requests:
    """The same prompts with their first token alone."""
    return replace(requests, output_tokens=np.ones_like(requests.output_tokens))


def decode_requests(requests: Requests) -> Requests:
    """The tokens after the first, behind a prompt that is there already; an answer of one token counts as one more."""
    return replace(
        requests,
        prompt_tokens=requests.prompt_tokens + 1,
        cached_tokens=requests.prompt_tokens,
        output_tokens=np.maximum(requests.output_tokens - 1, 1.0),
    )


def simulate_pools(pools: TwoPools, requests: Requests, clients: int | None = None) -> Outcome:
    """Serves all requests through both pools; with `clients` each sends its next request when its last one is finished.

    A closed loop is found by passes: send times give times in the system, and these, averaged with those before so that
    they do not swing, the next send times.
    """
    if clients is None or clients >= len(requests.arrival_s):
        sent = requests.arrival_s if clients is None else np.zeros_like(requests.arrival_s)
        return _passed(pools, requests, sent)
    sent = _first_guess(pools, requests, clients)
    found = _passed(pools, requests, sent)
    in_system = found.e2e_s
    for _ in range(MOST_PASSES):
        if np.abs(_sent_after(found.e2e_s, clients) - sent)[clients:].mean() <= SETTLED * found.e2e_s.mean():
            break
        in_system = (in_system + found.e2e_s) / 2
        sent = _sent_after(in_system, clients)
        found = _passed(pools, requests, sent)
    return found


def _first_guess(pools: TwoPools, requests: Requests, clients: int) -> Floats:
    """Waves as long as the first one takes."""
    count = len(requests.arrival_s)
    first = _passed(pools, requests.take(np.arange(clients)), np.zeros(clients))
    return np.asarray(np.arange(count) // clients * first.e2e_s.mean())


def _sent_after(e2e_s: Floats, clients: int) -> Floats:
    """When each request is sent, in order, by the client that is free first.

    >>> _sent_after(np.array([3.0, 1.0, 1.0, 5.0]), 2).tolist()
    [0.0, 0.0, 1.0, 2.0]
    """
    sent = np.zeros_like(e2e_s)
    free = [0.0] * clients
    for i, seconds in enumerate(e2e_s.tolist()):
        sent[i] = heappop(free)
        heappush(free, sent[i] + seconds)
    return sent


def _passed(pools: TwoPools, requests: Requests, sent: Floats) -> Outcome:
    """Prefill at the given times, then decoding as prompts come out of it."""
    first, before = _played(pools.prefill, prefill_requests(requests), sent, pools.prefill_replicas)
    finish = first.copy()
    several = np.flatnonzero(requests.output_tokens >= 2)
    busy, peak, preempted = before.busy_s, before.peak_kv_tokens, before.preemptions
    if len(several):
        rest = decode_requests(requests.take(several))
        finish[several], after = _played(pools.decode, rest, first[several], pools.decode_replicas)
        busy, peak, preempted = busy + after.busy_s, after.peak_kv_tokens, preempted + after.preemptions
    once, never = np.ones(len(sent), dtype=np.int64), np.full(len(sent), np.nan)
    return Outcome(sent, first, finish, preempted, busy, peak, requests.output_tokens, once, never)


def _played(table: StepTable, requests: Requests, arrival: Floats, replicas: int) -> tuple[Floats, Outcome]:
    """Finish times in the order of `requests`, whatever the order of their arrivals."""
    order = np.argsort(arrival, kind="stable")
    found = simulate(table, replace(requests.take(order), arrival_s=arrival[order]), replicas=replicas)
    finish = np.empty_like(arrival)
    finish[order] = found.finish_s
    return finish, found
