"""A plan with every kind of line: rates on purchases and services, deposit, bridge, quotes in euro, steps of all categories."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
import yaml
from recalculate import all_recalculated
from repricing import totals
from test_workbook_edits import assert_totals, written
from workbook_reading import assert_computes, constants, input_rows, load, named, uneven_rows, unused_inputs

from aisizer.catalog.load import load_catalog
from aisizer.costs.records import Category
from aisizer.deliver.workbook import workbook_bytes
from aisizer.deliver.workbook_lines import cost_sheets, step_category
from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.profile.load import load_profile

STEPS = {category: round(0.01 + number / 1000, 3) for number, category in enumerate(get_args(Category))}
SHARES = ("tax", "duty", "freight", "insurance", "property_tax", "service_tax", "decommissioning", "residual")
QUOTE = {"as_of": "2026-11-20", "supplier": "A reseller"}
PRECISE = {"item": "hgx-h100-8", "unit_price": "264321.77 USD"}
FRAGMENT = {
    "go_live": "2027-03-01",
    "finance": {
        **{name: f"{number} %" for number, name in enumerate(SHARES, 2)},
        "discount_rate": "7 %", "useful_life": "45 mo", "deposit": "30 %", "payment_terms": "60 d", "fiscal_year_start": 10,
        "served_share": "80 %", "escalation": {category: f"{100 * step:g} %" for category, step in STEPS.items()},
        "fx": {"EUR": {"rate": 1.0843, "as_of": "2026-11-20", "source": "ECB reference rate"}},
    },
    "supply": {
        "colocation": "196 USD/kW-month", "electricity": "0.11 USD/kWh", "pue": 1.4, "staff_fte": 2,
        "quotes": [QUOTE | {"item": "hgx-h100-8", "unit_price": "270000 EUR"}],
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    path = tmp_path_factory.mktemp("every") / "fragment.yaml"
    path.write_text(yaml.safe_dump(FRAGMENT))
    return make_plan(load_profile("cui-documents", fragments=[path]), load_catalog(), confirm="none")


@pytest.mark.external("soffice")
def test_a_plan_that_buys_nothing_computes_too(tmp_path: Path) -> None:
    fragment, path = tmp_path / "fragment.yaml", tmp_path / "tco.xlsx"
    fragment.write_text(yaml.safe_dump({"supply": {"sites": ["enclave"]}}))
    rented = make_plan(load_profile("cui-documents", fragments=[fragment]), load_catalog(), confirm="none")
    path.write_bytes(workbook_bytes(rented.model_copy(update={"baseline": None})))
    assert_computes(path, all_recalculated([path], tmp_path)[0])


def test_it_has_them(plan: Plan) -> None:
    lines = [line for cost in plan.tco.values() for line in cost.lines]
    found = {line.category for line in lines}
    assert {*SHARES, "bridge", "colocation", "rent", "staff"} <= found
    assert {line.currency for line in lines} == {"USD", "EUR"}
    assert any(line.served for line in lines)


def test_a_bill_of_many_waves_at_rising_prices_balances(tmp_path: Path) -> None:
    """Its lines are in cents each, and later waves pay the stepped price."""
    fragment = tmp_path / "fragment.yaml"
    grown = {
        "growth": {"rate": "12 %/month", "low": None, "high": None},
        "supply": {"sites": ["on_premises"], "expansion": "1 mo", "quotes": [QUOTE | PRECISE]},
        "finance": {"tax": "7.311 %", "freight": "1.237 %", "escalation": {"hardware": "4.37 %", "network": "2.9 %"}},
    }
    fragment.write_text(yaml.safe_dump(grown))
    made = make_plan(load_profile("clinical-notes", fragments=[fragment]), load_catalog(), confirm="none")
    assert made.roadmap is not None and len(made.roadmap.purchases) > 3
    assert named(load(workbook_bytes(made), values=True), "ChecksFailed") == 0


def test_each_line_takes_the_step_of_its_category_or_of_what_it_is_a_rate_on(plan: Plan) -> None:
    for site in cost_sheets(plan):
        by_id = {line.id: line for line in site.lines}
        for line in site.lines:
            assert line.escalation == pytest.approx(STEPS[step_category(line, by_id)]), line.id


def test_lints_hold(plan: Plan) -> None:
    book = load(workbook_bytes(plan))
    assert (constants(book), uneven_rows(book), unused_inputs(book)) == ([], [], [])
    paths = [row["Path"].value for row in input_rows(book) if row["Path"].value]
    assert len(paths) == len(set(paths))


@pytest.mark.external("soffice")
def test_libreoffice_computes_it_and_edits_of_it(plan: Plan, tmp_path: Path) -> None:
    data, site = workbook_bytes(plan), cost_sheets(plan)[0]
    untouched = tmp_path / "tco.xlsx"
    untouched.write_bytes(data)
    edits = {
        "finance.tax": 0.11, "finance.service_tax": 0.19, "finance.fx.EUR.rate": 1.2, "finance.residual": 0.0,
        "finance.useful_life": 3.5, "finance.discount_rate": 0.12, "supply.quotes.hgx-h100-8": 250_000.0,
    }  # fmt: skip
    edited = written(data, tmp_path / "edited.xlsx", edits)
    first, second = all_recalculated([untouched, edited], tmp_path)
    assert_computes(untouched, first)
    assert_totals(second, totals(site.lines, edits, 0.07, 3.75))
