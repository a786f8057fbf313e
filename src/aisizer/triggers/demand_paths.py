"""Simulated daily load, to try the alert on: growth around a plan, a weekly season, noise, and at times a jump."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from aisizer.shapes import Floats
from aisizer.triggers.forecast import DAYS_PER_MONTH, log_slope

DAYS_PER_YEAR = 365.25
STUDY_DAYS = 2184
"""[day] six years"""
GROWTH_BAND = 0.39
"""[1] sd between paths of growth over the plan's: half and one and a half times the plan as an 80 % interval"""
GROWTH_SD = 0.005
"""[1/month] sd between paths where the plan says no growth; both add as squares"""
MONTH_SD = 0.01
"""[1] sd of one month's growth around that of its path, new every month"""
BLOCK_DAYS = 31
"""[day] for which a month's own growth lasts"""
NOISE_SD = 0.05
"""[1] sd of a day's logarithm around its expectation"""
NOISE_CORRELATION = 0.6
"""[1] of the noise of one day with that of the day before, AR(1)"""
WEEK = (0.97, 1.0, 1.0, 0.98, 0.92, 0.55, 0.50)
"""[1] load of Monday to Sunday over that of the busiest weekday: an office's week"""
JUMP = 0.3
"""[1] a jump is up or down by this share, with equal chance"""
JUMP_WITHIN_DAYS = 728
"""[day] the jump's day is drawn from the first two years, in which most limits are reached"""


@dataclass(frozen=True, slots=True)
class Paths:
    """Logarithms of daily load over that of day zero's busiest weekday; one row per path, one column per day."""

    expected: Floats
    """of the busiest weekday, without noise: it passes the limit"""
    seen: Floats
    """with season and noise: what a trigger reads"""
    start: Floats
    """[1] uniform in 0 to 1, one per path: where between its earliest and its latest the limit lies"""


def simulate(
    growth_per_month: float,
    *,
    jumps: bool,
    paths: int,
    seed: int,
    days: int = STUDY_DAYS,
    noise_sd: float = NOISE_SD,
    correlation: float = NOISE_CORRELATION,
    band: float = GROWTH_BAND,
    month_sd: float = MONTH_SD,
    week: tuple[float, ...] = WEEK,
    year: float = 0.0,
) -> Paths:
    """Paths of demand around a plan for compound growth [1/month]; every path of a jumping set jumps once.

    A yearly season of amplitude `year` [1] begins on a random day of its own. The same seed gives the same
    noise whatever the growth, so that cells differ by what they are named for.

    >>> simulate(0.02, jumps=False, paths=3, seed=1, days=10).seen.shape
    (3, 10)
    """
    planned = log_slope(growth_per_month)
    own = _stream(seed, "own growth").normal(0.0, 1.0, (paths, 1)) * np.hypot(
        band * planned, GROWTH_SD / DAYS_PER_MONTH
    )
    months = _stream(seed, "months").normal(0.0, month_sd / DAYS_PER_MONTH, (paths, days // BLOCK_DAYS + 1))
    expected = np.cumsum(planned + own + np.repeat(months, BLOCK_DAYS, axis=1)[:, :days], axis=1)
    begins = _stream(seed, "year").random((paths, 1))
    expected += year * np.sin(2 * np.pi * (np.arange(days) / DAYS_PER_YEAR + begins))
    if jumps:
        expected += _jump(_stream(seed, "jump"), paths, days)
    first_weekday = _stream(seed, "weekday").integers(0, len(week), (paths, 1))
    season = np.log(week)[(np.arange(days) + first_weekday) % len(week)]
    noise = _noise(_stream(seed, "noise"), paths, days, noise_sd, correlation)
    return Paths(expected, expected + season + noise, _stream(seed, "start").random(paths))


def _stream(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, crc32(name.encode())])


def _jump(stream: np.random.Generator, paths: int, days: int) -> Floats:
    day = stream.integers(0, JUMP_WITHIN_DAYS, (paths, 1))
    size = np.where(stream.random((paths, 1)) < 0.5, np.log1p(JUMP), np.log1p(-JUMP))
    return np.where(np.arange(days) >= day, size, 0.0)


def _noise(stream: np.random.Generator, paths: int, days: int, sd: float, correlation: float) -> Floats:
    noise: Floats = stream.normal(0.0, sd, (paths, days))
    noise[:, 1:] *= np.sqrt(1 - correlation**2)
    for day in range(1, days):
        noise[:, day] += correlation * noise[:, day - 1]
    return noise
