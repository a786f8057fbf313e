"""A workload that names a trace: load, lengths and burst come from it unless they are given, and it can be replayed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aisizer.demand.loads import offered
from aisizer.demand.modulation import arrival_times
from aisizer.demand.resolve import resolve_traces
from aisizer.errors import InvalidInput
from aisizer.profile.load import LoadedProfile, load_profile
from aisizer.profile.sections import Modulation

PROFILE = """\
schema: aisizer/profile/v1
name: traced
plan_date: 2026-12-01
workloads:
  a:
    model: llama-3.1-70b
    trace: log.csv
"""
PARTS = (Modulation(variance=0.05, time="200 s"), Modulation(variance=0.05, time="20 s"))


def log(folder: Path, hours: float = 2.0, seed: int = 1) -> None:
    times = arrival_times(2.0, PARTS, round(7200 * hours), np.random.default_rng(seed))
    rows = [f"{t:.3f},{100 + 7 * (i % 97)},{20 + i % 31}" for i, t in enumerate(times.tolist())]
    (folder / "log.csv").write_text("timestamp,prompt_tokens,output_tokens\n" + "\n".join(rows) + "\n", "utf-8")


def resolved(folder: Path, extra: str = "", sets: tuple[str, ...] = ()) -> LoadedProfile:
    (folder / "p.yaml").write_text(PROFILE + extra, "utf-8")
    return resolve_traces(load_profile(folder / "p.yaml", sets=sets))


def test_everything_comes_from_the_trace(tmp_path: Path) -> None:
    log(tmp_path)
    loaded = resolved(tmp_path)
    workload = loaded.profile.workloads["a"]
    load = offered(loaded.profile.workloads)["a"]
    assert load.mean_rate_per_s == pytest.approx(2.0, rel=0.15) and load.peak_rate_per_s > 1.1 * load.mean_rate_per_s
    assert workload.burst.basis == "peak_window" and workload.burst.modulation
    assert workload.output_tokens.quantiles and workload.output_tokens.quantiles["p100"] == 50
    assert list(loaded.fragments) == ["log.csv"]
    assert {"workloads.a.load.rate", "workloads.a.burst.modulation"} <= loaded.user_set


def test_the_requests_are_kept_for_replay(tmp_path: Path) -> None:
    log(tmp_path)
    replay = resolved(tmp_path).replays["a"]
    assert len(replay.arrival_s) == 14_400 and replay.arrival_s[0] == 0 and np.all(np.diff(replay.arrival_s) >= 0)


def test_what_is_given_stays(tmp_path: Path) -> None:
    log(tmp_path)
    extra = (
        "    load: {rate: 9 req/s}\n    burst: {index_of_dispersion_60s: 4}\n    output_tokens: {mean: 10, p95: 20}\n"
    )
    workload = resolved(tmp_path, extra).profile.workloads["a"]
    assert (workload.load.rate, workload.burst.index_of_dispersion_60s, workload.output_tokens.mean) == (9, 4, 10)
    assert workload.prompt_tokens.quantiles


def test_the_hours_of_a_month_go_with_the_load_of_the_trace(tmp_path: Path) -> None:
    log(tmp_path)
    load = resolved(tmp_path, "    load: {hours_per_month: 220}\n").profile.workloads["a"].load
    assert load.hours_per_month == 220 and load.rate is not None and load.trace is None


def test_a_load_alone_may_come_from_a_trace_at_its_mean_rate(tmp_path: Path) -> None:
    log(tmp_path)
    text = PROFILE.replace("trace: log.csv", "load: {trace: log.csv}") + (
        "    prompt_tokens: {mean: 100, p95: 200}\n    output_tokens: {mean: 10, p95: 20}\n"
        "    burst: {basis: mean_rate, modulation: [{variance: 0.05, time: 200 s}]}\n"
    )
    (tmp_path / "p.yaml").write_text(text, "utf-8")
    loaded = resolve_traces(load_profile(tmp_path / "p.yaml"))
    assert loaded.profile.workloads["a"].load.rate == pytest.approx(2.0, rel=0.15)
    load = offered(loaded.profile.workloads)["a"]
    assert load.peak_rate_per_s > 1.2 * load.mean_rate_per_s and not loaded.replays


def test_a_trace_without_times_or_too_short_is_a_fault_with_a_place(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("prompt_tokens,output_tokens\n5,6\n", "utf-8")
    with pytest.raises(InvalidInput, match=r"p.yaml:7:12: workloads.a.trace: log.csv: the trace has no times"):
        resolved(tmp_path)
    log(tmp_path, hours=0.05)
    with pytest.raises(InvalidInput, match="less than the 300 s of a peak window"):
        resolved(tmp_path)
    assert resolved(tmp_path, "    load: {rate: 1 req/s}\n").profile.workloads["a"].load.rate == 1


def test_without_a_trace_a_load_is_still_required(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"workloads.a.load"):
        (tmp_path / "p.yaml").write_text(PROFILE.replace("    trace: log.csv\n", ""), "utf-8")
        load_profile(tmp_path / "p.yaml")


@pytest.mark.parametrize(
    ("load", "words"),
    [
        ("{concurrency: 5}", "burst.basis: the basis mean_rate needs a mean"),
        ("{rate: 3 req/s, peak_factor: 2}", "load.peak_factor: the field has no effect"),
    ],
)
def test_a_basis_that_does_not_fit_the_load_is_a_fault(tmp_path: Path, load: str, words: str) -> None:
    text = PROFILE.replace("trace: log.csv", f"load: {load}") + (
        "    prompt_tokens: {mean: 100, p95: 200}\n    output_tokens: {mean: 10, p95: 20}\n"
        "    burst: {basis: mean_rate, modulation: [{variance: 0.05, time: 200 s}]}\n"
    )
    (tmp_path / "p.yaml").write_text(text, "utf-8")
    with pytest.raises(InvalidInput, match=words):
        load_profile(tmp_path / "p.yaml")
