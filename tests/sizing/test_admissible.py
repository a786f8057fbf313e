"""Verdicts, bans and retention from the packaged rules: each rule fires where it should and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from aisizer.catalog.records import Attention, Model, Rule, Site
from aisizer.errors import InvalidInput
from aisizer.profile.sections import Compliance, Supply
from aisizer.sizing.admissible import (
    DEFAULT_LOG_RETENTION_MONTHS,
    SiteVerdict,
    frameworks_for,
    log_retention_months,
    model_ban,
    site_verdict,
)

CATALOG = Path(__file__).parents[2] / "hardware_catalog"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


RULES = {path.stem: Rule.model_validate(read(path)) for path in sorted((CATALOG / "rules").glob("*.yaml"))}
SITES = {path.stem: Site.model_validate(read(path)) for path in sorted((CATALOG / "sites").glob("*.yaml"))}
SEVERITY = ["admitted", "admitted with conditions", "rejected"]
WEAK = {"verdict": "admit", "condition": "", "citation": "Text 1", "confidence": "high", "basis": "primary"}


def judge(site: str, **compliance: Any) -> SiteVerdict:
    chosen = Compliance(**compliance)
    return site_verdict(SITES[site], chosen, frameworks_for(chosen, RULES))


def ids(**compliance: Any) -> list[str]:
    return [rule.id for rule in frameworks_for(Compliance(**compliance), RULES)]


def model(developer: str, huggingface: str) -> Model:
    return Model(
        id="some-model",
        name="Some model",
        sources={"*": "test"},
        huggingface=huggingface,
        architecture="LlamaForCausalLM",
        developer=developer,
        layers=1,
        hidden=8,
        heads=1,
        attention=(Attention(layers=1, kind="full", kv_heads=1, head_dim=8),),
        vocab=8,
        max_context=8,
    )


def rule(id_: str, verdict: str, **fields: Any) -> Rule:
    classes = ("on_premises", "hosted_private", "gov_enclave", "commercial_region")
    verdicts = {site_class: {**WEAK, "verdict": verdict, **fields} for site_class in classes}
    return Rule.model_validate({"id": id_, "name": id_, "verdicts": verdicts, "url": "u", "version_date": "2026"})


@pytest.mark.parametrize("id_", RULES)
def test_a_rule_fires_when_named_and_not_when_nothing_brings_it_in(id_: str) -> None:
    assert id_ in ids(frameworks=(id_,))
    assert id_ not in ids()


@pytest.mark.parametrize(("id_", "data_class"), [(r.id, d) for r in RULES.values() for d in r.data_classes])
def test_a_data_class_brings_its_frameworks_in(id_: str, data_class: str) -> None:
    assert id_ in ids(data_class=data_class)


@pytest.mark.parametrize("data_class", ["public", "internal", "pii"])
def test_unregulated_data_brings_no_framework(data_class: str) -> None:
    assert ids(data_class=data_class) == []
    assert judge("commercial", data_class=data_class).verdict == "admitted"


def test_a_framework_named_twice_over_counts_once() -> None:
    assert ids(data_class="phi", frameworks=("hipaa", "hipaa", "soc2")) == ["hipaa", "soc2"]


def test_an_unknown_framework_names_the_near_one() -> None:
    with pytest.raises(InvalidInput, match=r'no framework "hippa" \(did you mean "hipaa"\?\)') as caught:
        ids(frameworks=("hippa", "zzzz"))
    assert 'no framework "zzzz". Name one of' in str(caught.value)


@pytest.mark.parametrize("id_", RULES)
@pytest.mark.parametrize("site", SITES)
def test_each_packaged_rule_gives_its_own_verdict_with_its_citation(id_: str, site: str) -> None:
    verdict = RULES[id_].verdicts[SITES[site].site_class]
    got = site_verdict(SITES[site], Compliance(), [RULES[id_]])
    expected = {"admit": "admitted", "conditions": "admitted with conditions", "reject": "rejected"}
    assert got.verdict == expected[verdict.verdict]
    assert verdict.citation in got.citations
    assert verdict.citation in got.reasons[0]
    assert got.reasons[0].endswith(".")
    assert (got.basis == "primary") == (verdict.basis == "primary")


@pytest.mark.parametrize("data_class", ["phi", "cui", "cui_specified", "fci", "itar", "cardholder", "cji", "fti"])
def test_regulated_data_lands_on_the_default_sites_and_never_freely_on_a_public_api(data_class: str) -> None:
    for site in Supply().sites:
        assert judge(site, data_class=data_class).verdict != "rejected"
    api = [RULES[id_].verdicts["api_commercial"].verdict for id_ in ids(data_class=data_class) if id_ != "ndaa-1532"]
    assert api and "admit" not in api
    assert {SITES[site].site_class for site in Supply().sites} <= {"on_premises", "hosted_private", "gov_enclave"}


@pytest.mark.parametrize("data_class", ["cui", "cui_specified", "itar", "cji", "fti"])
def test_a_public_commercial_api_is_rejected_for(data_class: str) -> None:
    assert "reject" in [RULES[id_].verdicts["api_commercial"].verdict for id_ in ids(data_class=data_class)]


def test_phi_on_premises_is_admitted_outright_and_hosted_needs_a_contract() -> None:
    assert judge("on_premises", data_class="phi").verdict == "admitted"
    hosted = judge("hosted", data_class="phi")
    assert hosted.verdict == "admitted with conditions"
    assert "business associate contract" in hosted.reasons[0]
    assert "164.308(b)" in hosted.citations[0]


def test_cui_at_a_partner_forks_on_whether_it_is_a_cloud_service_provider() -> None:
    dedicated = judge("hosted", data_class="cui")
    provider = judge("hosted", data_class="cui", hosting_partner_is_csp=True)
    assert dedicated.verdict == provider.verdict == "admitted with conditions"
    assert "assessment scope" in dedicated.reasons[0]
    assert "FedRAMP Moderate" in provider.reasons[0]
    assert "FedRAMP" not in dedicated.reasons[0]


def test_the_csp_flag_changes_no_other_site() -> None:
    for site in ("on_premises", "enclave", "commercial"):
        assert judge(site, data_class="cui") == judge(site, data_class="cui", hosting_partner_is_csp=True)


def test_fedramp_does_not_apply_on_premises() -> None:
    verdict = judge("on_premises", frameworks=("fedramp-high",))
    assert verdict.verdict == "admitted with conditions"
    assert "not applicable" in verdict.reasons[0] and "agency ATO" in verdict.reasons[0]


@pytest.mark.parametrize(("residency", "verdict"), [("us", "admitted"), ("US", "admitted"), ("eu", "rejected")])
def test_residency_rejects_a_site_elsewhere(residency: str, verdict: str) -> None:
    got = judge("commercial", residency=residency)
    assert got.verdict == verdict
    assert ("compliance.residency" in got.reasons[0]) == (verdict == "rejected")


def test_the_gravest_verdict_wins_and_its_reason_stands_first() -> None:
    rules = [rule("mild", "admit"), rule("grave", "reject"), rule("middle", "conditions")]
    got = site_verdict(SITES["hosted"], Compliance(), rules)
    assert got.verdict == "rejected"
    assert [reason.split()[0] for reason in got.reasons] == ["grave", "middle", "mild"]


def test_the_basis_names_a_secondary_source() -> None:
    rules = [rule("firm", "admit"), rule("soft", "admit", basis="secondary", confidence="low")]
    basis = site_verdict(SITES["hosted"], Compliance(), rules).basis
    assert "soft on a secondary source (confidence low)" in basis and "firm" not in basis


def test_a_rule_that_is_silent_on_a_site_class_is_a_fault_of_the_catalog() -> None:
    silent = rule("silent", "admit").model_copy(update={"verdicts": {}})
    with pytest.raises(InvalidInput, match=r"rules/silent\.yaml.*on_premises.*Add a verdict"):
        site_verdict(SITES["on_premises"], Compliance(), [silent])


@given(st.sets(st.sampled_from(sorted(RULES))), st.sampled_from(sorted(RULES)), st.sampled_from(sorted(SITES)))
def test_a_further_framework_never_mends_a_verdict_nor_shortens_retention(
    names: set[str], further: str, site: str
) -> None:
    few, more = Compliance(frameworks=tuple(names)), Compliance(frameworks=(*names, further))
    few_rules, more_rules = frameworks_for(few, RULES), frameworks_for(more, RULES)
    before, after = (site_verdict(SITES[site], few, few_rules), site_verdict(SITES[site], more, more_rules))
    assert SEVERITY.index(before.verdict) <= SEVERITY.index(after.verdict)
    if any(found.retention for found in few_rules):
        assert log_retention_months(few, few_rules).months <= log_retention_months(more, more_rules).months


@pytest.mark.parametrize(
    ("compliance", "hot"),
    [
        ({}, None),
        ({"data_class": "phi"}, None),
        ({"data_class": "cardholder"}, 3),
        ({"frameworks": ("fedramp-moderate",)}, 6),
        ({"frameworks": ("sec-17a-4",)}, 24),
        ({"data_class": "phi", "frameworks": ("pci-dss",)}, 3),
        ({"data_class": "cardholder", "frameworks": ("sec-17a-4", "fedramp-high")}, 24),
        ({"frameworks": ("sec-17a-4",), "log_retention": "12 months"}, 12),
    ],
)
def test_the_longest_part_at_hand_counts_whichever_rule_gives_it(compliance: dict[str, Any], hot: float | None) -> None:
    got = retention(**compliance).hot_months
    assert got is None if hot is None else got == pytest.approx(hot)


@pytest.mark.parametrize(
    ("developer", "huggingface"),
    [
        ("DeepSeek", "deepseek-ai/DeepSeek-V3"),
        ("deepseek ai", "x/y"),
        ("High-Flyer", "x/y"),
        ("", "nvidia/DeepSeek-R1-FP4"),
    ],
)
def test_a_barred_developer_is_refused_for_dod_contract_work(developer: str, huggingface: str) -> None:
    sentence = model_ban(model(developer, huggingface), frameworks_for(Compliance(data_class="cui"), RULES))
    assert sentence is not None
    assert "Pub. L. 119-60 s.1532" in sentence and "Choose a model" in sentence


def test_the_ban_spares_other_developers_and_other_work() -> None:
    barred = model("DeepSeek", "deepseek-ai/DeepSeek-V3")
    assert model_ban(barred, frameworks_for(Compliance(data_class="phi"), RULES)) is None
    assert model_ban(model("Meta", "meta-llama/x"), frameworks_for(Compliance(data_class="cui"), RULES)) is None


def retention(**compliance: Any) -> Any:
    chosen = Compliance(**compliance)
    return log_retention_months(chosen, frameworks_for(chosen, RULES))


@pytest.mark.parametrize(
    ("compliance", "months", "kind", "citation"),
    [
        ({}, DEFAULT_LOG_RETENTION_MONTHS, "policy", "policy default"),
        ({"data_class": "phi"}, 72, "customary", "164.312(b)"),
        ({"data_class": "cardholder"}, 12, "required", "PCI DSS 10.5.1"),
        ({"data_class": "cardholder", "frameworks": ("sec-17a-4",)}, 36, "required", "17a-4"),
        ({"data_class": "cui", "frameworks": ("pci-dss",)}, 12, "required", "PCI DSS 10.5.1"),
        ({"data_class": "phi", "frameworks": ("pci-dss",)}, 72, "customary", "164.312(b)"),
    ],
)
def test_the_longest_period_of_the_binding_rules_counts(
    compliance: dict[str, Any], months: float, kind: str, citation: str
) -> None:
    got = retention(**compliance)
    assert (got.months, got.kind) == (months, kind)
    assert citation in got.citation


def test_the_own_value_wins_as_policy_and_a_shorter_one_is_told() -> None:
    longer = retention(data_class="cardholder", log_retention="24 months")
    assert (longer.months, longer.hot_months, longer.kind) == (pytest.approx(24), 3, "policy")
    assert "requires" not in longer.note
    shorter = retention(data_class="cardholder", log_retention="6 months")
    assert shorter.months == pytest.approx(6)
    assert "PCI DSS v4.0.1 requires 12 months (PCI DSS 10.5.1)" in shorter.note
