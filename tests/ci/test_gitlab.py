"""The very script of the GitLab template, as the worked repository extends it, in a checkout of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from worked_repository import EXAMPLE, ROOT, Ran, WorkedRepository

TEMPLATE: dict[str, Any] = yaml.safe_load((ROOT / ".ci" / "gitlab" / "aisizer.yml").read_text("utf-8"))[".aisizer"]
PIPELINE: dict[str, Any] = yaml.safe_load((EXAMPLE / ".gitlab-ci.yml").read_text("utf-8"))
JOB = PIPELINE["sizing"]

pytestmark = pytest.mark.external("git")


@dataclass(frozen=True)
class Done:
    """What a run of the job left: its script decides the exit code, what runs after it does not."""

    script: Ran
    after: Ran
    out: Path


def run(part: str, worked: WorkedRepository, **variables: str) -> Ran:
    """The lines of a part share one shell."""
    environment = (
        {name: str(value) for name, value in (TEMPLATE["variables"] | JOB["variables"]).items()}
        | {
            "CI_PROJECT_DIR": str(worked.checkout),
            "CI_JOB_URL": "https://gitlab.example/acme/sizing/-/jobs/9",
            "CI_API_V4_URL": "https://gitlab.example/api/v4",
            "CI_MERGE_REQUEST_PROJECT_ID": "42",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "AISIZER_TOKEN": "secret",
            "TMPDIR": str(worked.folder),
        }
        | variables
    )
    return worked.bash("\n".join(TEMPLATE[part]), environment)


def run_job(worked: WorkedRepository) -> Done:
    """Both parts, the second whatever the first came to."""
    return Done(run("script", worked), run("after_script", worked), worked.checkout / "aisizer-out")


def test_a_regression_updates_the_one_comment_and_fails_after_it(worked: WorkedRepository) -> None:
    worked.say("<!-- aisizer profile.yaml -->\nof an earlier run", user=1)
    for number in range(120):
        worked.say(f"<!-- aisizer profile.yaml --> quoted by somebody, {number}", user=2)
    worked.change("rate: 6 req/s", "rate: 60 req/s")
    done = run_job(worked)
    assert done.script.code == 4 and done.after == Ran(0, "", "")
    assert done.script.out.splitlines()[-1].startswith("The gate --max-increase tco.three_year_usd=10% fails: ")
    assert len(worked.comments) == 121
    body = worked.comments[0]["body"]
    assert body.startswith("<!-- aisizer profile.yaml -->\n### `help-desk`: 3-year cost +")
    assert "- **FAILS**: `--max-increase tco.three_year_usd=10%`" in body
    assert body.endswith("(https://gitlab.example/acme/sizing/-/jobs/9)\n")
    report = worked.checkout / TEMPLATE["artifacts"]["reports"]["codequality"]
    assert report.read_text("utf-8") == "[]\n" and TEMPLATE["artifacts"]["paths"] == [f"{done.out.name}/"]
    assert (done.out / "after" / "bom.cdx.json").is_file() and TEMPLATE["artifacts"]["when"] == "always"


def test_a_faulty_profile_is_reported_at_its_line(worked: WorkedRepository) -> None:
    worked.change("rate: 6 req/s", "rate: 6")
    done = run_job(worked)
    assert done.script.code == 2 and done.after == Ran(0, "", "") and not done.out.exists()
    (entry,) = json.loads((worked.checkout / TEMPLATE["artifacts"]["reports"]["codequality"]).read_text("utf-8"))
    lines = (worked.checkout / "profile.yaml").read_text("utf-8").splitlines()
    (row,) = (row for row, line in enumerate(lines, 1) if "load:" in line)
    begin = {"line": row, "column": lines[row - 1].index("6}") + 1}
    assert entry["location"] == {"path": "profile.yaml", "positions": {"begin": begin}}


def commented(worked: WorkedRepository, before: str, after: str, **variables: str) -> Ran:
    """What runs after the script, on what the script would leave."""
    out = worked.checkout / "aisizer-out"
    for name, text in {
        "before/sizing.json": before,
        "after/sizing.json": after,
        "comment.md": "<!-- m -->\nSome",
    }.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(text, encoding="utf-8")
    return run("after_script", worked, **variables)


def test_what_changed_is_commented_once(worked: WorkedRepository) -> None:
    assert commented(worked, "{}", "{}") == Ran(0, "", "") and worked.comments == []
    for _ in range(2):
        assert commented(worked, "{}", "{ }") == Ran(0, "", "")
    assert worked.comments == [{"id": 100, "user": 1, "body": "<!-- m -->\nSome"}]


def test_without_a_token_nothing_is_posted_and_that_is_said(worked: WorkedRepository) -> None:
    done = commented(worked, "{}", "{ }", AISIZER_TOKEN="")
    assert done.code == 0 and done.out.startswith("No comment is posted. Set AISIZER_TOKEN") and worked.comments == []
    refused = commented(worked, "{}", "{ }", AISIZER_TOKEN="wrong")
    assert refused.code and "401" in refused.err and worked.comments == []


def test_an_image_without_aisizer_needs_a_package(worked: WorkedRepository) -> None:
    (worked.tools / "aisizer").unlink()
    worked.put_tool("pip", 'echo "pip $*"')
    first = TEMPLATE["script"][0]
    assert (
        worked.bash(first, {"AISIZER_PACKAGE": "aisizer @ file:///w.whl"}).out
        == "pip install --quiet aisizer @ file:///w.whl\n"
    )
    refused = worked.bash(first, {"AISIZER_PACKAGE": ""})
    assert refused.code and "Name what pip installs, or use an image that has aisizer." in refused.err


def test_the_worked_repository_extends_the_template() -> None:
    (include,) = PIPELINE["include"]
    assert (ROOT / include["file"]).is_file() and JOB["extends"] == ".aisizer"
    assert set(JOB["variables"]) <= set(TEMPLATE["variables"])
