"""One figure, one value, in all files and on the screen; and each figure of the document leads to its place in the plan."""

from __future__ import annotations

import csv
import html
import io
import json
import re

import pytest
from ready_plans import each_ready, ready
from sentences import lost_figures
from workbook_reading import load, named

from aisizer.deliver.document import sizing_md
from aisizer.deliver.screen import screen
from aisizer.deliver.write import render


@each_ready
def test_every_figure_of_the_document_leads_to_a_place(name: str) -> None:
    assert lost_figures(ready(name), spoken=True) == []


@each_ready
def test_large_figures_have_separators_and_no_exponent(name: str) -> None:
    found = re.findall(r"\d+(?:\.\d+)?e\+\d+|\b\d{5,} tokens?\b", sizing_md(ready(name)))
    assert found == []


@each_ready
def test_the_plans_own_spend_is_reached_with_the_plan_in_each_profile(name: str) -> None:
    """Not in some of them only, as the last bits of a sum fall."""
    own = [t for t in ready(name).triggers if t.quantity.endswith("the plan's own spend")]
    assert own or ready(name).profile["finance"]["budget_three_year"]
    assert all(t.threshold < t.limit and t.predicted["base"] for t in own)


@each_ready
def test_money_is_the_same_everywhere(name: str) -> None:
    """To the cent in JSON, Markdown, HTML, CSV and workbook, and rounded to the dollar on the screen."""
    plan = ready(name)
    files = render(plan)
    stored = json.loads(files["sizing.json"])
    texts = [files["sizing.md"].decode(), html.unescape(files["sizing.html"].decode())]
    shown = screen(plan, folder="x", width=200, color=False)
    assert plan.decision is not None and plan.baseline is not None
    for cost in (*plan.tco.values(), plan.baseline):
        for total in (cost.one_year_usd, cost.three_year_usd, cost.npv_usd):
            assert total is not None
            assert f"{total:,.0f}" in shown
            assert all(f"{total:,.2f}" in text for text in texts)
    site = plan.decision.site
    book = load(files["tco.xlsx"], values=True)
    for field, cell in (
        ("one_year_usd", "TCO_1Y_Total"),
        ("three_year_usd", "TCO_3Y_Total"),
        ("npv_usd", "TCO_3Y_NPV"),
        ("accrual_three_year_usd", "Accrued_3Y_Total"),
    ):
        assert round(named(book, cell), 2) == stored["tco"][site][field] == getattr(plan.tco[site], field)
    rows = list(csv.DictReader(io.StringIO(files["bom.csv"].decode())))
    prices = [float(row["extended_price_usd"]) for row in rows if row["extended_price_usd"]]
    assert prices == [line["extended_price_usd"] for line in stored["bom"] if line["extended_price_usd"] is not None]
    totals = plan.bom_totals
    assert sum(total.extended_price_usd for total in totals) == pytest.approx(sum(prices), abs=0.01 * len(totals))
    assert all(f"{total.extended_price_usd:,.2f}" in text for text in texts for total in totals)
    assert all(f"hold all {len(rows)} lines" in text for text in texts)
