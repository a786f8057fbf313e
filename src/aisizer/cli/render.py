"""`aisizer render`: a finished plan in another format, computing nothing."""

from __future__ import annotations

from pathlib import Path

from aisizer.cli.progress import Progress
from aisizer.errors import InvalidInput


def render(plan_path: Path, output: Path | None, formats: str = "") -> str:
    """Draws every default output again from sizing.json, or the formats that are asked for."""
    from aisizer.deliver.formats import in_formats
    from aisizer.deliver.json_file import read_plan
    from aisizer.deliver.put import put
    from aisizer.deliver.write import write_outputs

    path = plan_path / "sizing.json" if plan_path.is_dir() else plan_path
    plan = read_plan(path)
    if plan.decision is None:
        raise InvalidInput(f"{path}: the plan has no decision, so there is nothing to draw. Size a feasible profile.")
    place = output or path.parent
    with Progress("drawing"):
        written = put(*_placed(in_formats(plan, formats), place)) if formats else write_outputs(plan, place)
    return "\n".join(file.as_posix() for file in written)


def _placed(files: dict[str, bytes], output: Path) -> tuple[Path, dict[str, bytes]]:
    """The folder and the names there; the path itself is a file where there is one and it is no folder."""
    if len(files) == 1 and not output.is_dir() and output.suffix:
        return output.parent, {output.name: next(iter(files.values()))}
    return output, files
