"""Edits of live inputs in the file, recalculated by LibreOffice, against the engine on the same edits, to the cent."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from recalculate import all_recalculated
from repricing import Totals, totals
from sample_plan import RATE
from test_workbook_inputs import in_euro
from workbook_reading import input_rows, load, named

from aisizer.catalog.load import load_catalog
from aisizer.deliver.workbook import workbook_bytes
from aisizer.deliver.workbook_lines import cost_sheets
from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.profile.load import load_profile

CENT = 0.005
EDITS, FILES = 20, 5
NAMES = {"one_year": "TCO_1Y_Total", "three_years": "TCO_3Y_Total", "npv": "TCO_3Y_NPV", "accrued": "Accrued_3Y_Total"}
ONE_OPTION = {"supply": {"sites": ["on_premises"], "gpus": ["h100-sxm"]}}
FRAGMENTS: tuple[tuple[dict[str, float], dict[str, Any]], ...] = (
    (
        {"finance.tax": 0.0825, "finance.residual": 0.15},
        {"finance": {"tax": "8.25 %", "residual": "15 %"}},
    ),
    (
        {"finance.escalation.power": 0.04, "finance.escalation.staff": 0.03, "finance.useful_life": 4.0},
        {"finance": {"escalation": {"power": "4 %", "staff": "3 %"}, "useful_life": "4 y"}},
    ),
    (
        {
            "supply.amounts.hardware-support-rate": 0.1,
            "supply.amounts.pue-enterprise": 1.3,
            "finance.discount_rate": 0.05,
        },
        {
            "supply": {"amounts": {"hardware-support-rate": 0.1, "pue-enterprise": 1.3}},
            "finance": {"discount_rate": "5 %"},
        },
    ),
    (
        {"supply.quotes.hgx-h100-8": 291_000.0},
        {
            "supply": {
                "quotes": [
                    {"item": "hgx-h100-8", "unit_price": "291000 USD", "as_of": "2026-11-20", "supplier": "A reseller"}
                ]
            }
        },
    ),
)


def written(plan_bytes: bytes, path: Path, edits: dict[str, float]) -> Path:
    """The workbook with the values typed into their cells, and nothing cached."""
    book = load(plan_bytes)
    found = {row["Path"].value: row["Value"] for row in input_rows(book)}
    for name, value in edits.items():
        found[name].value = value
    book.save(path)
    return path


def assert_totals(path: Path, expected: Totals) -> None:
    book = load(path, values=True)
    for field, name in NAMES.items():
        assert named(book, name) == pytest.approx(getattr(expected, field), abs=CENT), (path.name, name)
    assert named(book, "ChecksFailed") == 0, path.name


def random_edits(plan: Plan, count: int) -> list[dict[str, float]]:
    """One live input each, moved by up to a half; what is nothing becomes a small share."""
    draw = random.Random(20261126)
    book = load(workbook_bytes(plan))
    live = {row["Path"].value: row["Value"].value for row in input_rows(book) if row["Path"].value}
    used = {"finance.served_share"}
    paths = draw.sample(sorted(set(live) - used), count)
    return [{path: round((live[path] or 0.08) * draw.uniform(0.5, 1.5), 6)} for path in paths]


@pytest.mark.external("soffice")
def test_random_edits_give_the_engines_totals(tmp_path: Path) -> None:
    """Twenty edits, four to a file."""
    plan = in_euro()
    data, lines = workbook_bytes(plan), cost_sheets(plan)[0].lines
    edits = random_edits(plan, EDITS)
    batches = [{path: value for edit in edits[n::FILES] for path, value in edit.items()} for n in range(FILES)]
    paths = [written(data, tmp_path / f"{number}.xlsx", edit) for number, edit in enumerate(batches)]
    for path, edit in zip(all_recalculated(paths, tmp_path), batches, strict=True):
        assert_totals(path, totals(lines, edit, RATE, 5.0))


@pytest.mark.external("soffice")
def test_edits_give_what_the_whole_plan_gives_with_them_as_a_fragment(tmp_path: Path) -> None:
    catalog = load_catalog()

    def planned(*fragments: dict[str, Any]) -> Plan:
        files = []
        for number, fragment in enumerate((ONE_OPTION, *fragments)):
            files.append(tmp_path / f"fragment-{number}.yaml")
            files[-1].write_text(yaml.safe_dump(fragment))
        return make_plan(load_profile("cui-documents", fragments=files), catalog, confirm="none")

    data = workbook_bytes(planned())
    paths = [written(data, tmp_path / f"{n}.xlsx", edit) for n, (edit, _) in enumerate(FRAGMENTS)]
    for path, (_, fragment) in zip(all_recalculated(paths, tmp_path), FRAGMENTS, strict=True):
        cost = planned(fragment).tco["on_premises"]
        accrued = cost.accrual_three_year_usd
        assert accrued is not None
        assert_totals(path, Totals(cost.one_year_usd, cost.three_year_usd, cost.npv_usd, accrued))
