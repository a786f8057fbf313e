"""Runs inside an interpreter that has vllm-sr-sim, the fleet simulator of vLLM's semantic router: simulates points one by one.

    python fleet_sim_estimates.py POINTS.csv OUT.csv

Stands alone on purpose, since that interpreter does not have aisizer. Each point is one instance with the shape of its model,
Poisson arrivals and fixed lengths; the profile is the tool's own, computed from datasheet and model. It has no prefix cache.
"""

from __future__ import annotations

import csv
import sys
import time
from pathlib import Path

import numpy as np

COLUMNS = ("id", "ttft_ms_mean", "tpot_ms_mean", "e2e_ms_mean", "seconds")


def main() -> None:
    with Path(sys.argv[1]).open(newline="") as file:
        points = list(csv.DictReader(file))
    with Path(sys.argv[2]).open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(_simulate(point) for point in points)


def _simulate(point: dict[str, str]) -> tuple[object, ...]:
    from fleet_sim.core.fleet import Fleet, FleetConfig, PoolConfig

    pool = PoolConfig("only", _profile(point), n_gpus=1, max_ctx=4096)
    fleet = Fleet(FleetConfig(pools=[pool], router_type="RandomRouter"))
    arrivals = _arrivals(point)
    started = time.perf_counter()
    done = fleet.run(arrivals).completed
    seconds = time.perf_counter() - started
    ttft = np.mean([r.ttft for r in done])
    tpot = np.mean([(r.physical_end_time - r.first_token_time) / (r.l_out - 1) for r in done])
    e2e = np.mean([r.e2e_latency for r in done])
    return point["id"], 1e3 * ttft, 1e3 * tpot, 1e3 * e2e, seconds


def _profile(point: dict[str, str]):  # type: ignore[no-untyped-def]
    from fleet_sim.gpu_profiles import ProfileBuilder, ServingConfig
    from fleet_sim.hardware.catalog import H100_SXM
    from fleet_sim.models.spec import ModelSpec

    shape = ("n_layers", "n_heads", "n_kv_heads", "hidden_size", "intermediate_size", "vocab_size", "max_position")
    model = ModelSpec(name=point["model"], **{name: int(point[name]) for name in shape})
    context = int(float(point["isl"]) + float(point["osl"]) / 2)
    serving = ServingConfig(tp=int(point["tp"]), chunk=2048, max_slots=128, mean_ctx_tokens=context)
    return ProfileBuilder().build(hw=H100_SXM, model=model, cfg=serving)


def _arrivals(point: dict[str, str]):  # type: ignore[no-untyped-def]
    from fleet_sim.core.request import Request

    gaps = np.random.default_rng(0).exponential(size=int(point["requests"]))
    times = (np.cumsum(gaps / gaps.mean()) / float(point["rate"])).tolist()
    lengths = int(float(point["isl"])), int(float(point["osl"]))
    return [(when, Request(i, when, *lengths)) for i, when in enumerate(times)]


if __name__ == "__main__":
    main()
