"""The rule file: accepted by promtool, silent below the threshold, firing above it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from sample_plan import sample_plan, trigger, two_pool_plan

from aisizer.deliver.trigger_files import trigger_files
from aisizer.plan import Plan

OWN = {"aisizer_profile": "clinical-notes", "pool": "llama-3.3-70b", "trigger": "capacity.llama-3.3-70b"}
needs_promtool = pytest.mark.external("promtool")


def rules_yaml(plan: Plan) -> str:
    return trigger_files(plan)["triggers.rules.yaml"]


def hostile() -> Plan:
    """A trigger whose texts try to break YAML, PromQL and Prometheus templates."""
    text = 'it\'s "{{ .Labels }}": #x\n- y \\ é'
    return sample_plan().model_copy(update={"triggers": (trigger(pool=text, owner=text, action=text, quantity=text),)})


def rules(plan: Plan) -> list[dict[str, object]]:
    return [rule for group in yaml.safe_load(rules_yaml(plan))["groups"] for rule in group["rules"]]


def test_the_marking_is_the_first_comment() -> None:
    profile = sample_plan().profile | {"compliance": {"marking": "CUI\nalert: x"}}
    text = rules_yaml(sample_plan().model_copy(update={"profile": profile}))
    assert text.startswith("# Handling: CUI alert: x.\n# Capacity triggers")


def test_threshold_is_printed_to_the_digit() -> None:
    alert = next(rule for rule in rules(sample_plan()) if rule.get("alert") == "AisizerCapacityHeadroomLow")
    assert str(alert["expr"]).strip().endswith("> 0.6134")
    assert alert["labels"] == {"severity": "ticket", **OWN}
    assert set(alert["annotations"]) == {"summary", "description", "runbook", "runbook_url"}  # type: ignore[call-overload]


def test_recording_group_is_evaluated_within_the_look_back() -> None:
    records = yaml.safe_load(rules_yaml(sample_plan()))["groups"][0]
    assert records["name"] == "aisizer-capacity.records"
    assert records["interval"] == "1m"


def test_sized_capacity_follows_the_unit_of_the_metric() -> None:
    by_requests = sample_plan().model_copy(update={"triggers": (trigger(metric="vllm:request_success_total"),)})
    assert rules(sample_plan())[0]["expr"] == "vector(8299.2)\n"
    assert rules(by_requests)[0]["expr"] == "vector(19.76)\n"


def test_each_pool_has_its_own_series() -> None:
    records = [rule for rule in rules(two_pool_plan()) if "record" in rule and "pool" in rule["labels"]]  # type: ignore[operator]
    seen = [(rule["record"], rule["labels"]["pool"]) for rule in records]  # type: ignore[index]
    assert len(seen) == len(set(seen)) == 6


def test_hostile_text_stays_text() -> None:
    alert = next(rule for rule in rules(hostile()) if rule.get("alert") == "AisizerCapacityHeadroomLow")
    assert '{{ "{{" }} .Labels }}' in alert["annotations"]["runbook"]  # type: ignore[index]
    assert alert["labels"]["pool"] == hostile().triggers[0].pool.replace("{{", '{{ "{{" }}')  # type: ignore[index]


@pytest.mark.external
@needs_promtool
@pytest.mark.parametrize("plan", [sample_plan(), two_pool_plan(), hostile()], ids=["one", "two-pools", "hostile"])
def test_promtool_accepts_the_rules(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "triggers.rules.yaml"
    path.write_text(rules_yaml(plan), encoding="utf-8")
    done = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def unit_test(load: float, fires: bool, missing: bool = False) -> dict[str, object]:
    """Two hours and a half of steady load on two engines, as a share of the sized capacity."""
    per_engine = 8299.2 * load * 60 / 2
    series = 'vllm:generation_tokens_total{model_name="%s",instance="%d"}'
    model = "someone-else" if missing else "llama-3.3-70b"
    name = "AisizerCapacityHeadroomLowDataMissing" if missing else "AisizerCapacityHeadroomLow"
    labels = {"severity": "ticket", **OWN}
    rule = next(rule for rule in rules(sample_plan()) if rule.get("alert") == name)
    notes = {k: v.replace("{{ $value | humanizePercentage }}", f"{load:.0%}") for k, v in rule["annotations"].items()}  # type: ignore[attr-defined]
    return {
        "interval": "1m",
        "input_series": [{"series": series % (model, i), "values": f"0+{per_engine}x200"} for i in range(2)],
        "alert_rule_test": [
            {
                "eval_time": "3h",
                "alertname": name,
                "exp_alerts": [{"exp_labels": labels, "exp_annotations": notes}] * fires,
            }
        ],
    }


@pytest.mark.external
@needs_promtool
def test_silent_below_and_fires_above(tmp_path: Path) -> None:
    (tmp_path / "triggers.rules.yaml").write_text(rules_yaml(sample_plan()), encoding="utf-8")
    tests = [unit_test(0.60, False), unit_test(0.63, True), unit_test(0.5, True, missing=True)]
    suite = {"rule_files": ["triggers.rules.yaml"], "evaluation_interval": "1m", "tests": tests}
    (tmp_path / "t.yaml").write_text(yaml.safe_dump(suite), encoding="utf-8")
    done = subprocess.run(
        ["promtool", "test", "rules", "t.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
