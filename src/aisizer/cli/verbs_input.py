"""Arguments of the verbs that write or check what a plan is made from: init, validate, trace, calibrate, import."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from aisizer.cli import completion as offered
from aisizer.cli.options import AsJson, EngineName, Fragments, Overlay, PrecisionName, Sets, examples

verbs = typer.Typer(rich_markup_mode=None)


@verbs.command(epilog=examples("aisizer init profile.yaml", "aisizer init rag.yaml --from rag-internal"))
def init(
    path: Annotated[Path, typer.Argument(metavar="PATH")] = Path("profile.yaml"),
    ready: Annotated[
        str | None,
        typer.Option("--from", metavar="READY", help="a ready profile to start from", autocompletion=offered.profiles),
    ] = None,
) -> None:
    """Write a commented profile, from scratch or a ready one."""
    from aisizer.cli import init as verb

    typer.echo(verb.init(path, ready, date.today()))


@verbs.command(epilog=examples("aisizer validate profile.yaml --with traffic.yaml"))
def validate(
    files: Annotated[list[str], typer.Argument(metavar="FILES", help="profiles", autocompletion=offered.profiles)],
    sets: Sets = None,
    fragments: Fragments = None,
    catalog: Overlay = None,
    form: Annotated[
        str,
        typer.Option("--format", metavar="text|github|gitlab", help="annotations for a merge request beside the text"),
    ] = "text",
) -> None:
    """Report every fault of every file, with line and column."""
    from aisizer.cli import validate as verb

    verb.validate(files, catalog, sets or (), fragments or (), form)


@verbs.command(
    epilog=examples("aisizer trace requests.csv.gz", "aisizer trace requests.csv.gz --workload chat -o traffic.yaml")
)
def trace(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Azure, BurstGPT, Mooncake, OTel, LiteLLM, vLLM, aiperf, CSV")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="NAME.yaml", help="the fragment to write")
    ] = None,
    workload: Annotated[
        str | None, typer.Option(metavar="NAME", help="workload it is for; default the file's name")
    ] = None,
    columns: Annotated[
        str | None, typer.Option(metavar="ROLE=NAME,...", help="of any CSV: prompt, output, time, cached, session")
    ] = None,
    tokens_times: Annotated[
        str | None, typer.Option(metavar="LOW-HIGH", help="from the trace's tokenizer to the model's, e.g. 0.9-1.2")
    ] = None,
    basis: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="of the fragment's rate: peak_window or mean_rate",
            autocompletion=offered.among("peak_window", "mean_rate"),
        ),
    ] = "peak_window",
    as_json: AsJson = False,
) -> None:
    """Show what a request log shows, and write its traffic as a fragment for `size --with`."""
    from aisizer.cli import trace as verb

    report = verb.trace(
        file,
        output=output,
        workload=workload,
        columns=columns,
        tokens_times=tokens_times,
        basis=basis,
        as_json=as_json,
    )
    typer.echo(report)


@verbs.command(epilog=examples("aisizer calibrate conc1.json conc64.json --gpu h100-sxm --tp 1 -o h100.yaml"))
def calibrate(
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="result files of a benchmark tool")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="NAME.yaml", help="the fragment to write")],
    gpu: Annotated[
        str | None, typer.Option(metavar="NAME", help="GPU class, where no file names it", autocompletion=offered.gpus)
    ] = None,
    tp: Annotated[int | None, typer.Option(help="tensor_parallel, where no file names it")] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="catalog name, where no file names it", autocompletion=offered.models),
    ] = None,
    engine: EngineName = None,
    precision: PrecisionName = None,
    form: Annotated[
        str | None, typer.Option("--format", help="tool that wrote the files, where it is not seen")
    ] = None,
    day: Annotated[str | None, typer.Option("--date", metavar="DATE", help="date to record; default none")] = None,
    catalog: Overlay = None,
) -> None:
    """Fit your own benchmark results into a calibration fragment for `size --with`."""
    from aisizer.cli import calibrate as verb

    typer.echo(
        verb.calibrate(
            files,
            output=output,
            model=model,
            gpu=gpu,
            tensor_parallel=tp,
            engine=engine,
            precision=precision,
            form=form,
            date=day,
            overlay=catalog,
        )
    )


@verbs.command("import", epilog=examples('aisizer import edited.xlsx --by "Jane Doe" -o finance.yaml'))
def import_(
    file: Annotated[Path, typer.Argument(metavar="EDITED.xlsx", help="the tco.xlsx that finance edited")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FRAGMENT.yaml", help="the fragment to write")],
    by: Annotated[str, typer.Option(metavar="NAME", help="who edited it, to be recorded with every value")] = "",
    day: Annotated[
        str | None, typer.Option("--date", metavar="DATE", help="date to record; default the day of the plan")
    ] = None,
) -> None:
    """Take the changed inputs of an edited workbook back, as a fragment for review and `size --with`."""
    from aisizer.cli import import_ as verb

    verb.import_(file, output=output, by=by, day=day)
