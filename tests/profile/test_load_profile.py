"""A profile from a path, stdin or a ready name; every fault at its place with its mend."""

from __future__ import annotations

import hashlib
import io
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from aisizer.errors import Fault, InvalidInput
from aisizer.profile.load import load_profile, ready_profiles

NOTES = """\
# yaml-language-server: $schema=./aisizer-profile.schema.json
schema: aisizer/profile/v1
name: clinical-notes
plan_date: 2026-12-01          # the clock of this plan
go_live: 2027-07-01
compliance: {data_class: phi}
workloads:
  notes:
    model: llama-3.3-70b
    load: {users: 1800, requests_per_user_hour: 6, peak_factor: 2.5}
    prompt_tokens: {mean: 3200, p95: 7800}
    output_tokens: {mean: 420, p95: 900}
    slo: {ttft_p95: 2 s, tpot_p95: 60 ms}
growth: {rate: 4 %/month}
resilience: {redundancy: N+1}
"""


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("notes.yaml")
    path.write_text(NOTES, encoding="utf-8")
    return path


def faults_with(*changes: tuple[str, str], **options: Any) -> list[Fault]:
    text = NOTES
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    Path("notes.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        load_profile("notes.yaml", **options)
    return list(caught.value.faults)


def test_the_short_profile_of_the_readme(notes: Path) -> None:
    loaded = load_profile("notes.yaml")
    assert loaded.profile.go_live == date(2027, 7, 1)
    assert loaded.profile.workloads["notes"].slo == {"ttft_p95": 2.0, "tpot_p95": 0.06}
    assert loaded.profile.growth.rate == pytest.approx(0.04)
    assert loaded.sha256 == hashlib.sha256(NOTES.encode()).hexdigest()
    assert loaded.data["growth"] == {"rate": "4 %/month"}
    assert {"growth.rate", "workloads.notes.load", "resilience"} <= loaded.user_set
    assert "resilience.headroom" not in loaded.user_set


def test_a_missing_unit_is_placed_as_on_the_surface(notes: Path) -> None:
    (fault,) = faults_with(("ttft_p95: 2 s", "ttft_p95: 2"))
    assert str(fault) == (
        "notes.yaml:13:21: workloads.notes.slo.ttft_p95: the unit is missing (got 2). Write 2 s or 250 ms."
    )


def test_a_name_that_the_catalog_lacks_is_placed_at_its_value(notes: Path) -> None:
    fault = load_profile("notes.yaml").fault(("workloads", "notes", "model"), "the catalog has no such model.")
    assert str(fault) == "notes.yaml:9:12: workloads.notes.model: the catalog has no such model."


def test_a_date_that_cannot_be_met_is_placed_at_go_live(notes: Path) -> None:
    fault = load_profile("notes.yaml").fault(("go_live",), "2027-03-01 cannot be met on-premises.")
    assert (fault.line, fault.column) == (5, 10)


def test_all_faults_of_a_file_come_at_once_in_reading_order(notes: Path) -> None:
    faults = faults_with(
        ("    model:", "    modle:"), ("data_class: phi", "data_class: phii"), ("N+1", "N+12"), ("2 s", "2 parsec")
    )
    assert [(f.line, f.path) for f in faults] == [
        (6, "compliance.data_class"),
        (8, "workloads.notes.model"),
        (9, "workloads.notes.modle"),
        (13, "workloads.notes.slo.ttft_p95"),
        (15, "resilience.redundancy"),
    ]
    assert 'did you mean "model"?' in faults[2].problem and "did you mean" in faults[0].problem


CASES = [
    ("peak_factor: 2.5", "peak_factor: 0.5", "workloads.notes.load.peak_factor", "at least 1 (got 0.5). Raise it."),
    ("users: 1800", "users: many", "workloads.notes.load.users", "a whole number is expected (got many)"),
    ("users: 1800", "users: 1.5", "workloads.notes.load.users", "a whole number is expected (got 1.5)"),
    ("users: 1800, ", "", "workloads.notes.load", "exactly one of users, rate, concurrency"),
    ("users: 1800", "users: 1800, rate: 3 req/s", "workloads.notes.load", "(got users, rate). Keep one."),
    ("users: 1800", "users: 1800, rate: 0 req/s", "workloads.notes.load.rate", "more than 0 (got 0 req/s). Raise it."),
    ("2026-12-01 ", "2026-13-01 ", "plan_date", "a date such as 2026-12-01 is expected (got 2026-13-01)"),
    ("2026-12-01 ", "20261201 ", "plan_date", "a date is expected (got 20261201). Write it as 2026-12-01."),
    ("2027-07-01", "2026-07-01", "go_live", "after plan_date (got 2026-07-01 and 2026-12-01). Move go_live."),
    ("p95: 7800", "p95: 78000", "workloads.notes.prompt_tokens", "3.8 times the mean"),
    ("p95: 7800", "p95: .inf", "workloads.notes.prompt_tokens.p95", "a finite number is expected (got inf)"),
    ("{mean: 3200, p95: 7800}", "5", "workloads.notes.prompt_tokens", "a mapping with mean, p95, quantiles, trace"),
    ("{rate: 4 %/month}", "", "growth", "is expected (got nothing). Add the fields below it or remove the key."),
    ("4 %/month", "40 %/month, low: 41 %/month", "growth.low", "the low case lies above rate"),
    ("4 %/month", "400 %/month", "growth.rate", "less than 100 %/month (got 400 %/month). Lower it."),
    ("name: clinical-notes", "name: Clinical Notes", "name", "a short name of lower-case letters"),
    ("name: clinical-notes", "name: 7", "name", "text is expected (got 7)"),
    ("profile/v1", "profile/v2", "schema", 'got aisizer/profile/v2; did you mean "aisizer/profile/v1"?'),
    ("  notes:", "  Bad Name:", "workloads.Bad Name", "(got Bad Name). Rename it."),
    ("tpot_p95: 60 ms", "tpot_p96: 60 ms", "workloads.notes.slo.tpot_p96", "a key such as ttft_p95"),
    ("{redundancy: N+1}", "{headroom: 95 %}", "resilience.headroom", "at most 90 % (got 95 %). Lower it."),
    ("{redundancy: N+1}", "{headroom: 1.5}", "resilience.headroom", "between 0 and 1 (got 1.5)"),
    (
        "{data_class: phi}",
        "{frameworks: soc2}",
        "compliance.frameworks",
        "a list is expected (got soc2). Write [soc2].",
    ),
    ("{data_class: phi}", "{hosting_partner_is_csp: perhaps}", "compliance.hosting_partner_is_csp", "true or false"),
    (
        "slo: {ttft_p95: 2 s, tpot_p95: 60 ms}",
        "slo: {}",
        "workloads.notes.slo",
        "at least 1 entry is expected (got 0)",
    ),
    ("ttft_p95: 2 s", "ttft_p50: 3 s, ttft_p95: 2 s", "workloads.notes.slo.ttft_p95", "cannot be shorter"),
    ("peak_factor: 2.5", "calls: 2", "workloads.notes.load.calls", "the field has no effect"),
]


@pytest.mark.parametrize(("old", "new", "path", "words"), CASES)
def test_each_kind_of_fault_has_its_place_and_mend(notes: Path, old: str, new: str, path: str, words: str) -> None:
    (fault,) = faults_with((old, new))
    assert fault.path == path and words in fault.problem
    line = NOTES[: NOTES.index(old)].count("\n") + 1
    assert fault.file == "notes.yaml" and fault.line == line and fault.column is not None
    assert fault.problem.endswith(".")


def test_dependencies_must_lead_to_a_load(notes: Path) -> None:
    other = "  a:\n    model: x\n    load: {per_request_of: PARENT}\n    prompt_tokens: {mean: 9, p95: 9}\n"
    other += "    output_tokens: {mean: 9, p95: 9}\n"
    (itself,) = faults_with(("growth:", other.replace("PARENT", "a") + "growth:"))
    assert "wait for each other (a of a)" in itself.problem and itself.line == 16
    (unknown,) = faults_with(("growth:", other.replace("PARENT", "note") + "growth:"))
    assert '(got note; did you mean "notes"?). Name one of notes, a.' in unknown.problem
    second = other.replace("  a:", "  b:").replace("PARENT", "a")
    circle = faults_with(("growth:", other.replace("PARENT", "b") + second + "growth:"))
    assert [fault.path for fault in circle] == [f"workloads.{name}.load.per_request_of" for name in "ab"]


def test_names_phases_and_points_are_checked(notes: Path) -> None:
    extra = "integrations: {ehr: {workloads: [notse]}}\nevidence: {prototype: {gpu: l4, gpus: 1, workload: x}}\n"
    phases = "{phases: [{name: a, share: 0 %, start: 2027-09-01}, {name: b, share: 1, start: 2027-08-01}], "
    phases += "points: {2027-07: 1.2, 2027-09: 180 %}}"
    faults = faults_with(("{rate: 4 %/month}", phases), ("resilience:", extra + "resilience:"))
    assert [fault.path for fault in faults] == [
        "growth.phases.0.share",
        "growth.phases.1.start",
        "growth.points.2027-07",
        "integrations.ehr.workloads.0",
        "evidence.prototype.workload",
    ]


def test_one_output_token_has_no_tpot(notes: Path) -> None:
    one = ("{mean: 420, p95: 900}", "{mean: 1, p95: 1}")
    (given,) = faults_with(one)
    assert given.path == "workloads.notes.slo.tpot_p95" and given.line == 13
    (by_default,) = faults_with(one, ("    slo: {ttft_p95: 2 s, tpot_p95: 60 ms}\n", ""))
    assert by_default.path == "workloads.notes.slo" and by_default.line == 8
    Path("notes.yaml").write_text(NOTES.replace(*one).replace(", tpot_p95: 60 ms", ""), encoding="utf-8")
    assert load_profile("notes.yaml").profile.workloads["notes"].slo == {"ttft_p95": 2.0}


def test_a_closed_load_needs_targets_that_give_a_rate(notes: Path) -> None:
    closed = ("users: 1800, requests_per_user_hour: 6, peak_factor: 2.5", "concurrency: 40")
    (fault,) = faults_with(closed, ("ttft_p95: 2 s, ", ""))
    assert fault.path == "workloads.notes.slo" and "to give a rate" in fault.problem


def test_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(NOTES.encode())))
    loaded = load_profile("-")
    assert loaded.base_dir is None and loaded.profile.name == "clinical-notes"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"name: 5")))
    with pytest.raises(InvalidInput, match="<stdin>:1:7: name: text is expected"):
        load_profile("-")


def test_ready_profiles_by_name() -> None:
    assert "clinical-notes" in ready_profiles()
    assert load_profile("clinical-notes").profile.name == "clinical-notes"
    with pytest.raises(InvalidInput, match='no ready profile of that name \\(did you mean "clinical-notes"'):
        load_profile("clinical-note")


@pytest.mark.parametrize("text", ["", "# only a note\n", "5", "- a", "null"])
def test_a_file_without_fields(notes: Path, text: str) -> None:
    notes.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match="a mapping of fields is expected"):
        load_profile(notes)
