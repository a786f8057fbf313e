"""Known factors are found again from noisy load points, and other loads are then predicted better."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisizer.calibration.fit import METRICS, Fit, Observed, errors, fit, predicted
from aisizer.calibration.points import Span
from aisizer.calibration.protocols import Scenario
from aisizer.catalog.load import load_catalog
from aisizer.engine.calibrated import apply
from aisizer.engine.replica import Replica, build
from aisizer.profile.calibrations import Factors
from aisizer.shapes import StepTable

TRUTH = Factors(
    weights=1.25, tokens=0.8, prefill=1.3, kv_read=1.2, step=1.4, server_s=0.015, client_s=0.001, stream_steps=4.0
)
NOISE = 0.02
FIVE, TWELVE = (1, 4, 8, 16, 24), (1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 20, 24)
ELSEWHERE = [(1, 2048, 64, 4), (1, 256, 256, 16), (2, 512, 96, 2), (2, 512, 96, 16), (2, 2048, 64, 8)]


@cache
def table(tensor_parallel: int) -> StepTable:
    catalog = load_catalog()
    made = build(
        catalog.find_model("llama-3.1-8b"),
        catalog.find_gpu("h100-sxm"),
        catalog.find_engine("vllm-0.33"),
        tensor_parallel=tensor_parallel,
        precision="bf16",
    )
    assert isinstance(made, Replica)
    return made.table


def point(tensor_parallel: int, prompt: int, output: int, clients: int, noise: np.random.Generator | None) -> Observed:
    """A load point of the true replica, with log-normal noise on each figure where a generator is given."""
    lengths = Span(float(prompt), float(prompt)), Span(float(output), float(output))
    scenario = Scenario("closed_burst", float(clients), 2 * clients, None, 1, *lengths)
    bare = Observed(table(tensor_parallel), scenario, clients, {}, {})
    figures = predicted(bare, TRUTH)
    if noise is not None:
        figures = {name: value * math.exp(NOISE * noise.normal()) for name, value in figures.items()}
    return replace(bare, measured=figures)


@cache
def fitted(clients: tuple[int, ...]) -> Fit:
    noise = np.random.default_rng(7)
    return fit([point(1, 512, 96, c, noise) for c in clients])


def error_elsewhere(factors: Factors) -> dict[str, float]:
    """Median absolute error at other lengths and layouts than were fitted on."""
    points = [point(*where, None) for where in ELSEWHERE]
    figures = [predicted(p, factors) for p in points]
    pairs = zip(figures, points, strict=True)
    ratios = [{m: math.log(figure[m] / p.measured[m]) for m in METRICS} for figure, p in pairs]
    return dict(errors(ratios))


@pytest.mark.parametrize(("clients", "reach"), [(FIVE, (0.06, 0.17)), (TWELVE, (0.045, 0.12))])
def test_error_at_other_lengths_and_layouts_falls_as_promised(
    clients: tuple[int, ...], reach: tuple[float, float]
) -> None:
    before, after = error_elsewhere(Factors()), error_elsewhere(fitted(clients).factors)
    assert after["tpot"] <= reach[0] < before["tpot"]
    assert after["throughput"] <= reach[0] < before["throughput"]
    assert after["ttft"] <= reach[1] < before["ttft"]


def test_the_truth_lies_within_three_standard_errors() -> None:
    found = fitted(TWELVE)
    for name, true in TRUTH.model_dump().items():
        got, error = getattr(found.factors, name), found.standard_errors[name]
        scale = name not in ("server_s", "client_s", "stream_steps")
        assert abs(math.log(got / true) if scale else got - true) <= 3 * error, name


def test_what_the_points_cannot_tell_keeps_its_prior() -> None:
    """One client never shows what many cost: kv_read and client_s stay where they were, with their full uncertainty."""
    found = fit([point(1, 512, 96, 1, None)])
    assert found.factors.kv_read == pytest.approx(1.0, abs=0.05)
    assert found.standard_errors["kv_read"] == pytest.approx(0.15, rel=0.1)
    assert found.standard_errors["weights"] < 0.15


def test_points_of_the_uncalibrated_model_leave_it_alone() -> None:
    clean = [replace(p, measured=predicted(p, Factors())) for p in (point(1, 512, 96, c, None) for c in (1, 8))]
    for name, value in fit(clean).factors.model_dump().items():
        assert value == pytest.approx(Factors().model_dump()[name], abs=0.02), name


def test_one_wild_point_does_not_carry_the_fit_away() -> None:
    noise = np.random.default_rng(7)
    points = [point(1, 512, 96, c, noise) for c in FIVE]
    wild = replace(points[0], measured=points[0].measured | {"ttft": 30 * points[0].measured["ttft"]})
    found = fit([wild, *points[1:]])
    assert error_elsewhere(found.factors)["tpot"] <= 0.06
    assert all(math.isfinite(value) for value in errors(found.left_out).values())
    assert found.left_out[0]["ttft"] < -2


def test_leave_one_out_is_the_fit_without_the_point() -> None:
    """It agrees with fitting the others alone, and it is no smaller than the fit's own residual."""
    noise = np.random.default_rng(7)
    points = [point(1, 512, 96, c, noise) for c in FIVE]
    whole = fitted(FIVE)
    told: list[tuple[int, int]] = []
    alone = fit(points[:-1], lambda done, of: told.append((done, of)))
    assert told == [(done, 5) for done in range(6)]  # of all four, and without each of them
    figures = predicted(points[-1], alone.factors)
    for metric in METRICS:
        refitted = math.log(figures[metric] / points[-1].measured[metric])
        assert whole.left_out[-1][metric] == pytest.approx(refitted, abs=0.02)
    inside, outside = errors(whole.residuals), errors(whole.left_out)
    assert outside["tpot"] >= inside["tpot"]


def test_a_fit_without_points_is_a_bug() -> None:
    with pytest.raises(ValueError, match="at least one point"):
        fit([])


def test_identity_factors_give_the_identical_table() -> None:
    for tensor_parallel in (1, 2):
        plain = table(tensor_parallel)
        same = apply(plain, Factors())
        for field in fields(StepTable):
            assert np.array_equal(getattr(same, field.name), getattr(plain, field.name)), field.name


@settings(max_examples=50)
@given(weights=st.floats(0.5, 2), tokens=st.floats(0.5, 2), prefill=st.floats(0.5, 2), step=st.floats(0.5, 2))
def test_steps_stay_positive_and_never_shrink_with_more_tokens(
    weights: float, tokens: float, prefill: float, step: float
) -> None:
    plain = table(1)
    scaled = apply(plain, Factors(weights=weights, tokens=tokens, prefill=prefill, step=step))
    assert scaled.tokens_s[0] == 0
    assert np.all(scaled.tokens_s[1:] > 0)
    rising = np.diff(plain.tokens_s[1:]) >= 0
    assert np.all(np.diff(scaled.tokens_s[1:])[rising] >= -1e-12)


def test_a_held_back_first_token_changes_ttft_and_tpot_but_not_the_rest() -> None:
    one = point(1, 512, 96, 4, None)
    plain, held = predicted(one, Factors()), predicted(one, Factors(stream_steps=19.0))
    assert held["ttft"] == pytest.approx(plain["ttft"] + 19 * plain["tpot"])
    assert held["tpot"] == pytest.approx(plain["tpot"] * (1 - 19 / 95))
    assert held["throughput"] == plain["throughput"]
    whole = [f["ttft"] + 95 * f["tpot"] for f in (plain, held)]
    assert whole[0] == pytest.approx(whole[1])


def test_requests_of_one_token_are_fitted_on_their_ttft() -> None:
    one = point(1, 512, 96, 4, None)
    short = replace(one, scenario=replace(one.scenario, output=Span(1.0, 1.0)), measured={"ttft": 0.05})
    found = fit([short])
    assert found.residuals[0].keys() == {"ttft"}
    assert math.isfinite(found.factors.prefill)
