"""Growth fitted on daily levels, and the days until it reaches a limit."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from aisizer.shapes import Floats
from aisizer.units import DAY, MONTH

PRIOR_SD_PER_MONTH = 0.02
"""[1/month] how far growth is thought to lie from the plan's before anything is seen: as much as low and high cases do."""
DAYS_PER_OBSERVATION = 7.0
"""[day] daily levels follow each other and the week, so that a week of them counts as one observation."""
Z80 = 1.2815515655446004
"""90th percentile of the standard normal distribution, for an 80 % interval."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A straight line through the logarithm of daily levels."""

    level: float
    """[1] now, on the last day"""
    per_day: float
    """[1/day] slope of the logarithm"""
    sd_per_day: float
    days: int


def fit(days: Floats, levels: Floats, planned_per_month: float) -> Fit:
    """Least squares on ln(level), the slope shrunk to the plan's by the inverse of their variances.

    Conjugate normal prior: Gelman et al., Bayesian Data Analysis, 3rd ed. (2013), section 2.5.

    >>> found = fit(np.arange(100.0), 0.4 * np.exp(0.002 * np.arange(100.0)), 0.04)
    >>> round(found.level, 3), round(found.per_day, 5)
    (0.488, 0.002)
    """
    logs, months = np.log(levels), MONTH / DAY
    prior, prior_variance = math.log1p(planned_per_month) / months, (PRIOR_SD_PER_MONTH / months) ** 2
    centred = days - days.mean()
    spread = float(centred @ centred)
    slope = float(centred @ logs) / spread if spread > 0 else prior
    trust = 0.0 if len(days) < 3 else 1 / max(_variance(logs - slope * centred, spread), 1e-18)
    variance = 1 / (trust + 1 / prior_variance)
    per_day = variance * (trust * slope + prior / prior_variance)
    level = math.exp(float(logs.mean()) + per_day * float(days.max() - days.mean()))
    return Fit(level, per_day, math.sqrt(variance), len(days))


def _variance(residuals: Floats, spread: float) -> float:
    return DAYS_PER_OBSERVATION * float(residuals.var()) * len(residuals) / (len(residuals) - 2) / spread


def runway_days(found: Fit, limit: float) -> tuple[float | None, float | None, float | None]:
    """[day] until the level reaches the limit: low, base and high over the 80 % interval of the growth; null: never.

    >>> runway_days(Fit(0.4, 0.002, 0.0, 90), 0.8)[1]
    346.5735902799726
    """
    low, base, high = (found.per_day + z * found.sd_per_day for z in (Z80, 0.0, -Z80))
    return _days(found.level, low, limit), _days(found.level, base, limit), _days(found.level, high, limit)


def _days(level: float, per_day: float, limit: float) -> float | None:
    if level >= limit:
        return 0.0
    return math.log(limit / level) / per_day if per_day > 0 else None


def fires(found: Fit, limit: float, lead_days: float, review_days: float) -> bool:
    """Whether the limit is reached before something ordered at the next review serves."""
    base = runway_days(found, limit)[1]
    return base is not None and base <= lead_days + review_days
