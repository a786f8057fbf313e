"""Quantiles of measured over predicted by metric, kind of run and engine: what an 80 % band has to cover."""

from __future__ import annotations

import numpy as np
import pandas as pd
from reserved import refuse_reserved

KINDS = {
    "static": "static",
    "closed_burst": "closed",
    "closed_steady": "closed",
    "drain": "drain",
    "poisson": "open",
    "constant": "open",
}
FEWEST_ROWS = 20


def quantiles(scored: pd.DataFrame) -> pd.DataFrame:
    """P10, P50 and P90 of measured over predicted, and the factor up and down that holds 80 %; no reserved pair."""
    refuse_reserved(scored)
    answered = scored[scored["predicted"].notna()]
    ratio = np.log(answered["measured"] / answered["predicted"])
    keys = [answered["metric"], answered["protocol"].map(KINDS).rename("kind"), answered["engine"]]
    found = ratio.groupby(keys).agg(
        n="size",
        p10=lambda x: np.exp(x.quantile(0.1)),
        p50=lambda x: np.exp(x.quantile(0.5)),
        p90=lambda x: np.exp(x.quantile(0.9)),
        factor80=lambda x: np.exp(x.abs().quantile(0.8)),
    )
    return found[found["n"] >= FEWEST_ROWS].reset_index()


def as_python(found: pd.DataFrame) -> str:
    """The table as a Python dictionary: (metric, kind of run, engine) to (P10, P50, P90, factor of 80 %, rows)."""
    lines = [
        f'    ("{r.metric}", "{r.kind}", "{r.engine}"): ({r.p10:.3f}, {r.p50:.3f}, {r.p90:.3f}, {r.factor80:.3f}, {r.n}),'
        for r in found.itertuples()
    ]
    return "RATIO_QUANTILES = {\n" + "\n".join(lines) + "\n}"
