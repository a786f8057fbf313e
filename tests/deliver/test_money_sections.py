"""The sections on money: every figure of the results in a cell, what is missing in words, and `explain` for all of them."""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.cli.explain import explained
from aisizer.deliver import charts, numbers
from aisizer.deliver.blocks import Figure, Notice, Paragraph, Section, Table
from aisizer.deliver.document import document, sizing_html, sizing_md
from aisizer.deliver.json_file import plan_json
from aisizer.deliver.sections_sensitivity import DRIVERS, FLIPS
from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.profile.load import profile_of

CHANGES: dict[str, Any] = {
    "supply.sites": ["on_premises", "hosted", "enclave"],
    "supply.gpus": ["h100-sxm", "h200-sxm"],
    "compliance": {"data_class": "phi"},
    "finance.served_share": "60 %",
    "finance.fiscal_year_start": 10,
    "evidence": {"prototype": {"gpu": "h100-sxm", "gpus": 1, "cost_per_request": "0.02 USD"}},
}


@cache
def plan() -> Plan:
    return make_plan(profile_of(changed(CHANGES), "law.json"), catalog(), confirm="none")


def section(name: str, made: Plan | None = None) -> Section:
    return next(s for s in document(made or plan()).sections if s.id == name)


def tables(name: str) -> dict[str, Table]:
    return {block.caption: block for block in section(name).blocks if isinstance(block, Table)}


def text(name: str, made: Plan | None = None) -> str:
    found = section(name, made)
    return " ".join(block.text for block in found.blocks if isinstance(block, (Paragraph, Notice)))


def test_conventions_are_said_once_and_the_totals_stand_apart() -> None:
    said = text("cost")
    for word in (
        "Period 0",
        "In USD",
        "nominal",
        "never mixed",
        "NPV discounts",
        "Every line of every fleet has a price",
    ):
        assert word in said
    assert sizing_md(plan()).count("Period 0 is all spend before service") == 1
    shown = tables("cost")
    (listed,) = [found for caption, found in shown.items() if caption.startswith("Cash by category")]
    cells = {row[0]: row[1:] for row in listed.rows}
    chosen, *others = plan().categories.values()
    of_chosen = ("one_year_usd", "three_year_usd", "one_year_accrual_usd", "three_year_accrual_usd")
    fields = [(chosen, field) for field in of_chosen] + [(totals, "three_year_usd") for totals in others]
    for column, (totals, field) in enumerate(fields):
        for total in totals:
            assert cells[total.category.replace("_", " ")][column] == numbers.cents(getattr(total, field))


def test_what_moved_to_the_workbook_stands_in_the_plan_and_is_pointed_at() -> None:
    years = {year.name for cost in plan().tco.values() for year in cost.fiscal_years}
    assert years >= {"FY2028", "FY2031"} and "Fiscal years, months and lines: workbook" in text("cost")
    (rate,) = [found for found in plan().assumptions if found.path == "finance.served_share"]
    assert rate.origin == "user" and "served_share 60 %" in sizing_md(plan())


def test_categories_add_up_to_the_totals() -> None:
    for name, totals in plan().categories.items():
        cost = plan().tco.get(name) or plan().baseline
        assert cost
        assert sum(t.one_year_usd for t in totals) == pytest.approx(cost.one_year_usd, abs=0.2)
        assert sum(t.three_year_usd for t in totals) == pytest.approx(cost.three_year_usd, abs=0.2)
        assert sum(t.three_year_accrual_usd for t in totals) == pytest.approx(cost.accrual_three_year_usd, abs=0.2)
        assert sum(t.one_year_accrual_usd for t in totals) == pytest.approx(
            sum(cost.accrual_by_month_usd[:13]), abs=0.2
        )


def test_rent_of_servers_for_one_customer_raises_the_lease_question() -> None:
    assert "ASC 842, IFRS 16" in text("cost") and "ask your accountants" in text("cost")
    owned = make_plan(profile_of(changed({"supply.sites": ["on_premises"]}), "law.json"), catalog(), confirm="none")
    assert "ASC 842" not in text("cost", owned)


def test_unit_costs_stand_at_plan_and_at_actual_beside_the_prototype() -> None:
    shown, actual = [found for caption, found in tables("cost").items() if caption.startswith("Unit costs")]
    assert "60 %" in actual.caption and "allocation" in text("cost")
    for name, cost in plan().unit_costs.items():
        for rows, prices in ((shown.rows, cost.at_plan), (actual.rows, cost.at_actual)):
            row = next(r for r in rows if r[0] == name.replace("_", "-"))
            assert row[4] == numbers.per_request(prices.usd_per_request)
    assert "A request cost 0.0200 USD in the prototype" in text("cost")
    assert not [caption for caption in tables("limits") if caption.startswith("Prototype")]


def test_comparisons_say_who_may_be_chosen() -> None:
    listed, cash, *_ = tables("break-even").values()
    may = {row[0]: row[1] for row in listed.rows}
    assert may["baseline"] == "no: it promises no SLO" and may["hosted"] == "yes"
    assert {row[0].removesuffix(" (chosen)"): row[-1] for row in cash.rows} == {
        name.replace("_", "-"): numbers.usd(paid[-1]) for name, paid in plan().cumulative.items()
    }
    verdicts = {api.api: api.verdict for api in plan().apis}
    for api, verdict in verdicts.items():
        assert (may[api] == "no: not authorised") == (verdict == "rejected")
        sentence = next(c.sentence for c in plan().comparisons if c.other == api)
        assert ("not authorised" in sentence) == (verdict == "rejected")


def test_every_part_flip_driver_and_case_is_a_row() -> None:
    found = tables("cost") | tables("sensitivity")
    starts = ("Cost of reserves", "Prices on which", "Sensitivity", "Cost of ")
    rows = [next(len(t.rows) for caption, t in reversed(found.items()) if caption.startswith(s)) for s in starts]
    flipping = [flip for flip in plan().flips if flip.value_usd is not None]
    assert rows == [5, min(len(flipping), FLIPS), min(len(plan().sensitivity), DRIVERS), 3]
    assert "sizing.json (flips) also has those that change the site at no value" in text("sensitivity")
    assert len(plan().growth_costs) == 9 and any("other sites in sizing.json" in caption for caption in found)
    assert "--sensitivity" in text("sensitivity")
    picture = next(block for block in section("sensitivity").blocks if isinstance(block, Figure))
    assert picture.svg in sizing_html(plan())


def test_a_tornado_has_a_bar_for_each_end() -> None:
    svg = charts.tornado(
        {"price": (90.0, 120.0), "a name that is much too long for its place by far": (100, 130)}, 100, "t", "d"
    )
    assert len(re.findall(r"<rect", svg)) == 2 + 4 and "…" in svg
    assert all(float(width) >= 0 for width in re.findall(r'width="([-\d.]+)"', svg))


@pytest.mark.parametrize(
    "name",
    [
        "unit_costs.{site}.input_share",
        "unit_costs.{site}.at_actual.usd_per_million_output_tokens",
        "comparisons.0.payback_month",
        "parts.1.three_year_usd",
        "flips.0.value_usd",
        "sensitivity",
    ],
)
def test_results_are_explained(name: str) -> None:
    decision = plan().decision
    assert decision
    name = name.format(site=decision.site)
    said = explained(plan(), name, None)
    assert said.startswith(f"{name} = ") and "formula" in said


def test_any_other_result_is_shown_by_its_path() -> None:
    assert "npv_usd" in explained(plan(), "growth_costs.0", None)
    assert explained(plan(), "sensitivity.0.swing_usd", None).startswith("sensitivity.0.swing_usd = ")
    assert "served" in explained(plan(), "finance.served_share", None)


def test_the_plan_survives_its_file_with_all_results() -> None:
    assert Plan.model_validate(json.loads(plan_json(plan()))) == plan()
