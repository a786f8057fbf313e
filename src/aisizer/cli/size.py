"""`aisizer size`: profile -> decision, BOM, TCO, document, triggers."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aisizer.cli.inputs import LoadedInputs, load_inputs
from aisizer.cli.progress import Progress
from aisizer.cli.terminal import use_color, width
from aisizer.errors import GateFailed, NoFeasiblePlan
from aisizer.plan import Plan

if TYPE_CHECKING:
    from aisizer.plan.confirm import Confirm


def size(
    profile: str,
    *,
    output: Path | None,
    sets: Sequence[str],
    fragments: Sequence[Path],
    overlay: Path | None,
    confirm: str,
    sensitivity: bool,
    as_json: bool,
    quiet: bool,
    fail_on: Sequence[str] = (),
) -> None:
    """Makes the plan, writes its files and shows the decision."""
    from aisizer.deliver.json_file import plan_json
    from aisizer.plan.confirm import as_confirm
    from aisizer.plan.make import make_plan
    from aisizer.studies.gates import parse_gate

    effort = as_confirm(confirm)
    for condition in fail_on:
        parse_gate(condition, "--fail-on")
    inputs = load_inputs(profile, sets, fragments, overlay)
    with Progress("planning", quiet=quiet):
        plan = make_plan(inputs.loaded, inputs.catalog, inputs.files, effort)
    if sensitivity and plan.decision is not None:
        plan = _with_sensitivity(plan, inputs, effort, quiet)
    failed = [] if plan.decision is None else _failed_gates(plan, fail_on)
    if plan.decision is not None and (output is not None or not as_json):
        folder = output or Path("sizing") / inputs.loaded.profile.name
        _deliver(plan, folder, show=not (as_json or quiet))
        failed = [*failed, "The files were written. Change the profile, or the gate."] if failed else []
    if as_json:
        sys.stdout.write(plan_json(plan))
    if plan.decision is None:
        from aisizer.deliver.screen import infeasible_screen

        raise NoFeasiblePlan(infeasible_screen(plan))
    if failed:
        raise GateFailed("\n".join(failed))


def _with_sensitivity(plan: Plan, inputs: LoadedInputs, effort: Confirm, quiet: bool) -> Plan:
    from aisizer.studies.sensitivity import with_sensitivity

    with Progress("planning again with each input low and high", quiet=quiet) as progress:
        return with_sensitivity(plan, inputs.loaded, inputs.catalog, inputs.files, effort, progress.told)


def _deliver(plan: Plan, folder: Path, *, show: bool) -> None:
    from aisizer.deliver.screen import screen
    from aisizer.deliver.write import write_outputs

    write_outputs(plan, folder)
    if show:
        sys.stdout.write(screen(plan, folder=folder.as_posix(), width=width(), color=use_color()))


def _failed_gates(plan: Plan, fail_on: Sequence[str]) -> list[str]:
    """A sentence for each gate that does not hold; what is no gate is refused before anything is written."""
    from aisizer.studies.gates import check_fail_on, check_gates, told

    return [told(result) for result in (*check_gates(plan), *check_fail_on(plan, fail_on)) if not result.holds]
