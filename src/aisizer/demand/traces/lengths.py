"""What the token counts of a trace show: their distributions to the maximum, and how prompts and outputs go together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aisizer.shapes import Floats, Ints

GROUPS = 4
"""Groups of prompts, from short to long, whose outputs are shown apart."""
_PERCENTS = (*range(101), 99.9)


@dataclass(frozen=True, slots=True)
class Group:
    """Requests whose prompts have like lengths, and how long their outputs are [token]."""

    prompt_from: float
    prompt_to: float
    requests: int
    output_p50: float
    output_p95: float


def quantiles_of(tokens: Floats) -> dict[str, float]:
    """Percentiles p0 to p100, and p99.9, of token counts, linear between the order statistics.

    >>> q = quantiles_of(np.arange(1.0, 102.0))
    >>> q["p1"], q["p50"], q["p99.9"], q["p100"], len(q)
    (2.0, 51.0, 100.9, 101.0, 102)
    """
    percents = sorted(_PERCENTS)
    return {f"p{p}": round(float(v), 3) for p, v in zip(percents, np.percentile(tokens, percents), strict=True)}


def joint(prompt: Floats, output: Floats) -> list[Group]:
    """The outputs of each quarter of the prompts, from short to long; equal lengths stay together."""
    edges = np.unique(np.quantile(prompt, np.linspace(0, 1, GROUPS + 1)))
    place = np.clip(np.searchsorted(edges, prompt, side="right") - 1, 0, max(0, len(edges) - 2))
    return [_group(prompt[place == n], output[place == n]) for n in np.unique(place)]


def _group(prompt: Floats, output: Floats) -> Group:
    p50, p95 = (float(v) for v in np.percentile(output, [50, 95]))
    return Group(float(prompt.min()), float(prompt.max()), len(prompt), p50, p95)


def correlation(prompt: Floats, output: Floats) -> tuple[float, float] | None:
    """[1] Pearson's of the token counts and Spearman's of their ranks; None where one of them does not vary.

    Spearman (1904), doi:10.2307/1412159, with average ranks for equal counts.

    >>> correlation(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 9.0]))[1]
    1.0
    """
    if prompt.min() == prompt.max() or output.min() == output.max():
        return None
    return _pearson(prompt, output), _pearson(_ranks(prompt), _ranks(output))


def _pearson(a: Floats, b: Floats) -> float:
    return round(float(np.corrcoef(a, b)[0, 1]), 9)


def _ranks(values: Floats) -> Floats:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return ranks


def requests_per_session(sessions: Ints) -> tuple[int, float, float] | None:
    """Sessions, and the mean and 95th percentile of their requests; None where the trace names none."""
    named = sessions[sessions != 0]
    if not len(named):
        return None
    turns = np.unique(named, return_counts=True)[1]
    return len(turns), float(turns.mean()), float(np.percentile(turns, 95))
