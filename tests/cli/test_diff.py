"""`aisizer diff` as its users run it: exit codes, formats, gates, and one clear sentence for every mistake."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import ON_PREMISES, Cli, Result

PROFILE = (
    ON_PREMISES
    + """\
growth: {rate: 4 %/month, phases: [{name: all, share: 100 %, start: 2027-12-01, owner: "Kim | @ops <b>"}]}
"""
)
MORE = ("--set", "workloads.chat.load.rate=60 req/s")


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("plans")
    (folder / "small.yaml").write_text(PROFILE, encoding="utf-8")

    def sized(*more: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "aisizer", "size", "small.yaml", "--json", "--confirm", "none", *more]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert done.returncode in (0, 3), done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return {"old": sized(), "new": sized(*MORE), "none": sized("--set", "workloads.chat.slo={ttft_p95: 1 ms}")}


@pytest.fixture(autouse=True)
def laid_out(tmp_path: Path, plans: dict[str, Any]) -> None:
    for name, plan in plans.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(plan), encoding="utf-8")


def test_no_change_is_one_line_and_exit_0(cli: Cli) -> None:
    assert cli("diff", "old.json", "old.json") == Result(0, "Nothing changed.\n", "")


def test_a_folder_stands_for_its_plan(cli: Cli) -> None:
    Path("out").mkdir()
    Path("old.json").rename("out/sizing.json")
    assert cli("diff", "out", "out/sizing.json").out == "Nothing changed.\n"


def test_the_table_tells_what_grew(cli: Cli, plans: dict[str, Any]) -> None:
    result = cli("diff", "old.json", "new.json")
    assert result.code == 0 and result.err == "" and "\x1b" not in result.out
    assert result.out.startswith("small: 3-year cost +") and "GPUs, month 36" in result.out
    assert "~ workloads.chat.load.rate" in result.out and all(len(line) <= 80 for line in result.out.splitlines())
    total = plans["new"]["tco"]["on_premises"]["three_year_usd"]
    assert f"{total:,.2f}" in result.out
    assert cli("diff", "old.json", "new.json") == result


def test_json_and_markdown_are_the_same_diff(cli: Cli, plans: dict[str, Any]) -> None:
    data = json.loads(cli("diff", "old.json", "new.json", "--format", "json").out)
    assert data["schema"] == "aisizer/diff/v1"
    totals = {row["path"]: row for row in data["totals"]}
    difference = (
        plans["new"]["tco"]["on_premises"]["three_year_usd"] - plans["old"]["tco"]["on_premises"]["three_year_usd"]
    )
    assert totals["tco.three_year_usd"]["delta_usd"] == f"{difference:.2f}"
    comment = cli("diff", "old.json", "new.json", "--format", "markdown").out
    assert comment.startswith("### `small`: 3-year cost +") and f"+{difference:,.2f}" in comment
    assert comment.count("<details>") >= 5


def test_the_schema_of_a_diff_is_published(cli: Cli) -> None:
    published = json.loads(cli("schema", "diff").out)
    assert published["$id"] == "urn:aisizer:diff:v1"
    data = json.loads(cli("diff", "old.json", "new.json", "--format", "json").out)
    assert set(data) == set(published["properties"]) and set(published["required"]) >= {
        "old",
        "new",
        "sections",
        "lines",
    }


def test_a_gate_that_fails_is_exit_4_after_the_diff(cli: Cli) -> None:
    gates = ("--fail-on", "decision.gpus > 8", "--fail-on", "not slo.met", "--max-increase", "5%")
    result = cli("diff", "old.json", "new.json", *gates)
    assert result.code == 4 and result.out.startswith("small: 3-year cost")
    assert 'The gate --fail-on "not slo.met" holds: slo.met is true.' in result.out
    first, second = result.err.splitlines()
    assert first.startswith('The gate --fail-on "decision.gpus > 8" fails: decision.gpus is ')
    assert second.startswith("The gate --max-increase tco.three_year_usd=5% fails: tco.three_year_usd goes from ")
    assert cli("diff", "old.json", "old.json", "--max-increase", "0%", "--fail-on", "decision.gpus > 16").code == 0
    assert cli("diff", "new.json", "old.json", "--max-increase", "0%", "--max-increase", "decision.gpus=0%").code == 0


def test_a_gate_of_the_new_profile_is_judged_too(cli: Cli, plans: dict[str, Any]) -> None:
    gated = {**plans["new"], "profile": {**plans["new"]["profile"], "gates": ["decision.gpus <= 8", "slo.met"]}}
    Path("gated.json").write_text(json.dumps(gated), encoding="utf-8")
    result = cli("diff", "old.json", "gated.json", "--format", "markdown")
    assert result.code == 4 and result.err.startswith("The gate decision.gpus <= 8 fails: ")
    assert "- **FAILS**: `decision.gpus <= 8`" in result.out and "- holds: `slo.met`" in result.out
    assert cli("diff", "gated.json", "new.json").code == 0


def test_a_new_plan_without_a_decision_is_exit_3_and_shown(cli: Cli) -> None:
    result = cli("diff", "old.json", "none.json", "--fail-on", "decision.gpus > 8", "--max-increase", "5%")
    assert result.code == 3 and "The new plan has no decision" in " ".join(result.out.split())
    assert result.err.startswith("none.json has no decision: no option met its profile.")
    assert cli("diff", "none.json", "none.json").code == 3


def test_an_old_plan_without_a_decision_is_only_said(cli: Cli) -> None:
    result = cli("diff", "none.json", "new.json", "--fail-on", "decision.gpus > 800")
    assert result.code == 0 and "The old plan has no decision" in " ".join(result.out.split())
    raised = cli("diff", "none.json", "new.json", "--max-increase", "5%")
    assert raised.code == 4 and "in OLD tco.three_year_usd has no value" in raised.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("old.json", "absent.json"), "The path absent.json does not exist"),
        (("absent", "old.json"), "The path absent does not exist"),
        (("old.json", "new.json", "--format", "yaml"), "--format: table, json or markdown is expected (got yaml)"),
        (("old.json", "new.json", "--fail-on", "decision.gpuz > 3"), "Did you mean decision.gpus"),
        (("old.json", "new.json", "--fail-on", "decision.gpu > 3"), "decision.gpu is no number"),
        (("old.json", "new.json", "--fail-on", "decision.gpus"), "is neither true nor false"),
        (("old.json", "new.json", "--fail-on", "decision.gpus => 3"), "is not a gate"),
        (("old.json", "new.json", "--max-increase", "5"), "'5' is no limit. Write 5%"),
        (("old.json", "new.json", "--max-increase", "tco.tree_year_usd=5%"), "Did you mean tco.three_year_usd"),
        (("old.json", "none.json", "--fail-on", "decision.gpus => 3"), "is not a gate"),
        (("old.json", "none.json", "--max-increase", "5"), "is no limit"),
    ],
)
def test_mistakes_are_exit_2_with_one_sentence(arguments: tuple[str, ...], said: str, cli: Cli) -> None:
    result = cli("diff", *arguments)
    assert (result.code, result.out) == (2, "") and said in result.err, result.err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"schema": "aisizer/plan/v2"},
            "newer.json is a plan of schema aisizer/plan/v2, and this version reads aisizer/plan/v1.",
        ),
        ({"schema": "aisizer/watch/v1"}, "newer.json is no plan"),
        ({"aisizer_version": "9.0.0", "carbon": 1}, "aisizer 9.0.0 wrote it and this is "),
        ({"carbon": 1}, "Run aisizer size again."),
    ],
)
def test_a_plan_that_this_version_cannot_read_is_refused(
    change: dict[str, Any], said: str, cli: Cli, plans: dict[str, Any]
) -> None:
    Path("newer.json").write_text(json.dumps(plans["new"] | change), encoding="utf-8")
    for pair in (("newer.json", "old.json"), ("old.json", "newer.json")):
        result = cli("diff", *pair)
        assert (result.code, result.out) == (2, "") and said in result.err


def test_a_plan_of_another_version_is_compared_and_the_version_told(cli: Cli, plans: dict[str, Any]) -> None:
    Path("older.json").write_text(json.dumps(plans["old"] | {"aisizer_version": "0.0.9"}), encoding="utf-8")
    result = cli("diff", "older.json", "old.json")
    assert result.code == 0 and "~ aisizer" in result.out and "0.0.9" in result.out


def test_free_text_of_a_profile_stays_text_in_the_comment(cli: Cli) -> None:
    Path("small.yaml").write_text(PROFILE.replace("4 %/month", "5 %/month").replace("@ops", "@root"), encoding="utf-8")
    cli("size", "small.yaml", "-o", "out", "-q", "--confirm", "none")
    comment = cli("diff", "old.json", "out", "--format", "markdown").out
    outside = re.sub(r"(`+).*?\1", "", comment)
    assert "<b>" not in outside and "@" not in outside
    rows = [line for line in comment.splitlines() if line.startswith("| ~ `growth")]
    assert rows and all(line.replace("\\|", "").count("|") == 6 for line in rows)


def test_size_fails_on_a_condition_after_the_files_are_written(cli: Cli) -> None:
    Path("small.yaml").write_text(PROFILE, encoding="utf-8")
    size = ("size", "small.yaml", "-o", "out", "-q", "--confirm", "none")
    result = cli(*size, "--fail-on", "tco.three_year_usd > 1", "--fail-on", "not slo.met", "--fail-on", "slo.chat.met")
    assert result.code == 4 and Path("out/sizing.json").exists()
    assert [line.split(" fails")[0] for line in result.err.splitlines()[:-1]] == [
        'The gate --fail-on "tco.three_year_usd > 1"',
        'The gate --fail-on "slo.chat.met"',
    ]
    assert cli(*size, "--fail-on", "decision.gpus > 800").code == 0


@pytest.mark.parametrize("condition", ["tco.three_year_usd >> 1", "nonsense.path > 1", "decision.site > 1"])
def test_what_size_cannot_judge_writes_nothing(condition: str, cli: Cli) -> None:
    Path("small.yaml").write_text(PROFILE, encoding="utf-8")
    result = cli("size", "small.yaml", "-o", "out", "--confirm", "none", "--fail-on", condition)
    assert (result.code, result.out) == (2, "") and result.err.startswith("--fail-on: ") and not Path("out").exists()
