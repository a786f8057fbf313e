"""The step table and the run behind each point, from the rooms that `aisizer predict` uses, for what it does not print."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from aisizer.calibration.deployment import Deployer
from aisizer.calibration.fit import Observed
from aisizer.calibration.points import COLUMNS, Row, Unanswerable, read_point
from aisizer.calibration.protocols import Scenario
from aisizer.catalog.catalog import Catalog

WALL = 0.9
"""[1] share of the KV cache that the clients' whole requests would fill, above which a row stands near the wall."""


@dataclass(frozen=True, slots=True)
class Run:
    """One point with all that `fit` needs, and the share of the KV cache that its clients fill."""

    observed: Observed
    kv_share: float


def runs(rows: pd.DataFrame, catalog: Catalog) -> list[Run | None]:
    """One entry per row in order; None where the point cannot be deployed."""
    deployer = Deployer(catalog)
    cells = rows[[name for name in COLUMNS if name in rows]].astype(object).where(lambda x: x.notna(), "")
    return [
        _run(deployer, record, row) for record, (_, row) in zip(cells.to_dict("records"), rows.iterrows(), strict=True)
    ]


def kv_share(found: list[Run | None], index: pd.Index) -> pd.Series:
    """Share of the KV cache that the clients' whole requests would fill; nan where nothing was deployed."""
    return pd.Series([run.kv_share if run else float("nan") for run in found], index=index)


def _run(deployer: Deployer, record: dict[str, object], row: pd.Series) -> Run | None:
    cells = Row({name: str(value) for name, value in record.items()})
    try:
        point = read_point(cells)
        deployed = deployer.deploy(point, cells)
    except Unanswerable:
        return None
    if point.load is None:
        return None
    table = deployed.replica.table
    scenario = Scenario(
        protocol=point.protocol,
        load=point.load,
        requests=point.requests,
        max_in_flight=point.max_in_flight,
        replicas=deployed.replicas,
        prompt=point.prompt,
        output=point.output,
        prefix_hit=point.prefix_hit,
    )
    measured = {"ttft": row["ttft_ms_mean"] / 1e3, "tpot": row["tpot_ms_mean"] / 1e3}
    held = point.load * (point.prompt.mean + point.output.mean) / (deployed.replicas * table.kv_capacity_tokens)
    return Run(Observed(table, scenario, point.load, measured, {}), held)
