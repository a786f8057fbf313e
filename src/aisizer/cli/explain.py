"""`aisizer explain`: where a number of a plan comes from, or what a profile field means."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from pathlib import Path

from aisizer.errors import InvalidInput
from aisizer.plan import Plan, Step


def explain(name: str, plan_path: Path | None) -> None:
    """Prints the step of that name, or the help of that profile field."""
    from aisizer.cli.schema import field_text

    path = plan_path or _newest()
    plan = _read(path) if path is not None else None
    step = _step(plan, name) if plan is not None else None
    if step is not None:
        sys.stdout.write(shown(step))
        return
    if plan_path is not None:
        raise InvalidInput(_unknown(name, plan, path))
    try:
        sys.stdout.write(field_text(name) + "\n")
    except InvalidInput as error:
        raise InvalidInput(_unknown(name, plan, path) if plan is not None else str(error)) from error


def shown(step: Step) -> str:
    """A step as text."""
    lines = [f"{step.name} = {step.value} {step.unit}", f"  {step.meaning}", "", f"  formula  {step.formula}"]
    lines += [
        f"  {'inputs' if i == 0 else '':<8} {key} = {value}" for i, (key, value) in enumerate(step.inputs.items())
    ]
    lines += [f"  source   {step.source}"]
    lines += [f"  {'next' if i == 0 else '':<8} aisizer explain {name}" for i, name in enumerate(step.next)]
    return "\n".join(lines) + "\n"


def _step(plan: Plan, name: str) -> Step | None:
    return next((step for step in plan.explain if step.name == name), None)


def _read(path: Path) -> Plan:
    from aisizer.deliver.json_file import read_plan

    return read_plan(path)


def _newest() -> Path | None:
    """The plan written last below ./sizing, or in this folder."""
    found: Sequence[Path] = [*Path("sizing").glob("*/sizing.json"), *Path().glob("sizing.json")]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def _unknown(name: str, plan: Plan | None, path: Path | None) -> str:
    names = [step.name for step in plan.explain] if plan else []
    close = difflib.get_close_matches(name, names, n=3)
    hint = f" Did you mean {', '.join(close)}?" if close else ""
    return f"{path} explains no {name} and no profile field has that name.{hint} `aisizer explain decision.gpus` is a start."
