"""Step times of many configurations at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aisizer.queueing.lengths import Mix
from aisizer.shapes import Floats, StepTable

NO_TIME_S = 1e-15
"""[s] stands for the time of a token that takes none: attention is then all that tells prompts apart."""


@dataclass(frozen=True, slots=True)
class Replicas:
    """The step tables of all configurations, stacked: scalars of StepTable are [configuration, 1]."""

    token_grid: Floats
    tokens_s: Floats
    sequence_grid: Floats
    sequences_s: Floats
    prefill_attention_s: Floats
    kv_read_s: Floats
    prefill_fixed_s: Floats
    decode_fixed_s: Floats
    step_fixed_s: Floats
    per_sequence_s: Floats
    request_fixed_s: Floats
    kv_capacity_tokens: Floats
    max_batch: Floats
    token_budget: Floats
    front_request_s: Floats
    front_token_s: Floats
    front_processes: Floats
    prefill_floor_s: Floats
    request_token_s: Floats
    schedule_ahead: Floats
    poll_steps: Floats
    hold_steps: Floats

    def rows(self, chosen: NDArray[np.int64]) -> Replicas:
        """The same record for some of the configurations."""
        names = [name for name in self.__slots__ if name not in ("token_grid", "sequence_grid")]
        return Replicas(
            self.token_grid, sequence_grid=self.sequence_grid, **{n: getattr(self, n)[chosen] for n in names}
        )


def stack(tables: Sequence[StepTable]) -> Replicas:
    """Stacks tables; those with other grids are read at the points of all, which changes nothing: they are linear between."""
    if not tables:
        raise ValueError("At least one step table is needed.")
    for table in tables:
        if table.token_budget > table.token_grid[-1]:
            raise ValueError(
                f"token_grid must reach the token budget {table.token_budget} (ends {table.token_grid[-1]})."
            )
    scalars = {
        name: np.array([[getattr(table, name)] for table in tables], dtype=np.float64)
        for name in Replicas.__slots__
        if name not in ("token_grid", "tokens_s", "sequence_grid", "sequences_s")
    }
    token_grid, tokens_s = _on_one_grid([(table.token_grid, table.tokens_s) for table in tables])
    sequence_grid, sequences_s = _on_one_grid([(table.sequence_grid, table.sequences_s) for table in tables])
    return Replicas(token_grid, tokens_s, sequence_grid, sequences_s, **scalars)


def _on_one_grid(curves: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """The grid of all curves, and each at its points [curve, grid]; beyond the end of its own a curve's slope goes on.

    >>> grid, values = _on_one_grid([(np.array([0.0, 2.0]), np.array([0.0, 4.0])), (np.array([0.0, 3.0]), np.zeros(2))])
    >>> grid, values
    (array([0., 2., 3.]), array([[0., 4., 6.],
           [0., 0., 0.]]))
    """
    first = curves[0][0]
    if all(grid is first or np.array_equal(grid, first) for grid, _ in curves):
        return first, np.stack([values for _, values in curves])
    union = np.unique(np.concatenate([grid for grid, _ in curves]))
    return union, np.stack([_lookup(grid, values[None, :], union[None, :])[0] for grid, values in curves])


def decode_step_s(replicas: Replicas, mix: Mix, decoding: Floats) -> Floats:
    """[s] step with `decoding` sequences [configuration, state] and no prompt tokens."""
    return _common_s(replicas, mix, decoding, decoding, decoding) + np.where(decoding > 0, replicas.decode_fixed_s, 0.0)


def mixed_step_s(replicas: Replicas, mix: Mix, decoding: Floats, prompt_tokens: Floats) -> Floats:
    """[s] step that also computes `prompt_tokens` > 0, whose attention and finished prompts are those of the mixture."""
    finishing = prompt_tokens / mix.work[:, None]
    seconds = (
        _common_s(replicas, mix, decoding, decoding + prompt_tokens, decoding + finishing)
        + np.where(decoding > 0, replicas.decode_fixed_s, 0.0)
        + replicas.prefill_fixed_s
        + replicas.prefill_attention_s * mix.attention[:, None] * prompt_tokens
    )
    return np.fmax(seconds, replicas.prefill_floor_s)


def attention_price(replicas: Replicas) -> Floats:
    """[1/token] tokens of a full step in whose time one token attends to one more token of context [configuration]."""
    budget = replicas.token_budget
    token_s = _lookup(replicas.token_grid, replicas.tokens_s, budget) / budget
    result: Floats = (replicas.prefill_attention_s / np.fmax(token_s, NO_TIME_S))[:, 0]
    return result


def steps_not_looked(replicas: Replicas) -> Floats:
    """[step] without prompts for which a request that could be seen is not looked at, at the mean [configuration, 1]."""
    return replicas.hold_steps + (replicas.poll_steps - 1) / 2


def _common_s(replicas: Replicas, mix: Mix, decoding: Floats, tokens: Floats, sequences: Floats) -> Floats:
    return (
        _lookup(replicas.token_grid, replicas.tokens_s, tokens)
        + _lookup(replicas.sequence_grid, replicas.sequences_s, sequences)
        + replicas.per_sequence_s * sequences
        + replicas.kv_read_s * mix.context[:, None] * decoding
        + replicas.step_fixed_s
    )


def _lookup(grid: Floats, values: Floats, x: Floats) -> Floats:
    """Linear interpolation of values [configuration, grid] at x [configuration, any]; beyond the end its slope goes on."""
    cell = np.searchsorted(grid[1:-1], x, side="right")
    share = (x - grid[cell]) / (grid[1:] - grid[:-1])[cell]
    flat = cell + np.arange(len(values))[:, None] * len(grid)
    low = values.ravel().take(flat)
    result: Floats = low + share * (values.ravel().take(flat + 1) - low)
    return result
