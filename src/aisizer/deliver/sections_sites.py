"""The document's section on where the plan may run: verdicts, second places, controls, limits of the site, managed APIs."""

from __future__ import annotations

from aisizer.costs.managed import ApiBreakEven
from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Items, Notice, Paragraph, Section, Table, table
from aisizer.plan import Plan
from aisizer.plan.records import SiteLimit, SiteWork
from aisizer.sizing.admissible import SiteVerdict


def verdicts_section(plan: Plan) -> Section:
    """Whether each place is admitted, by which texts, and what they ask for."""
    text = "The plan supports evidence for these texts; it is no legal advice and claims no compliance."
    rows = [_verdict_row(v.site, SiteVerdict(**v.model_dump())) for v in plan.verdicts]
    blocks: list[Block] = [
        Paragraph(text),
        table("Verdict on each site", "Site | Verdict | Reasons | Texts | Basis", rows),
        *([_places(plan)] if plan.places else []),
        *([Paragraph(retention(plan))] if plan.retention else []),
        *([_controls(plan)] if plan.controls else []),
        *([_unpriced(plan)] if plan.unpriced_controls else []),
    ]
    return Section("sites", "Where the data may go", tuple(blocks))


def _verdict_row(place: str, verdict: SiteVerdict) -> tuple[str, ...]:
    said = (" ".join(verdict.reasons), "; ".join(verdict.citations), verdict.basis)
    return (labels.site(place), verdict.verdict, *said)


def _places(plan: Plan) -> Table:
    rows = [
        (
            p.role,
            labels.site(p.verdict.site) if p.named else f"a second place as {labels.site(p.verdict.site)}",
            p.verdict.verdict,
            " ".join(p.verdict.reasons) if p.named else "as the chosen site",
            p.field,
        )
        for p in plan.places
    ]
    return table("Second places, judged by the same rules", "Role | Place | Verdict | Reasons | Field", rows)


def retention(plan: Plan) -> str:
    """How long logs are kept, whether that is required, and by which text."""
    kept = plan.retention
    if kept is None:
        return ""
    hot = "" if kept.hot_months is None else f", {kept.hot_months:.3g} of them at hand"
    note = f" {kept.note}" if kept.note else ""
    return f"Prompt and response logs are kept {kept.months:.3g} months{hot} ({kept.kind}: {kept.citation}).{note}"


def _controls(plan: Plan) -> Table:
    rows = [(c.framework, c.kind, c.text, c.citation, c.basis) for c in plan.controls]
    heads = "Framework | Asks for | Text | Citation | Basis"
    return table("What the frameworks ask for that costs money or capacity", heads, rows)


def _unpriced(plan: Plan) -> Table:
    rows = [(c.framework, c.kind, c.text, c.why) for c in plan.unpriced_controls]
    return table("Of these, what no cost line pays for", "Framework | Asks for | Text | Why", rows)


def facility_section(plan: Plan) -> Section:
    """What the fleet asks of its site in month 36 beside what the site has, and the work that would lift a limit."""
    rows = [
        (limit.name, _value(limit, limit.month_36), _value(limit, limit.limit), held(limit), limit.field)
        for limit in plan.limits
    ]
    site = labels.decided(plan).site_name
    blocks: list[Block] = [
        Paragraph(f"{site} at month 36. A limit that nobody gave is not checked."),
        table("Limits of the site", "What | Month 36 # | Limit # | Held | Field", rows),
    ]
    if plan.work:
        heads = "Work | More # | In service by | Lead time, weeks # | Order by"
        blocks += [table("Work on the site, each an item of its own", heads, [_work_row(w) for w in plan.work])]
        blocks += [Notice(work.detail) for work in plan.work]
    return Section("facility", "Site and its limits", tuple(blocks))


def held(limit: SiteLimit) -> str:
    """Whether a limit holds, in a word."""
    return "not checked" if limit.held is None else "yes" if limit.held else "no"


def _value(limit: SiteLimit, value: float | str | None) -> str:
    if value is None:
        return "not given"
    return value if isinstance(value, str) else f"{numbers.number(value)} {limit.unit}".rstrip()


def _work_row(work: SiteWork) -> tuple[str, ...]:
    lead = "unknown" if work.lead_time_weeks is None else numbers.number(work.lead_time_weeks)
    more = f"{numbers.number(work.quantity)} {work.unit}"
    return (work.item, more, str(work.need_by), lead, "unknown" if work.order_by is None else str(work.order_by))


def apis_section(plan: Plan) -> Section:
    """The volume at which the fleet costs what a managed API would; an API is no place for the fleet."""
    rows = [_api_row(api) for api in plan.apis]
    heads = (
        "API | Data may go there | API USD a month # | Fleet USD a month # | Break-even requests a month # | Of the plan # | "
        "Utilization there #"
    )
    blocks: list[Block] = [
        Paragraph(
            "Managed APIs bill by the token: list prices, without discounts for caches, batches or commitment. They are compared "
            "at the plan's volume and never chosen."
        ),
        table("Break-even against managed APIs", heads, rows),
    ]
    unpriced = tuple(api.sentence for api in plan.apis if api.missing)
    blocks += [Items(unpriced)] if unpriced else []
    return Section("apis", "Managed APIs for comparison", tuple(blocks))


def _api_row(api: ApiBreakEven) -> tuple[str, ...]:
    requests = numbers.NOT_AVAILABLE
    if api.break_even_requests_per_month is not None:
        requests = f"{api.break_even_requests_per_month:,.0f}"
    return (
        api.api_name,
        api.verdict,
        numbers.usd(api.usd_per_month),
        numbers.at_least(numbers.usd(api.fleet_usd_per_month), not api.complete),
        requests,
        numbers.share(api.break_even_share),
        numbers.share(api.break_even_utilization),
    )
