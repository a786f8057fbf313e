"""options.csv: every option that a plan keeps, priced ones first, then the rejections with the nearest miss of each reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from aisizer.deliver import labels
from aisizer.deliver.tables import cell
from aisizer.plan import Plan
from aisizer.sizing.records import Option, RejectionGroup

OPTION_COLUMNS = tuple(name for name in Option.model_fields if name not in ("pools", "chosen"))
NEAREST_COLUMNS = ("model", "layout", "precision", "got", "limit", "unit")
"""of the option that came closest, beside its site, gpu and offer"""
COLUMNS = ("outcome", *OPTION_COLUMNS, "replicas", "count", "reason", "text", *NEAREST_COLUMNS, "freed_by", "marking")


def options_csv(plan: Plan) -> str:
    """One row for the best option of each site and GPU class, and one for each reason that rejected others."""
    text, marking = io.StringIO(), {"marking": labels.marking(plan)}
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for row in (*map(_option, plan.ranking), *map(_rejections, plan.rejections)):
        writer.writerow({name: cell(name, value) for name, value in (row | marking).items()})
    return text.getvalue()


def _option(option: Option) -> dict[str, Any]:
    pools = "; ".join(f"{pool.name}: {labels.replicas(pool)}" for pool in option.pools)
    figures = {name: getattr(option, name) for name in OPTION_COLUMNS}
    return {"outcome": "chosen" if option.chosen else "alternative", **figures, "replicas": pools}


def _rejections(group: RejectionGroup) -> dict[str, Any]:
    nearest = dict(_nearest(group))
    told = {"outcome": "rejected", "count": group.count, "reason": group.reason, "text": group.text}
    return told | nearest | {"freed_by": group.freed_by}


def _nearest(group: RejectionGroup) -> Iterator[tuple[str, Any]]:
    miss = group.nearest
    for name in ("site", "gpu", "offer", *NEAREST_COLUMNS):
        yield name, miss.get(name)
    yield "layout", miss.get("layout") or (f"TP{miss['tensor_parallel']}" if miss.get("tensor_parallel") else None)
    yield "note", miss.get("detail")
