"""bom.json: the bill of materials as a tree for other programs, money as decimal strings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from aisizer.costs.bom_lines import INCLUDED
from aisizer.costs.records import BomLine
from aisizer.deliver import labels
from aisizer.deliver.json_file import plan_hash
from aisizer.deliver.numbers import plain_money
from aisizer.plan import Plan

BOM_SCHEMA = "aisizer/bom/v1"


def bom_json(plan: Plan) -> str:
    """Waves with their lines, parts nested in what they come with; totals by wave and in all."""
    decision = labels.decided(plan)
    waves = dict.fromkeys(line.wave for line in plan.bom)
    data = {
        "schema": BOM_SCHEMA,
        "marking": labels.marking(plan),
        "aisizer_version": plan.aisizer_version,
        "profile": labels.profile_name(plan),
        "plan_hash": plan_hash(plan),
        "plan_date": labels.plan_date(plan).isoformat(),
        "site": decision.site,
        "site_name": decision.site_name,
        "currency": "USD",
        **totals(plan.bom),
        "waves": [_wave(wave, [line for line in plan.bom if line.wave == wave]) for wave in waves],
    }
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def totals(lines: Sequence[BomLine]) -> dict[str, Any]:
    """[USD] what the priced lines cost, whether these are all, and the cost lines that have no price."""
    priced = [Decimal(f"{line.extended_price_usd:.2f}") for line in lines if line.extended_price_usd is not None]
    unpriced = dict.fromkeys(line.cost_line or str(line.line) for line in lines if line.extended_price_usd is None)
    return {
        "total_usd": str(sum(priced, Decimal("0.00"))),
        "complete": not unpriced,
        "unpriced": list(unpriced),
    }


def children(lines: Sequence[BomLine]) -> Mapping[int | None, list[BomLine]]:
    """Lines by the line that they belong to; those whose parent is not among the lines stand at the top."""
    known = {line.line for line in lines}
    found: dict[int | None, list[BomLine]] = {}
    for line in lines:
        found.setdefault(line.parent if line.parent in known else None, []).append(line)
    return found


def _wave(wave: int, lines: Sequence[BomLine]) -> dict[str, Any]:
    below = children(lines)
    return {
        "wave": wave,
        "order_by": min(line.order_by for line in lines).isoformat(),
        "need_by": min(line.need_by for line in lines).isoformat(),
        **totals(lines),
        "lines": [_line(line, below) for line in below.get(None, [])],
    }


def _line(line: BomLine, below: Mapping[int | None, list[BomLine]]) -> dict[str, Any]:
    fields = line.model_dump(mode="json")
    money = {name: None if fields[name] is None else plain_money(fields[name]) for name in fields if _is_money(name)}
    included = {"included": line.price_kind == INCLUDED}
    whole = {name: int(value) for name, value in fields.items() if isinstance(value, float) and value.is_integer()}
    return fields | whole | money | included | {"children": [_line(part, below) for part in below.get(line.line, [])]}


def _is_money(name: str) -> bool:
    return name.endswith("_usd")
