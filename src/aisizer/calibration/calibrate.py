"""From benchmark files to a calibration: read, check, build the step tables, fit, and state where it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import pstdev

from aisizer.calibration.fit import Fit, Metric, Observed, errors, fit, log_ratios
from aisizer.calibration.normalise import Evidence, Given, Subject, normalise
from aisizer.calibration.points import Span
from aisizer.calibration.protocols import Scenario
from aisizer.calibration.read import read
from aisizer.calibration.read_record import Measurement, TokenCounts
from aisizer.catalog.catalog import Catalog
from aisizer.engine.replica import build
from aisizer.errors import InvalidInput, Rejection
from aisizer.profile.calibrations import BenchmarkFile, Calibration, Factors, FitRange
from aisizer.progress import Told, untold
from aisizer.shapes import StepTable


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The calibration, the error without it on the same points, and what did not enter."""

    calibration: Calibration
    before: dict[Metric, float]
    set_aside: tuple[str, ...]
    at_bound: tuple[str, ...]


def calibrate(
    paths: Sequence[Path],
    given: Given,
    catalog: Catalog,
    form: str | None,
    date: str | None,
    progress: Told = untold,
) -> Calibrated:
    """Fits one calibration on all load points of the files that are consistent."""
    evidence = normalise(read(paths, form), given, catalog)
    points = [observed(point, evidence.subject, catalog) for point in evidence.points]
    found = fit(points, progress)
    before = errors([log_ratios(point, Factors()) for point in points])
    return Calibrated(_calibration(evidence, found, date), before, evidence.set_aside, found.at_bound)


def observed(point: Measurement, subject: Subject, catalog: Catalog) -> Observed:
    """One load point with the table and the run that replay it."""
    clients = float(point.concurrency or 1) if point.rate is None else _in_flight(point)
    measured, statistic = _measured(point)
    return Observed(_table(point, subject, catalog), _scenario(point), clients, measured, statistic)


def _measured(point: Measurement) -> tuple[dict[str, float], dict[str, str]]:
    """What the file says by metric, means before medians; an open loop's rate is the client's, not the server's."""
    measured, statistic = dict[str, float](), dict[str, str]()
    for metric, spread in (("ttft", point.ttft), ("tpot", point.tpot)):
        if spread.typical:
            measured[metric] = spread.typical
            statistic[metric] = "p50" if spread.mean is None else "mean"
    if point.rate is None:
        measured["throughput"] = point.output_tokens_per_s
    if not measured:
        raise InvalidInput(f"{point.place}: there is neither TTFT nor TPOT. Measure with streaming on.")
    return measured, statistic


def _scenario(point: Measurement) -> Scenario:
    open_loop = point.rate is not None
    load = point.rate if point.rate is not None else float(point.concurrency or point.n_requests)
    return Scenario(
        protocol=point.protocol,
        load=load,
        requests=point.completed,
        max_in_flight=point.concurrency if open_loop else None,
        replicas=1,
        prompt=_span(point.prompt_tokens),
        output=_span(point.output_tokens),
    )


def _span(counts: TokenCounts) -> Span:
    """The range of a uniform draw; of listed lengths a uniform range of their mean and deviation; else the mean alone.

    A uniform distribution over m - h .. m + h has the standard deviation h / sqrt(3).
    """
    if counts.low is not None and counts.high is not None:
        return Span(counts.low, max(counts.low, counts.high))
    mean = max(1.0, float(round(counts.mean)))
    half = min(3**0.5 * pstdev(counts.each), mean - 1) if counts.each else 0.0
    return Span(float(round(mean - half)), float(round(mean + half)))


def _table(point: Measurement, subject: Subject, catalog: Catalog) -> StepTable:
    prompt, output = point.prompt_tokens, point.output_tokens
    made = build(
        catalog.models[subject.model],
        catalog.gpus[subject.gpu],
        catalog.engines[subject.engine],
        tensor_parallel=point.tensor_parallel or 1,
        precision=subject.precision,
        max_context_tokens=(prompt.high or prompt.mean) + (output.high or output.mean),
        mean_context_tokens=prompt.mean + output.mean / 2,
    )
    if isinstance(made, Rejection):
        raise InvalidInput(f"{point.place}: {made.detail} Do the flags name what was measured?")
    return made.table


def _in_flight(point: Measurement) -> float:
    """Little's law: requests in flight = rate x E2E; 1 at least, the request itself."""
    return max(1.0, point.requests_per_s * (point.e2e.typical or 0.0))


def _calibration(evidence: Evidence, found: Fit, date: str | None) -> Calibration:
    points, subject = evidence.points, evidence.subject
    layouts = Counter(point.tensor_parallel or 1 for point in points)
    files = dict.fromkeys((point.file, point.sha256, point.source_tool) for point in points)
    return Calibration(
        model=subject.model,
        gpu=subject.gpu,
        engine=subject.engine,
        precision=subject.precision,
        tensor_parallel=layouts.most_common(1)[0][0],
        points=len(points),
        factors=found.factors,
        standard_errors=found.standard_errors,
        error=errors(found.left_out) if len(points) > 1 else {},
        range=_range(points, tuple(sorted(layouts))),
        files=tuple(BenchmarkFile(name=name, sha256=sha256, tool=tool) for name, sha256, tool in files),
        date=date,
    )


def _range(points: Sequence[Measurement], layouts: tuple[int, ...]) -> FitRange:
    flights = [float(p.concurrency or 1) if p.rate is None else _in_flight(p) for p in points]
    prompts = [p.prompt_tokens.mean for p in points]
    outputs = [p.output_tokens.mean for p in points]
    return FitRange(
        in_flight=(min(flights), max(flights)),
        prompt_tokens=(min(prompts), max(prompts)),
        output_tokens=(min(outputs), max(outputs)),
        tensor_parallel=layouts,
    )
