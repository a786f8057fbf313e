"""The ready profiles: valid, honest about their figures, and sized to a complete plan."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from pypdf import PdfReader
from ready_plans import each_ready, ready

from aisizer.deliver.formats import FORMATS, in_formats
from aisizer.deliver.json_file import read_plan
from aisizer.deliver.trigger_files import trigger_files
from aisizer.profile.sections import Profile

ROOT = Path(__file__).parents[2]
READY = sorted((ROOT / "profiles").glob("*.yaml"))
ALL = [*READY, *sorted((ROOT / "examples").glob("*/profile.yaml"))]
REQUIRED = {
    "azure-conversation",
    "clinical-notes",
    "code-assistant",
    "contact-centre",
    "cui-documents",
    "rag-internal",
    "reasoning-moe",
}
DRILLS = {"server-lost", "site-lost", "rolling-upgrade", "retry-storm", "cold-start", "tenant-10x"}
HEADINGS = (
    "Decision",
    "Document control",
    "Workload and service levels",
    "Assumptions",
    "Method",
    "Result, alternatives and rejections",
    "Where the hardware went",
    "Redundancy, recovery and drills",
    "Capacity and purchases over 36 months",
    "Triggers",
    "Surroundings and upstream limits",
    "Bill of materials",
    "Total cost",
    "Break-even and payback",
    "Sensitivity",
    "From the decision to production",
    "Risks and limits of validity",
    "Where the data may go, and which controls this supports",
    "What would reopen the decision",
    "How to make it again",
    "Glossary",
)
PAGES = range(8, 15)
"""of the document as PDF: what can be read before it is signed"""
each_path = pytest.mark.parametrize("path", READY, ids=lambda path: path.stem)
each_profile = pytest.mark.parametrize("path", ALL, ids=lambda path: path.parent.name + "/" + path.stem)


def read(path: Path) -> Profile:
    return Profile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_the_required_situations_are_there() -> None:
    assert {path.stem for path in READY} >= REQUIRED


@each_profile
def test_is_valid_and_points_at_its_schema(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.splitlines()[0] == "# yaml-language-server: $schema=./aisizer-profile.schema.json"
    assert read(path).schema_ == "aisizer/profile/v1"
    assert len(text.splitlines()) <= 65


@each_path
def test_is_named_after_its_file(path: Path) -> None:
    assert read(path).name == path.stem


@each_path
def test_says_where_its_figures_come_from(path: Path) -> None:
    comments = [line.partition("# ")[2] for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    assert any("assum" in comment.lower() for comment in comments), "an assumption is labelled as one"
    assert any(mark in comment for comment in comments for mark in ("arXiv", "doi", "http", "ISCA", "MLPerf"))


def test_most_leave_on_premises_time_and_one_asks_for_the_date() -> None:
    profiles = [read(path) for path in READY]
    roomy = [p for p in profiles if p.go_live is not None and p.go_live - p.plan_date >= timedelta(weeks=30)]
    assert len(roomy) > len(profiles) / 2
    assert any(p.go_live is None for p in profiles)
    assert {p.plan_date for p in profiles} == {date(2026, 12, 1)}


def test_minimal_example_is_fifteen_lines() -> None:
    lines = (ROOT / "examples" / "minimal" / "profile.yaml").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 15


@each_profile
def test_sizes_to_a_complete_plan(path: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "aisizer", "size", str(path), "-o", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    plan = json.loads((tmp_path / "out" / "sizing.json").read_text(encoding="utf-8"))
    assert plan["complete"], plan["tco"][plan["decision"]["site"]]["missing"]
    assert plan["slo"] and all(result["met"] for result in plan["slo"])
    _stands_complete(plan, (tmp_path / "out" / "sizing.md").read_text(encoding="utf-8"))
    _bill_holds(tmp_path / "out")


def _stands_complete(plan: dict[str, Any], text: str) -> None:
    """Verdicts with citations, waterfall, drills, recovery check and surroundings: in the plan and in the document."""
    assert all(v["reasons"] and v["basis"] for v in plan["verdicts"]) and len(plan["places"]) == 3
    bound = {"phi", "cui"} & {str(plan["profile"].get("compliance", {}).get("data_class"))}
    assert all(v["citations"] for v in plan["verdicts"]) or not bound
    assert [step["name"] for step in plan["waterfall"]][-1] == "disaster_recovery"
    assert {d["name"] for d in plan["drills"]} == DRILLS
    assert plan["availability"]["met"] and plan["recovery"]["rto_met"] is not False
    assert plan["recovery"]["rpo_met"] is not False and plan["recovery"]["least_posture"]
    assert {"logging", "network", "front end", "non-production", "migrations"} <= {
        s["group"] for s in plan["surroundings"]
    }
    assert all(s["formula"] and s["source"] for s in plan["surroundings"])
    assert [way["name"] for way in plan["strategies"]] == ["upfront", "yearly", "just_in_time"] and plan[
        "strategy_note"
    ]
    assert all(m["gpus_needed_low"] <= m["gpus_needed"] <= m["gpus_needed_high"] for m in plan["roadmap"]["months"])
    assert tuple(line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")) == HEADINGS


def _bill_holds(folder: Path) -> None:
    """The same totals in CSV and JSON, a CycloneDX file that its schema accepts, and a Plan of less than a megabyte."""
    assert (folder / "sizing.json").stat().st_size < 1_000_000
    files = in_formats(read_plan(folder / "sizing.json"), ",".join(FORMATS))
    assert len(PdfReader(io.BytesIO(files["sizing.pdf"])).pages) in PAGES
    made = json.loads(files["bom.json"])
    with (folder / "bom.csv").open(encoding="utf-8", newline="") as stream:
        in_csv = sum(Decimal(row["extended_price_usd"]) for row in csv.DictReader(stream))
    assert made["complete"] and Decimal(made["total_usd"]) == in_csv > 0
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(files["bom.cdx.json"].decode()) is None


def test_azure_rates_agree_with_the_trace() -> None:
    """Over the hour the trace has 19,366 requests in 3,501.72 s; 5-minute windows have their p99 at 2,364 requests."""
    load = read(ROOT / "profiles" / "azure-conversation.yaml").workloads["chat"].load
    assert load.rate == pytest.approx(2364 / 300)
    assert load.rate / load.peak_factor == pytest.approx(19366 / 3501.72, rel=0.001)


@pytest.mark.external("promtool")
@each_ready
def test_promtool_passes_check_and_test(name: str, tmp_path: Path) -> None:
    """Every file of rules is accepted, and each alert is silent before, firing after, and silent once ordered."""
    files = trigger_files(ready(name))
    for file, text in files.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    rules = [file for file in files if file.endswith(".rules.yaml")]
    suites = [file for file in files if file.endswith(".test.yaml")]
    for arguments in (["check", "rules", *rules], ["test", "rules", *suites]):
        done = subprocess.run(["promtool", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
