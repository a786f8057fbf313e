"""Spend after month 12 at prices that no term holds, by hand."""

from __future__ import annotations

from datetime import date

import pytest

from aisizer.costs.exposure import exposure
from aisizer.costs.lines import Fleet
from aisizer.costs.records import CostLine
from aisizer.costs.rented import split_hours

HOURS = 730.0


def line(id: str, category: str, quantity: list[float], **given: object) -> CostLine:
    fields = {
        "id": id, "category": category, "description": id, "treatment": "capitalise", "unit": "server",
        "unit_price_usd": 100.0, "price_unit": "USD", "low_usd": 80.0, "high_usd": 130.0, "quantity": tuple(quantity),
        "price_item": "box", "source": "maker", "as_of": date(2026, 11, 1), "waves": (1, 2),
    }  # fmt: skip
    return CostLine.model_validate(fields | given)


def quantities(**by_period: float) -> list[float]:
    return [by_period.get(f"p{period}", 0.0) for period in range(37)]


BUYS = Fleet(((1, 3), (12, 1), (13, 2), (20, 1)), ())
SERVERS = line("hardware", "hardware", quantities(p0=3, p12=1, p13=2, p20=1), factors={"tax": 1.1})


def test_servers_that_come_after_month_12_are_exposed() -> None:
    """Two in month 13 and one in month 20: 3 x 100 x 1.1; what comes by month 12 is not, nor what no wave brings."""
    shelf = line("spares", "spares", quantities(p30=5), waves=())
    found = exposure([SERVERS, shelf], BUYS, "purchase")
    assert (found.base_usd, found.low_usd, found.high_usd) == (
        pytest.approx(330),
        pytest.approx(264),
        pytest.approx(429),
    )


def test_a_step_in_price_that_the_plan_counts_is_exposed_with_it() -> None:
    """Two in month 13 and one in month 20 at 10 % more, as their cost in the plan; a year's hours by the month they pass in."""
    stepped = SERVERS.model_copy(update={"escalation": 0.1})
    assert exposure([stepped], BUYS, "purchase").base_usd == pytest.approx(330 * 1.1)
    agreed, _ = split_hours(Fleet(((1, 1),), ()), "one_year")
    year = line("rent-one-year", "rent", agreed, treatment="expense", escalation=0.1)
    assert exposure([year], Fleet(((1, 1),), ()), "one_year").base_usd == pytest.approx(12 * HOURS * 100 * (1.1 + 1.21))


def test_nothing_bought_later_is_not_exposed_even_without_a_price() -> None:
    unpriced = line("hardware", "hardware", quantities(p0=3), unit_price_usd=None, low_usd=None, high_usd=None)
    found = exposure([unpriced], Fleet(((1, 3),), ()), "purchase")
    assert (found.base_usd, found.low_usd, found.high_usd) == (0, 0, 0)


def test_an_unknown_price_or_range_is_not_zero() -> None:
    unpriced = line("network", "network", quantities(p20=8), unit_price_usd=None, low_usd=None, high_usd=None)
    assert exposure([SERVERS, unpriced], BUYS, "purchase").base_usd is None
    flat = line("network", "network", quantities(p20=8), unit_price_usd=1.0, low_usd=None, high_usd=None)
    found = exposure([SERVERS, flat], BUYS, "purchase")
    assert (found.base_usd, found.low_usd, found.high_usd) == (pytest.approx(338), None, None)


def rented(fleet: Fleet, term: str) -> float | None:
    committed, demand = split_hours(fleet, term)
    lines = [
        line("rent-" + term.replace("_", "-"), "rent", committed, unit_price_usd=2.0),
        line("rent-on-demand", "rent", demand, unit_price_usd=5.0),
    ]
    return exposure(lines if term != "on_demand" else lines[1:], fleet, term).base_usd


def test_hours_are_held_by_the_term_that_began_by_month_12() -> None:
    """Two instances from month 1 and one from month 13.

    On demand all of months 13 to 36 is open: 3 x 24 months at 5. By the year, two more years of two instances and two years
    of the third: 6 x 12 months at 2. For three years the first two are held, and the third is on demand for 24 months.
    """
    fleet = Fleet(((1, 2), (13, 1)), ())
    assert rented(fleet, "on_demand") == pytest.approx(3 * 24 * HOURS * 5)
    assert rented(fleet, "one_year") == pytest.approx(6 * 12 * HOURS * 2)
    assert rented(fleet, "three_year") == pytest.approx(24 * HOURS * 5)


def test_a_year_that_began_in_month_12_holds_to_month_23() -> None:
    """From month 12: 12 to 23 held, 24 to 35 a new term at 2, month 36 on demand at 5."""
    assert rented(Fleet(((12, 1),), ()), "one_year") == pytest.approx(12 * HOURS * 2 + HOURS * 5)


def test_a_part_of_a_server_is_exposed_and_a_year_that_does_not_fit_is_not_agreed() -> None:
    """From month 26 a year ends after month 36, so all 11 months are on demand."""
    half = line("network", "network", quantities(p20=0.5))
    assert exposure([half], BUYS, "purchase").base_usd == 50
    assert rented(Fleet(((26, 1),), ()), "one_year") == pytest.approx(11 * HOURS * 5)
    assert rented(Fleet(((25, 1),), ()), "one_year") == pytest.approx(12 * HOURS * 2)
