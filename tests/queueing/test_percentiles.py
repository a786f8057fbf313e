"""Percentiles of weighted nodes by hand, and the nodes of gamma distributions against a closed form."""

from __future__ import annotations

from math import exp, inf, log

import numpy as np
import pytest
from scipy.special import gammaincinv

from aisizer.queueing.percentiles import GAMMA_EDGES, GAMMA_WEIGHTS, gamma_nodes, statistics


def test_percentiles_are_linear_between_the_middles_of_the_nodes_and_end_at_the_last() -> None:
    """Nodes 1, 2 and 4 weigh 0.6, 0.3 and 0.1, so that their middles are at 0.3, 0.75 and 0.95; other rows are twice
    and three times that."""
    values = np.array([[4.0, 1.0, 2.0], [4.0, 8.0, 2.0], [3.0, 6.0, 12.0]])
    weights = np.array([[0.1, 0.6, 0.3], [0.3, 0.1, 0.6], [0.6, 0.3, 0.1]])
    found = statistics(values, weights, ("mean", "p50", "p90", "p99"))
    by_hand = {"mean": 1.6, "p50": 1 + 0.2 / 0.45, "p90": 2 + 2 * 0.15 / 0.2, "p99": 4.0}
    for name, value in by_hand.items():
        assert found[name] == pytest.approx([value, 2 * value, 3 * value], rel=1e-12), name


def test_the_nodes_of_an_exponential_are_its_means_between_percentiles() -> None:
    """Deviation and mean are equal; from a to b it is (a + 1) e^-a - (b + 1) e^-b over the weight, and at infinity nothing."""
    ends = [-log(1 - level) if level < 1 else inf for level in GAMMA_EDGES]
    below = np.array([(end + 1) * exp(-end) if end < inf else 0.0 for end in ends])
    for mean in (3.0, 0.3):
        nodes = gamma_nodes(np.array(mean), np.array(mean**2))
        assert nodes == pytest.approx(-mean * np.diff(below) / GAMMA_WEIGHTS, rel=1e-9)


@pytest.mark.parametrize("shape", [0.01, 1e4])
def test_the_ends_of_the_table_are_gamma_distributions_and_stand_for_what_lies_beyond(shape: float) -> None:
    """Means of 2,000 percentiles between each two edges, but for the first and the last node, whose tails these miss."""
    levels = GAMMA_EDGES[1:-2, None] + GAMMA_WEIGHTS[1:-1, None] * (np.arange(2000) + 0.5) / 2000
    expected = (gammaincinv(shape, levels).mean(axis=1) - shape) / np.sqrt(shape)
    beyond = np.array([1.0, 10.0 if shape > 1 else 0.1])
    nodes = gamma_nodes(np.sqrt(shape * beyond), np.ones(2)) - np.sqrt(shape * beyond)[:, None]
    assert nodes[:, 1:-1] == pytest.approx(np.array([expected, expected]), abs=1e-6)


def test_what_does_not_vary_is_its_mean() -> None:
    assert (gamma_nodes(np.array([5.0, 0.0]), np.zeros(2)) == np.array([[5.0], [0.0]])).all()
