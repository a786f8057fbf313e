"""Quantiles of measured over predicted, what widens them, and what was measured: `src/aisizer/calibration/measurements.py`.

run.py prints the whole file, from rows that constants may be fitted on; no reserved pair sets a quantile.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from reserved import TWINS, refuse_reserved

from aisizer.calibration import measurements
from aisizer.calibration.deployment import FAMILIES
from aisizer.calibration.intervals import CROWD, KINDS, KV_WALL, MEDIAN
from aisizer.calibration.measurements import LEVELS, Range, Residuals
from aisizer.catalog.catalog import Catalog
from aisizer.catalog.names import UnknownName

Key = tuple[str, str, str]
Spreads = Mapping[str, Mapping[str, float]]
FEWEST_ROWS = 10
"""[1] rows of which the rank rule makes a band that holds 80 % of the next ones: 0.9 (n + 1) must not exceed n."""
OWN_PAIRS = 3
"""[1] (model, GPU) pairs from which an engine's own scatter is trusted. With fewer, its few models may be easy ones, and
the scatter of all engines around their own medians stands in."""
DOUBT = 2
"""[1] networks of no difference that are added to those compared, so that two or three odd ones do not decide."""
WIDTH = (0.1, 0.9)
TAIL = {"tpot": 1.35, "throughput": 1.0}
"""[1] what percentiles scatter more than means where no source prints both. TPOT: sqrt(0.1^2 + 0.09^2) / 0.1, since the
queue's own p95 is off by 9 % against an event simulation (docs/method.md) and means of dense models by about 10 %."""
HEAD = Path(measurements.__file__).read_text(encoding="utf-8").split("UNCALIBRATED:")[0]
"""What the file says before its first table."""


def situated(scored: pd.DataFrame, catalog: Catalog) -> pd.DataFrame:
    """The answered rows with ln(measured / predicted) and what is known of each before it is measured.

    Left out are open loops whose rate the source does not state, because their load was assumed, and overloaded runs,
    whose figures grow with the length of the run.
    """
    rows = scored[scored["predicted"].notna() & scored["pred_status"].eq("ok")]
    rows = rows[~(rows["protocol"].map(KINDS).eq("open") & rows["load_value"].isna())]
    return rows.assign(
        ratio=np.log(rows["measured"] / rows["predicted"]),
        kind=rows["protocol"].map(KINDS),
        family=rows["engine"].map(family),
        pair=rows["model"] + " " + rows["gpu"],
        experts=rows["model"].map(lambda name: catalog.find_model(name).experts > 0),
        near_wall=pd.to_numeric(rows["pred_kv_use"]).gt(KV_WALL),
        crowded=rows["protocol"].map(KINDS).eq("closed") & (rows["load_value"] > CROWD * rows["replicas"].fillna(1)),
    )


def family(engine: str) -> str:
    """The family of an engine as sources spell it.

    >>> family("TensorRT-LLM"), family("vLLM (ROCm)")
    ('trtllm', 'vllm')
    """
    return next((known for part, known in FAMILIES.items() if part in engine.lower()), engine.lower())


def spreads(rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """By metric, how much wider the log scatter is with experts, near the wall, in a crowd, on a GPU class left out, and of
    percentiles.

    Engines of today only: the kernels of old ones are slow in ways of their own.
    """
    refuse_reserved(rows)
    current = rows[rows["standing"] == "current"]
    return {
        str(metric): _spread(group) | {"tail": _tail(group, str(metric))} for metric, group in current.groupby("metric")
    }


def _tail(rows: pd.DataFrame, metric: str) -> float:
    """Width of the P99's scatter over the mean's, on the rows that print both; never below 1."""
    if metric in TAIL:
        return TAIL[metric]
    names = (f"{metric}_ms_p99", f"pred_{metric}_ms_p99")
    if not set(names) <= set(rows):
        return 1.0
    both = rows[rows[names[0]].notna() & rows[names[1]].notna() & ~rows["near_wall"]]
    if len(both) < FEWEST_ROWS:
        return 1.0
    return max(1.0, round(_width(np.log(both[names[0]] / both[names[1]])) / _width(both["ratio"]), 2))


def _spread(rows: pd.DataFrame) -> dict[str, float]:
    easy = ~rows["near_wall"] & ~rows["crowded"]
    centred = rows.assign(ratio=rows["ratio"] - _medians(rows))
    experts = _shrunk(centred[centred["experts"] & easy], centred[~centred["experts"] & easy])
    level = centred.assign(ratio=centred["ratio"] / np.where(centred["experts"], experts, 1.0))
    closed = level["kind"] == "closed"
    return {
        "experts": experts,
        "near_wall": _ratio(level[level["near_wall"] & ~level["crowded"] & closed], level[easy]),
        "crowded": _ratio(level[level["crowded"] & ~level["near_wall"]], level[easy]),
        "unmeasured_gpu": _left_out(rows[easy]),
    }


def _shrunk(wide: pd.DataFrame, narrow: pd.DataFrame) -> float:
    """The ratio of two kinds of network, drawn towards 1 as far as few networks stand behind it."""
    networks = min(
        part["model"].map(lambda name: min(name, TWINS.get(name, name))).nunique() for part in (wide, narrow)
    )
    return round(float(_ratio(wide, narrow) ** (networks / (networks + DOUBT))), 2)


def _medians(rows: pd.DataFrame) -> pd.Series:
    return rows.groupby(["kind", "family"])["ratio"].transform("median")


def _ratio(wide: pd.DataFrame, narrow: pd.DataFrame) -> float:
    """Width of one scatter over that of another, on the kinds of run that both have; never below 1."""
    kinds = set(wide["kind"]) & set(narrow["kind"])
    if not kinds:
        return 1.0
    widths = [_width(part.loc[part["kind"].isin(kinds), "ratio"]) for part in (wide, narrow)]
    return max(1.0, round(widths[0] / widths[1], 2))


def _left_out(rows: pd.DataFrame) -> float:
    """Width around the median of the other GPU classes over that around the median of all; never below 1."""
    inside, outside = [], []
    for _, group in rows.groupby(["kind", "family", "experts"]):
        for gpu in group["gpu"].unique() if group["gpu"].nunique() > 1 else ():
            own = group["gpu"] == gpu
            inside.append(group.loc[own, "ratio"] - group["ratio"].median())
            outside.append(group.loc[own, "ratio"] - group.loc[~own, "ratio"].median())
    if not inside:
        return 1.0
    return max(1.0, round(_width(pd.concat(outside)) / _width(pd.concat(inside)), 2))


def _width(ratios: pd.Series) -> float:
    low, high = ratios.quantile(WIDTH)
    return float(high - low)


def quantiles(rows: pd.DataFrame, widen: Spreads, basis: str) -> dict[Key, Residuals]:
    """Measured over predicted at each level, as of a dense model on a measured GPU class clear of the wall.

    Engines of today only, wherever there are any: today's engines are what a plan assumes.
    """
    refuse_reserved(rows)
    found: dict[Key, Residuals] = {}
    for (metric, kind), every in rows.groupby(["metric", "kind"]):
        current = every[every["standing"] == "current"]
        group = current if len(current) >= FEWEST_ROWS else every
        factor = _widened(group, widen[str(metric)])
        pooled = (group["ratio"] - _medians(group)) / factor
        alone = (group["ratio"] - group["ratio"].median()) / factor
        for engine, own in group.groupby("family"):
            trusted = own["pair"].nunique() >= OWN_PAIRS
            scatter = pooled[own.index] if trusted else pooled
            text = basis if trusted else f"{basis}; own median, scatter of all engines"
            found[str(metric), str(kind), str(engine)] = _residuals(float(own["ratio"].median()), scatter, text)
        found[str(metric), str(kind), "any"] = _residuals(float(group["ratio"].median()), alone, basis)
    return {key: row for key, row in found.items() if row.n >= FEWEST_ROWS}


def _widened(rows: pd.DataFrame, widen: Mapping[str, float]) -> pd.Series:
    factor = pd.Series(1.0, rows.index)
    for condition in ("experts", "near_wall", "crowded"):
        factor *= np.where(rows[condition], widen[condition], 1.0)
    return factor


def _residuals(middle: float, scatter: pd.Series, basis: str) -> Residuals:
    """The median as it is, the scatter around it."""
    steps = scatter.quantile(LEVELS) - scatter.quantile(MEDIAN)
    return Residuals(len(scatter), tuple(round(float(x), 3) for x in np.exp(middle + steps)), basis)


def ranges(rows: pd.DataFrame) -> dict[str, Range]:
    """By engine family, the loads of the closed and open loops that were compared, reserved pairs included."""
    served = rows[rows["kind"].isin(["closed", "open"])].drop_duplicates("id")
    return {str(name): _range(group) for name, group in served.groupby("family")}


def _range(rows: pd.DataFrame) -> Range:
    clients = rows.loc[rows["kind"] == "closed", "load_value"] / rows.loc[rows["kind"] == "closed", "replicas"]
    spans = [(float(x.min()), float(x.max())) for x in (clients, rows["isl_mean"], rows["osl_mean"])]
    return Range(len(rows), *spans, tuple(sorted(int(tp) for tp in rows["tp"].dropna().unique())))


def by_gpu(rows: pd.DataFrame, catalog: Catalog) -> dict[tuple[str, str], int]:
    """Measurements that were compared, by engine family and GPU class of the catalog."""
    counts = rows.drop_duplicates("id").groupby(["family", "gpu"]).size()
    found: dict[tuple[str, str], int] = {}
    for (engine, gpu), count in counts.items():
        try:
            key = str(engine), catalog.find_gpu(str(gpu)).id
        except UnknownName:
            continue
        found[key] = found.get(key, 0) + int(count)
    return dict(sorted(found.items()))


def calibrated(after: pd.DataFrame, widen: Spreads, basis: str) -> tuple[dict[Key, Residuals], Spreads]:
    """Residuals after a few of the user's points, and what widens them.

    The points are of the GPU class itself; near the wall and for percentiles, which were not judged, nothing is gained. The time
    of a token is that of the same steps in an open loop, so closed loops stand for open ones there, as they do not for
    TTFT.
    """
    same = ("near_wall", "crowded", "tail")
    own = {m: row | {k: widen[m][k] for k in same} | {"unmeasured_gpu": 1.0} for m, row in spreads(after).items()}
    closed = quantiles(after, own, basis)
    opened = {("tpot", "open", e): r for (m, k, e), r in closed.items() if (m, k) == ("tpot", "closed")}
    return closed | opened, own


def as_python(
    uncalibrated: Mapping[Key, Residuals],
    widen: Spreads,
    calibrated: Mapping[Key, Residuals],
    calibrated_widen: Spreads,
    spans: Mapping[str, Range],
    counts: Mapping[tuple[str, str], int],
) -> str:
    """The text of measurements.py; what was not measured this time stays as it was."""
    tables = (
        ("UNCALIBRATED", "Mapping[tuple[str, str, str], Residuals]", uncalibrated),
        ("SPREAD", "Mapping[str, Mapping[str, float]]", widen),
        ("CALIBRATED", "Mapping[tuple[str, str, str], Residuals]", calibrated or measurements.CALIBRATED),
        ("CALIBRATED_SPREAD", "Mapping[str, Mapping[str, float]]", calibrated_widen or measurements.CALIBRATED_SPREAD),
        ("RANGES", "Mapping[str, Range]", spans),
        ("COUNTS", "Mapping[tuple[str, str], int]", counts),
    )
    return HEAD + "\n".join(_table(name, kind, table) for name, kind, table in tables)


def _table(name: str, kind: str, table: Mapping[object, object]) -> str:
    lines = [f"{name}: {kind} = {{", *(f"    {_text(key)}: {_text(value)}," for key, value in table.items()), "}"]
    return "\n".join([*lines, f'"""{DOCUMENTED[name]}"""'])


def _text(value: object) -> str:
    return repr(value).replace("'", '"')


DOCUMENTED = {
    "UNCALIBRATED": """Nothing fitted end to end; by metric, kind of run and family of the engine, `any` being all of them
together. `silicon_sample.csv` and the second set of docs/accuracy.md, AMD and reserved pairs left out.""",
    "CALIBRATED": """After five of the user's points, judged on other layouts and lengths.""",
    "CALIBRATED_SPREAD": """[1] The same after calibration.""",
    "SPREAD": """[1] By metric, what the log scatter is multiplied by: with a mixture of experts; with the KV cache nearly full;
with more than 256 requests in flight on a replica; on a GPU class that was left out; of a percentile such as P95 instead
of a mean. Widths from P10 to P90, each over that of the other rows.""",
    "RANGES": """By family of the engine, what the closed and open loops that were compared have covered.""",
    "COUNTS": """Measurements that were compared, by family of the engine and GPU class.""",
}
