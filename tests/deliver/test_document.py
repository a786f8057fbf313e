"""The document: both formats carry the same figures, HTML stands alone and keeps text inert, pictures have words."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from sample_plan import missing_price_plan, no_discount_plan, sample_plan, second_site_plan, two_pool_plan

from aisizer.deliver import charts
from aisizer.deliver.blocks import Facts, Figure, Table, table
from aisizer.deliver.document import document, sizing_html, sizing_md
from aisizer.plan import Plan

PLANS = [sample_plan(), missing_price_plan(), no_discount_plan(), two_pool_plan()]
each_plan = pytest.mark.parametrize("plan", PLANS, ids=["sample", "missing", "no-rate", "two-pools"])


class Page(HTMLParser):
    """Collects tags with attributes, and the visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@each_plan
def test_every_cell_is_in_both_formats(plan: Plan) -> None:
    page, markdown = Page(sizing_html(plan)).text, sizing_md(plan).replace("\\", "")
    for section in document(plan).sections:
        for block in section.blocks:
            cells = [c for row in block.rows for c in row] if isinstance(block, Table) else []
            cells += [value for _, value in block.facts] if isinstance(block, Facts) else []
            for cell in cells:
                assert cell in page
                assert " ".join(cell.split()) in markdown


def test_same_cents_as_the_plan() -> None:
    cost = sample_plan().tco["on_premises"]
    for text in (sizing_md(sample_plan()), sizing_html(sample_plan())):
        assert f"{cost.one_year_usd:,.2f}" in text
        assert f"{cost.three_year_usd:,.2f}" in text
        assert f"{cost.npv_usd:,.2f}" in text


@each_plan
def test_html_stands_alone(plan: Plan) -> None:
    page = Page(sizing_html(plan))
    names = {tag for tag, _ in page.tags}
    assert not names & {"link", "img", "iframe", "object", "form"}
    assert [attrs for tag, attrs in page.tags if tag == "script"] == [{}]
    targets = [attrs.get("href") for _, attrs in page.tags if "href" in attrs]
    assert targets
    assert all(target is not None and target.startswith("#") for target in targets)
    assert "url(" not in sizing_html(plan)


@each_plan
def test_html_is_built_for_screen_readers(plan: Plan) -> None:
    page = Page(sizing_html(plan))
    assert ("html", {"lang": "en"}) in page.tags
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in page.tags if tag == "th")
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption")
    assert all(attrs.get("role") == "img" and attrs.get("aria-label") for tag, attrs in page.tags if tag == "svg")


def test_hostile_text_is_inert_in_html_and_markdown() -> None:
    plan = sample_plan().model_copy(update={"warnings": ("<script>alert(1)</script> | [x](javascript:1)\n# h",)})
    assert "<script>alert" not in sizing_html(plan)
    lines = {line for line in sizing_md(plan).splitlines() if "alert(1)" in line}
    assert lines == {"- \\<script>alert(1)\\</script> \\| \\[x\\](javascript:1) # h"}


@each_plan
def test_markdown_holds_no_entities(plan: Plan) -> None:
    assert not re.search(r"(?<!\\)&#?\w+;", sizing_md(plan))


def test_phases_prototype_and_upstream_are_tables() -> None:
    text = sizing_md(sample_plan())
    assert (
        "| pilot | 15 % | 2027-07-01 | 4 weeks inside the SLO | CMIO | an SLO missed on 3 days |\n| all clinics | 100 % |"
        in text
    )
    assert "| TPOT mean | 34.6 ms | 31.2 ms | -10 % |\n| output tokens per second | 722 token/s | n/a | n/a |" in text
    assert "| ehr | 40 | bad hour | 25 (63 %) | 38.4 (96 %) | 98.6 (247 %) | month 14 |" in text
    assert "| 266.4 (666 %) | month 1 |" in text and "| 29.6 | unknown |" in text
    assert "| ehr | 120 ms | 3 | 10 % | stubbed |" in text and "| audit | not given | 1 | 10 % | real |" in text
    assert "on first attempts, ehr in month 16; with the retries of a bad hour, ehr in month 14" in text
    assert "ehr is stubbed, a risk to the go-live" in text and "No limit is known of audit" in text
    bare = sample_plan().model_copy(update={"prototype": (), "profile": {"name": "x", "plan_date": "2026-12-01"}})
    assert "Phases of the rollout" not in sizing_md(bare) and "Prototype" not in sizing_md(bare)


def test_the_second_site_and_the_kind_of_first_wave_are_said() -> None:
    text = sizing_md(second_site_plan())
    assert "**Of these at the second site:** 8 GPUs (1 server)" in text
    assert "8 GPUs (1 server) of the first wave stand at the second site." in text
    assert " USD, first wave, purchase\n" in text and "| redundancy N+1 |" in text
    assert " USD, first wave, rent to month 36 at plan\n" in sizing_md(no_discount_plan())


@each_plan
def test_every_figure_is_followed_by_its_table(plan: Plan) -> None:
    for section in document(plan).sections:
        for block, after in pairwise(section.blocks):
            if isinstance(block, Figure):
                assert isinstance(after, Table)
                root = ElementTree.fromstring(block.svg)
                assert [child.tag for child in root][:2] == ["title", "desc"]


def test_totals_without_a_price_read_at_least() -> None:
    text = sizing_md(missing_price_plan())
    assert f"at least {missing_price_plan().tco['on_premises'].three_year_usd:,.2f}" in text
    assert "- on-premises: at least, as 1 of 10 lines has no price (400G optics)." in text


def test_no_discount_rate_is_said_once_and_never_zero() -> None:
    text = sizing_md(no_discount_plan())
    assert "sets no discount rate" in text
    assert "| NPV |" in text


def test_a_section_that_does_not_apply_is_absent() -> None:
    plan = sample_plan().model_copy(update={"integrations": (), "bom": (), "triggers": ()})
    ids = {section.id for section in document(plan).sections}
    assert not ids & {"bom", "triggers"}
    assert "Calls per second" not in sizing_md(plan)


def test_waterfall_bars_are_to_scale() -> None:
    root = ElementTree.fromstring(charts.waterfall([("a", 4), ("b", 4), ("c", 16)], "t", "d"))
    added = [float(rect.get("width", 0)) for rect in root.iter("rect") if rect.get("class") == "c0"]
    assert len(added) == 2
    assert added[1] == pytest.approx(3 * added[0], rel=0.01)


def test_stacked_bars_leave_negative_amounts_to_the_table() -> None:
    root = ElementTree.fromstring(charts.stacked_bars({"x": {"a": 3.0, "residual": -1.0}}, "t", "d"))
    assert all(float(rect.get("width", 0)) > 0 for rect in root.iter("rect"))


def test_table_refuses_a_row_of_another_length() -> None:
    with pytest.raises(ValueError, match="2 cells are expected"):
        table("t", "A | B #", [("only one",)])


def test_without_redundancy_no_latency_is_told_with_a_server_down() -> None:
    spared, bare = sizing_md(sample_plan()), sizing_md(no_discount_plan())
    assert "| With a server down | P(met) then |" in spared and "with the redundancy used up" in spared
    assert not [said for said in ("0 servers down", "P(met) then", "with the redundancy used up") if said in bare]


def test_the_words_stand_last_so_that_no_few_lines_have_a_page_to_themselves() -> None:
    assert [s.id for s in document(sample_plan()).sections][-2:] == ["reproduce", "glossary"]
