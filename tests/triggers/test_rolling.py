"""Trailing windows against numpy, window by window: what PromQL's functions give on daily samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from aisizer.triggers import rolling

# More rows than are sorted at a time, and days that no window divides.
PATHS = np.random.default_rng(1).normal(0.0, 1.0, (rolling.ROWS + 2, 23))


def by_hand(window: int, of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    return np.column_stack([of(PATHS[:, max(0, day + 1 - window) : day + 1]) for day in range(PATHS.shape[1])])


def line(values: np.ndarray) -> np.ndarray:
    if values.shape[1] == 1:
        return np.full(len(values), np.nan)
    return np.asarray(np.polyfit(np.arange(values.shape[1]), values.T, 1)[0])


@pytest.mark.parametrize("window", [2, 7, 30])
def test_the_mean_and_the_slope_are_those_of_each_window(window: int) -> None:
    np.testing.assert_allclose(rolling.mean(PATHS, window), by_hand(window, lambda values: values.mean(axis=1)))
    np.testing.assert_allclose(rolling.slope(PATHS, window), by_hand(window, line), atol=1e-12)


@pytest.mark.parametrize("window", [2, 7, 20])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
def test_the_quantile_is_linear_between_the_ranks_of_each_window(window: int, share: float) -> None:
    expected = by_hand(window, lambda values: np.quantile(values, share, axis=1))
    np.testing.assert_allclose(rolling.quantile(PATHS, window, share), expected)
