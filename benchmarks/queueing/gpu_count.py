"""Replicas that the analytic queue asks for beside those that the simulation asks for, over demands of several shapes.

python benchmarks/queueing/gpu_count.py

Every pair of model and GPU class is screened for each workload as `aisizer size` does it; the layout with the fewest GPUs for
each request is then simulated as far as `--confirm full` does. Counts agree where they differ by one replica or a tenth at most.
"""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.load import load_catalog
from aisizer.demand.loads import offered
from aisizer.profile.sections import Supply, Workload
from aisizer.sizing.capacity import Candidate, limited, screen
from aisizer.sizing.cuts import Room
from aisizer.sizing.pools import make_pools
from aisizer.sizing.verify import FULL, Effort, carried

PAIRS = [
    ("llama-3.1-8b", "h100-sxm"),
    ("llama-3.1-8b", "l40s"),
    ("llama-3.3-70b", "h100-sxm"),
    ("llama-3.3-70b", "b200-sxm"),
    ("qwen3-32b", "a100-80-sxm"),
    ("gpt-oss-120b", "h200-sxm"),
]
SHAPES = {
    "chat": ({"mean": 1200, "p95": 3000}, {"mean": 220, "p95": 500}, {"ttft_p95": "1 s", "tpot_p95": "50 ms"}),
    "rag": ({"mean": 5000, "p95": 9000}, {"mean": 250, "p95": 600}, {"ttft_p95": "3 s", "tpot_p95": "60 ms"}),
    "completion": ({"mean": 2000, "p95": 6000}, {"mean": 30, "p95": 80}, {"e2e_p95": "2 s"}),
    "reasoning": ({"mean": 600, "p95": 1500}, {"mean": 1800, "p95": 5000}, {"ttft_p95": "2 s", "tpot_p95": "40 ms"}),
    "agent": ({"mean": 8000, "p95": 20000}, {"mean": 400, "p95": 1200}, {"ttft_p99": "8 s", "tpot_p95": "50 ms"}),
}
"""prompt tokens, output tokens, promises"""
DEMANDS = (0.7, 1.0, 1.6, 2.5, 3.0, 5.5, 10.0, 17.0, 40.0)
"""[replica] of the analytic queue that a demand is worth"""


@dataclass(frozen=True, slots=True)
class Compared:
    """One candidate's share of its demand, by the analytic queue and by simulation."""

    shape: str
    candidate: Candidate
    simulated: float
    binding: int

    @property
    def ratio(self) -> float:
        """Simulated over analytic capacity."""
        return self.simulated / self.candidate.share


def best(catalog: Catalog, model: str, gpu: str, shape: str) -> Candidate | None:
    """The layout that serves a shape with the fewest GPUs."""
    prompt, output, slo = SHAPES[shape]
    workload = Workload.model_validate(
        {"model": model, "load": {"rate": "10 req/s"}, "prompt_tokens": prompt, "output_tokens": output, "slo": slo}
    )
    record = catalog.models[model]
    pool = make_pools({shape: workload}, {shape: record}, offered({shape: workload}), {})[0]
    found = screen(pool, {gpu: catalog.gpus[gpu]}, {gpu: Room(8, 8)}, catalog.engines["vllm-0.33"], Supply())
    return max(found.candidates, key=lambda c: c.share / c.gpus, default=None)


def compared(catalog: Catalog, effort: Effort) -> Iterator[Compared]:
    for model, gpu in PAIRS:
        for shape in SHAPES:
            candidate = best(catalog, model, gpu, shape)
            if candidate is not None:
                told = carried(candidate, "random", effort)
                yield Compared(shape, candidate, told.share, told.binding)


def counts(found: Compared) -> Iterator[tuple[int, int]]:
    """Replicas by both, at every demand."""
    for demand in DEMANDS:
        yield math.ceil(demand - 1e-9), math.ceil(demand / found.ratio - 1e-9)


def agrees(analytic: int, simulated: int) -> bool:
    return abs(analytic - simulated) <= max(1, 0.1 * simulated)


def main() -> None:
    every: list[tuple[int, int]] = []
    ratios = []
    print("| model | GPU | layout | shape | stopped by | simulated / analytic | counts that agree |")
    print("|---|---|---|---|---|---:|---:|")
    for found in compared(load_catalog(), FULL):
        pairs = list(counts(found))
        every += pairs
        ratios.append(found.ratio)
        form, limit = found.candidate.form, limited(found.candidate, found.binding).limit
        print(
            f"| {found.candidate.pool.name} | {form.gpu} | {form.parallel.text}, {form.precision} | {found.shape} | {limit} "
            f"| {found.ratio:.3f} | {sum(agrees(*p) for p in pairs)} of {len(pairs)} |",
            flush=True,
        )
    share, same = (sum(judged) / len(every) for judged in ([agrees(*p) for p in every], [a == b for a, b in every]))
    print(f"\n{len(every)} demands: {share:.1%} within one replica or 10 % (target 95 %), {same:.1%} equal.")
    print(
        f"Simulated over analytic capacity: median {statistics.median(ratios):.3f}, {min(ratios):.3f} to {max(ratios):.3f}."
    )


if __name__ == "__main__":
    sys.exit(main())
