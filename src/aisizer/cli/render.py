"""`aisizer render`: a finished plan in another format, computing nothing."""

from __future__ import annotations

from pathlib import Path

from aisizer.cli.progress import Progress
from aisizer.errors import InvalidInput
from aisizer.plan import Plan


def render(plan_path: Path, output: Path | None, formats: str = "") -> str:
    """Draws every default output again from sizing.json, or the formats that are asked for."""
    from aisizer.deliver.json_file import plan_file, read_plan
    from aisizer.deliver.put import put

    path = plan_file(plan_path)
    plan = read_plan(path)
    if plan.decision is None:
        raise InvalidInput(f"{path}: the plan has no decision, so there is nothing to draw. Size a feasible profile.")
    with Progress("drawing"):
        files = _drawn(plan, path, formats)
    place = output or path.parent
    return "\n".join(file.as_posix() for file in put(*(_placed(files, place) if formats else (place, files))))


def _drawn(plan: Plan, path: Path, formats: str) -> dict[str, bytes]:
    """The files' bytes; a plan that somebody changed may read well and still hold figures that no document can show."""
    from aisizer.deliver.formats import in_formats
    from aisizer.deliver.write import render as in_all

    try:
        return in_formats(plan, formats) if formats else in_all(plan)
    except (ValueError, ArithmeticError, LookupError, TypeError) as error:
        raise InvalidInput(
            f"{path} cannot be drawn ({error}): it is not as aisizer wrote it. Run aisizer size again; where a fresh plan "
            "cannot be drawn either, report a bug."
        ) from error


def _placed(files: dict[str, bytes], output: Path) -> tuple[Path, dict[str, bytes]]:
    """The folder and the names there; the path itself is a file where there is one and it is no folder."""
    if len(files) == 1 and not output.is_dir() and output.suffix:
        return output.parent, {output.name: next(iter(files.values()))}
    return output, files
