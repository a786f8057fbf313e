"""The published schema: every default satisfies it, and so do all ready profiles and the template."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from aisizer.profile.json_schema import profile_schema
from aisizer.profile.load import ready_path, ready_profiles
from aisizer.profile.sections import Profile
from aisizer.profile.template import commented_profile
from aisizer.profile.yaml_file import read_yaml

SCHEMA = profile_schema()
TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": (int, float),
}
CHECKS: dict[str, Any] = {
    "type": lambda value, want: isinstance(value, TYPES[want]) and (want == "boolean" or not isinstance(value, bool)),
    "const": lambda value, want: value == want,
    "enum": lambda value, want: value in want,
    "pattern": lambda value, want: not isinstance(value, str) or re.search(want, value) is not None,
    "format": lambda value, want: want == "date" and bool(date.fromisoformat(value)),
    "minimum": lambda value, want: isinstance(value, str) or value >= want,
    "maximum": lambda value, want: isinstance(value, str) or value <= want,
    "exclusiveMinimum": lambda value, want: isinstance(value, str) or value > want,
    "exclusiveMaximum": lambda value, want: isinstance(value, str) or value < want,
    "minLength": lambda value, want: len(value) >= want,
    "maxLength": lambda value, want: len(value) <= want,
    "minProperties": lambda value, want: len(value) >= want,
    "maxProperties": lambda value, want: len(value) <= want,
    "minItems": lambda value, want: len(value) >= want,
    "maxItems": lambda value, want: len(value) <= want,
    "required": lambda value, want: set(want) <= set(value),
    "anyOf": lambda value, want: any(not list(errors(value, one)) for one in want),
    "oneOf": lambda value, want: sum(not list(errors(value, one)) for one in want) == 1,
    "propertyNames": lambda value, want: all(not list(errors(key, want)) for key in value),
}
NOTES = {"$schema", "$id", "$defs", "title", "description", "default", "examples"}


def errors(value: Any, schema: dict[str, Any]) -> Iterator[str]:
    """A JSON Schema check of the keywords that the profile's schema uses; an unknown keyword fails."""
    if "$ref" in schema:
        yield from errors(value, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")])
    properties, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for keyword, want in schema.items():
        if keyword in CHECKS and not CHECKS[keyword](value, want):
            yield f"{value!r} against {keyword} {want!r}"
        assert keyword in CHECKS or keyword in NOTES or keyword in (
            "$ref", "properties", "patternProperties", "additionalProperties", "items"
        ), keyword  # fmt: skip
    for key, item in value.items() if isinstance(value, dict) else ():
        own = [properties[key]] if key in properties else [s for p, s in patterns.items() if re.search(p, key)]
        rest = schema.get("additionalProperties", True)
        if not own and rest is False:
            yield f"{key} is not allowed"
        for one in own or ([rest] if isinstance(rest, dict) else []):
            yield from errors(item, one)
    for item in value if isinstance(value, list) and "items" in schema else ():
        yield from errors(item, schema["items"])


def leaves(data: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    items = list(data.items()) if isinstance(data, dict) else []
    for key, value in items:
        yield from leaves(value, f"{where}/{key}")
    if not items:
        yield where, data if isinstance(data, (int, float)) else str(data)


def defaults(schema: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        if "default" in schema:
            yield where, schema
        for key, child in schema.items():
            if key != "default":
                yield from defaults(child, f"{where}/{key}")


def test_the_head_names_draft_and_version() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$id"] == "urn:aisizer:profile:v1" and SCHEMA["title"] == "aisizer workload profile"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_quantity_defaults_are_text_with_units() -> None:
    growth = SCHEMA["$defs"]["GrowthSection"]["properties"]
    assert growth["rate"]["default"] == "3.4 %/month" and "default" not in growth["low"]
    assert SCHEMA["$defs"]["Finance"]["properties"]["useful_life"]["default"] == "5 y"


@pytest.mark.parametrize(
    ("where", "schema"), list(defaults(SCHEMA)), ids=lambda item: item if isinstance(item, str) else ""
)
def test_every_default_satisfies_its_own_schema(where: str, schema: dict[str, Any]) -> None:
    value = list(schema["default"]) if isinstance(schema["default"], tuple) else schema["default"]
    assert not list(errors(value, schema)), where


def test_all_defaults_together_are_the_real_defaults() -> None:
    """Writing every default out gives the same profile as writing none."""
    written = {name: body["default"] for name, body in SCHEMA["properties"].items() if "default" in body}
    for name, body in written.items():
        if body == {}:
            section = SCHEMA["$defs"][SCHEMA["properties"][name]["$ref"].removeprefix("#/$defs/")]["properties"]
            written[name] = {key: item["default"] for key, item in section.items() if "default" in item}
    workloads = {"a": {"model": "m", "load": {"rate": "1 req/s"}, "prompt_tokens": {"mean": 9, "p95": 9}}}
    workloads["a"]["output_tokens"] = {"mean": 9, "p95": 9}
    core = {"schema": "aisizer/profile/v1", "name": "a", "plan_date": "2026-12-01", "workloads": workloads}
    explicit, implicit = (dict(leaves(Profile.model_validate(data).model_dump())) for data in (core | written, core))
    assert explicit.keys() == implicit.keys()
    for where, value in implicit.items():
        assert explicit[where] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-12)), where


@pytest.mark.parametrize("name", ready_profiles())
def test_ready_profiles_satisfy_the_schema(name: str) -> None:
    assert not list(errors(read_yaml(ready_path(name).read_text("utf-8"), name).data, SCHEMA))


def test_the_template_satisfies_the_schema_and_a_typo_does_not() -> None:
    text = commented_profile("a", date(2026, 12, 1))
    assert not list(errors(read_yaml(text, "a").data, SCHEMA))
    assert list(errors(read_yaml(text.replace("model:", "modle:"), "a").data, SCHEMA))
