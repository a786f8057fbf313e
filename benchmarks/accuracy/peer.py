"""What other tools predict on a stratified sample of the silicon rows, each in its own interpreter."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import score

STRATUM = ["model", "gpu", "engine", "precision_weights"]
SEED = 7


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that a script of this folder asks, row by row, and how many rows at most."""

    name: str
    prefix: str
    script: str
    rows: int


CONFIGURATOR = Tool("aiconfigurator 0.12", "peer", "peer_estimates.py", 450)
SIMULATOR = Tool("aisimulate 0.13", "sim", "simulator_estimates.py", 100)


def sample(rows: pd.DataFrame, count: int) -> pd.DataFrame:
    """Rows that visit every stratum in turn, one row of each at a time, so that a time limit never drops a stratum."""
    shuffled = rows.sample(frac=1, random_state=SEED)
    turn = shuffled.groupby(STRATUM, dropna=False).cumcount()
    return shuffled.assign(turn=turn).sort_values("turn", kind="stable").head(count).drop(columns="turn")


def estimate(tool: Tool, rows: pd.DataFrame, python: Path, folder: Path, seconds: float) -> None:
    """Asks the tool for a sample until the time is up; answers that the folder already holds are kept."""
    points = folder / f"{tool.prefix}_points.csv"
    sample(rows, tool.rows).to_csv(points, index=False)
    script = Path(__file__).with_name(tool.script)
    subprocess.run([str(python), str(script), str(points), str(answers(tool, folder)), str(seconds)], check=True)


def answers(tool: Tool, folder: Path) -> Path:
    """Where the tool's answers are kept."""
    return folder / f"{tool.prefix}.csv"


def joined(tool: Tool, rows: pd.DataFrame, folder: Path) -> pd.DataFrame | None:
    """The sampled rows with the tool's figures beside ours; None where it was never asked."""
    path = answers(tool, folder)
    return rows.merge(pd.read_csv(path), on="id", how="inner") if path.exists() else None


def as_predictions(tool: Tool, rows: pd.DataFrame) -> pd.DataFrame:
    """The same rows with the tool's means in the predicted columns; no tool has bands."""
    ttft, tpot = rows[f"{tool.prefix}_ttft_ms"], rows[f"{tool.prefix}_tpot_ms"]
    tokens = score.little_tok_s(rows["load_value"], rows["osl_mean"], ttft, tpot)
    nothing = {f"pred_{name}{end}": float("nan") for name in score.LATENCIES.values() for end in ("_lo80", "_hi80")}
    return rows.assign(pred_ttft_ms_mean=ttft, pred_tpot_ms_mean=tpot, pred_output_tok_s_total=tokens, **nothing)
