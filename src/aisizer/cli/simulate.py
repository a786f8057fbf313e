"""`aisizer simulate`: traffic and failures replayed on a profile or a plan."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.records import Model
from aisizer.cli.file import write_file
from aisizer.cli.progress import Progress
from aisizer.errors import InvalidInput
from aisizer.plan import Plan
from aisizer.profile.load import LoadedProfile

if TYPE_CHECKING:
    from aisizer.studies.simulation import Asked

ALL = "all"
"""What --drill takes for every drill, one after the other."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is simulated: a plan, with the profile and the catalog that it is made from."""

    plan: Plan
    loaded: LoadedProfile
    catalog: Catalog
    files: Mapping[str, Model]


def simulate(
    subject: str,
    *,
    drill: str | None,
    seconds: float,
    seeds: int,
    sets: Sequence[str],
    fragments: Sequence[Path],
    overlay: Path | None,
    requests_out: Path | None,
    svg: Path | None,
    as_json: bool,
) -> None:
    """Simulates the plan's first wave at its busiest hour and prints what every promise sees."""
    from aisizer.deliver.simulation import requests_csv, simulation_json, simulation_svg, simulation_text
    from aisizer.studies.simulation import Asked, simulated

    asked = Asked(None if drill == ALL else drill, seconds, seeds)
    if drill == ALL and (requests_out or svg):
        raise InvalidInput("--requests-out and --svg show one run. Name one drill instead of all.")
    made = _subject(subject, sets, fragments, overlay)
    if drill == ALL:
        sys.stdout.write(_all_drills(made, asked, as_json))
        return
    with Progress("simulating") as progress:
        found, runs = simulated(made.plan, made.loaded, made.catalog, made.files, asked, progress.told)
    if requests_out is not None:
        decision = made.plan.decision
        workloads = (
            {pool.name.removesuffix(f"-{pool.role}"): pool.workloads for pool in decision.pools} if decision else {}
        )
        write_file(requests_out, requests_csv(runs, workloads))
    if svg is not None:
        write_file(svg, simulation_svg(found))
    sys.stdout.write(simulation_json(found) if as_json else simulation_text(found))


def _all_drills(made: Subject, asked: Asked, as_json: bool) -> str:
    from aisizer.deliver.sections_drills import drills_json, drills_text
    from aisizer.studies.simulation import all_simulated

    with Progress("simulating") as progress:
        found = all_simulated(made.plan, made.loaded, made.catalog, made.files, asked, progress.told)
    return drills_json(found) if as_json else drills_text(found)


def _subject(name: str, sets: Sequence[str], fragments: Sequence[Path], overlay: Path | None) -> Subject:
    from aisizer.deliver.json_file import plan_file

    file = plan_file(Path(name))
    if file.suffix == ".json":
        if sets or fragments:
            raise InvalidInput("A plan is simulated as it stands. Give the profile instead to use --set or --with.")
        return _of_plan(file, overlay)
    return _of_profile(name, sets, fragments, overlay)


def _of_plan(file: Path, overlay: Path | None) -> Subject:
    from aisizer.catalog.load import load_catalog
    from aisizer.catalog.model_files import model_files
    from aisizer.deliver.json_file import read_plan
    from aisizer.demand.resolve import resolve_traces
    from aisizer.profile.load import profile_of

    plan, catalog = read_plan(file), load_catalog(overlay)
    if plan.inputs.catalog_sha256 != catalog.sha256:
        sys.stderr.write("The plan was made with another catalog; this one builds its replicas now.\n")
    loaded = resolve_traces(profile_of(plan.profile, file.name))
    return Subject(plan, loaded, catalog, model_files(loaded)[0])


def _of_profile(name: str, sets: Sequence[str], fragments: Sequence[Path], overlay: Path | None) -> Subject:
    from aisizer.cli.inputs import load_inputs
    from aisizer.deliver.screen import infeasible_screen
    from aisizer.errors import NoFeasiblePlan
    from aisizer.plan.make import make_plan

    inputs = load_inputs(name, sets, fragments, overlay)
    with Progress("planning"):
        plan = make_plan(inputs.loaded, inputs.catalog, inputs.files)
    if plan.decision is None:
        raise NoFeasiblePlan(infeasible_screen(plan))
    return Subject(plan, inputs.loaded, inputs.catalog, inputs.files)
