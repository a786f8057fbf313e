"""Each rule with a place where it fires (rejects or sets conditions) and one, or a profile, where it does not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from aisizer.catalog.load import load_catalog
from aisizer.catalog.records import Model
from aisizer.profile.sections import Compliance, Supply
from aisizer.sizing.admissible import SiteVerdict, binding_controls, frameworks_for, model_ban, site_verdict

CATALOG = load_catalog()
PLACES: dict[str, Any] = {**CATALOG.sites, **CATALOG.apis}
REGULATED = ("phi", "cui", "cui_specified", "itar", "fci", "cardholder", "cji", "fti")
ROOT = Path(__file__).parents[2]

FIRES = [
    (
        "hipaa",
        "hosted",
        "admitted with conditions",
        "45 CFR 160.103 (business associate), 164.308(b), 164.314(a), 164.502(e), 164.504(e)",
    ),
    ("cmmc-l1", "hosted", "admitted with conditions", "FAR 52.204-21(b)(1), (c); 32 CFR 170.19(b)"),
    ("cmmc-l2", "bedrock", "rejected", "DFARS 252.204-7012(b)(2)(ii)(D)"),
    ("cmmc-l3", "bedrock", "rejected", "DFARS 252.204-7012(b)(2)(ii)(D)"),
    ("cui-specified", "bedrock", "rejected", "32 CFR 2002.14(a)(4), (b)(2)"),
    (
        "itar",
        "bedrock",
        "rejected",
        "22 CFR 120.50(a)(2), 120.56; carve-out fails at 120.54(b) (means of decryption given to third party)",
    ),
    ("ear", "bedrock", "admitted with conditions", "15 CFR 734.13, 734.18(a)(5)"),
    ("fedramp-moderate", "bedrock", "rejected", "M-24-15 section III"),
    ("fedramp-high", "on_premises", "admitted with conditions", "FISMA 44 USC 3554; FIPS 199/200; SP 800-53B"),
    ("pci-dss", "on_premises", "admitted with conditions", "PCI DSS 1-12; scope section"),
    ("gdpr", "enclave", "admitted with conditions", "Art. 44-49; Decision 2023/1795"),
    ("soc2", "hosted", "admitted with conditions", "A1.1-A1.3; CC9.2"),
    ("iso27001", "hosted", "admitted with conditions", "Annex A 5.19-5.23, 8.6, 8.13-8.15; clause 6.1.3 d"),
    ("dora", "hosted", "admitted with conditions", "Art. 28-30"),
    ("eu-ai-act", "hosted", "admitted with conditions", "Art. 12, 19, 26(6)"),
    ("sec-17a-4", "on_premises", "admitted with conditions", "17a-4(f)(2)-(3)"),
    ("cjis", "bedrock", "rejected", "Security Addendum; v6.0 PS-3"),
    ("irs-1075", "bedrock", "rejected", "Pub. 1075 s.3.3.1"),
    ("ferpa", "hosted", "admitted with conditions", "34 CFR 99.31(a)(1)(i)(B), 99.33(a)"),
    ("glba", "hosted", "admitted with conditions", "16 CFR 314.4(c), (f)"),
    ("govramp", "hosted", "admitted with conditions", "State policy (e.g. TX-RAMP)"),
    ("tx-sb1188", "hosted", "admitted with conditions", "Tex. Health & Safety Code ch. 183"),
    ("fl-ehr", "hosted", "admitted with conditions", "Fla. Stat. 408.051(3)"),
    ("aba-1.6", "bedrock", "admitted with conditions", "Rule 1.6(a),(c); Op. 512 II.B"),
]
"""Rule, place, verdict and citation, as the texts have them: where the rule rejects or sets conditions."""
QUIET = [
    ("hipaa", "on_premises", "admitted", "45 CFR 164.308(a)(7), 164.312(b), 164.310"),
    ("cmmc-l1", "on_premises", "admitted", "FAR 52.204-21(b)(1)(i)-(xv); 32 CFR 170.15, 170.19(b)"),
    ("ear", "enclave", "admitted", "15 CFR 734.13"),
    ("gdpr", "on_premises", "admitted", "Art. 5, 6, 32, 35"),
    ("soc2", "on_premises", "admitted", "A1.1-A1.3; CC9.2"),
    ("iso27001", "on_premises", "admitted", "Annex A 5.19-5.23, 8.6, 8.13-8.15; clause 6.1.3 d"),
    ("dora", "on_premises", "admitted", "Art. 5-12; 2024/1774 Art. 9, 12"),
    ("eu-ai-act", "on_premises", "admitted", "Art. 12, 19, 26(6)"),
    ("ferpa", "on_premises", "admitted", "34 CFR 99.31(a)(1)(i)(A)"),
    ("glba", "on_premises", "admitted", "16 CFR 314.4(c)"),
    ("govramp", "on_premises", "admitted", "GovRAMP programme"),
    ("tx-sb1188", "on_premises", "admitted", "Tex. Health & Safety Code ch. 183"),
    ("fl-ehr", "enclave", "admitted", "Fla. Stat. 408.051(3)"),
    ("aba-1.6", "on_premises", "admitted", "Rule 1.6(c), 5.1, 5.3"),
    ("nist-800-53", "on_premises", "admitted", "NIST SP 800-53 Rev. 5, CP-6, CP-7, CP-9, AU-4, AU-11"),
    ("ndaa-1532", "on_premises", "admitted", "Pub. L. 119-60 s.1532"),
]
"""The same where it admits outright; the other rules fire everywhere and are quiet for data that they do not bind."""


def judge(place: str, **compliance: Any) -> SiteVerdict:
    chosen = Compliance(**compliance)
    return site_verdict(PLACES[place], chosen, frameworks_for(chosen, CATALOG.rules))


@pytest.mark.parametrize(("rule", "place", "verdict", "citation"), FIRES)
def test_a_rule_fires(rule: str, place: str, verdict: str, citation: str) -> None:
    got = judge(place, frameworks=(rule,))
    assert got.verdict == verdict != "admitted"
    assert citation in got.citations
    assert got.reasons[0].startswith(CATALOG.rules[rule].name)
    assert got.reasons[0].endswith(f"({citation}).")


@pytest.mark.parametrize(("rule", "place", "verdict", "citation"), QUIET)
def test_a_rule_does_not_fire_where_it_admits_outright(rule: str, place: str, verdict: str, citation: str) -> None:
    got = judge(place, frameworks=(rule,))
    assert got.verdict == verdict == "admitted"
    assert got.citations == (citation,)


@pytest.mark.parametrize("place", PLACES)
def test_no_rule_fires_for_data_that_none_binds(place: str) -> None:
    got = judge(place, data_class="internal")
    assert got.verdict == "admitted" and got.citations == ()


@pytest.mark.parametrize(("rule", "data_class", "other"), [
    ("hipaa", "phi", "cui"), ("cmmc-l1", "fci", "phi"), ("cmmc-l2", "cui", "fci"), ("itar", "itar", "cui"),
    ("pci-dss", "cardholder", "pii"), ("cjis", "cji", "fti"), ("irs-1075", "fti", "cji"),
])  # fmt: skip
def test_a_data_class_brings_its_own_rule_and_no_other_ones(rule: str, data_class: Any, other: Any) -> None:
    bound, free = (frameworks_for(Compliance(data_class=c), CATALOG.rules) for c in (data_class, other))
    assert CATALOG.rules[rule] in bound and CATALOG.rules[rule] not in free


def test_every_rule_has_a_case_that_fires_it() -> None:
    by_site = {rule for rule, *_ in FIRES}
    by_other_means = {"ndaa-1532", "nist-800-53"}  # a ban on models, and controls: tested below
    assert by_site | by_other_means == set(CATALOG.rules)


@pytest.mark.parametrize(("name", "data_class", "barred"), [
    ("deepseek-v3", "cui", True), ("deepseek-v3", "phi", False), ("llama-3.3-70b", "cui", False),
])  # fmt: skip
def test_the_ban_of_section_1532_fires_on_a_model_and_not_on_a_site(name: str, data_class: Any, barred: bool) -> None:
    model: Model = CATALOG.models[name]
    sentence = model_ban(model, frameworks_for(Compliance(data_class=data_class), CATALOG.rules))
    assert (sentence is not None) == barred
    assert not barred or "Pub. L. 119-60 s.1532" in str(sentence)


def test_the_controls_of_sp_800_53_fire_when_it_is_named_and_not_otherwise() -> None:
    named = binding_controls(frameworks_for(Compliance(frameworks=("nist-800-53",)), CATALOG.rules))
    assert {"CP-6", "CP-7", "CP-9", "AU-4"} <= {control.citation for control in named}
    assert binding_controls(frameworks_for(Compliance(), CATALOG.rules)) == ()


def test_a_control_says_what_it_supports_evidence_for_and_how_weak_its_source_is() -> None:
    (weak,) = [
        control
        for control in binding_controls(frameworks_for(Compliance(data_class="fti"), CATALOG.rules))
        if control.citation == "Pub. 1075 AU-11"
    ]
    assert weak.sentence == (
        "Supports evidence for IRS Publication 1075, Pub. 1075 AU-11: audit records for 7 years (rests on a text that was "
        "not read again)."
    )


@pytest.mark.parametrize("data_class", REGULATED)
def test_the_seed_default_holds(data_class: str) -> None:
    """Regulated data lands on private clusters and off public APIs."""
    for site in Supply().sites:
        assert judge(site, data_class=data_class).verdict != "rejected"
    public = [
        judge(api.id, data_class=data_class) for api in CATALOG.apis.values() if api.site_class == "api_commercial"
    ]
    assert public and all(verdict.verdict != "admitted" for verdict in public)


@pytest.mark.parametrize("data_class", ["cui", "cui_specified", "itar", "cji", "fti"])
def test_a_public_api_is_rejected_and_an_authorised_one_admitted_on_conditions(data_class: str) -> None:
    assert judge("bedrock", data_class=data_class).verdict == "rejected"
    assert judge("bedrock-us-gov", data_class=data_class).verdict == "admitted with conditions"


def test_cui_basic_stays_admissible_in_a_commercial_region_with_fedramp_moderate_and_without_it_does_not() -> None:
    assert judge("commercial", data_class="cui").verdict == "admitted with conditions"
    bare = CATALOG.sites["commercial"].model_copy(update={"attestations": ("soc2",)})
    chosen = Compliance(data_class="cui")
    got = site_verdict(bare, chosen, frameworks_for(chosen, CATALOG.rules))
    assert got.verdict == "rejected"
    assert "holds none of fedramp-moderate, fedramp-high" in got.reasons[0]
    assert "DFARS 252.204-7012(b)(2)(ii)(D)" in got.citations


@pytest.mark.parametrize("rule", ["soc2", "iso27001"])
@pytest.mark.parametrize("place", PLACES)
def test_an_attestation_rejects_no_place(rule: str, place: str) -> None:
    assert judge(place, frameworks=(rule,)).verdict != "rejected"


def test_no_text_calls_anything_compliant() -> None:
    word = re.compile(r"\bcompliant\b", re.IGNORECASE)
    folders = (ROOT / "hardware_catalog", ROOT / "src" / "aisizer" / "deliver", ROOT / "src" / "aisizer" / "sizing")
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in (".yaml", ".j2", ".py")]
    assert len(files) > 100
    assert [path.name for path in files if word.search(path.read_text(encoding="utf-8"))] == []
    for data_class in REGULATED:
        for place in PLACES:
            verdict = judge(place, data_class=data_class)
            assert not word.search(" ".join((*verdict.reasons, verdict.basis)))
