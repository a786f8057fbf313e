"""Scenarios side by side: as a table for the terminal, as CSV, JSON and Markdown, and as one picture."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from textwrap import fill, wrap

from aisizer.deliver import charts, labels, numbers
from aisizer.deliver.document import markdown_text
from aisizer.deliver.tables import cell, inert
from aisizer.studies.compare import Fleet, Scenario, Scenarios, against_first

GAP = 2
"""columns between two cells of the terminal's table"""
LEAST = 12
"""columns of the first cell, however narrow the terminal is"""
LABEL = 20
"""characters of a name beside its bar"""
FIGURES = tuple(name for name in Fleet.model_fields if name != "by_category")
NOT_SIMULATED = (
    "Nothing was simulated: latencies are those of the analytic screen (--confirm none). `aisizer size` simulates the "
    "leading options, and may then buy another fleet."
)
HEADS = (
    "Scenario", "First wave", "Site", "Term", "Month 36 GPUs", "Order by", "Tightest SLO", "of target", "P(met)",
    "1 year USD", "3 years USD", "against first", "per M tokens",
)  # fmt: skip
NUMERIC = {"Month 36 GPUs", "of target", "P(met)", "1 year USD", "3 years USD", "against first", "per M tokens"}


def compare_text(found: Scenarios, width: int = 80) -> str:
    """One row for each scenario, in the order that they were given."""
    rows: list[tuple[str, ...]] = [("Scenario", "First wave", "Site", "Order by", "SLO", "3 years USD")]
    rows += [_short_row(s.name, s.fleet) for s in found.scenarios if s.fleet]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    named = max([widths[0], *(len(s.name) for s in found.scenarios)])
    widths[0] = max(LEAST, min(named, width - sum(widths[1:]) - GAP * (len(widths) - 1)))
    lines = [_headline(found), "", _line(rows[0], widths)]
    for s in found.scenarios:
        lines.append(_line(_short_row(s.name, s.fleet), widths) if s.fleet else _failed(s, widths[0], width))
    notes = [fill(note, width) for note in _notes(found, "* at least")]
    return "\n".join([*lines, "", *notes]) + "\n"


def compare_markdown(found: Scenarios) -> str:
    """A table for a merge request; a row that failed has its reason in place of figures."""
    head = [f"| {' | '.join(HEADS)} |", f"|{'|'.join(' ---: ' if h in NUMERIC else ' --- ' for h in HEADS)}|"]
    changes = against_first(found.scenarios)
    rows = [_markdown_row(s, change) for s, change in zip(found.scenarios, changes, strict=True)]
    return "\n".join([*head, *rows, "", *_notes(found, "At least")]) + "\n"


def compare_csv(found: Scenarios) -> str:
    """One row for each scenario with every figure; the cost of each category has a column."""
    categories = list(dict.fromkeys(c for s in found.scenarios if s.fleet for c in s.fleet.by_category))
    varied = list(dict.fromkeys(path for s in found.scenarios for path in s.changes))
    costs = [f"{c}_usd" for c in categories]
    names = ["scenario", "profile", *varied, "feasible", *FIGURES, "against_first", *costs]
    names += ["reason", "freed_by", "marking"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(inert, names))
    for s, change in zip(found.scenarios, against_first(found.scenarios), strict=True):
        figures = [getattr(s.fleet, name) if s.fleet else None for name in FIGURES]
        paid = [s.fleet.by_category.get(c, 0.0) if s.fleet else None for c in categories]
        changes = [s.changes.get(path) for path in varied]
        values = [s.name, s.profile, *changes, s.fleet is not None, *figures, change, *paid]
        values += [s.reason, s.freed_by, s.marking]
        writer.writerow([cell(name, value) for name, value in zip(names, values, strict=True)])
    return text.getvalue()


def compare_json(found: Scenarios) -> str:
    """All of it, fields in the order they are declared."""
    return json.dumps(found.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False) + "\n"


FORMATS: Mapping[str, Callable[[Scenarios], str]] = {
    "table": compare_text,
    "json": compare_json,
    "csv": compare_csv,
    "markdown": compare_markdown,
}


def compare_svg(found: Scenarios) -> str:
    """36-month cost of each scenario by category, as a file of its own; one without a plan says so."""
    names = _bar_names(found.scenarios)
    rows = {name: dict(s.fleet.by_category) if s.fleet else {} for name, s in zip(names, found.scenarios, strict=True)}
    said = {name: _total(s.fleet) if s.fleet else "no plan" for name, s in zip(names, found.scenarios, strict=True)}
    told = "; ".join(f"{s.name} {said[name]}" for name, s in zip(names, found.scenarios, strict=True))
    rows = {name: {labels.words(c): usd for c, usd in costs.items()} for name, costs in rows.items()}
    title = "Cost over 36 months by scenario, USD"
    return charts.standalone(charts.stacked_bars(rows, title, f"Totals: {told}.", said))


def _headline(found: Scenarios) -> str:
    profiles = ", ".join(dict.fromkeys(s.profile for s in found.scenarios))
    varied = ", ".join(dict.fromkeys(path for s in found.scenarios for path in s.changes))
    return f"{profiles}: {varied}" if varied else profiles


def _short_row(name: str, fleet: Fleet) -> tuple[str, ...]:
    return (
        name,
        _first_wave(fleet),
        labels.site(fleet.site),
        fleet.order_by.isoformat(),
        numbers.share(fleet.slo_ratio),
        numbers.usd(fleet.three_year_usd) + ("" if fleet.complete else " *"),
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    """A row of the terminal's table; a long name goes on below, figures stand to the right."""
    first, *more = wrap(row[0], widths[0]) or [""]
    rest = [
        text.rjust(size) if place >= len(row) - 2 else text.ljust(size)
        for place, (text, size) in enumerate(zip(row[1:], widths[1:], strict=True), start=1)
    ]
    return "\n".join([(" " * GAP).join([first.ljust(widths[0]), *rest]).rstrip(), *more])


def _failed(s: Scenario, first: int, width: int) -> str:
    names, reasons = wrap(s.name, first), wrap(_no_plan(s), width - first - GAP)
    count = max(len(names), len(reasons))
    names, reasons = (part + [""] * (count - len(part)) for part in (names, reasons))
    return "\n".join(f"{n.ljust(first)}{' ' * GAP}{r}".rstrip() for n, r in zip(names, reasons, strict=True))


def _no_plan(s: Scenario) -> str:
    return f"no plan: {s.reason}" + (f"; freed by {s.freed_by}" if s.freed_by else "")


def _notes(found: Scenarios, least: str) -> list[str]:
    """What a reader must know of the figures; least: how a total that lacks a price is marked."""
    markings = [marking for marking in dict.fromkeys(s.marking for s in found.scenarios) if marking]
    notes = [f"Handling: {', '.join(markings)}."] if markings else []
    fleets = [s.fleet for s in found.scenarios if s.fleet is not None]
    if fleets:
        notes.append("SLO: the percentile closest to its target, as a share of it, with the redundancy down.")
    if any(not fleet.complete for fleet in fleets):
        notes.append(f"{least}: a cost line has no price.")
    if found.confirm == "none":
        notes.append(NOT_SIMULATED)
    return notes


def _markdown_row(s: Scenario, change: float | None) -> str:
    fleet = s.fleet
    if fleet is None:
        cells = [s.name, _no_plan(s), *[""] * (len(HEADS) - 2)]
    else:
        cells = [
            s.name,
            _first_wave(fleet),
            labels.site(fleet.site),
            labels.term(fleet.term),
            str(fleet.gpus_month_36),
            fleet.order_by.isoformat(),
            fleet.tightest_slo,
            numbers.share(fleet.slo_ratio),
            numbers.chance(fleet.probability_met),
            numbers.at_least(numbers.cents(fleet.one_year_usd), not fleet.complete),
            _total(fleet, numbers.cents),
            "" if change is None else numbers.change(change),
            numbers.at_least(numbers.per_million(fleet.usd_per_million_tokens), not fleet.complete),
        ]
    return f"| {' | '.join(markdown_text(cell) for cell in cells)} |"


def _first_wave(fleet: Fleet) -> str:
    return f"{fleet.gpus} x {labels.gpu(fleet.gpu)}"


def _total(fleet: Fleet, shown: Callable[[float | None], str] = numbers.usd) -> str:
    return numbers.at_least(shown(fleet.three_year_usd), not fleet.complete)


def _bar_names(scenarios: Sequence[Scenario]) -> list[str]:
    """Names that fit beside a bar and are told apart: a long one is cut, two that are then the same get their number."""
    cut = [charts.short(s.name, LABEL) for s in scenarios]
    return [f"{i}. {name[: LABEL - 4]}" if cut.count(name) > 1 else name for i, name in enumerate(cut, start=1)]
