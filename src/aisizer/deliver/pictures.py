"""Pictures with the table that holds the same figures, for the sections of the document."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Figure, table
from aisizer.deliver.charts import short
from aisizer.deliver.charts_load import latency_by_load, promise_name
from aisizer.deliver.charts_months import cumulative
from aisizer.deliver.charts_points import Band, Point, cost_and_latency, frontier, measured_and_predicted
from aisizer.plan import Comparison, Plan
from aisizer.plan.load_records import ErrorBand, PromiseCurve
from aisizer.sizing.records import Option

LINES = 6
"""lines of the cumulative cost; more are not told apart"""
NAME = 33
"""letters of a name beside a band"""
DEAREST = 5.0
"""[1] of the cheapest option's cost beyond which options are left to the table, so that the others stand apart"""
FROM_THE_START = 1
"""month up to which the chosen site has never cost more, so that nothing crosses"""
HALF_YEARS = range(0, 37, 6)


def latency_picture(plan: Plan) -> list[Block]:
    """Promised percentiles by load, with the target and the load that the plan puts on each pool."""
    if not plan.load_curves:
        return []
    told = "; ".join(
        f"{c.pool} carries {numbers.number(c.carried_per_s)} req/s with every SLO met, and is asked for "
        f"{numbers.share(c.operating)} of it, {numbers.share(c.degraded)} with the redundancy down"
        for c in plan.load_curves
    )
    title = "Latency by load, over the target"
    svg = latency_by_load(plan.load_curves, title, f"{told}.")
    shares = " | ".join(f"{numbers.share(load)} #" for load in plan.load_curves[0].loads)
    rows = [
        (promise_name(p), numbers.duration(p.target_ms), *_latencies(p))
        for curve in plan.load_curves
        for p in curve.promises
    ]
    listed = table(
        "Latency at shares of the load that is carried with every SLO met", f"Promise | Target # | {shares}", rows
    )
    caption = f"{title}, by the analytic queue with all servers up. {told}"
    return [Figure(svg, caption), listed]


def _latencies(promise: PromiseCurve) -> Iterable[str]:
    return (numbers.NOT_AVAILABLE if ms is None else numbers.duration(ms) for ms in promise.latency_ms)


def cumulative_picture(plan: Plan) -> list[Block]:
    """What each fleet and API has cost by the end of each month, and from when on the chosen site costs less."""
    shown = [c for c in plan.comparisons if c.cash_by_month_usd]
    if not shown or plan.decision is None:
        return []
    own = plan.tco[plan.decision.site]
    name = f"{labels.site(own.site)} (chosen)"
    series = {name: own.cash_by_month_usd} | {labels.site(c.other): c.cash_by_month_usd for c in shown}
    drawn = sorted(shown, key=lambda c: c.kind == "api" and not c.alternative)[: LINES - 1]
    lines = {name: own.cash_by_month_usd} | {labels.site(c.other): c.cash_by_month_usd for c in drawn}
    crossings = {labels.site(c.other): month for c in drawn if (month := c.cheaper_from_month or 0) > FROM_THE_START}
    title = "Cumulative cash and break-even"
    svg = cumulative(lines, crossings, title, " ".join(c.sentence for c in drawn))
    months = " | ".join(f"{'before service' if m == 0 else f'month {m}'} #" for m in HALF_YEARS)
    rows = [(of, *(numbers.usd(sum(cash[: m + 1])) for m in HALF_YEARS)) for of, cash in series.items()]
    left_out = f"; the table has {len(shown) - len(drawn)} more" if len(shown) > len(drawn) else ""
    dot = "; a dot: from that month on the chosen site has cost less" if crossings else ""
    caption = f"Cumulative cash, USD{dot}{left_out}"
    return [
        Figure(svg, caption),
        table("Cumulative cash at the end of the month, USD", f"Fleet or API | {months}", rows),
    ]


def evidence_picture(plan: Plan) -> list[Block]:
    """How far measurements lay from predictions of these kinds, and the prototype's own figures."""
    published = _published(plan.error_bands)
    own = {f"prototype {c.name}": band for c in plan.prototype if (band := _own(c)) is not None}
    bands = published | own
    if not bands:
        return []
    title = "Measured against predicted"
    told = "; ".join(f"{name}: {b.low:.2f} to {b.high:.2f} times the prediction" for name, b in bands.items())
    svg = measured_and_predicted({short(name, NAME): band for name, band in bands.items()}, title, f"{told}.")
    rows = [
        (name, band.told, *(f"{value:.2f}" for value in (band.low, band.middle, band.high)))
        for name, band in bands.items()
    ]
    heads = "Prediction of | Measurements | 10 % lay below # | Median # | 10 % lay above #"
    caption = "Measured over predicted; the band holds 80 % of published measurements of each kind"
    return [Figure(svg, caption), table("Measured over predicted", heads, rows)]


def _published(bands: Iterable[ErrorBand]) -> dict[str, Band]:
    """The bands by what they are of; workloads with the same band share it."""
    alike: dict[tuple[str, Band], list[ErrorBand]] = {}
    for b in bands:
        told = f"{b.measurements:,} measured" if b.measurements else "assumed"
        alike.setdefault((f"{b.metric.upper()} {b.percentile}", Band(b.low, b.median, b.high, told)), []).append(b)
    return {f"{of} of {', '.join(b.workload for b in members)}": band for (of, band), members in alike.items()}


def _own(found: Comparison) -> Band | None:
    if found.predicted is None or not found.predicted or found.unit == "USD":
        return None
    ratio = found.measured / found.predicted
    return Band(ratio, ratio, ratio, "own figure")


def options_picture(plan: Plan) -> list[Block]:
    """All ranked options by 36-month cost and latency; the table numbers them."""
    known = [option for option in plan.ranking if option.three_year_usd is not None and option.slo_ratio is not None]
    points = [point for number, option in enumerate(known, start=1) if (point := _point(number, option)) is not None]
    if len(points) < 2:
        return []
    best = {points[i].number for i in frontier(points)}
    most = DEAREST * min(point.usd for point in points)
    drawn = [point for point in points if point.usd <= most or point.chosen]
    title = "Cost and latency of all options"
    told = f"{len(points)} options; none is cheaper and quicker than {', '.join(f'number {n}' for n in sorted(best))}"
    svg = cost_and_latency(drawn, title, f"{told}.")
    rows = [_option_row(point, option, point.number in best) for point, option in zip(points, known, strict=True)]
    heads = "No. # | Option | 36 months, USD # | Of the target # | Tightest SLO | Remark"
    caption = (
        "36-month cost and latency of the best option of each site and GPU class, by the analytic queue with all servers up"
        + (f"; the table has {len(points) - len(drawn)} more, at higher cost" if len(drawn) < len(points) else "")
    )
    return [Figure(svg, caption), replace(table("Options by cost and latency", heads, rows), sortable=True)]


def _point(number: int, option: Option) -> Point | None:
    if option.three_year_usd is None or option.slo_ratio is None:
        return None
    name = f"{option.gpus} x {labels.gpu(option.gpu)}, {labels.site(option.site)}, {labels.term(option.term)}"
    return Point(number, name, labels.site(option.site), option.three_year_usd, option.slo_ratio, option.chosen)


def _option_row(point: Point, option: Option, best: bool) -> tuple[str, ...]:
    return (
        str(point.number),
        point.name,
        numbers.at_least(numbers.usd(point.usd), not option.complete),
        numbers.share(point.ratio),
        option.tightest_slo,
        ", ".join(["chosen"] * option.chosen + ["none cheaper and quicker"] * best),
    )
