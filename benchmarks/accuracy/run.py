"""Compares predictions with published measurements and with aiconfigurator, and writes docs/accuracy.md.

python benchmarks/accuracy/run.py --silicon silicon_sample.csv --peer-python peer/bin/python --measured calibration.csv
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import deployed
import disaggregated_evidence
import folds
import measured
import memory_evidence
import open_loop
import pandas as pd
import peer
import plot
import report
import residuals
import score
import shots
import silicon
from document import document
from reserved import reserved

from aisizer.calibration.predict import predict_lines, write_lines
from aisizer.catalog.catalog import Catalog
from aisizer.catalog.load import load_catalog

ROOT = Path(__file__).resolve().parents[2]
SHOTS = (5, 10, 12)


def main() -> None:
    options = _options()
    options.work.mkdir(parents=True, exist_ok=True)
    catalog = load_catalog()
    rows, left_out = silicon.load(options.silicon)
    rows = _marked(_predicted(rows, catalog, options.work, "silicon"))
    rows["near_wall"] = _near_wall(deployed.runs(rows, catalog), rows.index)
    clear = rows[~rows["near_wall"]]
    unseen = folds.leave_one_out(rows, catalog, "model")
    without_model = unseen[~rows["near_wall"]]
    nothing = folds.with_constants(clear, catalog, folds.priors())
    other, other_left_out = _measured(options, catalog)
    asked = _asked(peer.CONFIGURATOR, rows, options.peer_python, options)
    answered = rows if asked is None else asked[asked["peer_tpot_ms"].notna()]
    simulated = _asked(peer.SIMULATOR, answered, options.simulator_python, options)
    evidence = report.Evidence(
        silicon=score.long_form(rows),
        off_wall=score.long_form(clear),
        nothing=score.long_form(nothing),
        without_model=score.long_form(without_model),
        without_gpu=score.long_form(folds.leave_one_out(clear, catalog, "gpu")),
        shots={} if options.no_shots else _shots(rows, other, catalog),
        measured=None if other is None else score.long_form(other),
        tools=_side_by_side(peer.CONFIGURATOR, asked, nothing, without_model),
        simulated=_side_by_side(peer.SIMULATOR, simulated, nothing, without_model),
        memory=_memory(options, catalog),
        two_pools=disaggregated_evidence.evidence(options.silicon, catalog).markdown,
    )
    (options.output.with_suffix(".svg")).write_text(plot.scatter(evidence.silicon), encoding="utf-8")
    text = document(evidence, rows, other, asked, simulated, left_out | other_left_out, _context(options))
    options.output.write_text(text, encoding="utf-8")
    never_seen = [unseen, *([] if other is None else [folds.leave_one_out(other, catalog, "model")])]
    print(_measurements(never_seen, evidence, catalog))
    print(f"{options.output} written", file=sys.stderr)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    path = {"type": Path}
    parser.add_argument(
        "--silicon", **path, default=silicon.packaged(), help="silicon_sample.csv of aiconfigurator-core"
    )
    parser.add_argument("--measured", **path, default=ROOT.parent / "shared" / "measured" / "calibration.csv")
    parser.add_argument("--peer-python", **path, help="interpreter that has aiconfigurator 0.12")
    parser.add_argument("--simulator-python", **path, help="interpreter that has aisimulate 0.13")
    parser.add_argument("--peer-seconds", type=float, default=900, help="time limit of each tool's estimates")
    parser.add_argument("--work", **path, default=Path("accuracy"), help="folder for points, predictions and peer.csv")
    parser.add_argument("--speed", action="store_true", help="time the engine too, beside the peer's estimates")
    parser.add_argument("--no-shots", action="store_true", help="leave out the fits on a user's points, the slow part")
    parser.add_argument("-o", "--output", **path, default=ROOT / "docs" / "accuracy.md")
    options = parser.parse_args()
    if options.silicon is None:
        parser.error("no silicon_sample.csv: pip install aiconfigurator-core==0.12.0, or name it with --silicon")
    return options


def _predicted(rows: pd.DataFrame, catalog: Catalog, work: Path, name: str) -> pd.DataFrame:
    """The rows as `aisizer predict` answers them."""
    points, answers = work / f"{name}_points.csv", work / f"{name}_predicted.csv"
    rows.to_csv(points, index=False)
    with answers.open("w", newline="", encoding="utf-8") as file:
        write_lines(predict_lines(points, catalog), file)
    return pd.read_csv(answers, low_memory=False)


def _marked(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(standing=measured.standing(rows))


def _measured(options: argparse.Namespace, catalog: Catalog) -> tuple[pd.DataFrame | None, dict[str, int]]:
    if not options.measured.exists():
        print(f"{options.measured} is not there: the second set of measurements is left out.", file=sys.stderr)
        return None, {}
    rows, left_out = measured.load(options.measured)
    return _marked(_predicted(open_loop.stated(rows), catalog, options.work, "measured")), left_out


def _shots(rows: pd.DataFrame, other: pd.DataFrame | None, catalog: Catalog) -> dict[int, pd.DataFrame]:
    """Both sets together: every closed loop whose TTFT and TPOT were measured can stand for a user's points."""
    both = pd.concat([rows, *([] if other is None else [other])], ignore_index=True)
    closed = both[both["protocol"].isin(score.CLOSED) & both["ttft_ms_mean"].notna() & both["tpot_ms_mean"].notna()]
    found = deployed.runs(closed, catalog)
    usable = closed.assign(near_wall=_near_wall(found, closed.index))
    frames = {points: shots.evaluate(usable, found, points) for points in SHOTS}
    return {points: score.long_form(frame) for points, frame in frames.items() if len(frame)}


def _near_wall(found: list[deployed.Run | None], index: pd.Index) -> pd.Series:
    return ~(deployed.kv_share(found, index) <= deployed.WALL)


def _asked(
    tool: peer.Tool, rows: pd.DataFrame, python: Path | None, options: argparse.Namespace
) -> pd.DataFrame | None:
    if python:
        peer.estimate(tool, rows, python, options.work, options.peer_seconds)
    return peer.joined(tool, rows, options.work)


def _side_by_side(
    tool: peer.Tool, asked: pd.DataFrame | None, nothing: pd.DataFrame, without_model: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """The tool's figures, ours with nothing fitted, and ours with constants that never saw the model."""
    if asked is None:
        return {}
    return {
        tool.name: score.long_form(peer.as_predictions(tool, asked)),
        "aisizer, nothing fitted": score.long_form(nothing[nothing["id"].isin(asked["id"])]),
        "aisizer, model left out": score.long_form(without_model[without_model["id"].isin(asked["id"])]),
    }


def _memory(options: argparse.Namespace, catalog: Catalog) -> str:
    """The section on memory, where the footprints are there."""
    path = options.measured.with_name("memory.csv")
    if not path.exists():
        return "Not run: memory.csv was not there."
    return memory_evidence.markdown(memory_evidence.evidence(path, catalog))


def _measurements(never_seen: list[pd.DataFrame], evidence: report.Evidence, catalog: Catalog) -> str:
    """The text of src/aisizer/calibration/measurements.py, from rows by constants that never saw their model."""
    rows = residuals.situated(score.long_form(pd.concat(never_seen, ignore_index=True)), catalog)
    free = rows[~reserved(rows) & (rows["standing"] != "AMD")]
    widen = residuals.spreads(free)
    after: tuple[dict[residuals.Key, residuals.Residuals], residuals.Spreads] = ({}, {})
    if SHOTS[0] in evidence.shots:
        judged = residuals.situated(evidence.shots[SHOTS[0]], catalog)
        after = residuals.calibrated(judged, widen, f"after {SHOTS[0]} points")
    uncalibrated = residuals.quantiles(free, widen, "model never seen")
    spans, counts = residuals.ranges(rows), residuals.by_gpu(rows, catalog)
    return residuals.as_python(uncalibrated, widen, *after, spans, counts)


def _context(options: argparse.Namespace) -> dict[str, str]:
    from importlib.metadata import version

    names = ("numpy", "scipy", "pandas")
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "versions": f"aisizer {version('aisizer')}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in names),
        "speed": _speed(options) if options.speed else "Not run with this report (`--speed`).",
    }


def _speed(options: argparse.Namespace) -> str:
    """What benchmarks/engine_speed.py prints."""
    known = peer.answers(peer.CONFIGURATOR, options.work)
    beside = ["--peer", str(known)] if known.exists() else []
    command = [sys.executable, str(ROOT / "benchmarks" / "engine_speed.py"), *beside]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
