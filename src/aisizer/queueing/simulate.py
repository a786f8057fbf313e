"""The discrete-event simulator of continuously batching replicas: every request's own latency, exact to the step.

Scheduling is that of vLLM V1 (https://docs.vllm.ai/en/v0.8.3/performance/optimization.html and vllm/v1/core/sched):
decoding sequences first, one token each; then the prompt that is computed in part; then new prompts, first come first
served, in chunks that fill the token budget, while sequences and KV memory allow. When decoding outgrows the KV memory
the newest requests are preempted and computed again. A prefix-cached token saves its computation and still holds KV
memory, per request.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from aisizer.queueing.simulate_records import NOBODY, Job, Replica
from aisizer.shapes import Floats, Ints, Requests, StepTable

ROUTINGS = ("round_robin", "random", "least_outstanding")
ENDLESS = 2**53
"""[token, step] beyond any run; an integer that a float still holds exactly."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to each request, in the order of `requests`, and to the replicas as a whole.

    sent_s         [s] when the client sent it
    first_token_s  [s] when its first token was there, the fixed time outside the GPU included; nan where not served
    finish_s       [s] when its last token was there; nan where not served
    preemptions    how often a request lost its KV memory and was computed again
    busy_s         [s] that replicas spent in steps, summed over replicas
    peak_kv_tokens [token] the most that one replica held, or had reserved, at a time
    output_tokens  [token] generated for each request
    """

    sent_s: Floats
    first_token_s: Floats
    finish_s: Floats
    preemptions: int
    busy_s: float
    peak_kv_tokens: float
    output_tokens: Floats

    @property
    def ttft_s(self) -> Floats:
        """[s] from sending to the first token."""
        return self.first_token_s - self.sent_s

    @property
    def e2e_s(self) -> Floats:
        """[s] from sending to the last token."""
        return self.finish_s - self.sent_s

    @property
    def tpot_s(self) -> Floats:
        """[s] mean time per token after the first; nan for requests of one token."""
        return (self.finish_s - self.first_token_s) / np.where(self.output_tokens > 1, self.output_tokens - 1, np.nan)

    @property
    def makespan_s(self) -> float:
        """[s] from the first request's sending to the last one's finish."""
        return float(self.finish_s.max() - self.sent_s.min())


def simulate(
    table: StepTable,
    requests: Requests,
    *,
    clients: int | None = None,
    max_in_flight: int | None = None,
    replicas: int = 1,
    routing: str = "round_robin",
    reserve_all: bool = False,
    seed: int = 0,
    skip_events: bool = True,
) -> Outcome:
    """Serves all requests on `replicas` equal replicas, each with the steps of `table`, until none is left.

    A request reaches its replica once the API process, one request after the other, has read its prompt, and
    request_fixed_s later; a client's cycle holds that time too.
    Without `clients` requests are sent at their arrival_s, and held back by the client while `max_in_flight` others are
    under way. With `clients` each client sends the next request, in order, as soon as its last one has finished;
    arrival_s then plays no part. `reserve_all` admits a request only when prompt and output fit, so that nothing is
    preempted. `seed` is that of random routing; without `skip_events` each decode step is an event of its own.
    """
    _check(requests, clients, max_in_flight, replicas, routing)
    count, loop = len(requests.arrival_s), _loop()
    arrival = requests.arrival_s if clients is None else np.zeros(count)
    limit = clients or max_in_flight or count
    prompt, output, cached = _whole_tokens(table, requests)
    sent = np.where(np.arange(count) < limit, arrival, np.nan)
    jobs = _records(loop, Job, arrival_s=arrival, total=prompt + output, left=output, skipped=cached, sent_s=sent)
    engines = _records(loop, Replica, step=np.zeros(replicas, dtype=np.int64))
    times, rules = _times(loop, table), _rules(loop, table, reserve_all, ENDLESS if skip_events else 1)
    route = _native(loop, _route(routing, count, replicas, seed))
    loop.play(times, rules, jobs, engines, route, min(limit, count))
    return Outcome(
        sent_s=_column(jobs, "sent_s"),
        first_token_s=_column(jobs, "first_s"),
        finish_s=_column(jobs, "finish_s"),
        preemptions=int(_column(engines, "preemptions").sum()),
        busy_s=float(_column(engines, "busy_s").sum()),
        peak_kv_tokens=float(_column(engines, "peak_kv").max()),
        output_tokens=output.astype(np.float64),
    )


def static_batch(
    table: StepTable, prompt_tokens: float, output_tokens: float, batch: int
) -> tuple[float, float, float]:
    """[s] TTFT, TPOT and total of `batch` equal requests that start together: one step for all prompts, then decode
    steps, with no scheduling, no limit of memory and nothing outside the GPU. TPOT is nan for one output token."""
    if not (prompt_tokens >= 1 and output_tokens >= 1 and batch >= 1):
        raise ValueError(
            f"A static batch needs at least one prompt token, output token and request "
            f"(got {prompt_tokens}, {output_tokens}, {batch})."
        )
    sequences = _beyond(table.sequence_grid, table.sequences_s, batch) + table.per_sequence_s * batch
    first = _beyond(table.token_grid, table.tokens_s, batch * prompt_tokens) + sequences + table.step_fixed_s
    first += table.prefill_fixed_s + table.prefill_attention_s * batch * prompt_tokens**2 / 2
    first = max(first, table.prefill_floor_s)
    if output_tokens == 1:
        return first, float("nan"), first
    decode = _beyond(table.token_grid, table.tokens_s, batch) + sequences + table.step_fixed_s + table.decode_fixed_s
    decode += table.kv_read_s * batch * (prompt_tokens + output_tokens / 2)
    return first, decode, first + (output_tokens - 1) * decode


def _beyond(grid: Floats, values: Floats, x: float) -> float:
    """Linear interpolation; beyond the end of the grid its last slope goes on."""
    if x <= grid[-1]:
        return float(np.interp(x, grid, values))
    return float(values[-1] + (x - grid[-1]) * (values[-1] - values[-2]) / (grid[-1] - grid[-2]))


def _check(requests: Requests, clients: int | None, max_in_flight: int | None, replicas: int, routing: str) -> None:
    if clients is not None and max_in_flight is not None:
        raise ValueError("clients is a closed loop and max_in_flight belongs to an open one: give one of them.")
    for name, value in (("clients", clients), ("max_in_flight", max_in_flight), ("replicas", replicas)):
        if value is not None and value < 1:
            raise ValueError(f"{name} must be at least 1 (got {value}).")
    if routing not in ROUTINGS:
        raise ValueError(f"routing is one of {', '.join(ROUTINGS)} (got {routing}).")
    if not len(requests.arrival_s):
        raise ValueError("There is no request to simulate.")
    if clients is None and not (np.diff(requests.arrival_s) >= 0).all():
        raise ValueError("Requests must be in order of their arrival.")


def _whole_tokens(table: StepTable, requests: Requests) -> tuple[Ints, Ints, Ints]:
    """Prompt, output and skipped tokens as whole numbers: lengths to the nearest, cached ones down.

    The last prompt token is always computed, however much is cached: its logits give the first output token
    (vllm/v1/core/kv_cache_manager.py, get_computed_blocks).
    """
    columns = (requests.prompt_tokens, requests.output_tokens, np.floor(requests.cached_tokens))
    prompt, output, cached = (np.rint(column).astype(np.int64) for column in columns)
    if (prompt < 1).any() or (output < 1).any():
        raise ValueError("Every request needs at least one prompt token and one output token.")
    if (cached < 0).any() or (cached > prompt).any():
        raise ValueError("cached_tokens must lie between 0 and prompt_tokens.")
    largest = int((prompt + output).max()) - 1
    if largest > table.kv_capacity_tokens:
        raise ValueError(
            f"A request needs {largest} tokens of KV memory and the replica holds {table.kv_capacity_tokens:.0f}: "
            "it can never run."
        )
    return prompt, output, np.minimum(cached, prompt - 1)


def _route(routing: str, count: int, replicas: int, seed: int) -> Ints:
    """The replica of each request; NOBODY leaves the choice to the moment of sending."""
    if routing == "random":
        return np.random.default_rng(seed).integers(replicas, size=count)
    if routing == "least_outstanding" and replicas > 1:
        return np.full(count, NOBODY)
    return np.arange(count) % replicas


@cache
def _loop() -> ModuleType:
    """The event loop, imported on first use: loading numba takes longer than most commands."""
    from aisizer.queueing import simulate_loop

    return simulate_loop


def _native(loop: ModuleType, values: Any) -> Any:
    """The values as compiled code reads them, an array; or as Python reads them fastest, a list."""
    return values if loop.COMPILED else values.tolist()


def _records(loop: ModuleType, record: type[Any], **columns: Any) -> Any:
    """One record per entry of the columns, other fields at their default: a structured array or a list of objects."""
    if not loop.COMPILED:
        rows = zip(*(column.tolist() for column in columns.values()), strict=True)
        return [record(**dict(zip(columns, row, strict=True))) for row in rows]
    kind = np.dtype([(field.name, {"int": "i8", "float": "f8"}[str(field.type)]) for field in fields(record)])
    table = np.empty(len(next(iter(columns.values()))), kind)
    for field in fields(record):
        table[field.name] = columns.get(field.name, field.default)
    return table


def _column(records: Any, name: str) -> Floats:
    """One field of all records."""
    if isinstance(records, list):
        return np.array([getattr(record, name) for record in records], dtype=np.float64)
    return np.array(records[name], dtype=np.float64)


def _times(loop: ModuleType, table: StepTable) -> Any:
    """The step table at every whole number of tokens and of sequences."""
    tokens = np.arange(table.token_budget + table.max_batch + 1.0)
    tokens_s = np.interp(tokens, table.token_grid, table.tokens_s) + table.step_fixed_s
    sequences = tokens[: table.max_batch + 1]
    sequences_s = np.interp(sequences, table.sequence_grid, table.sequences_s) + table.per_sequence_s * sequences
    return loop.Times(
        prompt_step_s=_native(loop, tokens_s + table.prefill_fixed_s),
        sequences_s=_native(loop, sequences_s),
        decode_step_s=_native(loop, tokens_s[: len(sequences)] + sequences_s + table.decode_fixed_s),
    )


def _rules(loop: ModuleType, table: StepTable, reserve_all: bool, longest_stretch: int) -> Any:
    return loop.Rules(
        decode_fixed_s=float(table.decode_fixed_s),
        prefill_attention_s=float(table.prefill_attention_s),
        kv_read_s=float(table.kv_read_s),
        kv_capacity=int(min(table.kv_capacity_tokens, ENDLESS)),
        max_batch=int(table.max_batch),
        token_budget=int(table.token_budget),
        kv_growth=0 if reserve_all else 1,
        longest_stretch=longest_stretch,
        prefill_floor_s=float(table.prefill_floor_s),
        request_fixed_s=float(table.request_fixed_s),
        request_token_s=float(table.request_token_s),
        schedule_ahead=int(table.schedule_ahead),
        poll_steps=int(table.poll_steps),
        hold_steps=int(table.hold_steps),
    )
