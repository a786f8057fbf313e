"""Where the fleet may run: the frameworks that bind, their verdict on a place, barred models and log retention."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from aisizer.catalog.records import Model, Place, Retention, Rule, Site
from aisizer.catalog.records import Verdict as RuleVerdict
from aisizer.errors import InvalidInput
from aisizer.profile.sections import Compliance, DisasterRecovery
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


OTHER_PLACES: Mapping[str, str] = {
    "resilience.disaster_recovery.site": "disaster-recovery site",
    "resilience.disaster_recovery.backup_site": "backup target",
    "compliance.archive_site": "log archive",
}
"""What else holds the data, by the profile field that names it."""


class SiteVerdict(Record):
    """Whether a site is admitted, and by which texts."""

    site: str
    verdict: Admission
    reasons: tuple[str, ...]
    """full sentences, the gravest first"""
    citations: tuple[str, ...]
    basis: str
    """primary, or a sentence that names the verdicts resting on a weaker source"""
    attestations: tuple[str, ...] = ()
    """of which the place must hold one, as the rules ask"""


def frameworks_for(compliance: Compliance, rules: Mapping[str, Rule]) -> tuple[Rule, ...]:
    """The rules that the data class brings in by itself and those that the profile names, in order of id."""
    unknown = [_unknown(name, rules) for name in compliance.frameworks if name not in rules]
    if unknown:
        raise InvalidInput("\n".join(unknown))
    named = set(compliance.frameworks)
    return tuple(
        rule for id_, rule in sorted(rules.items()) if id_ in named or compliance.data_class in rule.data_classes
    )


def site_verdict(site: Place, compliance: Compliance, rules: Sequence[Rule]) -> SiteVerdict:
    """What the binding rules and the residency together say of one place: the gravest verdict wins."""
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
        attestations=tuple(dict.fromkeys(name for _, verdict in found for name in verdict.attestations)),
    )


class PlaceVerdict(Record):
    """Whether a second place that holds the data is admitted."""

    role: str
    """disaster-recovery site, backup target or log archive"""
    field: str
    """profile field that names it"""
    named: bool
    """whether the profile names it; else it is a second place of the chosen site's own class"""
    verdict: SiteVerdict


def place_names(compliance: Compliance, recovery: DisasterRecovery) -> dict[str, str]:
    """The names that the profile gives to places beside the chosen site, by field."""
    names = (recovery.site, recovery.backup_site, compliance.archive_site)
    return {field: name for field, name in zip(OTHER_PLACES, names, strict=True) if name is not None}


def other_places(
    chosen: Site, compliance: Compliance, recovery: DisasterRecovery, rules: Sequence[Rule], sites: Mapping[str, Site]
) -> tuple[PlaceVerdict, ...]:
    """What the same rules say of the disaster-recovery site, the backup target and the log archive.

    sites: the records of `place_names`, by the name in the profile. Backups go to the second site where none is named.
    """
    given = place_names(compliance, recovery)
    second, backup, archive = OTHER_PLACES
    names = (given.get(second), given.get(backup, given.get(second)), given.get(archive))
    return tuple(
        PlaceVerdict(
            role=OTHER_PLACES[field],
            field=field,
            named=field in given,
            verdict=site_verdict(chosen if name is None else sites[name], compliance, rules),
        )
        for field, name in zip(OTHER_PLACES, names, strict=True)
    )


def refused_places(places: Iterable[PlaceVerdict]) -> tuple[str, ...]:
    """A sentence for each place that the profile names and the rules reject."""
    return tuple(
        f"{place.field}: the {place.role} {place.verdict.site} is not admitted. {place.verdict.reasons[0]} "
        "Name a site that the rules admit, or leave the field out for a second place of the chosen site's class."
        for place in places
        if place.named and place.verdict.verdict == "rejected"
    )


class BindingControl(Record):
    """What a binding framework asks for that costs money or capacity."""

    framework: str
    kind: str
    text: str
    citation: str
    basis: str

    @property
    def sentence(self) -> str:
        """Says what the control supports evidence for; it never claims that a framework is met."""
        weak = f" (rests on {_WEAKNESS[self.basis]})" if self.basis in _WEAKNESS else ""
        return f"Supports evidence for {self.framework}, {self.citation}: {self.text}{weak}."


def binding_controls(rules: Sequence[Rule]) -> tuple[BindingControl, ...]:
    """Every control of the binding rules, in the order of the rules."""
    return tuple(
        BindingControl(
            framework=rule.name,
            kind=control.kind,
            text=control.text,
            citation=control.citation,
            basis=control.basis,
        )
        for rule in rules
        for control in rule.controls
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
    longest = max((retention for _, retention in found), key=lambda r: (r.months, _RETENTION_STRENGTH.index(r.kind)))
    return _with_hot_part(longest, [retention for _, retention in found])


def _unknown(name: str, rules: Mapping[str, Rule]) -> str:
    close = difflib.get_close_matches(name, rules, n=1)
    hint = f' (did you mean "{close[0]}"?)' if close else ""
    return (
        f'compliance.frameworks: the catalog has no framework "{name}"{hint}. Name one of `aisizer catalog list rules`.'
    )


def _with_hot_part(kept: Retention, found: Sequence[Retention]) -> Retention:
    """The retention with the longest hot part that any binding rule gives, which may be another rule's."""
    hot = [(retention.hot_months, retention.citation) for retention in found if retention.hot_months is not None]
    if not hot:
        return kept
    months, citation = max(hot)
    if citation == kept.citation:
        return kept
    note = f"{months:g} months at hand by {citation}."
    return kept.model_copy(update={"hot_months": min(months, kept.months), "note": f"{kept.note} {note}".strip()})


def _verdict_on(site: Place, compliance: Compliance, rule: Rule) -> RuleVerdict:
    if site.site_class == "hosted_private" and compliance.hosting_partner_is_csp and rule.csp_verdict is not None:
        return rule.csp_verdict
    if site.site_class not in rule.verdicts:
        raise InvalidInput(
            f'rules/{rule.id}.yaml: verdicts: the rule says nothing of the site class "{site.site_class}" '
            f"(site {site.id}). Add a verdict for it."
        )
    return _with_attestation(site, rule.verdicts[site.site_class])


def _with_attestation(site: Place, verdict: RuleVerdict) -> RuleVerdict:
    """The verdict, or a rejection where the place holds none of the attestations that it rests on."""
    if not verdict.attestations or set(verdict.attestations) & set(site.attestations):
        return verdict
    lacking = f"{verdict.condition}; {site.name} holds none of {', '.join(verdict.attestations)}"
    return verdict.model_copy(update={"verdict": "reject", "condition": lacking})


def _sentence(rule: Rule, verdict: RuleVerdict) -> str:
    condition = f": {verdict.condition}" if verdict.condition else ""
    return f"{rule.name} {_OPENING[verdict.verdict]}{condition} ({verdict.citation})."


def _residency_sentence(site: Place, compliance: Compliance) -> str:
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
    own = Retention(months=months, kind="policy", citation="compliance.log_retention of the profile", note=note)
    return _with_hot_part(own, [retention for _, retention in found])


def _citation(rule: Rule) -> str:
    citations = dict.fromkeys(verdict.citation for verdict in rule.verdicts.values())
    return "; ".join(citations) or rule.url


def _plain(name: str) -> str:
    """Letters and digits only: DeepSeek-AI, deepseek ai and High-Flyer read alike."""
    return "".join(character for character in name.casefold() if character.isalnum())
