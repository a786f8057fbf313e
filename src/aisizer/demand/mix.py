"""Token lengths as quantile functions, and the fixed sample of requests that the capacity models read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from aisizer.errors import InvalidInput
from aisizer.profile.sections import TokenLengths, Workload
from aisizer.shapes import Floats, Requests
from aisizer.special import ndtr, ndtri

Z95 = 1.6448536269514722
"""95th percentile of the standard normal distribution."""
HALF_A_TOKEN = 0.5
"""[token] what rounds to at least one whole token."""
MOST_BELOW_ONE = 0.01
"""Share of a distribution that may lie below half a token before it is a mistake in the profile."""
_TAIL = (0.9, 0.95, 0.975, 0.99, 0.995, 0.999)
_GOLDEN = (math.sqrt(5) - 1) / 2


def log_normal_from(mean: float, p95: float) -> tuple[float, float]:
    """Parameters (mu, sigma) of ln(length) for a log-normal length with this mean and 95th percentile [token].

    ln(p95/mean) = z s - s^2/2 with z = 1.6449 has two roots; the smaller one is taken, the milder tail. Any p95 from
    the mean up to exp(z^2/2) = 3.87 times the mean can be met. Johnson, Kotz and Balakrishnan, Continuous Univariate
    Distributions 1 (1994), chapter 14.

    >>> mu, sigma = log_normal_from(3200, 7800)
    >>> round(mu, 4), round(sigma, 4), round(math.exp(mu + Z95 * sigma)), round(math.exp(mu + sigma**2 / 2))
    (7.8371, 0.6838, 7800, 3200)
    """
    sigma = Z95 - math.sqrt(Z95**2 - 2 * math.log(p95 / mean))
    return math.log(mean) - sigma**2 / 2, sigma


def quantile_knots(quantiles: Mapping[str, float]) -> tuple[Floats, Floats]:
    """Probabilities and lengths [token] between which a distribution given by percentiles is linear.

    Below the first percentile it falls linearly to one token (or to the first length, if that is less than one).
    Without p100 the tail beyond the last percentile is log-linear: the excess grows with the logarithm of the
    exceedance 1 - u as between the last two points (an exponential tail; Pickands 1975, doi:10.1214/aos/1176343003,
    shape 0), drawn through p90, p95, p97.5, p99, p99.5 and p99.9 where they lie beyond; above p99.9 it is flat.

    >>> u, tokens = quantile_knots({"p50": 100, "p90": 200, "p100": 300})
    >>> u.tolist(), tokens.tolist()
    ([0.0, 0.5, 0.9, 1.0], [1.0, 100.0, 200.0, 300.0])
    >>> quantile_knots({"p50": 129, "p95": 451})[1].round(0).tolist()  # p99 measured: 601
    [1.0, 129.0, 451.0, 548.0, 676.0, 773.0, 998.0, 998.0]
    """
    points = sorted((float(key[1:]) / 100, float(value)) for key, value in quantiles.items())
    if points[0][0] > 0:
        points.insert(0, (0.0, points[0][1] if points[0][1] < 1 else 1.0))
    if points[-1][0] < 1:
        points += _tail(points[-2], points[-1])
    return np.array([u for u, _ in points]), np.array([tokens for _, tokens in points])


def _tail(before: tuple[float, float], last: tuple[float, float]) -> list[tuple[float, float]]:
    (u0, v0), (u1, v1) = before, last
    slope = (v1 - v0) / math.log((1 - u0) / (1 - u1))
    points = [(u, v1 + slope * math.log((1 - u1) / (1 - u))) for u in _TAIL if u > u1]
    return [*points, (1.0, points[-1][1] if points else v1)]


def quantile(lengths: TokenLengths, u: Floats) -> Floats:
    """Lengths [token] at the probabilities u, 0 < u < 1, in any shape."""
    if lengths.quantiles is not None:
        return np.interp(u, *quantile_knots(lengths.quantiles))
    mu, sigma = _log_normal(lengths)
    tokens: Floats = np.exp(mu + sigma * ndtri(u))
    return tokens


def share_below(lengths: TokenLengths, tokens: float) -> float:
    """[1] share of requests shorter than `tokens`."""
    if lengths.quantiles is not None:
        u, values = quantile_knots(lengths.quantiles)
        return float(np.interp(tokens, values, u, left=0.0))
    mu, sigma = _log_normal(lengths)
    if sigma == 0:
        return float(math.log(tokens) > mu)
    return float(ndtr((math.log(tokens) - mu) / sigma))


def mean_tokens(lengths: TokenLengths) -> float:
    """[token] the mean length: as given, or the area under the quantile function.

    >>> mean_tokens(TokenLengths(mean=3200, p95=7800)), mean_tokens(TokenLengths(quantiles={"p50": 3, "p100": 5}))
    (3200.0, 3.0)
    """
    if lengths.quantiles is not None:
        u, values = quantile_knots(lengths.quantiles)
        return float(np.sum((values[1:] + values[:-1]) / 2 * np.diff(u)))
    if lengths.mean is None:
        raise InvalidInput("token lengths given by a trace must be read first. Call demand.resolve.resolve_traces.")
    return lengths.mean


def stratified(lengths: TokenLengths, n: int) -> Floats:
    """n lengths [token], ascending: the middles of n equally likely strata of the whole-token part.

    Requests shorter than half a token do not exist: the part of the distribution below it (at most 1 %, checked when
    the profile is read) is left out and the rest keeps its shape. Midpoints understate the mean of a heavy tail a
    little: by 0.2 % at p95/mean = 2.5 and n = 256, by 2.5 % at 3.8.

    >>> stratified(TokenLengths(mean=100, p95=100), 3).round(9).tolist()
    [100.0, 100.0, 100.0]
    """
    below = share_below(lengths, HALF_A_TOKEN)
    if below > MOST_BELOW_ONE:
        raise InvalidInput(below_one_token(below))
    return quantile(lengths, below + (1 - below) * (np.arange(n) + 0.5) / n)


def below_one_token(share: float) -> str:
    """The sentence for lengths that are too often shorter than one token."""
    return (
        f"{share * 100:.0f} % of the requests would have less than one token. Raise the mean, lower p95, or give "
        f"quantiles that start at 1."
    )


def requests_sample(workloads: Mapping[str, Workload], order: Sequence[str], n_per_class: int = 2048) -> Requests:
    """The same number of requests of each workload, whole tokens, class_id = position in `order`, arrival 0.

    Prompt and output lengths are stratified apart and paired by the golden-ratio sequence (Niederreiter 1992,
    doi:10.1137/1.9781611970081), which spreads the pairs evenly, as if independent; there is no randomness.
    """
    pairing = np.argsort(np.argsort((np.arange(n_per_class) * _GOLDEN) % 1.0))
    prompts = [np.rint(stratified(workloads[name].prompt_tokens, n_per_class)) for name in order]
    outputs = [np.rint(stratified(workloads[name].output_tokens, n_per_class))[pairing] for name in order]
    # whole tokens, rounded down: however short a prompt is, its last token is never in the cache
    cached = [np.floor(workloads[name].prefix_hit * prompt) for name, prompt in zip(order, prompts, strict=True)]
    return Requests(
        arrival_s=np.zeros(n_per_class * len(order)),
        prompt_tokens=np.concatenate(prompts),
        output_tokens=np.concatenate(outputs),
        cached_tokens=np.concatenate(cached),
        class_id=np.repeat(np.arange(len(order), dtype=np.int64), n_per_class),
    )


def _log_normal(lengths: TokenLengths) -> tuple[float, float]:
    if lengths.mean is None or lengths.p95 is None:
        raise InvalidInput("token lengths given by a trace must be read first. Call demand.resolve.resolve_traces.")
    return log_normal_from(lengths.mean, lengths.p95)
