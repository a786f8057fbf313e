"""What finance changed in a tco.xlsx, as a fragment of the profile for review, and as a table for the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from aisizer import __version__, units
from aisizer.deliver.workbook_archive import refusal
from aisizer.deliver.workbook_reader import Change, Edited, shown
from aisizer.deliver.yaml_text import scalar
from aisizer.errors import Fault, InvalidInput
from aisizer.profile.faults import problem_at
from aisizer.profile.fields import bare, dimension_of, type_at
from aisizer.profile.yaml_file import FieldPath

_QUOTES = "supply.quotes."
_RATE = re.compile(r"finance\.fx\.([A-Z]{3})\.rate")
_SECTIONS = ("supply", "finance", "compliance")
"""The sections of a profile that hold prices, rates and factors; a workbook sets nothing else."""
STRIKING = 10.0
"""Times by which a figure may grow or shrink before it is pointed out: a slipped decimal sign is ten or a thousand."""


@dataclass(frozen=True, slots=True)
class Editor:
    """Who edited which file, and as of when: what every value of the fragment says of its origin."""

    file: str
    name: str
    day: date

    @property
    def words(self) -> str:
        """As a quote or a rate names its source."""
        by = f" by {self.name}" if self.name else ""
        return f"edited{by} in {self.file}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of the fragment: where it stands in a profile, what it is there, and the change that it comes from."""

    path: FieldPath
    value: Any
    change: Change


def entries(edited: Edited, editor: Editor) -> list[Entry]:
    """The changes as values of the profile; raises InvalidInput with each that its field does not take."""
    found, faults = [], []
    for change in edited.changes:
        entry = _entry(change, editor)
        problem = _no_path(change) if entry is None else _problem(entry)
        if problem:
            faults.append(Fault(edited.file, None, None, change.cell, f"{change.name}: {problem}"))
        elif entry is not None:
            found.append(entry)
    if faults:
        raise InvalidInput(faults)
    return found


def _entry(change: Change, editor: Editor) -> Entry | None:
    """The value that a change is in a profile; null where its path is none that a workbook sets."""
    if change.path.startswith(_QUOTES) and change.path != _QUOTES:
        return Entry(("supply", "quotes", 0), _quote(change, editor), change)
    if match := _RATE.fullmatch(change.path):
        rate = {"rate": change.new, "as_of": editor.day.isoformat(), "source": editor.words}
        return Entry(("finance", "fx", match[1]), rate, change)
    path = _field(change.path)
    return Entry(path, _with_unit(change, dimension_of(type_at(path))), change) if path else None


def _quote(change: Change, editor: Editor) -> dict[str, str]:
    return {
        "item": change.path.removeprefix(_QUOTES),
        "unit_price": f"{_decimal(change.new)} {change.unit}",
        "as_of": editor.day.isoformat(),
        "supplier": editor.words,
        "reference": change.cell,
        "kind": "estimated",
        "replaces": "price",
    }


def _field(text: str) -> FieldPath | None:
    """The field of one figure that a dotted path leads to, below what money hangs on; a name in it may hold dots.

    >>> _field("finance.tax"), _field("supply.amounts.a.b"), _field("supply.engine")
    (('finance', 'tax'), ('supply', 'amounts', 'a.b'), None)
    """
    section, *parts = text.split(".")
    whole, named = ".".join(parts[1:]), ".".join(parts[1:-1])
    ways: list[FieldPath] = [
        (section, *parts[:1], *([whole] if whole else [])),
        (section, *parts[:1], named, *parts[-1:]),
    ]
    return next((way for way in ways if section in _SECTIONS and _one_figure(type_at(way))), None)


def _one_figure(hint: Any) -> bool:
    return dimension_of(hint) is not None or bare(hint) is float


def _with_unit(change: Change, dimension: str | None) -> str | float:
    """The value as its field takes it: a bare number, or one with the input's unit (an amount: its currency)."""
    if dimension is None or dimension in units.BARE_OK:
        return change.new
    return f"{_decimal(change.new)} {change.unit.partition('/')[0] if dimension == 'money' else change.unit}"


def _no_path(change: Change) -> str:
    return (
        f"{shown(change.path)} is no field that a workbook sets. Take a fresh copy of the workbook, or change the field in "
        "the profile itself."
    )


def _problem(entry: Entry) -> str | None:
    if entry.path[1] == "quotes" and entry.change.new == 0:
        return "a price of 0 cannot be told from one that nobody gave. Restore the old price, or type a small one."
    return problem_at(entry.path, entry.value)


def _decimal(value: float) -> str:
    """All digits of a number, without an exponent.

    >>> _decimal(249000.0), _decimal(1e-05), _decimal(0.0862)
    ('249000', '0.00001', '0.0862')
    """
    return f"{Decimal(repr(value)):f}".removesuffix(".0")


def fragment(entries: Sequence[Entry], edited: Edited, editor: Editor) -> str:
    """The fragment's text; the same workbook gives the same bytes."""
    stamps = edited.stamps
    head = [
        f"Inputs that finance changed in {editor.file}, read back by aisizer {__version__}.",
        f"Edited by: {editor.name or 'not said (aisizer import --by NAME)'}.",
        f"Plan of {stamps.get('Plan date', 'an unknown day')}, sha256 {stamps.get('Plan sha256', 'not stated')};",
        f"profile sha256 {stamps.get('Profile sha256', 'not stated')}.",
        "Review each value, then use it: aisizer size PROFILE --with this file.",
    ]
    return "".join(f"{line}\n" for line in [*(f"# {line}" for line in head), *_block(_tree(entries), "", editor)])


_Tree = dict[str, Any]


def _tree(entries: Sequence[Entry]) -> _Tree:
    """Entries by the keys of their paths; those of a list one after the other."""
    tree: _Tree = {}
    for entry in entries:
        *parents, last = entry.path
        at = tree
        for parent in parents[:-1] if isinstance(last, int) else parents:
            at = at.setdefault(str(parent), {})
        if isinstance(last, int):
            at.setdefault(str(parents[-1]), []).append(entry)
        else:
            at[str(last)] = entry
    return tree


def _block(tree: _Tree, indent: str, editor: Editor) -> Iterator[str]:
    for key, below in tree.items():
        if isinstance(below, Entry):
            yield f"{indent}# {_origin(below.change, editor)}"
            yield from _value(f"{indent}{scalar(key)}:", below.value, indent + "  ")
            continue
        yield f"{indent}{scalar(key)}:"
        if isinstance(below, dict):
            yield from _block(below, indent + "  ", editor)
        else:
            for entry in below:
                yield f"{indent}  # {_origin(entry.change, editor)}"
                first, *rest = (f"{name}: {scalar(value)}" for name, value in entry.value.items())
                yield f"{indent}  - {first}"
                yield from (f"{indent}    {line}" for line in rest)


def _value(head: str, value: Any, indent: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{head} {scalar(value)}"
        return
    yield head
    yield from (f"{indent}{name}: {scalar(part)}" for name, part in value.items())


def _origin(change: Change, editor: Editor) -> str:
    """What a comment says of a value: input, old, new, cell, and by whom."""
    by = f", by {editor.name}" if editor.name else ""
    figures = f"{_figure(change, change.old)} -> {_figure(change, change.new)} {_unit(change)}".rstrip()
    return f"{change.cell}, {shown(change.name)}: {figures}{by}"


def _figure(change: Change, value: float | None) -> str:
    """An input's value as a reader of the workbook sees it: shares in per cent."""
    if value is None:
        return "no value"
    is_share = dimension_of(type_at(_field(change.path) or ())) == "share"
    return f"{value * 100:.10g} %" if is_share else f"{Decimal(f'{value:.12g}'):,f}"


def _unit(change: Change) -> str:
    """The unit, where there is one."""
    return "" if change.unit == "1" else shown(change.unit)


def changes_table(changes: Sequence[Change]) -> str:
    """Input, old and new value, unit and cell of each change, in 80 columns."""
    rows = [("Input", "Was", "Is", "Unit", "Cell")]
    rows += [(c.name, _figure(c, c.old), _figure(c, c.new), _unit(c), c.cell) for c in changes]
    lines = (f"{_cut(name, 25):25} {old:>13} {new:>13}  {_cut(unit, 13):13} {at}" for name, old, new, unit, at in rows)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


def striking(changes: Sequence[Change]) -> list[str]:
    """A sentence for each figure that moved so far that a slip of the hand is likelier than news."""
    return [
        f"{change.cell}, {change.name}: {_figure(change, change.old)} became {_figure(change, change.new)}. Check the "
        "decimal sign."
        for change in changes
        if change.old and not 1 / STRIKING < change.new / change.old < STRIKING
    ]


def editor_of(edited: Edited, name: str, day: date | None) -> Editor:
    """Who edited, and the day that is recorded: that of the plan where none is given."""
    file, stamp = shown(Path(edited.file).name), edited.stamps.get("Plan date", "")
    try:
        return Editor(file, shown(name), day or date.fromisoformat(stamp))
    except ValueError as error:
        problem = f"About does not say the day of the plan (got {stamp or 'nothing'}). Give the day with --date."
        raise refusal(edited.file, problem) from error
