"""`aisizer render`: a finished plan in another format, computing nothing."""

from __future__ import annotations

from pathlib import Path

from aisizer.errors import InvalidInput


def render(plan_path: Path, output: Path | None) -> str:
    """Draws every default output again from sizing.json."""
    from aisizer.deliver.json_file import read_plan
    from aisizer.deliver.write import write_outputs

    path = plan_path / "sizing.json" if plan_path.is_dir() else plan_path
    plan = read_plan(path)
    if plan.decision is None:
        raise InvalidInput(f"{path}: the plan has no decision, so there is nothing to draw. Size a feasible profile.")
    written = write_outputs(plan, output or path.parent)
    return "\n".join(file.as_posix() for file in written)
