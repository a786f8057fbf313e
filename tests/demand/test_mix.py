"""Token lengths: the quantile functions meet what they were given, and the sample keeps it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.demand.mix import log_normal_from, mean_tokens, quantile, requests_sample, share_below, stratified
from aisizer.errors import InvalidInput
from aisizer.profile.sections import TokenLengths, Workload

means = st.floats(5, 100_000)
ratios = st.floats(1.0, 3.0)
percents = st.sets(st.integers(1, 99), min_size=2, max_size=8).map(sorted)


@st.composite
def quantiles(draw: st.DrawFn) -> TokenLengths:
    at = draw(percents)
    values = sorted(draw(st.lists(st.floats(1, 1e5), min_size=len(at), max_size=len(at))))
    top = {"p100": values[-1] * draw(st.floats(1, 3))} if draw(st.booleans()) else {}
    return TokenLengths(quantiles={f"p{p}": v for p, v in zip(at, values, strict=True)} | top)


@given(means, ratios)
def test_a_log_normal_has_the_mean_and_p95_it_was_made_from(mean: float, ratio: float) -> None:
    mu, sigma = log_normal_from(mean, mean * ratio)
    assert np.exp(mu + sigma**2 / 2) == pytest.approx(mean)
    lengths = TokenLengths(mean=mean, p95=mean * ratio)
    assert quantile(lengths, np.array([0.95]))[0] == pytest.approx(mean * ratio)
    assert sigma <= 1.6449, "the milder of the two tails"


@given(means, ratios)
def test_the_sample_keeps_mean_and_p95(mean: float, ratio: float) -> None:
    sample = stratified(TokenLengths(mean=mean * 10, p95=mean * ratio * 10), 256)
    assert sample.mean() == pytest.approx(mean * 10, rel=0.01)
    assert np.mean(sample > mean * ratio * 10) == pytest.approx(0.05, abs=1 / 256) or ratio < 1.0001


@given(quantiles())
def test_quantiles_pass_through_every_point_and_never_fall(lengths: TokenLengths) -> None:
    for key, value in (lengths.quantiles or {}).items():
        assert quantile(lengths, np.array([float(key[1:]) / 100]))[0] == pytest.approx(value)
    assert np.all(np.diff(quantile(lengths, np.linspace(0, 1, 500))) >= 0)
    sample = stratified(lengths, 4096)
    assert sample.mean() == pytest.approx(mean_tokens(lengths), rel=0.01)


@given(
    quantiles() | st.builds(lambda m, r: TokenLengths(mean=m, p95=m * r), means, st.floats(1.1, 3)),
    st.floats(0.05, 0.9),
)
def test_share_below_is_the_inverse_of_the_quantile(lengths: TokenLengths, u: float) -> None:
    tokens = float(quantile(lengths, np.array([u]))[0])
    assert share_below(lengths, tokens * (1 - 1e-9)) <= u + 1e-6
    assert share_below(lengths, tokens * (1 + 1e-9)) >= u - 1e-6


def test_the_tail_beyond_the_last_percentile_is_near_a_measured_one() -> None:
    """Azure 2023 conversation, output (Patel et al., Splitwise, ISCA 2024): p50 129, p95 451; p99 601 was left out."""
    lengths = TokenLengths(quantiles={"p50": 129, "p95": 451})
    p99, p999, top = quantile(lengths, np.array([0.99, 0.999, 1.0]))
    assert p99 == pytest.approx(601, rel=0.15)
    assert top == p999, "flat above p99.9: no length is invented that is rarer than one in a thousand"


def test_an_embedder_has_one_output_token() -> None:
    one = TokenLengths(mean=1, p95=1)
    assert set(np.rint(stratified(one, 64))) == {1.0} and mean_tokens(one) == 1


def test_lengths_below_one_token_are_refused_not_clamped() -> None:
    with pytest.raises(InvalidInput, match="less than one token"):
        stratified(TokenLengths(mean=2, p95=7.6), 64)


def workload(prefix_hit: float = 0.0, prompt: float = 1000) -> Workload:
    return Workload.model_validate(
        {
            "model": "m",
            "load": {"rate": "1 req/s"},
            "prompt_tokens": {"mean": prompt, "p95": 2.5 * prompt},
            "output_tokens": {"mean": 200, "p95": 450},
            "prefix_hit": prefix_hit,
        }
    )


def test_the_sample_of_a_mix_is_whole_fixed_and_uncorrelated() -> None:
    mix = {"a": workload(0.25), "b": workload(0.0, 5000)}
    sample = requests_sample(mix, ["b", "a"], 256)
    again = requests_sample(mix, ["b", "a"], 256)
    assert all(np.array_equal(getattr(sample, name), getattr(again, name)) for name in sample.__slots__)
    assert sample.class_id.tolist() == [0] * 256 + [1] * 256 and not sample.arrival_s.any()
    for tokens in (sample.prompt_tokens, sample.output_tokens):
        assert np.array_equal(tokens, np.rint(tokens)) and tokens.min() >= 1
    of_a = sample.class_id == 1
    assert np.array_equal(sample.cached_tokens[of_a], np.floor(0.25 * sample.prompt_tokens[of_a]))
    assert (sample.cached_tokens < sample.prompt_tokens).all(), "the last token of a prompt is never in the cache"
    assert sample.prompt_tokens[~of_a].mean() == pytest.approx(5000, rel=0.01)
    assert abs(np.corrcoef(sample.prompt_tokens[of_a], sample.output_tokens[of_a])[0, 1]) < 0.05
    assert sorted(sample.output_tokens[of_a]) == sorted(sample.output_tokens[~of_a]), "every stratum once"
