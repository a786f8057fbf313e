"""Which engine record stands for a version that the catalog does not hold."""

from __future__ import annotations

import pytest

from aisizer.calibration.versions import nearest_engine
from aisizer.catalog.load import load_catalog
from aisizer.catalog.records import Engine


@pytest.fixture(scope="module")
def engines() -> list[Engine]:
    made = load_catalog().find_engine("vllm")
    years = {"0.2": 2023, "0.5": 2024, "0.6": 2024, "0.33": 2026}
    return [made.model_copy(update={"version": version, "year": year}) for version, year in years.items()]


@pytest.mark.parametrize(
    ("version", "date", "expected"),
    [
        ("0.6.3", "", "0.6"),
        ("0.5.4", "2026-01-01", "0.5"),
        ("0.2.7", "", "0.2"),
        ("v0.11-0.16 era", "", "0.33"),
        ("0.18.0", "2024-01-01", "0.33"),
        ("2023", "", "0.2"),
        ('"older version" (2024)', "", "0.6"),
        ("", "2024-05-01", "0.6"),
        ("workflow_run_id=101", "2025-11-03", "0.33"),
        ("", "", "0.33"),
    ],
)
def test_the_year_decides_and_then_the_version(engines: list[Engine], version: str, date: str, expected: str) -> None:
    assert nearest_engine(engines, version, date).version == expected
