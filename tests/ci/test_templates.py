"""The files that forges and pre-commit read are what their schemas ask for, and say the same thing twice only where both must."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from worked_repository import EXAMPLE, ROOT, WorkedRepository

TOOLS = Path(sys.executable).parent
ACTION, TEMPLATE = ROOT / ".ci" / "github" / "action.yml", ROOT / ".ci" / "gitlab" / "aisizer.yml"
WORKFLOW, PIPELINE = EXAMPLE / ".github" / "workflows" / "sizing.yml", EXAMPLE / ".gitlab-ci.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"


@pytest.mark.parametrize(
    "command",
    [
        ("check-jsonschema", "--builtin-schema", "vendor.github-actions", ACTION),
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows", WORKFLOW),
        ("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", TEMPLATE, PIPELINE),
        ("pre-commit", "validate-manifest", HOOKS),
        ("pre-commit", "validate-config", EXAMPLE / ".pre-commit-config.yaml"),
    ],
    ids=lambda command: Path(command[-1]).name,
)
def test_each_file_fits_its_schema(command: tuple[str | Path, ...]) -> None:
    done = subprocess.run([TOOLS / command[0], *command[1:]], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_both_forges_size_and_compare_with_the_same_text() -> None:
    github = yaml.safe_load(ACTION.read_text("utf-8"))["runs"]["steps"]
    gitlab = yaml.safe_load(TEMPLATE.read_text("utf-8"))[".aisizer"]["script"]
    (text,) = (step["run"] for step in github if step["name"] == "Size and compare")
    assert text in gitlab


def test_the_versions_that_are_named_are_ours() -> None:
    import aisizer

    for file in (ACTION, TEMPLATE, WORKFLOW, PIPELINE, EXAMPLE / ".pre-commit-config.yaml", ROOT / "docs" / "ci.md"):
        text = file.read_text("utf-8")
        assert f"v{aisizer.__version__}" in text, f"{file.name} names another version"


@pytest.mark.external("git")
def test_the_hook_refuses_a_faulty_profile_and_looks_at_profiles_only(worked: WorkedRepository) -> None:
    (hook,) = yaml.safe_load(HOOKS.read_text("utf-8"))
    config = {"repos": [{"repo": "local", "hooks": [hook | {"language": "system"}]}]}
    (worked.checkout / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    worked.put_tool("pre-commit", f'exec "{TOOLS / "pre-commit"}" "$@"')
    valid = worked.bash("git add --all && pre-commit run --all-files --verbose", {})
    assert valid.code == 0 and "profile.yaml: valid." in valid.out and "sizing.yml" not in valid.out
    worked.change("rate: 6 req/s", "rate: 6")
    faulty = worked.bash("pre-commit run --all-files", {})
    assert faulty.code == 1 and "profile.yaml:9:18: workloads.chat.load.rate: the unit is missing" in faulty.out
