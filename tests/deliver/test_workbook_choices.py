"""Scenario and site: what the sheets show of another site, and at the ends of the prices' ranges."""

from __future__ import annotations

from pathlib import Path

import pytest
from recalculate import all_recalculated
from repricing import totals
from sample_plan import RATE
from test_workbook_edits import assert_totals
from test_workbook_inputs import in_euro
from workbook_reading import formulas, load, named

from aisizer.deliver.workbook import workbook_bytes
from aisizer.deliver.workbook_lines import CostSheet, cost_sheets
from aisizer.plan import Plan

CHOICES = (
    ("base", "hosted"),
    ("base", "baseline"),
    ("low", "on-premises"),
    ("high", "enclave"),
    ("high", "on-premises"),
)


def chosen(data: bytes, path: Path, scenario: str, site: str) -> Path:
    """The workbook with another choice, and nothing cached."""
    book = load(data)
    for name, value in (("Scenario", scenario), ("Site", site)):
        sheet, cell = book.defined_names[name].attr_text.split("!")
        book[sheet.strip("'")][cell.replace("$", "")].value = value
    book.save(path)
    return path


def at_the_end(site: CostSheet, scenario: str) -> dict[str, float]:
    """The prices that a scenario takes."""
    ends = [(line.price_path, line.low_usd if scenario == "low" else line.high_usd) for line in site.lines]
    return {} if scenario == "base" else {path: usd for path, usd in ends if usd is not None}


@pytest.mark.external("soffice")
def test_another_site_or_scenario_gives_its_totals(tmp_path: Path) -> None:
    plan: Plan = in_euro()
    data, sites = workbook_bytes(plan), {site.label: site for site in cost_sheets(plan)}
    paths = [chosen(data, tmp_path / f"{number}.xlsx", *choice) for number, choice in enumerate(CHOICES)]
    for path, (scenario, label) in zip(all_recalculated(paths, tmp_path), CHOICES, strict=True):
        site = sites[label]
        assert_totals(path, totals(site.lines, at_the_end(site, scenario), RATE, 5.0))
        book = load(path, values=True)
        assert label in book["Capex"]["A2"].value
        assert f"{scenario} scenario" in book["Capex"]["A2"].value
        errors = [
            where for where in formulas(load(path)) if str(book[where[0]][where[1]].value).startswith(("#", "Err:"))
        ]
        assert errors == []


def test_the_choice_is_offered_as_lists() -> None:
    book = load(workbook_bytes(in_euro()))
    rules = {str(rule.sqref): rule.formula1 for rule in book["Summary"].data_validations.dataValidation}
    assert rules["B4"] == '"base,low,high"'
    assert rules["B5"] == "'Site comparison'!$A$5:$A$8"
    assert (named(book, "Scenario"), named(book, "Site")) == ("base", "on-premises")


@pytest.mark.external("soffice")
def test_checks_fail_where_a_cell_is_overwritten(tmp_path: Path) -> None:
    """A figure typed over a formula, and a line of the bill with another price: a check of each sees it."""
    data = workbook_bytes(in_euro())
    overwritten = {"Cash flow": ("H7", 1.0), "BOM": ("O5", 1.0), "Accrual": ("K16", 5e5), "Export": ("I2", 7.0)}
    paths = []
    for sheet, (cell, value) in overwritten.items():
        book = load(data)
        assert book[sheet][cell].value not in (None, value)
        book[sheet][cell].value = value
        paths.append(tmp_path / f"{sheet}.xlsx")
        book.save(paths[-1])
    for path in all_recalculated(paths, tmp_path):
        book = load(path, values=True)
        failing = [row[0].value for row in book["Checks"].iter_rows(min_row=5) if row[4].value == 1]
        said = {"Cash flow": "cash by month"}.get(path.stem, path.stem)
        assert any(said in text for text in failing), (path.stem, failing)
        assert named(book, "ChecksFailed") >= 1
