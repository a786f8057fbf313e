"""tco.xlsx of every ready profile: recalculated, linted, and read by pandas unopened."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ready_plans import each_ready, ready
from recalculate import recalculated
from workbook_reading import assert_computes, constants, load, named, uneven_rows, unused_inputs

from aisizer.deliver.workbook import workbook_bytes
from aisizer.plan import Plan

CENT = 0.01


@each_ready
def test_lints_and_totals_of_the_untouched_file(name: str) -> None:
    plan = ready(name)
    data = workbook_bytes(plan)
    book = load(data)
    assert (constants(book), uneven_rows(book), unused_inputs(book)) == ([], [], [])
    values = load(data, values=True)
    assert plan.decision is not None
    cost = plan.tco[plan.decision.site]
    assert named(values, "TCO_1Y_Total") == pytest.approx(cost.one_year_usd, abs=CENT)
    assert named(values, "TCO_3Y_Total") == pytest.approx(cost.three_year_usd, abs=CENT)
    assert named(values, "TCO_3Y_NPV") == pytest.approx(cost.npv_usd, abs=CENT)
    assert named(values, "Accrued_3Y_Total") == pytest.approx(cost.accrual_three_year_usd, abs=CENT)
    assert named(values, "ChecksFailed") == 0
    _says_what_the_plan_says(plan, values)
    _pandas_reads_every_total(plan, data)


def _says_what_the_plan_says(plan: Plan, book: Any) -> None:
    """Break-even months, sensitivity to prices and unit costs are worked out as the plan did."""
    months = {row[0].value: row for row in book["Break-even"].iter_rows(min_row=6)}
    for comparison in plan.comparisons:
        row = months.get(comparison.other.replace("_", "-"))
        if row is not None and comparison.saving_usd is not None:
            assert row[1].value == (
                comparison.cheaper_from_month if comparison.cheaper_from_month is not None else "not for good"
            )
    moved = {row[1].value: row for row in book["Sensitivity"].iter_rows(min_row=5)}
    assert plan.decision is not None
    total = plan.tco[plan.decision.site].three_year_usd
    for driver in plan.sensitivity:
        assert driver.three_year_low_usd is not None
        assert driver.three_year_high_usd is not None
        low, high = (cell.value for cell in moved[driver.path][6:8])
        assert (low, high) == pytest.approx(
            (driver.three_year_low_usd - total, driver.three_year_high_usd - total), abs=2 * CENT
        )
    sites = {row[0].value: row for row in book["Site comparison"].iter_rows(min_row=5)}
    for site, units in plan.unit_costs.items():
        row = sites[site.replace("_", "-")]
        assert row[13].value == pytest.approx(units.at_plan.usd_per_million_tokens, rel=1e-4)
        assert row[14].value == pytest.approx(units.at_plan.usd_per_request, rel=1e-4)
        assert row[15].value == pytest.approx(units.at_actual.usd_per_million_tokens, rel=1e-4)


def _pandas_reads_every_total(plan: Plan, data: bytes) -> None:
    frame = pd.read_excel(io.BytesIO(data), sheet_name="Export")
    cash, accrual = (frame[frame.basis == basis] for basis in ("cash", "accrual"))
    for site, cost in plan.tco.items():
        rows = cash[cash.site == site.replace("_", "-")]
        assert rows.amount.sum() == pytest.approx(cost.three_year_usd, abs=CENT)
        assert rows[rows.period <= 12].amount.sum() == pytest.approx(cost.one_year_usd, abs=CENT)
        by_year = rows.groupby("fiscal_year").amount.sum()
        for year in cost.fiscal_years:
            assert by_year.get(year.name, 0.0) == pytest.approx(year.cash_usd, abs=CENT)
    assert plan.decision is not None
    chosen = plan.tco[plan.decision.site]
    by_month = accrual.groupby("period").amount.sum()
    for period, charged in enumerate(chosen.accrual_by_month_usd):
        assert by_month.get(period, 0.0) == pytest.approx(charged, abs=CENT)


@pytest.mark.external("soffice")
@each_ready
def test_libreoffice_computes_what_is_cached(name: str, tmp_path: Path) -> None:
    path = tmp_path / "tco.xlsx"
    path.write_bytes(workbook_bytes(ready(name)))
    assert_computes(path, recalculated(path, tmp_path))
