"""Burstiness is bought once: whichever rate a load states, the GPUs are the same; and it is bought, not forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import planning
import pytest

from aisizer.demand.modulation import arrival_times
from aisizer.demand.traces.records import Left, Trace
from aisizer.demand.traces.stated import stated_burst, stated_load
from aisizer.plan import Plan
from aisizer.profile.sections import Modulation
from aisizer.shapes import Requests

RATE, DAY = 10.0, 86_400
SEEDS = (0, 1, 2, 3)
"""Fixed before the first run."""
MILD = ((0.033, 300), (0.015, 30))
MIDDLE = ((0.1, 600), (0.1, 20))
WILD = ((0.3, 1200), (0.3, 60))


def synthetic(parts: tuple[tuple[float, int], ...], seed: int, days: int = 1) -> Trace:
    """A synthetic trace at 10 req/s, whose rate is log-OU modulated."""
    modulation = [Modulation.model_validate({"variance": v, "time": f"{t} s"}) for v, t in parts]
    times = arrival_times(RATE, modulation, round(1.5 * RATE * days * DAY), np.random.default_rng(seed))
    times = times[times < days * DAY]
    ones = np.ones(len(times))
    requests = Requests(times, ones, ones, np.zeros(len(times)), np.zeros(len(times), dtype=np.int64))
    return Trace(
        file="made.csv", form="CSV", sha256="", requests=requests, start_s=0.0, sessions=np.zeros(0, dtype=np.int64),
        has_times=True, has_cached=False, zoneless=False, unsorted=0, malformed=Left({}, ()), apart={}, reuse=None,
    )  # fmt: skip


def sized(folder: Path, load: dict[str, Any], burst: dict[str, Any] | None) -> Plan:
    """The product's plan for long prompts on one GPU class, so that a replica more is a small step."""
    changes: dict[str, Any] = {
        "workloads.chat.load": load,
        "workloads.chat.slo": {"ttft_p95": "8 s", "tpot_p95": "60 ms"},
        "workloads.chat.prompt_tokens": {"mean": 15000, "p95": 40000},
        "workloads.chat.output_tokens": {"mean": 3000, "p95": 7000},
        "growth": {"rate": "0 %/month"},
        "supply": {"sites": ["on_premises"], "gpus": ["h100-sxm"]},
    }
    made: Plan = planning.plan_for(folder, changes | ({"workloads.chat.burst": burst} if burst else {}))
    return made


def gpus(made: Plan) -> int:
    """GPUs that meet the SLO with the burst, before headroom and whole servers."""
    return next(step.gpus for step in made.waterfall if step.name == "burst")


@pytest.mark.parametrize(
    # one day holds 72 of the wild rate's slowest swings, too few to show the hundredth part of their windows
    ("parts", "days"), [(MILD, 1), (MIDDLE, 1), (WILD, 7)], ids=["mild", "middle", "wild"]
)  # fmt: skip
def test_the_peak_window_and_the_mean_rate_need_the_same_gpus(
    tmp_path: Path, parts: tuple[tuple[float, int], ...], days: int
) -> None:
    for seed in SEEDS:
        trace = synthetic(parts, seed, days)
        peak, mean = (
            gpus(sized(tmp_path, stated_load(trace, basis), stated_burst(trace, basis)))
            for basis in ("peak_window", "mean_rate")
        )
        assert peak >= 20 and mean == pytest.approx(peak, rel=0.10), (seed, peak, mean)


def test_a_bursty_trace_needs_more_gpus_and_the_plan_says_why(tmp_path: Path) -> None:
    rate = {"rate": "10 req/s"}
    poisson = sized(tmp_path, rate, {"index_of_dispersion_60s": 1.0})
    trace = synthetic(WILD, 0)
    bursty = sized(tmp_path, stated_load(trace, "mean_rate"), stated_burst(trace, "mean_rate"))
    assert gpus(bursty) > 2 * gpus(poisson)
    assert "x the peak-window rate" in next(step.reason for step in bursty.waterfall if step.name == "burst")
    lifted = next(a.reason for a in bursty.assumptions if a.path == "workloads.chat.peak_rate")
    assert "x the mean by the p99 of 5-minute windows" in lifted
    peak = sized(tmp_path, stated_load(trace, "peak_window"), stated_burst(trace, "peak_window"))
    said = next(a.reason for a in peak.assumptions if a.path == "workloads.chat.peak_rate")
    assert said.startswith("peak-window arrivals at")


@pytest.mark.parametrize(("kind", "index"), [("agentic", 8.0), ("rag", 1.8), (None, 2.0)])
def test_a_workload_without_data_is_planned_with_its_kind(tmp_path: Path, kind: str | None, index: float) -> None:
    load = {"rate": "0.5 req/s"}
    by_kind = planning.plan_for(tmp_path, {"workloads.chat.load": load, "workloads.chat.kind": kind})
    stated = planning.plan_for(
        tmp_path, {"workloads.chat.load": load, "workloads.chat.burst": {"index_of_dispersion_60s": index}}
    )
    assert [step.gpus for step in by_kind.waterfall] == [step.gpus for step in stated.waterfall]
    said = next(a for a in by_kind.assumptions if a.path == "workloads.chat.burst.index_of_dispersion_60s")
    assert said.origin == "default" and said.value == f"{index:g}" and (kind or "any kind") in said.reason
