"""What one token, request or user-month costs: the accrual cost of months 1 to 36 over what is served in them."""

from __future__ import annotations

MILLION = 1e6


def unit_cost(accrual_usd: float, units: float, served_share: float = 1.0) -> float:
    """[USD/unit] = accrual / (units at plan x share of them that is served).

    accrual_usd [USD], units [unit], served_share [1]. What stands costs the same whether it serves or not, so that half of
    the demand doubles the cost of a unit; lines that follow the demand (egress, logs) are left as planned, an upper bound. The
    denominator level of activity of Horngren, Datar and Rajan, Cost Accounting (2014), ch. 9.

    >>> unit_cost(120_000.0, 60e6), unit_cost(120_000.0, 60e6, 0.5)
    (0.002, 0.004)
    """
    return accrual_usd / (units * served_share)


def allocated(accrual_usd: float, share: float, tokens: float, served_share: float = 1.0) -> float:
    """[USD/Mtoken] of one kind of tokens to which a share [1] of the cost is allocated.

    accrual_usd [USD], tokens [token]. An allocation of joint cost by a physical measure, GPU-seconds (Horngren, Datar and Rajan,
    Cost Accounting (2014), ch. 16): neither kind could be had without the other.

    >>> allocated(100.0, 0.25, 50e6), allocated(100.0, 0.75, 10e6)
    (0.5, 7.5)
    """
    return unit_cost(accrual_usd * share, tokens / MILLION, served_share)
