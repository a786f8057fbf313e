"""Trailing windows over many daily paths at once, as PromQL computes them: one row per path, one column per day."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from aisizer.shapes import Floats

ROWS = 128
"""paths whose windows are sorted at a time, so that a large study fits in memory"""


def mean(paths: Floats, window: int) -> Floats:
    """avg_over_time over the last `window` days, or over as many as there are.

    >>> mean(np.array([[1.0, 2.0, 6.0, 10.0]]), 2).tolist()
    [[1.0, 1.5, 4.0, 8.0]]
    """
    return _window_sum(paths, window) / _counts(paths, window)


def slope(paths: Floats, window: int) -> Floats:
    """[1/day] deriv over the last `window` days, or over as many as there are: the least-squares slope; nan on day one.

    sum((t - mean t) * y) / (n * (n^2 - 1) / 12), the normal equation for n equidistant days.

    >>> slope(np.array([[1.0, 3.0, 5.0, 5.0]]), 3).tolist()
    [[nan, 2.0, 2.0, 1.0]]
    """
    day, count = np.arange(paths.shape[1]), _counts(paths, window)
    about_mean = _window_sum(paths * day, window) - (day - (count - 1) / 2) * _window_sum(paths, window)
    spread = count * (count**2 - 1) / 12
    slopes: Floats = np.divide(about_mean, spread, out=np.full(paths.shape, np.nan), where=spread > 0)
    return slopes


def quantile(paths: Floats, window: int, share: float) -> Floats:
    """quantile_over_time over the last `window` days, or over as many as there are, linear between ranks.

    >>> quantile(np.array([[3.0, 1.0, 2.0, 9.0]]), 3, 0.75).tolist()
    [[3.0, 2.5, 2.5, 5.5]]
    """
    found = np.empty(paths.shape)
    for day in range(min(window - 1, paths.shape[1])):
        found[:, day] = np.quantile(paths[:, : day + 1], share, axis=1)
    for start in range(0, len(paths), ROWS):
        rows = slice(start, start + ROWS)
        found[rows, window - 1 :] = _full_quantile(sliding_window_view(paths[rows], window, axis=1), share)
    return found


def _full_quantile(windows: Floats, share: float) -> Floats:
    """The quantile along the last axis; numpy's own sorts less cleverly."""
    rank = share * (windows.shape[-1] - 1)
    below, above = math.floor(rank), math.ceil(rank)
    ordered = np.partition(windows, (below, above), axis=-1)
    low, high = ordered[..., below], ordered[..., above]
    quantiles: Floats = low + (rank - below) * (high - low)
    return quantiles


def _counts(paths: Floats, window: int) -> Floats:
    counts: Floats = np.minimum(np.arange(1.0, paths.shape[1] + 1), window)
    return counts


def _window_sum(paths: Floats, window: int) -> Floats:
    total = np.cumsum(paths, axis=1)
    sums: Floats = total.copy()
    sums[:, window:] -= total[:, :-window]
    return sums
