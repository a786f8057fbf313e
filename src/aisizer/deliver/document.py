"""The written sizing: one document model, shown as Markdown, self-contained HTML, PDF and DOCX."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from aisizer.deliver import charts, labels
from aisizer.deliver.blocks import Document, Section, printed
from aisizer.deliver.docx_file import document_docx
from aisizer.deliver.json_file import plan_hash
from aisizer.deliver.names import with_names
from aisizer.deliver.pdf import document_pdf
from aisizer.deliver.sections_around import surroundings_section
from aisizer.deliver.sections_control import control_section, glossary_section, reopen_section, reproduce_section
from aisizer.deliver.sections_decision import decision_section
from aisizer.deliver.sections_evidence import assumptions_section, limits_section, method_section
from aisizer.deliver.sections_money import bom_section, cost_section
from aisizer.deliver.sections_options import alternatives_section
from aisizer.deliver.sections_path import bridge_section, path_section
from aisizer.deliver.sections_results import break_even_section
from aisizer.deliver.sections_roadmap import roadmap_section
from aisizer.deliver.sections_sensitivity import sensitivity_section
from aisizer.deliver.sections_service import slo_section, waterfall_section
from aisizer.deliver.sections_sites import verdicts_section
from aisizer.deliver.sections_survival import survival_section
from aisizer.deliver.sections_triggers import triggers_section
from aisizer.plan import Plan

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


DIGITS = 12
"""of the sha256 of sizing.json, by which a document names its plan"""


TOGETHER = re.compile(
    r"\b\d{4}-\d{2}(?:-\d{2})?\b|(?<![\w-])--[a-z][\w.=-]*"
    r"|\d(?:[\d,.]*\d)? (?:%|(?:USD|GPUs?|servers?|kW|GB|req/s|ms|s|min|h|d|days?|weeks?|months?|years?)\b)"
)
"""what stands on one line: a date, an option of a command, a figure with its unit"""


def document(plan: Plan, digest: str = "") -> Document:
    """The sizing document; a section that does not apply is absent. digest: sha256 of sizing.json, where it is at hand."""
    decision = labels.decided(plan)
    fleet = labels.fleet(decision)
    title = f"{labels.profile_name(plan)}: {labels.verb(decision)} {fleet} {labels.site(decision.site)}"
    made = f"Plan of {labels.plan_date(plan)} by aisizer {plan.aisizer_version}"
    return Document(
        title,
        f"{made}; order by {decision.order_by}.",
        _sections(plan, (digest or plan_hash(plan))[:DIGITS]),
        labels.plan_date(plan),
        labels.marking(plan),
    )


def sizing_md(plan: Plan) -> str:
    """The document as Markdown; its tables carry what the pictures show."""
    return document_md(document(plan))


def sizing_html(plan: Plan) -> str:
    """The document as one HTML page that needs neither script nor network; with script its options can be sorted."""
    return document_html(document(plan))


def document_md(made: Document) -> str:
    """A document as Markdown."""
    return _environment().get_template("sizing.md.j2").render(doc=printed(made)).rstrip() + "\n"


def document_html(made: Document) -> str:
    """A document as one HTML page."""
    template, script = _environment().get_template("sizing.html.j2"), _script()
    known = {"palette": charts.PALETTE, "grey": charts.GREY, "script": script, "script_hash": _allowed(script)}
    return template.render(doc=made, **known).rstrip() + "\n"


def sizing_pdf(plan: Plan) -> bytes:
    """The document as a tagged PDF."""
    return document_pdf(printed(document(plan)), stamp(plan))


def sizing_docx(plan: Plan) -> bytes:
    """The document as a Word file."""
    return document_docx(printed(document(plan)), stamp(plan))


def stamp(plan: Plan) -> str:
    """What stands at the foot of every page: which profile, plan and tool it comes from."""
    return f"{labels.profile_name(plan)}, plan {plan_hash(plan)[:DIGITS]}, aisizer {plan.aisizer_version}"


def _sections(plan: Plan, digest: str) -> tuple[Section, ...]:
    """In the order in which a signer asks."""
    before = [
        decision_section(plan),
        control_section(plan, digest),
        slo_section(plan),
        assumptions_section(plan) if plan.assumptions else None,
        method_section(plan) if plan.explain else None,
        alternatives_section(plan),
        waterfall_section(plan),
        survival_section(plan) if plan.availability or plan.drills else None,
        roadmap_section(plan, plan.roadmap) if plan.roadmap else None,
        bridge_section(plan) if plan.bridge else None,
        triggers_section(plan) if plan.triggers else None,
        surroundings_section(plan) if plan.surroundings or plan.limits or plan.integrations else None,
        bom_section(plan) if plan.bom else None,
        cost_section(plan),
        break_even_section(plan) if plan.comparisons else None,
        sensitivity_section(plan) if plan.sensitivity or plan.flips else None,
        path_section(plan) if plan.path else None,
        limits_section(plan),
    ]
    stand = [section for section in before if section is not None]
    titles = {section.id: section.title for section in stand} | {"sites": "this one"}
    last = [
        verdicts_section(plan, titles) if plan.verdicts else None,
        reopen_section(plan),
        reproduce_section(plan),
        glossary_section(),
    ]
    return with_names(plan, [*stand, *(section for section in last if section is not None)])


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
    environment.filters |= {"md": markdown_text, "css": css_text, "kept": kept_together}
    return environment


def kept_together(text: str) -> Markup:
    """Text as HTML in which no line ends inside a date, an option of a command, or between a figure and its unit.

    >>> str(kept_together("until 2029-06-15, <2 s"))
    'until <span class="k">2029-06-15</span>, &lt;<span class="k">2 s</span>'
    """
    from markupsafe import Markup, escape

    return Markup(TOGETHER.sub(r'<span class="k">\g<0></span>', str(escape(text))))


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
