"""Files that are drawn from a plan only when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aisizer.deliver.bom_cdx import bom_cdx
from aisizer.deliver.bom_json import bom_json
from aisizer.deliver.rfq import rfq_csv
from aisizer.errors import InvalidInput
from aisizer.plan import Plan
from aisizer.profile.fields import did_you_mean

FORMATS: Mapping[str, Callable[[Plan], str]] = {
    "bom.json": bom_json,
    "bom.cdx.json": bom_cdx,
    "rfq.csv": rfq_csv,
}
"""By the name that a file gets in the plan's folder."""


def in_formats(plan: Plan, names: str) -> dict[str, bytes]:
    """The bytes of each of the formats, by file name; names: a list with commas between."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in FORMATS]
    if unknown or not wanted:
        near = did_you_mean(unknown[0], list(FORMATS)) if unknown else ""
        raise InvalidInput(f"There is no format {(unknown or [names])[0]!r}{near}. Use {', '.join(FORMATS)}.")
    return {name: FORMATS[name](plan).encode() for name in wanted}
