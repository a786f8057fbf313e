"""The verbs: arguments in, exit code out. Bodies import what they need, so that help stays quick."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from aisizer import __version__
from aisizer.cli import completion as offered
from aisizer.cli.terminal import fitted, printable
from aisizer.errors import AisizerError, InvalidInput, NoFeasiblePlan, OutputError

HELP = """\
Usage: aisizer [-h] [--version] VERB ...
Size the GPU fleet for production LLM inference from one YAML profile. Offline.

Plan     size       profile -> decision, BOM, TCO, document, triggers
         explain    where a plan's number comes from, or what a field means
         compare    profiles side by side, or one of them varied (--vary)
         diff       what changed between two plans; gates for CI (--fail-on)
         render     a finished plan in another format, computing nothing
Input    init       write a commented profile, from scratch or a ready one
         validate   every fault of every file, with line and column
         trace      request log -> workload fragment
         calibrate  benchmark results -> calibration fragment
         import     workbook edited by finance -> reviewed fragment
Model    predict    latency and throughput of one point, or a CSV of points
         simulate   traffic and failures replayed on a profile or a plan
Watch    watch      metrics (file or server) against plan: what fired
Look up  catalog    list, show, verify GPUs, models, prices, sites, rules
         schema     JSON Schema of profile, plan, catalog and answers

PROFILE is a path, - or the name of a ready one. With it: --set PATH=VALUE,
--with FILE (a fragment), --catalog DIR. With a result: -o, --json, --quiet.
Exit: 0 ok  1 bug  2 bad input  3 no feasible plan  4 gate failed  5 trigger

Example: aisizer size clinical-notes --set resilience.redundancy=N+2
"""


CLOSED_PIPE = 141
"""Exit code when the reader of stdout has gone (`aisizer ... | head -1`): silent, and what a shell says of any tool then."""


class _Verbs(typer.core.TyperGroup):
    """The top level, with its help on one screen."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(HELP)


app = typer.Typer(
    cls=_Verbs,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
catalog_app = typer.Typer(rich_markup_mode=None, help="Look into the hardware catalog.", no_args_is_help=True)
app.add_typer(catalog_app, name="catalog")

ProfileArgument = Annotated[
    str,
    typer.Argument(metavar="PROFILE", help="a path, - or the name of a ready profile", autocompletion=offered.profiles),
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="change one value of the profile", autocompletion=offered.values),
]
Fragments = Annotated[
    list[Path] | None, typer.Option("--with", metavar="FILE", help="lay a profile fragment over the profile")
]
Overlay = Annotated[
    Path | None, typer.Option("--catalog", metavar="DIR", help="a catalog folder over the packaged one")
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON on stdout")]
FailOn = Annotated[
    list[str] | None,
    typer.Option("--fail-on", metavar="COND", help='exit 4 when true, such as "tco.three_year_usd > 5e6"'),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="print nothing but errors")]
EngineName = Annotated[
    str | None, typer.Option("--engine", metavar="NAME", help="engine profile", autocompletion=offered.engines)
]
PrecisionName = Annotated[
    str | None,
    typer.Option(
        "--precision",
        metavar="NAME",
        help="bf16, fp8, fp4, int8 or int4",
        autocompletion=offered.among("bf16", "fp8", "fp4", "int8", "int4"),
    ),
]


def _examples(*commands: str) -> str:
    """The end of a verb's help; typer breaks no lines after a \\b."""
    return "\b\nExamples:\n" + "\n".join(f"  {command}" for command in commands)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aisizer {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """Size the GPU fleet for production LLM inference from one YAML profile."""


@app.command(
    epilog=_examples(
        "aisizer size clinical-notes",
        "aisizer size profile.yaml --with traffic.yaml --set growth.rate=6%/month",
    )
)
def size(
    profile: ProfileArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="folder; default sizing/<profile name>")
    ] = None,
    sets: Sets = None,
    fragments: Fragments = None,
    catalog: Overlay = None,
    confirm: Annotated[
        str,
        typer.Option(
            metavar="auto|full|none",
            help="how far the leading options are simulated",
            autocompletion=offered.among("auto", "full", "none"),
        ),
    ] = "auto",
    fail_on: FailOn = None,
    sensitivity: Annotated[
        bool, typer.Option("--sensitivity", help="make the plan again with each input low and high (a minute or so)")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Profile -> decision, BOM, TCO, document, triggers. With --json and no -o nothing is written."""
    from aisizer.cli import size as verb

    verb.size(
        profile,
        output=output,
        sets=sets or (),
        fragments=fragments or (),
        overlay=catalog,
        confirm=confirm,
        sensitivity=sensitivity,
        as_json=as_json,
        quiet=quiet,
        fail_on=fail_on or (),
    )


@app.command(epilog=_examples("aisizer explain decision.gpus", "aisizer explain growth.rate"))
def explain(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="decision.gpus, a field such as growth.rate, or a figure such as '49 %'",
            autocompletion=offered.fields,
        ),
    ],
    plan: Annotated[
        Path | None, typer.Option("--plan", metavar="FILE", help="sizing.json or its folder; default: the newest")
    ] = None,
) -> None:
    """Where a plan's number comes from, where a figure or sentence of the document stands, or what a profile field means."""
    from aisizer.cli import explain as verb

    verb.explain(name, plan)


@app.command(
    epilog=_examples(
        "aisizer diff sizing/clinical-notes sizing/profile",
        "aisizer diff sizing/clinical-notes sizing/profile --max-increase 5%",
    )
)
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="sizing.json or its folder")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="sizing.json or its folder")],
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="table|json|markdown",
            help="what is printed",
            autocompletion=offered.among("table", "json", "markdown"),
        ),
    ] = "table",
    fail_on: FailOn = None,
    max_increase: Annotated[
        list[str] | None,
        typer.Option("--max-increase", metavar="[PATH=]PERCENT", help="exit 4 beyond it; 5% is of tco.three_year_usd"),
    ] = None,
) -> None:
    """What changed between two plans, and gates on it. Nothing is written."""
    from aisizer.cli import diff as verb

    verb.diff(old, new, form=form, fail_on=fail_on or (), max_increase=max_increase or ())


@app.command(epilog=_examples("aisizer render sizing/clinical-notes --format pdf,brief"))
def render(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="sizing.json or its folder")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="or FILE of one format; default: beside it")
    ] = None,
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="NAME,...",
            help="such as pdf,docx,brief,rfq.csv; a wrong name lists all; default: all of size's",
        ),
    ] = "",
) -> None:
    """Draw a finished plan's files again, or in another format, computing nothing."""
    from aisizer.cli import render as verb

    typer.echo(verb.render(plan, output, formats))


@app.command(
    epilog=_examples(
        "aisizer compare clinical-notes contact-centre",
        "aisizer compare profile.yaml --vary resilience.redundancy=N,N+1,N+2",
    )
)
def compare(
    profiles: Annotated[
        list[str],
        typer.Argument(metavar="PROFILES", help="paths, or names of ready profiles", autocompletion=offered.profiles),
    ],
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            metavar="PATH=A,B,C",
            help="one scenario for each value; again: for each combination",
            autocompletion=offered.values,
        ),
    ] = None,
    sets: Sets = None,
    fragments: Fragments = None,
    catalog: Overlay = None,
    confirm: Annotated[
        str,
        typer.Option(
            metavar="none|auto|full",
            help="how far each is simulated; none is quick, analytic only",
            autocompletion=offered.among("none", "auto", "full"),
        ),
    ] = "none",
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="table|json|csv|markdown",
            help="what is printed",
            autocompletion=offered.among("table", "json", "csv", "markdown"),
        ),
    ] = "table",
    chart: Annotated[
        Path | None, typer.Option("--chart", metavar="FILE.svg", help="draw the costs side by side")
    ] = None,
) -> None:
    """Plan several profiles, or one in variations, and show them side by side; a row without a plan keeps its reason."""
    from aisizer.cli import compare as verb

    verb.compare(
        profiles,
        vary=vary or (),
        sets=sets or (),
        fragments=fragments or (),
        overlay=catalog,
        confirm=confirm,
        form=form,
        chart=chart,
    )


@app.command(epilog=_examples("aisizer validate profile.yaml --with traffic.yaml"))
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


@app.command(epilog=_examples("aisizer init profile.yaml", "aisizer init rag.yaml --from rag-internal"))
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


@app.command(epilog=_examples("aisizer schema profile > aisizer-profile.schema.json"))
def schema(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="profile, plan, catalog, compare, watch or diff",
            autocompletion=offered.among("profile", "plan", "catalog", "compare", "watch", "diff"),
        ),
    ],
) -> None:
    """Print the JSON Schema of the profile, the plan or the kinds of catalog files."""
    from aisizer.cli import schema as verb

    typer.echo(verb.schema(kind), nl=False)


@app.command(
    epilog=_examples(
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


@app.command(
    epilog=_examples("aisizer trace requests.csv.gz", "aisizer trace requests.csv.gz --workload chat -o traffic.yaml")
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


@app.command(epilog=_examples("aisizer simulate sizing/clinical-notes --drill server-lost"))
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
            help="server-lost, site-lost, rolling-upgrade, retry-storm, cold-start, tenant-10x, or all",
            autocompletion=offered.among(
                "server-lost", "site-lost", "rolling-upgrade", "retry-storm", "cold-start", "tenant-10x", "all"
            ),
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


@app.command(epilog=_examples("aisizer watch sizing/clinical-notes --metrics levels.csv"))
def watch(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="sizing.json or its folder")],
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


@app.command(epilog=_examples("aisizer calibrate conc1.json conc64.json --gpu h100-sxm --tp 1 -o h100.yaml"))
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


@app.command("import", epilog=_examples('aisizer import edited.xlsx --by "Jane Doe" -o finance.yaml'))
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


@catalog_app.command("list", epilog=_examples("aisizer catalog list gpus"))
def catalog_list(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help=", ".join(offered.KINDS), autocompletion=offered.among(*offered.KINDS))
    ],
    catalog: Overlay = None,
    as_json: AsJson = False,
) -> None:
    """List the records of one kind."""
    from aisizer.cli import catalog as verb

    verb.list_kind(kind, catalog, as_json)


@catalog_app.command("show", epilog=_examples("aisizer catalog show h100-sxm"))
def catalog_show(
    name: Annotated[str, typer.Argument(metavar="ID", autocompletion=offered.records)], catalog: Overlay = None
) -> None:
    """Show one record and the sources of its numbers."""
    from aisizer.cli import catalog as verb

    verb.show(name, catalog)


@catalog_app.command("verify", epilog=_examples("aisizer catalog verify"))
def catalog_verify(catalog: Overlay = None) -> None:
    """Check that every record loads, is sourced and is plausible."""
    from aisizer.cli import catalog as verb

    verb.verify(catalog)


def run() -> None:
    """The console entry point: every expected failure is a sentence on stderr and its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(encoding="utf-8", errors="replace", newline="\n")  # type: ignore[union-attr]
    gc.disable()  # a short process: looking for cycles costs a tenth of a `size` and frees nothing
    atexit.register(gc.freeze)  # nor does looking for them at the exit, for a twentieth more
    try:
        _verb()
    except AisizerError as error:
        if sys.stderr is not None:
            print(fitted(printable(_message(error)), sys.stderr), file=sys.stderr)
        sys.exit(error.exit_code)
    finally:
        gc.enable()


def _verb() -> None:
    """Runs the verb and sees its result off; an OSError that names no file comes from a standard stream."""
    if sys.stdout is None:
        raise OutputError("Standard output is closed, so the result cannot be shown. Send it to /dev/null instead.")
    try:
        try:
            app(prog_name="aisizer")
        except SystemExit as stop:
            if isinstance(stop.__context__, BrokenPipeError):  # typer makes it exit code 1, which is that of a bug
                raise stop.__context__ from None
            raise
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
        sys.exit(CLOSED_PIPE)
    except OSError as error:
        reason = error.strerror or str(error)
        if error.filename is not None:
            raise InvalidInput(f"{error.filename}: {reason}. Check the path and its permissions.") from error
        _discard_output()
        raise OutputError(
            f"The result cannot be shown ({reason}). Send standard output where there is space."
        ) from error


def _discard_output() -> None:
    """Sends what Python still holds for stdout to nowhere, so that its last flush does not fail once more.

    Python documentation, library/signal, note on SIGPIPE.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _message(error: AisizerError) -> str:
    if isinstance(error, NoFeasiblePlan):
        return f"{str(error).rstrip()}\nEarlier files are untouched."
    if isinstance(error, InvalidInput) and error.faults:
        count = len(error.faults)
        return f"{error}\n{count} fault{'s' if count > 1 else ''}; nothing was written."
    return str(error)
