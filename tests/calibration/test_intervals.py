"""Bands, probabilities and quantile factors: one distribution, rising, as wide as what is known makes it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.calibration import intervals
from aisizer.calibration.intervals import (
    KINDS,
    Conditions,
    band,
    latency_factor,
    probability,
    probability_within,
    quantile,
    residuals,
    throughput_factor,
)
from aisizer.calibration.measurements import CALIBRATED, CALIBRATED_SPREAD, LEVELS, SPREAD, UNCALIBRATED, Residuals
from aisizer.calibration.points import PROTOCOLS

flags = st.booleans()
conditions = st.builds(
    Conditions,
    kind=st.sampled_from(sorted(set(KINDS.values()))),
    engine=st.sampled_from(["vllm-0.33", "sglang-0.5.23", "trtllm-1.2", "another-3"]),
    calibrated=flags,
    experts=flags,
    near_wall=flags,
    crowded=flags,
    unmeasured_gpu=flags,
    tail=flags,
)
CONDITIONS = ("experts", "near_wall", "crowded", "unmeasured_gpu", "tail")
metrics = st.sampled_from(["ttft", "tpot", "e2e", "throughput"])
latencies = st.sampled_from(["ttft", "tpot", "e2e"])
seconds = st.floats(1e-4, 1e3)
levels = st.floats(0.001, 0.999)
confidences = st.floats(0.5, 0.99)
rising = st.lists(st.floats(0.01, 1.0), min_size=len(LEVELS), max_size=len(LEVELS)).map(
    lambda steps: [math.exp(sum(steps[: i + 1]) - sum(steps[:4])) for i in range(len(steps))]
)


def test_every_protocol_has_a_kind() -> None:
    assert set(KINDS) == set(PROTOCOLS)


@pytest.mark.parametrize("table", [UNCALIBRATED, CALIBRATED], ids=["uncalibrated", "calibrated"])
def test_every_row_rises_and_has_measurements_for_a_band(table: dict[tuple[str, str, str], Residuals]) -> None:
    assert table
    for (metric, kind, _), row in table.items():
        assert len(row.factors) == len(LEVELS) and row.factors[0] > 0 and row.n >= 10
        assert list(row.factors) == sorted(set(row.factors)), (metric, kind)
        assert (metric, kind, "any") in table and metric in SPREAD and kind in KINDS.values()


@pytest.mark.parametrize("widen", [SPREAD, CALIBRATED_SPREAD], ids=["uncalibrated", "calibrated"])
def test_what_widens_is_a_condition_and_never_narrows(widen: dict[str, dict[str, float]]) -> None:
    for factors in widen.values():
        assert set(factors) == set(CONDITIONS)
        assert all(factor >= 1 for factor in factors.values())


@given(rising, levels, levels, st.floats(1, 5))
def test_quantiles_rise_and_probability_is_their_inverse(
    factors: list[float], one: float, other: float, stretch: float
) -> None:
    low, high = sorted((one, other))
    assert quantile(low, factors, stretch) <= quantile(high, factors, stretch)
    assert probability(quantile(one, factors, stretch), factors, stretch) == pytest.approx(one, abs=1e-6)


@given(seconds, seconds, seconds, latencies, conditions)
def test_the_probability_falls_with_the_prediction_and_rises_with_the_target(
    prediction: float, other: float, target: float, metric: str, known: Conditions
) -> None:
    low, high = sorted((prediction, other))
    likely, less = (probability_within(p, target, metric, known) for p in (low, high))
    assert 0 <= less <= likely <= 1
    tight, loose = (probability_within(target, t, metric, known) for t in (low, high))
    assert tight <= loose


@given(seconds, metrics, conditions)
def test_a_band_holds_its_prediction_and_widens_with_what_is_uncertain(
    value: float, metric: str, known: Conditions
) -> None:
    low, high = band(value, metric, known)
    assert 0 < low <= value <= high and low < high
    for name in CONDITIONS:
        least, most = (band(value, metric, replace(known, **{name: flag})) for flag in (False, True))
        assert most[1] / most[0] >= least[1] / least[0] * (1 - 1e-9)


@given(seconds, latencies, conditions)
def test_probability_and_band_are_one_distribution(value: float, metric: str, known: Conditions) -> None:
    high = band(value, metric, known)[1]
    assert probability_within(value, high, metric, known) >= 0.9 - 1e-9


@given(confidences, confidences, latencies, conditions)
def test_more_confidence_never_flatters(one: float, other: float, metric: str, known: Conditions) -> None:
    low, high = sorted((one, other))
    assert 1 <= latency_factor(low, metric, known) <= latency_factor(high, metric, known)
    assert 0 < throughput_factor(high, known) <= throughput_factor(low, known) <= 1
    assert latency_factor(0.5, metric, known) == throughput_factor(0.5, known) == 1


@given(st.floats(0.51, 0.99), seconds, latencies, conditions)
def test_a_target_divided_by_the_factor_is_met_with_that_confidence(
    confidence: float, target: float, metric: str, known: Conditions
) -> None:
    prediction = target / latency_factor(confidence, metric, known)
    assert probability_within(prediction, target, metric, known) >= confidence - 1e-9


def test_a_calibration_without_measurements_behind_it_earns_nothing() -> None:
    opened = Conditions("open", "vllm")
    assert residuals("ttft", replace(opened, calibrated=True)) == residuals("ttft", opened)


def test_a_kind_that_nobody_measured_is_a_factor_of_two() -> None:
    assert band(10.0, "throughput", Conditions("open", "vllm")) == pytest.approx((5.0, 20.0))


def test_a_worked_probability() -> None:
    """Dense: 1.1 is the P75, so 110 is met with 75 %. With experts twice the scatter: 1.1 lies half as far out."""
    factors = (0.6, 0.7, 0.9, 1.0, 1.1, 1.3, 1.5)
    assert probability(110 / 100, factors) == pytest.approx(0.75)
    halfway = 0.5 + 0.25 * 0.5  # ln 1.1 / 2 is half of the way from P50 to P75
    assert probability(110 / 100, factors, stretch=2.0) == pytest.approx(halfway)


def test_a_level_that_is_no_probability_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile(1.0, intervals.UNKNOWN.factors)


def test_the_rank_rule_keeps_the_promised_coverage_of_small_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: bands from n draws of a log-normal error hold 80 % of the next draw, on average; without n + 1 fewer do."""
    rng, n, known = np.random.default_rng(3), 20, Conditions("closed", "vllm")
    held = {n: 0.0, 10**9: 0.0}
    for _ in range(400):
        steps = np.exp(np.quantile(rng.normal(0, 0.4, n), LEVELS))
        following = np.exp(rng.normal(0, 0.4, 200))
        for size in held:
            row = Residuals(size, tuple(steps.tolist()), "drawn")
            monkeypatch.setattr(intervals, "UNCALIBRATED", {("tpot", "closed", "vllm"): row})
            low, high = band(1.0, "tpot", known)
            held[size] += float(((low <= following) & (following <= high)).mean()) / 400
    assert 0.78 <= held[n] <= 0.86
    assert held[10**9] < 0.78


MORE = {"crowded": "more than 256 requests in flight on a replica", "tail": "a percentile beyond the median"}


def test_the_method_names_the_factors_of_the_table() -> None:
    """docs/method.md, "How sure": a refreshed table asks for refreshed figures there."""
    text = (Path(__file__).parents[2] / "docs" / "method.md").read_text(encoding="utf-8")
    rows = {"experts": "experts", "near_wall": "KV use above 85 %", "unmeasured_gpu": "GPU class without measurements"}
    for name, words in (rows | MORE).items():
        line = next(line for line in text.splitlines() if line.startswith(f"| {words} |"))
        shown = [cell.strip() for cell in line.split("|")[3:6]]
        for cell, metric in zip(shown, ("tpot", "ttft", "throughput"), strict=True):
            decimals = len(cell.partition(".")[2])
            assert cell == ("" if SPREAD[metric][name] == 1 else f"{SPREAD[metric][name]:.{decimals}f}"), (name, metric)
    assert f"rest on {UNCALIBRATED['ttft', 'open', 'vllm'].n} stages" in text
