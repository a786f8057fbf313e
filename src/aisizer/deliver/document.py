"""The written sizing: one document model, shown as Markdown, self-contained HTML, PDF and DOCX."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from aisizer.deliver import charts, labels
from aisizer.deliver.blocks import Document, Section
from aisizer.deliver.docx_file import document_docx
from aisizer.deliver.json_file import plan_hash
from aisizer.deliver.pdf import document_pdf
from aisizer.deliver.sections_around import surroundings_section
from aisizer.deliver.sections_drills import drills_section
from aisizer.deliver.sections_evidence import (
    assumptions_section,
    control_section,
    integrations_section,
    limits_section,
    method_section,
    prototype_section,
    sources_section,
)
from aisizer.deliver.sections_money import bom_section, cost_section
from aisizer.deliver.sections_path import bridge_section, path_section
from aisizer.deliver.sections_results import (
    break_even_section,
    flips_section,
    growth_section,
    parts_section,
    sensitivity_section,
    unit_cost_section,
)
from aisizer.deliver.sections_roadmap import roadmap_section
from aisizer.deliver.sections_service import (
    alternatives_section,
    decision_section,
    slo_section,
    waterfall_section,
)
from aisizer.deliver.sections_sites import apis_section, facility_section, verdicts_section
from aisizer.deliver.sections_strategies import strategies_section
from aisizer.deliver.sections_survival import survival_section
from aisizer.deliver.sections_triggers import triggers_section
from aisizer.plan import Plan

if TYPE_CHECKING:
    from jinja2 import Environment


def document(plan: Plan) -> Document:
    """The sizing document; a section that does not apply is absent."""
    decision = labels.decided(plan)
    fleet = labels.fleet(decision)
    title = f"{labels.profile_name(plan)}: {labels.verb(decision)} {fleet} {labels.site(decision.site)}"
    made = f"Plan of {labels.plan_date(plan)} by aisizer {plan.aisizer_version}"
    return Document(
        title,
        f"{made}; order by {decision.order_by}.",
        tuple(_sections(plan)),
        labels.plan_date(plan),
        labels.marking(plan),
    )


def sizing_md(plan: Plan) -> str:
    """The document as Markdown; its tables carry what the pictures show."""
    return _environment().get_template("sizing.md.j2").render(doc=document(plan)).rstrip() + "\n"


def sizing_html(plan: Plan) -> str:
    """The document as one HTML page that needs neither script nor network; with script its options can be sorted."""
    template, script = _environment().get_template("sizing.html.j2"), _script()
    known = {"palette": charts.PALETTE, "grey": charts.GREY, "script": script, "script_hash": _allowed(script)}
    return template.render(doc=document(plan), **known).rstrip() + "\n"


def sizing_pdf(plan: Plan) -> bytes:
    """The document as a tagged PDF."""
    return document_pdf(document(plan), stamp(plan))


def sizing_docx(plan: Plan) -> bytes:
    """The document as a Word file."""
    return document_docx(document(plan), stamp(plan))


def stamp(plan: Plan) -> str:
    """What stands at the foot of every page: which profile, plan and tool it comes from."""
    return f"{labels.profile_name(plan)}, plan {plan_hash(plan)[:12]}, aisizer {plan.aisizer_version}"


def _sections(plan: Plan) -> list[Section]:
    sections = [
        decision_section(plan),
        slo_section(plan),
        prototype_section(plan) if any(c.unit != "USD" for c in plan.prototype) else None,
        waterfall_section(plan),
        survival_section(plan) if plan.availability else None,
        drills_section(plan) if plan.drills else None,
        alternatives_section(plan),
        roadmap_section(plan, plan.roadmap) if plan.roadmap else None,
        strategies_section(plan) if plan.strategies else None,
        bridge_section(plan) if plan.bridge else None,
        path_section(plan) if plan.path else None,
        triggers_section(plan) if plan.triggers else None,
        cost_section(plan),
        unit_cost_section(plan) if plan.unit_costs else None,
        break_even_section(plan) if plan.comparisons else None,
        parts_section(plan) if plan.parts else None,
        flips_section(plan) if plan.flips else None,
        sensitivity_section(plan) if plan.sensitivity else None,
        growth_section(plan) if plan.growth_costs else None,
        bom_section(plan) if plan.bom else None,
        verdicts_section(plan) if plan.verdicts else None,
        apis_section(plan) if plan.apis else None,
        facility_section(plan) if plan.limits else None,
        surroundings_section(plan) if plan.surroundings else None,
        integrations_section(plan) if plan.integrations else None,
        assumptions_section(plan) if plan.assumptions else None,
        method_section(plan) if plan.explain else None,
        sources_section(plan) if plan.sources else None,
        limits_section(plan),
        control_section(plan),
    ]
    return [section for section in sections if section is not None]


@cache
def _script() -> str:
    return (files("aisizer.deliver") / "templates" / "sort.js").read_text("utf-8")


def _allowed(script: str) -> str:
    """How a content security policy names the one script that may run (W3C Content Security Policy Level 3, 2.3.1)."""
    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"


@cache
def _environment() -> Environment:
    from jinja2 import DictLoader, Environment

    folder = files("aisizer.deliver") / "templates"
    sources = {name: (folder / name).read_text("utf-8") for name in ("sizing.md.j2", "sizing.html.j2", "charts.css")}
    environment = Environment(
        loader=DictLoader(sources),
        autoescape=lambda name: name is not None and ".html" in name,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"md": markdown_text, "css": css_text}
    return environment


def markdown_text(text: str) -> str:
    r"""Text in which Markdown and its HTML see no markup; a backslash keeps it readable where nothing renders it.

    >>> print(markdown_text("a | <b> >= *c* &lt; R&D\nd"))
    a \| \<b> >= \*c\* \&lt; R&D d
    """
    return re.sub(r"[\\|*`\[\]<]|^>|&(?=#?\w+;)", lambda mark: f"\\{mark[0]}", " ".join(text.split()))


def css_text(text: str) -> str:
    r"""Text inside a string of a style sheet, in which nothing can end the string (CSS Syntax Module Level 3, 4.3.7).

    >>> print(css_text('CUI//"x"'))
    CUI\00002f\00002f\000022x\000022
    """
    return "".join(c if c == " " or (c.isascii() and c.isalnum()) else f"\\{ord(c):06x}" for c in text)
