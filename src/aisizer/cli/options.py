"""Arguments and options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aisizer.cli import completion as offered

ProfileArgument = Annotated[
    str,
    typer.Argument(metavar="PROFILE", help="a path, - or the name of a ready profile", autocompletion=offered.profiles),
]
PlanArgument = Annotated[Path, typer.Argument(metavar="PLAN", help="sizing.json or its folder")]
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


def examples(*commands: str) -> str:
    """The end of a verb's help; typer breaks no lines after a \\b."""
    return "\b\nExamples:\n" + "\n".join(f"  {command}" for command in commands)
