"""Files that are drawn from a plan only when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aisizer.deliver.bom_cdx import bom_cdx
from aisizer.deliver.bom_json import bom_json
from aisizer.deliver.brief import brief_pdf
from aisizer.deliver.document import sizing_docx, sizing_html, sizing_md, sizing_pdf
from aisizer.deliver.options import options_csv
from aisizer.deliver.rfq import rfq_csv
from aisizer.errors import InvalidInput
from aisizer.plan import Plan
from aisizer.profile.fields import did_you_mean

FORMATS: Mapping[str, Callable[[Plan], str | bytes]] = {
    "md": sizing_md,
    "html": sizing_html,
    "pdf": sizing_pdf,
    "docx": sizing_docx,
    "brief": brief_pdf,
    "bom.json": bom_json,
    "bom.cdx.json": bom_cdx,
    "rfq.csv": rfq_csv,
    "options.csv": options_csv,
}
FILES = {"md": "sizing.md", "html": "sizing.html", "pdf": "sizing.pdf", "docx": "sizing.docx", "brief": "brief.pdf"}
"""What a format's file is called in the plan's folder, where that is not the format's own name."""


def in_formats(plan: Plan, names: str) -> dict[str, bytes]:
    """The bytes of each of the formats, by file name; names: a list with commas between."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in FORMATS]
    if unknown or not wanted:
        near = did_you_mean(unknown[0], list(FORMATS)) if unknown else ""
        raise InvalidInput(f"There is no format {unknown[0] if unknown else names!r}{near}. Use {', '.join(FORMATS)}.")
    return {FILES.get(name, name): _bytes(FORMATS[name](plan)) for name in wanted}


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
