"""`aisizer size` as its users run it: outputs, exit codes, one clear sentence for every mistake, earlier files untouched."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import SMALL, Cli

FILES = {"bom.csv", "sizing.html", "sizing.json", "sizing.md", "tco.xlsx", "triggers.rules.yaml"}
TRIGGER_FILES = {
    "records.rules.yaml",
    "alerts.rules.yaml",
    "prometheusrule.yaml",
    "rules.test.yaml",
    "dashboard.json",
    "runbooks",
}
PROFILE = (
    SMALL
    + """\
supply: {gpus: [h100-sxm, l40s]}
"""
)


@pytest.fixture(autouse=True)
def laid_out(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(PROFILE, encoding="utf-8")


def folder_bytes(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_size_writes_its_files_and_shows_one_screen(cli: Cli) -> None:
    result = cli("size", "small.yaml")
    assert result.code == 0 and result.err == ""
    folder = Path("sizing/small")
    assert {file.name for file in folder.iterdir()} == FILES | {"triggers"}
    assert {file.name for file in (folder / "triggers").iterdir()} == TRIGGER_FILES
    plan = json.loads((folder / "sizing.json").read_text("utf-8"))
    assert plan["schema"] == "aisizer/plan/v1"
    assert f"{plan['decision']['gpus']} x" in result.out.splitlines()[0]
    with (folder / "bom.csv").open(encoding="utf-8", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == len(plan["bom"])
    assert all(len(line) <= 80 for line in result.out.splitlines())


def test_two_runs_give_the_same_bytes_and_leave_foreign_files_alone(cli: Cli) -> None:
    cli("size", "small.yaml", "-o", "a", "-q")
    Path("b").mkdir()
    Path("b/notes.txt").write_text("mine", encoding="utf-8")
    result = cli("size", "small.yaml", "-o", "b", "-q")
    assert result.out == ""
    assert folder_bytes(Path("b")) == folder_bytes(Path("a")) | {"notes.txt": b"mine"}


def test_json_prints_the_plan_and_writes_nothing(cli: Cli) -> None:
    result = cli("size", "small.yaml", "--json")
    plan = json.loads(result.out)
    assert result.code == 0 and not Path("sizing").exists()
    for name in ("inputs", "profile", "complete", "slo", "waterfall", "ranking", "rejections", "roadmap", "triggers"):
        assert name in plan
    assert set(plan["inputs"]) == {"profile_sha256", "catalog_version", "catalog_sha256", "fragments"}
    assert plan["decision"]["site"] in plan["tco"]


def test_set_and_with_change_the_profile_and_are_recorded(cli: Cli) -> None:
    Path("more.yaml").write_text("resilience: {redundancy: N+2}\n", encoding="utf-8")
    plain = json.loads(cli("size", "small.yaml", "--json").out)
    more = json.loads(cli("size", "small.yaml", "--json", "--with", "more.yaml", "--set", "growth.rate=6 %/month").out)
    assert more["decision"]["redundancy"] == "N+2"
    assert more["decision"]["gpus"] >= plain["decision"]["gpus"]
    assert "more.yaml" in more["inputs"]["fragments"]
    assert more["inputs"]["profile_sha256"] != plain["inputs"]["profile_sha256"]


@pytest.mark.parametrize(
    ("sets", "code", "words"),
    [
        (["workloads.chat.model=llama-3.1-405b", "supply.gpus=[l4]"], 3, "memory"),
        (["workloads.chat.slo={ttft_p95: 1 ms}"], 3, "ttft_p95"),
        (["workloads.chat.load={rate: 0 req/s}"], 2, "workloads.chat.load.rate"),
        (["workloads.chat.model=llama-3.1-8c"], 2, "did you mean"),
        (["supply.engine=vlm-0.33"], 2, "supply.engine"),
        (["go_live=2026-12-20", "supply.sites=[on_premises]"], 3, "weeks after plan_date"),
        (["compliance.frameworks=[hippa]"], 2, "hipaa"),
        (["gates=[tco.three_year_usd <= 1]"], 4, "tco.three_year_usd"),
    ],
)
def test_each_mistake_is_one_clear_message_with_its_exit_code(cli: Cli, sets: list[str], code: int, words: str) -> None:
    cli("size", "small.yaml", "-o", "out", "-q")
    before = folder_bytes(Path("out"))
    result = cli("size", "small.yaml", "-o", "out", *(part for s in sets for part in ("--set", s)))
    assert result.code == code
    assert words in result.err
    if code != 4:
        assert folder_bytes(Path("out")) == before
        assert result.out == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: &x [*x]\n", "itself"),
        ("a: 1\n" * 3_000_000, "1 MB"),
        ("schema: aisizer/profile/v1\nschema: aisizer/profile/v1\n", "twice"),
        ("\t- broken", "bad.yaml:1"),
        ("", "mapping"),
    ],
)
def test_hostile_yaml_is_refused_in_one_sentence(cli: Cli, text: str, words: str) -> None:
    Path("bad.yaml").write_text(text, encoding="utf-8")
    result = cli("size", "bad.yaml")
    assert result.code == 2
    assert words in result.err
    assert not Path("sizing").exists()


def test_an_infeasible_profile_with_json_prints_a_plan_without_decision(cli: Cli) -> None:
    result = cli("size", "small.yaml", "--json", "--set", "workloads.chat.slo={ttft_p95: 1 ms}")
    plan = json.loads(result.out)
    assert result.code == 3
    assert plan["decision"] is None and plan["rejections"]


def test_a_missing_price_is_complete_false_and_at_least(cli: Cli) -> None:
    result = cli("size", "small.yaml", "--set", "supply={sites: [on_premises], gpus: [mi325x]}")
    plan = json.loads(Path("sizing/small/sizing.json").read_text("utf-8"))
    assert result.code == 0 and plan["complete"] is False
    assert "at least" in result.out
    gated = cli(
        "size",
        "small.yaml",
        "-q",
        "--set",
        "supply={sites: [on_premises], gpus: [mi325x]}",
        "--set",
        "gates=[tco.three_year_usd <= 9e9]",
    )
    assert gated.code == 4 and "no price" in gated.err


def test_a_model_by_config_json_and_by_size(cli: Cli) -> None:
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256,
        "max_position_embeddings": 131072, "torch_dtype": "bfloat16",
    }  # fmt: skip
    Path("model").mkdir()
    Path("model/config.json").write_text(json.dumps(config), encoding="utf-8")
    by_file = json.loads(cli("size", "small.yaml", "--json", "--set", "workloads.chat.model=./model/config.json").out)
    assert "config.json" in by_file["inputs"]["fragments"]
    by_name = json.loads(cli("size", "small.yaml", "--json").out)
    assert by_file["decision"]["gpus"] == by_name["decision"]["gpus"]
    by_size = cli("size", "small.yaml", "--json", "--set", "workloads.chat.model=13B")
    assert by_size.code == 0
    missing = cli("size", "small.yaml", "--set", "workloads.chat.model=./none/config.json")
    assert missing.code == 2 and "cannot be read" in missing.err


def test_concurrency_is_sized_and_more_of_it_never_needs_less(cli: Cli) -> None:
    needed = []
    for population in (20, 200):
        result = cli("size", "small.yaml", "--json", "--set", f"workloads.chat.load={{concurrency: {population}}}")
        needed.append(json.loads(result.out)["decision"]["gpus_needed"])
    assert needed[0] <= needed[1]


def test_explain_walks_from_the_decision_to_the_inputs(cli: Cli) -> None:
    cli("size", "small.yaml", "-q")
    plan = json.loads(Path("sizing/small/sizing.json").read_text("utf-8"))
    names = {step["name"] for step in plan["explain"]}
    assert all(target in names for step in plan["explain"] for target in step["next"])
    top = cli("explain", "decision.gpus")
    assert top.code == 0 and "aisizer explain decision.gpus_needed" in top.out
    for name in sorted(names):
        assert cli("explain", name).code == 0
    field = cli("explain", "growth.rate")
    assert field.code == 0 and "growth" in field.out
    wrong = cli("explain", "decision.gpux")
    assert wrong.code == 2 and "decision.gpus" in wrong.err


def test_render_draws_the_same_files_from_the_plan(cli: Cli) -> None:
    cli("size", "small.yaml", "-q")
    before = folder_bytes(Path("sizing/small"))
    for name in FILES - {"sizing.json"}:
        Path("sizing/small", name).unlink()
    assert cli("render", "sizing/small").code == 0
    assert folder_bytes(Path("sizing/small")) == before


def test_render_draws_other_formats_beside_the_plan_or_where_it_is_told(cli: Cli) -> None:
    cli("size", "small.yaml", "-q")
    before = folder_bytes(Path("sizing/small"))
    names = ["bom.json", "bom.cdx.json", "rfq.csv"]
    beside = cli("render", "sizing/small", "--format", ",".join(names))
    assert beside.code == 0 and beside.out.split() == [f"sizing/small/{name}" for name in names]
    made = folder_bytes(Path("sizing/small"))
    assert {path: made[path] for path in before} == before and set(made) == {*before, *names}
    assert cli("render", "sizing/small", "--format", "rfq.csv", "-o", "ask/dell.csv").code == 0
    assert Path("ask/dell.csv").read_bytes() == Path("sizing/small/rfq.csv").read_bytes()
    assert cli("render", "sizing/small", "--format", "bom.json,rfq.csv", "-o", "both").code == 0
    assert sorted(path.name for path in Path("both").iterdir()) == ["bom.json", "rfq.csv"]
    wrong = cli("render", "sizing/small", "--format", "bom.pdf")
    assert wrong.code == 2 and "There is no format 'bom.pdf'" in wrong.err


def test_a_file_in_the_way_of_the_folder_is_one_sentence(cli: Cli) -> None:
    Path("taken").write_text("", encoding="utf-8")
    result = cli("size", "small.yaml", "-o", "taken")
    assert result.code == 2 and "taken" in result.err


def test_usage_errors_exit_2_and_help_fits_a_screen(cli: Cli) -> None:
    assert cli("size").code == 2
    assert cli("sizes").code == 2
    result = cli("--help")
    assert result.code == 0
    assert len(result.out.splitlines()) <= 24 and all(len(line) <= 80 for line in result.out.splitlines())
    assert cli("--version").out.startswith("aisizer ")


def test_stdin_no_color_and_a_poor_locale(tmp_path: Path) -> None:
    environment = os.environ | {"NO_COLOR": "1", "LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "aisizer", "size", "-"],
        input=PROFILE.encode(), cwd=tmp_path, env=environment, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert b"\x1b" not in done.stdout
    done.stdout.decode("utf-8")


def test_validate_takes_the_same_changes_as_size(cli: Cli) -> None:
    Path("more.yaml").write_text("resilience: {redundancy: N+2}\n", encoding="utf-8")
    assert cli("validate", "small.yaml", "--with", "more.yaml", "--set", "growth.rate=6 %/month").code == 0
    wrong = cli("validate", "small.yaml", "--set", "growth.rate=6")
    assert wrong.code == 2 and "growth.rate" in wrong.err


def test_a_fleet_of_encoders_is_sized_by_requests_per_second(cli: Cli) -> None:
    """Nothing is generated: end-to-end limits decide, and no limit on the cache rejects an option."""
    profile = PROFILE.replace("llama-3.1-8b", "bge-m3").replace("{rate: 6 req/s}", "{rate: 300 req/s}")
    profile = profile.replace("{mean: 1500, p95: 3500}", "{mean: 400, p95: 512}")
    profile = profile.replace("{mean: 250, p95: 600}", "{mean: 1, p95: 1}")
    profile = profile.replace("{ttft_p95: 1.5 s, tpot_p95: 60 ms}", "{e2e_p99: 250 ms}")
    Path("embed.yaml").write_text(profile, encoding="utf-8")
    found = cli("size", "embed.yaml", "--json")
    assert found.code == 0, found.err
    plan = json.loads(found.out)
    (pool,) = plan["decision"]["pools"]
    assert pool["model"] == "bge-m3"
    assert pool["peak_rate_per_s"] >= 300


def test_sensitivity_makes_the_plan_again_and_says_so(cli: Cli, tmp_path: Path) -> None:
    one_site = ["--set", "supply.sites=[on_premises]", "--set", "supply.gpus=[h100-sxm]", "--confirm", "none"]
    done = cli("size", "small.yaml", "--sensitivity", "-q", "-o", "out", *one_site)
    assert (done.code, done.out) == (0, "")
    drivers = json.loads((tmp_path / "out" / "sizing.json").read_text(encoding="utf-8"))["sensitivity"]
    assert {"demand", "growth", "prompt tokens", "redundancy"} <= {d["driver"] for d in drivers if d["rerun"]}
    assert "the plan made again" in (tmp_path / "out" / "sizing.md").read_text(encoding="utf-8")
