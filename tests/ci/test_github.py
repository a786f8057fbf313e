"""The very steps of the composite action, as the workflow of the worked repository calls it, in a checkout of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from worked_repository import EXAMPLE, ROOT, Ran, WorkedRepository

ACTION = yaml.safe_load((ROOT / ".ci" / "github" / "action.yml").read_text("utf-8"))
WORKFLOW = yaml.safe_load((EXAMPLE / ".github" / "workflows" / "sizing.yml").read_text("utf-8"))
CHECKOUT, USES, UPLOAD = WORKFLOW["jobs"]["sizing"]["steps"]
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
EXPRESSION = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")

pytestmark = pytest.mark.external("git", "jq")


@dataclass(frozen=True)
class Job:
    """What a run of the action left."""

    code: int
    steps: dict[str, Ran]
    out: Path
    summary: str


def run_action(worked: WorkedRepository, token: str = "secret", steps: Iterable[str] = STEPS, **inputs: str) -> Job:
    """Every step until one fails, as a runner does; expressions are looked up."""
    given = USES["with"] | inputs
    github = {"github.token": token, "github.event.pull_request.number": "7"}
    values = github | {
        f"inputs.{name}": given.get(name, evaluated(str(each.get("default", "")), github))
        for name, each in ACTION["inputs"].items()
    }
    temp = worked.folder / "temp"
    temp.mkdir(exist_ok=True)
    (temp / "summary.md").write_text("", encoding="utf-8")
    environment = {
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "acme/sizing",
        "GITHUB_RUN_ID": "123",
        "GITHUB_BASE_REF": "main",
        "GITHUB_ACTION_PATH": str(ROOT / ".ci" / "github"),
        "GITHUB_STEP_SUMMARY": str(temp / "summary.md"),
        "GITHUB_PATH": str(temp / "path"),
        "RUNNER_TEMP": str(temp),
    }
    ran: dict[str, Ran] = {}
    for name in steps:
        step = STEPS[name]
        own = {variable: evaluated(value, values) for variable, value in step.get("env", {}).items()}
        ran[name] = worked.bash(step["run"], environment | own)
        if ran[name].code and not step.get("continue-on-error"):
            break
    return Job(ran[name].code, ran, temp / "aisizer-out", (temp / "summary.md").read_text("utf-8"))


def evaluated(text: str, values: Mapping[str, str]) -> str:
    return EXPRESSION.sub(lambda found: values[found[1]], text)


def annotations(job: Job) -> list[str]:
    return [line for ran in job.steps.values() for line in ran.out.splitlines() if line.startswith("::error")]


def test_a_change_is_commented_once_and_the_next_one_updates_it_and_fails_the_gate(worked: WorkedRepository) -> None:
    worked.say("<!-- aisizer profile.yaml --> said by somebody else", user=2)
    worked.change("rate: 6 req/s", "rate: 7 req/s")
    job = run_action(worked)
    assert job.code == 0, job.steps
    (_, comment) = worked.comments
    assert comment["user"] == 1 and comment["body"].startswith("<!-- aisizer profile.yaml -->\n### `help-desk`: ")
    assert "| ~ `workloads.chat.load.rate` | `6 req/s` | `7 req/s` |" in comment["body"]
    assert "- holds: `--max-increase tco.three_year_usd=10%`" in comment["body"]
    assert comment["body"].endswith("(https://github.com/acme/sizing/actions/runs/123)\n")
    assert job.summary == comment["body"] and annotations(job) == []

    worked.change("rate: 7 req/s", "rate: 60 req/s")
    worked.change("[slo.met]", "[slo.met, decision.gpus <= 8]")
    job = run_action(worked)
    assert job.code == 4 and list(job.steps)[-1] == "Gate"
    (other, updated) = worked.comments
    assert other["body"].endswith("somebody else") and updated["id"] == comment["id"]
    (said,) = annotations(job)
    for gate in ("decision.gpus <= 8", "--max-increase tco.three_year_usd=10%"):
        assert f"- **FAILS**: `{gate}`" in updated["body"]
        assert f"The gate {gate.replace('%', '%25')} fails: " in said
    files = {path.relative_to(job.out).as_posix() for path in job.out.rglob("*")}
    assert {"before/sizing.json", "comment.md", "diff.txt"} < files
    assert (job.out / "diff.txt").read_text("utf-8") in job.steps["Size and compare"].out
    assert {
        f"after/{name}" for name in ("sizing.json", "bom.csv", "bom.json", "bom.cdx.json", "rfq.csv", "tco.xlsx")
    } < files
    assert worked.git("status", "--porcelain") == "", "the checkout is left as it was"


def test_a_faulty_profile_is_annotated_at_its_lines_and_nothing_is_sized(worked: WorkedRepository) -> None:
    worked.change("rate: 6 req/s", "rate: 6")
    worked.change("rate: 4 %/month", "rat: 4 %/month")
    job = run_action(worked)
    assert job.code == 2 and list(job.steps) == ["Install aisizer", "Validate"]
    lines = (worked.checkout / "profile.yaml").read_text("utf-8").splitlines()
    places = {
        f"::error file=profile.yaml,line={row},col={line.index(text) + 1},title="
        for row, line in enumerate(lines, 1)
        for text in ("6}", "rat:")
        if text in line
    }
    found = annotations(job)
    assert len(found) == 2 and {said[: said.index("title=") + 6] for said in found} == places
    assert worked.comments == []


def test_no_feasible_plan_is_told_with_what_would_free_it(worked: WorkedRepository) -> None:
    worked.change("ttft_p95: 1.5 s", "ttft_p95: 1 ms")
    job = run_action(worked)
    assert job.code == 3
    (comment,) = worked.comments
    assert "freed by: workloads.chat.slo.ttft_p95" in comment["body"] and len(annotations(job)) == 1


def test_a_new_profile_is_shown_and_its_conditions_are_judged(worked: WorkedRepository) -> None:
    text = (worked.checkout / "profile.yaml").read_text("utf-8")
    (worked.checkout / "new one.yaml").write_text(text, encoding="utf-8")
    worked.commit("One more profile")
    job = run_action(worked, profile="new one.yaml", **{"fail-on": "decision.gpus > 8\nnot slo.met\n"})
    assert job.code == 4
    (comment,) = worked.comments
    assert comment["body"].startswith(
        "<!-- aisizer new one.yaml -->\n### `new one.yaml`\n\n```text\nhelp-desk: buy 16 x"
    )
    assert 'The gate --fail-on "decision.gpus > 8" fails' in comment["body"]
    assert str(worked.folder) not in comment["body"] and "after/sizing.html" in comment["body"]
    assert "There is no plan of the target branch to compare with." in comment["body"]


def reported(worked: WorkedRepository, before: str, after: str, comment: str, token: str = "secret") -> Ran:
    """The step that posts, on what the steps before it would leave."""
    out = worked.folder / "temp" / "aisizer-out"
    for name, text in {"before/sizing.json": before, "after/sizing.json": after, "comment.md": comment}.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(text, encoding="utf-8")
    return run_action(worked, token, ["Report"]).steps["Report"]


def test_an_unchanged_plan_is_no_news_until_there_is_a_comment_to_update(worked: WorkedRepository) -> None:
    assert reported(worked, "{}", "{}", "<!-- m -->\nNothing") == Ran(0, "", "") and worked.comments == []
    assert reported(worked, "{}", "{ }", "<!-- m -->\nSome").code == 0
    assert reported(worked, "{}", "{}", "<!-- m -->\nNothing again").code == 0
    assert [comment["body"] for comment in worked.comments] == ["<!-- m -->\nNothing again"]


def test_a_token_that_may_not_comment_is_a_warning_and_fails_no_job(worked: WorkedRepository) -> None:
    done = reported(worked, "{}", "{ }", "<!-- m -->\nSome", token="read-only")
    assert done.code and done.out.startswith("::warning::The comment was not posted.") and worked.comments == []
    assert STEPS["Report"]["continue-on-error"] is True
    assert reported(worked, "{}", "{ }", "<!-- m -->\nSome", token="") == Ran(0, "", "")


def test_without_gh_the_warning_names_it(worked: WorkedRepository) -> None:
    (worked.tools / "gh").unlink()
    done = reported(worked, "{}", "{ }", "<!-- m -->\nSome")
    assert done.code and "It needs gh" in done.out


def test_a_checkout_of_another_user_is_compared_all_the_same(
    worked: WorkedRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container, which has another user than the runner; the variable is how git's own tests say so."""
    monkeypatch.setitem(worked.environment, "GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    refused = worked.bash("git log", {})
    assert refused.code and "dubious ownership" in refused.err
    job = run_action(worked)
    assert job.code == 0 and (job.out / "before" / "sizing.json").is_file(), job.steps


def test_a_shallow_clone_is_refused_with_the_mend(worked: WorkedRepository) -> None:
    worked.git("branch", "--delete", "--remotes", "origin/main")
    job = run_action(worked)
    assert job.code == 2 and "fetch-depth: 0" in job.steps["Size and compare"].err


def test_the_workflow_calls_the_action_and_uploads_its_folder() -> None:
    owner, repository, path = USES["uses"].partition("@")[0].split("/", 2)
    assert (repository, path) == ("aisizer", ".ci/github") and (ROOT / path / "action.yml").is_file() and owner
    assert set(USES["with"]) <= set(ACTION["inputs"])
    assert CHECKOUT["with"] == {"fetch-depth": 0}
    for step in STEPS.values():
        assert step["shell"] == "bash" and "${{" not in step["run"], "an expression inside a script is an injection"
    assert UPLOAD["with"]["path"] == "${{ runner.temp }}/aisizer-out" and UPLOAD["if"] == "${{ !cancelled() }}"
    assert WORKFLOW["permissions"] == {"contents": "read", "pull-requests": "write"}


def test_aisizer_is_installed_from_the_version_that_is_used(worked: WorkedRepository) -> None:
    (worked.tools / "aisizer").unlink()
    (worked.tools / "python3").unlink()
    pip = 'mkdir -p "$3/bin"; echo \'#!/bin/sh\necho "$@"\' > "$3/bin/pip"; chmod +x "$3/bin/pip"'
    worked.put_tool("python3", pip.replace("chmod", "/bin/chmod"))
    temp = worked.folder / "temp"
    temp.mkdir()
    environment = {
        "RUNNER_TEMP": str(temp),
        "GITHUB_PATH": str(temp / "path"),
        "GITHUB_ACTION_PATH": str(ROOT / ".ci/github"),
    }
    done = worked.bash(ACTION["runs"]["steps"][0]["run"], environment)
    assert done.code == 0, done.err
    assert (Path(done.out.split()[-1]) / "pyproject.toml").resolve() == ROOT / "pyproject.toml"
    assert (temp / "path").read_text("utf-8").strip() == str(temp / "aisizer-env" / "bin")
