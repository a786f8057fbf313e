"""The text of docs/accuracy.md around its tables."""

from __future__ import annotations

import folds
import joint_fit
import pandas as pd
import report
import score
from report import Evidence

GPUS = ("H100-SXM", "H200", "B200", "B300")
BREAKDOWNS = {"source": "family", "model": "model", "GPU": "gpu", "engine": "engine", "precision": "precision_weights"}
COMMAND = r"""```sh
python benchmarks/accuracy/run.py --silicon silicon_sample.csv --measured calibration.csv --work accuracy \
    --peer-python peer/bin/python --simulator-python simulator/bin/python --speed
```"""
CAUSES = """What is behind them, as far as these rows show:

- Rows of one deployment that differ by factors of 1.3 to 2.5 in TPOT stand side by side in the file, DeepSeek-R1 on TensorRT-LLM
  most of all: multi-token prediction that no column states. They stay in every figure.
- TTFT is too low where prompts run through kernels that the counts know badly: linear attention (Qwen3.5), and DeepSeek's FP8 on
  Blackwell and Hopper; host time per kernel is one constant for all.
- SGLang's rows of NVIDIA (Qwen3-32B, Llama-3.1-8B) show whole waves of prompts computed together, as if all answers had
  one length; they are replayed with the lengths that the file states.
- NVIDIA's sweeps of TensorRT-LLM 1.0 wait one whole answer divided by the number of clients longer than they should; they
  are replayed with one client more than sequences. Qwen3-235B on H100 then comes out slow: its measured steps read fewer
  experts than random prompts would.
- A weight-only 4-bit model has only one family behind its constants, so that leaving it out costs most.
- Qwen3-32B on GB200 and Llama-3.1-8B on H200 with vLLM are off by factors, in opposite directions; they stay in every figure."""

MISSES = """Why what is missed is missed:

- A model or GPU left out: the sweeps of NVIDIA, a third of the rows, are off by twice as much as those of InferenceX (by
  source, below). Launch scripts of InferenceX are public and replayed; how NVIDIA had set its servers is not.
- After 12 points: no sweep of an engine of 2025 or later has twelve loads of one shape.
- SGLang: one pair, DeepSeek-R1 on B200, is not reserved. An engine of so few pairs takes the scatter of all engines for its
  bands, which is too wide for its TPOT and too narrow for its TTFT."""


def document(
    e: Evidence,
    rows: pd.DataFrame,
    other: pd.DataFrame | None,
    asked: pd.DataFrame | None,
    simulated: pd.DataFrame | None,
    left_out: dict[str, int],
    context: dict[str, str],
) -> str:
    """The whole file; every section is one function of the evidence."""
    sections = [
        _head(context),
        _targets(e),
        _data(rows, left_out),
        _shipped(e),
        _nothing(e),
        _constants(e),
        _shots(e),
        _peer(e, asked),
        _simulator(e, simulated),
        _bands(e),
        _second(e),
        f"## Memory\n\n{e.memory}",
        f"## Prefill and decode on pools of their own\n\n{e.two_pools}",
        _unanswered(rows, other, asked, simulated),
        f"## Speed\n\n{context['speed']}",
    ]
    return "\n\n".join(sections) + "\n"


def _head(context: dict[str, str]) -> str:
    return f"""# Accuracy

Predictions of `aisizer predict` against published measurements, and against other tools on the same rows. Written by
this command on {context["date"]} ({context["versions"]}); no figure below is typed by hand:

{COMMAND}

`silicon_sample.csv` is a file of the PyPI package aiconfigurator-core 0.12.0 (Apache-2.0), `peer` a virtual environment
with aiconfigurator 0.12.0, `simulator` one with `aisizer[validation]`, which is aisimulate 0.13.0.dev202610270000000085.
What is not given is left out, and the report says so. No measurement file is part of this repository.

An error is predicted over measured, less one; APE is its size, bias the median with its sign. A row that is not answered
counts as an error of 100 %. Throughput of a closed loop is that of Little's law from TTFT and TPOT, on both sides, where
the source prints none.

![Predicted against measured: TPOT, TTFT and throughput of silicon_sample.csv](accuracy.svg)"""


def _targets(e: Evidence) -> str:
    return f"""## Targets and what was reached

{report.targets(e)}

Rows of silicon_sample.csv off the KV wall. Nothing is ever fitted on reserved pairs of model and GPU
(`benchmarks/accuracy/reserved.py`), and they are most of the rows: constants are fitted on the few other pairs and judged
on all. After k points only pairs that are not reserved are judged, since a calibration is a fit, and only engines of 2025
and later; no sweep of theirs has twelve loads of one shape, and the older ones stand further down.

{report.conditions(e)}

{MISSES}

Largest median errors as shipped:

- TPOT: {report.worst(e.off_wall, "tpot")}.
- TTFT: {report.worst(e.off_wall, "ttft")}.
- Throughput: {report.worst(e.off_wall, "throughput")}.

{CAUSES}"""


def _data(rows: pd.DataFrame, left_out: dict[str, int]) -> str:
    reasons = "\n".join(f"| {count:,} | {reason} |" for reason, count in left_out.items() if count)
    return f"""## What is compared

{len(rows):,} rows of silicon_sample.csv. {int(rows["near_wall"].sum()):,} of them stand near the KV wall or cannot be
deployed (the clients' whole requests would fill more than 90 % of the predicted KV cache) and are left out where a table
says "off the KV wall": there a few percent of memory decide between milliseconds and a minute.

| rows | left out because |
|---:|---|
{reasons}"""


def _shipped(e: Evidence) -> str:
    parts = [
        f"## As shipped\n\nAll rows:\n\n{report.split(e.silicon)}",
        f"Off the KV wall:\n\n{report.split(e.off_wall)}",
        f"Macro-average over (model, GPU, source, kind of load) with at least {score.SMALLEST_CELL} rows, all rows:",
        report.macro(e.silicon),
    ]
    for title, column in BREAKDOWNS.items():
        parts.append(f"### By {title}\n\n{report.grouped(e.off_wall, column)}")
    return "\n\n".join(parts)


def _nothing(e: Evidence) -> str:
    return f"""## Nothing fitted

The constants before any end-to-end row was seen: kernel tables, datasheets and the host times that joint_fit.py names.
Server settings of the sweeps (`recipes` in hardware_catalog/engines) are those of their published launch scripts. Off the
KV wall:

{report.split(e.nothing)}"""


def _constants(e: Evidence) -> str:
    """What was moved how far, and the rows whose model or GPU the constants never saw."""
    values = folds.shipped()
    lines = "\n".join(
        f"| {name} | {prior.value:.3g} | {prior.width:.0%} | {values[name]:.3g} |"
        for name, prior in joint_fit.PRIORS.items()
    )
    return f"""## Constants, left out

All constants move together, from priors of kernel tables, on the rows that are not reserved: `joint_fit.py`, least squares
on log errors with a Cauchy loss. The left-out tables predict every row by constants that never saw its model (or GPU); a
model (or GPU) without any row that may be fitted on was never seen at all.

| constant | prior | width | fitted |
|---|---:|---:|---:|
{lines}

Model left out:

{report.split(e.without_model)}

GPU left out:

{report.split(e.without_gpu)}"""


def _shots(e: Evidence) -> str:
    parts = [
        "## After a few of the user's points\n\nPoints of one (tp, ep, isl, osl) at spread concurrencies go through "
        "`aisizer.calibration.fit`;\nerrors are those of other (tp, ep, isl, osl) of the same model, GPU, engine and precision."
    ]
    for points in (5, 10, 12):
        found = e.shots.get(points)
        none = (
            f"After {points} points: no unreserved pair has a sweep of {points} different concurrencies (or not run)."
        )
        parts.append(none if found is None else f"After {points} points:\n\n{report.grouped(found, 'engine')}")
    return "\n\n".join(parts)


def _peer(e: Evidence, asked: pd.DataFrame | None) -> str:
    title = "## Beside aiconfigurator 0.12\n\n"
    if asked is None:
        return title + "Not run: no interpreter with aiconfigurator was given (`--peer-python`)."
    answered, ours = int(asked["peer_tpot_ms"].notna().sum()), int((asked["pred_status"] != "rejected").sum())
    groups = {"all": None, **{gpu: e.silicon.loc[e.silicon["gpu"] == gpu, "id"] for gpu in GPUS}}
    return f"""{title}{len(asked):,} rows drawn evenly over (model, GPU, engine, precision) were asked of both:
aiconfigurator answered {answered:,} ({answered / len(asked):.0%}), aisizer {ours:,} ({ours / len(asked):.0%}). It was
given the precision, TP, EP and concurrency of the row, its latest database and the names under which it holds each
model's config. Its TTFT and TPOT corrections were tuned on this file. One estimate took a median of
{asked["peer_seconds"].median():.2f} s in one process. Rows that all columns answer:

{report.side_by_side(e.tools, groups)}"""


def _simulator(e: Evidence, simulated: pd.DataFrame | None) -> str:
    title = "## Beside aisimulate 0.13\n\n"
    if simulated is None:
        return title + "Not run: no interpreter with aisimulate was given (`--simulator-python`)."
    answered = int(simulated["sim_tpot_ms"].notna().sum())
    groups = {"all": None, "below the knee": report.below_knee(e.silicon)}
    return f"""{title}{len(simulated):,} rows that aiconfigurator answers, drawn evenly; aisimulate answered {answered:,},
with the mean lengths, ten requests per client and its own defaults otherwise, in a median of
{simulated["sim_seconds"].median():.1f} s per run of its command line. Below the knee: the measured TPOT is at most 1.5
times the lowest of its sweep.

{report.side_by_side(e.simulated, groups)}"""


def _bands(e: Evidence) -> str:
    current = None if e.measured is None else e.measured[e.measured["standing"] == "current"]
    return f"""## Bands

A nominal 80 % band should hold 75 to 85 % of the measured values. The bands come from pairs that are not reserved, so that the
reserved ones judge them. The last column is the score of the band of one width per engine that covers 80 % of these very
rows; smaller is better.

{report.intervals(e.silicon, current)}"""


def _second(e: Evidence) -> str:
    if e.measured is None:
        return "## The second set\n\nNot run: calibration.csv was not there."
    current = e.measured["standing"] == "current"
    return f"""## The second set

Published measurements beside silicon_sample.csv: TensorRT-LLM's tables, InferenceX throughput, open loops. The stages of open
loops are described as their source ran them, prompts cached (`benchmarks/accuracy/open_loop.py`). 2025 and later:

{report.grouped(e.measured[current], "family")}

Reported apart: engines from before 2025, static batches (one batch, no scheduler) and AMD.

{report.grouped(e.measured[~current], "standing", "family")}"""


def _unanswered(
    rows: pd.DataFrame, other: pd.DataFrame | None, asked: pd.DataFrame | None, simulated: pd.DataFrame | None
) -> str:
    parts = ["## What was not answered", f"aisizer, silicon_sample.csv:\n\n{_rejected(rows)}"]
    if other is not None:
        parts.append(f"aisizer, the second set:\n\n{_rejected(other)}")
    if asked is not None:
        parts.append(f"aiconfigurator, the sampled rows:\n\n{report.refusals(asked, 'peer_reason')}")
    if simulated is not None:
        parts.append(f"aisimulate, the sampled rows:\n\n{report.refusals(simulated, 'sim_reason')}")
    return "\n\n".join(parts)


def _rejected(rows: pd.DataFrame) -> str:
    return report.refusals(rows[rows["pred_status"] == "rejected"], "pred_reason")
