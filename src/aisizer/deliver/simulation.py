"""A simulation as text, JSON, picture and table of requests."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from textwrap import fill

import numpy as np

from aisizer.deliver import charts, numbers
from aisizer.deliver.charts_load import over_time
from aisizer.plan.drill_phases import Run
from aisizer.plan.drill_records import Phase, Promise
from aisizer.studies.simulation_records import PoolRun, Simulation

WIDTH = 80
BARS = " ▁▂▃▄▅▆▇█"
COLUMNS = (
    "pool",
    "seed",
    "workload",
    "sent_s",
    "first_token_s",
    "finish_s",
    "prompt_tokens",
    "output_tokens",
    "attempts",
)


def simulation_json(found: Simulation) -> str:
    """All that was found, fields in the order they are declared."""
    return json.dumps(found.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False) + "\n"


def simulation_text(found: Simulation) -> str:
    """Percentiles against promises by phase, and the queue over time."""
    head = f"{found.profile}: {found.told}"
    length = f"{found.seconds:,.0f} s, {numbers.count(found.seeds, 'seed')}, {numbers.count(found.requests, 'request')}"
    lines = [fill(head, WIDTH, subsequent_indent="  "), f"  {length}, {found.routing.replace('_', ' ')} routing", ""]
    for pool in found.pools:
        lines += [*_pool(pool), ""]
    for its in found.upstreams:
        lines += [
            f"{its.name}: {its.calls_per_s:.3g} of {its.limit_per_s:.3g} calls/s before the model",
            f"  wait for a turn p95 {numbers.duration(its.wait_p95_s * 1e3)}, at most "
            f"{numbers.duration(its.longest_wait_s * 1e3)}",
            "",
        ]
    return "\n".join(lines[:-1]) + "\n"


def _pool(pool: PoolRun) -> list[str]:
    lines = [
        f"{pool.pool}: {numbers.count(pool.replicas, 'replica')}, {pool.peak_rate_per_s:.4g} req/s",
        f"  computing {numbers.share(pool.utilization)} of the time, KV use p95 {numbers.share(pool.kv_use_p95)}, "
        f"{pool.preemptions:.2g} preemptions a request",
        "",
        f"  {'':26}{'target':>9}  {'simulated':>14}  {'':8}{'requests':>9} {'failed':>7}",
    ]
    for phase in pool.phases:
        lines += _phase(phase)
    lines += ["", *_verdict(pool), *_over_time(pool)]
    if pool.refused > 0:
        lines.append(
            f"  {numbers.share(pool.refused)} of the requests are longer than a replica's memory and were refused"
        )
    return lines


def _phase(phase: Phase) -> list[str]:
    name = "" if phase.name == "run" else f"{phase.name} "
    rows = []
    for i, promise in enumerate(phase.promises):
        label = f"{name}{promise.workload} {promise.metric.upper()} {promise.percentile}"
        row = f"  {label:26.26}{numbers.duration(promise.target_ms):>9}  {_value(promise):>14}  {_met(promise):8}"
        rows.append(row + (f"{phase.requests:>9,} {numbers.share(phase.failed):>7}" if i == 0 else ""))
    return [row.rstrip() for row in rows]


def _value(promise: Promise) -> str:
    if promise.value_ms is None:
        return "no answer" if promise.met is False else "n/a"
    return numbers.estimate(promise.value_ms, promise.interval_ms)


def _met(promise: Promise) -> str:
    return "n/a" if promise.met is None else "met" if promise.met else "MISSED"


def _verdict(pool: PoolRun) -> list[str]:
    if len(pool.phases) == 1:
        return []
    if pool.held:
        return ["  every promise holds throughout"]
    if pool.recovered_s is None:
        return ["  the promises do not hold again within the run"]
    return [f"  the promises hold again {pool.recovered_s:,.0f} s after the trouble began"]


def _over_time(pool: PoolRun) -> list[str]:
    highest = max(pool.waiting)
    bars = "".join(BARS[round(w / highest * (len(BARS) - 1))] if highest > 0 else BARS[0] for w in pool.waiting)
    return [f"  waiting over the run, at most {highest:,.3g}", f"  |{bars}|"]


def simulation_svg(found: Simulation) -> str:
    """Requests that wait for their first token over the run, one line for each pool, as a file of its own."""
    series = {pool.pool: pool.waiting for pool in found.pools}
    picture = over_time(series, found.seconds, f"{found.profile}: requests that wait for their first token", found.told)
    return charts.standalone(picture)


def requests_csv(runs: Mapping[str, Sequence[Run]], workloads: Mapping[str, Sequence[str]]) -> str:
    """One row for each simulated request, in order of sending; times in seconds, empty where there was no answer."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for pool, played in runs.items():
        names = [*workloads[pool], "tenant-10x"]
        for seed, run in enumerate(played, start=1):
            for i in np.argsort(run.outcome.sent_s, kind="stable"):
                asked, result = run.requests, run.outcome
                times = [_seconds(column[i]) for column in (result.sent_s, result.first_token_s, result.finish_s)]
                tokens = [int(asked.prompt_tokens[i]), int(result.output_tokens[i])]
                writer.writerow([pool, seed, names[int(asked.class_id[i])], *times, *tokens, int(result.attempts[i])])
    return out.getvalue()


def _seconds(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.6f}"
