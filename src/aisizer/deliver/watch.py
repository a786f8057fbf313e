"""What `aisizer watch` found, as a screen of 80 columns, JSON, and Markdown for a comment in CI."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from textwrap import fill, wrap

from aisizer.deliver import numbers
from aisizer.watch.records import Drift, Runway, Watch, Watched

WIDTH = 80
STATE_WIDTH = 22
"""columns before a trigger's figures; its id has a line of its own above them"""
HEADS = ("level", "fires at", "limit", "growth", "runway, weeks", "needs")
WIDTHS = (7, 9, 7, 10, 19, 6)


def watch_json(found: Watch) -> str:
    """All that was found, fields in the order they are declared; figures to six digits."""
    data = _rounded(found.model_dump(mode="json", by_alias=True))
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def watch_text(found: Watch) -> str:
    """Each trigger with its level, growth and runway, then the workload, the orders and the notes."""
    lines = [fill(_headline(found), WIDTH, subsequent_indent="  "), "", _columns("trigger", HEADS)]
    for trigger in found.triggers:
        lines += _trigger(trigger)
    lines += ["", *_sentences(_told(found)), "", *_workload(found.drift)]
    lines += ["", *_orders(found)] if found.orders else []
    lines += ["", *_sentences(found.notes)] if found.notes else []
    return "".join(f"{line.rstrip()}\n" for line in lines)


def watch_markdown(found: Watch) -> str:
    """The same as a heading, tables and lists."""
    lines = [f"### {_cell(_headline(found))}", "", *_rows(("trigger", "state", *HEADS), map(_row, found.triggers)), ""]
    lines += [f"- {_cell(text)}" for text in _told(found)]
    if any(drift.actual is not None for drift in found.drift):
        heads = ("workload", "of", "planned", "actual", "change", "sizing")
        lines += ["", *_rows(heads, ([*_drift(d)] for d in found.drift))]
    if found.orders:
        rows = ([o.id, str(o.gpus), o.site, str(o.due), o.state] for o in found.orders)
        lines += ["", *_rows(("order", "GPUs", "site", "due", "state"), rows)]
    lines += ["", *(f"- {_cell(note)}" for note in found.notes)] if found.notes else []
    return "\n".join(lines) + "\n"


def _headline(found: Watch) -> str:
    fired = sum(trigger.fired is True for trigger in found.triggers)
    blind = sum(trigger.fired is None for trigger in found.triggers)
    what = f"{fired} of {numbers.count(len(found.triggers), 'trigger')} fired" + (
        f", {blind} not measured" if blind else ""
    )
    void = "; THE SIZING IS VOID, the workload has drifted" if found.sizing_void else ""
    return f"{found.profile} on {found.at}, {found.source.name}: {what}{void}"


def _state(trigger: Watched) -> str:
    return "not measured" if trigger.fired is None else "FIRED" if trigger.fired else "quiet"


def _figures(trigger: Watched) -> list[str]:
    growth = trigger.growth_per_month
    return [
        numbers.share(trigger.level),
        numbers.share(trigger.threshold),
        numbers.share(trigger.limit),
        numbers.NOT_AVAILABLE if growth is None else f"{growth * 100:+.1f} %",
        _runway(trigger.runway_weeks),
        f"{trigger.needs_weeks:.0f} w",
    ]


def _runway(runway: Runway | None) -> str:
    """Weeks with their interval, such as 24 (19-33).

    >>> _runway(Runway(low=19.2, base=24.4, high=None)), _runway(Runway(low=None, base=None, high=None))
    ('24 (19-never)', 'never')
    """
    if runway is None:
        return numbers.NOT_AVAILABLE
    low, base, high = ("never" if w is None else f"{w:.0f}" for w in (runway.low, runway.base, runway.high))
    return base if low == base == high else f"{base} ({low}-{high})"


def _columns(name: str, figures: Sequence[str]) -> str:
    return f"{name:<{STATE_WIDTH}}" + "".join(f"{text:>{width}}" for text, width in zip(figures, WIDTHS, strict=True))


def _trigger(trigger: Watched) -> list[str]:
    return [*wrap(trigger.id, WIDTH), _columns(f"  {_state(trigger)}", _figures(trigger))]


def _told(found: Watch) -> list[str]:
    """A sentence for each trigger, and for one that fired who does what."""
    return [f"{t.id}: {t.reason}." + (f" {t.owner}: {t.action}" if t.fired else "") for t in found.triggers]


def _workload(drift: Sequence[Drift]) -> list[str]:
    lines = [f"{'workload':<15}{'':<24}{'planned':>9}{'actual':>9}{'change':>9}  sizing"]
    for d in drift:
        quantity, name, *figures, verdict = _drift(d)
        names = wrap(name, 23)
        lines += [f"{quantity:<15}{names[0]:<24}" + "".join(f"{text:>9}" for text in figures) + f"  {verdict}"]
        lines += [f"{'':<15}{rest}" for rest in names[1:]]
    return lines


def _drift(d: Drift) -> list[str]:
    tokens = d.quantity.endswith("tokens")
    planned, actual = (
        numbers.NOT_AVAILABLE if v is None else f"{v:,.0f}" if tokens else numbers.share(v)
        for v in (d.planned, d.actual)
    )
    change = numbers.NOT_AVAILABLE if d.change is None else numbers.change(d.change)
    verdict = d.note if d.void is None else "VOID" if d.void else "holds"
    return [d.quantity.replace("_", " "), d.name, planned, actual, change, verdict]


def _orders(found: Watch) -> list[str]:
    return _sentences(
        f"order {o.id}: {numbers.count(o.gpus, 'GPU')} for {o.site}, due {o.due}: {o.state}" for o in found.orders
    )


def _sentences(texts: Iterable[str]) -> list[str]:
    return [line for text in texts for line in wrap(text, WIDTH, subsequent_indent="  ")]


def _row(trigger: Watched) -> list[str]:
    return [trigger.id, f"**{_state(trigger)}**" if trigger.fired else _state(trigger), *_figures(trigger)]


def _rows(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *([_cell(text) for text in row] for row in rows)]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def _cell(text: str) -> str:
    """Text of the profile that stays text in a table of Markdown and breaks no line."""
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").split())


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_rounded(entry) for entry in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
