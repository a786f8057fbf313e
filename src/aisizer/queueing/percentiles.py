"""Distributions as weighted nodes, and the statistics that limits are written on."""

from __future__ import annotations

from functools import cache

import numpy as np

from aisizer.shapes import Floats
from aisizer.special import gammainc, gammaincinv

LEVELS = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}
STATISTICS = ("mean", *LEVELS)
GAMMA_EDGES = np.array([0.0, 0.25, 0.5, 0.75, 0.9, 0.96, 0.99, 1.0])
"""Cumulative probabilities that cut a gamma distribution into nodes; finer towards the tail."""
GAMMA_WEIGHTS = np.diff(GAMMA_EDGES)
_SHAPES = np.geomspace(0.01, 1e4, 61)


def gamma_nodes(mean: Floats, variance: Floats) -> Floats:
    """Nodes [..., GAMMA_WEIGHTS] of the gamma distributions with these moments; their weighted mean is the mean.

    >>> nodes = gamma_nodes(np.array([2.0]), np.array([4.0]))
    >>> (nodes @ GAMMA_WEIGHTS).round(3), nodes.round(2)
    (array([2.]), array([[ 0.27,  0.95,  2.  ,  3.55,  5.38,  7.51, 11.21]]))
    """
    shape = np.divide(mean**2, variance, out=np.full_like(mean, _SHAPES[-1]), where=variance > 0)
    table = _standard_gamma()
    position = np.log(np.clip(shape, _SHAPES[0], _SHAPES[-1]) / _SHAPES[0]) / np.log(_SHAPES[1] / _SHAPES[0])
    cell = np.minimum(position.astype(np.int64), len(_SHAPES) - 2)
    standard = table[cell] + (position - cell)[..., None] * (table[cell + 1] - table[cell])
    nodes: Floats = mean[..., None] + np.sqrt(variance)[..., None] * standard
    return nodes


@cache
def _standard_gamma() -> Floats:
    """Bin means of gamma distributions in units of deviations from the mean [shape, node]; the ends are near enough
    to their limits (an atom at zero, the normal distribution) to stand for what lies beyond."""
    shapes = _SHAPES[:, None]
    edges = np.concatenate(
        [np.zeros_like(shapes), gammaincinv(shapes, GAMMA_EDGES[None, 1:-1]), np.full_like(shapes, np.inf)], axis=1
    )
    means = shapes * np.diff(gammainc(shapes + 1, edges), axis=1) / GAMMA_WEIGHTS
    return np.asarray((means - shapes) / np.sqrt(shapes))


def statistics(values: Floats, weights: Floats, names: tuple[str, ...]) -> dict[str, Floats]:
    """Mean and percentiles [configuration] of weighted nodes [configuration, node]; weights sum to 1.

    A node stands at the middle of its weight, and percentiles are linear between nodes.

    >>> found = statistics(np.array([[3.0, 1.0, 2.0]]), np.array([0.25, 0.25, 0.5]), ("mean", "p50"))
    >>> found["mean"], found["p50"]
    (array([2.]), array([2.]))
    """
    found = {name: (values * weights).sum(axis=1) for name in names if name == "mean"}
    levels = [name for name in names if name != "mean"]
    if not levels:
        return found
    order = np.argsort(values, axis=1)
    ascending = np.take_along_axis(values, order, axis=1)
    each = np.take_along_axis(np.broadcast_to(weights, values.shape), order, axis=1)
    middle = np.cumsum(each, axis=1) - each / 2
    return found | {name: _at_level(ascending, middle, LEVELS[name]) for name in levels}


def _at_level(ascending: Floats, middle: Floats, level: float) -> Floats:
    rows = np.arange(len(middle))
    high = np.clip((middle < level).sum(axis=1), 1, middle.shape[1] - 1)
    low = high - 1
    span = middle[rows, high] - middle[rows, low]
    share = np.clip((level - middle[rows, low]) / span, 0.0, 1.0)
    result: Floats = ascending[rows, low] + share * (ascending[rows, high] - ascending[rows, low])
    return result


def moments(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Mean and variance [configuration] of weighted nodes [configuration, node].

    >>> moments(np.array([[1.0, 3.0]]), np.array([0.5, 0.5]))
    (array([2.]), array([1.]))
    """
    mean = (values * weights).sum(axis=1)
    return mean, ((values - mean[:, None]) ** 2 * weights).sum(axis=1)


def joint(*weights: Floats) -> Floats:
    """Flat weights of the product of independent distributions.

    >>> joint(np.array([0.5, 0.5]), np.array([0.1, 0.9]))
    array([0.05, 0.45, 0.05, 0.45])
    """
    result = np.ones(1)
    for part in weights:
        result = np.outer(result, part).ravel()
    return result
