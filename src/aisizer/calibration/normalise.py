"""Names what was measured in the catalog's terms, refuses what nobody named, and sets inconsistent points aside."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from aisizer.calibration.read_record import Measurement
from aisizer.catalog.catalog import Catalog
from aisizer.catalog.names import UnknownName
from aisizer.catalog.records import Precision
from aisizer.errors import Fault, InvalidInput

FAILED_SHARE = 0.05
"""[1] more failed requests than this leave a load other than the one asked for."""
OUTPUT_RATE_TOLERANCE = 0.05
"""[1] output tokens/s against completed requests x mean length / duration; only rounding and drain may differ."""
LATENCY_TOLERANCE = 0.10
"""[1] E2E against TTFT + TPOT x (length - 1), of means; lengths that vary with latency may differ this much."""
CLIENTS_OVER, CLIENTS_UNDER = 0.05, 0.35
"""[1] requests in flight by Little's law against the clients: never more; fewer by the ramp and tail of a short run."""
ARRIVAL_TOLERANCE = 0.10
"""[1] requests over the time of sending, against the rate asked for, beside the noise of their count."""
COUNT_NOISE = 3.0
"""[standard deviations] of a Poisson count of n requests, 1 / sqrt(n) each."""
ENGINES = {"vllm bench": "vllm", "sglang bench_serving": "sglang", "trtllm-bench": "trtllm"}
"""The engine that each tool is part of; other tools name none."""
_PRECISIONS = {"fp16": "bf16", "bfloat16": "bf16", "float16": "bf16", "nvfp4": "fp4", "mxfp4": "fp4"}


@dataclass(frozen=True, slots=True)
class Given:
    """What the flags say of all files; None leaves it to the files."""

    model: str | None = None
    gpu: str | None = None
    tensor_parallel: int | None = None
    engine: str | None = None
    precision: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What one calibration is about, in catalog ids."""

    model: str
    gpu: str
    engine: str
    precision: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """The points that can be fitted on, and why each of the others cannot."""

    subject: Subject
    points: tuple[Measurement, ...]
    set_aside: tuple[str, ...]


def normalise(found: Sequence[Measurement], given: Given, catalog: Catalog) -> Evidence:
    """All points in catalog ids; one model, GPU, engine and precision, and at least one point that is consistent."""
    faults = list[Fault]()
    named = [_named(point, given, catalog, faults) for point in found]
    if faults:
        raise InvalidInput(list(dict.fromkeys(faults)))
    subjects = dict.fromkeys(subject for _, subject in named)
    if len(subjects) != 1:
        listed = "; ".join(f"{s.model} on {s.gpu} with {s.engine} at {s.precision}" for s in subjects)
        raise InvalidInput(f"One calibration is about one model, GPU, engine and precision. Run it for each: {listed}.")
    reasons = [(point, doubt(point)) for point, _ in named]
    points = tuple(point for point, reason in reasons if not reason)
    aside = tuple(f"{point.place}: {reason}" for point, reason in reasons if reason)
    if not points:
        raise InvalidInput("No load point can be fitted on.\n" + "\n".join(aside))
    return Evidence(next(iter(subjects)), points, aside)


def doubt(point: Measurement) -> str:
    """Why this point contradicts itself or was not measured to its end, as a sentence; empty where it is sound."""
    checks = (_unusable, _failures, _replicas, _output_rate, _latency, _little, _arrivals)
    return next((reason for check in checks if (reason := check(point))), "")


def _unusable(point: Measurement) -> str:
    return point.unusable


def _failures(point: Measurement) -> str:
    if point.completed == 0:
        return "no request was completed. Look into the server's log."
    share = point.failed / point.n_requests
    if share <= FAILED_SHARE:
        return ""
    return f"{share:.0%} of the requests failed (at most {FAILED_SHARE:.0%} may). Look into the server's log."


def _replicas(point: Measurement) -> str:
    if point.gpus == point.tensor_parallel:
        return ""
    return (
        f"{point.gpus} GPUs at tensor_parallel {point.tensor_parallel} are several replicas or pipeline stages; "
        "measure one replica."
    )


def _output_rate(point: Measurement) -> str:
    expected = point.completed * point.output_tokens.mean / point.duration_s
    if abs(point.output_tokens_per_s / expected - 1) <= OUTPUT_RATE_TOLERANCE:
        return ""
    return (
        f"it says {point.output_tokens_per_s:.4g} output tokens/s, but {point.completed} requests of "
        f"{point.output_tokens.mean:.4g} tokens in {point.duration_s:.4g} s are {expected:.4g} (tolerance "
        f"{OUTPUT_RATE_TOLERANCE:.0%})."
    )


def _latency(point: Measurement) -> str:
    ttft, tpot, e2e = point.ttft.mean, point.tpot.mean, point.e2e.mean
    if ttft is None or tpot is None or e2e is None:
        return ""
    expected = ttft + tpot * (point.output_tokens.mean - 1)
    if abs(e2e / expected - 1) <= LATENCY_TOLERANCE if expected > 0 else e2e == 0:
        return ""
    return (
        f"E2E is {e2e:.4g} s, but TTFT + TPOT x (length - 1) is {expected:.4g} s (tolerance {LATENCY_TOLERANCE:.0%}): "
        "several tokens may have come in one chunk."
    )


def _little(point: Measurement) -> str:
    """Little's law: requests in flight = rate x E2E."""
    e2e = point.e2e.typical
    if point.rate is not None or point.concurrency is None or point.protocol == "drain" or e2e is None:
        return ""
    in_flight = point.completed / point.duration_s * e2e
    if 1 - CLIENTS_UNDER <= in_flight / point.concurrency <= 1 + CLIENTS_OVER:
        return ""
    return (
        f"rate x E2E is {in_flight:.3g} requests in flight, not {point.concurrency} (Little's law; tolerance "
        f"+{CLIENTS_OVER:.0%}, -{CLIENTS_UNDER:.0%}): the client was the limit, or the run was too short."
    )


def _arrivals(point: Measurement) -> str:
    """Requests over the time of sending, which ends one latency (tail: p99, else twice the mean) before the run."""
    if point.rate is None:
        return ""
    tail = point.e2e.p99 or 2 * (point.e2e.typical or 0.0)
    allowed = 1 + ARRIVAL_TOLERANCE + COUNT_NOISE / math.sqrt(point.n_requests)
    fastest, slowest = point.n_requests / point.duration_s, point.n_requests / max(point.duration_s - tail, 1e-9)
    if fastest <= point.rate * allowed and slowest * allowed >= point.rate:
        return ""
    return (
        f"{point.n_requests} requests in {point.duration_s:.4g} s are not {point.rate:g} req/s (tolerance "
        f"{allowed - 1:.0%}): the client was the limit, or the server was overloaded."
    )


def _named(point: Measurement, given: Given, catalog: Catalog, faults: list[Fault]) -> tuple[Measurement, Subject]:
    def ask(field: str, answer: Callable[[], str]) -> str:
        try:
            return answer()
        except (ValueError, UnknownName) as error:
            faults.append(Fault(point.file, None, None, field, str(error)))
            return ""

    model = ask("model", lambda: _model(point, given, catalog))
    subject = Subject(
        model=model,
        gpu=ask("gpu", lambda: _gpu(point, given, catalog)),
        engine=ask("engine", lambda: _engine(point, given, catalog)),
        precision=ask("precision", lambda: _precision(point, given, catalog, model)) if model else "",
    )
    parallel = ask("tensor_parallel", lambda: str(_parallel(point, given)))
    tensor_parallel = int(parallel) if parallel else None
    gpus = point.gpus if point.gpus is not None else tensor_parallel
    names = {name: getattr(subject, name) for name in ("model", "gpu", "engine", "precision")}
    return replace(point, tensor_parallel=tensor_parallel, gpus=gpus, **names), subject


def _parallel(point: Measurement, given: Given) -> int:
    parallel = given.tensor_parallel if point.tensor_parallel is None else point.tensor_parallel
    if parallel is None:
        raise ValueError("neither the file nor a flag names it, and it is never guessed. Give --tp.")
    if given.tensor_parallel not in (None, parallel):
        raise ValueError(f"the file says {parallel} and --tp says {given.tensor_parallel}. Correct one of them.")
    if parallel < 1:
        raise ValueError(f"at least 1 is expected (got {parallel}).")
    return parallel


def _gpu(point: Measurement, given: Given, catalog: Catalog) -> str:
    if point.gpu is None and given.gpu is None:
        raise ValueError("neither the file nor a flag names it, and it is never guessed. Give --gpu.")
    said = [catalog.find_gpu(name).id for name in (point.gpu, given.gpu) if name]
    if len(set(said)) > 1:
        raise ValueError(f"the file says {point.gpu} and --gpu says {given.gpu}. Correct one of them.")
    return said[0]


def _model(point: Measurement, given: Given, catalog: Catalog) -> str:
    """A served name that the catalog does not know is an alias of the server's; --model says of what."""
    if given.model is None:
        if point.model is None:
            raise ValueError("neither the file nor a flag names it. Give --model.")
        try:
            return catalog.find_model(point.model).id
        except UnknownName as error:
            raise ValueError(f"{error} Or give --model.") from error
    chosen = catalog.find_model(given.model).id
    try:
        named = catalog.find_model(point.model).id if point.model else chosen
    except UnknownName:
        return chosen
    if named != chosen:
        raise ValueError(f"the file says {point.model} and --model says {given.model}. Correct one of them.")
    return chosen


def _engine(point: Measurement, given: Given, catalog: Catalog) -> str:
    own = point.engine or ENGINES.get(point.source_tool)
    if given.engine is None and own is None:
        raise ValueError(f"{point.source_tool} names no engine. Give --engine, such as vllm-0.33.")
    chosen = catalog.find_engine(given.engine or own or "")
    if point.engine and given.engine and catalog.find_engine(point.engine).engine != chosen.engine:
        raise ValueError(f"the file says {point.engine} and --engine says {given.engine}. Correct one of them.")
    return chosen.id


def _precision(point: Measurement, given: Given, catalog: Catalog, model: str) -> str:
    """The flag's, else the file's, else the model's published one."""
    said = [_PRECISIONS.get(name.lower(), name.lower()) for name in (point.precision, given.precision) if name]
    if len(set(said)) > 1:
        raise ValueError(
            f"the file says {point.precision} and --precision says {given.precision}. Correct one of them."
        )
    chosen = said[0] if said else catalog.models[model].published_precision
    if chosen not in get_args(Precision):
        raise ValueError(f"{chosen} is not known. Use one of: {', '.join(get_args(Precision))}.")
    return chosen
