"""A calibration: how one model on one GPU class and engine differs from the datasheet model, fitted on benchmarks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from aisizer.schema import Record

Label = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f]*$")]
Scale = Annotated[float, Field(gt=0, le=100)]
Seconds = Annotated[float, Field(ge=-10, le=10)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Factors(Record):
    """What a step table is multiplied by, and what is added to the time to first token."""

    weights: Scale = 1.0
    """[1] smallest step: weight reads, kernel launches and the latency of collectives"""
    tokens: Scale = 1.0
    """[1] further tokens of a decoding batch: more experts, arithmetic, the volume of collectives"""
    prefill: Scale = 1.0
    """[1] tokens beyond a decoding batch, and prefill attention: arithmetic"""
    kv_read: Scale = 1.0
    """[1] reading the KV cache while decoding"""
    step: Scale = 1.0
    """[1] what each step costs beside its kernels: scheduler, sampler, attention launches"""
    sequence: Scale = 1.0
    """[1] what each sequence of a step costs: head, sampling, detokenising"""
    server_s: Seconds = 0.0
    """[s] added to every time to first token: API server and network"""
    client_s: Annotated[float, Field(ge=0, le=10)] = 0.0
    """[s] added to the time to first token per client that sends at once: requests that wait for the API server"""
    stream_steps: Annotated[float, Field(ge=0, le=1000)] = 0.0
    """[step] decode steps by which the server holds the first token back (a stream interval); TPOT counts from there"""


class FitRange(Record):
    """The loads that were measured; beyond them the calibration is extrapolated."""

    in_flight: tuple[Positive, Positive]
    """[request] fewest and most in flight."""
    prompt_tokens: tuple[Positive, Positive]
    """[token] shortest and longest mean prompt."""
    output_tokens: tuple[Positive, Positive]
    """[token] shortest and longest mean answer."""
    tensor_parallel: tuple[int, ...] = Field(min_length=1)
    """[GPU] layouts that were measured."""


class BenchmarkFile(Record):
    """One file that was fitted on."""

    name: Label
    """File name without its folder."""
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """Hash of its bytes."""
    tool: Label
    """Benchmark tool that wrote it."""


class Calibration(Record):
    """Factors fitted on the user's own benchmarks of one model, GPU class, engine and precision."""

    kind: Literal["fitted"] = "fitted"
    """Fitted on measurements, never measured itself."""
    model: Label
    """Catalog id of the model that was measured."""
    gpu: Label
    """Catalog id of the GPU class."""
    engine: Label
    """Catalog id of the engine; its version is part of it."""
    precision: Label
    """Precision of the weights."""
    tensor_parallel: int = Field(ge=1)
    """Layout with the most points; the others stand in the range."""
    points: int = Field(ge=1)
    """Load points that were fitted on."""
    factors: Factors = Factors.model_construct()
    """What the step times are multiplied by."""
    standard_errors: dict[Label, NotNegative] = Field(default_factory=dict)
    """Standard error of each factor: relative for the multiples, seconds for the added times."""
    error: dict[Literal["ttft", "tpot", "throughput"], NotNegative] = Field(default_factory=dict)
    """Leave-one-out error by metric: each point predicted by the others, median absolute error as a share."""
    range: FitRange
    """Loads that were measured."""
    files: tuple[BenchmarkFile, ...] = Field(min_length=1)
    """Files that were fitted on."""
    date: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None
    """When it was fitted; left out: not recorded."""
