"""The workbook: cached values read right unopened, formulas agree with them, nothing hostile, the same bytes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from recalculate import recalculated
from sample_plan import missing_price_plan, no_discount_plan, sample_plan, two_pool_plan
from workbook_reading import assert_computes, constants, input_rows, load, named, uneven_rows, unused_inputs

from aisizer.deliver.workbook import workbook_bytes
from aisizer.plan import Plan
from aisizer.plan.money_records import Driver

PLANS = {
    "sample": sample_plan(),
    "missing": missing_price_plan(),
    "no-rate": no_discount_plan(),
    "two-pools": two_pool_plan(),
}
each_plan = pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())
needs_libreoffice = pytest.mark.external("soffice")


@each_plan
def test_names_hold_the_plans_totals_unopened(plan: Plan) -> None:
    book = load(workbook_bytes(plan), values=True)
    cost = plan.tco[plan.decision.site]  # type: ignore[union-attr]
    assert named(book, "TCO_1Y_Total") == pytest.approx(cost.one_year_usd, abs=0.005)
    assert named(book, "TCO_3Y_Total") == pytest.approx(cost.three_year_usd, abs=0.005)
    npv_usd = "no discount rate set" if cost.npv_usd is None else pytest.approx(cost.npv_usd, abs=0.005)
    assert named(book, "TCO_3Y_NPV") == npv_usd
    assert named(book, "ChecksFailed") == 0
    assert named(book, "Currency") == "USD"


@pytest.mark.parametrize(("count", "shown"), [(24, 24), (None, "none of this layout")])
def test_the_summary_says_what_high_confidence_takes_or_that_nothing_does(count: int | None, shown: object) -> None:
    plan = sample_plan()
    assert plan.decision is not None
    decision = plan.decision.model_copy(update={"gpus_p90": count})
    book = load(workbook_bytes(plan.model_copy(update={"decision": decision})), values=True)
    facts = {row[0].value: row[1].value for row in book["Summary"].iter_rows(min_row=19)}
    assert facts["First wave at 90 % confidence"] == shown


def test_missing_price_is_an_empty_input_and_totals_say_at_least() -> None:
    book = load(workbook_bytes(missing_price_plan()), values=True)
    blank = [row for row in book["Inputs"].iter_rows() if row[0].value == "optics"]
    assert [row[1].value for row in blank] == [None]
    assert not blank[0][1].protection.locked
    assert book["Summary"]["B7"].value == "at least: 1 of 10 lines have no price"
    assert "Total, at least" in [row[0].value for row in book["Cost on_premises"].iter_rows()]


def test_no_site_is_said_to_cost_less_while_a_price_is_missing() -> None:
    missing = load(workbook_bytes(missing_price_plan()), values=True)["Break-even"]
    assert {row[1].value for row in missing.iter_rows(min_row=6, max_row=7)} == {"prices missing"}
    hosted = missing_price_plan().tco["hosted"]
    other = sample_plan().model_copy(
        update={"tco": sample_plan().tco | {"hosted": hosted.model_copy(update={"missing": ("egress",)})}}
    )
    rows = load(workbook_bytes(other), values=True)["Break-even"].iter_rows(min_row=6, max_row=7)
    assert [row[1].value for row in rows] == ["not for good", "prices missing"]


def test_without_a_discount_rate_no_price_moves_an_npv() -> None:
    row = next(load(workbook_bytes(no_discount_plan()), values=True)["Sensitivity"].iter_rows(min_row=5))
    assert [cell.value for cell in row[8:10]] == ["no discount rate set"] * 2


@each_plan
def test_pandas_reads_the_export(plan: Plan) -> None:
    frame = pd.read_excel(io.BytesIO(workbook_bytes(plan)), sheet_name="Export")
    assert list(frame) == ["profile", "plan_hash", "scenario", "site", "period", "fiscal_year", "category", "line",
                           "amount", "currency", "basis", "complete"]  # fmt: skip
    for site, cost in plan.tco.items():
        rows = frame[(frame.site == site.replace("_", "-")) & (frame.basis == "cash")]
        assert rows.amount.sum() == pytest.approx(cost.three_year_usd, abs=0.005)
        assert rows[rows.period <= 12].amount.sum() == pytest.approx(cost.one_year_usd, abs=0.005)
        assert set(rows.complete) == {not cost.missing}


def test_what_moves_the_fleet_stands_frozen_below_the_prices() -> None:
    driver = Driver(
        driver="growth", path="growth.rate", unit="1/month", low=0.02, base=0.04, high=0.06, three_year_low_usd=-1e5,
        three_year_high_usd=2e5, npv_low_usd=None, npv_high_usd=None, accrual_low_usd=None, accrual_high_usd=None,
        gpus_low=16, gpus_high=24, site_low="hosted", site_high="on_premises", changed=True, swing_usd=3e5, rerun=True,
    )  # fmt: skip
    without = load(workbook_bytes(sample_plan()), values=True)["Sensitivity"]
    assert any("aisizer size --sensitivity" in str(row[0].value) for row in without.iter_rows())
    sheet = load(workbook_bytes(sample_plan().model_copy(update={"sensitivity": (driver,)})), values=True)[
        "Sensitivity"
    ]
    row = next(row for row in sheet.iter_rows() if row[1].value == "growth.rate")
    assert [cell.value for cell in row[3:8]] == [0.02, 0.04, 0.06, -1e5, 2e5]
    assert [cell.value for cell in row[10:12]] == ["16 and 24", "hosted and on-premises"]
    assert all(cell.protection.locked for cell in row)
    none = driver.model_copy(update={"gpus_high": None, "site_high": None, "note": "At 6 %/month: nothing fits."})
    again = load(workbook_bytes(sample_plan().model_copy(update={"sensitivity": (none,)})), values=True)["Sensitivity"]
    row = next(row for row in again.iter_rows() if row[1].value == "growth.rate")
    assert [cell.value for cell in row[10:13]] == ["16 and none", "hosted and none", "At 6 %/month: nothing fits."]


def test_same_plan_same_bytes() -> None:
    assert workbook_bytes(sample_plan()) == workbook_bytes(sample_plan())


def test_the_marking_stands_on_every_sheet() -> None:
    profile = sample_plan().profile | {"compliance": {"data_class": "cui", "marking": "CUI & NOFORN"}}
    book = load(workbook_bytes(sample_plan().model_copy(update={"profile": profile})))
    assert {sheet.oddHeader.center.text for sheet in book} == {"&BCUI && NOFORN"}
    assert "CUI & NOFORN" in [row[1].value for row in book["About"].iter_rows()]


def test_nothing_active_inside() -> None:
    names = zipfile.ZipFile(io.BytesIO(workbook_bytes(sample_plan()))).namelist()
    assert not [name for name in names if "vba" in name or "externalLink" in name]


def test_hostile_text_is_text() -> None:
    book = load(workbook_bytes(sample_plan()))
    cell = book["BOM"]["F6"]
    assert cell.value.startswith("'=HYPERLINK")
    assert cell.data_type == "s"


@each_plan
def test_formulas_hold_no_constants_rows_one_formula_and_inputs_are_used(plan: Plan) -> None:
    book = load(workbook_bytes(plan))
    assert constants(book) == []
    assert uneven_rows(book) == []
    assert unused_inputs(book) == []


def test_the_lints_see_what_they_are_for() -> None:
    book = load(workbook_bytes(sample_plan()))
    book["Capex"]["Z7"].value = "=Y7*1.2"
    row = next(row for row in input_rows(book) if row["Path"].value == "supply.pue")["Input"].row
    for cells in book["Cost on_premises"].iter_rows():
        for cell in cells:
            if cell.data_type == "f":
                cell.value = cell.value.replace(f"$E${row}", "$E$1")
    assert [found[:2] for found in constants(book)] == [("Capex", "Z7")]
    assert uneven_rows(book) == [("Capex", 7)]
    assert len(unused_inputs(book)) == 1


def test_only_inputs_are_unlocked() -> None:
    book = load(workbook_bytes(sample_plan()))
    for sheet in book:
        assert sheet.protection.sheet
        open_cells = [c for row in sheet.iter_rows() for c in row if not c.protection.locked]
        if sheet.title == "Inputs":
            assert {c.column for c in open_cells} == {2}
        else:
            assert bool(open_cells) == (sheet.title in ("Summary", "Change log"))


def test_total_that_is_not_the_plans_fails_a_check() -> None:
    plan = sample_plan()
    wrong = plan.tco["hosted"].model_copy(update={"three_year_usd": plan.tco["hosted"].three_year_usd + 0.02})
    book = load(workbook_bytes(plan.model_copy(update={"tco": plan.tco | {"hosted": wrong}})), values=True)
    assert named(book, "ChecksFailed") == 1


@pytest.mark.external
@needs_libreoffice
@each_plan
def test_libreoffice_computes_what_is_cached(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "tco.xlsx"
    path.write_bytes(workbook_bytes(plan))
    assert_computes(path, recalculated(path, tmp_path))


def edited(data: bytes, path: Path, name: str, value: float, column: int = 1) -> Path:
    book = load(data)
    row = next(row for row in book["Inputs"].iter_rows() if row[0].value == name)
    row[column].value = value
    book.save(path)
    return path


def test_inputs_say_what_a_price_is_per_and_stand_once() -> None:
    sheet = load(workbook_bytes(sample_plan()), values=True)["Inputs"]
    rows = [(row[0].value, row[5].value) for row in sheet.iter_rows()]
    assert rows.count(("server", "USD/server")) == 1
    assert ("power", "USD/kWh") in rows
    assert ("support rate per year: hardware-support-rate", "1/year") in rows


@pytest.mark.external
@needs_libreoffice
def test_a_changed_server_price_moves_all_that_rests_on_it(tmp_path: Path) -> None:
    path = edited(workbook_bytes(sample_plan()), tmp_path / "edited.xlsx", "server", 530_000.0)
    book = load(recalculated(path, tmp_path), values=True)
    was = sample_plan().tco["on_premises"].by_category
    rows = {row[0].value: row[3].value for row in book["TCO 3Y"].iter_rows()}
    for category in ("support", "hardware"):
        assert rows[category] == pytest.approx(2 * was[category])
    assert rows["install"] == pytest.approx(was["install"])


@pytest.mark.external
@needs_libreoffice
def test_edited_price_moves_the_totals(tmp_path: Path) -> None:
    path = edited(workbook_bytes(missing_price_plan()), tmp_path / "edited.xlsx", "optics", 410.0)
    book = load(recalculated(path, tmp_path), values=True)
    whole = sample_plan().tco["on_premises"]
    assert named(book, "TCO_3Y_Total") == pytest.approx(whole.three_year_usd, abs=0.01)
    assert named(book, "TCO_3Y_NPV") == pytest.approx(whole.npv_usd, abs=0.01)
    assert book["Summary"]["B7"].value == "complete"
    assert book["Summary"]["B8"].value == 1
    assert book["Break-even"]["B7"].value != "prices missing"
    assert named(book, "ChecksFailed") == 0


@pytest.mark.external
@needs_libreoffice
def test_typed_discount_rate_gives_the_npv(tmp_path: Path) -> None:
    path = edited(workbook_bytes(no_discount_plan()), tmp_path / "edited.xlsx", "Discount rate, nominal", 0.09)
    book = load(recalculated(path, tmp_path), values=True)
    assert named(book, "TCO_3Y_NPV") == pytest.approx(sample_plan().tco["hosted"].npv_usd, abs=0.01)
    assert not isinstance(book["Sensitivity"]["I5"].value, str)
