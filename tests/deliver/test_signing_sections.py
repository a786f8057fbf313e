"""What a signer reads first and last: the decision, document control, mapped controls, and what would reopen it."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sample_plan import sample_plan

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.deliver import labels
from aisizer.deliver.blocks import Facts, Items, Section, Table
from aisizer.deliver.control_mapping import SUPPORTS
from aisizer.deliver.document import document, sizing_md
from aisizer.deliver.sections_decision import OPEN, nearest_flips
from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.profile.load import profile_of

MAPPED = {
    "nist-800-53": ("CP-2(2)", "AU-4", "AU-5(1)", "AU-11", "SC-5(2)"),
    "cmmc-l2": ("3.3.1", "3.3.4", "3.8.9"),
    "hipaa": ("45 CFR 164.308(a)(7)", "45 CFR 164.312(b)", "45 CFR 164.316(b)(2)"),
    "soc2": ("A1.1",),
    "iso27001": ("A.8.6",),
    "dora": ("Art. 9",),
}


@cache
def plan(data_class: str = "internal", frameworks: tuple[str, ...] = ()) -> Plan:
    compliance: dict[str, Any] = {"data_class": data_class, "frameworks": list(frameworks)}
    changes = {"supply.sites": ["on_premises", "hosted"], "supply.gpus": ["h100-sxm"], "compliance": compliance}
    return make_plan(profile_of(changed(changes), "law.json"), catalog(), confirm="none")


def section(made: Plan, name: str) -> Section:
    return next(s for s in document(made).sections if s.id == name)


def listed(made: Plan, name: str, title: str) -> tuple[str, ...]:
    return next(b.items for b in section(made, name).blocks if isinstance(b, Items) and b.title == title)


def mapping(made: Plan) -> list[tuple[str, ...]]:
    blocks = section(made, "sites").blocks
    return [
        r for b in blocks if isinstance(b, Table) and b.caption.startswith("This document supports") for r in b.rows
    ]


@pytest.mark.parametrize(
    ("data_class", "framework"),
    [
        ("internal", "nist-800-53"),
        ("cui", "cmmc-l2"),
        ("phi", "hipaa"),
        ("internal", "soc2"),
        ("internal", "iso27001"),
        ("internal", "dora"),
    ],
)
def test_controls_are_mapped_for_the_frameworks_that_bind(data_class: str, framework: str) -> None:
    made = plan(data_class, () if framework in ("cmmc-l2", "hipaa") else (framework,))
    text, supports = SUPPORTS[framework]
    assert tuple(support.reference for support in supports) == MAPPED[framework]
    assert [row[0] for row in mapping(made)] == [f"{text}, {reference}" for reference in MAPPED[framework]]
    titles = {s.title for s in document(made).sections} | {"this one"}
    assert all(set(row[2].split("; ")) <= titles for row in mapping(made))


def test_without_a_framework_nothing_is_mapped() -> None:
    assert mapping(plan()) == [] and "supports evidence for these texts" in sizing_md(plan())


def test_the_baselines_hold_what_their_texts_say() -> None:
    """NIST SP 800-53B, chapter three: CP-2(2) and AU-5(1) are High only, and SC-5(2) is in no baseline."""
    moderate, high = (
        {support.reference for support in SUPPORTS[f"fedramp-{level}"][1]} for level in ("moderate", "high")
    )
    assert moderate == {"AU-4", "AU-11"} and high == moderate | {"CP-2(2)", "AU-5(1)"}


def test_the_decision_is_the_first_page_with_amount_dates_and_what_waiting_costs() -> None:
    made = plan()
    assert made.decision is not None
    first = document(made).sections[0]
    facts = dict(next(block.facts for block in first.blocks if isinstance(block, Facts)))
    assert first.id == "decision" and facts["By"] == made.decision.order_by.isoformat()
    assert facts["Authorise"].startswith(f"{made.decision.first_wave_usd:,.2f} USD")
    assert "Cancellable" in facts and "Lasts" in facts
    (late, *_) = listed(made, "decision", "If the decision comes a month late")
    assert f"from {made.decision.go_live} until then nothing serves, so every SLO is missed" in late
    assert len(listed(made, "decision", "At which values the choice flips")) >= 1


def old_price(name: str, days: int) -> str:
    return f"The price of {name} (some-item) is {days} days old on plan_date. Renew it."


def test_open_points_come_before_old_prices_and_the_others_are_named() -> None:
    warnings = (old_price("a", 300), *(f"Point {n}." for n in range(OPEN)))
    made = sample_plan().model_copy(update={"warnings": warnings, "path": None})
    shown = listed(made, "decision", "Open before it is signed")
    assert shown == (*warnings[1:], "The others stand under Risks in the sizing document.")
    assert listed(made, "limits", "Open points and risks") == (*warnings[1:], warnings[0])


def test_old_prices_are_told_in_one_sentence() -> None:
    warnings = (old_price("a: b, c", 300), "Point.", old_price("d", 91))
    made = sample_plan().model_copy(update={"warnings": warnings})
    (point, old) = listed(made, "limits", "Open points and risks")
    assert (point, old) == ("Point.", "Prices are 91 to 300 days old on plan_date. Renew them: a: b, c; d.")
    assert old in listed(made, "decision", "Open before it is signed")


def test_the_first_page_tells_the_chance_with_the_redundancy_down() -> None:
    made = sample_plan()
    assert made.decision is not None
    results = tuple(r.model_copy(update={"probability_degraded": 0.83}) for r in made.slo)
    down = labels.down_phrase(made.decision)
    facts = dict(
        next(
            b.facts
            for b in document(made.model_copy(update={"slo": results})).sections[0].blocks
            if isinstance(b, Facts)
        )
    )
    assert facts["Promises"].endswith(f", 83 % {down}") and f"also {down}" in facts["Promises"]


def test_flips_inside_their_range_come_first() -> None:
    made = plan()
    last = nearest_flips(made)[-1]
    flips = nearest_flips(
        made.model_copy(
            update={"flips": tuple(f.model_copy(update={"in_range": True}) if f == last else f for f in made.flips)}
        )
    )
    assert {flip.value_usd is None for flip in flips} <= {False}
    far = [not flip.in_range for flip in flips if flip.base_usd]
    assert far == sorted(far) and far[0] is False and True in far


def test_the_plan_is_reviewed_when_a_quote_ends_before_the_order() -> None:
    made = sample_plan()
    assert made.decision is not None
    ends = made.decision.order_by - timedelta(days=20)
    quoted = made.bom[0].model_copy(update={"quote_valid_until": ends})
    past = made.bom[1].model_copy(update={"quote_valid_until": date(2020, 1, 1)})
    with_quotes = made.model_copy(update={"bom": (quoted, past, *made.bom[2:])})

    def review(of: Plan) -> str:
        return next(dict(b.facts)["Review by"] for b in section(of, "control").blocks if isinstance(b, Facts))

    assert review(made).startswith(f"{made.decision.order_by}, the last day to order")
    assert review(with_quotes).startswith(f"{ends}, a quote of {quoted.description} ends")
    assert f"ends on {ends} and is not renewed" in sizing_md(with_quotes)


def test_three_people_sign() -> None:
    (signatures,) = [b for b in section(plan(), "control").blocks if isinstance(b, Table)]
    assert signatures.rows == (("Prepared by", "", "", ""), ("Reviewed by", "", "", ""), ("Approved by", "", "", ""))


def test_only_prices_that_may_move_so_far_reopen_it() -> None:
    made = plan()
    reopened = " ".join(next(b.items for b in section(made, "reopen").blocks if isinstance(b, Items)))
    for flip in nearest_flips(made):
        assert flip.value_usd is not None
        near = not flip.base_usd or 0.5 <= flip.value_usd / flip.base_usd <= 2
        assert (f"The price of {flip.description} goes {flip.side} " in reopened) == near
