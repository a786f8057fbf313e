"""Damaged benchmark files never give a traceback: an expected error, or load points with finite numbers."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisizer.calibration.normalise import Given, normalise
from aisizer.calibration.read import READERS, read_one
from aisizer.calibration.read_documents import parse
from aisizer.catalog.catalog import Catalog
from aisizer.catalog.load import load_catalog
from aisizer.errors import AisizerError

SAMPLES = Path(__file__).parent / "samples"
NAMES = sorted(path.name for path in SAMPLES.iterdir() if path.suffix != ".md")
VALUES = (None, "", "x", "inf", "-1", -1, 0, 1e308, float("nan"), float("inf"), [], {}, [[]], True, 10**400)
ODD = st.sampled_from(VALUES).map(copy.deepcopy)
GIVEN = Given(model="llama-3.1-8b", gpu="h100-sxm", tensor_parallel=1, engine="vllm", precision="bf16")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def survives(data: bytes, catalog: Catalog, form: str | None = None) -> None:
    try:
        points = read_one(parse("fuzzed", data), form)
        found = normalise(points, GIVEN, catalog)
    except AisizerError as error:
        assert str(error)
        return
    for point in found.points:
        assert point.duration_s > 0
        assert math.isfinite(point.output_tokens_per_s)


@settings(max_examples=150)
@given(name=st.sampled_from(NAMES), cut=st.floats(0, 1), noise=st.binary(max_size=4))
def test_cut_and_noisy_bytes(catalog: Catalog, name: str, cut: float, noise: bytes) -> None:
    data = (SAMPLES / name).read_bytes()
    place = int(cut * len(data))
    survives(data[:place], catalog)
    survives(data[:place] + noise + data[place:], catalog)


@settings(max_examples=150)
@given(data=st.data())
def test_any_value_of_a_file_replaced_by_an_odd_one(catalog: Catalog, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([name for name in NAMES if name.endswith(".json")]))
    record = json.loads((SAMPLES / name).read_text("utf-8"))
    for _ in range(data.draw(st.integers(1, 3))):
        part: Any = record
        while True:
            keys = list(part) if isinstance(part, dict) else list(range(len(part)))
            key = data.draw(st.sampled_from(keys))
            inner = part[key]
            if not isinstance(inner, (dict, list)) or not inner or data.draw(st.integers(0, 3)) == 0:
                break
            part = inner
        part[key] = data.draw(ODD)
    survives(json.dumps(record).encode(), catalog)


@settings(max_examples=60)
@given(record=st.dictionaries(st.text(max_size=8), ODD, max_size=5), form=st.sampled_from(list(READERS)))
def test_any_record_under_any_format(catalog: Catalog, record: dict[str, Any], form: str) -> None:
    survives(json.dumps(record).encode(), catalog, form)


@settings(max_examples=60)
@given(
    cells=st.lists(st.tuples(st.integers(0, 168), st.sampled_from(["", "x", "-1", "nan", "{", "1e999"])), max_size=4)
)
def test_any_cell_of_a_csv(catalog: Catalog, cells: list[tuple[int, str]]) -> None:
    content = parse("g.csv", (SAMPLES / "guidellm-0.8.1-benchmarks.csv").read_bytes())
    rows = [list(row) for row in content.rows]
    for column, text in cells:
        rows[3][column] = text
    quoted = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    survives(quoted.encode(), catalog)


def test_deep_nesting_is_refused(catalog: Catalog) -> None:
    survives(b"[" * 100_000 + b"]" * 100_000, catalog)
    survives(b'{"a":' * 100_000, catalog)
