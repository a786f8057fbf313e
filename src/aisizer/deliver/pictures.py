"""Pictures with the table that holds the same figures, for the sections of the document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    spare = labels.decided(plan).redundant_servers
    told = "; ".join(
        f"{c.pool} carries {numbers.rounded(c.carried_per_s)} req/s with every SLO met, and is asked for "
        f"{numbers.share(c.operating)} of it"
        + (f", {numbers.share(c.degraded)} with the redundancy down" if spare else "")
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
    keys = [f"{i}.promises.{j}" for i, curve in enumerate(plan.load_curves) for j in range(len(curve.promises))]
    heads = f"Promise | Target # | {shares}"
    unsteady = any(numbers.NOT_AVAILABLE in row for row in rows)
    stands = "; n/a: no steady state" if unsteady else ""
    shown = f"Latency at shares of the load that is carried with every SLO met{stands}"
    listed = table(shown, heads, rows, "load_curves", keys)
    caption = f"{title}, by the analytic queue with all servers up. {told}."
    return [Figure(svg, caption), listed]


def _latencies(promise: PromiseCurve) -> Iterable[str]:
    return (numbers.NOT_AVAILABLE if ms is None else numbers.duration(ms) for ms in promise.latency_ms)


def cumulative_picture(plan: Plan) -> list[Block]:
    """What each fleet and API has cost by the end of each month, and from when on the chosen site costs less."""
    own = labels.decided(plan).site
    if own not in plan.cumulative or len(plan.cumulative) < 2:
        return []
    beside = [c for c in plan.comparisons if c.other in plan.cumulative]
    drawn = sorted(beside, key=lambda c: c.kind == "api" and not c.alternative)[: LINES - 1]
    lines = {_line_name(name, own): plan.cumulative[name] for name in (own, *(c.other for c in drawn))}
    crossings = {labels.site(c.other): month for c in drawn if (month := c.cheaper_from_month or 0) > FROM_THE_START}
    title = "Cumulative cash and break-even"
    svg = cumulative(lines, crossings, title, " ".join(c.sentence for c in drawn))
    months = " | ".join(f"{'before service' if m == 0 else f'month {m}'} #" for m in HALF_YEARS)
    rows = [
        (_line_name(name, own), *(numbers.usd(paid[m]) for m in HALF_YEARS)) for name, paid in plan.cumulative.items()
    ]
    left_out = "; the table has all" if len(beside) > len(drawn) else ""
    dot = "; a dot: from that month on the chosen site has cost less" if crossings else ""
    listed = table(
        "Cumulative cash at the end of the month, USD",
        f"Fleet or API | {months}",
        rows,
        "cumulative",
        [*plan.cumulative],
    )
    return [Figure(svg, f"Cumulative cash, USD{dot}{left_out}"), listed]


def _line_name(name: str, own: str) -> str:
    return f"{labels.site(name)} (chosen)" if name == own else labels.site(name)


def evidence_picture(plan: Plan) -> list[Block]:
    """How far measurements lay from predictions of these kinds, and the prototype's own figures."""
    found = [*_published(plan.error_bands), *_own(plan.prototype)]
    if not found:
        return []
    title = "Measured against predicted"
    told = "; ".join(f"{name}: {b.low:.2f} to {b.high:.2f} times the prediction" for name, b, _ in found)
    svg = measured_and_predicted([(short(name, NAME), band) for name, band, _ in found], title, f"{told}.")
    rows = [(name, band.told, *(f"{value:.2f}" if value else "" for value in _told(band))) for name, band, _ in found]
    heads = "Prediction of | Measurements | Band from # | Median # | Band to #"
    caption = "Measured over predicted; the next measurement of its kind lies in the band with a chance of 80 %"
    keys = [path for _, _, path in found]
    return [Figure(svg, caption), table("Measured over predicted", heads, rows, "", keys)]


def _told(band: Band) -> tuple[float | None, float, float | None]:
    """The band's ends and middle; one measurement has no ends."""
    return (band.low, band.middle, band.high) if band.low < band.high else (None, band.middle, None)


def _published(bands: Sequence[ErrorBand]) -> list[tuple[str, Band, str]]:
    """The bands with what they are of and where they stand; workloads with the same band share it."""
    alike: dict[tuple[str, Band], list[int]] = {}
    for place, b in enumerate(bands):
        told = f"{b.measurements:,} measured" if b.measurements else "assumed"
        alike.setdefault((f"{b.metric.upper()} {b.percentile}", Band(b.low, b.median, b.high, told)), []).append(place)
    return [
        (f"{of} of {', '.join(bands[place].workload for place in places)}", band, f"error_bands.{places[0]}")
        for (of, band), places in alike.items()
    ]


def _own(found: Sequence[Comparison]) -> list[tuple[str, Band, str]]:
    return [
        (f"prototype {c.name}", Band(c.ratio, c.ratio, c.ratio, "own figure"), f"prototype.{place}")
        for place, c in enumerate(found)
        if c.ratio and c.unit != "USD"
    ]


def options_picture(plan: Plan) -> list[Block]:
    """All ranked options by 36-month cost and latency, numbered by their places in the ranking."""
    points = list(_points(plan).values())
    if len(points) < 2:
        return []
    most = DEAREST * min(point.usd for point in points)
    drawn = [point for point in points if point.usd <= most or point.chosen]
    title = "Cost and latency of all options"
    best = "; ".join(points[i].name for i in frontier(points))
    told = f"No option of a site and GPU class is both cheaper and quicker than {best}"
    caption = (
        "36-month cost and latency of the best option of each site and GPU class, by the analytic queue with all servers up, "
        "numbered as they are ranked; options.csv lists all of them in this order"
    )
    lacking = any(o.three_year_usd is not None and not o.complete for o in plan.ranking)
    least = "; an option that lacks a price costs at least what is drawn" if lacking else ""
    dearer = "; the dearest are left out" if len(drawn) < len(points) else ""
    return [Figure(cost_and_latency(drawn, title, f"{told}{least}."), f"{caption}{dearer}{least}")]


def best_places(plan: Plan) -> set[int]:
    """Places in the ranking of the options than which none is both cheaper and quicker."""
    known = _points(plan)
    places = list(known)
    return {places[i] for i in frontier(list(known.values()))}


def _points(plan: Plan) -> dict[int, Point]:
    """What is known of both cost and latency, by its place in the ranking."""
    found = {place: _point(place, option) for place, option in enumerate(plan.ranking)}
    return {place: point for place, point in found.items() if point is not None}


def _point(place: int, option: Option) -> Point | None:
    if option.three_year_usd is None or option.slo_ratio is None:
        return None
    name = f"{option.gpus} x {labels.gpu(option.gpu)}, {labels.site(option.site)}, {labels.term(option.term)}"
    return Point(str(place + 1), name, labels.site(option.site), option.three_year_usd, option.slo_ratio, option.chosen)
