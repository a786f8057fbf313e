"""What changed between two plans as tables of text, before they have a format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aisizer.deliver import labels, numbers
from aisizer.deliver.diff_rows import (
    LEAST,
    Row,
    amount_row,
    category_row,
    change_row,
    line_row,
    money,
    percent,
    price_row,
    rounding,
    signed,
)
from aisizer.studies.diff_records import Amount, Diff, Side

NOTHING = "Nothing changed."
THREE_YEARS = "3 years"
"""name of the total that the summary has already"""
COVERED = frozenset(
    {"inputs", "profile", "decision", "slo", "roadmap", "triggers", "symptoms", "tco", "baseline", "assumptions"}
)
"""sections of sizing.json whose differences the tables show"""


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
        Table("3 years by category, USD", (*map(category_row, diff.categories), *rounding(diff.category_rounding_usd))),
        Table("3 years by line, USD", (*map(line_row, diff.lines), *rounding(diff.line_rounding_usd))),
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


def counted(rows: Sequence[Row]) -> str:
    """How many rows are of which kind, such as 6 changed, 1 added."""
    kinds = {"~": "changed", "+": "added", "-": "removed"}
    found = [(sum(row.mark == mark for row in rows), word) for mark, word in kinds.items()]
    return ", ".join(f"{count} {word}" for count, word in found if count)
