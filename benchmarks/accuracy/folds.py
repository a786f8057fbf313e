"""Constants of the joint fit that never saw a model or a GPU, and the rows predicted with them."""

from __future__ import annotations

import json
from pathlib import Path

import joint_fit
import pandas as pd
from reserved import TWINS

from aisizer.catalog.catalog import Catalog

FOLDER = Path(__file__).with_name("fitted")
"""Results of joint_fit.py: all.json is what the catalog and `aisizer.engine.constants` carry, without_* leave one out."""


def shipped() -> dict[str, float]:
    """The constants fitted on every row that is not reserved."""
    return _read(FOLDER / "all.json")


def priors() -> dict[str, float]:
    """The constants before any end-to-end row is seen."""
    return {name: prior.value for name, prior in joint_fit.PRIORS.items()}


def left_out(column: str) -> dict[str, dict[str, float]]:
    """Constants by the model (or GPU) that they never saw; every other one has no row that was fitted on."""
    start = f"without_{column}_"
    return {path.stem.removeprefix(start): _read(path) for path in sorted(FOLDER.glob(f"{start}*.json"))}


def with_constants(rows: pd.DataFrame, catalog: Catalog, values: dict[str, float]) -> pd.DataFrame:
    """The rows as predicted at these constants, bands included."""
    found = joint_fit.predicted(rows, catalog, values)
    return rows.assign(**{name: found[name] for name in found})


def leave_one_out(rows: pd.DataFrame, catalog: Catalog, column: str) -> pd.DataFrame:
    """Every row predicted by constants that never saw its model (or GPU)."""
    parts, seen = [], pd.Series(False, index=rows.index)
    for name, values in left_out(column).items():
        own = rows[column].isin([name, TWINS.get(name, name)])
        parts.append(with_constants(rows[own], catalog, values))
        seen |= own
    return pd.concat([rows[~seen], *parts]).loc[rows.index]


def _read(path: Path) -> dict[str, float]:
    values: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    return values
