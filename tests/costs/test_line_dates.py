"""Dates of a cost line, by hand: a go-live of 2027-07-01, 20 weeks of lead time, 60 months of life."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from aisizer.costs.records import CostLine
from aisizer.costs.schedule import dated

GO_LIVE = date(2027, 7, 1)


def by_period(**quantity: float) -> tuple[float, ...]:
    return tuple(quantity.get(f"p{period}", 0.0) for period in range(37))


def line(quantity: tuple[float, ...], **given: Any) -> CostLine:
    fields = {
        "id": "box", "category": "hardware", "description": "box", "treatment": "capitalise", "unit": "server",
        "unit_price_usd": 1.0, "price_unit": "USD", "quantity": quantity, "price_item": "box", "source": "maker",
    }  # fmt: skip
    return CostLine.model_validate(fields | given)


YEAR = by_period(**{f"p{month}": 1.0 for month in range(1, 13)})
CASES: dict[str, tuple[CostLine, tuple[date | None, date, date, date]]] = {
    "bought for go-live": (
        line(by_period(p0=3)),
        (date(2027, 2, 11), date(2027, 6, 30), date(2027, 7, 1), date(2032, 6, 30)),
    ),
    "a second wave in month 13": (
        line(by_period(p0=3, p13=2)),
        (date(2027, 2, 11), date(2027, 6, 30), date(2027, 7, 1), date(2033, 6, 30)),
    ),
    "paid before, in service in month 3": (
        line(by_period(p0=3), served=by_period(p3=3)),
        (date(2027, 4, 14), date(2027, 6, 30), date(2027, 9, 1), date(2032, 8, 31)),
    ),
    "rented by the month": (
        line(YEAR, treatment="expense", category="rent"),
        (date(2027, 7, 1), date(2027, 7, 31), date(2027, 7, 1), date(2028, 6, 30)),
    ),
    "rented with a wave": (
        line(YEAR, treatment="expense", category="rent", waves=(1,)),
        (date(2027, 2, 11), date(2027, 7, 31), date(2027, 7, 1), date(2028, 6, 30)),
    ),
    "sold at the end": (
        line(by_period(p36=-1), category="residual"),
        (None, date(2030, 6, 30), date(2030, 6, 1), date(2030, 6, 30)),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_dates_by_hand(name: str) -> None:
    given, expected = CASES[name]
    found = dated(given, GO_LIVE, 20.0, 60.0)
    assert (found.order_date, found.cash_date, found.in_service_date, found.end_date) == expected


def test_a_line_that_is_never_used_has_no_dates() -> None:
    never = line(by_period())
    assert dated(never, GO_LIVE, 20.0, 60.0) == never
