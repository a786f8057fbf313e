"""Three constants per engine, fitted on rows that are not reserved and judged on models and GPUs left out.

TPOT = a x predicted;  TTFT = b x predicted + c x predicted TPOT, where c are decode steps until a token is seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from reserved import TWINS, refuse_reserved, reserved
from scipy.optimize import minimize

FEWEST_ROWS = 20
"""[row] with fewer, an engine gets no constants."""
SOFT = 0.03
"""[1] log error below which the loss is quadratic; above, it is absolute, so that a few odd rows decide nothing."""
PRIOR = 0.002
"""[1] weight of ln(b)^2 and (ln c)^2, which keeps both finite where the rows cannot tell them apart."""
BANDS = ("", "_lo80", "_hi80")


@dataclass(frozen=True, slots=True)
class Constants:
    """What an engine's predictions are multiplied by, and the decode steps added to its TTFT."""

    tpot: float
    ttft: float
    steps: float


def fit(rows: pd.DataFrame) -> Constants:
    """Constants of one engine; refuses a reserved pair."""
    refuse_reserved(rows)
    tpot = float((rows["tpot_ms_mean"] / rows["pred_tpot_ms_mean"]).median())
    parts = rows[["pred_ttft_ms_mean", "pred_tpot_ms_mean"]].to_numpy()
    measured = np.log(rows["ttft_ms_mean"].to_numpy())

    def loss(x: np.ndarray) -> float:
        error = np.log(parts @ np.exp(x)) - measured
        return float(np.sqrt(error**2 + SOFT**2).mean() + PRIOR * (x**2).sum())

    ttft, steps = np.exp(minimize(loss, np.zeros(2), method="L-BFGS-B").x).tolist()
    return Constants(tpot, ttft, steps)


def apply(rows: pd.DataFrame, constants: Constants) -> pd.DataFrame:
    """The rows with corrected predictions; bands move with their centre."""
    ttft, tpot = rows["pred_ttft_ms_mean"], rows["pred_tpot_ms_mean"]
    factor = constants.ttft + constants.steps * tpot / ttft
    moved = {f"pred_ttft_ms_mean{end}": rows[f"pred_ttft_ms_mean{end}"] * factor for end in BANDS}
    moved |= {f"pred_tpot_ms_mean{end}": rows[f"pred_tpot_ms_mean{end}"] * constants.tpot for end in BANDS}
    return rows.assign(**moved)


def fitting_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that may be fitted on: answered, not reserved, off the KV wall."""
    return rows[rows["pred_tpot_ms_mean"].notna() & ~reserved(rows) & ~rows["near_wall"]]


def by_engine(rows: pd.DataFrame) -> dict[str, Constants]:
    """Constants of every engine with enough rows, from all rows that may be fitted on."""
    groups = fitting_rows(rows).groupby("engine")
    return {str(engine): fit(group) for engine, group in groups if len(group) >= FEWEST_ROWS}


def leave_one_out(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Every row corrected by constants of its engine fitted without its own model (or GPU); others are left out."""
    held = _network(rows) if column == "model" else rows[column]
    parts = []
    for (engine, value), group in rows.groupby([rows["engine"], held]):
        others = fitting_rows(rows[(rows["engine"] == engine) & (held != value)])
        if len(others) >= FEWEST_ROWS:
            parts.append(apply(group, fit(others)))
    return pd.concat(parts) if parts else rows.iloc[:0]


def _network(rows: pd.DataFrame) -> pd.Series:
    """One name for both names of one network."""
    return rows["model"].map(lambda name: min(name, TWINS.get(name, name)))
