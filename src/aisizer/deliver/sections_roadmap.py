"""The document's sections on 36 months: phases, purchases, demand and capacity."""

from __future__ import annotations

from aisizer import units
from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Figure, Paragraph, Section, table
from aisizer.deliver.charts_months import WATCHED, demand_and_capacity
from aisizer.plan import Plan
from aisizer.roadmap.records import Purchase, Roadmap


def roadmap_section(plan: Plan, roadmap: Roadmap) -> Section:
    """36 months of demand and capacity, the purchases between them, and the lead time."""
    months, purchases = roadmap.months, roadmap.purchases
    said = "; ".join(f"{p.gpus} GPUs ordered by {p.order_by}, in service on {p.need_by}" for p in purchases)
    title = "GPUs needed and in service by month"
    days = [f"{t.pool} on {day}" for t in plan.triggers if t.kind in WATCHED and (day := t.predicted.get("base"))]
    told = f"Purchases: {said}." + (f" Triggers expected: {'; '.join(days)}." if days else "")
    svg = demand_and_capacity(months, purchases, plan.triggers, title, told)
    checkpoints = [
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
    by_month = [
        (
            str(m.month),
            numbers.month(m.start),
            numbers.cases(m.demand_factor_low, m.demand_factor, m.demand_factor_high),
            numbers.number(m.peak_rate_per_s),
            numbers.cases(m.gpus_needed_low, m.gpus_needed, m.gpus_needed_high),
            str(m.gpus_in_service),
            numbers.share(m.utilization),
        )
        for m in months
    ]
    weeks = roadmap.lead_time_weeks
    lead = " + ".join(f"{labels.reason(k)} {numbers.number(v)}" for k, v in weeks.items() if k != "total")
    total = f" = {numbers.number(weeks['total'])}" if "total" in weeks else ""
    site = labels.site(labels.decided(plan).site)
    blocks: tuple[Block, ...] = (
        *_phases(plan),
        Paragraph(
            f"In service: {roadmap.go_live_gpus} GPUs at go-live, {roadmap.month_12_gpus} in month 12, "
            f"{roadmap.month_36_gpus} in month 36."
        ),
        Figure(svg, "GPUs needed and in service by month"),
        table(
            "Fleet at the checkpoints", "When | Date | GPUs # | Servers # | Utilization # | Tightest SLO", checkpoints
        ),
        table(
            "Purchases",
            "Wave | GPUs # | Servers # | Order by | In service | Lasts to month # | Why",
            [_purchase_row(p) for p in purchases],
        ),
        Paragraph(f"Lead time {site}, in weeks: {lead}{total}."),
        table(
            "Demand and capacity by month; three figures are those of low, base and high growth",
            "Month | Start | Demand # | Peak req/s # | GPUs needed # | In service # | Utilization #",
            by_month,
        ),
    )
    return Section("roadmap", "36 months", blocks)


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
