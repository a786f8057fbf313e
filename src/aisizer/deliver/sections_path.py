"""The document's sections on the way to production: the bridge until delivery, and the path from the decision to service."""

from __future__ import annotations

from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Facts, Paragraph, Section, Table, table
from aisizer.plan import Plan
from aisizer.plan.records import Bridge, ScopeChange
from aisizer.roadmap.records import Path, PathStep, Precondition


def bridge_section(plan: Plan) -> Section:
    """What serves until the chosen site delivers, with its dates and its cost."""
    bridge, site = plan.bridge, labels.decided(plan).site
    if bridge is None:
        raise ValueError("the plan has no bridge")
    text = (
        f"{bridge.reason} Until then {numbers.count(bridge.gpus, 'GPU')} rented at {bridge.site} serve, sized "
        "for the demand of those months with the same headroom and redundancy."
    )
    then = f"On {bridge.until} the first wave of {site} takes over; the bridge is handed back."
    return Section("bridge", "Bridge until delivery", (Paragraph(text), _facts(bridge), Paragraph(then)))


def _facts(bridge: Bridge) -> Facts:
    least = "at least " if bridge.missing else ""
    return Facts(
        (
            ("Rented", f"{bridge.servers} x {bridge.offer_name} on demand"),
            ("Order by", bridge.order_by.isoformat()),
            ("Serves from", bridge.from_.isoformat()),
            ("Until", f"{bridge.until} ({numbers.count(bridge.months, 'month')})"),
            ("Cost a month, all that stands beside it included", f"{least}{numbers.usd(bridge.usd_per_month)} USD"),
            ("Cost in all, part of the site's cost", f"{least}{numbers.usd(bridge.usd)} USD"),
        )
    )


def path_section(plan: Plan) -> Section:
    """Tasks between the go decision and production with owners and dates, the critical path, and what is still open."""
    way = plan.path
    if way is None:
        raise ValueError("the plan has no path")
    low, base, high = (way.months[case] for case in ("low", "base", "high"))
    reach = "in time for" if way.in_time else "after"
    text = (
        f"From the go decision on {labels.plan_date(plan)} to production it takes {base:.1f} months ({low:.1f} to {high:.1f}), "
        f"until {way.end}: {reach} go-live on {way.go_live}. Procurement is that of {way.site}. Critical path: "
        f"{', '.join(way.critical)}."
    )
    blocks = (Paragraph(text), _tasks(way), _preconditions(way), *_scope_changes(plan))
    return Section("path", "From the decision to production", blocks)


def _tasks(way: Path) -> Table:
    heads = "Task | Owner | Weeks # | Low to high # | Start | End | Waits for | Critical"
    rows, keys = [_step_row(step) for step in way.steps], [step.name for step in way.steps]
    return table("Tasks on the way to production, at base", heads, rows, "path.steps", keys)


def _preconditions(way: Path) -> Table:
    heads = "Precondition | Met | Otherwise | Field"
    rows, keys = [_open_row(p) for p in way.preconditions], [p.name for p in way.preconditions]
    return table("Preconditions", heads, rows, "path.preconditions", keys)


def _scope_changes(plan: Plan) -> list[Block]:
    if not plan.scope_changes:
        return []
    heads = "What | Where | Under CMMC | Weeks # | USD # | Texts"
    rows = [_scope_row(s) for s in plan.scope_changes]
    keys = [str(place) for place in range(len(rows))]
    return [table("Places and the CMMC assessment", heads, rows, "scope_changes", keys)]


def _step_row(step: PathStep) -> tuple[str, ...]:
    low, base, high = (numbers.number(step.weeks[case]) for case in ("low", "base", "high"))
    dates = (step.start.isoformat(), step.end.isoformat())
    return (
        step.name,
        step.owner,
        base,
        f"{low} to {high}",
        *dates,
        ", ".join(step.after),
        "yes" if step.critical else "",
    )


def _open_row(found: Precondition) -> tuple[str, ...]:
    return (found.name, "yes" if found.met else "no", found.effect, found.field)


def _scope_row(scope: ScopeChange) -> tuple[str, ...]:
    weeks = "not given" if scope.weeks is None else numbers.number(scope.weeks)
    cost = "not given" if scope.cost_usd is None else numbers.usd(scope.cost_usd)
    due = (weeks, cost) if scope.significant else ("", "")
    return (scope.what, scope.site, scope.verdict, *due, scope.citation)
