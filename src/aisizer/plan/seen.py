"""What the users of a pool see: the latencies of its replicas, or those of its two stages together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aisizer.plan.evaluate import Evaluated
from aisizer.queueing.records import Latency
from aisizer.shapes import Floats
from aisizer.sizing.capacity import Candidate
from aisizer.sizing.pools import Pool


@dataclass(frozen=True, slots=True)
class Seen:
    """A pool as its promises name it, in every state; it answers as a `Latency` does."""

    pool: Pool
    candidate: Candidate
    """whose measurements say how far predictions are off: of two stages the one that decodes"""
    stages: Mapping[str, Latency]

    def value(self, metric: str, statistic: str) -> Floats:
        """[s] one statistic [state, class]; of two stages the sum, whose percentiles overstate those of the sum."""
        if "serve" in self.stages:
            return self.stages["serve"].value(metric, statistic)
        rest = self.stages["decode"].value(metric, statistic)
        return rest if metric == "tpot" else rest + self.stages["prefill"].value("ttft", statistic)

    @property
    def kv_use_p95(self) -> Floats:
        """[1] of the KV cache that is fuller, by state."""
        return np.asarray(np.max([latency.kv_use_p95 for latency in self.stages.values()], axis=0))

    @property
    def in_flight(self) -> Floats:
        """[request] in the replica that holds more, by state."""
        return np.asarray(np.max([latency.in_flight for latency in self.stages.values()], axis=0))


def seen(e: Evaluated, latency: Sequence[Latency]) -> list[Seen]:
    """Every pool of an option, in the order of its candidates."""
    found: dict[str, Seen] = {}
    for candidate, its in zip(e.layout.candidates, latency, strict=True):
        pool = candidate.pool.promised
        before = found[pool.name].stages if pool.name in found else {}
        found[pool.name] = Seen(pool, candidate, {**before, candidate.pool.stage: its})
    return list(found.values())
