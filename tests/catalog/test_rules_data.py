"""Every rule validates, speaks of every site class, and cites what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from aisizer.catalog.records import Rule, Source
from aisizer.profile.sections import Compliance

CATALOG = Path(__file__).parents[2] / "hardware_catalog"
SITE_CLASSES = {
    "on_premises",
    "hosted_private",
    "gov_enclave",
    "commercial_region",
    "api_commercial",
    "api_government",
}
IDS = [
    "hipaa",
    "cmmc-l1",
    "cmmc-l2",
    "cmmc-l3",
    "cui-specified",
    "itar",
    "ear",
    "fedramp-moderate",
    "fedramp-high",
    "pci-dss",
    "gdpr",
    "soc2",
    "iso27001",
    "dora",
    "eu-ai-act",
    "sec-17a-4",
    "cjis",
    "irs-1075",
    "ferpa",
    "glba",
    "govramp",
    "tx-sb1188",
    "fl-ehr",
    "aba-1.6",
    "nist-800-53",
    "ndaa-1532",
]


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


RULES = {path.stem: Rule.model_validate(read(path)) for path in sorted((CATALOG / "rules").glob("*.yaml"))}
SOURCES = {key: Source.model_validate(value) for key, value in read(CATALOG / "sources" / "rules.yaml").items()}

each_rule = pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)


def test_all_frameworks_are_there_under_their_own_file_stem() -> None:
    assert set(RULES) == set(IDS)
    assert all(stem == rule.id for stem, rule in RULES.items())


@each_rule
def test_a_rule_speaks_of_every_site_class_and_says_why(rule: Rule) -> None:
    assert set(rule.verdicts) == SITE_CLASSES
    for verdict in (*rule.verdicts.values(), *([rule.csp_verdict] if rule.csp_verdict else [])):
        assert verdict.citation
        assert verdict.condition and not verdict.condition.endswith(".")


@each_rule
def test_a_verdict_from_memory_never_claims_high_confidence(rule: Rule) -> None:
    assert not [v for v in rule.verdicts.values() if v.basis == "memory" and v.confidence == "high"]


@each_rule
def test_a_rule_has_a_source_of_the_same_address(rule: Rule) -> None:
    source = SOURCES[f"rule-{rule.id}"]
    assert source.url == rule.url
    assert source.kind == "rule"


def test_data_classes_are_those_of_the_profile_and_each_regulated_one_brings_a_rule_in() -> None:
    known = set(get_args(Compliance.model_fields["data_class"].annotation))
    brought = {data_class for rule in RULES.values() for data_class in rule.data_classes}
    assert brought == known - {"public", "internal", "pii"}


@pytest.mark.parametrize("id_", ["soc2", "iso27001"])
def test_an_attestation_never_rejects_a_site(id_: str) -> None:
    assert all(verdict.verdict != "reject" for verdict in RULES[id_].verdicts.values())


@pytest.mark.parametrize(
    ("id_", "months", "kind"),
    [
        ("hipaa", 72, "customary"),
        ("cmmc-l2", 12, "customary"),
        ("pci-dss", 12, "required"),
        ("cjis", 12, "required"),
        ("irs-1075", 84, "required"),
        ("eu-ai-act", 6, "required"),
        ("sec-17a-4", 36, "required"),
        ("fedramp-moderate", 12, "required"),
    ],
)
def test_retention_periods(id_: str, months: float, kind: str) -> None:
    retention = RULES[id_].retention
    assert retention is not None
    assert (retention.months, retention.kind) == (months, kind)


@pytest.mark.parametrize("id_", ["soc2", "iso27001", "gdpr", "glba", "dora", "aba-1.6", "ferpa", "cmmc-l1"])
def test_frameworks_without_a_log_period_give_none(id_: str) -> None:
    assert RULES[id_].retention is None
