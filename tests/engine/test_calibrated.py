"""A calibration scales each part of a step by its own factor, and says what of a load was not measured."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from aisizer.engine.calibrated import DECODING_TOKENS, apply, calibrated, outside
from aisizer.profile.calibrations import BenchmarkFile, Calibration, Factors, FitRange
from aisizer.shapes import StepTable

GRID = np.array([0.0, 1.0, 256.0, 1000.0])
TABLE = StepTable(
    token_grid=GRID,
    tokens_s=np.array([0.0, 0.010, 0.012, 0.030]),
    sequence_grid=GRID,
    sequences_s=np.array([0.0, 0.001, 0.002, 0.005]),
    prefill_attention_s=2e-9,
    kv_read_s=3e-9,
    prefill_fixed_s=0.004,
    decode_fixed_s=0.005,
    step_fixed_s=0.006,
    per_sequence_s=7e-6,
    request_fixed_s=0.008,
    kv_capacity_tokens=1e6,
    max_batch=64,
    token_budget=1000,
    prefill_floor_s=0.009,
    request_token_s=1e-6,
)


def test_no_factor_changes_nothing() -> None:
    for field in fields(StepTable):
        before, after = getattr(TABLE, field.name), getattr(apply(TABLE, Factors()), field.name)
        np.testing.assert_allclose(after, before, rtol=1e-12)


@pytest.mark.parametrize(
    ("factor", "scaled"),
    [
        ("sequence", {"sequences_s", "per_sequence_s"}),
        ("kv_read", {"kv_read_s"}),
        ("step", {"prefill_fixed_s", "prefill_floor_s", "decode_fixed_s", "step_fixed_s"}),
        ("prefill", {"prefill_attention_s", "tokens_s"}),
        ("tokens", {"tokens_s"}),
        ("weights", {"tokens_s"}),
    ],
)
def test_each_factor_scales_its_own_part(factor: str, scaled: set[str]) -> None:
    made = apply(TABLE, Factors(**{factor: 3.0}))
    for field in fields(StepTable):
        before, after = getattr(TABLE, field.name), getattr(made, field.name)
        if field.name not in scaled:
            np.testing.assert_allclose(after, before, rtol=1e-12)
        elif field.name != "tokens_s":
            np.testing.assert_allclose(after, 3.0 * np.asarray(before))


def test_the_smallest_step_each_further_token_and_prompts_beyond_a_decoding_batch_have_factors_of_their_own() -> None:
    at = {1: 0.010, 256: 0.012, 1000: 0.030}
    assert DECODING_TOKENS == 256
    made = apply(TABLE, Factors(weights=2.0, tokens=3.0, prefill=5.0)).tokens_s
    by_hand = [3 * t + (2 - 3) * at[1] + (5 - 3) * max(0.0, t - at[256]) for t in at.values()]
    np.testing.assert_allclose(made, [0.0, *by_hand])


def test_a_faster_server_gives_no_token_before_its_request() -> None:
    assert apply(TABLE, Factors(server_s=-1.0)).request_fixed_s == 0.0
    assert apply(TABLE, Factors(server_s=0.002)).request_fixed_s == pytest.approx(0.010)


def test_a_load_is_told_what_of_it_was_not_measured() -> None:
    measured = FitRange(tensor_parallel=(2, 4), in_flight=(1, 64), prompt_tokens=(100, 4000), output_tokens=(10, 500))
    assert outside(measured, 2, 64, 100, 500) == () == outside(measured, 4, None, 4000, 10)
    assert outside(measured, 8, 65, 99, 501) == (
        "tensor_parallel 8 was not measured (only 2, 4)",
        "requests in flight (65) lie outside the measured 1 to 64",
        "prompt tokens (99) lie outside the measured 100 to 4000",
        "output tokens (501) lie outside the measured 10 to 500",
    )


def calibration(factor: float, *tensor_parallel: int, model: str = "m", precision: str = "fp8") -> Calibration:
    return Calibration(
        model=model,
        gpu="g",
        engine="e",
        precision=precision,
        tensor_parallel=tensor_parallel[0],
        points=3,
        factors=Factors(kv_read=factor),
        range=FitRange(
            in_flight=(1, 64), prompt_tokens=(100, 4000), output_tokens=(10, 500), tensor_parallel=tensor_parallel
        ),
        files=(BenchmarkFile(name="b.json", sha256="0" * 64, tool="vllm"),),
    )


def test_the_calibration_of_the_nearest_layout_is_applied() -> None:
    """In powers of two: 4 is one step from 2 and from 8, 16 two; a calibration of several layouts is as near as its nearest."""
    known = [calibration(2.0, 16), calibration(3.0, 1, 2), calibration(5.0, 64)]
    for tensor_parallel, factor in ((1, 3.0), (4, 3.0), (8, 2.0), (16, 2.0), (64, 5.0)):
        table, used = calibrated(TABLE, "m", "g", "e", "fp8", tensor_parallel, known)
        assert table.kv_read_s == pytest.approx(factor * TABLE.kv_read_s)
        assert used is not None and used.factors.kv_read == factor


def test_a_calibration_of_something_else_is_not_applied() -> None:
    known = [calibration(2.0, 4, model="other"), calibration(3.0, 4, precision="bf16")]
    assert calibrated(TABLE, "m", "g", "e", "fp8", 4, known) == (TABLE, None)
    assert calibrated(TABLE, "m", "g", "e", "bf16", 4, known)[1] is known[1]
