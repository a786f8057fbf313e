"""Applies a calibration to a step table, and says where its load leaves what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log2

import numpy as np

from aisizer.profile.calibrations import Calibration, Factors, FitRange
from aisizer.shapes import Floats, StepTable

DECODING_TOKENS = 256.0
"""[token] more in one step are prompts rather than a decoding batch; near it arithmetic overtakes weight reads on
current GPUs (H100 BF16: 989 TFLOPS / 3.35 TB/s = 295 FLOP per byte, which is 295 tokens at 2 byte a weight)."""


def apply(table: StepTable, factors: Factors) -> StepTable:
    """The table with its physical parts scaled: the smallest step, each further token, KV reads, overheads.

    With f(M) [s] the table over M tokens, f(1) its smallest step and f(D) that of the largest decoding batch,
    f'(M) = tokens x f(M) + (weights - tokens) x f(1) + (prefill - tokens) x max(0, f(M) - f(D)): a roofline's floor of
    weight reads and launches, and its slope (Williams et al. 2009, doi:10.1145/1498765.1498785). Identity factors give
    the identical table. The request's fixed time never falls below 0: no token comes before its request.

    >>> grid, none = np.array([0.0, 1.0, 8.0]), np.zeros(3)
    >>> table = StepTable(grid, np.array([0.0, 0.010, 0.017]), grid, none, 0.0, 2e-9, 0.0, 0.0, 0.001, 0.0, 0.0, 1e6, 8, 8)
    >>> scaled = apply(table, Factors(weights=1.2, tokens=0.5, kv_read=2.0, server_s=0.02))
    >>> scaled.tokens_s.round(6), scaled.kv_read_s, scaled.request_fixed_s
    (array([0.    , 0.012 , 0.0155]), 4e-09, 0.02)
    """
    smallest, largest = np.interp([1.0, DECODING_TOKENS], table.token_grid, table.tokens_s).tolist()
    lifted = np.where(table.token_grid > 0, (factors.weights - factors.tokens) * smallest, 0.0)
    beyond = np.maximum(table.tokens_s - largest, 0.0)
    tokens_s: Floats = factors.tokens * table.tokens_s + lifted + (factors.prefill - factors.tokens) * beyond
    return replace(
        table,
        tokens_s=tokens_s,
        sequences_s=factors.sequence * table.sequences_s,
        prefill_attention_s=factors.prefill * table.prefill_attention_s,
        kv_read_s=factors.kv_read * table.kv_read_s,
        prefill_fixed_s=factors.step * table.prefill_fixed_s,
        prefill_floor_s=factors.step * table.prefill_floor_s,
        decode_fixed_s=factors.step * table.decode_fixed_s,
        step_fixed_s=factors.step * table.step_fixed_s,
        per_sequence_s=factors.sequence * table.per_sequence_s,
        request_fixed_s=max(0.0, table.request_fixed_s + factors.server_s),
    )


def calibrated(
    table: StepTable,
    model_id: str,
    gpu_id: str,
    engine_id: str,
    precision: str,
    tensor_parallel: int,
    calibrations: Sequence[Calibration],
) -> tuple[StepTable, Calibration | None]:
    """The table by the calibration of this model, GPU, engine and precision whose layout is nearest; else unchanged."""
    subject = (model_id, gpu_id, engine_id, precision)
    fitting = [c for c in calibrations if (c.model, c.gpu, c.engine, c.precision) == subject]
    if not fitting:
        return table, None
    nearest = min(fitting, key=lambda c: _distance(c, tensor_parallel))
    return apply(table, nearest.factors), nearest


def outside(
    measured: FitRange, tensor_parallel: int, in_flight: float | None, prompt_tokens: float, output_tokens: float
) -> tuple[str, ...]:
    """What of a load lies outside the measured range, one sentence each; requests in flight only where they are known."""
    found = list[str]()
    if tensor_parallel not in measured.tensor_parallel:
        layouts = ", ".join(str(t) for t in measured.tensor_parallel)
        found.append(f"tensor_parallel {tensor_parallel} was not measured (only {layouts})")
    for name, value, (low, high) in (
        ("requests in flight", in_flight, measured.in_flight),
        ("prompt tokens", prompt_tokens, measured.prompt_tokens),
        ("output tokens", output_tokens, measured.output_tokens),
    ):
        if value is not None and not low <= value <= high:
            found.append(f"{name} ({value:.4g}) lie outside the measured {low:.4g} to {high:.4g}")
    return tuple(found)


def _distance(calibration: Calibration, tensor_parallel: int) -> float:
    return min(abs(log2(t / tensor_parallel)) for t in calibration.range.tensor_parallel)
