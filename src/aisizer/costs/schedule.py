"""When lines are paid, at which price of which year, and the dates that follow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from aisizer.costs.lines import PERIODS, amounts
from aisizer.costs.records import CostLine
from aisizer.profile.sections import Finance
from aisizer.roadmap.calendar import add_months, days
from aisizer.units import MONTH, WEEKS_PER_MONTH


def scheduled(lines: Sequence[CostLine], finance: Finance, lead_weeks: float) -> tuple[CostLine, ...]:
    """The lines paid as deposit and payment terms say, at prices that step up as escalation says."""
    if not (finance.deposit or finance.payment_terms or finance.escalation):
        return tuple(lines)
    lead, terms = math.ceil(lead_weeks / WEEKS_PER_MONTH), round(finance.payment_terms / MONTH)
    return tuple(_escalated(_paid(line, finance.deposit, lead, terms), finance.escalation) for line in lines)


def paid_by_period(in_service: Sequence[float], deposit: float, lead: int, terms: int) -> tuple[float, ...]:
    """Quantities by the period they are paid in: the deposit with the order, the rest after acceptance.

    lead [month] from order to service, terms [month] from acceptance to payment. What would be ordered before service begins
    is paid in period 0; what would be due after month 36 is paid in month 36.

    >>> paid_by_period([2.0] + [0.0] * 12 + [1.0] + [0.0] * 23, 0.3, 6, 2)[:16]
    (0.6, 0.0, 1.4, 0.0, 0.0, 0.0, 0.0, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.7)
    """
    paid = [0.0] * PERIODS
    for period, quantity in enumerate(in_service):
        paid[max(0, period - lead)] += deposit * quantity
        paid[min(PERIODS - 1, period + terms)] += (1 - deposit) * quantity
    return amounts(paid)


def _paid(line: CostLine, deposit: float, lead: int, terms: int) -> CostLine:
    if line.treatment != "capitalise" or line.category == "residual" or not (deposit or terms):
        return line
    return line.model_copy(
        update={"quantity": paid_by_period(line.quantity, deposit, lead, terms), "served": line.quantity}
    )


def _escalated(line: CostLine, rates: Mapping[str, float]) -> CostLine:
    rate = rates.get(line.category, 0.0)
    return line.model_copy(update={"escalation": rate}) if rate else line


def dated(line: CostLine, go_live: date, lead_weeks: float, life_months: float) -> CostLine:
    """The line with the dates of its first order, payment and service, and of its end."""
    used = [period for period, quantity in enumerate(line.used) if quantity]
    if not used:
        return line
    begins = add_months(go_live, max(used[0], 1) - 1)
    last, sold = max(used[-1], 1), line.category == "residual"
    bought = line.treatment == "capitalise" and not sold
    ordered = begins - days(lead_weeks) if line.waves or bought else begins
    months = last - 1 + round(life_months) if bought else last
    return line.model_copy(
        update={
            "order_date": None if sold else ordered,
            "cash_date": period_end(go_live, next(p for p, quantity in enumerate(line.quantity) if quantity)),
            "in_service_date": begins,
            "end_date": period_end(go_live, months),
        }
    )


def period_end(go_live: date, period: int) -> date:
    """The last day of a period; period 0 ends the day before go-live.

    >>> period_end(date(2027, 7, 1), 0), period_end(date(2027, 7, 1), 12)
    (datetime.date(2027, 6, 30), datetime.date(2028, 6, 30))
    """
    return add_months(go_live, period) - timedelta(days=1)
