"""aisizer schema and aisizer explain FIELD: the published schema, and what one profile field means."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from aisizer.catalog.load import KINDS
from aisizer.errors import InvalidInput
from aisizer.plan import Plan
from aisizer.profile.fields import FieldHelp, did_you_mean, explain_field
from aisizer.profile.json_schema import DescribedSchema, profile_schema
from aisizer.studies.compare import Scenarios
from aisizer.studies.diff_records import Diff
from aisizer.watch.records import Watch

SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "profile": profile_schema,
    "catalog": lambda: (
        {"$id": "urn:aisizer:catalog:v1"}
        | {kind: r.model_json_schema(schema_generator=DescribedSchema) for kind, r in KINDS.items()}
    ),
    "plan": lambda: (
        {"$id": "urn:aisizer:plan:v1"}
        | Plan.model_json_schema(by_alias=True, mode="serialization", schema_generator=DescribedSchema)
    ),
    "compare": lambda: (
        {"$id": "urn:aisizer:compare:v1"}
        | Scenarios.model_json_schema(by_alias=True, mode="serialization", schema_generator=DescribedSchema)
    ),
    "watch": lambda: (
        {"$id": "urn:aisizer:watch:v1"}
        | Watch.model_json_schema(by_alias=True, mode="serialization", schema_generator=DescribedSchema)
    ),
    "diff": lambda: (
        {"$id": "urn:aisizer:diff:v1"}
        | Diff.model_json_schema(by_alias=True, mode="serialization", schema_generator=DescribedSchema)
    ),
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
