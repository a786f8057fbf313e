"""The document's sections on what the plan rests on: rules, surroundings, assumptions, method, sources, limits."""

from __future__ import annotations

from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Code, Facts, Items, Notice, Paragraph, Section, table
from aisizer.plan import Comparison, IntegrationUse, Plan
from aisizer.plan.explain_survival import PREFIX
from aisizer.plan.upstream import READINESS_RISKS, first_to_break

AT = ("go_live", "month_12", "month_36")
NOT_MODELLED = (
    "replicas over more than four servers, prefill and decode pools on different GPU classes",
    "more than one GPU class at a site, and more than one site serving at once",
    "searches a second of vector stores, latency and loss of networks, racks and parts at a second site",
    "older backups than one copy, storage of weights and images, licences of software",
    "prices of a second site of another kind: its servers cost what those of the first do",
    "adapters (LoRA), images and sound, a KV cache moved to host memory or disk",
    "income tax, financing, exchange rates and resale beyond the profile's own residual",
)
"""what this version leaves out whatever the profile says"""


def prototype_section(plan: Plan) -> Section:
    """What a prototype measured beside what the model says of the same load."""
    rows = [(c.name, *_figures(c), _deviation(c)) for c in plan.prototype if c.unit != "USD"]
    text = (
        "The model is uncalibrated here: it predicts the prototype's load without having seen its figures. Where the plan "
        "takes the prototype's GPU class, engine and precision, the figures then calibrate it as one load point."
    )
    listed = table("Prototype and model", "Figure | Measured # | Predicted # | Predicted against measured #", rows)
    return Section("prototype", "Prototype beside the model", (Paragraph(text), listed))


def compared(comparison: Comparison) -> str:
    """A measured figure beside the predicted one in a phrase."""
    measured, predicted = _figures(comparison)
    found = f"{predicted} predicted" if predicted != numbers.NOT_AVAILABLE else "not predicted"
    return f"{measured} measured, {found}"


def _figures(comparison: Comparison) -> tuple[str, str]:
    """Measured and predicted with their unit, times in ms, the prediction with three digits."""
    factor, unit = (1000.0, "ms") if comparison.unit == "s" else (1.0, comparison.unit)
    measured = f"{numbers.number(float(f'{comparison.measured * factor:.6g}'))} {unit}"
    if comparison.predicted is None:
        return measured, numbers.NOT_AVAILABLE
    return measured, f"{numbers.number(float(f'{comparison.predicted * factor:.3g}'))} {unit}"


def _deviation(comparison: Comparison) -> str:
    if comparison.predicted is None or not comparison.measured:
        return numbers.NOT_AVAILABLE
    return numbers.change(comparison.predicted / comparison.measured - 1)


def integrations_section(plan: Plan) -> Section:
    """How close upstream systems are to their ceilings."""
    calls = "System | Limit calls/s # | Case | At go-live # | Month 12 # | Month 36 # | Breaks in"
    state = [
        (u.name, _latency(u), str(u.attempts), numbers.exact_share(u.failing), u.readiness) for u in plan.integrations
    ]
    heads = "System | Latency # | Attempts at most # | Calls that fail in a bad hour # | Readiness"
    blocks: list[Block] = [
        Paragraph(first_to_break(plan.integrations)),
        table(
            "Calls per second at the peak, and share of the limit",
            calls,
            [r for u in plan.integrations for r in _use_rows(u)],
        ),
        table("Policy and readiness", heads, state),
    ]
    risks = [f"{u.name} is {READINESS_RISKS[u.readiness]}" for u in plan.integrations if u.readiness in READINESS_RISKS]
    blocks += [Notice(risk) for risk in risks]
    return Section("integrations", "Upstream systems", tuple(blocks))


def _use_rows(use: IntegrationUse) -> list[tuple[str, ...]]:
    """Calls on first attempts, with the retries of a bad hour, and when every attempt is used."""
    limit = "unknown" if use.limit_per_s is None else numbers.number(use.limit_per_s)
    worst = {when: rate * use.attempts for when, rate in use.calls_per_s.items()}
    cases = (
        ("first attempts", use.calls_per_s, use.utilization, use.breaks_in_month),
        ("bad hour", use.retry_calls_per_s, use.retry_utilization, use.breaks_with_retries_in_month),
        ("every retry used", worst, use.worst_utilization, use.breaks_at_worst_in_month),
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
    return numbers.number(calls) + ("" if share is None else f" ({numbers.share(share)})")


def assumptions_section(plan: Plan) -> Section:
    """Every value the plan rests on, those that the user set first."""
    by_origin = sorted(plan.assumptions, key=lambda a: a.origin != "user")
    rows = [(a.path, a.value, a.origin, a.reason, a.source) for a in by_origin]
    heads = "Field | Value | Set by | Reason | Source"
    return Section("assumptions", "Assumptions", (table("Values the plan rests on", heads, rows),))


def method_section(plan: Plan) -> Section:
    """The recorded steps: formulas with their numbers."""
    rows = [
        (
            step.name,
            step.meaning,
            step.formula,
            ", ".join(f"{name} = {value}" for name, value in step.inputs.items()),
            f"{step.value} {step.unit}".rstrip(),
            step.source,
        )
        for step in plan.explain
        if not step.name.startswith(PREFIX)
    ]
    heads = "Name | Meaning | Formula | With | Result # | Source"
    text = (
        "Each number can be asked for by its name, and so can each field under Assumptions and each path of sizing.json: "
        "aisizer explain NAME."
    )
    return Section("method", "Method", (Paragraph(text), table("Formulas with their numbers", heads, rows)))


def sources_section(plan: Plan) -> Section:
    """Every source, the weakest first."""
    rows = [
        (
            s.title,
            s.publisher,
            s.date,
            "" if s.age_days is None else str(s.age_days),
            s.kind,
            s.confidence,
            ", ".join(s.used_for),
            s.url,
        )
        for s in plan.sources
    ]
    heads = "Title | Publisher | Date | Age in days # | Kind | Confidence | Used for | Address"
    return Section("sources", "Sources", (table("Sources, the weakest first", heads, rows),))


def limits_section(plan: Plan) -> Section:
    """What is predicted by formula, and what is left out."""
    analytic = [f"{r.workload} {r.metric.upper()} {r.percentile}" for r in plan.slo if r.method == "analytic"]
    blocks: list[Block] = []
    if analytic:
        blocks.append(
            Paragraph(
                f"Predicted by an analytic model, neither simulated nor measured: {labels.listed(analytic, 12)}. "
                "The 80 % band is the model's own error, from means of published measurements; measure before you sign for "
                "more than it says."
            )
        )
    blocks += [Paragraph("Not modelled:"), Items(NOT_MODELLED)]
    return Section("limits", "Limits of this plan", tuple(blocks))


def control_section(plan: Plan) -> Section:
    """What the document was made from, how to make it again, and who answers for it."""
    name = labels.profile_name(plan)
    facts = (
        ("Profile", f"{name}, sha256 {plan.inputs.profile_sha256}"),
        ("Plan date", labels.plan_date(plan).isoformat()),
        ("Tool", f"aisizer {plan.aisizer_version}"),
        ("Catalog", f"{plan.inputs.catalog_version}, sha256 {plan.inputs.catalog_sha256}"),
        *((f"Fragment {file}", f"sha256 {digest}") for file, digest in plan.inputs.fragments.items()),
    )
    signatures = [(role, "", "", "") for role in ("Prepared by", "Reviewed by", "Approved by")]
    blocks: tuple[Block, ...] = (
        Facts(facts),
        Paragraph(
            "The same profile, fragments, catalog and version give the same bytes "
            "(fragments that the profile does not name itself are given with --with FILE):"
        ),
        Code(f"aisizer size {name}.yaml"),
        table("Signatures", "Role | Name | Date | Signature", signatures),
    )
    return Section("control", "Document control", blocks)
