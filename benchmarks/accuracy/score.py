"""How far predictions lie from measurements: one row per point and metric, then errors, coverage and interval scores."""

from __future__ import annotations

import numpy as np
import pandas as pd

METRICS = ("tpot", "ttft", "throughput")
LATENCIES = {"tpot": "tpot_ms_mean", "ttft": "ttft_ms_mean"}
RATES = ("output_tok_s_total", "total_tok_s_total")
CELL = ["model", "gpu", "family", "load_kind"]
SMALLEST_CELL = 5
"""[row] a cell with fewer says nothing about a pair."""
MISS = 0.2
"""[1] probability outside a nominal 80 % band."""
CLOSED = ("closed_burst", "closed_steady")


def little_tok_s(clients: pd.Series, osl: pd.Series, ttft_ms: pd.Series, tpot_ms: pd.Series) -> pd.Series:
    """Output tokens per second of a closed loop, C x O / (TTFT + (O - 1) TPOT), after Little (1961). [token/s]"""
    return clients * osl / ((ttft_ms + (osl - 1) * tpot_ms) / 1e3)


def long_form(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per point and metric: measured, predicted, low, high; predicted is nan where nothing was answered.

    Throughput is as printed where the source prints it; else, in a closed loop, that of Little's law from TTFT and
    TPOT, on both sides.
    """
    parts = [_latency(rows, metric) for metric in LATENCIES]
    parts.append(_throughput(rows))
    scored = pd.concat(parts, ignore_index=True)
    return scored[scored["measured"] > 0].reset_index(drop=True)


def _latency(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    column = LATENCIES[metric]
    return _part(rows, metric, rows[column], *(rows[f"pred_{column}{end}"] for end in ("", "_lo80", "_hi80")))


def _throughput(rows: pd.DataFrame) -> pd.DataFrame:
    output, total = RATES
    printed = rows.get(output, pd.Series(np.nan, rows.index))
    totals = rows.get(total, pd.Series(np.nan, rows.index))
    measured = printed.fillna(totals)
    uses_total = printed.isna() & totals.notna()
    predicted, low, high = (
        rows[f"pred_{output}{end}"].mask(uses_total, rows[f"pred_{total}{end}"]) for end in ("", "_lo80", "_hi80")
    )
    derived = measured.isna() & rows["protocol"].isin(CLOSED)
    ours = little_tok_s(rows["load_value"], rows["osl_mean"], rows["pred_ttft_ms_mean"], rows["pred_tpot_ms_mean"])
    theirs = little_tok_s(rows["load_value"], rows["osl_mean"], rows["ttft_ms_mean"], rows["tpot_ms_mean"])
    stretch = (ours / predicted).where(derived, 1.0)
    measured = measured.mask(derived, theirs)
    return _part(rows, "throughput", measured, predicted * stretch, low * stretch, high * stretch)


def _part(
    rows: pd.DataFrame, metric: str, measured: pd.Series, predicted: pd.Series, low: pd.Series, high: pd.Series
) -> pd.DataFrame:
    return rows.assign(metric=metric, measured=measured, predicted=predicted, low=low, high=high)


def signed(measured: pd.Series, predicted: pd.Series) -> pd.Series:
    """Predicted over measured, less one; minus one where nothing was answered. [1]"""
    return (predicted / measured - 1).fillna(-1.0)


def errors(scored: pd.DataFrame) -> dict[str, float]:
    """Count, share answered, APE, bias, shares within bounds, coverage and interval score of some rows.

    >>> rows = pd.DataFrame(dict(measured=[100.0, 100, 100], predicted=[110.0, 70, 250], low=90.0, high=120.0))
    >>> found = errors(rows)
    >>> [round(found[name], 3) for name in ("mean_ape", "median_ape", "bias", "within_25", "within_2x", "coverage")]
    [0.633, 0.3, 0.1, 0.333, 0.667, 1.0]
    """
    error = signed(scored["measured"], scored["predicted"])
    ratio = scored["predicted"] / scored["measured"]
    return {
        "n": len(scored),
        "answered": float(scored["predicted"].notna().mean()),
        "mean_ape": float(error.abs().mean()),
        "median_ape": float(error.abs().median()),
        "bias": float(error.median()),
        "within_25": float((error.abs() <= 0.25).mean()),
        "within_2x": float(((ratio >= 0.5) & (ratio <= 2.0)).mean()),
        "coverage": coverage(scored),
        "interval_score": interval_score(scored["measured"], scored["low"], scored["high"]),
    }


def coverage(scored: pd.DataFrame) -> float:
    """Share of measured values inside the band, over the rows that have one. [1]"""
    banded = scored[scored["low"].notna()]
    inside = (banded["low"] <= banded["measured"]) & (banded["measured"] <= banded["high"])
    return float(inside.mean()) if len(banded) else float("nan")


def interval_score(measured: pd.Series, low: pd.Series, high: pd.Series) -> float:
    """Mean width of the log band plus 2/alpha times what lies outside it (Gneiting, Raftery 2007, eq. 43). [1]

    A band of a factor of two up and down, and a value three times the centre: ln 4 + 10 x ln 1.5.

    >>> round(interval_score(pd.Series([300.0]), pd.Series([50.0]), pd.Series([200.0])), 3)
    5.441
    """
    outside = np.log(low / measured).clip(lower=0) + np.log(measured / high).clip(lower=0)
    return float((np.log(high / low) + 2 / MISS * outside).mean())


def constant_band_score(scored: pd.DataFrame) -> float:
    """Interval score of the constant-width band that covers 80 % of these very rows, centred on the prediction."""
    answered = scored[scored["predicted"].notna()]
    width = np.exp(np.log(answered["predicted"] / answered["measured"]).abs().quantile(1 - MISS))
    return interval_score(answered["measured"], answered["predicted"] / width, answered["predicted"] * width)


def table(scored: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Errors of every group, largest group first within a metric."""
    records = [{**dict(zip(by, key, strict=True)), **errors(group)} for key, group in scored.groupby(by, dropna=False)]
    return pd.DataFrame(records)


def macro(scored: pd.DataFrame) -> dict[str, float]:
    """Mean over cells of at least five rows of the cell's mean and median APE, and how many cells there are."""
    cells = [errors(group) for _, group in scored.groupby(CELL, dropna=False) if len(group) >= SMALLEST_CELL]
    return {
        "cells": len(cells),
        "mean_ape": float(np.mean([cell["mean_ape"] for cell in cells])) if cells else float("nan"),
        "median_ape": float(np.mean([cell["median_ape"] for cell in cells])) if cells else float("nan"),
    }
