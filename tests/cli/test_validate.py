"""`aisizer validate` as a pipeline runs it: annotations that a forge puts beside the line, and every fault in words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from command_line import SMALL, Cli, Result

FAULTY = SMALL.replace("6 req/s", "6").replace("llama-3.1-8b", "llama-3.1-8bb")
COMMAND = re.compile(
    r"::error file=(?P<file>[^,]+),line=(?P<line>\d+),col=(?P<col>\d+),title=(?P<title>[^:]+)::(?P<said>.*)"
)


@pytest.fixture(autouse=True)
def laid_out(tmp_path: Path) -> None:
    (tmp_path / "sub" / "model").mkdir(parents=True)
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "sub" / "faulty.yaml").write_text(FAULTY, encoding="utf-8")
    (tmp_path / "growth.yaml").write_text("growth:\n  rate: 4\n", encoding="utf-8")


def spots(file: str) -> dict[str, tuple[int, int]]:
    """Where the values stand that are wrong, found in the text itself."""
    lines = Path(file).read_text("utf-8").splitlines()
    wrong = {"workloads.chat.model": "llama-3.1-8bb", "workloads.chat.load.rate": "6}"}
    return {
        field: next((row + 1, line.index(text) + 1) for row, line in enumerate(lines) if text in line)
        for field, text in wrong.items()
    }


def test_github_gets_a_command_with_file_line_and_column_for_each_fault(cli: Cli) -> None:
    found = cli("validate", "sub/faulty.yaml", "small.yaml", "--format", "github")
    commands = [COMMAND.fullmatch(line) for line in found.out.splitlines()]
    assert found.code == 2 and len(commands) == 2 and all(commands)
    assert {m["title"]: (m["file"], int(m["line"]), int(m["col"])) for m in commands if m} == {
        field: ("sub/faulty.yaml", *spot) for field, spot in spots("sub/faulty.yaml").items()
    }
    assert found.err == cli("validate", "sub/faulty.yaml", "small.yaml").err and "2 faults" in found.err


def test_gitlab_gets_a_report_even_of_no_fault(cli: Cli) -> None:
    assert cli("validate", "small.yaml", "--format", "gitlab") == Result(0, "[]\n", "")
    found = cli("validate", "./sub/faulty.yaml", "--format", "gitlab")
    report = json.loads(found.out)
    assert found.code == 2 and {entry["location"]["path"] for entry in report} == {"sub/faulty.yaml"}
    places = [entry["location"]["positions"]["begin"] for entry in report]
    assert sorted((at["line"], at["column"]) for at in places) == sorted(spots("sub/faulty.yaml").values())
    assert len({entry["fingerprint"] for entry in report}) == 2
    assert {entry["severity"] for entry in report} == {"blocker"}


def test_a_fault_that_only_moved_keeps_its_fingerprint(cli: Cli) -> None:
    before = json.loads(cli("validate", "sub/faulty.yaml", "--format", "gitlab").out)
    Path("sub/faulty.yaml").write_text("# a new line above\n" + FAULTY, encoding="utf-8")
    after = json.loads(cli("validate", "sub/faulty.yaml", "--format", "gitlab").out)
    assert [entry["fingerprint"] for entry in before] == [entry["fingerprint"] for entry in after] and before != after


def test_a_valid_profile_is_said_to_be(cli: Cli) -> None:
    for form in ("text", "github"):
        assert cli("validate", "small.yaml", "--format", form) == Result(0, "small.yaml: valid.\n", "")


def test_a_fault_of_a_shared_fragment_is_told_once_and_in_its_own_file(cli: Cli) -> None:
    Path("other.yaml").write_text(SMALL, encoding="utf-8")
    found = cli("validate", "small.yaml", "other.yaml", "--with", "growth.yaml", "--format", "github")
    assert found.code == 2 and "1 fault;" in found.err
    assert found.out.startswith("::error file=growth.yaml,line=2,col=9,title=growth.rate::the unit is missing")


def test_a_faulty_config_json_is_annotated_where_it_lies(cli: Cli) -> None:
    Path("sub/model/config.json").write_text('{\n "a": }', encoding="utf-8")
    Path("sub/small.yaml").write_text(SMALL.replace("llama-3.1-8b", "model/config.json"), encoding="utf-8")
    found = cli("validate", "sub/small.yaml", "--format", "github")
    assert found.out.startswith("::error file=sub/model/config.json,line=2,col=7,title=aisizer::this is not JSON")


def test_what_has_no_line_is_told_without_one(cli: Cli) -> None:
    found = cli("validate", "absent.yaml", "--format", "github")
    assert found.code == 2 and found.out.startswith("::error::absent.yaml: the file cannot be read")
    (entry,) = json.loads(cli("validate", "absent.yaml", "--format", "gitlab").out)
    assert entry["location"] == {"path": "absent.yaml", "positions": {"begin": {"line": 1, "column": 1}}}


def test_a_name_that_is_no_profile_is_told_once_for_each_file(cli: Cli) -> None:
    said = cli("validate", "nowhere", "absent", "small.yaml").err.splitlines()
    assert [line.partition(": there is no")[0] for line in said] == [
        "nowhere",
        "absent",
        "2 faults; nothing was written.",
    ]


def test_a_catalog_that_is_not_there_is_no_fault_of_each_profile(cli: Cli) -> None:
    found = cli("validate", "small.yaml", "sub/faulty.yaml", "--catalog", "own", "--format", "github")
    assert found.code == 2 and found.out.startswith("::error::own: there is no such folder") and "1 fault;" in found.err


def test_an_unknown_format_is_a_sentence(cli: Cli) -> None:
    found = cli("validate", "small.yaml", "--format", "sarif")
    assert found == Result(2, "", "--format: text, github or gitlab is expected (got sarif). Choose one.\n")
