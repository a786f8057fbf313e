"""docs/accuracy.md from the scored rows: every figure in it is computed, none is typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import score
from reserved import reserved

TARGETS = {
    "tpot": (0.11, 0.10, 0.06, 0.045),
    "throughput": (0.13, 0.10, 0.06, 0.045),
    "ttft": (0.30, 0.20, 0.17, 0.12),
}
"""[1] row-median APE: nothing fitted, constants per engine left out, after 5 points, after 12."""
NAMES = {"tpot": "TPOT", "ttft": "TTFT", "throughput": "throughput"}
FEWEST = 5
"""[row] a group with fewer is not shown."""
COLUMNS: dict[str, tuple[str, Callable[[float], str]]] = {
    "n": ("n", lambda x: f"{x:,.0f}"),
    "answered": ("answered %", lambda x: _percent(x, 0)),
    "median_ape": ("median APE %", lambda x: _percent(x)),
    "mean_ape": ("mean APE %", lambda x: _percent(x, 0)),
    "bias": ("bias %", lambda x: _percent(x, sign=True)),
    "within_25": ("within 25 %", lambda x: _percent(x, 0)),
    "within_2x": ("within 2x", lambda x: _percent(x, 0)),
    "coverage": ("in 80 % band", lambda x: _percent(x, 0)),
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that was scored; each table is in long form, one row per point and metric."""

    silicon: pd.DataFrame
    off_wall: pd.DataFrame
    nothing: pd.DataFrame
    """off the wall, at the constants before any end-to-end row was seen"""
    without_model: pd.DataFrame
    without_gpu: pd.DataFrame
    shots: dict[int, pd.DataFrame]
    measured: pd.DataFrame | None
    tools: dict[str, pd.DataFrame]
    """on the rows that aiconfigurator was asked: it, aisizer with nothing fitted, and with constants that never saw the
    model; empty where it was not asked"""
    simulated: dict[str, pd.DataFrame]
    """the same with aisimulate, on its smaller sample"""
    memory: str
    """the section on memory footprints"""
    two_pools: str
    """the section on disaggregated rows"""


def targets(e: Evidence) -> str:
    """The target table with what was reached beside it."""
    titles = (
        "nothing fitted",
        "constants, model left out",
        "constants, GPU left out",
        "after 5 points",
        "after 12",
    )
    lines = ["| row-median APE, % | " + " | ".join(titles) + " |", "|---|---|---|---|---|---|"]
    for metric, (zero, constants, five, twelve) in TARGETS.items():
        cells = [
            _verdict(e.nothing, metric, zero),
            _verdict(e.without_model, metric, constants),
            _verdict(e.without_gpu, metric, constants),
            _verdict(_current(e.shots.get(5)), metric, five),
            _verdict(_current(e.shots.get(12)), metric, twelve),
        ]
        lines.append(f"| {NAMES[metric]} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def split(scored: pd.DataFrame) -> str:
    """Errors by metric, held-out pairs apart from the others."""
    marked = scored.assign(pairs=reserved(scored).map({True: "reserved", False: "not reserved"}))
    return grouped(pd.concat([scored.assign(pairs="all"), marked]), "pairs")


def grouped(scored: pd.DataFrame, *by: str) -> str:
    """Errors by metric and groups of at least five rows."""
    if not len(scored):
        return "No rows."
    found = score.table(scored, ["metric", *by])
    found = found[found["n"] >= FEWEST]
    head = ["metric", *by, *(title for title, _ in COLUMNS.values())]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * (1 + len(by)) + "---:|" * len(COLUMNS)]
    for metric in NAMES:
        for row in found[found["metric"] == metric].to_dict("records"):
            names = [NAMES[metric], *(_label(row[name]) for name in by)]
            lines.append("| " + " | ".join([*names, *(show(row[key]) for key, (_, show) in COLUMNS.items())]) + " |")
    return "\n".join(lines)


def macro(scored: pd.DataFrame) -> str:
    """The mean over cells, so that a source with many rows does not decide."""
    lines = ["| metric | cells | mean of the cells' median APE % | of their mean APE % |", "|---|---:|---:|---:|"]
    for metric, name in NAMES.items():
        found = score.macro(scored[scored["metric"] == metric])
        lines.append(f"| {name} | {found['cells']} | {_percent(found['median_ape'])} | {_percent(found['mean_ape'])} |")
    return "\n".join(lines)


def side_by_side(tools: dict[str, pd.DataFrame], groups: dict[str, pd.Series | None]) -> str:
    """Median APE and bias of each tool on the rows that all answer, for all of them and for ids in groups."""
    lines = ["| rows | metric | n | " + " | ".join(f"{name}, median (bias) %" for name in tools) + " |"]
    lines.append("|---|---|---:|" + "---:|" * len(tools))
    for group, ids in groups.items():
        for metric, name in NAMES.items():
            found = shared_errors(tools, metric, ids)
            if found:
                figures = [f"{_percent(x['median_ape'])} ({_percent(x['bias'], 0, sign=True)})" for x in found.values()]
                lines.append(f"| {group} | {name} | {next(iter(found.values()))['n']} | " + " | ".join(figures) + " |")
    return "\n".join(lines)


def shared_errors(
    tools: dict[str, pd.DataFrame], metric: str, ids: pd.Series | None = None
) -> dict[str, dict[str, float]]:
    """Errors of each tool on the rows that all answer; empty where there are fewer than five."""
    rows = {name: scored[(scored["metric"] == metric) & scored["predicted"].notna()] for name, scored in tools.items()}
    shared = set.intersection(*(set(found["id"]) for found in rows.values()))
    if ids is not None:
        shared &= set(ids)
    if len(shared) < FEWEST:
        return {}
    return {name: score.errors(found[found["id"].isin(shared)]) for name, found in rows.items()}


def conditions(e: Evidence) -> str:
    """The other promises: answers, and the comparison with other tools."""
    answered = float((e.silicon["predicted"].notna()).mean())
    lines = ["| promise | reached | |", "|---|---|---|"]
    lines.append(_condition("at least 98 % of the rows answered", f"{answered:.1%}", answered >= 0.98))
    if e.tools:
        lines += _against(e)
    if e.simulated:
        found = shared_errors(e.simulated, "tpot", below_knee(e.silicon))
        theirs, plain, ours = (errors["median_ape"] for errors in found.values())
        lines.append(_closer("TPOT below the knee closer than aisimulate, nothing fitted", plain, theirs))
        lines.append(_closer("TPOT below the knee closer than aisimulate, constants, model left out", ours, theirs))
    return "\n".join(lines)


def below_knee(scored: pd.DataFrame) -> pd.Series:
    """Ids of rows whose measured TPOT is at most 1.5 times the lowest of their sweep."""
    rows = scored[scored["metric"] == "tpot"]
    sweep = ["model", "gpu", "engine", "precision_weights", "tp", "ep", "isl_mean", "osl_mean"]
    lowest = rows.groupby(sweep, dropna=False)["measured"].transform("min")
    return rows.loc[rows["measured"] <= 1.5 * lowest, "id"]


def _against(e: Evidence) -> list[str]:
    """Aisizer against aiconfigurator, with nothing fitted and with constants that never saw the model."""
    lines = []
    for metric, name in NAMES.items():
        theirs, plain, fitted = (errors["median_ape"] for errors in shared_errors(e.tools, metric).values())
        lines.append(_closer(f"{name} closer than aiconfigurator, nothing fitted", plain, theirs))
        lines.append(_closer(f"{name} closer than aiconfigurator, constants, model left out", fitted, theirs))
    h100 = e.silicon.loc[e.silicon["gpu"] == "H100-SXM", "id"]
    theirs, plain, _ = (errors["median_ape"] for errors in shared_errors(e.tools, "tpot", h100).values())
    promise = "H100 TPOT within 1.5 times the error of aiconfigurator, nothing fitted"
    return [*lines, _condition(promise, f"{plain / theirs:.2f} times", plain <= 1.5 * theirs), *_after_five(e, h100)]


def _after_five(e: Evidence, ids: pd.Series) -> list[str]:
    """Aisizer after five points against aiconfigurator on those of the rows that both were asked."""
    after = _current(e.shots.get(5))
    if after is None:
        return []
    theirs = next(iter(e.tools.values()))
    shared = set(after["id"]) & set(theirs["id"]) & set(ids)
    ours, others = (rows[rows["id"].isin(shared) & (rows["metric"] == "tpot")] for rows in (after, theirs))
    if len(ours) < FEWEST:
        return []
    promise = f"H100 TPOT after 5 points closer than aiconfigurator, {len(ours)} rows that both were asked"
    return [_closer(promise, score.errors(ours)["median_ape"], score.errors(others)["median_ape"])]


def _closer(promise: str, ours: float, theirs: float) -> str:
    return _condition(promise, f"{ours:.1%} against {theirs:.1%}", ours <= theirs)


def _condition(promise: str, reached: str, met: bool) -> str:
    return f"| {promise} | {reached} | {'met' if met else 'missed'} |"


def intervals(*tables: pd.DataFrame | None) -> str:
    """Coverage, also on reserved pairs alone, and log-interval score by metric and engine, beside constant width."""
    scored = pd.concat([table for table in tables if table is not None])
    lines = [
        "| metric | engine | n | in 80 % band | reserved pairs | log-interval score | of the best band of constant width |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for metric, name in NAMES.items():
        for engine, rows in scored[scored["metric"] == metric].groupby("engine"):
            if rows["low"].notna().sum() < FEWEST:
                continue
            found = score.errors(rows)
            constant, held = score.constant_band_score(rows), score.coverage(rows[reserved(rows)])
            lines.append(
                f"| {name} | {engine} | {found['n']} | {_percent(found['coverage'], 0)} % | {_percent(held, 0)} % "
                f"| {found['interval_score']:.2f} | {constant:.2f} |"
            )
    return "\n".join(lines)


def refusals(rows: pd.DataFrame, column: str) -> str:
    """What was not answered, and why, most frequent first; figures in a reason do not split it."""
    reasons = rows[column].dropna().str.replace(r"[\d.,]+", "#", regex=True).str.slice(0, 100)
    lines = ["| rows | reason (figures as #) |", "|---:|---|"]
    lines += [
        f"| {n:,} | {_escaped(str(reason))} |" for reason, n in reasons[reasons != ""].value_counts().head(12).items()
    ]
    return "\n".join(lines) if len(lines) > 2 else "None."


def worst(scored: pd.DataFrame, metric: str) -> str:
    """The pairs that lift the median most: at least five rows, largest median APE first."""
    rows = score.table(scored[scored["metric"] == metric], ["model", "gpu", "engine"])
    found = rows[rows["n"] >= FEWEST].nlargest(5, "median_ape")
    named = [
        f"{r.model} on {r.gpu} with {r.engine} ({_percent(r.median_ape, 0)} %, bias {_percent(r.bias, 0, sign=True)} %, n {r.n})"
        for r in found.itertuples()
    ]
    return "; ".join(named)


def _current(scored: pd.DataFrame | None) -> pd.DataFrame | None:
    """The rows of engines of 2025 and later; older ones are reported apart."""
    return None if scored is None else scored[scored["standing"] == "current"]


def _verdict(scored: pd.DataFrame | None, metric: str, target: float) -> str:
    rows = scored[scored["metric"] == metric] if scored is not None else None
    if rows is None or not len(rows):
        return f"no data (target {_percent(target)})"
    reached = score.errors(rows)["median_ape"]
    held = rows[reserved(rows)]
    kept = f"; reserved pairs {_percent(score.errors(held)['median_ape'])}" if len(held) else ""
    if reached <= target:
        return f"**{_percent(reached)}**, met (target {_percent(target)}{kept})"
    return f"**{_percent(reached)}**, missed by {_percent(reached - target)} (target {_percent(target)}{kept})"


def _percent(value: float, digits: int = 1, sign: bool = False) -> str:
    if value != value:
        return "-"
    return f"{100 * value:{'+' if sign else ''}.{digits}f}"


def _label(value: object) -> str:
    return "not stated" if value != value else str(value)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
