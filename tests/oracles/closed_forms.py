"""Queues whose closed forms are known, and the step table with which the simulator becomes each of them.

The mean service is 1 s, in STEPS steps. Where every step takes 1/STEPS s, sequences do not slow each other: `max_batch` of
them are that many servers, first come first served. Where a step takes 1/STEPS s per sequence, they share one server
equally. A request that arrives during a step waits for its end, which is at most a millionth of a mean service.

`python tests/oracles/closed_forms.py` prints the grid as the table in docs/queueing-evidence.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.stats import t as student

sys.path.insert(0, str(Path(__file__).parents[1] / "queueing"))
from synthetic import requests, steps

from aisizer.queueing.formulas import (
    finite_source_mean_wait,
    mdc_mean_wait,
    mg1_mean_wait,
    mmc_mean_wait,
    mmc_wait_percentile,
)
from aisizer.queueing.simulate import Outcome, simulate
from aisizer.shapes import Floats, StepTable

STEPS = 1_000_000
"""[step] of a mean service."""
REQUESTS = 100_000
"""[request] of a run; the first twenty-fifth, in which the queue fills, is not measured."""
SHORT, LONG, OFTEN = 0.5, 5.5, 0.9
"""Two lengths [s of service] and the probability of the first: mean 1 s, squared coefficient of variation 2.25."""
TAIL = 0.95
"""[1] the level whose exact wait 5 % of all waits must exceed."""
THINK_S, CLIENTS = 6.0, 20
"""A closed loop; the time outside the GPU, request_fixed_s, is when its clients think."""

Lengths = Callable[[np.random.Generator, int], Floats]


@dataclass(frozen=True, slots=True)
class Cell:
    """One queue at one load per server, `runs` replications of it, and what its closed forms say."""

    queue: str
    servers: int
    load: float
    runs: int
    table: StepTable
    lengths: Lengths
    exact: Mapping[str, float]
    measure: Callable[[Outcome, slice], list[float]]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.queue}, c = {self.servers}, load {self.load:.3g}"


@dataclass(frozen=True, slots=True)
class Judged:
    """A statistic of a cell: its closed form, the simulator's mean, and the half-width of its 95 % interval."""

    cell: str
    statistic: str
    exact: float
    found: float
    half_width: float
    freedom: int

    @property
    def relative_half_width(self) -> float:
        return self.half_width / self.exact

    @property
    def p_value(self) -> float:
        """Probability of a difference as large where the simulator is exact."""
        scale = self.half_width / student.ppf(0.975, self.freedom)
        return float(2 * student.sf(abs(self.found - self.exact) / scale, self.freedom))


def servers(count: int) -> StepTable:
    """Constant steps: `count` servers in parallel, one queue."""
    return replace(steps(per_step=1 / STEPS, max_batch=count), kv_capacity_tokens=1e15)


def processor() -> StepTable:
    """Steps as long as they are wide: one server that all present share."""
    return replace(steps(per_token=1 / STEPS, max_batch=512), kv_capacity_tokens=1e15)


def exponential(rng: np.random.Generator, count: int) -> Floats:
    return np.maximum(np.ceil(rng.exponential(STEPS, count)), 1)


def constant(rng: np.random.Generator, count: int) -> Floats:
    return np.full(count, float(STEPS))


def two_lengths(rng: np.random.Generator, count: int) -> Floats:
    return np.where(rng.random(count) < OFTEN, SHORT * STEPS, LONG * STEPS)


def waits(run: Outcome, measured: slice) -> Floats:
    """[s] until the first of a request's steps begins."""
    return run.ttft_s[measured] - 1 / STEPS


def mean_wait(run: Outcome, measured: slice) -> list[float]:
    return [float(waits(run, measured).mean())]


def mean_and_tail(limit_s: float) -> Callable[[Outcome, slice], list[float]]:
    def measure(run: Outcome, measured: slice) -> list[float]:
        found = waits(run, measured)
        return [float(found.mean()), float((found > limit_s).mean())]

    return measure


def closed_wait(run: Outcome, measured: slice) -> list[float]:
    return [float(waits(run, measured).mean()) - THINK_S]


def mean_e2e(run: Outcome, measured: slice) -> list[float]:
    return [float(run.e2e_s[measured].mean())]


def e2e_by_length(run: Outcome, measured: slice) -> list[float]:
    e2e, short = run.e2e_s[measured], run.output_tokens[measured] == SHORT * STEPS
    return [float(e2e[short].mean()), float(e2e[~short].mean())]


def mmc(count: int, load: float, runs: int) -> Cell:
    limit = mmc_wait_percentile(count, load * count, 1.0, TAIL)
    exact = {"mean wait": mmc_mean_wait(count, load * count, 1.0), "waits beyond p95": 1 - TAIL}
    return Cell("M/M/c", count, load, runs, servers(count), exponential, exact, mean_and_tail(limit))


def many_servers(count: int, load: float, runs: int) -> Cell:
    """M/M/c whose waits are so few that the mean E2E is judged."""
    exact = {"mean E2E": 1 + mmc_mean_wait(count, load * count, 1.0)}
    return Cell("M/M/c", count, load, runs, servers(count), exponential, exact, mean_e2e)


def mdc(count: int, load: float, runs: int) -> Cell:
    exact = {"mean wait": mdc_mean_wait(count, load * count, 1.0)}
    return Cell("M/D/c", count, load, runs, servers(count), constant, exact, mean_wait)


def mg1(load: float, runs: int) -> Cell:
    squared = OFTEN * SHORT**2 + (1 - OFTEN) * LONG**2
    exact = {"mean wait": mg1_mean_wait(load, 1.0, squared)}
    return Cell("M/G/1", 1, load, runs, servers(1), two_lengths, exact, mean_wait)


def sharing(load: float, runs: int) -> Cell:
    """E2E = service / (1 - load) whatever the other lengths: Kleinrock, Queueing Systems 2 (1976), section 4.4."""
    exact = {"mean E2E, short": SHORT / (1 - load), "mean E2E, long": LONG / (1 - load)}
    return Cell("processor sharing", 1, load, runs, processor(), two_lengths, exact, e2e_by_length)


def closed(count: int, runs: int) -> Cell:
    """CLIENTS that think THINK_S, a constant, before `count` exponential servers."""
    wait = finite_source_mean_wait(count, CLIENTS, THINK_S, 1.0)
    load = CLIENTS / (wait + THINK_S + 1.0) / count
    table, options = replace(servers(count), request_fixed_s=THINK_S), {"clients": CLIENTS}
    return Cell("M/M/c//20", count, load, runs, table, exponential, {"mean wait": wait}, closed_wait, options)


def dealt(routing: str, replicas: int, load: float, runs: int) -> Cell:
    """Replicas of one server each: at random they are M/M/1, in turn E_r/M/1, whose wait is s / (1 - s) with s the root
    of s = (r load / (r load + 1 - s))^r: Kleinrock 1975, section 6.4."""
    stages = replicas if routing == "round_robin" else 1
    root = brentq(
        lambda s: s - (stages * load / (stages * load + 1 - s)) ** stages, 0.0, 1 - 1e-9 if stages > 1 else load
    )
    exact = {"mean wait": root / (1 - root)}
    options = {"replicas": replicas, "routing": routing}
    name = {"random": "M/M/1 replicas, random", "round_robin": "E4/M/1 replicas, in turn"}[routing]
    return Cell(name, replicas, load, runs, servers(1), exponential, exact, mean_wait, options)


def grid() -> list[Cell]:
    """All cells, with as many runs as it takes to know each mean within 1 %."""
    return [
        *(mmc(1, load, runs) for load, runs in ((0.3, 18), (0.5, 18), (0.7, 25), (0.85, 36))),
        mmc(2, 0.5, 26),
        *(mmc(4, load, runs) for load, runs in ((0.7, 48), (0.85, 72))),
        many_servers(16, 0.85, 16),
        *(mdc(1, load, runs) for load, runs in ((0.3, 10), (0.5, 12), (0.7, 12), (0.85, 36))),
        *(mdc(4, load, runs) for load, runs in ((0.7, 32), (0.85, 44))),
        *(mg1(load, runs) for load, runs in ((0.3, 14), (0.5, 14), (0.7, 24))),
        *(sharing(load, runs) for load, runs in ((0.3, 10), (0.5, 12), (0.7, 24), (0.85, 64))),
        *(closed(count, 16) for count in (1, 3, 4)),
        dealt("random", 4, 0.7, 32),
        *(dealt("round_robin", 4, load, 16) for load in (0.5, 0.7)),
    ]


def judge(cell: Cell, count: int = REQUESTS, warm_up: int = REQUESTS // 25) -> list[Judged]:
    """Runs a cell with seeds 0, 1, 2 ... and judges each of its statistics.

    The mean gap and the mean length of each run, whose expectations are known, serve as control variates: Lavenberg and
    Welch, Management Science 27 (1981) 322.
    """
    found, controls = zip(*(_run(cell, seed, count, warm_up) for seed in range(cell.runs)), strict=True)
    design = np.column_stack([np.ones(cell.runs), np.array(controls)])
    design = design[:, : np.linalg.matrix_rank(design)]
    freedom = cell.runs - design.shape[1]
    judged = []
    for (statistic, exact), values in zip(cell.exact.items(), np.array(found).T, strict=True):
        fitted, *_ = np.linalg.lstsq(design, values, rcond=None)
        variance = ((values - design @ fitted) ** 2).sum() / freedom * np.linalg.inv(design.T @ design)[0, 0]
        half_width = float(student.ppf(0.975, freedom) * variance**0.5)
        judged.append(Judged(cell.name, statistic, exact, float(fitted[0]), half_width, freedom))
    return judged


def _run(cell: Cell, seed: int, count: int, warm_up: int) -> tuple[list[float], list[float]]:
    """The statistics of one run, and how far its mean gap and mean length are from what they should be."""
    rng = np.random.default_rng([seed, cell.servers, round(100 * cell.load)])
    gaps, lengths = rng.exponential(1.0, count), cell.lengths(rng, count)
    asked = requests(np.cumsum(gaps) / (cell.load * cell.servers), 1, lengths)
    run = simulate(cell.table, asked, seed=seed, **cell.options)
    return cell.measure(run, slice(warm_up, None)), [gaps.mean() - 1, lengths.mean() / STEPS - 1]


def main() -> None:
    """Prints the grid as a Markdown table."""
    judged = [one for cell in grid() for one in judge(cell)]
    print(
        "| queue | statistic | closed form | simulated | 95 % half-width | difference |\n|---|---|---:|---:|---:|---:|"
    )
    for one in judged:
        width, gap = one.relative_half_width, one.found / one.exact - 1
        print(f"| {one.cell} | {one.statistic} | {one.exact:.5g} | {one.found:.5g} | {width:.2%} | {gap:+.2%} |")
    least = min(one.p_value for one in judged)
    print(f"\n{len(judged)} statistics; smallest p {least:.3g}, Bonferroni's limit {0.05 / len(judged):.3g}.")


if __name__ == "__main__":
    main()
