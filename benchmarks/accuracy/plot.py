"""A small scatter plot as SVG, written by hand: predicted against measured on logarithmic axes, one panel per metric."""

from __future__ import annotations

import math

import pandas as pd

PANEL, GAP, MARGIN = 220, 40, 34
"""[px] side of a panel, space between panels, space for labels"""
MOST_POINTS = 700
"""[point] drawn per metric, chosen at random: enough to see the cloud, small enough to read as a diff."""
TITLES = {"tpot": "TPOT, ms", "ttft": "TTFT, ms", "throughput": "throughput, token/s"}


def scatter(scored: pd.DataFrame) -> str:
    """One panel per metric; the middle line is equality, the outer ones a factor of two."""
    panels = [_panel(scored[scored["metric"] == metric], title, i) for i, (metric, title) in enumerate(TITLES.items())]
    width = MARGIN + len(panels) * (PANEL + GAP)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {PANEL + 2 * MARGIN}" '
        f'font-family="sans-serif" font-size="11">\n<rect width="100%" height="100%" fill="#fff"/>\n'
        + "\n".join(panels)
        + "\n</svg>\n"
    )


def _panel(rows: pd.DataFrame, title: str, place: int) -> str:
    answered = rows[rows["predicted"].notna()]
    drawn = answered.sample(min(len(answered), MOST_POINTS), random_state=0)
    values = [math.log10(v) for v in (*drawn["measured"], *drawn["predicted"])]
    low, high = math.floor(min(values, default=0)), math.ceil(max(values, default=1))
    left = MARGIN + place * (PANEL + GAP)
    dots = "".join(
        f"M{left + _at(m, low, high):.0f} {MARGIN + PANEL - _at(p, low, high):.0f}h0"
        for m, p in zip(drawn["measured"], drawn["predicted"], strict=True)
    )
    lines = "".join(_line(left, factor, low, high) for factor in (0.5, 1, 2))
    ticks = "".join(_ticks(left, decade, low, high) for decade in range(low, high + 1))
    return (
        f'<g><text x="{left}" y="{MARGIN - 14}">{title}: predicted (up) by measured</text>{ticks}{lines}'
        f'<path d="{dots}" stroke="#2563eb" stroke-opacity=".45" stroke-width="3" stroke-linecap="round"/></g>'
    )


def _at(value: float, low: int, high: int) -> float:
    return (math.log10(value) - low) / (high - low) * PANEL


def _line(left: int, factor: float, low: int, high: int) -> str:
    """Predicted = factor x measured, cut to the panel."""
    shift = math.log10(factor) / (high - low) * PANEL
    x0, x1 = max(0.0, -shift), min(PANEL, PANEL - shift)
    y0, y1 = MARGIN + PANEL - x0 - shift, MARGIN + PANEL - x1 - shift
    dash = "" if factor == 1 else ' stroke-dasharray="3 3"'
    return f'<path d="M{left + x0:.0f} {y0:.0f}L{left + x1:.0f} {y1:.0f}" stroke="#555"{dash}/>'


def _ticks(left: int, decade: int, low: int, high: int) -> str:
    offset = (decade - low) / (high - low) * PANEL
    x, y, label = left + offset, MARGIN + PANEL - offset, f"{10.0**decade:g}"
    return (
        f'<path d="M{x:.0f} {MARGIN}v{PANEL}M{left} {y:.0f}h{PANEL}" stroke="#ddd"/>'
        f'<text x="{x:.0f}" y="{MARGIN + PANEL + 14}" text-anchor="middle" fill="#555">{label}</text>'
    )
