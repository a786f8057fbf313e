"""The document's section on where the data may go, and which requirements it supports evidence for."""

from __future__ import annotations

from collections.abc import Mapping

from aisizer.deliver import labels
from aisizer.deliver.blocks import Block, Items, Paragraph, Section, table
from aisizer.deliver.control_mapping import mapping_rows
from aisizer.plan import Plan, Verdict


def verdicts_section(plan: Plan, titles: Mapping[str, str]) -> Section:
    """Whether each place is admitted, by which texts, and what the document shows for them; titles of its sections by id."""
    text = "The plan supports evidence for these texts; it is no legal advice and claims no compliance."
    rows = [_verdict_row(v) for v in plan.verdicts]
    blocks: list[Block] = [
        Paragraph(f"{text} {retention(plan)}".rstrip()),
        table("Verdict on each site (explain verdicts)", "Site | Verdict | Reasons and texts | Weaker sources", rows),
        *_places(plan),
        *_controls(plan, titles),
    ]
    return Section("sites", "Where the data may go, and which controls this supports", tuple(blocks))


def _verdict_row(verdict: Verdict) -> tuple[str, ...]:
    """Reasons end with the texts they rest on; a text that none of them names follows."""
    said = " ".join(verdict.reasons)
    texts = [text for text in verdict.citations if text not in said]
    weaker = verdict.basis.partition("weaker sources: ")[2].rstrip(".")
    return (
        labels.site(verdict.site),
        verdict.verdict,
        " ".join([said, *texts]),
        weaker or {"primary": "none"}.get(verdict.basis, verdict.basis),
    )


def _places(plan: Plan) -> list[Block]:
    """Second places: those that the profile names in a table, the others in a sentence."""
    named = [p for p in plan.places if p.named]
    unnamed = [p for p in plan.places if not p.named]
    rows = [
        (p.role, labels.site(p.verdict.site), p.verdict.verdict, " ".join(p.verdict.reasons), p.field) for p in named
    ]
    heads = "Role | Place | Verdict | Reasons | Field"
    blocks: list[Block] = [table("Second places, judged by the same rules", heads, rows)] if rows else []
    if unnamed:
        roles = ", no ".join(f"{p.role} ({p.field})" for p in unnamed)
        site = labels.site(unnamed[0].verdict.site)
        blocks.append(
            Paragraph(
                f"The profile names no {roles}: each is taken to be a place like {site}, {unnamed[0].verdict.verdict}."
            )
        )
    return blocks


def retention(plan: Plan) -> str:
    """How long logs are kept, whether that is required, and by which text."""
    kept = plan.retention
    if kept is None:
        return ""
    hot = "" if kept.hot_months is None else f", {kept.hot_months:.3g} of them at hand"
    note = f" {kept.note}" if kept.note else ""
    text = kept.citation.removeprefix("none: ")
    basis = text if text.startswith(kept.kind) else f"{kept.kind}: {text}"
    return f"Prompt and response logs are kept {kept.months:.3g} months{hot} ({basis}).{note}"


def _controls(plan: Plan, titles: Mapping[str, str]) -> list[Block]:
    """What this document supports evidence for, and what the frameworks ask for that no cost line pays."""
    rows = list(mapping_rows(plan, titles))
    heads = "Requirement | Asks for | Supported by the sections"
    blocks: list[Block] = [table("This document supports evidence for", heads, rows)] if rows else []
    if plan.controls:
        asked = f"{len(plan.controls)} requirements of the frameworks cost money or capacity: sizing.json (controls) has each."
        unpaid = tuple(f"{c.framework}, {c.kind}: {c.text}" for c in plan.unpriced_controls)
        more = " No cost line pays for these; give prices in compliance.control_costs where this service must:"
        blocks.append(Paragraph(asked + (more if unpaid else " A cost line pays for each of them.")))
        blocks += [Items(unpaid)] if unpaid else []
    return blocks
