"""The folder triggers/: equal groups in all its files, tests that promtool passes and that can fail, runbooks, dashboard."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from sample_plan import sample_plan, two_pool_plan
from test_rules import hostile

from aisizer.catalog.load import load_catalog
from aisizer.deliver.rule_records import CAPACITY, end_of
from aisizer.deliver.trigger_files import trigger_files
from aisizer.deliver.yaml_text import Block, yaml_text
from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.profile.load import load_profile

needs_promtool = pytest.mark.external("promtool")
PROFILE: dict[str, Any] = {
    "schema": "aisizer/profile/v1",
    "name": "every-limit",
    "plan_date": "2026-12-01",
    "go_live": "2028-06-01",
    "workloads": {
        "chat": {
            "model": "llama-3.1-8b",
            "load": {"rate": "6 req/s"},
            "prompt_tokens": {"mean": 1500, "p95": 3500},
            "output_tokens": {"mean": 250, "p95": 600},
            "slo": {"ttft_p95": "1.5 s", "tpot_p50": "60 ms", "e2e_mean": "15 s"},
        },
        "embed": {
            "model": "bge-m3",
            "load": {"rate": "3 req/s"},
            "prompt_tokens": {"mean": 400, "p95": 800},
            "output_tokens": {"mean": 1, "p95": 1},
            "slo": {"e2e_p95": "1 s"},
        },
    },
    "compliance": {"logging": {"capacity_gb": 4000}},
    "supply": {
        "sites": ["on_premises"],
        "gpus": ["l40s"],
        "power_limit": "400 kW",
        "egress_limit": "1 Gbit/s",
    },
    "integrations": {"crm": {"limit": "40 req/s", "workloads": ["chat"], "retry": {"attempts": 3}}},
    "finance": {"budget_three_year": "9 MUSD"},
    "evidence": {
        "orders": [
            {"id": "PO-1", "site": "on_premises", "gpus": 8, "ordered": "2028-07-01", "due": "2029-03-01"},
            {"id": "PO-0", "site": "on_premises", "gpus": 8, "ordered": "2026-12-15", "due": "2028-05-01"},
            {"id": "PO-X", "site": "hosted", "gpus": 8, "ordered": "2028-07-01", "due": "2029-03-01"},
        ],
        "monitoring": {
            "runbooks": "https://wiki.example.org/ops/",
            "namespace": "observe",
            "labels": {"release": "mine"},
            "queries": {"spend": "sum(bill_usd) + sum(more_usd)", "log_storage": "sum(log_gb)"},
        },
    },
}


@cache
def full_plan(folder: Path) -> Plan:
    """A plan in which every kind of limit is known, with orders."""
    path = folder / "every-limit.yaml"
    path.write_text(json.dumps(PROFILE), encoding="utf-8")
    return make_plan(load_profile(path), load_catalog(), confirm="none")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return full_plan(tmp_path_factory.mktemp("profile"))


@pytest.fixture(params=["one", "two-pools", "hostile", "full"])
def plan(request: pytest.FixtureRequest, full: Plan) -> Plan:
    return {"one": sample_plan(), "two-pools": two_pool_plan(), "hostile": hostile(), "full": full}[request.param]


def groups(text: str) -> list[dict[str, Any]]:
    data = yaml.safe_load(text)
    return list(data["spec"]["groups"] if "spec" in data else data["groups"])


def alerts(files: dict[str, str]) -> list[dict[str, Any]]:
    return [r for g in groups(files["triggers/alerts.rules.yaml"]) for r in g["rules"]]


def test_all_files_hold_the_same_groups(plan: Plan) -> None:
    files = trigger_files(plan)
    every = groups(files["triggers.rules.yaml"])
    assert groups(files["triggers/prometheusrule.yaml"]) == every
    apart = [groups(files[f"triggers/{name}.rules.yaml"]) for name in ("records", "alerts")]
    assert [*apart[0], *apart[1]] == every


def test_every_alert_has_its_runbook_and_every_runbook_its_alert(plan: Plan) -> None:
    files = trigger_files(plan)
    books = {name.rpartition("/")[2]: text for name, text in files.items() if "/runbooks/" in name}
    assert set(books) == {f"{rule['alert']}.md" for rule in alerts(files)}
    for rule in alerts(files):
        assert rule["annotations"]["runbook_url"].endswith(f"/{rule['alert']}.md")
    for text in books.values():
        heads = [line for line in text.splitlines() if line.startswith("## ")]
        assert heads == ["## Meaning", "## Impact", "## Diagnosis", "## Mitigation"]


def test_every_kind_of_limit_is_watched_once_known(full: Plan) -> None:
    assert {t.kind for t in full.triggers} == {
        "load", "kv_cache", "log_storage", "egress", "upstream", "power", "spend",
    }  # fmt: skip
    assert {s.kind for s in full.symptoms} >= {"latency", "queue", "preemptions", "redundancy", "errors", "cost"}


def test_a_purchase_order_never_pages(full: Plan) -> None:
    severity = {rule["alert"]: rule["labels"]["severity"] for rule in alerts(trigger_files(full))}
    symptoms = {symptom.alert for symptom in full.symptoms}
    assert {name for name, said in severity.items() if said == "page"} == symptoms
    assert all("Order" not in name for name in symptoms)


def test_only_orders_beyond_the_first_wave_at_the_chosen_site_are_on_order(full: Plan) -> None:
    rules = groups(trigger_files(full)["triggers/records.rules.yaml"])[0]["rules"]
    coming = [rule for rule in rules if rule["record"] == "aisizer:capacity_on_order"]
    assert [rule["labels"]["order"] for rule in coming] == ["PO-1"]
    assert f"vector(time()) < {end_of(date(2029, 3, 1))}" in coming[0]["expr"]
    load = next(t for t in full.triggers if t.kind == "load")
    assert load.on_order_gpus == 8 and f"{load.per_gpu} * scalar(sum(aisizer:capacity_on_order" in str(
        alerts_of(full, load)
    )


def alerts_of(plan: Plan, trigger: Any) -> list[str]:
    return [r["expr"] for r in alerts(trigger_files(plan)) if r["labels"].get("trigger") == trigger.id]


def test_a_query_of_the_users_own_keeps_its_precedence(full: Plan) -> None:
    text = trigger_files(full)["triggers/records.rules.yaml"]
    assert f"(sum(bill_usd) + sum(more_usd))\n            / scalar({CAPACITY}" in text


def test_the_prometheusrule_is_filed_as_the_profile_says(full: Plan) -> None:
    made = yaml.safe_load(trigger_files(full)["triggers/prometheusrule.yaml"])["metadata"]
    assert made["namespace"] == "observe" and made["labels"]["release"] == "mine"
    assert made["name"] == "aisizer-every-limit"
    usual = yaml.safe_load(trigger_files(sample_plan())["triggers/prometheusrule.yaml"])["metadata"]
    assert usual["namespace"] == "monitoring" and usual["labels"]["release"] == "kube-prometheus-stack"


def test_the_dashboard_has_unique_ids_and_places_and_the_plans_numbers(plan: Plan) -> None:
    made = json.loads(trigger_files(plan)["triggers/dashboard.json"])
    ids = [panel["id"] for panel in made["panels"]]
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in made["panels"]]
    assert len(set(ids)) == len(ids) and len(set(places)) == len(places)
    assert made["schemaVersion"] == 39 and len(made["uid"]) <= 40 and "id" not in made
    for panel in made["panels"]:
        refs = [target["refId"] for target in panel["targets"]]
        assert refs and len(set(refs)) == len(refs)
    asked = {target["expr"] for panel in made["panels"] for target in panel["targets"]}
    assert {f"vector({t.threshold!r})" for t in plan.triggers if t.kind == "load"} <= asked


def promtool(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def written(files: dict[str, str], folder: Path) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "triggers"


@pytest.mark.external
@needs_promtool
def test_promtool_accepts_every_file_and_passes_the_tests(plan: Plan, tmp_path: Path) -> None:
    files = trigger_files(plan)
    folder = written(files, tmp_path)
    rules = [name for name in files if name.endswith(".rules.yaml")]
    checked = promtool(tmp_path, "check", "rules", *rules)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    suites = [path.name for path in sorted(folder.glob("*.test.yaml"))]
    assert ("orders.test.yaml" in suites) == (plan.profile.get("name") == "every-limit")
    tested = promtool(folder, "test", "rules", *suites)
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.external
@needs_promtool
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("> 0.6134", "> 0.7"),
        ("absent_over_time", "present_over_time"),
    ],
)
def test_the_tests_can_fail(right: str, wrong: str, tmp_path: Path) -> None:
    files = trigger_files(sample_plan())
    name = "triggers/alerts.rules.yaml"
    assert right in files[name]
    folder = written({**files, name: files[name].replace(right, wrong)}, tmp_path)
    assert promtool(folder, "test", "rules", "rules.test.yaml").returncode == 1


@pytest.mark.external
@needs_promtool
@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ("* deriv(", "* 0 * deriv("),
        ("aisizer:capacity_on_order", "nothing:on_order"),
        (" offset 91d", ""),
    ],
    ids=["growth", "orders", "history"],
)
def test_growth_orders_and_history_are_tested(part: str, wrong: str, full: Plan, tmp_path: Path) -> None:
    """Without the growth the forecast never fires, without the orders it is never silenced, without history it is early."""
    files = trigger_files(full)
    name = "triggers/alerts.rules.yaml"
    assert part in files[name]
    folder = written({**files, name: files[name].replace(part, wrong)}, tmp_path)
    assert promtool(folder, "test", "rules", "rules.test.yaml").returncode == 1


@pytest.mark.parametrize(
    "value",
    [
        {"a": "x: y", "b": ["- c", "no", "1m", ""], "c": {}, "d": [], "e": 1.5, "f": None},
        {"rules": [{"expr": Block("a\n  > 1"), "text": 'say "hi" \\ # é \u2028 \x7f'}]},
        {"expr": Block("  leading"), "odd": Block("x\x7f")},
    ],
)
def test_the_writer_and_a_yaml_reader_agree(value: dict[str, Any]) -> None:
    def read_back(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: read_back(part) for key, part in item.items()}
        if isinstance(item, list):
            return [read_back(part) for part in item]
        return item.rstrip("\n") if isinstance(item, str) else item

    assert read_back(yaml.safe_load(yaml_text(value))) == value


@pytest.mark.external
@needs_promtool
@pytest.mark.parametrize(
    ("engine", "exporter"), [("sglang-0.5.23", None), ("trtllm-1.2", None), ("vllm-0.6", None), ("vllm-0.33", "nim")]
)
def test_promtool_passes_for_the_metrics_of_every_engine(engine: str, exporter: str | None, tmp_path: Path) -> None:
    path = tmp_path / "one-engine.yaml"
    profile = {key: PROFILE[key] for key in ("schema", "plan_date", "go_live")} | {
        "name": "one-engine",
        "workloads": {"chat": PROFILE["workloads"]["chat"]},
        "supply": {"sites": ["on_premises"], "gpus": ["h100-sxm"], "engine": engine},
        "evidence": {"monitoring": {"exporter": exporter}},
    }
    path.write_text(json.dumps(profile), encoding="utf-8")
    plan = make_plan(load_profile(path), load_catalog(), confirm="none")
    folder = written(trigger_files(plan), tmp_path)
    assert promtool(tmp_path, "check", "rules", "triggers.rules.yaml").returncode == 0
    tested = promtool(folder, "test", "rules", "rules.test.yaml")
    assert tested.returncode == 0, tested.stdout + tested.stderr
