"""The document's sections on 36 months: phases, purchases, demand and capacity."""

from __future__ import annotations

from collections.abc import Sequence

from aisizer import units
from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Figure, Paragraph, Section, Table, table
from aisizer.deliver.charts_months import WATCHED, demand_and_capacity
from aisizer.deliver.sections_strategies import strategy_blocks
from aisizer.plan import Plan
from aisizer.roadmap.records import Purchase, Roadmap

EVERY = 6
"""months between two rows of demand; those in which a purchase begins to serve stand there too"""


def roadmap_section(plan: Plan, roadmap: Roadmap) -> Section:
    """Demand and capacity over 36 months, the purchases between them, ways to buy, and the lead time."""
    months, purchases = roadmap.months, roadmap.purchases
    said = "; ".join(
        f"{numbers.count(p.gpus, 'GPU')} ordered by {p.order_by}, in service on {p.need_by}" for p in purchases
    )
    days = [f"{t.pool} on {day}" for t in plan.triggers if t.kind in WATCHED and (day := t.predicted.get("base"))]
    told = f"Purchases: {said}." + (f" Triggers expected: {'; '.join(days)}." if days else "")
    title = "GPUs needed and in service by month"
    svg = demand_and_capacity(months, purchases, plan.triggers, title, told)
    weeks = roadmap.lead_time_weeks
    lead = " + ".join(f"{labels.words(k)} {numbers.number(v)}" for k, v in weeks.items() if k != "total")
    blocks: tuple[Block, ...] = (
        *_phases(plan),
        Paragraph(
            f"In service: {numbers.count(roadmap.go_live_gpus, 'GPU')} at go-live, {roadmap.month_12_gpus} in month 12, "
            f"{roadmap.month_36_gpus} in month 36. Lead time {labels.site(labels.decided(plan).site)}, in weeks: {lead} = "
            f"{numbers.number(weeks['total'])}."
        ),
        Figure(svg, "GPUs needed and in service by month"),
        _months(roadmap),
        _checkpoints(roadmap),
        _purchases(purchases),
        *(strategy_blocks(plan) if plan.strategies else ()),
    )
    return Section("roadmap", "Capacity and purchases over 36 months", blocks)


def _months(roadmap: Roadmap) -> Table:
    """Demand and capacity in some months; all stand in the workbook."""
    serving = {f"{p.need_by:%Y-%m}" for p in roadmap.purchases}
    shown = [m for m in roadmap.months if m.month == 1 or m.month % EVERY == 0 or numbers.month(m.start) in serving]
    rows = [
        (
            str(m.month),
            numbers.month(m.start),
            numbers.cases(m.demand_factor_low, m.demand_factor, m.demand_factor_high),
            numbers.rounded(m.peak_rate_per_s),
            numbers.cases(m.gpus_needed_low, m.gpus_needed, m.gpus_needed_high),
            str(m.gpus_in_service),
            numbers.share(m.utilization),
        )
        for m in shown
    ]
    caption = (
        "Demand (1: the full peak at go-live) and capacity, at low / base / high growth; every month stands on the workbook's "
        "sheet Demand and capacity"
    )
    heads = "Month | Start | Demand # | Peak req/s # | GPUs needed # | In service # | Utilization #"
    return table(caption, heads, rows, "roadmap.months", [str(m.month - 1) for m in shown])


def _checkpoints(roadmap: Roadmap) -> Table:
    rows = [
        (
            f"month {c.month}",
            c.date.isoformat(),
            str(c.gpus),
            str(c.servers),
            numbers.share(c.utilization),
            f"{c.tightest_slo} at {numbers.share(c.slo_ratio)} of its target",
        )
        for c in roadmap.checkpoints
    ]
    heads = "When | Date | GPUs # | Servers # | Utilization # | Tightest SLO"
    return table("Fleet at the checkpoints", heads, rows, "roadmap.checkpoints", [str(n) for n in range(len(rows))])


def _purchases(purchases: Sequence[Purchase]) -> Table:
    heads = "Wave | GPUs # | Servers # | Order by | In service | Lasts to month # | Why"
    rows = [_purchase_row(p) for p in purchases]
    return table("Purchases", heads, rows, "roadmap.purchases", [str(n) for n in range(len(rows))])


def _phases(plan: Plan) -> list[Block]:
    rows = [
        (
            str(phase["name"]),
            numbers.share(units.parse(phase["share"], "share")),
            str(phase["start"]),
            str(phase.get("exit", "")),
            str(phase.get("owner", "")),
            str(phase.get("rollback", "")),
        )
        for phase in labels.phases(plan)
    ]
    heads = "Phase | Share of demand # | Start | Ends when | Decided by | Goes back when"
    return [table("Phases of the rollout", heads, rows)] if rows else []


def _purchase_row(purchase: Purchase) -> tuple[str, ...]:
    return (
        str(purchase.wave),
        str(purchase.gpus),
        str(purchase.servers),
        purchase.order_by.isoformat(),
        purchase.need_by.isoformat(),
        str(purchase.covers_to_month),
        purchase.reason,
    )
