"""Plans side by side: every combination is planned in order, and a row without a plan keeps its reason."""

from __future__ import annotations

import csv
import io
import json
import sys
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "deliver"))
from sample_plan import infeasible_plan, missing_price_plan, sample_plan, second_site_plan, two_pool_plan

from aisizer.deliver.compare import compare_csv, compare_json, compare_markdown, compare_svg, compare_text
from aisizer.errors import InvalidInput
from aisizer.plan import Plan
from aisizer.studies.compare import Scenarios, against_first, scenario, variations

PLANS: dict[str, Plan] = {
    "as it is": sample_plan(),
    "without a price": missing_price_plan(),
    "impossible, and with a name that is longer than any column of the table": infeasible_plan(),
    "second site": second_site_plan(),
    "two pools": two_pool_plan(),
}


def made(plans: dict[str, Plan] = PLANS, confirm: str = "none") -> Scenarios:
    rows = [scenario(name, {"finance.discount_rate": name}, plan) for name, plan in plans.items()]
    return Scenarios.model_validate(
        {"aisizer_version": "0", "catalog_sha256": "0", "confirm": confirm, "scenarios": [r.model_dump() for r in rows]}
    )


values = st.lists(st.text("abc123% /+", min_size=1).map(str.strip).filter(bool), min_size=1, max_size=4, unique=True)


@given(st.dictionaries(st.sampled_from(["a", "b.c", "d"]), values, max_size=3))
def test_every_combination_comes_once_and_in_order(fields: dict[str, list[str]]) -> None:
    found = variations([f"{path}={','.join(given)}" for path, given in fields.items()])
    assert [tuple(one.values()) for one in found] == list(product(*fields.values()))
    assert all(list(one) == list(fields) for one in found)


def test_commas_in_brackets_and_quotes_do_not_part_values() -> None:
    found = variations(["a=[x, y],{b: [1,2]},'p,q',\"r,s\",t"])
    assert [one["a"] for one in found] == ["[x, y]", "{b: [1,2]}", "'p,q'", '"r,s"', "t"]


@pytest.mark.parametrize("text", ["a", "=1", "a=", "a=1,,2", "a=1,"])
def test_what_varies_nothing_is_refused_with_the_mend(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"PATH=A,B,C"):
        variations([text])


def test_a_path_is_varied_once() -> None:
    with pytest.raises(InvalidInput, match="names a path twice"):
        variations(["a=1", "a=2"])


def test_figures_are_the_plans_own() -> None:
    row, plan = made().scenarios[0], sample_plan()
    assert row.fleet is not None and plan.decision is not None
    cost = plan.tco[plan.decision.site]
    assert (row.fleet.gpus, row.fleet.order_by) == (plan.decision.gpus, plan.decision.order_by)
    assert (row.fleet.one_year_usd, row.fleet.three_year_usd) == (cost.one_year_usd, cost.three_year_usd)
    assert row.fleet.slo_ratio == pytest.approx(
        max(max(r.predicted_ms, r.degraded_ms) / r.target_ms for r in plan.slo), rel=1e-5
    )


def test_a_row_without_a_plan_keeps_its_reason_everywhere() -> None:
    found, plan = made(), infeasible_plan()
    row = found.scenarios[2]
    assert row.fleet is None and row.reason.startswith(f"{sum(g.count for g in plan.rejections)} options are rejected")
    for text in (compare_text(found, 240), compare_markdown(found), compare_csv(found), compare_json(found)):
        assert row.reason in " ".join(text.replace("\\", "").split())
    assert "no plan" in compare_svg(found) and ">0<" not in compare_svg(found)
    cells = list(csv.DictReader(io.StringIO(compare_csv(found))))[2]
    assert cells["feasible"] == "false" and cells["three_year_usd"] == "" and cells["hardware_usd"] == ""


def test_a_total_that_lacks_a_price_says_so_and_is_not_compared() -> None:
    found = made()
    assert "at least" in compare_markdown(found) and "at least" in compare_svg(found)
    line = next(line for line in compare_text(found).splitlines() if line.startswith("without a"))
    assert line.endswith("*")
    changes = against_first(found.scenarios)
    assert changes[:3] == [None, None, None] and changes[3] is not None


def test_the_difference_is_to_the_first_full_total() -> None:
    changes = against_first(made({"x": infeasible_plan(), "a": sample_plan(), "b": second_site_plan()}).scenarios)
    first, second = (plan.tco["on_premises"].three_year_usd for plan in (sample_plan(), second_site_plan()))
    assert changes == [None, None, pytest.approx(second / first - 1, rel=1e-5)]


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_table_fits_the_terminal(width: int) -> None:
    text = compare_text(made(), width)
    assert all(len(line) <= width for line in text.splitlines())
    assert text.count("no plan") == 1


def test_what_was_not_simulated_is_said() -> None:
    for text in (compare_text(made()), compare_markdown(made())):
        assert "Nothing was simulated" in text
    assert "Nothing was simulated" not in compare_text(made(confirm="auto"))


def test_no_note_is_read_as_a_bullet_in_markdown() -> None:
    notes = compare_markdown(made()).split("\n\n")[-1].splitlines()
    assert len(notes) == 3 and not [note for note in notes if note.startswith("*")]
    assert "* at least: a cost line has no price." in compare_text(made())


def test_same_cents_in_every_format() -> None:
    total = sample_plan().tco["on_premises"].three_year_usd
    found = made()
    assert f"{total:,.2f}" in compare_markdown(found)
    assert f"{total:.2f}" in compare_csv(found)
    assert json.loads(compare_json(found))["scenarios"][0]["fleet"]["three_year_usd"] == total
    assert f"{round(total):,}" in compare_text(found) and f"{round(total):,}" in compare_svg(found)


def test_hostile_names_are_inert() -> None:
    found = made({"=1+1 <script>|x": sample_plan(), "@b": infeasible_plan()})
    assert "<script" not in compare_svg(found)
    ElementTree.fromstring(compare_svg(found))
    assert not [c for row in csv.reader(io.StringIO(compare_csv(found))) for c in row if c.startswith(("=", "+", "@"))]
    assert "\\<script>\\|x" in compare_markdown(found)


def test_long_names_are_told_apart_in_the_picture() -> None:
    svg = compare_svg(made({"workload number one, busy": sample_plan(), "workload number one, calm": sample_plan()}))
    assert "1. workload" in svg and "2. workload" in svg
