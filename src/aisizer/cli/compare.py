"""`aisizer compare`: several profiles, or variations of one, planned and put side by side."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aisizer import __version__
from aisizer.cli.inputs import LoadedInputs, load_all
from aisizer.cli.progress import Progress
from aisizer.cli.terminal import width
from aisizer.errors import InvalidInput, NoFeasiblePlan

if TYPE_CHECKING:
    from aisizer.plan.confirm import Confirm
    from aisizer.studies.compare import Scenarios

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Asked:
    """One scenario before it is planned."""

    profile: str
    """as the user gave it"""
    changes: dict[str, str]
    inputs: LoadedInputs


def compare(
    profiles: Sequence[str],
    *,
    vary: Sequence[str],
    sets: Sequence[str],
    fragments: Sequence[Path],
    overlay: Path | None,
    confirm: str,
    form: str,
    chart: Path | None,
) -> None:
    """Plans every scenario and prints one row for each; refuses all where one profile is not valid."""
    from aisizer.cli.file import write_file
    from aisizer.deliver.compare import FORMATS, compare_svg, compare_text
    from aisizer.plan.confirm import as_confirm
    from aisizer.studies.compare import variations

    if form not in FORMATS:
        raise InvalidInput(f"There is no format {form!r} of a comparison. Use {', '.join(FORMATS)}.")
    effort, changes = as_confirm(confirm), variations(vary)
    answer = _planned(_asked(profiles, changes, sets, fragments, overlay), effort)
    sys.stdout.write(compare_text(answer, width()) if form == "table" else FORMATS[form](answer))
    if all(s.fleet is None for s in answer.scenarios):
        raise NoFeasiblePlan("No scenario has a plan; each row says why. `aisizer size` tells more of one of them.")
    if chart is not None:
        write_file(chart, compare_svg(answer))


def _asked(
    profiles: Sequence[str],
    changes: Sequence[dict[str, str]],
    sets: Sequence[str],
    fragments: Sequence[Path],
    overlay: Path | None,
) -> list[Asked]:
    """Every profile in every variation."""
    profiles = list(dict.fromkeys(profiles))
    if len(profiles) * len(changes) < 2:
        raise InvalidInput("One scenario is nothing to compare. Give another profile, or --vary PATH=A,B.")
    if STDIN in profiles and len(changes) > 1:
        raise InvalidInput("- can be read once only. Write the profile to a file to vary it.")
    pairs = [(profile, change) for profile in profiles for change in changes]
    varied = ((profile, [*sets, *map("=".join, change.items())]) for profile, change in pairs)
    loaded = load_all(varied, fragments, overlay)
    return [Asked(*pair, inputs) for pair, inputs in zip(pairs, loaded, strict=True)]


def _planned(asked: Sequence[Asked], effort: Confirm) -> Scenarios:
    """The plan of each scenario, as far as they are put side by side."""
    from aisizer.plan.make import make_plan
    from aisizer.progress import counted
    from aisizer.studies.compare import Scenarios, scenario

    found = []
    with Progress("planning") as progress:
        for name, one in counted(zip(_names(asked), asked, strict=True), len(asked), progress.told):
            plan = make_plan(one.inputs.loaded, one.inputs.catalog, one.inputs.files, effort)
            found.append(scenario(name, one.changes, plan))
    return Scenarios(
        aisizer_version=__version__,
        catalog_sha256=asked[0].inputs.catalog.sha256,
        confirm=effort,
        scenarios=tuple(found),
    )


def _names(asked: Sequence[Asked]) -> list[str]:
    """What tells the scenarios apart: the profile where there are several, by path where names repeat, and what was varied."""
    given = list(dict.fromkeys(one.profile for one in asked))
    own = {one.profile: one.inputs.loaded.profile.name for one in asked}
    unique = len(set(own.values())) == len(given)
    names = []
    for one in asked:
        profile = [own[one.profile] if unique else one.profile] if len(given) > 1 else []
        names.append(", ".join([*profile, *one.changes.values()]))
    return names
