"""The folder triggers/: rules, their tests, a dashboard and a runbook for each alert."""

from __future__ import annotations

from aisizer.deliver.dashboard import dashboard_json
from aisizer.deliver.rule_records import orders
from aisizer.deliver.rule_tests import order_tests, rule_tests
from aisizer.deliver.rules import handling, part, prometheusrule_yaml, rules_of, whole
from aisizer.deliver.runbooks import runbooks
from aisizer.plan import Plan

FOLDER = "triggers"


def trigger_files(plan: Plan) -> dict[str, str]:
    """Every file by its path in the output folder; the rules are once one file, and once two that are tested apart."""
    rules = rules_of(plan)
    folder = {
        "records.rules.yaml": part(plan, rules.records),
        "alerts.rules.yaml": part(plan, rules.alerts),
        "prometheusrule.yaml": prometheusrule_yaml(plan, rules),
        "rules.test.yaml": handling(plan) + rule_tests(plan),
        **({"orders.test.yaml": handling(plan) + order_tests(plan)} if orders(plan) else {}),
        "dashboard.json": dashboard_json(plan),
        **{f"runbooks/{name}": text for name, text in runbooks(plan).items()},
    }
    return {"triggers.rules.yaml": whole(plan, rules), **{f"{FOLDER}/{name}": text for name, text in folder.items()}}
