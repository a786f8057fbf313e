"""The sections on places, survival, drills and surroundings: every figure of the plan in a cell, and the bad news in words."""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.cli.explain import explained
from aisizer.deliver import labels
from aisizer.deliver.blocks import Section, Table
from aisizer.deliver.document import document, sizing_html, sizing_md
from aisizer.deliver.sections_around import SHOWN
from aisizer.deliver.sections_drills import drills_json, drills_text
from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.profile.load import LoadedProfile, profile_of
from aisizer.studies.simulation import Asked, all_simulated
from aisizer.studies.simulation_records import AllDrills

CHANGES: dict[str, Any] = {
    "supply.sites": ["on_premises"],
    "supply.gpus": ["h100-sxm"],
    "supply.power_limit": "100 kW",
    "compliance": {"data_class": "phi", "frameworks": ["sec-17a-4"]},
    "resilience": {
        "redundancy": "N",
        "disaster_recovery": {"posture": "backup_restore", "rto": "4 h", "backup_site": "hosted"},
    },
    "integrations": {"crm": {"limit": "15 req/s", "readiness": "gap", "latency": "1 s"}},
}


@cache
def loaded() -> LoadedProfile:
    return profile_of(changed(CHANGES), "law.json")


@cache
def plan() -> Plan:
    return make_plan(loaded(), catalog(), confirm="none")


@cache
def drills() -> AllDrills:
    return all_simulated(plan(), loaded(), catalog(), {}, Asked(None, 600.0, 1))


def section(name: str) -> Section:
    return next(s for s in document(plan()).sections if s.id == name)


def cells(name: str) -> list[str]:
    return [cell for block in section(name).blocks if isinstance(block, Table) for row in block.rows for cell in row]


def test_every_verdict_place_and_control_is_shown_with_its_text() -> None:
    shown = " ".join(cells("sites"))
    for verdict in plan().verdicts:
        assert all(text in shown for text in (*verdict.reasons, *verdict.citations))
    assert all(p.role in (cells("sites") if p.named else sizing_md(plan())) for p in plan().places)
    backup = next(p for p in plan().places if p.role == "backup target")
    assert backup.named and " ".join(backup.verdict.reasons) in shown
    assert plan().controls and f"{len(plan().controls)} requirements of the frameworks" in sizing_md(plan())
    assert all(c.text in sizing_md(plan()).replace("\\", "") for c in plan().unpriced_controls)
    assert "kept 72 months, 24 of them at hand" in sizing_md(plan())


def test_survival_says_what_is_missed_and_what_mends_it() -> None:
    text = sizing_md(plan())
    assert plan().availability is not None and plan().recovery is not None
    assert "which misses the target of 99.9 %" in text
    assert "The least posture that meets the targets: warm standby." in text
    assert all(sentence in text for sentence in plan().recovery.missed) and plan().recovery.missed
    assert "no" in cells("survival")


def test_limits_say_what_was_checked_and_what_was_not() -> None:
    held = {
        row[4]: row[3]
        for b in section("surroundings").blocks
        if isinstance(b, Table) and b.caption.startswith("Limits of ")
        for row in b.rows
    }
    assert held["supply.power_limit"] == "yes"
    assert held["supply.racks"] == held["supply.cooling"] == "not checked"


def test_every_surrounding_is_a_row_with_formula_and_source() -> None:
    """The ones that a signer asks of first, and how many the plan has; `explain` gives the formula of each."""
    (listed, *_) = [block for block in section("surroundings").blocks if isinstance(block, Table)]
    rows = {row[0]: row for row in listed.rows}
    shown = [s for s in plan().surroundings if s.id in SHOWN]
    assert {"facility", "logging", "network", "front end", "spares", "non-production", "recovery"} <= {
        s.group for s in shown
    }
    for s in shown:
        assert rows[s.name][1:3] == (s.group, s.unit)
    assert f"all {len(plan().surroundings)} surroundings in sizing.json" in listed.caption
    for s in plan().surroundings:
        assert s.formula.removeprefix("month 36: ") in explained(plan(), f"surroundings.{s.id}", None) and s.source


def test_told_drills_say_so_and_name_how_they_are_played() -> None:
    text = sizing_md(plan())
    assert "Worked out from the plan's own figures, not simulated" in text
    assert "aisizer simulate sizing.json --drill all" in text
    assert {d.name for d in plan().drills} == {
        "server-lost", "site-lost", "rolling-upgrade", "retry-storm", "cold-start", "tenant-10x",
    }  # fmt: skip
    bare = next(d for d in plan().drills if d.name == "server-lost")
    assert bare.held is False, "a fleet without redundancy does not hold when a server is lost"


def test_played_drills_fit_the_screen_and_the_record() -> None:
    text = drills_text(drills())
    assert max(map(len, text.splitlines())) <= 80
    for found in drills().drills:
        assert any(line.startswith(found.name) for line in text.splitlines())
    assert [d["name"] for d in json.loads(drills_json(drills()))["drills"]] == [d.name for d in drills().drills]
    limited = [d for d in drills().drills if d.admission]
    assert len(limited) == 1 and limited[0].name == "tenant-10x"


def test_apis_are_compared_and_never_chosen() -> None:
    made = plan()
    assert made.apis and {v.site for v in made.verdicts} == {"on_premises"}
    assert all(f"{api.api_name} ({labels.site(api.api)})" in cells("break-even") for api in made.apis)
    assert "never chosen" in sizing_md(made)


@pytest.mark.parametrize("render", [sizing_md, sizing_html])
def test_nothing_of_it_claims_compliance(render: Any) -> None:
    assert "compliant" not in render(plan()).lower()
    assert "claims no compliance" in render(plan())
