"""The discrete-event simulator of continuously batching replicas: every request's own latency, exact to the step.

Scheduling is that of vLLM V1 (https://docs.vllm.ai/en/v0.8.3/performance/optimization.html and vllm/v1/core/sched):
decoding sequences first, one token each; then the prompt that is computed in part; then new prompts, first come first
served, in chunks that fill the token budget, while sequences and KV memory allow. When decoding outgrows the KV memory
the newest requests are preempted and computed again. A prefix-cached token saves its computation and still holds KV
memory, per request. Classes of requests may have priorities (vllm/v1/core/sched/request_queue.py), clients may hang up and
send again, replicas may go down and come back.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec, module_from_spec
from itertools import repeat
from math import inf
from operator import attrgetter
from types import ModuleType
from typing import Any

import numpy as np

from aisizer.queueing.simulate_records import DOWN, DRAINING, NOBODY, UP, Job, Kind, Replica, Sender, Turn
from aisizer.shapes import Floats, Ints, Requests, StepTable

ROUTINGS = ("round_robin", "random", "least_outstanding")
ENDLESS = 2**53
"""[token, step] beyond any run; an integer that a float still holds exactly."""
WORTH_COMPILING = 80_000
"""[request] that the plain event loop simulates in the three quarters of a second that loading and starting numba takes."""
_simulated = 0
STATES = {"up": UP, "draining": DRAINING, "down": DOWN}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long clients wait for a first token, and how they send again where there was none, or no replica.

    timeout_s          [s] to the first token, after which the client hangs up
    attempts           sendings at most, the first included
    backoff_s          [s] before the second sending, twice that before the third and so on, a quarter of it at random
    longest_backoff_s  [s] at most
    """

    timeout_s: float = inf
    attempts: int = 1
    backoff_s: float = 0.5
    longest_backoff_s: float = 8.0

    def __post_init__(self) -> None:
        if not (self.timeout_s > 0 and self.attempts >= 1 and 0 <= self.backoff_s <= self.longest_backoff_s < inf):
            raise ValueError(
                f"Patience needs a timeout above 0, an attempt and a backoff within its longest (got {self})."
            )


@dataclass(frozen=True, slots=True)
class Change:
    """From `at_s` on a replica is up, draining (it finishes what it has) or down (it loses what it has)."""

    at_s: float
    replica: int
    state: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to each request, in the order of `requests`, and to the replicas as a whole.

    sent_s         [s] when the client sent it, for the first time
    first_token_s  [s] when its first token was there, the fixed time outside the GPU included; nan where not served
    finish_s       [s] when its last token was there; nan where not served
    preemptions    how often a request lost its KV memory and was computed again
    busy_s         [s] that replicas spent in steps, summed over replicas
    peak_kv_tokens [token] the most that one replica held, or had reserved, at a time
    output_tokens  [token] generated for each request
    attempts       sendings of each request
    failed_s       [s] when it failed for good; nan where it was served
    """

    sent_s: Floats
    first_token_s: Floats
    finish_s: Floats
    preemptions: int
    busy_s: float
    peak_kv_tokens: float
    output_tokens: Floats
    attempts: Ints
    failed_s: Floats

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
        """[s] from the first request's sending to the last one's finish; nan where none was served."""
        served = self.finish_s[~np.isnan(self.finish_s)]
        return float(served.max() - self.sent_s.min()) if len(served) else float("nan")


def simulate(
    tables: StepTable | Sequence[StepTable],
    requests: Requests,
    *,
    clients: int | None = None,
    max_in_flight: int | None = None,
    replicas: int = 1,
    routing: str = "round_robin",
    reserve_all: bool = False,
    seed: int = 0,
    skip_events: bool = True,
    priorities: Sequence[int] = (),
    patience: Patience | None = None,
    changes: Sequence[Change] = (),
) -> Outcome:
    """Serves all requests on `replicas` equal replicas, or on one replica per table, until none is left.

    A request reaches its replica once the API process, one request after the other, has read its prompt, and
    request_fixed_s later; a client's cycle holds that time too.
    Without `clients` requests are sent at their arrival_s, and held back by the client while `max_in_flight` others are
    under way. With `clients` each client sends the next request, in order, as soon as its last one has finished;
    arrival_s then plays no part. `reserve_all` admits a request only when prompt and output fit, so that nothing is
    preempted. `seed` is that of random routing; without `skip_events` each decode step is an event of its own.
    `priorities` names the level of each class, 0 served first. A request whose replica goes down, or that finds none up,
    fails, unless its clients' `patience` sends it again.
    """
    each = [tables] * replicas if isinstance(tables, StepTable) else list(tables)
    _check(requests, clients, max_in_flight, each, replicas, routing, priorities, changes)
    count, patience = len(requests.arrival_s), patience or Patience()
    loop = _loop(count)
    arrival = requests.arrival_s if clients is None else np.zeros(count)
    limit = min(clients or max_in_flight or count, count)
    level = np.array(priorities or [0])[requests.class_id if priorities else np.zeros(count, dtype=np.int64)]
    prompt, output, cached = _whole_tokens(each, requests)
    jobs = _records(
        loop,
        Job,
        arrival_s=arrival,
        total=prompt + output,
        left=output,
        output=output,
        skipped=cached,
        level=level,
        sent_s=np.where(np.arange(count) < limit, arrival, np.nan),
    )
    distinct = list({id(table): table for table in each}.values())
    engines = _records(loop, Replica, kind=np.array([_position(distinct, table) for table in each]))
    senders = _records(
        loop,
        Sender,
        in_flight=np.array([limit]),
        last_level=np.array([level.max()]),
        **{field.name: np.array([getattr(patience, field.name)]) for field in fields(Patience)},
    )
    kinds = _kinds(loop, distinct, reserve_all, ENDLESS if skip_events else 1)
    route = _native(loop, _route(routing, count, len(each), seed))
    loop.play(*_times(loop, tuple(distinct)), kinds, senders, jobs, engines, _turns(loop, changes), route)
    return Outcome(
        sent_s=_column(jobs, "sent_s"),
        first_token_s=_column(jobs, "first_s"),
        finish_s=_column(jobs, "finish_s"),
        preemptions=int(_column(engines, "preemptions").sum()),
        busy_s=float(_column(engines, "busy_s").sum()),
        peak_kv_tokens=float(_column(engines, "peak_kv").max()),
        output_tokens=output.astype(np.float64),
        attempts=_column(jobs, "attempts").astype(np.int64),
        failed_s=_column(jobs, "failed_s"),
    )


def static_batch(
    table: StepTable, prompt_tokens: float, output_tokens: float, batch: int, cached_tokens: float = 0.0
) -> tuple[float, float, float]:
    """[s] TTFT, TPOT and total of `batch` equal requests that start together: one step for all prompts, then decode
    steps, with no scheduling, no limit of memory and nothing outside the GPU. TPOT is nan for one output token. Of each
    prompt `cached_tokens` are not computed."""
    if not (prompt_tokens >= 1 and output_tokens >= 1 and batch >= 1):
        raise ValueError(
            f"A static batch needs at least one prompt token, output token and request "
            f"(got {prompt_tokens}, {output_tokens}, {batch})."
        )
    sequences = _beyond(table.sequence_grid, table.sequences_s, batch) + table.per_sequence_s * batch
    work = prompt_tokens - cached_tokens
    first = _beyond(table.token_grid, table.tokens_s, batch * work) + sequences + table.step_fixed_s
    first += table.prefill_fixed_s + table.prefill_attention_s * batch * work * (cached_tokens + work / 2)
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


def _check(
    requests: Requests,
    clients: int | None,
    max_in_flight: int | None,
    each: Sequence[StepTable],
    replicas: int,
    routing: str,
    priorities: Sequence[int],
    changes: Sequence[Change],
) -> None:
    if clients is not None and max_in_flight is not None:
        raise ValueError("clients is a closed loop and max_in_flight belongs to an open one: give one of them.")
    for name, value in (("clients", clients), ("max_in_flight", max_in_flight), ("replicas", len(each))):
        if value is not None and value < 1:
            raise ValueError(f"{name} must be at least 1 (got {value}).")
    if replicas not in (1, len(each)):
        raise ValueError(f"One table per replica is given, {len(each)}, so replicas={replicas} must be left out.")
    if routing not in ROUTINGS:
        raise ValueError(f"routing is one of {', '.join(ROUTINGS)} (got {routing}).")
    if not len(requests.arrival_s):
        raise ValueError("There is no request to simulate.")
    if clients is None and not (np.diff(requests.arrival_s) >= 0).all():
        raise ValueError("Requests must be in order of their arrival.")
    if priorities and (min(priorities) < 0 or requests.class_id.max() >= len(priorities)):
        raise ValueError(f"priorities needs a level of 0 or more for every class (got {list(priorities)}).")
    for change in changes:
        if change.state not in STATES or not 0 <= change.replica < len(each):
            raise ValueError(f"A change names a replica and one of {', '.join(STATES)} (got {change}).")


def _whole_tokens(each: Sequence[StepTable], requests: Requests) -> tuple[Ints, Ints, Ints]:
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
    largest, held = int((prompt + output).max()) - 1, min(table.kv_capacity_tokens for table in each)
    if largest > held:
        raise ValueError(
            f"A request needs {largest} tokens of KV memory and the replica holds {held:.0f}: it can never run."
        )
    return prompt, output, np.minimum(cached, prompt - 1)


def _position(tables: Sequence[StepTable], table: StepTable) -> int:
    return next(i for i, other in enumerate(tables) if other is table)


def _route(routing: str, count: int, replicas: int, seed: int) -> Ints:
    """The replica of each request; NOBODY leaves the choice to the moment of sending."""
    if routing == "random":
        return np.random.default_rng(seed).integers(replicas, size=count)
    if routing == "least_outstanding" and replicas > 1:
        return np.full(count, NOBODY)
    return np.arange(count) % replicas


def _loop(requests: int) -> ModuleType:
    """The event loop for so many more requests: compiled once what was simulated before took as long as loading numba.

    Whoever then goes on has lost no more than he gains (ski rental: Karlin et al. 1988, doi:10.1007/BF01762111).
    """
    from aisizer.queueing import simulate_loop

    global _simulated
    _simulated += requests
    compiled = _compiled_loop() if _simulated > WORTH_COMPILING else None
    return simulate_loop if compiled is None else compiled


@cache
def _compiled_loop() -> ModuleType | None:
    """A second copy of the event loop, which compiles itself; none without numba."""
    if find_spec("numba") is None or import_module("numba").config.DISABLE_JIT:
        return None
    plain = import_module("aisizer.queueing.simulate_loop")
    name = "aisizer.queueing.simulate_compiled"
    loader = SourceFileLoader(name, str(plain.__file__))
    sys.modules[name] = module = module_from_spec(ModuleSpec(name, loader))
    loader.exec_module(module)
    return module


def _native(loop: ModuleType, values: Any) -> Any:
    """The values as compiled code reads them, an array; or as Python reads them fastest, a list."""
    return values if loop.COMPILED else values.tolist()


def _records(loop: ModuleType, record: type[Any], **columns: Any) -> Any:
    """One record per entry of the columns, other fields at their default: a structured array or a list of objects."""
    if not loop.COMPILED:
        given = {name: column.tolist() for name, column in columns.items()}
        return list(map(record, *(given.get(field.name, repeat(field.default)) for field in fields(record))))
    kind = np.dtype([(field.name, {"int": "i8", "float": "f8"}[str(field.type)]) for field in fields(record)])
    table = np.empty(len(next(iter(columns.values()))), kind)
    for field in fields(record):
        table[field.name] = columns.get(field.name, field.default)
    return table


def _column(records: Any, name: str) -> Floats:
    """One field of all records."""
    if isinstance(records, list):
        return np.fromiter(map(attrgetter(name), records), np.float64, len(records))
    return np.array(records[name], dtype=np.float64)


@lru_cache(maxsize=16)
def _times(loop: ModuleType, tables: tuple[StepTable, ...]) -> list[Any]:
    """The step tables at every whole number of tokens and of sequences, one table after the other."""
    columns = zip(*(_at_whole_numbers(table) for table in tables), strict=True)
    return [_native(loop, np.concatenate(column)) for column in columns]


def _at_whole_numbers(table: StepTable) -> tuple[Floats, Floats, Floats]:
    """[s] tokens of a step with prompts, sequences, and steps that only decode; as long as the first of them."""
    tokens = np.arange(_width(table), dtype=np.float64)
    tokens_s = np.interp(tokens, table.token_grid, table.tokens_s) + table.step_fixed_s
    sequences_s = np.interp(tokens, table.sequence_grid, table.sequences_s) + table.per_sequence_s * tokens
    return tokens_s + table.prefill_fixed_s, sequences_s, tokens_s + sequences_s + table.decode_fixed_s


def _width(table: StepTable) -> int:
    return table.token_budget + table.max_batch + 1


def _turns(loop: ModuleType, changes: Sequence[Change]) -> Any:
    """The changes in order of time, and one that never comes."""
    rows = [(change.at_s, change.replica, STATES[change.state]) for change in changes]
    rows = [*sorted(rows, key=lambda row: row[0]), (inf, NOBODY, UP)]
    at, replica, state = (np.array(column) for column in zip(*rows, strict=True))
    return _records(loop, Turn, at_s=at, replica=replica, state=state)


def _kinds(loop: ModuleType, tables: Sequence[StepTable], reserve_all: bool, longest_stretch: int) -> Any:
    widths = np.array([_width(table) for table in tables])
    columns: dict[str, Any] = {
        "base": np.cumsum(widths) - widths,
        "kv_capacity": np.array([int(min(table.kv_capacity_tokens, ENDLESS)) for table in tables]),
        "kv_growth": np.full(len(tables), 0 if reserve_all else 1),
        "longest_stretch": np.full(len(tables), longest_stretch),
    }
    for field in fields(Kind):
        if field.name not in columns:
            values = [getattr(table, field.name) for table in tables]
            columns[field.name] = np.array(values, dtype=np.int64 if field.type == "int" else np.float64)
    return _records(loop, Kind, **columns)
