"""What the users of a pool see: the latencies of its replicas, or those of its two stages together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aisizer.plan.evaluate import Evaluated
from aisizer.queueing.estimate import Estimate
from aisizer.queueing.records import Latency, Limit
from aisizer.shapes import Floats
from aisizer.sizing.capacity import Candidate
from aisizer.sizing.pools import Pool
from aisizer.sizing.verify import Trial


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


@dataclass(frozen=True, slots=True)
class Simulated:
    """What the simulations of an option's fleet say: one trial for each stage of each pool, all servers up and with the
    redundancy down."""

    candidates: tuple[Candidate, ...]
    up: tuple[Trial, ...]
    down: tuple[Trial, ...]

    def value(self, pool: str, limit: Limit) -> tuple[Estimate, Estimate]:
        """[s] a promised percentile of a pool in both states; of two stages the sum, with the interval of independent
        errors."""
        up, down = (self._sum(trials, pool, limit) for trials in (self.up, self.down))
        return up, down

    def excess(self, pool: str, limit: Limit) -> float:
        """[1] the percentile over its target in the worse of both states."""
        return max(found.value for found in self.value(pool, limit)) / limit.seconds

    def _sum(self, trials: Sequence[Trial], pool: str, limit: Limit) -> Estimate:
        parts = [
            trial.estimates[_place(candidate.pool, limit)]
            for candidate, trial in zip(self.candidates, trials, strict=True)
            if candidate.pool.promised.name == pool
            and not (candidate.pool.stage == "prefill" and limit.metric == "tpot")
        ]
        value = sum(part.value for part in parts)
        below = sum((part.value - part.low) ** 2 for part in parts) ** 0.5
        above = sum((part.high - part.value) ** 2 for part in parts) ** 0.5
        return Estimate(value, value - below, value + above)


def _place(pool: Pool, limit: Limit) -> int:
    """The position of a promise among a stage's limits; a prompt ends with its first token there."""
    metric = "ttft" if pool.stage == "prefill" else limit.metric
    wanted = limit.class_id, metric, limit.statistic
    return next(i for i, its in enumerate(pool.limits) if (its.class_id, its.metric, its.statistic) == wanted)
