"""Arguments of the verbs that predict, simulate and watch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aisizer.cli import completion as offered
from aisizer.cli.options import AsJson, EngineName, Fragments, Overlay, PlanArgument, PrecisionName, Sets, examples

verbs = typer.Typer(rich_markup_mode=None)


@verbs.command(
    epilog=examples(
        "aisizer predict --model llama-3.1-8b --gpu l40s --isl 900 --osl 90 --rate 2",
        "aisizer predict points.csv -o predicted.csv",
    )
)
def predict(
    points: Annotated[Path | None, typer.Argument(metavar="[POINTS.csv]", help="a CSV file of many points")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="OUT.csv", help="default: stdout")] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="catalog name or config.json", autocompletion=offered.models)
    ] = None,
    gpu: Annotated[str | None, typer.Option(metavar="NAME", help="GPU class", autocompletion=offered.gpus)] = None,
    tp: Annotated[int | None, typer.Option(help="tensor_parallel; default: the layout aisizer would pick")] = None,
    isl: Annotated[float | None, typer.Option(help="prompt tokens")] = None,
    osl: Annotated[float | None, typer.Option(help="output tokens")] = None,
    concurrency: Annotated[int | None, typer.Option(help="requests in flight")] = None,
    rate: Annotated[float | None, typer.Option(help="requests a second")] = None,
    engine: EngineName = None,
    precision: PrecisionName = None,
    prefix_hit: Annotated[
        str | None, typer.Option(metavar="SHARE", help="of each prompt in the prefix cache, such as 40%")
    ] = None,
    spec_decode: Annotated[bool, typer.Option("--spec-decode", help="with a drafted token for each step")] = False,
    catalog: Overlay = None,
    as_json: AsJson = False,
) -> None:
    """Latency and throughput of one point, or a CSV of points."""
    from aisizer.cli import predict as verb

    if points is not None:
        verb.predict_csv(points, output=output, overlay=catalog)
        return
    answer = verb.predict_one(
        model=model,
        gpu=gpu,
        tp=tp,
        isl=isl,
        osl=osl,
        concurrency=concurrency,
        rate=rate,
        engine=engine,
        precision=precision,
        prefix_hit=prefix_hit,
        spec_decode=spec_decode,
        overlay=catalog,
        as_json=as_json,
    )
    typer.echo(answer, nl=False)


@verbs.command(epilog=examples("aisizer simulate sizing/clinical-notes --drill server-lost"))
def simulate(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="PROFILE|PLAN", help="a profile, or sizing.json or its folder", autocompletion=offered.profiles
        ),
    ],
    drill: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=", ".join(offered.DRILLS),
            autocompletion=offered.among(*offered.DRILLS),
        ),
    ] = None,
    seconds: Annotated[float, typer.Option(help="length of a run")] = 3600.0,
    seeds: Annotated[int, typer.Option(help="runs, each with other random numbers")] = 3,
    sets: Sets = None,
    fragments: Fragments = None,
    catalog: Overlay = None,
    requests_out: Annotated[
        Path | None, typer.Option("--requests-out", metavar="FILE.csv", help="write one row for each request")
    ] = None,
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE.svg", help="draw the queue over time")] = None,
    as_json: AsJson = False,
) -> None:
    """Traffic and failures replayed on a profile or a plan: what every promise sees, request by request."""
    from aisizer.cli import simulate as verb

    verb.simulate(
        subject,
        drill=drill,
        seconds=seconds,
        seeds=seeds,
        sets=sets or (),
        fragments=fragments or (),
        overlay=catalog,
        requests_out=requests_out,
        svg=svg,
        as_json=as_json,
    )


@verbs.command(epilog=examples("aisizer watch sizing/clinical-notes --metrics levels.csv"))
def watch(
    plan: PlanArgument,
    prometheus: Annotated[
        str | None, typer.Option("--prometheus", metavar="URL", help="server that holds the metrics")
    ] = None,
    metrics: Annotated[
        Path | None, typer.Option("--metrics", metavar="FILE.csv", help="levels as day,trigger,level")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="DATE", help="the clock; default the last day measured")
    ] = None,
    fragments: Annotated[
        list[Path] | None, typer.Option("--with", metavar="FILE", help="fragment with evidence.orders")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", metavar="FILE", help="bearer token; default AISIZER_PROMETHEUS_TOKEN"),
    ] = None,
    catalog: Overlay = None,
    as_json: AsJson = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="print Markdown, for a comment in CI")] = False,
) -> None:
    """Actual against plan for each trigger: level, growth, runway, fired or not. Exit 5 when one fired."""
    from aisizer.cli import watch as verb

    verb.watch(
        plan,
        prometheus=prometheus,
        metrics=metrics,
        at=at,
        fragments=fragments or (),
        token_file=token_file,
        overlay=catalog,
        as_json=as_json,
        markdown=markdown,
    )
