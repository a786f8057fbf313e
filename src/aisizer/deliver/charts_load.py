"""Pictures of latency by load and of what happens during a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aisizer.deliver import numbers
from aisizer.deliver.charts import PALETTE, WIDTH, line, marker, svg, text
from aisizer.deliver.charts_frame import LETTER, Frame, line_legend, scale
from aisizer.plan.load_records import LoadCurve, PromiseCurve

CEILING = 1.5
"""[1] of the target up to which latencies are drawn"""
COLOURS = (0, 5, 2, 3, 4, 1, 6)
"""colour class of the signs on each line class"""


def latency_by_load(curves: Sequence[LoadCurve], title: str, description: str) -> str:
    """Promised percentiles over their targets by load over what a pool carries; signs at the plan's own load.

    Of many promises those are drawn that come nearest to their targets.
    """
    shown = sorted(((curve, p) for curve in curves for p in curve.promises), key=_slack)[: len(PALETTE)]
    legend, top = _legend([promise_name(p) for _, p in shown], with_down=any(c.degraded > c.operating for c in curves))
    frame = Frame(58, WIDTH - 12, top + 22, top + 282, (0.0, max(c.loads[-1] for c in curves)), (0.0, CEILING))
    parts = legend + _axes(frame)
    for index, (curve, promise) in enumerate(shown):
        parts += _promise(frame, curve, promise, index)
    return svg(frame.bottom + 44, title, description, parts)


def promise_name(promise: PromiseCurve) -> str:
    """Workload, metric and percentile of a promise."""
    return f"{promise.workload} {promise.metric.upper()} {promise.percentile}"


def _slack(found: tuple[LoadCurve, PromiseCurve]) -> float:
    """[1] minus a promise's latency over its target with the redundancy down: those nearest to their targets come first."""
    return -found[1].degraded_ms / found[1].target_ms


def _axes(frame: Frame) -> list[str]:
    parts = [frame.level(tick, numbers.share(tick)) for tick in (0, 0.25, 0.5, 0.75, 1, 1.25, 1.5)]
    parts += [frame.below(tick, numbers.share(tick)) for tick in (0, 0.25, 0.5, 0.75, 1.0)]
    parts += [frame.below(frame.across[1], numbers.share(frame.across[1]), "end")]
    parts += [
        line(frame.left, frame.y(1), frame.right, frame.y(1), "axis"),
        line(frame.x(1), frame.top, frame.x(1), frame.bottom, "axis"),
    ]
    words = "load, of the most that is carried with every SLO met"
    parts += [text((frame.left + frame.right) / 2, frame.bottom + 38, words, "middle")]
    parts += [text(12, frame.top - 12, "latency, of its target")]
    return [*parts, text(frame.left + 6, frame.y(1) - 6, "target (SLO)", css="halo")]


def _promise(frame: Frame, curve: LoadCurve, promise: PromiseCurve, index: int) -> list[str]:
    points = _ratios(curve, promise)
    parts = [frame.path(_clipped(points), f"l{index}")]
    signs = [(0, curve.operating, promise.operating_ms), (1, curve.degraded, promise.degraded_ms)]
    for shape, load, ms in signs if curve.degraded > curve.operating else signs[:1]:
        ratio = ms / promise.target_ms
        if ratio <= CEILING and load <= frame.across[1]:
            parts.append(marker(shape, frame.x(load), frame.y(ratio), f"c{COLOURS[index]}", promise_name(promise)))
    return parts


def _ratios(curve: LoadCurve, promise: PromiseCurve) -> list[tuple[float, float]]:
    """[1] loads and latencies over the target, the plan's own load among them."""
    pairs = [*zip(curve.loads, promise.latency_ms, strict=True), (curve.operating, promise.operating_ms)]
    return sorted((load, ms / promise.target_ms) for load, ms in pairs if ms is not None)


def _clipped(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points up to where the line leaves the frame."""
    kept: list[tuple[float, float]] = []
    for load, ratio in points:
        if ratio > CEILING:
            if kept:
                before, low = kept[-1]
                kept.append((before + (load - before) * (CEILING - low) / (ratio - low), CEILING))
            break
        kept.append((load, ratio))
    return kept


def _legend(names: Sequence[str], *, with_down: bool) -> tuple[list[str], float]:
    """Samples of the lines with their names, row by row, then what the signs mean; and where that ends."""
    parts, x, y = [], 12.0, 12.0
    for index, name in enumerate(names):
        width = 50 + LETTER * len(name)
        if x + width > WIDTH:
            x, y = 12.0, y + 20
        parts.append(line_legend(x, y, f"l{index}", name))
        x += width
    y += 20
    parts += [marker(0, 25, y, "base"), text(44, y + 4, "busiest minutes of the peak hour, all servers up")]
    if with_down:
        parts += [marker(1, 385, y, "base"), text(400, y + 4, "the same with the redundancy down")]
    return parts, y + 12


def over_time(series: Mapping[str, Sequence[float]], seconds: float, title: str, description: str) -> str:
    """Lines over a run of so many seconds, one for each name, sampled evenly."""
    step, top = scale(max(map(max, series.values())))
    frame = Frame(48, WIDTH - 12, 34, 264, (0.0, seconds), (0, top))
    parts = [frame.level(tick, str(tick)) for tick in range(0, top + 1, step)]
    for part in range(5):
        anchor = ("start", "middle", "middle", "middle", "end")[part]
        parts.append(frame.below(seconds * part / 4, f"{seconds * part / 4:,.0f} s", anchor))
    for index, (name, values) in enumerate(series.items()):
        css, width = f"l{index % len(PALETTE)}", seconds / len(values)
        parts.append(frame.path([((i + 0.5) * width, value) for i, value in enumerate(values)], css))
        parts.append(line_legend(frame.left + 200 * index, 14, css, name))
    return svg(frame.bottom + 28, title, description, parts)
