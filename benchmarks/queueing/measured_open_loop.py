"""Compares predictions of open-loop runs with what was measured: latencies, and whether the run was stable at all.

python benchmarks/queueing/measured_open_loop.py --measured calibration.csv [--rows rows.csv]

The runs of inference-sim on H100 (family simtoreal-vllm) are predicted twice: as the file describes them, by the path of
`aisizer predict`, and as their source ran them, by the same replica and simulator. `Facts` of
benchmarks/accuracy/open_loop.py says what the file leaves out.
No constant was fitted on any end-to-end row; then one, a server's own time per request, from all models but the row's own; and
the same with the engine's constants of a joint fit that saw none of these runs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.append(str(Path(__file__).parents[1] / "accuracy"))

import deployed
import folds
import joint_fit
import measured
from open_loop import FAMILY, Facts, per_step, stated

from aisizer.calibration.points import OPEN
from aisizer.calibration.predict import predict_rows
from aisizer.calibration.protocols import Figures, Run, figures
from aisizer.calibration.sampling import sample
from aisizer.catalog.catalog import Catalog
from aisizer.catalog.load import load_catalog
from aisizer.queueing.simulate import simulate
from aisizer.shapes import Requests

NIGHTLY = "nm-vllm-nightly"
BELOW_KNEE = 2.5
"""[req/s] of the nightly runs; their source is at the knee from 5 req/s on."""
METRICS = {"E2E mean": ("e2e_ms_mean", 8.0), "TPOT mean": ("tpot_ms_mean", 9.0), "TTFT mean": ("ttft_ms_mean", 14.0)}
"""Column and target [%] of the mean absolute percentage error."""
REQUESTS = 6000
"""[request] of a stage of 600 s at 10 req/s, their largest."""
GROWING, EXPLODED = 0.05, 5.0
"""A run was overloaded if its p99 TTFT exceeded 5 % of the time in which requests were sent, since a queue that grows holds
the last of them for a share of the run; or if its mean TPOT was over five times that of the same deployment at the lowest
rate measured. No source prints an achieved rate. Where one states no requests, its stages lasted 600 s."""
STAGE_S = 600.0
DEPLOYMENT = ["model", "gpu", "tp", "precision_weights", "engine_version"]


def open_rows(path: Path) -> pd.DataFrame:
    """Every open-loop row that states its rate."""
    rows, _ = measured.load(path)
    return rows[rows["protocol"].isin(OPEN) & rows["load_value"].notna()].reset_index(drop=True)


def replayed(
    rows: pd.DataFrame, catalog: Catalog, facts: Facts, constants: dict[str, float] | None = None
) -> pd.DataFrame:
    """Means in ms of each row, by the replica that `aisizer predict` deploys, by default with nothing fitted."""
    values = folds.priors() if constants is None else constants
    with joint_fit.constants_set(values):
        runs = deployed.runs(stated(rows, facts), joint_fit.catalog_at(catalog, values))
    return pd.DataFrame([_means(_replay(run)) for run in runs if run], index=rows.index)


def _replay(run: deployed.Run) -> Figures:
    scenario = run.observed.scenario
    drawn = sample(scenario.prompt, scenario.output, REQUESTS, scenario.prefix_hit)
    asked = poisson(drawn, scenario.load)
    found = simulate(run.observed.table, asked, replicas=scenario.replicas)
    lengths = asked.prompt_tokens, asked.output_tokens
    return figures(
        Run(found.sent_s, found.first_token_s, found.finish_s, *lengths, found.makespan_s, found.peak_kv_tokens)
    )


def poisson(asked: Requests, rate: float) -> Requests:
    """Exponential gaps that sum to the stage's time: what inference-perf's `constant` load sends (load_timer.py)."""
    gaps = np.random.default_rng(0).exponential(size=len(asked.arrival_s))
    return replace(asked, arrival_s=np.cumsum(gaps / gaps.mean()) / rate)


def _means(found: Figures) -> dict[str, float]:
    seconds = {"e2e_ms_mean": found.e2e_s, "tpot_ms_mean": found.tpot_s["mean"], "ttft_ms_mean": found.ttft_s["mean"]}
    return {name: 1e3 * value for name, value in seconds.items()}


def server_constants(rows: pd.DataFrame, predicted: pd.DataFrame) -> pd.Series:
    """[ms] per row: the time per request that fits the TTFT of all other models best.

    The mean of |p + c - m| / m is least at the median of m - p with weights 1 / m.
    """
    missing, weight = rows["ttft_ms_mean"] - predicted["ttft_ms_mean"], 1 / rows["ttft_ms_mean"]
    constants = pd.Series(0.0, rows.index)
    for model, own in rows.groupby("model").groups.items():
        others = missing[rows["model"] != model].sort_values()
        share = weight[others.index].cumsum() / weight[others.index].sum()
        constants[own] = others[share >= 0.5].iloc[0]
    return constants


def with_constant(rows: pd.DataFrame, predicted: pd.DataFrame) -> pd.DataFrame:
    """The predictions with a constant from the other models in every TTFT and E2E."""
    constants = server_constants(rows, predicted)
    return predicted.assign(**{name: predicted[name] + constants for name in ("ttft_ms_mean", "e2e_ms_mean")})


def latency_table(rows: pd.DataFrame, catalog: Catalog) -> tuple[str, pd.DataFrame]:
    """Mean APE by what is known, and the rows of the last line but one with their errors."""
    as_filed = folds.with_constants(rows, catalog, folds.priors())
    filed = pd.DataFrame({name: as_filed[f"pred_{name}"] for name, _ in METRICS.values()})
    variants = {"as the file describes them": (rows, filed)}
    for label, facts in (
        ("+ rates of their own stage", Facts(cached=False, engine=False)),
        ("+ cached prompts", Facts(engine=False)),
        ("+ engine 0.15.1", Facts()),
    ):
        variants[label] = (stated(rows, facts), replayed(rows, catalog, facts))
    own, known = variants["+ engine 0.15.1"]
    final = with_constant(own, known)
    variants["as the file describes them, one constant"] = (rows, with_constant(rows, filed))
    variants["all of these, one constant"] = (own, final)
    others = replayed(rows, catalog, Facts(), folds.left_out("family")[FAMILY])
    variants["all of these, engine fitted on other runs"] = (own, others)
    variants["all of these, engine fitted on other runs, one constant"] = (own, with_constant(own, others))
    head = "| known of the runs | " + " | ".join(METRICS) + " | TPOT per generated token |\n|---|---:|---:|---:|---:|\n"
    lines = [f"| {label} | {' | '.join(_errors(*pair))} |" for label, pair in variants.items()]
    target = " | ".join(f"{target:g} %" for _, target in METRICS.values())
    return head + "\n".join([*lines, f"| target | {target} | |"]), _by_row(own, known, final)


def _errors(rows: pd.DataFrame, predicted: pd.DataFrame) -> Iterator[str]:
    for name, _ in METRICS.values():
        yield f"{100 * (predicted[name] / rows[name] - 1).abs().mean():.1f} %"
    yield f"{100 * (predicted['tpot_ms_mean'] / per_step(rows) - 1).abs().mean():.1f} %"


def _by_row(rows: pd.DataFrame, predicted: pd.DataFrame, final: pd.DataFrame) -> pd.DataFrame:
    errors = {f"{label} error": 100 * (final[name] / rows[name] - 1) for label, (name, _) in METRICS.items()}
    columns = rows[["model", "tp", "load_value", "isl_mean", "osl_mean", "ttft_ms_mean", "e2e_ms_mean"]]
    constants = final["ttft_ms_mean"] - predicted["ttft_ms_mean"]
    return columns.assign(constant_ms=constants, **errors).round(1)


def nightly_table(rows: pd.DataFrame, catalog: Catalog) -> str:
    """Mean APE of the nightly runs below the knee, by rate; they print no mean E2E and no lengths."""
    found = folds.with_constants(rows, catalog, folds.priors())
    head = "| rate, req/s | rows | TTFT mean | its bias | TPOT mean | its bias |\n|---:|---:|---:|---:|---:|---:|\n"
    groups = [(f"{rate:g}", group) for rate, group in found.groupby("load_value")]
    below = found[found["load_value"] <= BELOW_KNEE]
    return head + "\n".join(_nightly_line(*group) for group in [*groups, (f"up to {BELOW_KNEE:g}", below)])


def _nightly_line(label: str, group: pd.DataFrame) -> str:
    cells = []
    for name in ("ttft_ms_mean", "tpot_ms_mean"):
        error = 100 * (group[f"pred_{name}"] / group[name] - 1)
        cells += [f"{error.abs().mean():.1f} %", f"{error.median():+.1f} %"]
    return f"| {label} | {len(group)} | {' | '.join(cells)} |"


def growing(rows: pd.DataFrame) -> pd.Series:
    """Whether a run's p99 TTFT was more than GROWING of the time in which its requests were sent."""
    sending_s = (rows["n_requests"] / rows["load_value"]).fillna(STAGE_S)
    return rows["ttft_ms_p99"].fillna(rows["ttft_ms_mean"]) / 1e3 > GROWING * sending_s


def exploded(rows: pd.DataFrame) -> pd.Series:
    """Whether a run's TPOT was more than EXPLODED times that of the same deployment at its lowest rate."""
    same = rows[DEPLOYMENT].astype(str).agg("|".join, axis=1)
    lowest = rows.sort_values("load_value").groupby(same)["tpot_ms_mean"].transform("first")
    return rows["tpot_ms_mean"] > EXPLODED * lowest[rows.index]


def overloaded(rows: pd.DataFrame, rule: str) -> pd.Series:
    """Which runs the rule calls overloaded, from their latencies alone."""
    return growing(rows) | (exploded(rows) if rule == "either" else False)


def verdict_table(rows: pd.DataFrame, catalog: Catalog) -> str:
    """Stable or overloaded, measured against predicted, as shipped; as filed and as run.

    A run is predicted to be overloaded at or above its largest stable rate; or also where the rule that judges what was
    measured says so of what is predicted.
    """
    head = "| runs | overloaded is | predicted by | stable rows right | overloaded rows right | all |"
    lines = []
    for label, asked in (("as filed", rows), ("as run", stated(rows))):
        found = answers(asked, catalog)
        at_limit = found["pred_status"] == "overloaded"
        for rule in ("either", "a growing queue"):
            truth, alike = overloaded(asked, rule), overloaded(as_if_measured(asked, found), rule)
            for by, verdict in (("largest rate", at_limit), ("the same rule", at_limit | alike)):
                lines.append(f"| {label} | {rule} | {by} | {_shares(truth, verdict)} |")
    return "\n".join([head, "|---|---|---|---:|---:|---:|", *lines])


def answers(rows: pd.DataFrame, catalog: Catalog) -> pd.DataFrame:
    """The rows as `aisizer predict` answers them."""
    cells = rows.astype(object).where(rows.notna(), "").astype(str).to_dict("records")
    return pd.DataFrame(list(predict_rows(catalog, cells)), rows.index)


def as_if_measured(rows: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """The rows with predicted latencies in the place of the measured ones."""
    names = ("ttft_ms_mean", "ttft_ms_p99", "tpot_ms_mean")
    return rows.assign(**{name: pd.to_numeric(found[f"pred_{name}"]) for name in names})


def _shares(truth: pd.Series, verdict: pd.Series) -> str:
    right = verdict == truth
    parts = [f"{int(right[group].sum())} of {int(group.sum())}" for group in (~truth, truth)]
    return " | ".join([*parts, f"{right.mean():.1%}"])


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measured", type=Path, required=True, help="CSV file of published measurements")
    parser.add_argument("--rows", type=Path, help="write every row of the runs on H100 into this CSV file")
    options = parser.parse_args()
    catalog, rows = load_catalog(), open_rows(options.measured)
    ours, nightly = (rows[rows["family"] == family].reset_index(drop=True) for family in (FAMILY, NIGHTLY))
    table, by_row = latency_table(ours, catalog)
    if options.rows:
        by_row.to_csv(options.rows, index=False)
    print(f"{len(ours)} stages of {FAMILY}, mean absolute percentage error:\n\n{table}\n")
    print(f"{len(nightly)} rows of {NIGHTLY}:\n\n{nightly_table(nightly, catalog)}\n")
    print(f"Stable or overloaded, {len(rows)} open-loop rows:\n\n{verdict_table(rows, catalog)}")


if __name__ == "__main__":
    main()
