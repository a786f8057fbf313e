"""Reads the second set of measurements, calibration.csv, and says which rows stand apart and why."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

SAME_AS_SILICON = ("aic-silicon-inferencex", "aic-silicon-nvidia-internal")
"""Families of the file that are rows of silicon_sample.csv: they are scored there, once."""
OLD_FAMILIES = ("splitwise", "anl-llm-inference-bench", "nvidia-dli-nim", "nm-vllm-nightly", "nvidia-dli-trtllm-static")
FIRST_OF_2025 = {"TensorRT-LLM": (0, 17), "vLLM": (0, 7), "SGLang": (0, 4, 2)}
"""First release of 2025 of each engine (release notes); older rows stand apart."""


def load(path: Path) -> tuple[pd.DataFrame, dict[str, int]]:
    """Rows of quality high or medium that are not in silicon_sample.csv, and what was left out."""
    rows = pd.read_csv(path, low_memory=False)
    good = rows[rows["quality"].isin(["high", "medium"])]
    kept = good[~good["family"].isin(SAME_AS_SILICON)]
    left_out = {"quality low or suspect": len(rows) - len(good), "scored as silicon_sample": len(good) - len(kept)}
    return kept.reset_index(drop=True), left_out


def standing(rows: pd.DataFrame) -> pd.Series:
    """Per row `current`, or why it is reported apart: AMD, static batch, old engine."""
    old = rows["family"].isin(OLD_FAMILIES) | _before_2025(rows)
    result = pd.Series("current", index=rows.index)
    result[old] = "old engine"
    result[rows["protocol"] == "static"] = "static batch"
    result[rows["gpu"].str.startswith("MI")] = "AMD"
    return result


def _before_2025(rows: pd.DataFrame) -> pd.Series:
    return pd.Series(
        [_older(str(e), str(v)) for e, v in zip(rows["engine"], rows["engine_version"], strict=True)], rows.index
    )


def _older(engine: str, version: str) -> bool:
    """Whether a release is from before 2025; a version that is not a number counts as current.

    >>> _older("TensorRT-LLM", "0.16.0"), _older("TensorRT-LLM", "1.0.0rc3"), _older("vLLM", "nightly")
    (True, False, False)
    """
    parts = version.split(".")[:2]
    if engine not in FIRST_OF_2025 or len(parts) < 2 or not all(part.isdigit() for part in parts):
        return False
    return tuple(int(part) for part in parts) < FIRST_OF_2025[engine][:2]
