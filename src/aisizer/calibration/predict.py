"""Predicts runs: one point, or a table of them; every row is answered or rejected with a reason, in its order."""

from __future__ import annotations

import csv
import math
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, repeat
from pathlib import Path
from typing import TextIO

import numpy as np

from aisizer.calibration.deployment import Deployer, Deployment, static_workspace_bytes
from aisizer.calibration.intervals import CROWD, KINDS, KV_WALL, Conditions, band
from aisizer.calibration.points import COLUMNS, OPEN, Point, Row, Span, Unanswerable, read_point
from aisizer.calibration.protocols import Figures, Scenario, largest_rate, replay, shortened
from aisizer.calibration.sampling import mean_cached, sample
from aisizer.calibration.two_pools import SAMPLE, pair_rate_req_s, rate_within_req_s, split
from aisizer.catalog.catalog import Catalog
from aisizer.errors import InvalidInput
from aisizer.progress import Told, counted, untold
from aisizer.queueing.front import ceiling_req_s
from aisizer.queueing.occupancy import Limit, Load, capacity
from aisizer.queueing.two_pools import TwoPools

BANDED = {
    "pred_ttft_ms_mean": "ttft",
    "pred_tpot_ms_mean": "tpot",
    "pred_tpot_ms_token_weighted": "tpot",
    "pred_e2e_ms_mean": "e2e",
    "pred_output_tok_s_total": "throughput",
    "pred_total_tok_s_total": "throughput",
    "pred_req_s": "throughput",
}
"""The means and totals, and the metric whose error band each takes."""
PLAIN = (
    *("pred_ttft_ms_mean", "pred_ttft_ms_p50", "pred_ttft_ms_p95", "pred_ttft_ms_p99"),
    *("pred_tpot_ms_mean", "pred_tpot_ms_p95", "pred_tpot_ms_token_weighted", "pred_e2e_ms_mean"),
    *("pred_output_tok_s_total", "pred_total_tok_s_total", "pred_req_s"),
)
NUMBERS = (
    *PLAIN,
    *(f"{name}_{end}" for name in BANDED for end in ("lo80", "hi80")),
    *("pred_max_req_s", "pred_gpu_mem_gib", "pred_kv_use"),
)
PREDICTED = (*NUMBERS, "pred_status", "pred_reason", "pred_assumed")
"""Every column that a prediction adds."""
STATUS = -3
"""Place of pred_status in a line."""
GIB = 2.0**30
REFUSALS = (Unanswerable, ValueError, ArithmeticError)
"""What rejects one row and not the file: a row that says too little or too much, and figures that a formula refuses."""
PART = 2000
"""[row] that one process answers at a time: few enough to share work out, enough to share tables among rows."""
LARGEST_FIELD = 2**24
"""[character] of one cell; the csv module's own limit would stop the file."""


Served = tuple[int, int, int]
Played = tuple[Served, Scenario]


@dataclass(slots=True)
class Prepared:
    """A row that can be answered: what is deployed, what is asked, and the largest rates of all replicas [req/s]."""

    point: Point
    row: Row
    deployed: Deployment
    stable_rate: float
    largest_rate: float
    """within the p99 limits, where some are given"""
    pools: TwoPools | None = None
    """prefill and decode apart, where the row says so"""

    @property
    def key(self) -> Served:
        """What serves, as far as rows can share a replay: the deployer keeps a replica alive, so that its id is its own."""
        pools = self.pools
        return id(self.deployed.replica), *((pools.prefill_replicas, pools.decode_replicas) if pools else (0, 0))


def predict_point(catalog: Catalog, cells: Mapping[str, str]) -> dict[str, str]:
    """The predicted columns of one run, given as the cells of a row."""
    return next(predict_rows(catalog, [cells]))


def write_lines(lines: Iterable[list[str]], file: TextIO) -> dict[str, int]:
    """Writes the lines as CSV and counts them by status."""
    writer = csv.writer(file, lineterminator="\n")
    counts: Counter[str] = Counter()
    for line in lines:
        writer.writerow(line)
        counts[line[STATUS]] += 1
    del counts[PREDICTED[STATUS]]
    return dict(counts)


def predict_lines(path: Path, catalog: Catalog, progress: Told = untold) -> list[list[str]]:
    """Header and rows of a CSV file with the predicted columns added; predicted columns that it already has make way."""
    header, rows = _read(path)
    kept = [i for i, name in enumerate(header) if name not in PREDICTED]
    read = {name: i for i, name in reversed(list(enumerate(header))) if name in COLUMNS}
    cells = [{name: row[i] for name, i in read.items() if i < len(row)} for row in rows]
    answers = predict_many(catalog, cells, progress)
    lines = [[*(header[i] for i in kept), *PREDICTED]]
    for row, answer in zip(rows, answers, strict=True):
        padded = [*row, *[""] * (len(header) - len(row))]
        lines.append([*(padded[i] for i in kept), *(answer[name] for name in PREDICTED)])
    return lines


def predict_many(catalog: Catalog, rows: Sequence[Mapping[str, str]], progress: Told = untold) -> list[dict[str, str]]:
    """The predicted columns of each row, in order, on all cores; the parts are the same on every machine."""
    parts = [rows[start : start + PART] for start in range(0, len(rows), PART)]
    if len(parts) <= 1:
        return list(counted(predict_rows(catalog, rows), len(rows), progress))
    import signal
    from concurrent.futures import ProcessPoolExecutor

    cores, deaf = min(len(parts), os.cpu_count() or 1), (signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(
        cores, initializer=signal.signal, initargs=deaf
    ) as pool:  # Ctrl-C is for the one who asked
        answers = chain.from_iterable(pool.map(_predict_part, repeat(catalog), parts))
        return list(counted(answers, len(rows), progress))


def _predict_part(catalog: Catalog, rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    return list(predict_rows(catalog, rows))


def predict_rows(catalog: Catalog, rows: Iterable[Mapping[str, str]]) -> Iterator[dict[str, str]]:
    """The predicted columns of each row, in order; what rows share is computed once, before the first is asked for."""
    deployer = Deployer(catalog)
    prepared = [_prepare(deployer, Row(cells)) for cells in rows]
    _apply_limits([one for one in prepared if isinstance(one, Prepared)])
    played: dict[Played, Figures] = {}
    return (_answer_or_reject(one, played) if isinstance(one, Prepared) else one for one in prepared)


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows; bytes that are not UTF-8 pass through as they are."""
    before = csv.field_size_limit(LARGEST_FIELD)
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
            rows = [row for row in csv.reader(file) if row]
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror}). Give a CSV file with a header.") from error
    except csv.Error as error:
        raise InvalidInput(f"{path} is not a CSV file ({error}). Give a CSV file with a header.") from error
    finally:
        csv.field_size_limit(before)
    if not rows or not set(rows[0]) & set(COLUMNS):
        raise InvalidInput(f"{path} has no header with columns such as model, gpu, tp, isl_mean, osl_mean, load_value.")
    return rows[0], rows[1:]


def _prepare(deployer: Deployer, row: Row) -> Prepared | dict[str, str]:
    """A row ready to be answered, or its rejection."""
    try:
        point = read_point(row)
        deployed = deployer.deploy(point, row)
        pools = split(deployed, point, row)
        rate = pair_rate_req_s(pools, point) if pools else _rate(deployed, point)
    except REFUSALS as error:
        return _rejected(error, row)
    return Prepared(point, row, deployed, rate, rate, pools)


def _rate(deployed: Deployment, point: Point) -> float:
    """[req/s] that all replicas carry at most."""
    table, lengths = deployed.replica.table, (point.prompt.mean, point.output.mean)
    cached = mean_cached(point.prompt, point.prefix_hit)
    return min(largest_rate(table, *lengths, cached), ceiling_req_s(table, *lengths)) * deployed.replicas


def _apply_limits(prepared: Iterable[Prepared]) -> None:
    """Lowers the largest rates to where the p99 limits hold, all layouts of the same lengths and limits at once."""
    groups: dict[tuple[Span, Span, float, tuple[Limit, ...]], list[Prepared]] = defaultdict(list)
    for one in prepared:
        limits = _limits(one.point)
        if limits and one.pools:
            one.largest_rate = min(rate_within_req_s(one.pools, one.point, limits), one.stable_rate)
        elif limits:
            groups[(one.point.prompt, one.point.output, one.point.prefix_hit, limits)].append(one)
    for (prompt, output, hit, limits), members in groups.items():
        tables = {id(one.deployed.replica): one.deployed.replica.table for one in members}
        requests = sample(prompt, output, SAMPLE, hit)
        found = capacity([*tables.values()], requests, Load(np.ones(1), np.zeros(1)), limits)
        shares = dict(zip(tables, found.share.tolist(), strict=True))
        for one in members:
            one.largest_rate = min(shares[id(one.deployed.replica)] * one.deployed.replicas, one.stable_rate)


def _limits(point: Point) -> tuple[Limit, ...]:
    """The p99 promises of a row; requests of one token have no TPOT to promise."""
    asked = {"ttft": point.ttft_limit_s, "tpot": point.tpot_limit_s if point.output.high > 1 else None}
    return tuple(Limit(0, metric, "p99", seconds) for metric, seconds in asked.items() if seconds is not None)


def _rejected(error: Exception, row: Row) -> dict[str, str]:
    return dict.fromkeys(NUMBERS, "") | _words("rejected", str(error), row)


def _answer_or_reject(one: Prepared, played: dict[Played, Figures]) -> dict[str, str]:
    try:
        return _answer(one, played)
    except REFUSALS as error:
        return _rejected(error, one.row)


def _answer(one: Prepared, played: dict[Played, Figures]) -> dict[str, str]:
    scenario = _scenario(one)
    found = _played(one, scenario, played)
    if math.isnan(found.tpot_token_weighted_s):
        one.row.assumed.append("TPOT is that of a second token, which these requests do not have")
        second = _played(one, replace(scenario, output=Span(2.0, 2.0)), played)
        found = replace(found, tpot_s=second.tpot_s, tpot_token_weighted_s=second.tpot_token_weighted_s)
    if short := shortened(scenario):
        one.row.assumed.append(short)
    status, reason = _status(one, scenario, found)
    return _numbers(one, found, status) | _words(status, reason, one.row)


def _scenario(one: Prepared) -> Scenario:
    point = one.point
    load = point.load
    if load is None:
        load = float(point.requests) if point.protocol == "drain" else one.stable_rate / 2
    return Scenario(
        protocol=point.protocol,
        load=load,
        requests=point.requests,
        max_in_flight=point.max_in_flight,
        replicas=1 if one.pools else one.deployed.replicas,
        prompt=point.prompt,
        output=point.output,
        prefix_hit=point.prefix_hit,
    )


def _played(one: Prepared, scenario: Scenario, played: dict[Played, Figures]) -> Figures:
    """The replay of a scenario on what serves, once for all rows that share it."""
    key = one.key, scenario
    if key not in played:
        serves = one.pools or one.deployed.replica.table
        played[key] = replay(serves, scenario, one.deployed.engine.stream_interval)
    return played[key]


def _status(one: Prepared, scenario: Scenario, found: Figures) -> tuple[str, str]:
    replica, point = one.deployed.replica, one.point
    if scenario.protocol in OPEN and scenario.load >= one.stable_rate:
        return "overloaded", (
            f"{scenario.load:.4g} req/s exceed the largest stable rate, {one.stable_rate:.4g}: the queue grows, and "
            f"the figures are those of {scenario.requests} requests from an empty start."
        )
    if scenario.protocol == "static" and found.kv_tokens > replica.table.kv_capacity_tokens:
        return "overloaded", (
            f"the batch holds {found.kv_tokens:,.0f} tokens of KV and {replica.table.kv_capacity_tokens:,.0f} fit: "
            f"the figures are those of a GPU with room for it."
        )
    slow = point.ttft_limit_s is not None and found.ttft_s["p99"] > point.ttft_limit_s
    slow |= point.tpot_limit_s is not None and found.tpot_s["p99"] > point.tpot_limit_s
    if slow:
        return "ok", "it runs, but not within the p99 limits."
    return "ok", "it runs within the p99 limits." if _limits(point) else "it runs."


def _memory_bytes(one: Prepared, found: Figures) -> float:
    """Weights, workspace, runtime and the KV tokens held at the peak, on one GPU. [byte]"""
    memory, layout = one.deployed.replica.memory, one.deployed.layout
    workspace = memory.activations_gb * 1e9
    if one.point.protocol == "static":
        batch = math.ceil((one.point.load or 1) / one.deployed.replicas)
        work = one.point.prompt.mean - mean_cached(one.point.prompt, one.point.prefix_hit)
        workspace = static_workspace_bytes(one.deployed, work, batch)
    kv = found.kv_tokens / layout.attention_dp * memory.kv_bytes_per_token
    return (memory.weights_gb + memory.runtime_gb) * 1e9 + workspace + kv


def _conditions(one: Prepared, kv_use: float, status: str) -> Conditions:
    point = one.point
    return Conditions(
        kind=KINDS[point.protocol],
        engine=one.deployed.engine.id,
        experts=one.deployed.model.experts > 0,
        near_wall=kv_use > KV_WALL or status == "overloaded",
        crowded=KINDS[point.protocol] == "closed" and (point.load or 1.0) > CROWD * one.deployed.replicas,
        unmeasured_gpu=one.deployed.gpu.evidence == "datasheet",
    )


def _numbers(one: Prepared, found: Figures, status: str) -> dict[str, str]:
    values = {f"pred_ttft_ms_{name}": seconds * 1e3 for name, seconds in found.ttft_s.items()}
    values |= {f"pred_tpot_ms_{name}": found.tpot_s[name] * 1e3 for name in ("mean", "p95")}
    values |= {
        "pred_tpot_ms_token_weighted": found.tpot_token_weighted_s * 1e3,
        "pred_e2e_ms_mean": found.e2e_s * 1e3,
        "pred_output_tok_s_total": found.output_tok_s,
        "pred_total_tok_s_total": found.total_tok_s,
        "pred_req_s": found.req_s,
        "pred_max_req_s": one.largest_rate,
        "pred_gpu_mem_gib": _memory_bytes(one, found) / GIB,
        "pred_kv_use": found.kv_tokens / one.deployed.replica.table.kv_capacity_tokens,
    }
    conditions = _conditions(one, values["pred_kv_use"], status)
    for name, metric in BANDED.items():
        ends = band(values[name], metric, conditions)
        values |= dict(zip((f"{name}_lo80", f"{name}_hi80"), ends, strict=True))
    return {name: f"{values[name]:.6g}" for name in NUMBERS}


def _words(status: str, reason: str, row: Row) -> dict[str, str]:
    assumed = "; ".join(row.assumed) or "nothing"
    return {"pred_status": status, "pred_reason": reason, "pred_assumed": assumed}
