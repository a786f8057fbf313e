"""The program `aisizer`: its verbs, in the order of its help."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aisizer import __version__
from aisizer.cli import verbs_input, verbs_look_up, verbs_model, verbs_plan

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


class _Verbs(typer.core.TyperGroup):
    """The top level, with its help on one screen."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(HELP)


app = typer.Typer(
    cls=_Verbs,
    add_completion=True,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (verbs_plan, verbs_input, verbs_model, verbs_look_up):
    app.add_typer(group.verbs)


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
