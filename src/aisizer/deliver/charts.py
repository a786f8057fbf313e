"""Pictures as inline SVG: plain strings, colours by CSS class so that they follow light, dark and print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from itertools import pairwise
from math import ceil

from aisizer.deliver import numbers
from aisizer.roadmap.records import Month, Purchase

WIDTH = 720
LABEL_WIDTH = 140
BAR, GAP = 20, 10
TORNADO_NAME = 38
"""letters of an input's name beside its bar"""
_LEFT, _RIGHT, _TOP, _HEIGHT = 48, WIDTH - 12, 34, 230
"""plot area of the picture by month"""
PALETTE = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")
"""Okabe and Ito, 2008, Color Universal Design: told apart by colour-blind readers; CSS classes c0 to c6"""
GREY = "#9aa3ad"
"""all series after those"""
PAPER = {"paper": "#fff", "ink": "#1b2127", "rule": "#d9dee3", "others": GREY}
"""the rest of the page's colours, as the light page has them"""


def waterfall(steps: Sequence[tuple[str, int]], title: str, description: str) -> str:
    """Bars that show how many GPUs each reason adds to those before it."""
    scale = (WIDTH - LABEL_WIDTH - 70) / max(gpus for _, gpus in steps)
    parts, before = [], 0
    for row, (name, gpus) in enumerate(steps):
        y = row * (BAR + GAP) + 4
        parts.append(_label(name, y))
        if before:
            parts.append(_bar(LABEL_WIDTH, y, before * scale, "base"))
        if gpus > before:
            parts.append(_bar(LABEL_WIDTH + before * scale, y, (gpus - before) * scale, "c0"))
        added = f"{gpus} (+{gpus - before})" if before and gpus > before else str(gpus)
        parts.append(_text(LABEL_WIDTH + max(gpus, before) * scale + 8, y + 15, added))
        before = gpus
    return _svg(len(steps) * (BAR + GAP) + 8, title, description, parts)


def stacked_bars(
    rows: Mapping[str, Mapping[str, float]], title: str, description: str, ends: Mapping[str, str] | None = None
) -> str:
    """One bar per row, split by series, with a legend; negative amounts are left to the table.

    ends: what stands at a bar's end instead of its total
    """
    totals: dict[str, float] = {}
    for series in rows.values():
        for name, amount in series.items():
            totals[name] = totals.get(name, 0.0) + max(amount, 0.0)
    order = sorted((name for name in totals if totals[name] > 0), key=lambda name: -totals[name])
    longest = max(sum(max(a, 0.0) for a in series.values()) for series in rows.values())
    if not order:
        return ""
    legend, top = _legend(order)
    scale = (WIDTH - LABEL_WIDTH - 110) / longest
    parts = legend
    for row, (label, series) in enumerate(rows.items()):
        y, x = top + row * (BAR + GAP), float(LABEL_WIDTH)
        parts.append(_label(label, y))
        for index, name in enumerate(order):
            width = max(series.get(name, 0.0), 0.0) * scale
            if width > 0:
                parts.append(_bar(x, y, width, _colour(index), f"{label}, {name}: {numbers.usd(series[name])} USD"))
            x += width
        parts.append(_text(x + 8, y + 15, ends[label] if ends else numbers.usd(sum(series.values()))))
    return _svg(top + len(rows) * (BAR + GAP) + 4, title, description, parts)


def tornado(bars: Mapping[str, tuple[float, float]], base: float, title: str, description: str) -> str:
    """Bars from the value at an input's low end to that at its high end, around the plan's own value."""
    least, most = min(base, *map(min, bars.values())), max(base, *map(max, bars.values()))
    left, right = LABEL_WIDTH + 120.0, WIDTH - 90.0

    def x(usd: float) -> float:
        return left + (right - left) * (usd - least) / (most - least)

    height = len(bars) * (BAR + GAP) + 4
    parts = [_bar(LABEL_WIDTH, 4, 12, "c0", height=12), _text(LABEL_WIDTH + 17, 15, "input at its low value")]
    parts += [_bar(LABEL_WIDTH + 200, 4, 12, "c1", height=12), _text(LABEL_WIDTH + 217, 15, "at its high value")]
    parts.append(f'<line class="grid" x1="{x(base):.1f}" x2="{x(base):.1f}" y1="24" y2="{height + 24:.0f}"/>')
    for row, (name, ends) in enumerate(bars.items()):
        y = row * (BAR + GAP) + 28
        parts.append(
            _text(left - 10, y + 15, name if len(name) <= TORNADO_NAME else f"{name[: TORNADO_NAME - 1]}…", "end")
        )
        for usd, css in zip(ends, ("c0", "c1"), strict=True):
            parts.append(_bar(min(x(usd), x(base)), y, abs(x(usd) - x(base)), css, f"{name}: {numbers.usd(usd)} USD"))
        parts.append(_text(x(max(*ends, base)) + 6, y + 15, numbers.usd(max(ends))))
    return _svg(height + 28, title, description, parts)


def demand_and_capacity(months: Sequence[Month], purchases: Sequence[Purchase], title: str, description: str) -> str:
    """GPUs needed, in the cases of growth where they are known, and in service by month; a dot marks each wave."""
    cases = [m.gpus_needed_low for m in months], [m.gpus_needed_high for m in months]
    others = [[n for n in case if n is not None] for case in cases if None not in case]
    highest = max(max(m.gpus_needed, m.gpus_in_service) for m in months)
    highest = max([highest, *(max(case) for case in others)])
    step = _tick_step(highest)
    ceiling = -(-highest // step) * step
    width = (_RIGHT - _LEFT) / len(months)
    xs = [_LEFT + index * width for index in range(len(months))]

    def y(gpus: float) -> float:
        return _TOP + _HEIGHT * (1 - gpus / ceiling)

    def line(gpus: Sequence[int]) -> str:
        return _steps([(x, y(n)) for x, n in zip(xs, gpus, strict=True)])

    in_service, needed = line([m.gpus_in_service for m in months]), line([m.gpus_needed for m in months])
    parts = [_gridline(y(tick), str(tick)) for tick in range(0, ceiling + 1, step)]
    parts += [_text(x, _TOP + _HEIGHT + 18, numbers.month(m.start)) for x, m in list(zip(xs, months, strict=True))[::6]]
    parts.append(f'<path class="area" d="{in_service} V{y(0):.1f} H{_LEFT:.1f} Z"/>')
    parts += [f'<path class="line l2" d="{line(case)}"/>' for case in others]
    parts += [f'<path class="line l0" d="{in_service}"/>', f'<path class="line l1" d="{needed}"/>']
    place = {m.start: (x, y(m.gpus_in_service)) for x, m in zip(xs, months, strict=True)}
    parts += [_wave_dot(purchase, *place[purchase.need_by]) for purchase in purchases if purchase.need_by in place]
    parts += [_line_legend(_LEFT, "l0", "GPUs in service (dot: a wave arrives)")]
    parts += [_line_legend(_LEFT + 310, "l1", "GPUs needed")]
    parts += [_line_legend(_LEFT + 450, "l2", "at low and high growth")] if others else []
    return _svg(_TOP + _HEIGHT + 28, title, description, parts)


def over_time(series: Mapping[str, Sequence[float]], seconds: float, title: str, description: str) -> str:
    """Lines over a run of so many seconds, one for each name, sampled evenly."""
    highest = max(max(values) for values in series.values())
    step = _tick_step(max(1, ceil(highest)))
    ceiling = -(-max(1, ceil(highest)) // step) * step
    parts = [_gridline(_TOP + _HEIGHT * (1 - tick / ceiling), str(tick)) for tick in range(0, ceiling + 1, step)]
    for part in range(5):
        x = _LEFT + (_RIGHT - _LEFT) * part / 4
        parts.append(_text(x, _TOP + _HEIGHT + 18, f"{seconds * part / 4:,.0f} s", "end" if part == 4 else "start"))
    for index, (name, values) in enumerate(series.items()):
        width = (_RIGHT - _LEFT) / len(values)
        points = [
            f"{_LEFT + (i + 0.5) * width:.1f},{_TOP + _HEIGHT * (1 - v / ceiling):.1f}" for i, v in enumerate(values)
        ]
        parts.append(f'<polyline class="line l{index % len(PALETTE)}" points="{" ".join(points)}"/>')
        parts.append(_line_legend(_LEFT + 200 * index, f"l{index % len(PALETTE)}", name))
    return _svg(_TOP + _HEIGHT + 28, title, description, parts)


def standalone(picture: str, font: str = "sans-serif") -> str:
    """A picture as a file of its own, with the colours that it has on white paper."""
    rules = (files("aisizer.deliver") / "templates" / "charts.css").read_text("utf-8").replace("inherit", font)
    for name, colour in (PAPER | {f"c{i}": colour for i, colour in enumerate(PALETTE)}).items():
        rules = rules.replace(f"var(--{name})", colour)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
    return picture.replace("<svg ", head, 1).replace("</title>", f"</title><style>{rules}</style>", 1) + "\n"


def _gridline(y: float, label: str) -> str:
    line = f'<line class="grid" x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
    return line + _text(_LEFT - 8, y + 4, label, "end")


def _wave_dot(purchase: Purchase, x: float, y: float) -> str:
    tip = f"wave {purchase.wave}: +{purchase.gpus} GPUs in service {purchase.need_by}"
    return f'<circle class="c0" cx="{x:.1f}" cy="{y:.1f}" r="5"><title>{escape(tip)}</title></circle>'


def _line_legend(x: float, css: str, label: str) -> str:
    return f'<path class="line {css}" d="M{x:.0f},14 h26"/>' + _text(x + 34, 18, label)


def _steps(points: Sequence[tuple[float, float]]) -> str:
    path = [f"M{points[0][0]:.1f},{points[0][1]:.1f}"]
    path += [f"H{b[0]:.1f}" + (f" V{b[1]:.1f}" if b[1] != a[1] else "") for a, b in pairwise(points)]
    return " ".join([*path, f"H{_RIGHT:.1f}"])


def _tick_step(highest: int) -> int:
    """A round step that gives three to six ticks.

    >>> [_tick_step(n) for n in (3, 24, 400)]
    [1, 5, 100]
    """
    for decade in range(9):
        for factor in (1, 2, 5):
            if highest <= 5 * factor * 10**decade:
                return factor * int(10**decade)
    raise ValueError(f"no axis reaches {highest}")


def _legend(names: Sequence[str]) -> tuple[list[str], float]:
    shown = list(names[: len(PALETTE)]) + (["others"] if len(names) > len(PALETTE) else [])
    parts, x, y = [], float(LABEL_WIDTH), 4.0
    for index, name in enumerate(shown):
        width = 30 + 7.2 * len(name)
        if x + width > WIDTH:
            x, y = float(LABEL_WIDTH), y + 20
        parts += [_bar(x, y, 12, _colour(index), height=12), _text(x + 17, y + 11, name)]
        x += width
    return parts, y + 28


def _colour(index: int) -> str:
    return f"c{index}" if index < len(PALETTE) else "others"


def _label(text: str, y: float) -> str:
    return _text(LABEL_WIDTH - 10, y + 15, text, "end")


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _bar(x: float, y: float, width: float, css: str, tip: str = "", height: int = BAR) -> str:
    title = f"<title>{escape(tip)}</title>" if tip else ""
    return f'<rect class="{css}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}">{title}</rect>'


def _svg(height: float, title: str, description: str, parts: Sequence[str]) -> str:
    head = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}">{head}{"".join(parts)}</svg>'
    )
