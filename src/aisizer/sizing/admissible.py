"""Where the fleet may run: the frameworks that bind, their verdict on a site, barred models and log retention."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Literal

from aisizer.catalog.records import Model, Retention, Rule, Site
from aisizer.catalog.records import Verdict as RuleVerdict
from aisizer.errors import InvalidInput
from aisizer.profile.sections import Compliance
from aisizer.schema import Record
from aisizer.units import MONTH

DEFAULT_LOG_RETENTION_MONTHS = 13.0
"""[month] where no rule gives a period: one year and a month, so that a month can be compared with the year before."""

Admission = Literal["admitted", "admitted with conditions", "rejected"]
_ADMISSION: Mapping[str, Admission] = {
    "admit": "admitted",
    "conditions": "admitted with conditions",
    "reject": "rejected",
}
_SEVERITY: tuple[Admission, ...] = ("admitted", "admitted with conditions", "rejected")
_OPENING = {
    "admit": "admits this site",
    "conditions": "admits this site on conditions",
    "reject": "rejects this site",
}
_WEAKNESS = {"secondary": "a secondary source", "memory": "a text that was not read again"}
_RETENTION_STRENGTH = ("policy", "customary", "required")


class SiteVerdict(Record):
    """Whether a site is admitted, and by which texts."""

    site: str
    verdict: Admission
    reasons: tuple[str, ...]
    """full sentences, the gravest first"""
    citations: tuple[str, ...]
    basis: str
    """primary, or a sentence that names the verdicts resting on a weaker source"""


def frameworks_for(compliance: Compliance, rules: Mapping[str, Rule]) -> tuple[Rule, ...]:
    """The rules that the data class brings in by itself and those that the profile names, in order of id."""
    unknown = [_unknown(name, rules) for name in compliance.frameworks if name not in rules]
    if unknown:
        raise InvalidInput("\n".join(unknown))
    named = set(compliance.frameworks)
    return tuple(
        rule for id_, rule in sorted(rules.items()) if id_ in named or compliance.data_class in rule.data_classes
    )


def site_verdict(site: Site, compliance: Compliance, rules: Sequence[Rule]) -> SiteVerdict:
    """What the binding rules and the residency together say of one site: the gravest verdict wins."""
    found = [(rule, _verdict_on(site, compliance, rule)) for rule in rules]
    spoken = [(_ADMISSION[verdict.verdict], _sentence(rule, verdict)) for rule, verdict in found]
    if site.countries and compliance.residency.casefold() not in {country.casefold() for country in site.countries}:
        spoken.append(("rejected", _residency_sentence(site, compliance)))
    spoken.sort(key=lambda pair: _SEVERITY.index(pair[0]), reverse=True)
    return SiteVerdict(
        site=site.id,
        verdict=spoken[0][0] if spoken else "admitted",
        reasons=tuple(sentence for _, sentence in spoken) or ("No framework of this profile restricts the site.",),
        citations=tuple(dict.fromkeys(verdict.citation for _, verdict in found)),
        basis=_basis(found),
    )


def model_ban(model: Model, rules: Sequence[Rule]) -> str | None:
    """The sentence that bars the model's developer (or a model derived from its own), or None."""
    origin = _plain(f"{model.developer} {model.huggingface} {model.name}")
    for rule in rules:
        for developer in rule.banned_developers:
            if _plain(developer) in origin:
                return (
                    f"{rule.name} bars models of {developer} in this work at every site, self-hosted weights included "
                    f"({_citation(rule)}). Choose a model of another developer than {model.name}."
                )
    return None


def log_retention_months(compliance: Compliance, rules: Sequence[Rule]) -> Retention:
    """How long request logs are kept: the profile's own value, else the longest that a binding rule gives.

    The longest of required and customary periods counts, so that a further framework never shortens the retention.
    """
    found = [(rule, rule.retention) for rule in rules if rule.retention is not None]
    if compliance.log_retention is not None:
        return _own_retention(compliance.log_retention / MONTH, found)
    if not found:
        return Retention(
            months=DEFAULT_LOG_RETENTION_MONTHS,
            kind="policy",
            citation="none: policy default",
            note="No binding rule gives a period; 13 months let a month be compared with the year before.",
        )
    return max((retention for _, retention in found), key=lambda r: (r.months, _RETENTION_STRENGTH.index(r.kind)))


def _unknown(name: str, rules: Mapping[str, Rule]) -> str:
    close = difflib.get_close_matches(name, rules, n=1)
    hint = f' (did you mean "{close[0]}"?)' if close else ""
    return (
        f'compliance.frameworks: the catalog has no framework "{name}"{hint}. Name one of `aisizer catalog list rules`.'
    )


def _verdict_on(site: Site, compliance: Compliance, rule: Rule) -> RuleVerdict:
    if site.site_class == "hosted_private" and compliance.hosting_partner_is_csp and rule.csp_verdict is not None:
        return rule.csp_verdict
    if site.site_class not in rule.verdicts:
        raise InvalidInput(
            f'rules/{rule.id}.yaml: verdicts: the rule says nothing of the site class "{site.site_class}" '
            f"(site {site.id}). Add a verdict for it."
        )
    return rule.verdicts[site.site_class]


def _sentence(rule: Rule, verdict: RuleVerdict) -> str:
    condition = f": {verdict.condition}" if verdict.condition else ""
    return f"{rule.name} {_OPENING[verdict.verdict]}{condition} ({verdict.citation})."


def _residency_sentence(site: Site, compliance: Compliance) -> str:
    countries = ", ".join(site.countries)
    return (
        f"Residency rejects this site: the data must stay in {compliance.residency} and the site lies in {countries} "
        "(compliance.residency). Choose a site there, or change the residency."
    )


def _basis(found: Sequence[tuple[Rule, RuleVerdict]]) -> str:
    weak = [
        f"{rule.name} on {_WEAKNESS[verdict.basis]} (confidence {verdict.confidence})"
        for rule, verdict in found
        if verdict.basis != "primary"
    ]
    return f"The verdict rests in part on weaker sources: {'; '.join(weak)}." if weak else "primary"


def _own_retention(months: float, found: Sequence[tuple[Rule, Retention]]) -> Retention:
    longer = [
        f"{rule.name} requires {retention.months:g} months ({retention.citation})"
        for rule, retention in found
        if retention.kind == "required" and retention.months > months
    ]
    note = f"The profile's {months:.3g} months are shorter: {'; '.join(longer)}." if longer else ""
    return Retention(months=months, kind="policy", citation="compliance.log_retention of the profile", note=note)


def _citation(rule: Rule) -> str:
    citations = dict.fromkeys(verdict.citation for verdict in rule.verdicts.values())
    return "; ".join(citations) or rule.url


def _plain(name: str) -> str:
    """Letters and digits only: DeepSeek-AI, deepseek ai and High-Flyer read alike."""
    return "".join(character for character in name.casefold() if character.isalnum())
