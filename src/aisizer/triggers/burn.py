"""How fast an error budget burns, and the quantile that shows it."""

from __future__ import annotations

from aisizer.triggers.records import BurnWindow

BURNS = (BurnWindow(long="1h", short="5m", rate=14.4), BurnWindow(long="6h", short="30m", rate=6.0))
"""Two paging windows of Beyer et al. (ed.), The Site Reliability Workbook, 2018, ch. 5, table 5-8: 2 % of a 30-day budget in
an hour, 5 % in six; the short window ends the alert soon after the trouble."""
BROKEN = BurnWindow(long="1h", short="5m", rate=1.0)
"""Where the budget is so large that no such pace exists, the promise itself broken in both windows."""


def burn_windows(percentile: float) -> tuple[BurnWindow, ...]:
    """The paging windows whose share of bad answers is below one at a promised percentile.

    A burn rate b of a budget 1 - p means that b (1 - p) of the answers are bad.

    >>> [w.rate for w in burn_windows(0.95)], [w.rate for w in burn_windows(0.9)], [w.rate for w in burn_windows(0.5)]
    ([14.4, 6.0], [6.0], [1.0])
    """
    return tuple(w for w in BURNS if w.rate * (1 - percentile) < 1 - 1e-9) or (BROKEN,)


def burning_quantile(percentile: float, rate: float) -> float:
    """[1] the quantile that passes its target exactly when the budget burns at a rate: 1 - b (1 - p).

    With it no bucket has to lie at the target, as a count of good answers would need it. p95 at 14.4 times:

    >>> burning_quantile(0.95, 14.4)
    0.28
    """
    return round(1 - rate * (1 - percentile), 9)
