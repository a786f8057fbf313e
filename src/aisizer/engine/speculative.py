"""Speculative decoding and multi-token prediction: tokens accepted per step, and a replica whose steps advance by them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aisizer.engine.replica import Replica
from aisizer.errors import Rejection
from aisizer.shapes import Floats, StepTable


@dataclass(frozen=True, slots=True)
class Speculation:
    """How many tokens are drafted for each step, and how many of them hold."""

    draft_tokens: int
    acceptance: float
    """[1] chance that a drafted token is the model's own, given that those before it are"""
    draft_share: float | None = None
    """[1] of the model's layers that draft one token; None: one layer, a multi-token-prediction module"""

    @property
    def tokens_per_step(self) -> float:
        """[token] by which a step advances each sequence."""
        return accepted_tokens(self.acceptance, self.draft_tokens)


def accepted_tokens(acceptance: float, draft_tokens: int) -> float:
    """Expected tokens that one step adds to a sequence: (1 - a^(g + 1)) / (1 - a). [token]

    g drafts are checked in order, each holds with chance a, and the step always adds one token of its own.
    Source: Leviathan, Kalman, Matias 2023, arXiv:2211.17192, equation 1.

    >>> round(accepted_tokens(0.8, 3), 3), accepted_tokens(1.0, 3), accepted_tokens(0.0, 3)
    (2.952, 4.0, 1.0)
    """
    if not 0 <= acceptance <= 1 or draft_tokens < 0:
        raise ValueError(
            f"acceptance lies in 0..1 and draft_tokens is not negative (got {acceptance}, {draft_tokens})."
        )
    if acceptance == 1:
        return float(draft_tokens + 1)
    return float((1 - acceptance ** (draft_tokens + 1)) / (1 - acceptance))


def speculative_replica(plain: Replica, layers: int, speculation: Speculation) -> Replica | Rejection:
    """The replica with drafts: its layers and cache beside the model's own, and steps as `speculative_table` says.

    The batch is narrowed to what the tables still cover.
    """
    share = 1 / layers if speculation.draft_share is None else speculation.draft_share
    memory, table = plain.memory, plain.table
    left_gb = memory.kv_gb - share * memory.weights_gb
    if left_gb <= 0:
        detail = (
            f"The layers that draft need {share * memory.weights_gb:.1f} GB beside the model, and {memory.kv_gb:.1f} GB are "
            "left for them and the cache. Use more GPUs or a lower precision."
        )
        return Rejection("memory", detail, got=share * memory.weights_gb, limit=memory.kv_gb, unit="GB")
    capacity = table.kv_capacity_tokens * left_gb / memory.kv_gb / (1 + share)
    covered = int(min(table.token_grid[-1], table.sequence_grid[-1])) // (speculation.draft_tokens + 1)
    narrow = replace(table, max_batch=min(table.max_batch, covered), kv_capacity_tokens=capacity)
    per_token = memory.kv_bytes_per_token * (1 + share)
    with_drafts = replace(
        memory,
        weights_gb=memory.weights_gb * (1 + share),
        kv_gb=left_gb,
        kv_bytes_per_token=per_token,
        kv_capacity_tokens=memory.kv_capacity_tokens * left_gb / memory.kv_gb / (1 + share),
    )
    made = speculative_table(
        narrow, acceptance=speculation.acceptance, draft_tokens=speculation.draft_tokens, draft_share=share
    )
    return Replica(with_drafts, made, plain.notes)


def speculative_table(table: StepTable, *, acceptance: float, draft_tokens: int, draft_share: float) -> StepTable:
    """The table of steps in which every sequence advances one token, for an engine whose real steps advance A of them.

    With g drafts, each of a share d of the layers and of the head, and A = `accepted_tokens`, a real step of B sequences
    with K tokens of context computes B (g + 1) tokens after g drafts, and reads the cache once for all g + 1 positions:

        t = T[B (g + 1)] + S[B (g + 1)] + kv K + fixed + g (d (T[B] + kv K + decode_fixed) + S[B])

    One token takes t / A, and that is the step of this table:

        tokens'[M]    = T[A M] / A
        sequences'[B] = (T[(g + 1) B] - T[A B] + S[(g + 1) B] + g (d T[B] + S[B])) / A
        kv', decode_fixed' = (1 + g d) of theirs / A, other terms per step / A, prefill attention (per prompt token) unchanged

    so the decode time per output token is exactly t / A, and a mixed step moves A P' prompt tokens in A steps of P'. Budget
    and tables shrink by A. What it does not show: a step under way lasts A times longer for an arrival, and a prompt alone
    in a step pays the weights' read once, not 1 / A of it. Source: Leviathan et al. 2023, arXiv:2211.17192; the identity is ours.

    >>> from aisizer.shapes import StepTable
    >>> grid = np.array([0.0, 1.0, 64.0])
    >>> plain = StepTable(grid, np.array([0, 0.01, 0.01]), grid, 0 * grid, 0.0, 0.0, 0.0, 0.0, 0.002, 0.0, 0.0, 1e5, 16, 64)
    >>> quick = speculative_table(plain, acceptance=0.8, draft_tokens=3, draft_share=0.1)
    >>> round(float(quick.tokens_s[1] + quick.sequences_s[quick.sequence_grid == 1][0] + quick.step_fixed_s), 6)
    0.005081

    That is (10 + 2 + 3 x 1) ms / 2.952.
    """
    accepted, computed = accepted_tokens(acceptance, draft_tokens), draft_tokens + 1
    if computed * table.max_batch > min(table.token_grid[-1], table.sequence_grid[-1]):
        raise ValueError(f"{table.max_batch} sequences of {computed} tokens exceed the table. Lower max_batch.")
    sequences = np.unique(
        np.concatenate((table.sequence_grid, table.token_grid / accepted, table.token_grid / computed))
    )
    sequences = sequences[sequences * computed <= min(table.token_grid[-1], table.sequence_grid[-1])]
    checked = _at(table.token_grid, table.tokens_s, computed * sequences)
    counted = _at(table.token_grid, table.tokens_s, accepted * sequences)
    heads = _at(table.sequence_grid, table.sequences_s, computed * sequences)
    drafts = draft_share * _at(table.token_grid, table.tokens_s, sequences)
    drafts += _at(table.sequence_grid, table.sequences_s, sequences)
    longer = 1 + draft_tokens * draft_share
    return replace(
        table,
        token_grid=table.token_grid / accepted,
        tokens_s=table.tokens_s / accepted,
        sequence_grid=sequences,
        sequences_s=(checked - counted + heads + draft_tokens * drafts) / accepted,
        kv_read_s=longer * table.kv_read_s / accepted,
        prefill_fixed_s=table.prefill_fixed_s / accepted,
        decode_fixed_s=longer * table.decode_fixed_s / accepted,
        step_fixed_s=table.step_fixed_s / accepted,
        prefill_floor_s=table.prefill_floor_s / accepted,
        per_sequence_s=table.per_sequence_s / accepted,
        token_budget=int(table.token_budget / accepted),
    )


def _at(grid: Floats, values: Floats, where: Floats) -> Floats:
    return np.asarray(np.interp(where, grid, values))
