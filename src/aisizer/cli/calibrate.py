"""`aisizer calibrate`: benchmark results -> calibration fragment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aisizer.cli.days import day_of
from aisizer.cli.file import write_file
from aisizer.cli.progress import Progress
from aisizer.cli.terminal import typed

if TYPE_CHECKING:
    from aisizer.calibration.calibrate import Calibrated
    from aisizer.calibration.fit import Metric


def calibrate(
    files: Sequence[Path],
    *,
    output: Path,
    model: str | None = None,
    gpu: str | None = None,
    tensor_parallel: int | None = None,
    engine: str | None = None,
    precision: str | None = None,
    form: str | None = None,
    date: str | None = None,
    overlay: Path | None = None,
) -> str:
    """Fits the files, writes the fragment and returns the lines for stdout."""
    from aisizer.calibration.calibrate import calibrate as fitted
    from aisizer.calibration.fragment import fragment
    from aisizer.calibration.normalise import Given
    from aisizer.catalog.load import load_catalog

    given = Given(model=model, gpu=gpu, tensor_parallel=tensor_parallel, engine=engine, precision=precision)
    day = day_of("--date", date)
    with Progress("fitting") as progress:
        result = fitted(files, given, load_catalog(overlay), form, day.isoformat() if day else None, progress.told)
    write_file(output, fragment(result.calibration, result.set_aside, result.at_bound))
    return summary(result, output)


def summary(result: Calibrated, output: Path) -> str:
    """What was fitted, how well it holds, and where it ends."""
    calibration = result.calibration
    measured = calibration.range
    lines = [
        f"{calibration.model} on {calibration.gpu}, {calibration.engine}, {calibration.precision}: "
        f"{calibration.points} load points",
        f"  error before     {_errors(result.before)}",
        f"  leave-one-out    {_errors(calibration.error)}",
        f"  in flight        {_span(measured.in_flight)}",
        f"  prompt tokens    {_span(measured.prompt_tokens)}",
        f"  output tokens    {_span(measured.output_tokens)}",
        f"  tensor_parallel  {', '.join(str(t) for t in measured.tensor_parallel)}",
        *(f"  set aside        {reason}" for reason in result.set_aside),
        *(f"  at its bound     {name}: the model may miss something here" for name in result.at_bound),
        f"{output.as_posix()}     use it: aisizer size PROFILE --with {typed(output)}",
    ]
    return "\n".join(lines)


def _errors(error: Mapping[Metric, float]) -> str:
    names = {"ttft": "TTFT", "tpot": "TPOT", "throughput": "tokens/s"}
    return ", ".join(f"{names[metric]} {value:.1%}" for metric, value in error.items()) or "not known from one point"


def _span(span: tuple[float, float]) -> str:
    return f"{span[0]:.4g}" if span[0] == span[1] else f"{span[0]:.4g} to {span[1]:.4g}"
