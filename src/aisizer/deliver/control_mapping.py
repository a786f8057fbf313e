"""Which requirements of the binding frameworks this document supports evidence for, and which of its sections do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aisizer.plan import Plan

RULE = "rule-"
"""how the ids of sources begin that are frameworks"""


@dataclass(frozen=True, slots=True)
class Support:
    """One requirement, and the sections that show something of it."""

    reference: str
    asks: str
    sections: tuple[str, ...]


_CP_2_2 = Support("CP-2(2)", "capacity planning for contingency operations", ("survival", "roadmap"))
_AU_4 = Support("AU-4", "log storage capacity allocated", ("surroundings",))
_AU_5_1 = Support("AU-5(1)", "a warning before the log storage is full", ("triggers",))
_AU_11 = Support("AU-11", "log records retained for a stated time", ("sites", "surroundings"))
_SC_5_2 = Support(
    "SC-5(2)", "capacity and redundancy kept against floods of requests", ("survival", "waterfall", "triggers")
)
_REV_5, _REV_2 = "NIST SP 800-53 Rev. 5", "NIST SP 800-171 Rev. 2"
_171 = (
    Support("3.3.1", "audit logs created and retained", ("sites", "surroundings")),
    Support("3.3.4", "an alert when logging fails", ("triggers",)),
    Support("3.8.9", "backups of CUI protected where they are stored", ("sites", "survival")),
)

SUPPORTS: Mapping[str, tuple[str, tuple[Support, ...]]] = {
    "nist-800-53": (_REV_5, (_CP_2_2, _AU_4, _AU_5_1, _AU_11, _SC_5_2)),
    "fedramp-moderate": (f"{_REV_5}, Moderate baseline", (_AU_4, _AU_11)),
    "fedramp-high": (f"{_REV_5}, High baseline", (_CP_2_2, _AU_4, _AU_5_1, _AU_11)),
    "cmmc-l2": (_REV_2, _171),
    "cmmc-l3": (_REV_2, _171),
    "hipaa": (
        "HIPAA Security Rule",
        (
            Support("45 CFR 164.308(a)(7)", "a contingency plan with backup and recovery", ("survival",)),
            Support("45 CFR 164.312(b)", "audit controls: activity is recorded", ("surroundings",)),
            Support("45 CFR 164.316(b)(2)", "documentation retained six years and kept current", ("control", "sites")),
        ),
    ),
    "soc2": (
        "SOC 2 Trust Services Criteria",
        (Support("A1.1", "capacity maintained, monitored and evaluated against demand", ("roadmap", "triggers")),),
    ),
    "iso27001": (
        "ISO/IEC 27001:2022",
        (Support("A.8.6", "capacity monitored and adjusted to what is needed", ("roadmap", "triggers")),),
    ),
    "dora": (
        "Delegated Regulation (EU) 2024/1774, financial entities in the EU only",
        (
            Support(
                "Art. 9", "capacity and performance managed, long procurement included", ("roadmap", "triggers", "path")
            ),
        ),
    ),
}
"""By rule of the catalog. The baselines are those of NIST SP 800-53B, in which SC-5(2) has no place and CP-2(2) and AU-5(1) stand
in High only. SP 800-171 has no family of contingency planning."""


def binding(plan: Plan) -> list[str]:
    """Ids of the frameworks that bind the plan, by its data class or its profile."""
    return [source.id.removeprefix(RULE) for source in plan.sources if source.id.startswith(RULE)]


def mapping_rows(plan: Plan, titles: Mapping[str, str]) -> Iterator[Sequence[str]]:
    """Text, reference, what it asks for, and the titles of the sections that show something of it."""
    texts = dict.fromkeys(SUPPORTS[rule] for rule in binding(plan) if rule in SUPPORTS)
    for text, supports in texts:
        for support in supports:
            shown = [titles[section] for section in support.sections if section in titles]
            if shown:
                yield f"{text}, {support.reference}", support.asks, "; ".join(shown)
