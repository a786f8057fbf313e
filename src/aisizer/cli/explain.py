"""`aisizer explain`: where a number of a plan comes from, at which places a figure stands, or what a profile field means."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from aisizer.cli.explain_figures import AS_PRINTED, figures_text, has_figures
from aisizer.cli.terminal import fitted
from aisizer.errors import InvalidInput
from aisizer.plan import Assumption, Plan, Step

Node = Any
"""what a plan's JSON may hold at a path"""


def explain(name: str, plan_path: Path | None) -> None:
    """Prints the step, the assumption or the value of that name, the places of that figure, or the help of that field."""
    from aisizer.deliver.json_file import read_plan

    path = plan_path or _newest()
    if path is None and has_figures(name):
        raise InvalidInput(
            f"{name!r} is looked up in a plan, and none is near. Give one with --plan FILE. {AS_PRINTED}"
        )
    text = (_meaning(name) or _field(name)) if path is None else explained(read_plan(path), name, path)
    sys.stdout.write(fitted(text, sys.stdout, " " * 11))


def explained(plan: Plan, name: str, path: Path | None) -> str:
    """What a plan says of a name: how it was computed, who set it, or what stands there."""
    from aisizer.studies.paths import full_path

    step = next((step for step in plan.explain if step.name == full_path(plan, name)), None)
    if step is not None:
        return shown(step)
    assumption = next((found for found in plan.assumptions if found.path == name), None)
    if assumption is not None:
        return _assumed(assumption, _help(name))
    found = _value(plan, name) or _help(name) or _meaning(name) or figures_text(plan, name)
    if not found:
        raise InvalidInput(_unknown(plan, name, path))
    return found


def shown(step: Step) -> str:
    """A step as text."""
    lines = [f"{step.name} = {step.value} {step.unit}", f"  {step.meaning}", "", f"  formula  {step.formula}"]
    lines += [
        f"  {'inputs' if i == 0 else '':<8} {key} = {value}" for i, (key, value) in enumerate(step.inputs.items())
    ]
    lines += [f"  source   {step.source}"]
    lines += [f"  {'next' if i == 0 else '':<8} aisizer explain {name}" for i, name in enumerate(step.next)]
    return "\n".join(lines) + "\n"


def _assumed(assumption: Assumption, field_help: str) -> str:
    facts = {"set by": assumption.origin, "reason": assumption.reason, "source": assumption.source}
    lines = [f"{assumption.path} = {assumption.value}", *(f"  {k:<8} {v}" for k, v in facts.items() if v)]
    return "\n".join(lines) + "\n" + (f"\n{field_help}" if field_help else "")


def _value(plan: Plan, name: str) -> str:
    """The value at a path of sizing.json and the recorded step that is nearest to it; empty where there is none."""
    from aisizer.studies.paths import value_of

    try:
        value = value_of(plan, name)
    except KeyError:
        return ""
    rows = list(_rows(value))
    lines = [name, *(f"  {row}" for row in rows)] if rows else [f"{name} = {_compact(value)}"]
    near = _nearest(plan, name)
    return "\n".join([*lines, *([f"  next     aisizer explain {near}"] if near else [])]) + "\n"


def _rows(value: Node) -> Iterator[str]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield f"{key} = {_compact(entry)}"


def _compact(value: Node) -> str:
    """A value on one line; what lies deeper is counted.

    >>> _compact({"wave": 1, "reason": "go-live", "cash": [1.5, 2]}), _compact(None), _compact([])
    ('wave 1, reason go-live, cash (2 entries)', 'no value', 'none')
    """
    if isinstance(value, dict) and value:
        return ", ".join(f"{key} {_inner(entry)}" for key, entry in value.items())
    return _inner(value)


def _inner(value: Node) -> str:
    if value is None:
        return "no value"
    if isinstance(value, (dict, list)):
        count = len(value)
        return f"({count} entr{'y' if count == 1 else 'ies'})" if count else "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _nearest(plan: Plan, name: str) -> str | None:
    """The recorded step that shares most of the path, then most of the letters; none where it shares no part of it."""

    def shared(step: str) -> int:
        return len(set(step.split(".")) & set(name.split(".")))

    def likeness(step: str) -> tuple[int, float]:
        return shared(step), difflib.SequenceMatcher(None, step, name).ratio()

    near = max((step.name for step in plan.explain), key=likeness, default=None)
    return near if near is not None and shared(near) else None


def _meaning(name: str) -> str:
    """What a word of the screen or the document means; empty where the glossary lacks it."""
    from aisizer.deliver.glossary import WORDS

    for words, meaning in WORDS.items():
        if name.lower() in (word.lower() for word in words.split(", ")):
            return f"{words}: {meaning}\n"
    return ""


def _help(name: str) -> str:
    try:
        return _field(name)
    except InvalidInput:
        return ""


def _field(name: str) -> str:
    from aisizer.cli.schema import field_text

    return field_text(name) + "\n"


def _unknown(plan: Plan, name: str, path: Path | None) -> str:
    if has_figures(name):
        return f"{name!r} stands nowhere in {path}. {AS_PRINTED}"
    names = [step.name for step in plan.explain] + [assumption.path for assumption in plan.assumptions]
    close = [known for known in names if known.endswith(f".{name}")][:3] or difflib.get_close_matches(name, names, n=3)
    hint = f" Did you mean {', '.join(close)}?" if close else ""
    return f"{path} explains no {name} and no profile field has that name.{hint} `aisizer explain decision.gpus` is a start."


def _newest() -> Path | None:
    """The plan written last below ./sizing, or in this folder."""
    found: Sequence[Path] = [*Path("sizing").glob("*/sizing.json"), *Path().glob("sizing.json")]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)
