"""rfq.csv: what to ask suppliers for: every ordered line whose price is missing, estimated or old."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from aisizer.costs.bom_lines import INCLUDED, is_share, price_age_limit
from aisizer.costs.rates import ON_GOODS
from aisizer.costs.records import BomLine
from aisizer.deliver import labels, numbers
from aisizer.deliver.tables import inert
from aisizer.plan import Plan

ASKED = (
    "line", "wave", "item", "category", "specification", "manufacturer", "mpn", "supplier", "quantity", "uom", "order_by",
    "need_by", "delivery_site", "attestations", "conditions", "citations", "asked_because", "previous_quote",
    "marking",
)  # fmt: skip
REPLY = (
    "quoted_unit_price", "quoted_currency", "quoted_valid_until", "quoted_part_id", "quoted_mpn", "quoted_lead_time_weeks",
    "quoted_warranty_months", "quoted_country_of_origin",
)  # fmt: skip
"""Columns that the supplier fills in. Our own range of the price is not shown: it would become the offer."""
SOFTWARE = "software"
"""What runs on a server and is asked of nobody who sells it."""
MEASURES = ("GB", "TB")
"""Units that stand before what they measure."""


def rfq_csv(plan: Plan) -> str:
    """One row for each line to ask a supplier about."""
    labels.decided(plan)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*ASKED, *REPLY))
    writer.writerows(_row(plan, line, why) for line in plan.bom if (why := asked_because(line)))
    return text.getvalue()


def asked_because(line: BomLine) -> str:
    """Why a supplier is asked: unpriced, expired, stale or estimated; empty where the price holds or nobody sells it."""
    if line.price_kind == INCLUDED or line.category in ON_GOODS:
        return ""
    if line.unit_price_usd is None:
        return "unpriced"
    if line.quote_valid_until is not None and line.quote_valid_until < line.order_by:
        return "expired quote"
    if line.price_age_days is not None and line.price_age_days > price_age_limit(line.category, line.cost_line):
        return "stale"
    return "estimated" if line.price_kind == "estimated" else ""


def specification(line: BomLine, parts: Sequence[BomLine]) -> str:
    """What is asked for: the line in words, and all that must come at its price."""
    each = line.quantity if line.device else 1.0
    said = [_part(part, part.quantity / each) for part in parts if part.device != SOFTWARE]
    how = "each with" if line.device else "with, in all,"
    below = f"{how} {'; '.join(said)}" if said else ""
    return "; ".join(text for text in (line.description, line.commitment, below) if text)


def _part(part: BomLine, quantity: float) -> str:
    unit = f"{part.uom} of" if part.uom in MEASURES else "x"
    return f"{numbers.number(quantity)} {unit} {part.description}"


def _row(plan: Plan, line: BomLine, why: str) -> list[str]:
    decision = labels.decided(plan)
    verdict = next(v for v in plan.verdicts if v.site == decision.site)
    parts = [part for part in plan.bom if part.parent == line.line and part.price_kind == INCLUDED]
    row = {
        "line": str(line.line),
        "wave": str(line.wave),
        "item": _item(plan, line),
        "category": line.category,
        "specification": specification(line, parts),
        "manufacturer": line.manufacturer,
        "mpn": line.mpn,
        "supplier": line.supplier,
        "quantity": numbers.plain(line.quantity),
        "uom": line.uom,
        "order_by": line.order_by.isoformat(),
        "need_by": line.need_by.isoformat(),
        "delivery_site": decision.site_name,
        "attestations": f"one of {', '.join(verdict.attestations)}" if verdict.attestations else "",
        "conditions": " ".join(verdict.reasons),
        "citations": "; ".join(verdict.citations),
        "asked_because": why,
        "previous_quote": line.quote_ref,
        "marking": labels.marking(plan),
    }
    return [*(inert(row[name]) for name in ASKED), *[""] * len(REPLY)]


def _item(plan: Plan, line: BomLine) -> str:
    """The name under which an answer goes into supply.quotes; empty where the price is a share of another one's."""
    decision = labels.decided(plan)
    cost = next((cost for cost in plan.tco[decision.site].lines if cost.id == line.cost_line), None)
    if cost is None or is_share(cost):
        return ""
    if cost.price_item != cost.id:
        return cost.price_item
    return decision.offer if line.device in ("server", "instance") else ""
