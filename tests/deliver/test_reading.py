"""The document of every ready profile reads as people write: names, plurals, whole clauses, nothing said twice."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from ready_plans import each_ready, ready
from sample_plan import sample_plan

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.deliver.blocks import Block, Paragraph, Table
from aisizer.deliver.document import document, sizing_html, sizing_md
from aisizer.deliver.numbers import THINGS
from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.profile.load import profile_of

PLURAL = re.compile(rf"(?<![\w.,])1 (?:{'|'.join(THINGS)})s\b")
SINGULAR = re.compile(r"(?<![\w.,-])(?:0|[2-9]|\d\d+) (?:server|rack|replica|instance)\b(?! x)")
ID = re.compile(r"(?<![\w./-])(?:on_premises|(?:ttft|tpot|e2e)_p\d+)(?![\w/-]|\.\w)")


@each_ready
def test_ids_stand_in_paths_only(name: str) -> None:
    assert not ID.findall(sizing_md(ready(name)).replace("\\", ""))


@each_ready
def test_things_are_counted_in_the_right_number(name: str) -> None:
    text = sizing_md(ready(name))
    assert not PLURAL.findall(text) and not SINGULAR.findall(text)
    assert "1 of 2 servers carry" not in text


def test_a_fleet_of_one_without_redundancy_is_told_as_one() -> None:
    small = {"resilience.redundancy": "N", "workloads.chat.load": {"rate": "0.05 req/s"}, "supply.gpus": ["h100-sxm"]}
    plan = make_plan(
        profile_of(changed(small | {"supply.sites": ["on_premises"]}), "law.json"), catalog(), confirm="none"
    )
    assert plan.decision is not None and plan.decision.servers == 1
    text = sizing_md(plan)
    assert not PLURAL.findall(text) and not SINGULAR.findall(text)
    assert "0 servers" not in text and "redundancy used up" not in text


@each_ready
def test_no_word_is_cut_and_no_price_renewed_twice(name: str) -> None:
    text = sizing_md(ready(name))
    assert " ..." not in text and not re.search(r"[-(,:;] …", text)
    assert len(re.findall(r"days old on plan_date", text)) <= 2, "on the first page, and under Risks"


@each_ready
def test_sentences_are_true_of_this_plan(name: str) -> None:
    plan = ready(name)
    assert plan.roadmap is not None
    text = sizing_md(plan)
    assert ("the last before the next purchase serves" in text) == (len(plan.roadmap.purchases) > 1)
    assert re.search(r"Pools of replicas.*at the peak of month \d+", text)
    assert "by the analytic queue" in next(t.caption for t in _tables(ready(name)) if t.sortable)


@each_ready
def test_a_pilot_is_named_where_growth_starts_from_it(name: str) -> None:
    plan = ready(name)
    (growth,) = [step.reason for step in plan.waterfall if step.name == "growth"]
    first = (plan.profile.get("growth") or {}).get("phases", [{"share": 1}])[0]["share"]
    assert (f"at {first} of the rollout" in growth) == (first not in (1, "100 %"))


@each_ready
def test_growth_that_reopens_the_decision_has_its_rate(name: str) -> None:
    plan = ready(name)
    (said,) = re.findall(r"Measured (?:growth|demand) passes [^\n]*?(?=, or a trigger)", sizing_md(plan))
    growth, assumed = plan.profile["growth"], {a.path: a for a in plan.assumptions}
    if "points" in growth:
        assert "growth.points" in said and "growth.high" not in assumed
        return
    high = assumed["growth.high"]
    assert f"(growth.high, {high.value})" in said and (high.origin == "user") == ("high" in growth)
    rates = [float(text.split()[0]) for text in (high.value, growth["rate"])]
    assert "high" in growth or rates[0] == pytest.approx(1.5 * rates[1])


@each_ready
def test_what_is_signed_for_is_the_first_wave_without_what_is_paid_as_it_runs(name: str) -> None:
    plan = ready(name)
    text = next(block.text for block in _blocks(plan) if isinstance(block, Paragraph) and "Of wave 1" in block.text)
    later = re.search(r"; ([^;]*) are paid as they run", text)
    apart = later[1].replace(" ", "_").split("_and_") if later else []
    signed = sum(t.extended_price_usd for t in plan.bom_totals if t.wave == 1 and t.category not in apart)
    assert plan.decision is not None and plan.decision.first_wave_usd == pytest.approx(signed)
    assert f"{plan.decision.first_wave_usd:,.2f} USD" in text


@each_ready
def test_a_flip_has_one_figure_in_sentence_and_table(name: str) -> None:
    plan = ready(name)
    for listed in (t for t in _tables(plan) if t.columns[-2].title == "Choice flips at"):
        for row, key in zip(listed.rows, listed.paths, strict=True):
            assert f" {row[-2]} " in plan.flips[int(key.split(".")[1])].sentence


def test_a_budget_stands_beside_the_total() -> None:
    plan = ready("reasoning-moe")
    assert plan.decision is not None
    takes = f"the plan takes {plan.tco[plan.decision.site].three_year_usd:,.2f} USD"
    assert f"(finance.budget_three_year) is 4 MUSD; {takes}" in sizing_md(plan).replace("\\", "")


def test_one_measurement_has_no_band() -> None:
    (listed,) = [t for t in _tables(ready("clinical-notes")) if t.columns[0].title == "Prediction of"]
    (row,) = [row for row in listed.rows if row[0] == "prototype TPOT mean"]
    assert row[2] == row[4] == "" and float(row[3]) > 0


def test_dates_and_figures_do_not_break_in_html() -> None:
    page = sizing_html(sample_plan())
    text = re.sub(r"<style>.*?</style>|<script>.*?</script>|<svg.*?</svg>", "", page, flags=re.DOTALL)
    for cell in re.findall(r"<(?:p|li|dd)>(.*?)</(?:p|li|dd)>", text):
        assert not re.search(r"(?<![\w-])\d{4}-\d\d-\d\d(?![\w-]|</span>)", cell), cell


def _tables(plan: Plan) -> list[Table]:
    return [block for block in _blocks(plan) if isinstance(block, Table)]


def _blocks(plan: Plan) -> list[Block]:
    return [block for section in document(plan).sections for block in section.blocks]
