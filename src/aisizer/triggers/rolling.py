"""Trailing windows over many daily paths at once, as PromQL computes them: one row per path, one column per day."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

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
    """quantile_over_time over the last `window` days, linear between ranks; nan until there are as many.

    >>> quantile(np.array([[3.0, 1.0, 2.0, 9.0]]), 3, 0.75).tolist()
    [[nan, nan, 2.5, 5.5]]
    """
    rank = share * (window - 1)
    below = int(rank)
    above = min(below + 1, window - 1)
    found = np.full(paths.shape, np.nan)
    for start in range(0, len(paths), ROWS):
        ordered = np.partition(sliding_window_view(paths[start : start + ROWS], window, axis=1), (below, above), axis=2)
        low, high = ordered[..., below], ordered[..., above]
        found[start : start + ROWS, window - 1 :] = low + (rank - below) * (high - low)
    return found


def held(raised: NDArray[np.bool_], days: int) -> NDArray[np.bool_]:
    """`for:` of an alert: whether a condition has held on each of the last `days` days.

    >>> held(np.array([[True, True, False, True]]), 2).tolist()
    [[False, True, False, False]]
    """
    full = _window_sum(raised.astype(float), days) == days
    return np.asarray(full, bool)


def _counts(paths: Floats, window: int) -> Floats:
    counts: Floats = np.minimum(np.arange(1.0, paths.shape[1] + 1), window)
    return counts


def _window_sum(paths: Floats, window: int) -> Floats:
    total = np.cumsum(paths, axis=1)
    sums: Floats = total.copy()
    sums[:, window:] -= total[:, :-window]
    return sums
