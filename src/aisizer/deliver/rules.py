"""Prometheus rules of the plan, so that it keeps watching its own limits: as plain files and as a PrometheusRule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aisizer.deliver import labels
from aisizer.deliver.rule_alerts import capacity_alerts, symptom_alert
from aisizer.deliver.rule_records import record_rules, watched
from aisizer.deliver.yaml_text import indented, yaml_text
from aisizer.plan import Plan
from aisizer.profile.sections import Monitoring

RECORD_INTERVAL, ALERT_INTERVAL, PAGE_INTERVAL = "1m", "5m", "1m"


@dataclass(frozen=True, slots=True)
class Rules:
    """The groups of a plan, as YAML lists that any of its files holds."""

    records: str
    alerts: str


def rules_of(plan: Plan) -> Rules:
    """Recording and alerting groups, each written once."""
    tickets = [rule for trigger in watched(plan) for rule in capacity_alerts(plan, trigger)]
    pages = [symptom_alert(plan, symptom) for symptom in plan.symptoms]
    alerts = [_group("aisizer-capacity.alerts", ALERT_INTERVAL, tickets)]
    if pages:
        alerts.append(_group("aisizer-symptoms.alerts", PAGE_INTERVAL, pages))
    return Rules(
        records=_groups([_group("aisizer-capacity.records", RECORD_INTERVAL, record_rules(plan))]),
        alerts=_groups(alerts),
    )


def whole(plan: Plan, rules: Rules) -> str:
    """One file that holds every group."""
    return header(plan) + "groups:\n" + rules.records + rules.alerts


def part(plan: Plan, groups: str) -> str:
    """A file of some of the groups."""
    return header(plan) + "groups:\n" + groups


def prometheusrule_yaml(plan: Plan, rules: Rules) -> str:
    """The same groups for the Prometheus operator."""
    monitoring = Monitoring.model_validate((plan.profile.get("evidence") or {}).get("monitoring") or {})
    name = labels.profile_name(plan)
    managed = {"app.kubernetes.io/managed-by": "aisizer", "app.kubernetes.io/part-of": name}
    head = yaml_text(
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": {
                "name": f"aisizer-{name}".replace("_", "-"),
                "namespace": monitoring.namespace,
                "labels": managed | monitoring.labels,
            },
        }
    )
    return header(plan) + head + "spec:\n  groups:\n" + indented(rules.records + rules.alerts, 2)


def header(plan: Plan) -> str:
    """What the file is and how it is handled, as comments."""
    lines = [
        f"Capacity triggers of the plan {labels.profile_name(plan)}, written by aisizer {plan.aisizer_version}.",
        f"Profile sha256 {plan.inputs.profile_sha256}.",
        "Load with rule_files: in prometheus.yml. Each engine serves its model under the name in the selector",
        "(vLLM: --served-model-name); where yours differs, change the selector of the utilization rule.",
        f"Forecasts need --storage.tsdb.retention.time of {retention_days(plan)}d or more; Prometheus keeps 15d by itself.",
    ]
    return handling(plan) + "".join(f"# {' '.join(line.split())}\n" for line in lines)


def handling(plan: Plan) -> str:
    """The marking as a comment; nothing where there is none."""
    marking = labels.marking(plan)
    return f"# Handling: {marking}.\n" if marking else ""


def retention_days(plan: Plan) -> int:
    """[day] that the longest forecast looks back."""
    return max((trigger.retention_days for trigger in plan.triggers), default=0)


def _group(name: str, interval: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": name, "interval": interval, "rules": rules}


def _groups(groups: list[dict[str, Any]]) -> str:
    """The items of a list of groups."""
    return yaml_text({"groups": groups}).removeprefix("groups:\n")
