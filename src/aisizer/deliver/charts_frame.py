"""A frame with axes in which lines are drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log10

from aisizer.deliver.charts import line, text

LETTER = 7.4
"""mean width of a letter, where words are set beside each other"""


@dataclass(frozen=True, slots=True)
class Frame:
    """A plot area and what its edges stand for."""

    left: float
    right: float
    top: float
    bottom: float
    across: tuple[float, float]
    up: tuple[float, float]

    def x(self, value: float) -> float:
        """Where a value stands on the horizontal axis."""
        return self.left + (self.right - self.left) * (value - self.across[0]) / (self.across[1] - self.across[0])

    def y(self, value: float) -> float:
        """Where a value stands on the vertical axis."""
        return self.bottom - (self.bottom - self.top) * (value - self.up[0]) / (self.up[1] - self.up[0])

    def level(self, value: float, words: str) -> str:
        """A grid line across with its figure."""
        y = self.y(value)
        return line(self.left, y, self.right, y, "grid") + text(self.left - 8, y + 4, words, "end")

    def below(self, value: float, words: str, anchor: str = "middle") -> str:
        """A figure below the horizontal axis, with a small tick."""
        x = self.x(value)
        return line(x, self.bottom, x, self.bottom + 4, "axis") + text(x, self.bottom + 18, words, anchor)

    def path(self, points: Iterable[tuple[float, float]], css: str) -> str:
        """A line through points in the axes' units."""
        places = " ".join(f"{self.x(a):.1f},{self.y(b):.1f}" for a, b in points)
        return f'<polyline class="line {css}" points="{places}"/>'


def tick_step(highest: float) -> int:
    """A round whole step that gives three to six ticks.

    >>> [tick_step(n) for n in (3, 24, 400)]
    [1, 5, 100]
    """
    decade = max(0, floor(log10(highest)) - 1) if highest > 0 else 0
    return next(f * int(10**d) for d in range(decade, decade + 3) for f in (1, 2, 5) if highest <= 5 * f * 10**d)


def scale(highest: float) -> tuple[int, int]:
    """A round step and the top of an axis in whole steps; one step where there is nothing to show.

    >>> [scale(n) for n in (0, 24, 400.5)]
    [(1, 1), (5, 25), (100, 500)]
    """
    step = tick_step(highest)
    return step, max(1, ceil(highest / step)) * step


def line_legend(x: float, y: float, css: str, words: str) -> str:
    """A sample of a line and what it stands for."""
    return f'<path class="line {css}" d="M{x:.0f},{y:.0f} h26"/>' + text(x + 32, y + 4, words)
