"""Pictures: words inside the frame and apart, no meaning by colour alone, a table beside each, one script that may run."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ready_plans import each_ready, ready
from sample_plan import sample_plan

from aisizer.deliver import charts
from aisizer.deliver.blocks import Figure, Table, printed
from aisizer.deliver.charts_load import CEILING, latency_by_load
from aisizer.deliver.charts_months import LINE_HEIGHT, _apart, cumulative
from aisizer.deliver.charts_points import Band, Point, cost_and_latency, frontier, measured_and_predicted
from aisizer.deliver.document import document, sizing_html
from aisizer.plan import Plan
from aisizer.plan.load_records import LoadCurve, PromiseCurve

LETTER, LETTER_HEIGHT = 5.6, 8.0
"""smaller than letters are, so that only what surely overlaps is found"""
NEW = {
    "Latency by load, over the target",
    "Measured against predicted",
    "Cost and latency of all options",
    "Cumulative cash and break-even",
}


def pictures(plan: Plan) -> list[tuple[str, ElementTree.Element]]:
    blocks = [block for section in document(plan).sections for block in section.blocks]
    found = [ElementTree.fromstring(block.svg) for block in blocks if isinstance(block, Figure) and block.svg]
    return [(root[0].text or "", root) for root in found]


def boxes(root: ElementTree.Element) -> list[tuple[str, float, float, float]]:
    """Words with their left and right end and base line."""
    made = []
    for element in root.iter("text"):
        words, x = element.text or "", float(element.get("x", 0))
        width = LETTER * len(words) * (11 / 13 if "small" in element.get("class", "") else 1)
        left = {"start": x, "middle": x - width / 2, "end": x - width}[element.get("text-anchor", "start")]
        made.append((words, left, left + width, float(element.get("y", 0))))
    return made


@each_ready
def test_every_picture_is_there_with_its_table(name: str) -> None:
    plan = ready(name)
    assert {title for title, _ in pictures(plan)} >= NEW
    for section in document(plan).sections:
        for block, after in pairwise(section.blocks):
            if isinstance(block, Figure) and block.svg:
                assert isinstance(after, Table)
        assert not isinstance(section.blocks[-1], Figure)


@each_ready
def test_words_stay_inside_the_picture(name: str) -> None:
    for title, root in pictures(ready(name)):
        height = float(root.get("viewBox", "").split()[3])
        for words, left, right, y in boxes(root):
            assert left >= 0, (title, words)
            assert right <= charts.WIDTH, (title, words)
            assert LETTER_HEIGHT <= y <= height, (title, words)


@each_ready
def test_words_do_not_cover_each_other(name: str) -> None:
    for title, root in pictures(ready(name)):
        for (one, a, b, y), (other, c, d, z) in combinations(boxes(root), 2):
            assert min(b, d) <= max(a, c) or abs(y - z) >= LETTER_HEIGHT, (title, one, other)


@each_ready
def test_names_in_pictures_are_whole(name: str) -> None:
    for title, root in pictures(ready(name)):
        assert not [words for words, *_ in boxes(root) if "…" in words], title


@each_ready
def test_each_number_of_the_options_is_a_row(name: str) -> None:
    """Of the table beside the picture, or of the one folded below it, which paper leaves to options.csv."""
    plan = ready(name)
    (root,) = [root for title, root in pictures(plan) if title == "Cost and latency of all options"]
    drawn = [e.text for e in root.iter("text") if "halo" in e.get("class", "")]
    made = document(plan)
    section = next(s for s in made.sections if s.id == "alternatives")
    tables = [b for b in section.blocks if isinstance(b, Table) and "analytic queue" in b.caption]
    rows = sorted(int(row[0]) for listed in tables for row in listed.rows)
    assert rows == list(range(1, len(plan.ranking) + 1))
    signs = [e for e in root.iter() if "mark" in e.get("class", "").split() and e[:1]]
    assert len(drawn) == len(set(drawn)) == sum(e[0].text != "" for e in signs if e[0].tag == "title")
    assert {int(n or 0) for n in drawn} <= set(rows)
    folded = [b for b in tables if b.folded]
    assert len(folded) == (len(tables[0].rows) < len(plan.ranking))
    assert not [b for s in printed(made).sections for b in s.blocks if isinstance(b, Table) and b.folded]


def test_where_nothing_was_paid_the_axis_still_has_a_step() -> None:
    root = ElementTree.fromstring(cumulative({"a": [0.0] * 37, "b": [0.0] * 37}, {}, "t", "d"))
    assert {"0", "1"} <= {words for words, *_ in boxes(root)}


def test_lines_of_what_was_paid_are_to_scale() -> None:
    paid = {"a": [float(month) for month in range(37)], "b": [month / 2 for month in range(37)]}
    root = ElementTree.fromstring(cumulative(paid, {"b": 18}, "t", "d"))
    ends = sorted(float(e.get("points", "").split()[-1].split(",")[1]) for e in root.iter("polyline"))
    base = max(float(e.get("y1", 0)) for e in root.iter("line") if e.get("class") == "grid")
    assert base - ends[0] == pytest.approx(2 * (base - ends[1]), abs=0.2)
    dot = next(root.iter("circle"))
    assert base - float(dot.get("cy", 0)) == pytest.approx((base - ends[0]) / 2, abs=0.2)


def test_long_names_and_many_sites_stay_inside() -> None:
    names = [f"a-site-with-a-long-name-{i}" for i in range(5)]
    points = [Point(str(i), name, name, 1e6 * (i + 1), 0.1 * i, i == 0) for i, name in enumerate(names)]
    paid = {name: [1e5 * (i + 1)] * 37 for i, name in enumerate(names)}
    for svg in (cost_and_latency(points, "t", "d"), cumulative(paid, {names[1]: 2, names[2]: 3}, "t", "d")):
        assert all(left >= 0 and right <= charts.WIDTH for _, left, right, _ in boxes(ElementTree.fromstring(svg)))


def test_lines_are_told_apart_without_colour() -> None:
    rules = (files("aisizer.deliver") / "templates" / "charts.css").read_text("utf-8")
    looks = []
    for name in (f"l{i}" for i in range(len(charts.PALETTE))):
        rule = re.search(rf"\.{name} {{([^}}]*)}}", rules)
        assert rule
        looks.append(re.sub(r"stroke: var\([^)]*\);?", "", rule[1]).strip())
    assert len(set(looks)) == len(looks)


def test_parts_of_bars_are_numbered_as_the_legend_is() -> None:
    root = ElementTree.fromstring(charts.stacked_bars({"x": {"a": 3.0, "b": 9.0}}, "t", "d"))
    words = [element.text for element in root.iter("text")]
    assert {"1 b", "2 a"} <= set(words)
    assert [w for w in words if w in ("1", "2")] == ["1", "2"]


def test_a_latency_beyond_the_frame_ends_at_its_edge() -> None:
    promise = PromiseCurve(
        workload="w",
        metric="ttft",
        percentile="p95",
        target_ms=100.0,
        latency_ms=(50.0, 100.0, 400.0, None),
        operating_ms=60.0,
        degraded_ms=80.0,
    )
    curve = LoadCurve(
        pool="p", carried_per_s=1.0, loads=(0.5, 1.0, 1.1, 1.25), operating=0.6, degraded=0.8, promises=(promise,)
    )
    root = ElementTree.fromstring(latency_by_load([curve], "t", "d"))
    line = next(e for e in root.iter("polyline"))
    heights = [float(point.split(",")[1]) for point in line.get("points", "").split()]
    top = next(float(e.get("y1", 0)) for e in root.iter("line"))
    edges = {float(e.get("y1", 0)) for e in root.iter("line") if e.get("class") == "grid"}
    assert min(heights) == min(edges) < top
    assert CEILING == 1.5
    assert len(heights) == 4


def test_half_and_twice_are_equally_far_from_the_prediction() -> None:
    root = ElementTree.fromstring(measured_and_predicted([("a", Band(0.5, 1.0, 2.0, "n"))], "t", "d"))
    bar = next(e for e in root.iter("rect") if e.get("class") == "c4" and float(e.get("y", 0)) > 20)
    middle = next(e for e in root.iter("circle") if float(e.get("cy", 0)) > 20)
    ends = float(bar.get("x", 0)), float(bar.get("x", 0)) + float(bar.get("width", 0))
    assert float(middle.get("cx", 0)) == pytest.approx(sum(ends) / 2, abs=0.2)


amounts = st.floats(1.0, 100.0)


@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=12))
def test_the_frontier_holds_all_that_none_beats(pairs: list[tuple[float, float]]) -> None:
    points = [Point(str(i), "", "", usd, ratio, False) for i, (usd, ratio) in enumerate(pairs)]
    best = {pairs[i] for i in frontier(points)}

    def beaten(pair: tuple[float, float]) -> bool:
        return any(other != pair and other[0] <= pair[0] and other[1] <= pair[1] for other in pairs)

    assert best == {pair for pair in pairs if not beaten(pair)}


@given(st.lists(st.floats(0.0, 250.0), min_size=1, max_size=7))
def test_names_at_the_ends_of_lines_stand_apart_and_in_order(wanted: list[float]) -> None:
    found = _apart(wanted, 264.0)
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    assert all(found[b] - found[a] >= LINE_HEIGHT - 1e-6 for a, b in pairwise(order))
    assert max(found) <= 264.0 + 1e-6


def test_the_page_lets_its_own_script_run_and_nothing_else() -> None:
    html = sizing_html(sample_plan())
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)
    assert script
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy
    allowed = b64encode(sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{allowed}'" in policy[1]
    assert policy[1].startswith("default-src 'none';")


def test_options_can_be_sorted_and_read_without_script() -> None:
    html = sizing_html(sample_plan())
    assert html.count("<table data-sortable>") >= 1
    assert "<button" not in html.partition("<script>")[0]
