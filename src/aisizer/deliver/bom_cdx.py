"""bom.cdx.json: what is bought as a CycloneDX 1.6 bill of materials, devices and all (https://cyclonedx.org/docs/1.6/json/)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from aisizer.costs.records import BomLine
from aisizer.deliver import labels, numbers
from aisizer.deliver.json_file import plan_hash
from aisizer.plan import Plan
from aisizer.sizing.records import Pool

SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"
TYPES = {"software": "application", "instance": "platform"}
"""Types of components that are no device; a rented server is a platform."""
HOUSED = "hardware"
"""Category of the servers that stand in the racks of their wave."""
FLEET = "fleet"


def bom_cdx(plan: Plan) -> str:
    """The same plan gives the same bytes: its serial number comes from the plan's hash, its time is the plan's date."""
    decision, stamp = labels.decided(plan), plan_hash(plan)
    devices = [line for line in plan.bom if line.device]
    data = {
        "$schema": SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'aisizer/plan/v1#{stamp}')}",
        "version": 1,
        "metadata": {
            "timestamp": f"{labels.plan_date(plan).isoformat()}T00:00:00Z",
            "lifecycles": [{"phase": "design"}],
            "tools": {"components": [{"type": "application", "name": "aisizer", "version": plan.aisizer_version}]},
            "component": {
                "type": "platform",
                "bom-ref": FLEET,
                "name": labels.profile_name(plan),
                "properties": _properties(
                    {
                        "aisizer:marking": labels.marking(plan),
                        "aisizer:plan_hash": stamp,
                        "aisizer:site": decision.site,
                    }
                ),
            },
        },
        "components": [
            *(_device(line, decision.site_name) for line in devices),
            *_models(decision.pools),
            *_engines(decision.pools),
        ],
        "dependencies": _dependencies(devices, decision.pools),
    }
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _device(line: BomLine, site: str) -> dict[str, Any]:
    makers = {"manufacturer": line.manufacturer, "supplier": line.supplier}
    return {
        "type": TYPES.get(line.device, "device"),
        "bom-ref": _ref(line),
        **{role: {"name": name} for role, name in makers.items() if name},
        "name": line.description,
        **({"description": line.notes} if line.notes else {}),
        "properties": _properties(
            {
                "cdx:device:quantity": numbers.plain(line.quantity),
                "cdx:device:function": line.device,
                "cdx:device:location": site,
                "cdx:device:sku": line.mpn or line.supplier_part_id,
                "aisizer:line": str(line.line),
                "aisizer:wave": str(line.wave),
                "aisizer:uom": line.uom,
                "aisizer:category": line.category,
                "aisizer:order_by": line.order_by.isoformat(),
                "aisizer:need_by": line.need_by.isoformat(),
                "aisizer:country_of_origin": line.country_of_origin,
            }
        ),
    }


def _models(pools: Sequence[Pool]) -> Iterator[dict[str, Any]]:
    for pool in {pool.model: pool for pool in reversed(pools)}.values():
        yield {
            "type": "machine-learning-model",
            "bom-ref": f"model-{pool.model}",
            "name": pool.model,
            "properties": _properties({"aisizer:precision": pool.precision, "aisizer:kv_precision": pool.kv_precision}),
        }


def _engines(pools: Sequence[Pool]) -> Iterator[dict[str, Any]]:
    for engine in dict.fromkeys(pool.engine for pool in pools):
        name, _, version = engine.partition("-")
        yield {"type": "application", "bom-ref": f"engine-{engine}", "name": name, "version": version}


def _dependencies(devices: Sequence[BomLine], pools: Sequence[Pool]) -> list[dict[str, Any]]:
    """Racks hold the servers of their wave, servers their parts, engines serve models; the fleet holds what nothing else does."""
    below: dict[str, list[str]] = {_ref(line): [] for line in devices}
    for line in devices:
        if (held := _holder(line, devices)) is not None:
            below[_ref(held)].append(_ref(line))
    below |= {f"model-{pool.model}": [] for pool in pools}
    for pool in pools:
        served = below.setdefault(f"engine-{pool.engine}", [])
        served += [f"model-{pool.model}"] * (f"model-{pool.model}" not in served)
    inner = {ref for refs in below.values() for ref in refs}
    top = {FLEET: [ref for ref in below if ref not in inner]}
    return [{"ref": ref, "dependsOn": refs} if refs else {"ref": ref} for ref, refs in (top | below).items()]


def _holder(line: BomLine, devices: Sequence[BomLine]) -> BomLine | None:
    """What a device is in: its parent where that is a device, the racks of its wave where it is a server of the fleet."""
    found = next((other for other in devices if other.line == line.parent), None)
    if found is not None or line.category != HOUSED or line.device != "server":
        return found
    return next((other for other in devices if other.device == "rack" and other.wave == line.wave), None)


def _ref(line: BomLine) -> str:
    return f"line-{line.line}"


def _properties(named: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in named.items() if value]
