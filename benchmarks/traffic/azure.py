"""Holds the modulated-arrivals model against real arrivals: is a replay's p95 TTFT within what the model expects?

Each Azure LLM inference trace of 2023 is cut in half by time. On the first half the modulation is fitted and the lengths are
read; the second half is replayed on one simulated replica (Llama 3.1 70B, FP8, four H100) at 0.3, 0.5 and 0.7 of what that
replica can serve. The load is changed by thinning, by superposing shifted copies, or by spreading the trace over replicas,
never by compressing time. The model's arrivals are changed in the same way, so that both have as many independent streams.

    python benchmarks/traffic/azure.py --traces ../shared/traces [--swap]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from aisizer.catalog.load import load_catalog
from aisizer.demand.modulation import arrival_times
from aisizer.demand.replay import scaled
from aisizer.demand.traces.arrivals import full_modulation
from aisizer.demand.traces.read import read_trace
from aisizer.engine.replica import Replica, build
from aisizer.errors import Rejection
from aisizer.profile.sections import Modulation
from aisizer.queueing.simulate import simulate
from aisizer.shapes import Floats, Requests, StepTable

ROOT = Path(__file__).parents[2]
FILES = {"conversation": "azure_llm_2023_conv.csv", "code": "azure_llm_2023_code.csv"}
LOADS = (0.3, 0.5, 0.7)
SEEDS = range(60)
"""Of the model, fixed beforehand."""
REPLAY_SEED = 0
"""Of the shifts and the thinning of the replay."""
WIDEST = 30.0
"""[1] P95 over P5 beyond which an interval says nothing."""


@dataclass(frozen=True, slots=True)
class Case:
    """One trace at one load."""

    trace: str
    load: float
    factor: float
    replay_s: float
    model_s: Floats
    poisson_s: Floats

    @property
    def low(self) -> float:
        """[s] P5 of the model's seeds."""
        return float(np.percentile(self.model_s, 5))

    @property
    def high(self) -> float:
        """[s] P95 of the model's seeds."""
        return float(np.percentile(self.model_s, 95))

    @property
    def inside(self) -> bool:
        """Whether the replay lies in the interval."""
        return self.low <= self.replay_s <= self.high


def replica() -> StepTable:
    """The steps of Llama 3.1 70B at FP8 on four H100 under vLLM."""
    catalog = load_catalog()
    made = build(
        catalog.find_model("llama-3.1-70b"), catalog.find_gpu("h100-sxm"), catalog.find_engine("vllm-0.33"),
        tensor_parallel=4, precision="fp8",
    )  # fmt: skip
    assert isinstance(made, Replica) and not isinstance(made, Rejection)
    return made.table


def capacity(table: StepTable, requests: Requests) -> float:
    """[req/s] what one replica serves when it never waits: all requests are there from the start."""
    everything = replace(requests, arrival_s=np.zeros(len(requests.arrival_s)))
    return len(requests.arrival_s) / simulate(table, everything).makespan_s


def p95_ttft(table: StepTable, requests: Requests) -> float:
    """[s] 95th percentile over all requests, the first and the last ones too."""
    return float(np.percentile(simulate(table, requests).ttft_s, 95))


def halves(requests: Requests) -> tuple[Requests, Requests]:
    """The requests of the first and of the second half of the time."""
    middle = requests.arrival_s[-1] / 2
    return _part(requests, requests.arrival_s < middle), _part(requests, requests.arrival_s >= middle)


def _part(requests: Requests, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Requests:
    times = requests.arrival_s[kept]
    return Requests(
        times - times[0], requests.prompt_tokens[kept], requests.output_tokens[kept], requests.cached_tokens[kept],
        requests.class_id[kept],
    )  # fmt: skip


def modelled(first: Requests, modulation: tuple[Modulation, ...], rate: float, span: float, seed: int) -> Requests:
    """Arrivals of the model over `span` [s] at `rate` [req/s], with pairs of lengths drawn from the first half."""
    rng = np.random.default_rng(seed)
    times = arrival_times(rate, modulation, round(4 * rate * span) + 100, rng)
    times = times[times < span]
    drawn = rng.integers(len(first.arrival_s), size=len(times))
    return Requests(
        times, first.prompt_tokens[drawn], first.output_tokens[drawn], first.cached_tokens[drawn], first.class_id[drawn]
    )


def cases(name: str, path: Path, table: StepTable, swap: bool) -> Iterator[Case]:
    """The three loads of one trace; with `swap` the halves change their parts."""
    whole = read_trace(path).requests
    first, second = halves(whole)[:: -1 if swap else 1]
    modulation = full_modulation(first.arrival_s)
    assert modulation is not None
    full, span = capacity(table, whole), float(second.arrival_s[-1])
    rate = len(second.arrival_s) / span
    parts = " + ".join(f"variance {m.variance:g} over {m.time:g} s" for m in modulation)
    print(f"{name}: {rate:.2f} req/s in the test half, capacity {full:.2f} req/s, fitted {parts}", file=sys.stderr)
    for load in LOADS:
        factor = load * full / rate
        yield Case(
            trace=name,
            load=load,
            factor=factor,
            replay_s=p95_ttft(table, scaled(second, factor, np.random.default_rng(REPLAY_SEED))),
            model_s=_seeds(table, first, modulation, rate, span, factor),
            poisson_s=_seeds(table, first, (), rate, span, factor),
        )


def _seeds(
    table: StepTable, first: Requests, modulation: tuple[Modulation, ...], rate: float, span: float, factor: float
) -> Floats:
    """[s] p95 TTFT of each seed."""
    found = []
    for seed in SEEDS:
        requests = modelled(first, modulation, rate, span, seed)
        found.append(p95_ttft(table, scaled(requests, factor, np.random.default_rng(seed))))
    return np.array(found)


def row(case: Case) -> str:
    """One line of the table."""
    poisson = np.percentile(case.poisson_s, [5, 95])
    return (
        f"| {case.trace} | {case.load} | x{case.factor:.2f} | {case.replay_s:.3g} | {case.low:.3g} to {case.high:.3g} | "
        f"{case.high / case.low:.1f} | {'yes' if case.inside else 'no'} | {poisson[0]:.3g} to {poisson[1]:.3g} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--traces", type=Path, default=ROOT.parent / "shared" / "traces", help="folder of the traces")
    parser.add_argument("--swap", action="store_true", help="fit on the second half and test on the first")
    given = parser.parse_args()
    folder = given.traces
    if not folder.is_dir():
        sys.exit(f"{folder}: the traces are not there, so nothing is compared. Name their folder with --traces.")
    table = replica()
    found = [case for name, file in FILES.items() for case in cases(name, folder / file, table, given.swap)]
    print("| trace | load | arrivals | replay p95 TTFT s | model P5 to P95 s | wide | inside | Poisson P5 to P95 s |")
    print("|---|---|---|---|---|---|---|---|")
    print("\n".join(row(case) for case in found))
    inside, narrow = sum(case.inside for case in found), sum(case.high / case.low <= WIDEST for case in found)
    print(
        f"\nInside in {inside} of {len(found)} cases; no wider than {WIDEST:g}x in {narrow} of {len(found)}; {len(SEEDS)} seeds."
    )


if __name__ == "__main__":
    main()
