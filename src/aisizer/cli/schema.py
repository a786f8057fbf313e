"""aisizer schema and aisizer explain FIELD: the published schema, and what one profile field means."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from aisizer.catalog.load import KINDS
from aisizer.errors import InvalidInput
from aisizer.plan import Plan
from aisizer.profile.fields import FieldHelp, did_you_mean, explain_field
from aisizer.profile.json_schema import DescribedSchema, profile_schema
from aisizer.schema import Record
from aisizer.studies.compare import Scenarios
from aisizer.studies.diff_records import Diff
from aisizer.studies.simulation_records import AllDrills, Simulation
from aisizer.watch.records import Watch

ANSWERS: Mapping[str, type[Record]] = {
    "plan": Plan,
    "compare": Scenarios,
    "watch": Watch,
    "diff": Diff,
    "simulation": Simulation,
    "drills": AllDrills,
}
"""What verbs print as JSON."""


def _catalog_schema() -> dict[str, Any]:
    kinds = {kind: record.model_json_schema(schema_generator=DescribedSchema) for kind, record in KINDS.items()}
    return {"$id": "urn:aisizer:catalog:v1"} | kinds


def _answer_schema(name: str) -> dict[str, Any]:
    described = ANSWERS[name].model_json_schema(by_alias=True, mode="serialization", schema_generator=DescribedSchema)
    return {"$id": f"urn:aisizer:{name}:v1"} | described


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "profile": profile_schema,
    "catalog": _catalog_schema,
    **{name: partial(_answer_schema, name) for name in ANSWERS},
}


def schema(name: str) -> str:
    """A published JSON Schema as text."""
    if name not in SCHEMAS:
        known = list(SCHEMAS)
        near = did_you_mean(name, known)
        raise InvalidInput(f"There is no schema of that name (got {name}){near}. Name one of {', '.join(known)}.")
    return json.dumps(SCHEMAS[name](), indent=2, ensure_ascii=False) + "\n"


def field_text(path: str) -> str:
    """What a profile field means, as a few lines of text."""
    help_ = explain_field(path)
    return "\n".join(f"{label:<10}{text}" for label, text in _lines(help_) if text)


def _lines(help_: FieldHelp) -> list[tuple[str, str]]:
    return [
        ("field", help_.path),
        ("meaning", help_.meaning),
        ("value", help_.type),
        ("default", help_.default),
        ("reason", help_.reason),
        ("below it", ", ".join(help_.fields)),
    ]
