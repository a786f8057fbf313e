"""`aisizer watch` as its users run it: exit codes, three outputs, orders, and one clear sentence for every mistake."""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from command_line import ON_PREMISES, Cli

PROFILE = (
    ON_PREMISES
    + """\
growth: {rate: 4 %/month, phases: [{name: all, share: 100 %, start: 2027-12-01, owner: "Kim | <Ops>"}]}
"""
)
ORDERS = """\
evidence:
  orders:
    - {id: PO-1, site: on_premises, gpus: 64, ordered: 2029-03-01, due: 2029-08-01, received: null}
"""
CAPACITY = "capacity-llama-3.1-8b"
LAST = date(2029, 6, 30)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("plan")
    (folder / "small.yaml").write_text(PROFILE, encoding="utf-8")
    command = [sys.executable, "-m", "aisizer", "size", "small.yaml", "--json", "--confirm", "none"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.fixture(autouse=True)
def laid_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, plan: dict[str, object]) -> None:
    monkeypatch.delenv("AISIZER_PROMETHEUS_TOKEN", raising=False)
    (tmp_path / "sizing.json").write_text(json.dumps(plan), encoding="utf-8")
    (tmp_path / "orders.yaml").write_text(ORDERS, encoding="utf-8")


def levels(last: float, more: str = "") -> str:
    """Writes a file of 150 days that grow by 4 % a month up to `last`, and returns its name."""
    rows = [
        f"{LAST - timedelta(days=n)},{CAPACITY},{last * math.exp(-math.log(1.04) / 30.4375 * n):.6f}"
        for n in range(150)
    ]
    Path("levels.csv").write_text("\n".join(["day,trigger,level", *rows]) + "\n" + more, encoding="utf-8")
    return "levels.csv"


def test_quiet_is_0_and_fired_is_5_with_who_does_what(cli: Cli) -> None:
    quiet = cli("watch", ".", "--metrics", levels(0.1))
    assert quiet.code == 0 and quiet.err == "" and ": 0 of " in quiet.out
    fired = cli("watch", "sizing.json", "--metrics", levels(0.79))
    assert fired.code == 5 and fired.err.startswith(f"Fired: {CAPACITY}.")
    assert "FIRED" in fired.out and "Kim | <Ops>: Order the next wave for on_premises" in " ".join(fired.out.split())
    assert all(len(line) <= 80 for line in (quiet.out + fired.out).splitlines())


def test_an_order_silences_and_one_that_slipped_fires_again(cli: Cli) -> None:
    file = levels(0.79)
    silenced = cli("watch", ".", "--metrics", file, "--with", "orders.yaml")
    assert silenced.code == 0 and "PO-1: 64 GPUs for on_premises, due 2029-08-01: on order" in silenced.out
    late = "".join(f"{LAST + timedelta(days=n)},{CAPACITY},0.79\n" for n in range(1, 40))
    slipped = cli("watch", ".", "--metrics", levels(0.79, late), "--with", "orders.yaml", "--json")
    found = json.loads(slipped.out)
    assert slipped.code == 5 and found["at"] == "2029-08-08" and found["orders"][0]["state"] == "slipped"
    assert any(note.startswith("PO-1 of 64 GPUs was due 2029-08-01") for note in found["notes"])
    assert cli("watch", ".", "--metrics", file, "--with", "orders.yaml", "--at", "2029-08-01").code == 0
    Path("orders.yaml").write_text(ORDERS.replace("received: null", "received: 2029-08-01"), encoding="utf-8")
    assert cli("watch", ".", "--metrics", file, "--with", "orders.yaml").code == 0


def test_json_is_stable_and_records_what_it_read(cli: Cli) -> None:
    arguments = ("watch", ".", "--metrics", levels(0.79), "--with", "orders.yaml", "--json", "--at", "2029-06-15")
    first, second = cli(*arguments), cli(*arguments)
    assert first == second
    found = json.loads(first.out)
    assert found["schema"] == "aisizer/watch/v1" and found["at"] == "2029-06-15" and found["fired"] is False
    assert found["source"]["sha256"] == hashlib.sha256(Path("levels.csv").read_bytes()).hexdigest()
    assert found["fragments"] == {"orders.yaml": hashlib.sha256(ORDERS.encode()).hexdigest()}
    trigger = found["triggers"][0]
    assert trigger["growth_per_month"] == pytest.approx(0.04, abs=1e-4)
    assert trigger["runway_weeks"]["low"] <= trigger["runway_weeks"]["base"] <= trigger["runway_weeks"]["high"]


def test_the_order_of_the_rows_changes_nothing(cli: Cli) -> None:
    head, *rows = Path(levels(0.3)).read_text().splitlines()
    there = cli("watch", ".", "--metrics", "levels.csv").out
    Path("levels.csv").write_text("\n".join([head, *reversed(rows)]))
    assert cli("watch", ".", "--metrics", "levels.csv").out == there


def test_markdown_is_a_table_that_hostile_names_do_not_break(cli: Cli) -> None:
    drifted = "".join(
        f"{LAST},{name}-llama-3.1-8b,{value}\n" for name, value in (("prompt_tokens", 2400), ("prefix_hit", 0))
    )
    shown = cli(
        "watch", ".", "--metrics", levels(0.79, drifted), "--with", "orders.yaml", "--markdown", "--at", str(LAST)
    )
    assert shown.out.startswith(
        "### small on 2029-06-30, levels.csv: 0 of 3 triggers fired, 2 not measured; THE SIZING IS VOID"
    )
    assert "| prompt tokens | llama-3.1-8b | 1,500 | 2,400 | +60 % | VOID |" in shown.out
    assert "| PO-1 | 64 | on_premises | 2029-08-01 | on order |" in shown.out
    fired = cli("watch", ".", "--metrics", "levels.csv", "--markdown")
    assert fired.code == 5 and "Kim \\| &lt;Ops>" in fired.out and f"| {CAPACITY} | **FIRED** |" in fired.out
    rows = [line.replace("\\|", "") for line in fired.out.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in rows if "FIRED" in line or line.startswith("| trigger")}) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("watch", "."), "Exactly one of --prometheus URL and --metrics FILE.csv is expected"),
        (("watch", ".", "--metrics", "levels.csv", "--prometheus", "http://h"), "Exactly one of"),
        (("watch", "absent", "--metrics", "levels.csv"), "The path absent does not exist"),
        (("watch", ".", "--metrics", "absent.csv"), "absent.csv cannot be read (No such file or directory)"),
        (("watch", ".", "--metrics", "levels.csv", "--at", "soon"), "--at: a day is expected (got soon)"),
        (("watch", ".", "--metrics", "levels.csv", "--at", "2020-01-01"), "no level in the week up to 2020-01-01"),
        (("watch", ".", "--metrics", "levels.csv", "--json", "--markdown"), "two forms of one result"),
        (("watch", ".", "--metrics", "levels.csv", "--token-file", "t"), "--token-file is for --prometheus"),
        (("watch", ".", "--metrics", "levels.csv", "--with", "absent.yaml"), "absent.yaml: the file cannot be read"),
        (("watch", ".", "--prometheus", "localhost:9090"), "an address is expected (got localhost:9090)"),
        (("watch", ".", "--prometheus", "http://127.0.0.1:9"), "http://127.0.0.1:9 cannot be reached"),
    ],
)
def test_mistakes_are_exit_2_with_one_sentence(arguments: tuple[str, ...], said: str, cli: Cli) -> None:
    levels(0.3)
    result = cli(*arguments)
    assert (result.code, result.out) == (2, "") and said in result.err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("gpus: 64", "gpus: 0"), "orders.yaml:3:43: evidence.orders.0.gpus"),
        (("on_premises", "on_premise"), 'the plan knows no such site (got on_premise) (did you mean "on_premises"?)'),
        (("due: 2029-08-01", "due: 2029-02-01"), "the day lies before ordered (got 2029-02-01 and 2029-03-01)"),
        (("received: null", "arrived: null"), "evidence.orders.0.arrived"),
        (
            ("    - {id", "    - {id: PO-1, site: hosted, gpus: 1, ordered: 2029-01-01, due: 2029-02-01}\n    - {id"),
            "two orders",
        ),
    ],
)
def test_orders_that_are_wrong_are_told_with_their_place(change: tuple[str, str], said: str, cli: Cli) -> None:
    Path("orders.yaml").write_text(ORDERS.replace(*change), encoding="utf-8")
    result = cli("watch", ".", "--metrics", levels(0.3), "--with", "orders.yaml")
    assert (result.code, result.out) == (2, "") and said in result.err, result.err


def test_a_fragment_that_changes_more_than_orders_is_refused(cli: Cli) -> None:
    Path("orders.yaml").write_text(
        ORDERS + "  today: {gpu: l4, gpus: 1}\ngrowth: {rate: 1 %/month}\n", encoding="utf-8"
    )
    result = cli("watch", ".", "--metrics", levels(0.3), "--with", "orders.yaml")
    assert (
        result.code == 2
        and "The fragment changes evidence, growth, and a plan is watched as it was sized" in result.err
    )


def test_a_plan_without_a_decision_has_nothing_to_watch(cli: Cli, plan: dict[str, object]) -> None:
    Path("none.json").write_text(json.dumps(plan | {"decision": None, "roadmap": None, "triggers": []}))
    result = cli("watch", "none.json", "--metrics", levels(0.3))
    assert result.code == 2 and "there is nothing to watch" in result.err


def test_the_profile_may_carry_the_orders_already(cli: Cli, plan: dict[str, object]) -> None:
    order = {"id": "PO-9", "site": "on_premises", "gpus": 64, "ordered": "2029-03-01", "due": "2029-08-01"}
    profile = {**plan["profile"], "evidence": {"orders": [order]}}  # type: ignore[dict-item]
    Path("sizing.json").write_text(json.dumps(plan | {"profile": profile}))
    found = cli("watch", ".", "--metrics", levels(0.79))
    assert found.code == 0 and "PO-9" in found.out
    Path("orders.yaml").write_text("evidence: {orders: []}")
    assert cli("watch", ".", "--metrics", "levels.csv", "--with", "orders.yaml").code == 5
