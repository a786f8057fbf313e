"""One load point of a benchmark as every reader gives it: SI units, failed requests excluded, nothing guessed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

Protocol = Literal["closed_burst", "closed_steady", "drain", "poisson", "constant"]
"""closed_burst: a fixed number of clients that all start at once; closed_steady: the same, warmed up; drain: all
requests at time 0; poisson and constant: an open loop at a rate."""


@dataclass(frozen=True, slots=True)
class Spread:
    """One latency over the completed requests [s]; None where the file does not say."""

    mean: float | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None

    @property
    def typical(self) -> float | None:
        """The mean, else the median."""
        return self.p50 if self.mean is None else self.mean


STATISTICS = tuple(field.name for field in fields(Spread))


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """Lengths of the requests [token]: the mean, the range of a uniform draw, and each request's where the file has it."""

    mean: float
    low: float | None = None
    high: float | None = None
    each: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Measurement:
    """One load point; rates and tokens/s are those of all `gpus` together."""

    file: str
    sha256: str
    source_tool: str
    prompt_tokens: TokenCounts
    output_tokens: TokenCounts
    protocol: Protocol
    n_requests: int
    """requests sent, failed ones included"""
    duration_s: float
    completed: int
    failed: int
    requests_per_s: float
    output_tokens_per_s: float
    tool_version: str | None = None
    model: str | None = None
    engine: str | None = None
    engine_version: str | None = None
    precision: str | None = None
    gpu: str | None = None
    gpus: int | None = None
    tensor_parallel: int | None = None
    concurrency: int | None = None
    """clients in a closed loop, or the most in flight that the client allowed in an open one"""
    rate: float | None = None
    """[req/s] asked of an open loop"""
    ttft: Spread = Spread()
    tpot: Spread = Spread()
    """(e2e - ttft) / (output tokens - 1)"""
    e2e: Spread = Spread()
    unusable: str = ""
    """why the tool's own record makes this point unfit, as a sentence; empty where it does not"""

    @property
    def place(self) -> str:
        """Which load point of which file, in words."""
        if self.rate is not None:
            return f"{self.file} at {self.rate:g} req/s"
        return f"{self.file} at concurrency {self.concurrency}"
