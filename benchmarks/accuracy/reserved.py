"""The (model, GPU) pairs held out: no constant is fitted on them, here or anywhere in aisizer."""

from __future__ import annotations

import pandas as pd

PAIRS = frozenset(
    (model, gpu)
    for model, gpus in {
        "deepseek-r1": ("GB200", "H200"),
        "deepseek-v3": ("B300", "H200"),
        "glm-5": ("B200", "B300", "H200"),
        "gpt-oss-120b": ("B200", "H200"),
        "kimi-k2.5": ("B200", "B300", "H200"),
        "llama-3.1-70b": ("H200",),
        "llama-3.1-8b": ("H200",),
        "minimax-m2.5": ("B200", "B300", "H100-SXM", "H200"),
        "qwen3-235b-a22b": ("H100-SXM", "H200"),
        "qwen3-32b": ("GB200", "H100-SXM"),
        "qwen3.5-397b-a17b": ("B200", "B300", "H200"),
    }.items()
    for gpu in gpus
)
TWINS = {"deepseek-r1": "deepseek-v3", "deepseek-v3": "deepseek-r1"}
"""One network under two names: what is held out under one is held out under the other."""


def is_reserved(model: str, gpu: str) -> bool:
    """Whether measurements of this model on this GPU must never be fitted on."""
    return (model, gpu) in PAIRS or (TWINS.get(model, model), gpu) in PAIRS


def reserved(rows: pd.DataFrame) -> pd.Series:
    """The same for every row of a table with columns model and gpu."""
    pairs = zip(rows["model"], rows["gpu"], strict=True)
    return pd.Series([is_reserved(model, gpu) for model, gpu in pairs], index=rows.index, dtype=bool)


def refuse_reserved(rows: pd.DataFrame) -> None:
    """Raises where a table that is about to be fitted holds a reserved pair."""
    held = rows[reserved(rows)]
    if len(held):
        pairs = sorted(set(zip(held["model"], held["gpu"], strict=True)))
        raise ValueError(f"{len(held)} rows of reserved pairs must not be fitted on: {pairs}")
