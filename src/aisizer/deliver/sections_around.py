"""The document's section on what stands around the GPUs: logs, network, room and power, and the limits of all of it."""

from __future__ import annotations

from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Notice, Paragraph, Section, Table, table
from aisizer.plan import IntegrationUse, Plan
from aisizer.plan.records import SiteLimit, SiteWork
from aisizer.plan.upstream import READINESS_RISKS, first_to_break
from aisizer.sizing.records import Surrounding

AT = ("go_live", "month_12", "month_36")
SHOWN = (
    "logs-written",
    "hot-logs",
    "archived-logs",
    "log-store-nodes",
    "cpu-servers",
    "racks",
    "nameplate-power",
    "cooling-and-losses",
    "spare-gpus-on-the-shelf",
    "copies-at-the-second-site",
    "non-production-staging-gpu-hours",
    "out-of-the-service",
    "service-network-leaf-switches",
)
"""what a signer asks of first; the others follow from these or are small"""


def surroundings_section(plan: Plan) -> Section:
    """What the fleet needs around it, whether the site and the systems it calls carry that, and what would lift a limit."""
    blocks = (*_needs(plan), *_limits(plan), *_integrations(plan))
    return Section("surroundings", "Surroundings and upstream limits", blocks)


def _needs(plan: Plan) -> list[Block]:
    if not plan.surroundings:
        return []
    shown = [s for s in plan.surroundings if s.id in SHOWN] or list(plan.surroundings)
    all_of = f"; all {len(plan.surroundings)} surroundings in sizing.json, each with its formula"
    rest = all_of if len(shown) < len(plan.surroundings) else ""
    heads = "What | For | Unit | At go-live # | Month 12 # | Month 36 #"
    caption = f"What stands around the GPUs at expected growth{rest}"
    return [table(caption, heads, [_row(s) for s in shown], "surroundings", [s.id for s in shown])]


def _row(s: Surrounding) -> tuple[str, ...]:
    return (s.name, s.group, s.unit, *map(numbers.rounded, (s.go_live, s.month_12, s.month_36)))


def _limits(plan: Plan) -> list[Block]:
    """What the fleet asks of its site in month 36 beside what the site has, and the work that would lift a limit."""
    if not plan.limits:
        return []
    rows = [(i.name, _value(i, i.month_36), _value(i, i.limit), held(i), i.field) for i in plan.limits]
    caption = f"Limits of {labels.decided(plan).site_name} at month 36; a limit that nobody gave is not checked"
    heads = "What | Month 36 # | Limit # | Held | Field"
    blocks: list[Block] = [table(caption, heads, rows, "limits", [limit.name for limit in plan.limits])]
    if plan.work:
        heads = "Work | More # | In service by | Lead time, weeks # | Order by"
        work = [_work_row(w) for w in plan.work]
        blocks.append(
            table("Work on the site, each an item of its own", heads, work, "work", [w.item for w in plan.work])
        )
        blocks += [Notice(work.detail) for work in plan.work]
    return blocks


def held(limit: SiteLimit) -> str:
    """Whether a limit holds, in a word."""
    return "not checked" if limit.held is None else "yes" if limit.held else "no"


def _value(limit: SiteLimit, value: float | str | None) -> str:
    if value is None:
        return "not given"
    return value if isinstance(value, str) else numbers.quantity(value, limit.unit)


def _work_row(work: SiteWork) -> tuple[str, ...]:
    lead = "unknown" if work.lead_time_weeks is None else numbers.number(work.lead_time_weeks)
    return (
        work.item,
        numbers.quantity(work.quantity, work.unit),
        str(work.need_by),
        lead,
        "unknown" if work.order_by is None else str(work.order_by),
    )


def _integrations(plan: Plan) -> list[Block]:
    """How close the systems that the service calls are to their ceilings."""
    if not plan.integrations:
        return []
    risks = [f"{u.name} is {READINESS_RISKS[u.readiness]}" for u in plan.integrations if u.readiness in READINESS_RISKS]
    blocks: list[Block] = [
        Paragraph(first_to_break(plan.integrations)),
        _calls(plan),
        _policies(plan),
        *(Notice(risk) for risk in risks),
    ]
    return blocks


def _calls(plan: Plan) -> Table:
    heads = "System | Limit calls/s # | Case | At go-live # | Month 12 # | Month 36 # | Breaks in"
    rows = [(u.name, row) for u in plan.integrations for row in _use_rows(u)]
    caption = "Calls per second at the peak, and share of the limit"
    return table(caption, heads, [row for _, row in rows], "integrations", [name for name, _ in rows])


def _policies(plan: Plan) -> Table:
    heads = "System | Latency # | Attempts at most # | Calls that fail in a bad hour # | Readiness"
    rows = [
        (u.name, _latency(u), str(u.attempts), numbers.exact_share(u.failing), u.readiness) for u in plan.integrations
    ]
    return table("Policy and readiness", heads, rows, "integrations", [u.name for u in plan.integrations])


def _use_rows(use: IntegrationUse) -> list[tuple[str, ...]]:
    """Calls on first attempts, with the retries of a bad hour, and when every attempt is used."""
    limit = "unknown" if use.limit_per_s is None else numbers.number(use.limit_per_s)
    cases = (
        ("first attempts", use.calls_per_s, use.utilization, use.breaks_in_month),
        ("bad hour", use.retry_calls_per_s, use.retry_utilization, use.breaks_with_retries_in_month),
        ("every retry used", use.all_calls_per_s, use.worst_utilization, use.breaks_at_worst_in_month),
    )
    return [
        (use.name, limit, case, *(_use_cell(calls.get(w), shares.get(w)) for w in AT), _breaks(use, month))
        for case, calls, shares, month in cases
    ]


def _breaks(use: IntegrationUse, month: int | None) -> str:
    if use.limit_per_s is None:
        return "unknown"
    return "not within 36 months" if month is None else f"month {month}"


def _latency(use: IntegrationUse) -> str:
    return "not given" if use.latency_s is None else numbers.duration(use.latency_s * 1000)


def _use_cell(calls: float | None, share: float | None) -> str:
    return numbers.rounded(calls) + ("" if share is None else f" ({numbers.share(share)})")
