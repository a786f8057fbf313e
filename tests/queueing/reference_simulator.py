"""An iteration-level simulator of one continuously batching replica: the oracle of the analytic queue, for tests only.

Policy (as vLLM V1): decoding sequences first, one token each; then prompts first come first served in chunks that fill
the rest of the token budget; a prompt is admitted while sequences and KV tokens allow. Nothing is preempted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from aisizer.shapes import Floats, Requests, StepTable


@dataclass(slots=True)
class Job:
    """One request on its way through the replica."""

    index: int
    arrival_s: float
    prompt: int
    computed: int
    output: int
    first_token_s: float = float("nan")
    finish_s: float = float("nan")


@dataclass(frozen=True, slots=True)
class Run:
    """What was measured, one entry per request in order of arrival; tpot_s is nan for one output token."""

    ttft_s: Floats
    tpot_s: Floats
    e2e_s: Floats
    class_id: Floats
    elapsed_s: float


class Replica:
    """The state between two engine steps."""

    def __init__(self, table: StepTable) -> None:
        longest = table.token_budget + table.max_batch + 1
        self.table = table
        self.tokens_s = np.interp(np.arange(longest), table.token_grid, table.tokens_s).tolist()
        self.sequences_s = np.interp(np.arange(longest), table.sequence_grid, table.sequences_s).tolist()
        self.now, self.step_number = 0.0, 0
        self.prefilling: deque[Job] = deque()
        self.decoding: list[tuple[int, int, Job]] = []
        self.decoding_context = 0
        self.kv_tokens = 0

    def step(self, waiting: deque[Job]) -> list[Job]:
        """Runs one engine step and returns the requests that it finishes."""
        batch, context = len(self.decoding), self.decoding_context + len(self.decoding)
        tokens, attention, prompts_done = self._prefill(self.table.token_budget - batch, waiting)
        self.now += self._duration(tokens, batch, len(prompts_done), attention, context)
        self.step_number += 1
        self.decoding_context += batch
        self.kv_tokens += batch
        finished = list(self._retire()) + [job for job in prompts_done if job.output == 1]
        for job in prompts_done:
            self._start_decoding(job)
        return finished

    def _prefill(self, room: int, waiting: deque[Job]) -> tuple[int, float, list[Job]]:
        tokens, attention, done = 0, 0.0, list[Job]()
        while tokens < room and (self.prefilling or self._admit(waiting, len(done))):
            job = self.prefilling[0]
            chunk = min(room - tokens, job.prompt - job.computed)
            attention += chunk * (job.computed + chunk / 2)
            job.computed += chunk
            tokens += chunk
            if job.computed == job.prompt:
                done.append(self.prefilling.popleft())
        return tokens, attention, done

    def _admit(self, waiting: deque[Job], finishing: int) -> bool:
        full = len(self.decoding) + finishing >= self.table.max_batch
        if not waiting or full or self.kv_tokens + waiting[0].prompt > self.table.kv_capacity_tokens:
            return False
        self.kv_tokens += waiting[0].prompt
        self.prefilling.append(waiting.popleft())
        return True

    def _duration(self, tokens: int, batch: int, finishing: int, attention: float, context: int) -> float:
        t = self.table
        seconds = self.tokens_s[tokens + batch] + self.sequences_s[batch + finishing] + t.step_fixed_s
        seconds += t.prefill_attention_s * attention + t.kv_read_s * context + t.per_sequence_s * (batch + finishing)
        return seconds + (t.prefill_fixed_s if tokens else 0.0) + (t.decode_fixed_s if batch else 0.0)

    def _start_decoding(self, job: Job) -> None:
        job.first_token_s = self.now
        if job.output == 1:
            job.finish_s = self.now
            self.kv_tokens -= job.prompt
            return
        heappush(self.decoding, (self.step_number + job.output - 1, job.index, job))
        self.decoding_context += job.prompt

    def _retire(self) -> Iterator[Job]:
        while self.decoding and self.decoding[0][0] == self.step_number:
            job = heappop(self.decoding)[2]
            job.finish_s = self.now
            self.decoding_context -= job.prompt + job.output - 1
            self.kv_tokens -= job.prompt + job.output - 1
            yield job


def simulate(table: StepTable, requests: Requests, population: int | None = None) -> Run:
    """Plays the requests at their arrival times, or as a closed loop of `population` in flight without think time."""
    columns = zip(
        requests.arrival_s, requests.prompt_tokens, requests.cached_tokens, requests.output_tokens, strict=True
    )
    jobs = [Job(i, float(a), int(p), int(c), int(o)) for i, (a, p, c, o) in enumerate(columns)]
    replica, future, waiting = Replica(table), deque(jobs), deque[Job]()
    for _ in range(population or 0):
        waiting.append(future.popleft())
    while future or waiting or replica.prefilling or replica.decoding:
        if population is None:
            if not (waiting or replica.prefilling or replica.decoding):
                replica.now = max(replica.now, future[0].arrival_s)
            while future and future[0].arrival_s <= replica.now:
                waiting.append(future.popleft())
        for _ in replica.step(waiting):
            if population is not None and future:
                future[0].arrival_s = replica.now
                waiting.append(future.popleft())
    return _measured(table, requests, jobs, replica.now)


def _measured(table: StepTable, requests: Requests, jobs: list[Job], elapsed_s: float) -> Run:
    arrival = np.array([job.arrival_s for job in jobs])
    first = np.array([job.first_token_s for job in jobs])
    finish = np.array([job.finish_s for job in jobs])
    decode_steps = np.where(requests.output_tokens > 1, requests.output_tokens - 1, np.nan)
    fixed = table.request_fixed_s
    return Run(
        first - arrival + fixed,
        (finish - first) / decode_steps,
        finish - arrival + fixed,
        requests.class_id.astype(np.float64),
        elapsed_s,
    )
