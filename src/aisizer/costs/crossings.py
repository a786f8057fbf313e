"""When one stream of cash has cost less than another: break-even for good, and payback of the outlay."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aisizer.costs.tco import monthly_rate
from aisizer.shapes import Floats


def cheaper_from(cash: Sequence[float], other: Sequence[float]) -> int | None:
    """[month] at whose end the cumulative cash falls below the other's and never rises above it again; null where it does not.

    cash, other [USD] by period, period 0 first.

    >>> cheaper_from([100.0, 10, 10, 10], [0.0, 60, 60, 60]), cheaper_from([0.0, 9, 1], [5.0, 1, 1])
    (3, None)
    """
    dearer = np.flatnonzero(np.cumsum(np.subtract(other, cash)) <= 0)
    first = int(dearer[-1]) + 1 if len(dearer) else 0
    return first if first < len(cash) else None


def payback(cash: Sequence[float], other: Sequence[float], discount_rate: float = 0.0) -> int | None:
    """[month] by whose end the savings have first made up for what the first stream asks more in period 0; 0 if no more.

    cash, other [USD] by period; discount_rate [1/year], 0 for the plain payback. Payback and discounted payback of an
    incremental investment: Brealey, Myers and Allen, Principles of Corporate Finance, ch. 5.

    >>> payback([100.0, 10, 10, 10], [0.0, 60, 60, 60]), payback([100.0, 10], [0.0, 60]), payback([5.0, 1], [9.0, 1])
    (2, None, 0)
    """
    savings: Floats = np.subtract(other, cash)
    paid = np.cumsum(savings * (1 + monthly_rate(discount_rate)) ** -np.arange(len(savings), dtype=float)) >= 0
    return int(np.argmax(paid)) if paid.any() else None
