"""After k of the user's points: `aisizer.calibration.fit` on one sweep, judged on the other layouts and lengths."""

from __future__ import annotations

import numpy as np
import pandas as pd
from deployed import Run
from reserved import refuse_reserved, reserved

from aisizer.calibration.fit import Observed, fit, predicted

GROUP = ["model", "gpu", "engine", "engine_version", "precision_weights"]
SWEEP = ["tp", "ep", "isl", "osl"]
"""One sweep; lengths to two digits, since sources print the means that came out of each load."""
MOST_SWEEPS = 3
"""[sweep] tried of each group, spread over its sizes of layout: more say the same and take longer."""
MOST_OTHERS = 40
"""[row] judged after each fit, drawn at random."""


def evaluate(rows: pd.DataFrame, found: list[Run | None], points: int) -> pd.DataFrame:
    """Rows of other sweeps as predicted after fitting on `points` of one, for every group that has such a sweep.

    Reserved pairs are neither fitted on nor evaluated.
    """
    rows = rows.assign(ep=rows["ep"].fillna(1), isl=_two_digits(rows["isl_mean"]), osl=_two_digits(rows["osl_mean"]))
    usable = pd.Series([run is not None for run in found], index=rows.index) & ~reserved(rows) & ~rows["near_wall"]
    of = {index: run.observed for index, run in zip(rows.index, found, strict=True) if run}
    parts = []
    for _, group in rows[usable].groupby(GROUP, dropna=False):
        sweeps = [sweep for _, sweep in group.groupby(SWEEP) if sweep["load_value"].nunique() >= points]
        for sweep in _spread(sweeps, MOST_SWEEPS):
            others = group[(group[SWEEP] != sweep[SWEEP].iloc[0]).any(axis=1)]
            if len(others):
                judged = others.sample(min(len(others), MOST_OTHERS), random_state=0)
                parts.append(_after(_spread_rows(sweep, points), judged, of))
    return pd.concat(parts, ignore_index=True) if parts else rows.iloc[:0]


def _after(chosen: pd.DataFrame, others: pd.DataFrame, of: dict[int, Observed]) -> pd.DataFrame:
    refuse_reserved(chosen)
    factors = fit([of[index] for index in chosen.index]).factors
    figures = [predicted(of[index], factors) for index in others.index]
    bands = [name for name in others if str(name).endswith(("_lo80", "_hi80"))]  # those of nothing fitted
    return others.assign(
        **dict.fromkeys(bands, float("nan")),
        pred_ttft_ms_mean=[figure["ttft"] * 1e3 for figure in figures],
        pred_tpot_ms_mean=[figure["tpot"] * 1e3 for figure in figures],
    )


def _two_digits(lengths: pd.Series) -> pd.Series:
    """Lengths to two significant digits.

    >>> _two_digits(pd.Series([199.66, 921.6, 7372.8])).tolist()
    [200.0, 920.0, 7400.0]
    """
    return lengths.map(lambda length: float(f"{length:.2g}"))


def _spread(items: list[pd.DataFrame], most: int) -> list[pd.DataFrame]:
    places = np.unique(np.linspace(0, len(items) - 1, min(most, len(items))).round().astype(int)) if items else []
    return [items[place] for place in places]


def _spread_rows(sweep: pd.DataFrame, points: int) -> pd.DataFrame:
    """Rows at loads as far apart as the sweep allows, no load twice."""
    ordered = sweep.sort_values("load_value", kind="stable").drop_duplicates("load_value")
    return ordered.iloc[np.linspace(0, len(ordered) - 1, points).round().astype(int)]
