"""The state of a simulation: its requests, its replicas, what they are like and how that changes.

Every field is a number, so that a list of records can also be a structured array for compiled code.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan

NOBODY = -1
"""In place of the index of a request or replica."""
UP, DRAINING, DOWN = 0, 1, 2
"""States of a replica: it takes requests; it finishes those it has; it holds none."""


@dataclass(slots=True)
class Kind:
    """The terms of a replica's step that need no table, and its limits; `base` is where its tables begin in Times.

    kv_growth  KV tokens that a decoding sequence takes per step: 1, or 0 where its whole output is reserved on admission
    """

    base: int
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
    front_processes: int
    schedule_ahead: int
    poll_steps: int
    hold_steps: int


@dataclass(slots=True)
class Sender:
    """How requests are sent, and how long clients wait for the first token before they hang up and send again.

    in_flight  requests under way at most; last_level  of all requests, served last
    attempts   sendings at most; backoff_s  before the second, twice that before the third and so on up to
    longest_backoff_s
    """

    in_flight: int
    last_level: int
    timeout_s: float
    attempts: int
    backoff_s: float
    longest_backoff_s: float


@dataclass(slots=True)
class Turn:
    """From `at_s` on a replica is in another state; requests on one that goes down are lost."""

    at_s: float
    replica: int
    state: int


@dataclass(slots=True)
class Job:
    """One request.

    total    prompt and output tokens; left  output tokens to come after its next prefill (fewer after a preemption)
    output   all output tokens; skipped  prompt tokens found in the prefix cache; level  0 is served first
    due      the key (step of the last token x number of requests + index) while it decodes, else NOBODY
    reach_s  when it reaches its replica, past the API process
    seen     the first step of its replica that may compute it
    behind   the next one in its replica's queue, or among the prompts that one step completes
    older    the one admitted before it in its replica
    attempts  sendings so far; gives_up_s  when its client stops waiting; replica  where it waits or runs
    failed_s  when it failed for good
    """

    arrival_s: float
    total: int
    left: int
    output: int
    skipped: int
    level: int
    sent_s: float = nan
    reach_s: float = nan
    first_s: float = nan
    finish_s: float = nan
    due: int = NOBODY
    seen: int = 0
    behind: int = NOBODY
    older: int = NOBODY
    attempts: int = 0
    gives_up_s: float = inf
    replica: int = NOBODY
    failed_s: float = nan


@dataclass(slots=True)
class Replica:
    """One engine.

    kind  of its tables; state  UP, DRAINING or DOWN
    step  steps taken; batch, context  decoding sequences and the sum of their contexts; kv  tokens held or reserved
    partial, computed  the prompt that is computed in part, and how much of it; ready  the first prompt just completed
    head, tail  of the queue; newest  the request admitted last; outstanding  requests sent to it and not finished
    stretch  decode steps under way (0 where prompts are computed too); pace_s  what each takes apart from reading KV
    start_s, wake_s  begin and end of what is under way
    polled  the step before which the queue was last looked at; front_s  when the API process is free
    """

    kind: int = 0
    state: int = UP
    step: int = 0
    batch: int = 0
    context: int = 0
    kv: int = 0
    partial: int = NOBODY
    computed: int = 0
    ready: int = NOBODY
    head: int = NOBODY
    tail: int = NOBODY
    newest: int = NOBODY
    outstanding: int = 0
    stretch: int = 0
    pace_s: float = 0.0
    start_s: float = 0.0
    wake_s: float = inf
    busy_s: float = 0.0
    peak_kv: int = 0
    preemptions: int = 0
    polled: int = 0
    front_s: float = 0.0
