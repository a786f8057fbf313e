"""The rules against the table of legal facts that was collected for this project, where its folder lies beside the checkout.

Without the folder these tests are skipped and say so: the table is no part of the project.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from aisizer.catalog.records import Control, Rule

ROOT = Path(__file__).parents[2]
FACTS = ROOT.parent / "shared" / "facts" / "rules.csv"
RULES = {
    path.stem: Rule.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    for path in sorted((ROOT / "hardware_catalog" / "rules").glob("*.yaml"))
}
RULE_OF = {
    "aba": "aba-1.6", "aiact": "eu-ai-act", "cjis": "cjis", "cui": "cmmc-l2", "cui-l3": "cmmc-l3",
    "cui-sp": "cui-specified", "dora": "dora", "ear": "ear", "fci": "cmmc-l1", "ferpa": "ferpa", "flehr": "fl-ehr",
    "frh": "fedramp-high", "frm": "fedramp-moderate", "gdpr": "gdpr", "glba": "glba", "govramp": "govramp",
    "hipaa": "hipaa", "irs1075": "irs-1075", "iso": "iso27001", "itar": "itar", "pci": "pci-dss",
    "sec17a4": "sec-17a-4", "soc2": "soc2", "txehr": "tx-sb1188",
}  # fmt: skip
"""Our rule by the beginning of a row's id."""
CONTROLS_OF = {
    "hipaa-doc-retention": "hipaa", "hipaa-log-retention": "hipaa", "hipaa-contingency": "hipaa",
    "hipaa-encryption": "hipaa", "cui-equivalency": "cmmc-l2", "cui-incident-72h": "cmmc-l2",
    "cui-preserve-90d": "cmmc-l2", "cui-r2-331": "cmmc-l2", "cui-r2-332": "cmmc-l2", "cui-r2-334": "cmmc-l2",
    "cui-r2-389": "cmmc-l2", "cui-r2-31311": "cmmc-l2", "cui-fips-140-2": "cmmc-l2", "cmmc-artifacts": "cmmc-l2",
    "cmmc-spd": "cmmc-l2", "fr-crypto": "fedramp-moderate", "fr-au11-legacy": "fedramp-moderate",
    "omb-m2614": "fedramp-moderate", "sp53-cp-2-2": "nist-800-53", "sp53-cp-6": "nist-800-53",
    "sp53-cp-7": "nist-800-53", "sp53-cp-8": "nist-800-53", "sp53-cp-9": "nist-800-53",
    "sp53-cp-10": "nist-800-53", "sp53-au-4": "nist-800-53", "sp53-au-5-1": "nist-800-53",
    "sp53-pe-11": "nist-800-53", "pci-1051": "pci-dss", "soc2-a11": "soc2", "soc2-a12": "soc2", "soc2-a13": "soc2",
    "iso-a86": "iso27001", "iso-a813": "iso27001", "iso-a814": "iso27001", "iso-a815": "iso27001",
    "gdpr-retention": "gdpr", "dora-rts-9": "dora", "dora-log": "dora", "aiact-logs": "eu-ai-act",
    "sec-6y": "sec-17a-4", "sec-3y": "sec-17a-4", "finra-4511": "sec-17a-4", "sec-worm": "sec-17a-4",
    "glba-dispose": "glba", "glba-enc": "glba", "cjis-au11": "cjis", "cjis-fips": "cjis", "irs-au11": "irs-1075",
    "irs-45d": "irs-1075",
}  # fmt: skip
"""Our rule by the id of a row without a site: what it asks for wherever the system runs."""
LEFT_OUT = {
    "hipaa-nprm": "proposed only", "cui-r3": "not the basis of assessment", "cui-rev3-far": "proposed only",
    "cmmc-phase1": "a date", "cmmc-phase2": "suspended", "cmmc-phase34": "a date", "fr-classes": "labels",
    "fr-dates": "dates of the programme", "ai-dow-scr": "in litigation", "sp800-172": "an edition",
    "hipaa-offshore": "no federal rule", "fci-controls": "no log, backup or encryption among the 15",
    "cmmc-encrypted-cui": "a note of cmmc-l2", "cui-basic-cap": "a limit on agencies", "itar-carveout": "a note of itar",
    "ear-carveout": "an exemption", "fr-au11-cr26": "the provider's own period", "sp53-au-11": "no number",
    "sp53-sc-5-2": "in no baseline", "aba-retention": "no period", "ai-ndaa-1532": "a ban on models: ndaa-1532",
}  # fmt: skip
"""Rows without a site that ask for nothing now, with the reason."""

ROWS = list(csv.DictReader(FACTS.open(encoding="utf-8"))) if FACTS.is_file() else []
pytestmark = pytest.mark.skipif(
    not ROWS, reason="the folder of facts (../shared/facts/rules.csv) does not lie beside this checkout"
)


def verdict_rows() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Row id, our rule and the row, for each framework at each class of site; rows of single AI services are apart."""
    for row in ROWS:
        prefix = row["id"].removesuffix("-" + row["site_class"].replace("_", "-"))
        if row["site_class"] and prefix in RULE_OF:
            yield row["id"], RULE_OF[prefix], row


def basis(note: str) -> str:
    tag = note.partition("]")[0]
    return "memory" if "M" in tag else "secondary" if "S" in tag else "primary"


@pytest.mark.parametrize(
    ("id_", "rule", "row"), list(verdict_rows()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_verdict_is_that_of_the_facts(id_: str, rule: str, row: dict[str, str]) -> None:
    ours = RULES[rule].verdicts[row["site_class"]]
    above = RULES[rule].verdicts["api_commercial"].citation  # "same" means the row above, that of the commercial API
    assert ours.verdict == row["verdict"]
    assert ours.citation == (above if row["citation"] == "same" else row["citation"])
    assert ours.confidence == row["confidence"]
    assert ours.basis == basis(row["note"])
    assert RULES[rule].url == row["url"]


def test_every_framework_has_all_six_classes_of_site() -> None:
    found = [(rule, row["site_class"]) for _, rule, row in verdict_rows()]
    assert len(found) == len(set(found)) == 24 * 6


@pytest.mark.parametrize("rule", sorted(set(RULE_OF.values())))
def test_the_version_names_the_dates_of_the_facts(rule: str) -> None:
    facts = next(row["version_date"] for _, id_, row in verdict_rows() if id_ == rule)
    assert set(re.findall(r"\d{4}-\d{2}(?:-\d{2})?", facts)) <= set(
        re.findall(r"\d{4}-\d{2}(?:-\d{2})?", RULES[rule].version_date)
    )


@pytest.mark.parametrize(("id_", "rule"), CONTROLS_OF.items())
def test_a_row_that_costs_money_or_capacity_is_a_control(id_: str, rule: str) -> None:
    row = next(row for row in ROWS if row["id"] == id_)
    controls = [control for control in RULES[rule].controls if control.citation == row["citation"]]
    assert len(controls) == 1
    assert (controls[0].confidence, controls[0].basis) == (row["confidence"], basis(row["note"]))


def test_every_row_without_a_site_is_a_control_or_left_out_with_a_reason() -> None:
    rows = {row["id"] for row in ROWS if not row["site_class"]}
    assert rows == set(CONTROLS_OF) | set(LEFT_OUT)
    assert not set(CONTROLS_OF) & set(LEFT_OUT)


def test_every_control_comes_from_a_row() -> None:
    ours: set[Control] = {control for rule in RULES.values() for control in rule.controls}
    assert {control.citation for control in ours} <= {row["citation"] for row in ROWS}
