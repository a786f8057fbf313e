"""Pictures as inline SVG: plain strings, colours by CSS class so that they follow light, dark and print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files

from aisizer.deliver import numbers

WIDTH = 720
LABEL_WIDTH = 140
BAR, GAP = 20, 10
NUMBERED = 14
"""width of a part of a bar from which its number stands in it"""
TORNADO_NAME = 42
"""letters of an input's name beside its bar"""
PALETTE = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")
"""Okabe and Ito, 2008, Color Universal Design: told apart by colour-blind readers; CSS classes c0 to c6"""
GREY = "#9aa3ad"
"""all series after those"""
MARKERS: Sequence[Sequence[tuple[float, float]]] = (
    (),
    ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    ((0, -1.2), (1.1, 0.8), (-1.1, 0.8)),
    ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
    ((0, 1.2), (1.1, -0.8), (-1.1, -0.8)),
)
"""corners of each sign, in its own size: circle, square, triangle, diamond, triangle on its head"""
PAPER = {"paper": "#fff", "ink": "#1b2127", "rule": "#d9dee3", "others": GREY, "on0": "#fff"}
"""the rest of the page's colours, as the light page has them"""


def waterfall(steps: Sequence[tuple[str, int]], title: str, description: str) -> str:
    """Bars that show how many GPUs each reason adds to those before it."""
    scale = (WIDTH - LABEL_WIDTH - 70) / max(gpus for _, gpus in steps)
    parts, before = [], 0
    for row, (name, gpus) in enumerate(steps):
        y = row * (BAR + GAP) + 4
        parts.append(_label(name, y))
        if before:
            parts.append(bar(LABEL_WIDTH, y, before * scale, "base"))
        if gpus > before:
            parts.append(bar(LABEL_WIDTH + before * scale, y, (gpus - before) * scale, "c0"))
        added = f"{gpus} (+{gpus - before})" if before and gpus > before else str(gpus)
        parts.append(text(LABEL_WIDTH + max(gpus, before) * scale + 8, y + 15, added))
        before = gpus
    return svg(len(steps) * (BAR + GAP) + 8, title, description, parts)


def stacked_bars(
    rows: Mapping[str, Mapping[str, float]], title: str, description: str, ends: Mapping[str, str] | None = None
) -> str:
    """One bar per row, split by series, with a legend that numbers them; negative amounts are left to the table.

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
                parts.append(bar(x, y, width, _colour(index), f"{label}, {name}: {numbers.usd(series[name])} USD"))
            if width > NUMBERED and index < len(PALETTE):
                parts.append(text(x + width / 2, y + 15, str(index + 1), "middle", f"on{min(index, 1)}"))
            x += width
        parts.append(text(x + 8, y + 15, ends[label] if ends else numbers.usd(sum(series.values()))))
    return svg(top + len(rows) * (BAR + GAP) + 4, title, description, parts)


def tornado(bars: Mapping[str, tuple[float, float]], base: float, title: str, description: str) -> str:
    """Bars from the value at an input's low end to that at its high end, around the plan's own value."""
    least, most = min(base, *map(min, bars.values())), max(base, *map(max, bars.values()))
    left, right = LABEL_WIDTH + 230.0, WIDTH - 110.0

    def x(usd: float) -> float:
        return left + (right - left) * (usd - least) / ((most - least) or 1.0)

    height = len(bars) * (BAR + GAP) + 4
    parts = [bar(4, 4, 12, "c0", height=12), text(21, 15, "input at its low value")]
    parts += [bar(190, 4, 12, "c1", height=12), text(207, 15, "at its high value")]
    parts += [line(x(base), 24, x(base), height + 24, "axis"), text(x(base), 15, f"plan {money(base)}", "middle")]
    for row, (name, ends) in enumerate(bars.items()):
        y = row * (BAR + GAP) + 28
        parts.append(text(left - 110, y + 15, short(name, TORNADO_NAME), "end"))
        for usd, css in zip(ends, ("c0", "c1"), strict=True):
            parts.append(bar(min(x(usd), x(base)), y, abs(x(usd) - x(base)), css, f"{name}: {numbers.usd(usd)} USD"))
        low_first = ends[0] <= ends[1]
        parts.append(text(x(min(*ends, base)) - 6, y + 15, _end(min(ends), "low" if low_first else "high"), "end"))
        parts.append(text(x(max(*ends, base)) + 6, y + 15, _end(max(ends), "high" if low_first else "low")))
    return svg(height + 28, title, description, parts)


def _end(usd: float, which: str) -> str:
    return f"{which} {money(usd)}"


def standalone(picture: str, font: str = "sans-serif") -> str:
    """A picture as a file of its own, with the colours that it has on white paper."""
    rules = (files("aisizer.deliver") / "templates" / "charts.css").read_text("utf-8").replace("inherit", font)
    for name, colour in (PAPER | {f"c{i}": colour for i, colour in enumerate(PALETTE)}).items():
        rules = rules.replace(f"var(--{name})", colour)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
    return picture.replace("<svg ", head, 1).replace("</title>", f"</title><style>{rules}</style>", 1) + "\n"


def _legend(names: Sequence[str]) -> tuple[list[str], float]:
    shown = list(names[: len(PALETTE)]) + (["others"] if len(names) > len(PALETTE) else [])
    parts, x, y = [], float(LABEL_WIDTH), 4.0
    for index, name in enumerate(f"{i} {name}" if i <= len(PALETTE) else name for i, name in enumerate(shown, start=1)):
        width = 30 + 7.2 * len(name)
        if x + width > WIDTH:
            x, y = float(LABEL_WIDTH), y + 20
        parts += [bar(x, y, 12, _colour(index), height=12), text(x + 17, y + 11, name)]
        x += width
    return parts, y + 28


def _colour(index: int) -> str:
    return f"c{index}" if index < len(PALETTE) else "others"


def _label(name: str, y: float) -> str:
    return text(LABEL_WIDTH - 10, y + 15, name, "end")


def text(x: float, y: float, words: str, anchor: str = "start", css: str = "") -> str:
    """Words whose baseline begins, ends or has its middle there."""
    kind = f' class="{css}"' if css else ""
    return f'<text{kind} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def bar(x: float, y: float, width: float, css: str, tip: str = "", height: int = BAR) -> str:
    """A rectangle; tip: what it says under the pointer."""
    title = f"<title>{escape(tip)}</title>" if tip else ""
    return f'<rect class="{css}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}">{title}</rect>'


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """A straight line."""
    return f'<line class="{css}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def marker(shape: int, x: float, y: float, css: str, tip: str = "", size: float = 5.5) -> str:
    """One of the MARKERS, which are told apart without colour."""
    corners = MARKERS[shape % len(MARKERS)]
    title = f"<title>{escape(tip)}</title>" if tip else ""
    if not corners:
        return f'<circle class="mark {css}" cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}">{title}</circle>'
    points = " ".join(f"{x + a * size:.1f},{y + b * size:.1f}" for a, b in corners)
    return f'<polygon class="mark {css}" points="{points}">{title}</polygon>'


def short(name: str, letters: int) -> str:
    """A name of at most so many letters, cut between words where it has several.

    >>> short("on-premises", 11), short("on-premises", 5), short("Security: access, patches", 24)
    ('on-premises', 'on-p…', 'Security: access…')
    """
    if len(name) <= letters:
        return name
    cut = name[: letters - 1]
    return f"{(cut.rpartition(' ')[0] or cut).rstrip(' ,:;')}…"


def money(usd: float) -> str:
    """USD in short, for axes and ends of bars.

    >>> money(2_312_400), money(-76_300_000), money(41_230), money(0)
    ('2.31 M', '-76.3 M', '41 k', '0')
    """
    if abs(usd) >= 999.5e3:
        return f"{usd / 1e6:.3g} M" if abs(usd) < 999.5e6 else f"{usd / 1e9:.3g} bn"
    return f"{usd / 1e3:.0f} k" if abs(usd) >= 500 else f"{usd:.0f}"


def svg(height: float, title: str, description: str, parts: Sequence[str]) -> str:
    """The whole picture with its words for those who do not see it."""
    head = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}">{head}{"".join(parts)}</svg>'
    )
