"""The state of a simulation: its requests and its replicas.

Every field is a number, so that a list of requests or replicas can also be a structured array for compiled code.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan

NOBODY = -1
"""In place of the index of a request or replica."""


@dataclass(slots=True)
class Job:
    """One request.

    total    prompt and output tokens; left  output tokens to come after its next prefill (fewer after a preemption)
    skipped  prompt tokens found in the prefix cache
    due      the key (step of the last token x number of requests + index) while it decodes, else NOBODY
    reach_s  when it reaches its replica, past the API process
    seen     the first step of its replica that may compute it
    behind   the next one in its replica's queue, or among the prompts that one step completes
    older    the one admitted before it in its replica
    """

    arrival_s: float
    total: int
    left: int
    skipped: int
    sent_s: float = nan
    reach_s: float = nan
    first_s: float = nan
    finish_s: float = nan
    due: int = NOBODY
    seen: int = 0
    behind: int = NOBODY
    older: int = NOBODY


@dataclass(slots=True)
class Replica:
    """One engine.

    step  steps taken; batch, context  decoding sequences and the sum of their contexts; kv  tokens held or reserved
    partial, computed  the prompt that is computed in part, and how much of it; ready  the first prompt just completed
    head, tail  of the queue; newest  the request admitted last; outstanding  requests sent to it and not finished
    stretch  decode steps under way (0 where prompts are computed too); pace_s  what each takes apart from reading KV
    start_s, wake_s  begin and end of what is under way
    polled  the step before which the queue was last looked at; front_s  when the API process is free
    """

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
