"""One replica of a model on some GPUs: its memory and its step times, or the reason why it cannot be built."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aisizer.catalog.records import Engine, Gpu, Model
from aisizer.engine import constants as c
from aisizer.engine.attention import kv_read_s, prefill_attention_s, state_s
from aisizer.engine.formats import Format, expands_cache, format_of
from aisizer.engine.graphs import host_s, small_kernels_s
from aisizer.engine.memory import Memory, memory_of
from aisizer.engine.parallel import Parallel, parallel_fault
from aisizer.engine.work import excess_of_a_lone_prompt_s, sequences_s, tokens_s, uneven_contexts_s
from aisizer.errors import Rejection
from aisizer.shapes import Floats, StepTable

_TILES = [64.0, 65.0, 96.0, *(float(edge + step) for edge in range(128, 1024, 64) for step in (0, 1))]
GRID: Floats = np.array(
    [*(0, 1, 2, 3, 4, 6, 8, 12, 16, 17, 24, 32, 33, 48, 49), *_TILES]
    + [float(1024 * k) for k in (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 14, 16)],
    dtype=np.float64,
)
"""[token] and [sequence] where every table is sampled: both sides of each tile edge, which a line would blur."""


@dataclass(frozen=True, slots=True)
class Replica:
    """What one replica holds and how long its steps take."""

    memory: Memory
    table: StepTable
    notes: tuple[str, ...] = ()


def build(
    model: Model,
    gpu: Gpu,
    engine: Engine,
    *,
    tensor_parallel: int,
    precision: str,
    max_context_tokens: float | None = None,
    mean_context_tokens: float | None = None,
    pipeline_parallel: int = 1,
    expert_parallel: int = 1,
    attention_dp: int = 1,
    kv_precision: str = "bf16",
    gpus_per_node: int = c.GPUS_PER_NODE,
) -> Replica | Rejection:
    """One replica, or why it cannot be built; the longest request must fit, the mean one sets what windows save.

    It takes tensor_parallel x attention_dp x pipeline_parallel GPUs; expert_parallel reuses those of a stage. Capacity,
    batch and budget of the table are the replica's: the sum over attention-DP ranks.
    """
    usual = min(c.DEFAULT_CONTEXT_TOKENS, float(model.max_context))
    longest = usual if max_context_tokens is None else max_context_tokens
    mean = usual if mean_context_tokens is None else mean_context_tokens
    parallel = Parallel(tensor_parallel, pipeline_parallel, expert_parallel, attention_dp, gpus_per_node)
    fault = parallel_fault(model, parallel) or _context_fault(model, longest) or _kv_fault(kv_precision)
    if fault:
        return fault
    weights = format_of(model, gpu, precision)
    if isinstance(weights, Rejection):
        return weights
    memory = memory_of(
        model,
        gpu,
        engine,
        parallel=parallel,
        precision=precision,
        mean_context_tokens=mean,
        max_context_tokens=longest,
        kv_bytes=c.KV_BYTES[kv_precision],
    )
    if isinstance(memory, Rejection):
        return memory
    table = _table(model, gpu, engine, weights, parallel, mean, memory.kv_capacity_tokens, kv_precision)
    expanded = f"{gpu.name} has no FP8 arithmetic: its kernels expand the 8-bit cache as they read it."
    notes = (weights.note, expanded if expands_cache(gpu, kv_precision) else "")
    return Replica(memory, table, tuple(note for note in notes if note))


def _table(
    model: Model,
    gpu: Gpu,
    engine: Engine,
    weights: Format,
    parallel: Parallel,
    mean_context_tokens: float,
    kv_capacity_tokens: float,
    kv_precision: str,
) -> StepTable:
    """The step of the slowest lane, as a function of what the replica computes."""
    if max(engine.token_budget, engine.max_batch) > GRID[-1]:
        raise ValueError(f"{engine.id}: token_budget and max_batch must not exceed {GRID[-1]:.0f}. Lower them.")
    grid, lanes, ranks, front = _grid(parallel.lanes), parallel.lanes, parallel.attention_dp, _front_s(engine)
    read_s = kv_read_s(model, gpu, parallel.tensor, mean_context_tokens, kv_precision)
    pair_s = prefill_attention_s(model, gpu, parallel.tensor, mean_context_tokens)
    heads = sequences_s(model, gpu, parallel, grid[1:])
    uneven = uneven_contexts_s(grid[1:], lanes, read_s * mean_context_tokens)
    lone = excess_of_a_lone_prompt_s(model, gpu, engine, weights, parallel, pair_s, mean_context_tokens)
    attending = sum(group.layers for group in model.attention)
    kernels = attending + model.indexed_layers  # an indexer runs before sparse attention
    small_s = small_kernels_s(model)
    return StepTable(
        token_grid=grid,
        tokens_s=_from_zero(tokens_s(model, gpu, engine, weights, parallel, grid[1:])),
        sequence_grid=grid,
        sequences_s=_from_zero(heads + uneven if lanes > 1 else heads),
        prefill_attention_s=pair_s / lanes,
        kv_read_s=read_s / lanes,
        prefill_fixed_s=kernels * c.PREFILL_ATTENTION_LAUNCH_S + small_s + lone,
        decode_fixed_s=kernels * c.DECODE_ATTENTION_LAUNCH_S + small_s,
        step_fixed_s=engine.step_overhead_s + engine.layer_overhead_s * model.sublayers / 2,
        per_sequence_s=(engine.sequence_overhead_s + state_s(model, gpu, parallel.tensor)) / lanes,
        request_fixed_s=engine.request_overhead_s,
        kv_capacity_tokens=kv_capacity_tokens,
        max_batch=engine.max_batch * ranks,
        token_budget=engine.token_budget * ranks,
        front_request_s=front[0],
        front_token_s=front[1],
        front_processes=engine.api_processes,
        prefill_floor_s=host_s(model, engine, weights),
        request_token_s=engine.request_token_s,
        schedule_ahead=engine.schedule_ahead,
    )


def _front_s(engine: Engine) -> tuple[float, float]:
    """[s] per request and per token of an API process; nothing where no source gives both, for half a station misleads."""
    if engine.api_request_s is None or engine.api_token_s is None:
        return 0.0, 0.0
    return engine.api_request_s, engine.api_token_s


def _grid(lanes: int) -> Floats:
    """The samples of the tables: each lane's part is on GRID, and a lone sequence leaves the other lanes idle."""
    return GRID if lanes == 1 else np.concatenate(([0.0, 1.0], lanes * GRID[1:]))


def _from_zero(times_s: Floats) -> Floats:
    """Puts the first sample of the grid in front: nothing to compute takes no time."""
    return np.concatenate(([0.0], times_s))


def _context_fault(model: Model, longest: float) -> Rejection | None:
    if longest <= model.max_context:
        return None
    detail = (
        f"{model.name} takes at most {model.max_context:,} tokens of context, and the longest requests have "
        f"{longest:,.0f}. Shorten the prompts or choose a model with a longer context."
    )
    return Rejection("context", detail, got=longest, limit=float(model.max_context), unit="token")


def _kv_fault(kv_precision: str) -> Rejection | None:
    if kv_precision in c.KV_BYTES:
        return None
    accepted = ", ".join(c.KV_BYTES)
    return Rejection("precision", f"The key-value cache cannot be {kv_precision!r}. Use one of: {accepted}.")
