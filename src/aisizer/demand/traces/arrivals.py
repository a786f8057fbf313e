"""What the arrival times of a trace show: rates of windows, dispersion, and the modulation fitted to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aisizer.demand.modulation import PEAK_WINDOW, fit
from aisizer.errors import InvalidInput
from aisizer.profile.sections import Modulation
from aisizer.shapes import Floats
from aisizer.units import DAY, HOUR, MINUTE

WINDOWS_S = (1, 10, 60, 300)
"""[s] windows whose dispersion is reported."""
FIT_WINDOWS_S = (1, 3, 10, 30, 60, 100, 300, 1000, 3600)
"""[s] windows that the fit reads as far as the trace fills enough of them."""
FEWEST_WINDOWS = 10
"""Windows from which a variance is taken: ten know theirs to a factor of two."""
LONGEST_S = 400 * DAY
"""[s] a longer span is a wrong time, and its seconds would not fit in memory."""


@dataclass(frozen=True, slots=True)
class Window:
    """Arrivals in windows that slide by one second: the 99th percentile and the maximum of their rates."""

    width_s: float
    p99_per_s: float
    max_per_s: float


def check_span(times: Floats) -> None:
    """Refuses a span that no log has."""
    if len(times) and times[-1] > LONGEST_S:
        raise InvalidInput(
            f"the trace spans {times[-1] / DAY:,.0f} days, more than {LONGEST_S / DAY:.0f}: at least one time is wrong, or "
            f"clocks are mixed. Cut the trace to the days that belong together."
        )


def clock_step(times: Floats) -> float:
    """[s] the step of the trace's clock: the shortest gap, where every gap is a multiple of it, else 0.

    >>> clock_step(np.array([0.0, 3.0, 3.0, 9.0])), clock_step(np.array([0.0, 3.0, 7.5]))
    (3.0, 0.0)
    """
    gaps = np.diff(times)
    gaps = gaps[gaps > 0]
    if not len(gaps):
        return 0.0
    shortest = float(gaps.min())
    return shortest if np.allclose(gaps / shortest, np.rint(gaps / shortest), rtol=0, atol=1e-3) else 0.0


def mean_rate(times: Floats) -> float | None:
    """[req/s] requests over the span from the first to the last; None where there is no span.

    >>> mean_rate(np.array([0.0, 1.0, 4.0])), mean_rate(np.zeros(3))
    (0.75, None)
    """
    return len(times) / float(times[-1]) if len(times) and times[-1] > 0 else None


def sliding(times: Floats, width_s: int) -> Window | None:
    """Windows of so many whole seconds that start at every second of the trace and end within it.

    >>> sliding(np.array([0.0, 0.5, 1.5, 3.2]), 2)
    Window(width_s=2.0, p99_per_s=1.49, max_per_s=1.5)
    """
    seconds = int(times[-1] // 1) if len(times) else 0
    if seconds < width_s:
        return None
    per_second = np.bincount(times[times < seconds].astype(np.int64), minlength=seconds)
    total = np.concatenate([[0], np.cumsum(per_second)])
    counts = total[width_s:] - total[:-width_s]
    p99, most = float(np.percentile(counts, 99)), float(counts.max())
    return Window(float(width_s), p99 / width_s, most / width_s)


def index_of_dispersion(times: Floats, width_s: float) -> float | None:
    """[1] sample variance over mean of the counts in consecutive windows; the last, partial one is left out.

    Cox and Lewis (1966), The Statistical Analysis of Series of Events, chapter 4. None below ten windows, and none in
    windows shorter than the clock's step, which would see the clock and not the arrivals.

    >>> index_of_dispersion(np.arange(0.0, 100.5, 0.5), 10)
    0.0
    """
    counts = _counts(times, width_s)
    return None if counts is None or clock_step(times) > width_s else float(counts.var(ddof=1) / counts.mean())


def within(times: Floats, width_s: float, block_s: float = PEAK_WINDOW) -> tuple[float, float] | None:
    """[1], [req/s] the same inside blocks, and the rate that it belongs to, weighted by the requests themselves.

    Variances about each block's own mean are pooled, so that what is slower than a block is left out. Its excess over
    1 grows with each block's own rate, and so belongs to their size-biased mean.
    """
    windows = int(block_s // width_s)
    blocks = int(times[-1] // block_s) if len(times) else 0
    if windows < 2 or blocks < 1 or blocks * windows < FEWEST_WINDOWS or clock_step(times) > width_s:
        return None
    inside = times[times < blocks * block_s]
    slot = (inside // block_s).astype(np.int64) * windows + ((inside % block_s) // width_s).astype(np.int64)
    slot = slot[(inside % block_s) < windows * width_s]
    counts = np.bincount(slot, minlength=blocks * windows).reshape(blocks, windows)
    means = counts.mean(axis=1)
    if not means.any():
        return None
    biased = float(np.sum(means**2) / np.sum(means)) / width_s
    return float(counts.var(axis=1, ddof=1).mean() / means.mean()), biased


def full_modulation(times: Floats) -> tuple[Modulation, ...] | None:
    """Two time scales fitted to the whole dispersion curve, for the mean rate; None where the trace is too short."""
    rate = mean_rate(times)
    curve = [(float(w), found) for w in FIT_WINDOWS_S if (found := index_of_dispersion(times, w)) is not None]
    if rate is None or not curve or curve[-1][0] < MINUTE:
        return None
    windows, indices = zip(*curve, strict=True)
    return fit(windows, indices, rate, float(times[-1]))


def fast_modulation(times: Floats) -> tuple[Modulation, ...] | None:
    """What is faster than the peak window, fitted inside such windows; None where the trace is too short.

    A sample variance about the block's own mean is larger than the variance kept by (windows - 1) / windows.
    """
    found = [(float(w), inside) for w in FIT_WINDOWS_S if (inside := within(times, w)) is not None and w <= MINUTE]
    if not found or found[-1][0] < MINUTE:
        return None
    windows = [w for w, _ in found]
    indices = [1 + max(0.0, index - 1) * (1 - w / PEAK_WINDOW) for w, (index, _) in found]
    return fit(windows, indices, float(np.mean([rate for _, (_, rate) in found])))


def _counts(times: Floats, width_s: float) -> Floats | None:
    windows = int(times[-1] // width_s) if len(times) else 0
    if windows < FEWEST_WINDOWS:
        return None
    return np.bincount((times[times < windows * width_s] // width_s).astype(np.int64), minlength=windows).astype(
        np.float64
    )


def hours_of_day(times: Floats, start_s: float) -> list[float] | None:
    """[1] rate in each hour of the day (UTC, or the trace's own zero) over their mean; None below a whole day.

    Only whole days count, so that no hour is there more often than another.
    """
    return _shape(times, start_s, DAY, HOUR)


def days_of_week(times: Floats, start_s: float) -> list[float] | None:
    """[1] rate on each weekday from Monday over their mean; None below a whole week. 1970 began on a Thursday."""
    return _shape(times, start_s + 3 * DAY, 7 * DAY, DAY)


def _shape(times: Floats, start_s: float, period_s: float, part_s: float) -> list[float] | None:
    periods = int(times[-1] // period_s) if len(times) else 0
    if periods < 1:
        return None
    moments = times[times < periods * period_s] + start_s
    counts = np.bincount(((moments % period_s) // part_s).astype(np.int64), minlength=round(period_s / part_s))
    relative: list[float] = (counts / counts.mean()).tolist()
    return relative
