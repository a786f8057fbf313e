"""The rule of triggers/order_rule.py in PromQL, clause by clause.

The slope is taken over weekly means, because a weekend tilts a line through single days. Windows are subqueries, so that
one evaluation reads a few hundred samples and not every minute of half a year.
"""

from __future__ import annotations

import math

from aisizer.deliver import numbers
from aisizer.triggers.forecast import WEEK_DAYS, WINDOW_DAYS
from aisizer.triggers.order_rule import BUSY_AGE, BUSY_DAYS, BUSY_SHARE, HISTORY_DAYS, OrderRule
from aisizer.units import DAY

STEP = "6h"
"""resolution of the long windows: four looks at a sliding day"""


def busy_level(level: str) -> str:
    """The recording rule of the busy level, from the level of a day.

    >>> busy_level("p95_1d")
    'quantile_over_time(0.7, p95_1d[28d:6h])'
    """
    return f"quantile_over_time({BUSY_SHARE}, {level}[{BUSY_DAYS}d:{STEP}])"


def weekly_mean(log_level: str) -> str:
    """The recording rule that the slope is taken over, from the logarithm of a day's level.

    >>> weekly_mean("ln_p95_1d")
    'avg_over_time(ln_p95_1d[7d:6h])'
    """
    return f"avg_over_time({log_level}[{WEEK_DAYS}d:{STEP}])"


def order_expression(rule: OrderRule, busy: str, weekly: str, window_days: int = WINDOW_DAYS) -> str:
    """When to order, over the two recorded series; its value is the busy level, so that the alert's text can show it."""
    history = f"last_over_time({weekly}[1d] offset {HISTORY_DAYS}d)"
    return "\n".join(
        (
            f"{busy} >= {_constant(rule.floor)}",
            f"or ({busy} >= {_constant(rule.cautious)} unless {history})",
            f"or ({busy} and {history} and ln({busy})",
            f"  + {_constant((rule.horizon_days + BUSY_AGE) * DAY)} * {_slope(rule, weekly, window_days)}",
            f"  + {_constant(rule.margin)} >= {_constant(math.log(rule.limit))})",
        )
    )


def _slope(rule: OrderRule, weekly: str, window_days: int) -> str:
    """[1/s] measured and planned, weighed; a shrinking demand counts as level."""
    measured = f"deriv({weekly}[{window_days - WEEK_DAYS}d:{STEP}])"
    planned = (1 - rule.weight) * rule.planned_per_day / DAY
    return f"clamp_min({_constant(rule.weight)} * {measured} + {_constant(planned)}, 0)"


def _constant(value: float) -> str:
    """Six significant digits, as all figures of a plan, because the last bits of a logarithm differ between machines."""
    return numbers.plain(float(f"{value:.6g}"))
