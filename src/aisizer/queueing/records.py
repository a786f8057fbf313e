"""What is asked of the analytic queue, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aisizer.queueing.percentiles import STATISTICS
from aisizer.shapes import Floats

METRICS = ("ttft", "tpot", "e2e")


@dataclass(frozen=True, slots=True)
class Load:
    """One pool's demand per request class, each class open or closed.

    rate        [req/s] open Poisson arrivals; 0 where the class is a closed population
    population  [requests in flight] closed, without think time; 0 where the class is open
    """

    rate: Floats
    population: Floats

    def __post_init__(self) -> None:
        if self.rate.shape != self.population.shape or self.rate.ndim != 1:
            raise ValueError("Load needs one rate and one population per class.")
        if np.any((self.rate > 0) == (self.population > 0)) or np.any(self.rate < 0) or np.any(self.population < 0):
            raise ValueError("Every class of a Load needs either a rate or a population above 0, and not both.")


@dataclass(frozen=True, slots=True)
class Limit:
    """One promise: a statistic of a latency of one class stays within `seconds`."""

    class_id: int
    metric: str
    statistic: str
    seconds: float

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise ValueError(f"A limit's metric is one of {', '.join(METRICS)} (got {self.metric}).")
        if self.statistic not in STATISTICS:
            raise ValueError(f"A limit's statistic is one of {', '.join(STATISTICS)} (got {self.statistic}).")
        if not self.seconds > 0:
            raise ValueError(f"A limit must be above 0 seconds (got {self.seconds}).")


@dataclass(frozen=True, slots=True)
class Latency:
    """Predicted latencies [s]; ttft, tpot and e2e hold mean, p50, p90, p95 and p99 as [configuration, class].

    nan where the configuration is not stable under its share, and for the TPOT of classes with one output token.
    stable [configuration]; in_flight [configuration] mean requests in the replica; throughput [configuration] req/s,
    closed classes resolved; kv_use_p95 [configuration] share of the KV capacity at the 95th percentile of occupancy
    """

    stable: NDArray[np.bool_]
    ttft: dict[str, Floats]
    tpot: dict[str, Floats]
    e2e: dict[str, Floats]
    in_flight: Floats
    throughput: Floats
    kv_use_p95: Floats

    def value(self, metric: str, statistic: str) -> Floats:
        """One statistic of one metric [configuration, class]."""
        tables: dict[str, dict[str, Floats]] = {"ttft": self.ttft, "tpot": self.tpot, "e2e": self.e2e}
        return tables[metric][statistic]


@dataclass(frozen=True, slots=True)
class Capacity:
    """The largest share of a load that one replica of each configuration carries.

    stable_share [configuration] without latency limits; 0.0 where a request does not fit in the KV memory
    share        [configuration] with every limit met; 0.0 where even an almost idle replica misses one
    binding      per configuration the index of the limit that binds, or that the idle replica misses; -1 for stability
    idle         latencies at a vanishing share
    """

    stable_share: Floats
    share: Floats
    binding: tuple[int, ...]
    idle: Latency
