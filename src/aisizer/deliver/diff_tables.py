"""What changed between two plans as tables of text, before they have a format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from aisizer.deliver import labels, numbers
from aisizer.studies.diff_records import Amount, Change, Diff, Line, Price, Side, Value

Mark = Literal["~", "+", "-", ""]
"""changed, added, removed, as before"""
NOTHING = "Nothing changed."
THREE_YEARS = "3 years"
"""name of the total that the summary has already"""
SHORT_HASH = 12
"""digits of a sha256 that tell two apart on a page; the JSON has them all"""
LEAST = " *"
"""behind an amount that is known to be at least that much"""
COVERED = frozenset(
    {"inputs", "profile", "decision", "slo", "roadmap", "triggers", "symptoms", "tco", "baseline", "assumptions"}
)
"""sections of sizing.json whose differences the tables show"""
_STATES: dict[str, Mark] = {"added": "+", "removed": "-"}
Write = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that changed: what, from what, to what, by how much."""

    mark: Mark
    name: str
    old: str
    new: str
    delta: str = ""
    ratio: str = ""
    words: bool = False
    """whether old and new are words of the plan rather than figures"""
    worse: bool | None = None
    """whether money or a promise got worse; None where neither can be said"""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a title."""

    title: str
    rows: tuple[Row, ...]
    own: bool = False
    """whether the names are aisizer's own, and not the plan's"""


def tables(diff: Diff) -> list[Table]:
    """Everything that changed, the gravest first; a table without rows is left out."""
    made = [
        Table("Decision", tuple(map(change_row, diff.decision))),
        Table("Fleet", tuple(map(change_row, diff.fleet)), own=True),
        Table("SLO at the peak hour", tuple(map(change_row, diff.slo))),
        Table("Cost of the chosen site, USD", tuple(map(amount_row, diff.totals)), own=True),
        Table("3 years by category, USD", (*map(_category, diff.categories), *_rounding(diff.category_rounding_usd))),
        Table("3 years by line, USD", (*map(line_row, diff.lines), *_rounding(diff.line_rounding_usd))),
        Table("Other sites, USD", tuple(map(amount_row, diff.sites))),
        Table("Orders", tuple(map(change_row, diff.dates))),
        Table("Triggers", tuple(map(change_row, diff.triggers))),
        Table("Prices, USD", tuple(map(price_row, diff.prices))),
        Table("Assumptions", tuple(map(change_row, diff.assumptions))),
        Table("Inputs", tuple(map(change_row, diff.inputs))),
    ]
    return [table for table in made if table.rows]


def headline(diff: Diff) -> str:
    """What a reader wants to know first: what the change costs."""
    if not diff.sections:
        return NOTHING
    if not diff.new.decided:
        return "no feasible plan"
    found = _three_years(diff)
    if found is None:
        return "the 3-year cost is as before"
    if found.delta_usd is None:
        return "the 3-year costs cannot be compared"
    part = "" if found.ratio is None else f" ({percent(found.ratio)})"
    scope = " on the lines that both price" if diff.one_sided else ""
    return f"3-year cost {signed(found.delta_usd)} USD{part}{scope}"


def summary(diff: Diff) -> list[Row]:
    """The fleet, the promises and the money, also where they are as before."""
    found = _three_years(diff)
    delta, ratio = (None, None) if found is None else (found.delta_usd, found.ratio)
    facts = [
        ("fleet", _fleet(diff.old), _fleet(diff.new)),
        ("SLO", _promises(diff.old), _promises(diff.new)),
    ]
    rows = [Row("~" if old != new else "", name, old, new, words=True) for name, old, new in facts]
    return [
        *rows,
        Row(
            mark="" if found is None else "~",
            name=f"{THREE_YEARS}, USD",
            old=_cost(diff.old),
            new=_cost(diff.new),
            delta="" if delta is None else signed(delta),
            ratio="" if ratio is None else percent(ratio),
        ),
    ]


def closing(diff: Diff) -> list[str]:
    """Notes, and what else of the files differs."""
    lacking = [(name, side) for name, side in (("old", diff.old), ("new", diff.new)) if side.missing]
    least = [
        f"{LEAST.strip()} at least: {numbers.count(len(side.missing), 'cost line')} of the {name} plan without a price "
        f"({labels.listed(side.missing)})."
        for name, side in lacking
    ]
    also = [name for name in diff.sections if name not in COVERED or not tables(diff)]
    return [*least, *diff.notes, *([f"Also differ in sizing.json: {', '.join(also)}."] if also else [])]


def _fleet(side: Side) -> str:
    if side.gpus is None or side.site is None:
        return "no feasible plan"
    return f"{side.gpus} x {', '.join(map(labels.gpu, side.gpu_classes))} {labels.site(side.site)}"


def _promises(side: Side) -> str:
    if not side.decided:
        return numbers.NOT_AVAILABLE
    missed = f" (MISSED: {labels.listed(side.missed)})" if side.missed else ""
    return f"{side.promises - len(side.missed)} of {side.promises} met{missed}"


def _cost(side: Side) -> str:
    if side.three_year_usd is None:
        return numbers.NOT_AVAILABLE
    return numbers.at_least(money(side.three_year_usd), bool(side.missing))


def _three_years(diff: Diff) -> Amount | None:
    return next((amount for amount in diff.totals if amount.path == "tco.three_year_usd"), None)


def change_row(change: Change) -> Row:
    """A figure or a word."""
    old, new = _texts(change)
    plain = change.delta is None or isinstance(change.new, bool)
    return Row(
        mark="+" if change.old is None else "-" if change.new is None else "~",
        name=change.name,
        old=old,
        new=new,
        delta="" if change.delta is None else _delta(change.delta, change.unit),
        ratio="" if change.ratio is None or change.unit == "1" else percent(change.ratio),
        words=plain and not isinstance(change.new, bool) and change.unit == "",
        worse=not change.new if change.path.endswith(".met") and change.new is not None else None,
    )


def _texts(change: Change) -> tuple[str, str]:
    """Both values with as many digits as tell them apart."""
    for write in (_written, _exactly):
        old, new = write(change.old, change), write(change.new, change)
        if old != new:
            break
    return old, new


def _written(value: Value, change: Change) -> str:
    if value is None:
        return numbers.NOT_AVAILABLE if change.unit else "none"
    if isinstance(value, bool):
        return ("met" if value else "MISSED") if change.path.endswith(".met") else ("yes" if value else "no")
    if isinstance(value, str):
        return value[:SHORT_HASH] if change.path.endswith("sha256") or change.path.startswith("inputs.frag") else value
    if change.unit == "1":
        return f"{value * 100:.1f} %"
    return _duration(value) if change.unit == "ms" else _exactly(value, change)


def _exactly(value: Value, change: Change) -> str:
    if isinstance(value, (bool, str)) or value is None:
        return _written(value, change) if value is None or isinstance(value, bool) else value
    if change.unit == "1":
        return numbers.exact_share(value)
    return numbers.number(value) + (f" {change.unit}" if change.unit in ("kW", "ms", "s") else "")


def _duration(milliseconds: float) -> str:
    """A latency with a digit more than elsewhere, so that its difference is seen to fit.

    >>> _duration(21.209), _duration(1210)
    ('21.2 ms', '1.21 s')
    """
    return numbers.duration(milliseconds) if milliseconds >= 999.95 else f"{milliseconds:.1f} ms"


def _delta(delta: float, unit: str) -> str:
    """A difference with its sign, in the unit of its figures.

    >>> _delta(-31, "date"), _delta(0.0123, "1"), _delta(-1440, "ms"), _delta(8, "GPU")
    ('-31 d', '+1.2 pp', '-1.44 s', '+8')
    """
    if unit == "date":
        return f"{delta:+.0f} d"
    if unit == "1":
        return f"{delta * 100:+.2g} pp" if abs(delta) < 0.0005 else f"{delta * 100:+.1f} pp"
    sign = "-" if delta < 0 else "+"
    size = _duration(abs(delta)) if unit == "ms" else numbers.number(abs(delta))
    return f"{sign}{size}" + (f" {unit}" if unit in ("kW", "s") else "")


def percent(ratio: float) -> str:
    """A relative difference with its sign and a digit behind the point.

    >>> percent(0.0021), percent(-0.5), percent(11.5163)
    ('+0.2 %', '-50.0 %', '+1,152 %')
    """
    return f"{ratio * 100:+.1f} %" if abs(ratio) < 1 else f"{ratio * 100:+,.0f} %"


def money(amount: Decimal | None) -> str:
    """USD and cents, or all digits of a price below a cent."""
    return numbers.NOT_AVAILABLE if amount is None else numbers.unit_price(float(amount))


def signed(amount: Decimal) -> str:
    """A difference of money with its sign."""
    return f"{'-' if amount < 0 else '+'}{money(abs(amount))}"


def amount_row(amount: Amount) -> Row:
    """A total."""
    return Row(
        mark="+" if amount.old_usd is None else "-" if amount.new_usd is None else "~",
        name=amount.name,
        old="none" if amount.old_usd is None else money(amount.old_usd) + LEAST * amount.old_at_least,
        new="none" if amount.new_usd is None else money(amount.new_usd) + LEAST * amount.new_at_least,
        delta="" if amount.delta_usd is None else signed(amount.delta_usd),
        ratio="" if amount.ratio is None else percent(amount.ratio),
        worse=_worse(amount.delta_usd),
    )


def _category(amount: Amount) -> Row:
    row = amount_row(amount)
    return Row(row.mark, labels.reason(row.name), row.old, row.new, row.delta, row.ratio, worse=row.worse)


def line_row(line: Line) -> Row:
    """A cost line; where it buys another thing than before, both are named."""
    other = line.old_description not in ("", line.description)
    old = "" if line.state == "added" else "no price" if line.old_usd is None else money(line.old_usd)
    new = "" if line.state == "removed" else "no price" if line.new_usd is None else money(line.new_usd)
    return Row(
        mark=_STATES.get(line.state, "~"),
        name=f"{line.old_description} -> {line.description}" if other else line.description,
        old=old,
        new=new,
        delta="" if line.delta_usd is None else signed(line.delta_usd),
        ratio="" if line.ratio is None or line.state == "removed" else percent(line.ratio),
        worse=_worse(line.delta_usd),
    )


def _rounding(left: Decimal) -> Iterator[Row]:
    """The cents that rounded parts leave of the total."""
    if left:
        yield Row("~", "rounding", "", "", signed(left))


def price_row(price: Price) -> Row:
    """A price, with source and date on the side where they differ."""
    same = (price.old_source, price.old_as_of) == (price.new_source, price.new_as_of)
    old, new = (
        _quoted(price.old_usd, price.old_source, price.old_as_of),
        _quoted(price.new_usd, price.new_source, price.new_as_of),
    )
    return Row(
        mark="~",
        name=f"{price.item} [{price.unit}]",
        old=f"{_unit_price(price.old_usd)}" if same else old,
        new=f"{_unit_price(price.new_usd)} ({price.new_source}, {price.new_as_of or 'no date'})" if same else new,
        ratio="" if price.ratio is None else percent(price.ratio),
        words=True,
        worse=None if price.ratio is None else price.ratio > 0,
    )


def _quoted(amount: Decimal | None, source: str, day: object) -> str:
    return f"{_unit_price(amount)} ({source}, {day or 'no date'})"


def _unit_price(amount: Decimal | None) -> str:
    return numbers.unit_price(None if amount is None else float(amount))


def _worse(delta: Decimal | None) -> bool | None:
    return None if not delta else delta > 0


def visible(text: str) -> str:
    """One line without the characters that a terminal or a page would obey rather than show.

    >>> visible("a\\nb"), visible("\\x1b[31mred")
    ('a b', '[31mred')
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def counted(rows: Sequence[Row]) -> str:
    """How many rows are of which kind, such as 6 changed, 1 added."""
    kinds = {"~": "changed", "+": "added", "-": "removed"}
    found = [(sum(row.mark == mark for row in rows), word) for mark, word in kinds.items()]
    return ", ".join(f"{count} {word}" for count, word in found if count)
