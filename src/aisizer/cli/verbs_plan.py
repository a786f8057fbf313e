"""Arguments of the verbs that make a plan or show one: size, explain, compare, diff, render."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aisizer.cli import completion as offered
from aisizer.cli.options import AsJson, FailOn, Fragments, Overlay, PlanArgument, ProfileArgument, Quiet, Sets, examples

verbs = typer.Typer(rich_markup_mode=None)


@verbs.command(
    epilog=examples(
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


@verbs.command(epilog=examples("aisizer explain decision.gpus", "aisizer explain growth.rate"))
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


@verbs.command(epilog=examples("aisizer render sizing/clinical-notes --format pdf,brief"))
def render(
    plan: PlanArgument,
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


@verbs.command(
    epilog=examples(
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


@verbs.command(
    epilog=examples(
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
