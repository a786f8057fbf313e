"""`aisizer simulate` as its users call it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from aisizer.cli.schema import schema

MINIMAL = str(Path(__file__).parents[2] / "examples" / "minimal" / "profile.yaml")


def aisizer(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aisizer", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_a_profile_its_plan_and_the_plans_folder_are_the_same_fleet(tmp_path: Path) -> None:
    made = aisizer("size", MINIMAL, "-o", "out", "--quiet", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    answers = [
        aisizer("simulate", subject, "--seconds", "300", "--seeds", "1", "--json", cwd=tmp_path)
        for subject in (MINIMAL, "out", "out/sizing.json")
    ]
    assert [a.returncode for a in answers] == [0, 0, 0], answers[1].stderr
    assert answers[0].stdout == answers[1].stdout == answers[2].stdout
    answer = json.loads(answers[0].stdout)
    assert answer["schema"] == "aisizer/simulation/v1"
    jsonschema.validate(answer, json.loads(schema("simulation")))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(answer | {"seeds": "one"}, json.loads(schema("simulation")))


def test_files_are_written_and_nothing_else(tmp_path: Path) -> None:
    options = ["--seconds", "120", "--seeds", "1", "--requests-out", "r.csv", "--svg", "q.svg"]
    found = aisizer("simulate", MINIMAL, *options, cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["q.svg", "r.csv"]
    assert (tmp_path / "r.csv").read_text(encoding="utf-8").startswith("pool,seed,workload,sent_s")
    assert (tmp_path / "q.svg").read_text(encoding="utf-8").startswith("<svg xmlns=")
    assert found.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "no ready profile"),
        (["nowhere.json"], "does not exist"),
        ([MINIMAL, "--drill", "flood"], "--drill is one of server-lost"),
        ([MINIMAL, "--seconds", "5"], "60 s to a week"),
        (["plan", "--set", "growth.rate=0"], "--set or --with"),
        ([MINIMAL, "--requests-out", "gone/r.csv", "--seconds", "60", "--seeds", "1"], "cannot be written"),
    ],
)
def test_refusals_are_sentences(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "plan").mkdir()
    found = aisizer("simulate", *arguments, cwd=tmp_path)
    assert found.returncode == 2
    assert message in found.stderr and "Traceback" not in found.stderr
    assert found.stdout == ""
