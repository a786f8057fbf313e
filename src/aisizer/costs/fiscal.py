"""Cash and accrual by the customer's own fiscal years."""

from __future__ import annotations

from datetime import date

from aisizer.costs.records import FiscalYear, SiteCost
from aisizer.costs.schedule import period_end


def year_start(day: date, start_month: int) -> date:
    """First day of the fiscal year that a day falls into.

    >>> year_start(date(2027, 7, 1), 10), year_start(date(2027, 11, 30), 10)
    (datetime.date(2026, 10, 1), datetime.date(2027, 10, 1))
    """
    return date(day.year - (day.month < start_month), start_month, 1)


def year_name(start: date) -> str:
    """A fiscal year is called by the calendar year it ends in.

    >>> year_name(date(2026, 10, 1)), year_name(date(2027, 1, 1))
    ('FY2027', 'FY2027')
    """
    return f"FY{start.year + (start.month > 1)}"


def fiscal_years(cost: SiteCost, go_live: date, start_month: int) -> tuple[FiscalYear, ...]:
    """Each fiscal year's cash and accrual; a period falls into the year of its last day, period 0 of the day before go-live."""
    periods: dict[date, list[int]] = {}
    for period in range(len(cost.cash_by_month_usd)):
        periods.setdefault(year_start(period_end(go_live, period), start_month), []).append(period)
    return tuple(
        FiscalYear(
            name=year_name(start),
            starts=start,
            months=sum(period > 0 for period in found),
            cash_usd=sum(cost.cash_by_month_usd[period] for period in found),
            accrual_usd=sum(cost.accrual_by_month_usd[period] for period in found),
        )
        for start, found in periods.items()
    )
