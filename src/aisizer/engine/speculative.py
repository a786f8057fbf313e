"""Speculative decoding and multi-token prediction: tokens accepted per step, and a step table that advances by them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aisizer.shapes import Floats, StepTable


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


def speculative_table(
    table: StepTable, *, acceptance: float, draft_tokens: int, draft_step_s: float, draft_sequence_s: float = 0.0
) -> StepTable:
    """The table of steps in which every sequence advances one token, for an engine whose real steps advance A of them.

    With g drafts and A = `accepted_tokens`, a real step of B sequences computes B (g + 1) tokens and g draft steps, and
    lasts t = T[B (g + 1)] + S[B (g + 1)] + kv K + fixed + g (draft_step_s + B draft_sequence_s); the cache is read once for
    all g + 1 positions. One token takes t / A, and that is the step of this table:

        tokens'[M]    = T[A M] / A
        sequences'[B] = (T[(g + 1) B] - T[A B] + S[(g + 1) B] + g B draft_sequence_s) / A
        each other per-step term / A, prefill attention (work per prompt token) unchanged

    so the decode time per output token is exactly t / A, and a mixed step moves A P' prompt tokens in A steps of P'. Budget
    and tables shrink by A. What it does not show: a step under way lasts A times longer for an arrival, and a prompt alone
    in a step pays the weights' read once, not 1 / A of it. Source: Leviathan et al. 2023, arXiv:2211.17192; the identity is ours.

    >>> from aisizer.shapes import StepTable
    >>> grid = np.array([0.0, 1.0, 64.0])
    >>> plain = StepTable(grid, np.array([0, 0.01, 0.01]), grid, 0 * grid, 0.0, 0.0, 0.0, 0.0, 0.002, 0.0, 0.0, 1e5, 16, 64)
    >>> quick = speculative_table(plain, acceptance=0.8, draft_tokens=3, draft_step_s=0.001)
    >>> round(float(quick.tokens_s[1] + quick.step_fixed_s + quick.decode_fixed_s), 6)  # (10 + 2 + 3 x 1) ms / 2.952
    0.005081
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
    drafts = draft_tokens * draft_sequence_s * sequences
    return replace(
        table,
        token_grid=table.token_grid / accepted,
        tokens_s=table.tokens_s / accepted,
        sequence_grid=sequences,
        sequences_s=(checked - counted + heads + drafts) / accepted,
        kv_read_s=table.kv_read_s / accepted,
        prefill_fixed_s=table.prefill_fixed_s / accepted,
        decode_fixed_s=(table.decode_fixed_s + draft_tokens * draft_step_s) / accepted,
        step_fixed_s=table.step_fixed_s / accepted,
        prefill_floor_s=table.prefill_floor_s / accepted,
        per_sequence_s=table.per_sequence_s / accepted,
        token_budget=int(table.token_budget / accepted),
    )


def _at(grid: Floats, values: Floats, where: Floats) -> Floats:
    return np.asarray(np.interp(where, grid, values))
