"""Whatever a profile, a fragment or a --set holds, loading ends in a profile or in an AisizerError."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aisizer.demand.resolve import resolve_traces
from aisizer.errors import AisizerError
from aisizer.profile.load import load_profile, ready_path

CLINICAL = ready_path("clinical-notes").read_text("utf-8")
FULL: dict[str, Any] = yaml.safe_load(CLINICAL)
FEW = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        ["2 s", "-1 s", "1e999 s", "4 %/month", "12 req/s", "2026-12-01", "N+1", "70B", "9" * 400, "p50", "[key]"]
    ),
)
keys = st.sampled_from(
    ["schema", "name", "workloads", "notes", "load", "slo", "ttft_p95", "quotes", "p50", "Quote", "[key]"]
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


def load_text(text: str, *, sets: tuple[str, ...] = (), fragment: str | None = None) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(AisizerError):
        path, other = Path(folder) / "p.yaml", Path(folder) / "f.yaml"
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        other.write_text(fragment or "", encoding="utf-8", errors="surrogatepass")
        resolve_traces(load_profile(path, sets=sets, fragments=[other] if fragment is not None else []))


def paths_of(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(found for key, value in items for found in paths_of(value, (*path, key)))]


def changed(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    if isinstance(data, dict):
        return {key: changed(item, path[1:], value) if key == path[0] else item for key, item in data.items()}
    return [changed(item, path[1:], value) if index == path[0] else item for index, item in enumerate(data)]


@FEW
@given(st.text(max_size=80))
def test_any_text(text: str) -> None:
    load_text(text)


@FEW
@given(st.dictionaries(keys, values, max_size=6))
def test_any_structure(data: dict[str, Any]) -> None:
    load_text(yaml.safe_dump(data))


@FEW
@given(st.sampled_from(paths_of(FULL)), values)
def test_a_ready_profile_with_any_value_changed(path: tuple[Any, ...], value: Any) -> None:
    load_text(yaml.safe_dump(changed(FULL, path, value)))


@FEW
@given(st.integers(0, len(CLINICAL) - 1), st.integers(0, 20), st.text(max_size=6))
def test_a_ready_profile_with_any_characters_changed(start: int, length: int, text: str) -> None:
    load_text(CLINICAL[:start] + text + CLINICAL[start + length :])


@FEW
@given(st.text(max_size=30), st.sampled_from([".".join(map(str, path)) for path in paths_of(FULL) if path]), values)
def test_any_set_and_fragment(text: str, path: str, value: Any) -> None:
    load_text(CLINICAL, sets=(text,))
    load_text(CLINICAL, sets=(f"{path}={yaml.safe_dump(value)}",))
    load_text(CLINICAL, fragment=yaml.safe_dump(value))


@pytest.mark.parametrize("source", ["\0", "x" * 5000, "a/b", "", ".", "-x", "nul\0.yaml"])
def test_any_source(source: str) -> None:
    with pytest.raises(AisizerError):
        load_profile(source)
