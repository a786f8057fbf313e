"""Pictures of single figures beside each other: predictions against measurements, and options by cost and latency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10

from aisizer.deliver import numbers
from aisizer.deliver.charts import BAR, GAP, WIDTH, bar, line, marker, money, svg, text
from aisizer.deliver.charts_frame import LETTER, line_legend

RATIOS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
"""figures on the axis of measured over predicted"""
NEAR = 50.0
"""distance beyond which nothing can cover a number"""
COLOURS = (0, 5, 2, 3, 1)
"""colour classes of the sites"""
RING = 9.0
"""radius of the ring around the chosen option"""
NAMES = 252
"""width of the names beside bands"""


@dataclass(frozen=True, slots=True)
class Band:
    """Measured over predicted: the middle, and the ends of the 80 % band; equal where there is one."""

    low: float
    middle: float
    high: float
    told: str


@dataclass(frozen=True, slots=True)
class Point:
    """One option: its cost, its latency over the target, and to which group it belongs."""

    number: str
    """its place in the ranking"""
    name: str
    group: str
    usd: float
    ratio: float
    chosen: bool


def measured_and_predicted(bands: Sequence[tuple[str, Band]], title: str, description: str) -> str:
    """Where measurements lay around predictions, on a scale on which twice and half are equally far from 1."""
    low, high = min(0.5, *(b.low for _, b in bands)), max(2.0, *(b.high for _, b in bands))
    left, right, top = NAMES + 10.0, WIDTH - 120.0, 40.0

    def x(ratio: float) -> float:
        return left + (right - left) * (log10(ratio) - log10(low)) / (log10(high) - log10(low))

    bottom = top + len(bands) * (BAR + GAP)
    parts = [bar(left, 7, 26, "c4", height=8), text(left + 32, 15, "80 % band")]
    parts += [marker(0, left + 200, 11, "c0"), text(left + 211, 15, "median, or one measurement")]
    for tick in RATIOS:
        if low <= tick <= high:
            parts.append(line(x(tick), top - 8, x(tick), bottom, "axis" if tick == 1 else "grid"))
            parts.append(text(x(tick), bottom + 16, f"{tick:g}x", "middle"))
    parts.append(text(x(1), bottom + 34, "measured = predicted", "middle"))
    for row, (name, found) in enumerate(bands):
        y = top + row * (BAR + GAP)
        parts.append(text(NAMES, y + 15, name, "end"))
        if found.high > found.low:
            parts.append(bar(x(found.low), y + 6, x(found.high) - x(found.low), "c4", found.told, height=8))
        parts.append(marker(0, x(found.middle), y + 10, "c0", found.told))
        parts.append(text(x(found.high) + 10, y + 15, found.told))
    return svg(bottom + 42, title, description, parts)


def cost_and_latency(points: Sequence[Point], title: str, description: str) -> str:
    """Numbered options by cost (each tenfold equally wide) and latency; a dashed line joins those that none beats in both."""
    groups = list(dict.fromkeys(p.group for p in points))
    low, high = min(p.usd for p in points) / 1.1, max(p.usd for p in points) * 1.1
    legend, row = _sites(groups, 58.0)
    left, right, top, bottom = 58.0, WIDTH - 14.0, row + 46, row + 306
    ceiling = max(1.0, ceil(max(p.ratio for p in points) * 4) / 4)

    def at(p: Point) -> tuple[float, float]:
        across = (log10(p.usd) - log10(low)) / (log10(high) - log10(low))
        return left + (right - left) * across, bottom - (bottom - top) * p.ratio / ceiling

    parts = legend
    for quarter in range(round(ceiling * 4) + 1):
        y = bottom - (bottom - top) * quarter / 4 / ceiling
        parts += [
            line(left, y, right, y, "axis" if quarter == 4 else "grid"),
            text(left - 8, y + 4, numbers.share(quarter / 4), "end"),
        ]
    for usd in _round_sums(low, high):
        x = left + (right - left) * (log10(usd) - log10(low)) / (log10(high) - log10(low))
        parts += [line(x, bottom, x, bottom + 4, "axis"), text(x, bottom + 18, money(usd), "middle")]
    parts += [text((left + right) / 2, bottom + 38, "USD over 36 months", "middle")]
    parts += [text(12, top - 14, "latency of the tightest promise, of its target (SLO)")]
    places = [at(p) for p in points]
    best = frontier(points)
    parts.append(f'<polyline class="line l7" points="{_stairs([places[i] for i in best])}"/>')
    for p, (x, y) in zip(points, places, strict=True):
        parts += [marker(0, x, y, "ring", size=RING)] if p.chosen else []
        parts.append(marker(groups.index(p.group), x, y, _colour(groups.index(p.group)), p.name))
    parts += _numbers(points, places)
    return svg(bottom + 44, title, description, parts)


def frontier(points: Sequence[Point]) -> list[int]:
    """Places of the points than which no other is both cheaper and quicker, the cheapest first.

    >>> a, b, c = (Point("", "", "", usd, ratio, False) for usd, ratio in ((1.0, 0.9), (2.0, 0.5), (3.0, 0.7)))
    >>> frontier([a, b, c])
    [0, 1]
    """
    found: list[int] = []
    for i in sorted(range(len(points)), key=lambda i: (points[i].usd, points[i].ratio)):
        if not found or points[i].ratio < points[found[-1]].ratio:
            found.append(i)
    return found


def _stairs(places: Sequence[tuple[float, float]]) -> str:
    corners = [f"{places[0][0]:.1f},{places[0][1]:.1f}"]
    for (_, before), (x, y) in pairwise(places):
        corners += [f"{x:.1f},{before:.1f}", f"{x:.1f},{y:.1f}"]
    return " ".join(corners)


def _sites(groups: Sequence[str], left: float) -> tuple[list[str], float]:
    """The signs of the sites, of the chosen option and of the frontier, on as many rows as they need; and where that ends."""
    parts, x, y = list[str](), left, 14.0
    for index, name in enumerate(groups):
        width = 34 + LETTER * len(name)
        if x + width > WIDTH:
            x, y = left, y + 20
        parts += [marker(index, x + 6, y, _colour(index)), text(x + 18, y + 4, name)]
        x += width
    if x + 330 > WIDTH:
        x, y = left, y + 20
    parts += [marker(0, x + 10, y, "ring", size=RING), text(x + 26, y + 4, "chosen")]
    return [*parts, line_legend(x + 90, y, "l7", "none is cheaper and quicker")], y


def _colour(group: int) -> str:
    return f"c{COLOURS[group % len(COLOURS)]}"


def _round_sums(low: float, high: float) -> list[float]:
    """Round sums between two that are less than tenfold apart.

    >>> _round_sums(2.5e6, 9e6)
    [3000000.0, 4000000.0, 5000000.0, 6000000.0, 8000000.0]
    """
    decades = range(floor(log10(low)), ceil(log10(high)) + 1)
    return [
        s for d in decades for s in (f * 10**d for f in (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)) if low <= s <= high
    ]


def _numbers(points: Sequence[Point], places: Sequence[tuple[float, float]]) -> list[str]:
    """Each sign's number beside it, where it covers neither a sign nor another number."""
    taken: list[tuple[float, float, float, float]] = [(x - 6, y - 6, x + 6, y + 6) for x, y in places]
    parts = []
    for p, (x, y) in zip(points, places, strict=True):
        width, near = 7.5 * len(p.number), [box for box in taken if box[0] < x + NEAR and box[2] > x - NEAR]
        box = min(
            _around(x, y, width, RING + 3 if p.chosen else 8),
            key=lambda place: sum(_overlap(place, other) for other in near),
        )
        taken.append(box)
        parts.append(text(box[0], box[3] - 1, p.number, css="small halo"))
    return parts


def _around(x: float, y: float, width: float, away: float) -> list[tuple[float, float, float, float]]:
    """Boxes for a number around a sign, the nearest and most usual first."""
    spots = [(away + far, dy) for far in (0, 8) for dy in (-5, -15, 6)]
    right = [(x + dx, y + dy, x + dx + width, y + dy + 10) for dx, dy in spots]
    left = [(x - dx - width, y + dy, x - dx, y + dy + 10) for dx, dy in spots]
    over = [(x - width / 2, y + dy, x + width / 2, y + dy + 10) for dy in (-away - 10, away, -away - 20, away + 10)]
    return [*right[:3], *left[:3], *over, *right[3:], *left[3:]]


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    return wide * high if wide > 0 and high > 0 else 0.0
