"""What a planner meets whose site delivers after go-live: a refusal with the arithmetic, or a bridge that can be ordered."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from command_line import SMALL, called

PROFILE = (
    SMALL.replace("name: small", "name: late").replace("2027-12-01", "2027-03-01")
    + """\
supply: {gpus: [h100-sxm, l40s], sites: SITES, commitment: three_year}
finance: {discount_rate: 9 %}
"""
)


def size(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sites: str, *more: str
) -> tuple[int, str, str]:
    (folder / "late.yaml").write_text(PROFILE.replace("SITES", sites), encoding="utf-8")
    monkeypatch.chdir(folder)
    return called(("size", "late.yaml", *more), monkeypatch, capsys)


def test_only_late_sites_exit_3_with_the_parts_of_the_lead_time_and_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = size(tmp_path, monkeypatch, capsys, "[on_premises]")
    said = " ".join((out + err).split())
    assert code == 3
    for word in ("approval 4 w", "delivery 20 w", "28 weeks", "2027-06-15", "supply.lead_time"):
        assert word in said
    assert not (tmp_path / "sizing").exists()


def test_a_bridge_is_warned_of_costed_dated_and_ordered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = size(tmp_path, monkeypatch, capsys, "[on_premises, enclave]")
    said = " ".join(out.split())
    assert code == 0
    assert "a bridge of 2 GPUs (2 x p5.4xlarge) at enclave" in said and "USD a month" in said
    folder = tmp_path / "sizing" / "late"
    plan = json.loads((folder / "sizing.json").read_text("utf-8"))
    bridge, cost = plan["bridge"], plan["tco"]["on_premises"]
    assert (bridge["from"], bridge["until"], bridge["months"]) == ("2027-03-01", "2027-07-01", 4)
    assert plan["decision"]["site"] == "on_premises" and plan["decision"]["order_by"] >= plan["profile"]["plan_date"]
    assert cost["by_category"]["bridge"] <= bridge["usd"] < cost["three_year_usd"]
    document = (folder / "sizing.md").read_text("utf-8")
    assert "## Bridge until delivery" in document and "## From the decision to production" in document
    with (folder / "bom.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["category"] == "bridge"]
    assert [(r["order_by"], r["need_by"], r["supplier"]) for r in rows] == [
        (bridge["order_by"], "2027-03-01", "AWS GovCloud (US)")
    ]


def test_a_plan_in_time_has_no_bridge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = size(
        tmp_path, monkeypatch, capsys, "[on_premises, enclave]", "--set", "go_live=2027-12-01", "--json"
    )
    plan = json.loads(out)
    assert code == 0 and plan["bridge"] is None
    assert not any("bridge" in category for cost in plan["tco"].values() for category in cost["by_category"])
