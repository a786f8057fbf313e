"""The JSON Schema of a profile, for editors and CI."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import ModelSchema

from aisizer.profile.calibrations import Calibration
from aisizer.profile.fields import dimension_of, field_types, quantity_text, step
from aisizer.profile.sections import Profile
from aisizer.schema import Record, descriptions

SCHEMA_ID = "urn:aisizer:profile:v1"
MODULES = (Profile.__module__, Calibration.__module__)
"""Where the records of a profile stand."""


class DescribedSchema(GenerateJsonSchema):
    """JSON Schema with what each field of a record means."""

    def model_schema(self, schema: ModelSchema) -> dict[str, Any]:
        """The schema of one record."""
        made = super().model_schema(schema)
        record: type[Record] = schema["cls"]
        for name, text in descriptions(record).items():
            made["properties"][record.model_fields[name].alias or name]["description"] = text
        return made


def profile_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a profile; defaults read as a user would write them."""
    schema = Profile.model_json_schema(by_alias=True, schema_generator=DescribedSchema)
    definitions = schema.get("$defs", {})
    _write_defaults(Profile, schema)
    for record in _records(Record):
        if record.__name__ in definitions:
            _write_defaults(record, definitions[record.__name__])
    head = {"$schema": GenerateJsonSchema.schema_dialect, "$id": SCHEMA_ID}
    return head | schema | {"title": "aisizer workload profile"}


def _write_defaults(record: type[Record], schema: dict[str, Any]) -> None:
    """Quantities with units; {} for a section, which stands for all of its defaults; none where left out."""
    for name, hint in field_types(record).items():
        shown = schema["properties"][name]
        default, dimension = shown.get("default"), dimension_of(hint)
        if isinstance(default, dict):
            shown["default"] = {}
        elif default is None:
            shown.pop("default", None)
        elif dimension:
            shown["default"] = quantity_text(default, dimension)
        elif isinstance(default, list) and (of_each := dimension_of(step(hint, 0))):
            shown["default"] = [quantity_text(each, of_each) for each in default]


def _records(base: type[Record]) -> list[type[Record]]:
    below = [record for record in base.__subclasses__() if record.__module__ in MODULES]
    return [*below, *(deeper for record in below for deeper in _records(record))]
