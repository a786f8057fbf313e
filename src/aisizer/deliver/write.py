"""The output folder: everything is rendered first, then put into place as one."""

from __future__ import annotations

from pathlib import Path

from aisizer.deliver.document import document, document_html, document_md
from aisizer.deliver.json_file import plan_json, text_hash
from aisizer.deliver.labels import decided
from aisizer.deliver.put import put
from aisizer.deliver.tables import bom_csv
from aisizer.deliver.trigger_files import trigger_files
from aisizer.deliver.workbook import workbook_bytes
from aisizer.plan import Plan


def render(plan: Plan) -> dict[str, bytes]:
    """The bytes of every output, by path in the folder; sizing.json is the last."""
    decided(plan)
    text = plan_json(plan)
    digest = text_hash(text)
    made = document(plan, digest)
    return {
        "bom.csv": bom_csv(plan).encode(),
        "tco.xlsx": workbook_bytes(plan, digest),
        "sizing.md": document_md(made).encode(),
        "sizing.html": document_html(made).encode(),
        **{name: text.encode() for name, text in trigger_files(plan).items()},
        "sizing.json": text.encode(),
    }


def write_outputs(plan: Plan, folder: Path | str) -> list[Path]:
    """Writes all outputs into the folder; where that fails, the earlier ones stay as they were."""
    return put(Path(folder), render(plan))
