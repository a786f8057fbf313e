"""The document of every ready profile reads as people write: names, plurals, whole clauses, nothing said twice."""

from __future__ import annotations

import re
from pathlib import Path

from sample_plan import sample_plan
from test_pictures import READY, each_profile, plan_of

from aisizer.deliver.blocks import Table
from aisizer.deliver.document import document, sizing_html, sizing_md
from aisizer.deliver.numbers import THINGS
from aisizer.plan import Plan

PLURAL = re.compile(rf"(?<![\w.,])1 (?:{'|'.join(THINGS)})s\b")
SINGULAR = re.compile(r"(?<![\w.,-])(?:0|[2-9]|\d\d+) (?:server|rack|replica|instance)\b(?! x)")
CLINICAL = next(path for path in READY if path.stem == "clinical-notes")
ID = re.compile(r"(?<![\w./-])(?:on_premises|(?:ttft|tpot|e2e)_p\d+)(?![\w/-]|\.\w)")


@each_profile
def test_ids_stand_in_paths_only(path: Path) -> None:
    assert not ID.findall(sizing_md(plan_of(path)).replace("\\", ""))


@each_profile
def test_things_are_counted_in_the_right_number(path: Path) -> None:
    text = sizing_md(plan_of(path))
    assert not PLURAL.findall(text) and not SINGULAR.findall(text)
    assert "1 of 2 servers carry" not in text


@each_profile
def test_no_word_is_cut_and_no_price_renewed_twice(path: Path) -> None:
    text = sizing_md(plan_of(path))
    assert " ..." not in text and not re.search(r"[-(,:;] …", text)
    assert len(re.findall(r"days old on plan_date", text)) <= 2, "on the first page, and under Risks"


@each_profile
def test_sentences_are_true_of_this_plan(path: Path) -> None:
    plan = plan_of(path)
    assert plan.roadmap is not None
    text = sizing_md(plan)
    assert ("the last before the next purchase serves" in text) == (len(plan.roadmap.purchases) > 1)
    assert re.search(r"Pools of replicas.*at the peak of month \d+", text)
    assert "by the analytic queue" in next(t.caption for t in _tables(plan_of(path)) if t.sortable)


def test_one_measurement_has_no_band() -> None:
    (listed,) = [t for t in _tables(plan_of(CLINICAL)) if t.columns[0].title == "Prediction of"]
    (row,) = [row for row in listed.rows if row[0] == "prototype TPOT mean"]
    assert row[2] == row[4] == "" and float(row[3]) > 0


def test_dates_and_figures_do_not_break_in_html() -> None:
    page = sizing_html(sample_plan())
    text = re.sub(r"<style>.*?</style>|<script>.*?</script>|<svg.*?</svg>", "", page, flags=re.DOTALL)
    for cell in re.findall(r"<(?:p|li|dd)>(.*?)</(?:p|li|dd)>", text):
        assert not re.search(r"(?<![\w-])\d{4}-\d\d-\d\d(?![\w-]|</span>)", cell), cell


def _tables(plan: Plan) -> list[Table]:
    return [b for s in document(plan).sections for b in s.blocks if isinstance(b, Table)]
