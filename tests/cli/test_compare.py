"""`aisizer compare` and `aisizer render --format` as a user types them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from command_line import ON_PREMISES, Cli


@pytest.fixture(autouse=True)
def laid_out(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(ON_PREMISES, encoding="utf-8")
    (tmp_path / "strict.yaml").write_text(
        ON_PREMISES.replace("60 ms", "1 ms").replace("small", "strict"), encoding="utf-8"
    )


def test_profiles_side_by_side_in_the_order_given(cli: Cli) -> None:
    found = cli("compare", "strict.yaml", "small.yaml", "--format", "json", "--chart", "costs.svg")
    assert found.code == 0 and found.err == ""
    answer = json.loads(found.out)
    assert answer["schema"] == "aisizer/compare/v1" and answer["confirm"] == "none"
    assert [s["name"] for s in answer["scenarios"]] == ["strict", "small"]
    strict, small = answer["scenarios"]
    assert strict["fleet"] is None and "slo" in strict["reason"]
    plan = json.loads(cli("size", "small.yaml", "--json", "--confirm", "none").out)
    assert small["fleet"]["three_year_usd"] == plan["tco"]["on_premises"]["three_year_usd"]
    assert small["profile_sha256"] == plan["inputs"]["profile_sha256"]
    assert Path("costs.svg").read_text("utf-8").startswith("<svg xmlns=")
    assert cli("compare", "strict.yaml", "small.yaml", "--format", "json").out == found.out


def test_one_profile_varied_is_what_size_says_of_each(cli: Cli) -> None:
    found = cli("compare", "small.yaml", "--vary", "resilience.redundancy=N,N+2", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(found.out)))
    assert [row["resilience.redundancy"] for row in rows] == ["N", "N+2"]
    assert int(rows[0]["gpus"]) < int(rows[1]["gpus"])
    sized = json.loads(
        cli("size", "small.yaml", "--set", "resilience.redundancy=N+2", "--json", "--confirm", "none").out
    )
    assert int(rows[1]["gpus"]) == sized["decision"]["gpus"]


def test_exit_codes_follow_the_scenarios(cli: Cli) -> None:
    none = cli("compare", "strict.yaml", "--vary", "resilience.redundancy=N,N+1", "--chart", "costs.svg")
    assert none.code == 3 and none.out.count("no plan") == 2 and not Path("costs.svg").exists()
    wrong = cli("compare", "small.yaml", "strict.yaml", "--vary", "growth.rate=5,x")
    assert wrong.code == 2 and wrong.out == "" and "growth.rate=5" in wrong.err and "growth.rate=x" in wrong.err
    for arguments in (
        ["small.yaml"],
        ["-", "--vary", "a=1,2"],
        ["small.yaml", "--vary", "growth.rate=1%/month,2%/month", "--format", "xml"],
    ):
        refused = cli("compare", *arguments)
        assert refused.code == 2 and refused.err
    assert refused.err == "There is no format 'xml' of a comparison. Use table, json, csv, markdown.\n"


def test_profiles_of_one_name_go_by_their_path(cli: Cli) -> None:
    Path("other.yaml").write_text(ON_PREMISES.replace("6 req/s", "9 req/s"), encoding="utf-8")
    answer = json.loads(cli("compare", "small.yaml", "other.yaml", "--format", "json").out)
    assert [s["name"] for s in answer["scenarios"]] == ["small.yaml", "other.yaml"]


def test_render_writes_the_formats_that_are_asked_for(cli: Cli) -> None:
    cli("size", "small.yaml", "-q", "--confirm", "none")
    folder = Path("sizing/small")
    before = {file.name for file in folder.iterdir()}
    found = cli("render", "sizing/small", "--format", "pdf, docx,brief,options.csv")
    assert found.code == 0
    added = {"sizing.pdf", "sizing.docx", "brief.pdf", "options.csv"}
    assert {file.name for file in folder.iterdir()} == before | added
    assert cli("render", "sizing/small", "--format", "brief", "-o", "decision.pdf").out == "decision.pdf\n"
    assert Path("decision.pdf").read_bytes() == (folder / "brief.pdf").read_bytes()
    html = (folder / "sizing.html").read_bytes()
    assert cli("render", "sizing/small", "--format", "html", "-o", "elsewhere").code == 0
    assert Path("elsewhere/sizing.html").read_bytes() == html
    wrong = cli("render", "sizing/small", "--format", "pfd")
    assert wrong.code == 2 and 'did you mean "pdf"' in wrong.err
