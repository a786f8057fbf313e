"""Field help comes from the schema itself, for every field that exists."""

from __future__ import annotations

from typing import Any, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer import units
from aisizer.errors import InvalidInput
from aisizer.profile import fields
from aisizer.profile.fields import explain_field, quantity_text
from aisizer.profile.sections import Profile


def all_paths(hint: Any = Profile, prefix: str = "") -> list[str]:
    record = fields.record_of(hint)
    if record:
        below = {f"{prefix}{name}": child for name, child in fields.field_types(record).items()}
    elif get_origin(fields.bare(hint)) in (dict, tuple):
        bare = fields.bare(hint)
        below = {f"{prefix}NAME": get_args(bare)[-1 if get_origin(bare) is dict else 0]}
    else:
        return []
    return [path for name, child in below.items() for path in (name, *all_paths(child, f"{name}."))]


@pytest.mark.parametrize("path", all_paths())
def test_every_field_has_a_meaning_a_type_and_a_default(path: str) -> None:
    found = explain_field(path)
    assert found.path == path and found.type and found.default
    assert found.meaning.endswith(".") and found.meaning.rstrip(".") != path, "a docstring is missing"


def test_the_schema_stays_small_at_the_top() -> None:
    assert len(fields.field_types(Profile)) <= 13


def test_help_of_a_field_below_any_name() -> None:
    found = explain_field("workloads.my-own.slo")
    assert found.default == "{ttft_p95: 2 s, tpot_p95: 100 ms}" and "MLPerf" in found.reason
    assert explain_field("workloads.NAME.slo.ttft_p95").type.startswith("a number with a unit: ms, s, min")
    assert explain_field("resilience.headroom").default == "20 %"
    assert explain_field("supply.quotes.0.unit_price").default == "none: required"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("resilence", 'did you mean "resilience"?'),
        ("workloads.x.sloo", "no field 'sloo' below workloads.x (did you mean \"slo\"?)"),
        ("name.x", "name has no fields below it"),
        ("", "Name one of schema, name"),
        ("growth..rate", "no field '' below growth"),
    ],
)
def test_an_unknown_field_is_refused_with_a_suggestion(path: str, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        explain_field(path)
    assert words in str(caught.value)


dimensions = st.sampled_from(["time", "rate", "power", "money", "growth", "share"])


@given(dimensions, st.floats(1e-3, 0.99) | st.integers(1, 10**6).map(lambda n: n / 1000))
def test_a_quantity_as_text_reads_back(dimension: str, value: float) -> None:
    assert units.parse(quantity_text(value, dimension), dimension) == pytest.approx(value, rel=1e-5)
