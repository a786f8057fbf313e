"""Every figure of the document leads to its place in the plan, where `aisizer explain` tells where it comes from (rule 15)."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sample_plan import missing_price_plan, no_discount_plan, sample_plan, second_site_plan, two_pool_plan
from sentences import lost_figures, sentences

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.cli.explain import explained
from aisizer.deliver.blocks import Facts, Table
from aisizer.deliver.document import document
from aisizer.deliver.places import places, places_of
from aisizer.deliver.printed import printed_in
from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.profile.load import profile_of
from aisizer.studies.paths import value_of

CHANGES: dict[str, Any] = {
    "supply.sites": ["on_premises", "hosted", "enclave"],
    "supply.gpus": ["h100-sxm", "h200-sxm"],
    "supply.power_limit": "100 kW",
    "compliance": {"data_class": "phi"},
    "finance.served_share": "60 %",
    "resilience.disaster_recovery": {"posture": "backup_restore", "rto": "3 d"},
    "integrations": {"crm": {"limit": "15 req/s", "retry": {"attempts": 2}, "latency": "1 s"}},
    "evidence": {"prototype": {"gpu": "h100-sxm", "gpus": 1, "concurrency": 16, "tpot_mean": "30 ms"}},
}
FIGURE = re.compile(r"(?<![\w.<>±])(?<!± )-?\d[\d,]*(?:\.\d+)?(?![\w-]*\w)")
"""a number that is no part of a name or a date"""
PLACE = re.compile(r" \(explain ([\w.]+)\)$")
FACTORS = (1.0, 100.0, 1e3, 1e-3)
"""between a figure as stored and as shown: per cent, ms, s"""


@cache
def made() -> Plan:
    return make_plan(profile_of(changed(CHANGES), "law.json"), catalog(), confirm="none")


PLANS = {
    "made": made,
    "sample": sample_plan,
    "missing": missing_price_plan,
    "no-rate": no_discount_plan,
    "two-pools": two_pool_plan,
    "second-site": second_site_plan,
}
each_plan = pytest.mark.parametrize("name", PLANS)


def numbers_in(text: str) -> list[tuple[float, float]]:
    """Each figure of a text with half a unit of its last digit."""
    found = FIGURE.findall(re.sub(r"±\s?[\d.,]+|\d{4}-\d{2}(?:-\d{2})?", "", text))
    return [(float(f.replace(",", "")), 0.5 * 10.0 ** -len(f.partition(".")[2])) for f in found]


def leaves(node: Any) -> Iterator[float]:
    """The numbers of a record, of what it is made of, and of its intervals; not those of the records it lists."""
    if isinstance(node, (int, float)) and not isinstance(node, bool):
        yield float(node)
    if isinstance(node, str):
        yield from (value for value, _ in numbers_in(node))
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for entry in inner:
        if not (isinstance(node, list) and isinstance(entry, (dict, list))):
            yield from leaves(entry)


def known(plan: Plan, path: str) -> list[float]:
    """The numbers that `explain` shows for a path: those of a recorded step, or of what stands there."""
    step = next((step for step in plan.explain if step.name == path), None)
    if step is not None:
        return [value for text in (step.value, *step.inputs.values()) for value, _ in numbers_in(text)]
    value = value_of(plan, path)
    found = list(leaves(value))
    if isinstance(value, dict) and "holds" in value:  # a drill's promises
        found += [figure for promise in value["holds"] for figure in leaves(promise)]
    return found


def is_known(figure: float, unit: float, stored: list[float]) -> bool:
    return any(abs(figure - value * f) <= unit * 1.001 + 1e-5 * abs(figure) for value in stored for f in FACTORS)


def tables(plan: Plan) -> list[Table]:
    return [block for section in document(plan).sections for block in section.blocks if isinstance(block, Table)]


@each_plan
def test_every_figure_of_a_row_stands_at_its_path(name: str) -> None:
    plan, rows = PLANS[name](), 0
    for listed in tables(plan):
        assert not listed.paths or len(listed.paths) == len(listed.rows), listed.caption
        for row, path in zip(listed.rows, listed.paths, strict=False):
            if any(found.path == path for found in plan.assumptions):
                continue
            stored = known(plan, path)
            for column, cell in zip(listed.columns, row, strict=True):
                if not column.numeric or cell.startswith(("+", "-")):
                    continue  # a name, or the difference of two figures
                for figure, unit in numbers_in(cell):
                    assert is_known(figure, unit, stored), f"{listed.caption}: {cell} is not at {path}"
                    rows += 1
    assert rows > 60


@each_plan
def test_every_table_and_fact_has_a_place_that_explain_knows(name: str) -> None:
    plan = PLANS[name]()
    for listed in tables(plan):
        place = PLACE.search(listed.caption)
        for path in (
            *listed.paths,
            *([place[1]] if place and not place[1].isupper() and place[1] != "workloads" else []),
        ):
            assert explained(plan, path, None).startswith(path)
    for section in document(plan).sections:
        for block in section.blocks:
            for (_, value), path in zip(block.facts, block.paths, strict=False) if isinstance(block, Facts) else ():
                said = explained(plan, path, None)
                assert said.startswith(path), value
                shown, stored = numbers_in(value), value_of(plan, path)
                if isinstance(stored, float) and not set(value) & set("<>"):
                    assert any(is_known(figure, unit, [stored]) for figure, unit in shown), f"{value} is not {path}"


@each_plan
def test_tables_without_a_place_hold_no_results(name: str) -> None:
    """What has figures and no path is what people write, words, the profile's own values, and two tables across records."""
    apart = ("Signatures", "Set by the profile", "Words", "Phases", "Recovery check", "Cash by category", "Verdict on")
    apart += ("This document supports", "Second places")
    bare = [listed.caption for listed in tables(PLANS[name]()) if listed.rows and not listed.paths]
    assert not [caption for caption in bare if not caption.startswith(apart)]


def test_a_figure_that_does_not_stand_there_is_found() -> None:
    stored = known(made(), "roadmap.purchases.0")
    (gpus, unit) = numbers_in(str(made().roadmap.purchases[0].gpus + 3))[0]  # type: ignore[union-attr]
    assert not is_known(gpus, unit, stored)


@each_plan
def test_every_figure_of_the_document_leads_to_a_place(name: str) -> None:
    """The plans made by hand say little of themselves, so that their counts need not share a word with their places."""
    assert lost_figures(PLANS[name](), spoken=name == "made") == []


def test_figures_that_stand_nowhere_are_found() -> None:
    """Counted of the figures with three digits or more: most of them, one digit off, stand nowhere in the plan."""
    plan = made()
    known = places(plan)
    shown = {f for text in sentences(document(plan)) for f in printed_in(text) if f.half and f.value >= 100 * f.half}
    off = [replace(figure, value=figure.value + 2 * figure.half) for figure in shown]
    lost = [figure for figure in off if not places_of(figure, "", known)]
    assert len(shown) > 30
    assert len(lost) > 0.7 * len(off)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("the SLO alone needs {d.gpus_needed} GPUs", "decision.gpus_needed"),
        ("{c.three_year_usd:,.0f} USD in 3 years", "tco.{d.site}.three_year_usd"),
        ("{c.one_year_usd:,.2f}", "tco.{d.site}.one_year_usd"),
        ("{d.utilization_degraded:.0%} with a server down", "decision.utilization_degraded"),
        ("order by {d.order_by}", "decision.order_by"),
        ("released on {p.release_by} at the latest", "roadmap.purchases.0.release_by"),
        ("It rests on {n} values (assumptions)", "assumptions"),
    ],
)
def test_a_sentence_leads_to_the_place_it_speaks_of_first(text: str, path: str) -> None:
    plan = made()
    assert plan.decision is not None and plan.roadmap is not None
    site = plan.tco[plan.decision.site]
    said = text.format(d=plan.decision, c=site, p=plan.roadmap.purchases[0], n=len(plan.assumptions))
    figure = next(printed_in(said))
    assert places_of(figure, said, places(plan))[0].path == path.format(d=plan.decision)


@pytest.mark.parametrize(
    "text",
    [
        "H200-SXM",
        "N+1",
        "p95",
        "vLLM 0.33",
        "SOC 2",
        "ASC 842",
        "NIST SP 800-53",
        "164.308(a)(7)",
        "AU-5(1)",
        "Rev. 5",
        "8-GPU",
    ],
)
def test_numbers_of_names_and_standards_are_no_figures(text: str) -> None:
    assert not list(printed_in(f"after {text} and"))
