"""The document's sections on what the plan rests on: assumptions, method, risks, and what is measured or modelled."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Items, Paragraph, Section, Table, clause, table
from aisizer.deliver.sections_decision import risks
from aisizer.plan import Assumption, Comparison, Plan, Step

NOT_MODELLED = (
    "replicas over more than four servers, prefill and decode pools on different GPU classes",
    "more than one GPU class at a site, and more than one site serving at once",
    "how fast vector stores are searched, latency and loss of networks, racks and parts at a second site",
    "older backups than one copy, storage of weights and images",
    "prices of a second site of another kind: its servers cost what those of the first do",
    "adapters (LoRA), images and sound, a KV cache moved to host memory or disk",
    "income tax, financing, and resale beyond the profile's own residual",
)
"""what this version leaves out whatever the profile says"""
MOVING = (
    "go_live",
    "engine",
    "sites.",
    "growth.low",
    "growth.high",
    "growth.review",
    "resilience.headroom",
    "resilience.confidence",
    "resilience.redundancy",
    "resilience.server_failures_per_year",
    "resilience.repair_time",
    "resilience.cold_start",
    "finance.useful_life",
    "finance.served_share",
    "finance.discount_rate",
)
"""defaults, catalog values and computed ones that fleet, dates or cost follow from; their paths begin so"""
PROFILED = ("load.", "prompt_tokens.", "output_tokens.", "prefix_hit", "burst.", "model", "slo")
"""what a workload's own table and that of the promises show already"""
TITLE = 150
"""characters of a source's title"""
SOURCES = 6
"""sources shown, the weakest first"""
STEPS = (
    "workloads.*.peak_rate",
    "pools.*.kv_capacity_tokens",
    "pools.*.peak_rate_per_replica",
    "decision.gpus_needed",
    "decision.servers",
    "availability.probability",
    "decision.order_by",
    "triggers.capacity-*.threshold",
    "tco.{site}.three_year_usd",
    "tco.{site}.npv_usd",
    "tco.{site}.usd_per_million_tokens",
)
"""steps shown, as patterns of their names; those of the waterfall stand in its own section"""


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


def assumptions_section(plan: Plan) -> Section:
    """What the user set, what else moves the result, and the weakest sources; the rest is counted."""
    blocks: list[Block] = [
        Paragraph(
            f"The plan rests on {len(plan.assumptions)} values, all with their reasons in sizing.json (assumptions), each by "
            "aisizer explain FIELD. Those that the profile sets, and of the others those that fleet, dates or cost follow from, "
            "stand here; prices that are not certain under Sensitivity."
        ),
        _set_by_user(plan),
        _moving(plan),
        *([_sources(plan)] if plan.sources else []),
    ]
    return Section("assumptions", "Assumptions", tuple(blocks))


def _set_by_user(plan: Plan) -> Table:
    """The profile's own values, one row for each part of it; lengths and loads stand under Workload."""
    groups: dict[str, list[str]] = {}
    for found in plan.assumptions:
        part, field = _parted(found.path)
        if found.origin == "user" and not (part.startswith("workloads.") and field.startswith(PROFILED)):
            groups.setdefault(part, []).append(f"{field} {_value(found)}".strip())
    rows = [(part, "; ".join(values)) for part, values in groups.items()]
    return table("Set by the profile", "Part | Values", rows)


def _value(found: Assumption) -> str:
    return {"True": "yes", "False": "no"}.get(found.value, found.value)


def _parted(path: str) -> tuple[str, str]:
    """A path as its part of the profile and the field below it."""
    keys = path.split(".")
    deep = 2 if keys[0] in ("workloads", "integrations", "evidence") else 1
    return ".".join(keys[:deep]), ".".join(keys[deep:])


def _moving(plan: Plan) -> Table:
    found = [a for a in plan.assumptions if a.origin != "user" and _moves(a)]
    rows = [(a.path, f"{_value(a)} ({a.origin})", _reason(a)) for a in found]
    heads = "Field | Value | Reason and source"
    caption = "Not set by the profile, and the result follows from it (explain FIELD)"
    return table(caption, heads, rows, keys=[a.path for a in found])


def _reason(found: Assumption) -> str:
    """Why a value is what it is, and by which source."""
    reason = found.reason.replace("`", "").rstrip(".")
    return f"{reason}; source {found.source}" if found.source else reason


def _moves(found: Assumption) -> bool:
    return found.path.startswith(MOVING) or found.path.endswith(("burst.index_of_dispersion_60s", ".slo", ".peak_rate"))


def _sources(plan: Plan) -> Table:
    """The weakest sources with their age and confidence; how many more there are, and where."""
    shown = plan.sources[:SOURCES]
    rows = [
        (
            labels.listed(s.used_for, 2),
            f"{clause(s.title, TITLE)} ({s.publisher})",
            numbers.NOT_AVAILABLE if s.age_days is None else str(s.age_days),
            f"{s.kind}, {s.confidence}",
        )
        for s in shown
    ]
    all_of = f"; all {len(plan.sources)} in sizing.json and on the workbook's sheet Sources"
    rest = all_of if len(shown) < len(plan.sources) else ""
    heads = "Used for | Source | Age in days # | Kind, confidence"
    return table(f"Sources, the weakest first{rest}", heads, rows, "sources", [str(n) for n in range(len(shown))])


def method_section(plan: Plan) -> Section:
    """The steps that the decision and its cost follow from, with their numbers."""
    shown = list(_shown(plan))
    rows = [
        (
            step.name,
            step.formula,
            ", ".join(f"{name.rpartition('.')[2]} = {value}" for name, value in step.inputs.items()),
            _result(step),
        )
        for step in shown
    ]
    text = (
        f"The main ones of {len(plan.explain)} recorded steps, all of which stand in sizing.json (explain) with their sources. "
        "Equations and their references: docs/method.md."
    )
    listed = table(
        "Formulas with their numbers (explain NAME)",
        "Name | Formula | With | Result #",
        rows,
        keys=[step.name for step in shown],
    )
    return Section("method", "Method", (Paragraph(text), listed))


def _result(step: Step) -> str:
    """A step's value with its unit, things in the plural; null: it has none."""
    if step.value == "null":
        return numbers.NOT_AVAILABLE
    unit = "" if step.unit in ("1", "date") else numbers.units(step.unit, 1.0 if step.value == "1" else 2.0)
    return f"{step.value} {unit}".rstrip()


def _shown(plan: Plan) -> Iterator[Step]:
    """In the order of STEPS."""
    site = labels.decided(plan).site
    for pattern in STEPS:
        yield from (step for step in plan.explain if fnmatchcase(step.name, pattern.format(site=site)))


def limits_section(plan: Plan) -> Section:
    """Open points, what was measured beside what is modelled, how wrong it may be, and what is left out."""
    blocks: list[Block] = [Items(tuple(risks(plan)), "Open points and risks")] if plan.warnings else []
    blocks.append(Paragraph(_evidence(plan)))
    if any(c.unit != "USD" for c in plan.prototype):
        blocks += _prototype(plan)
    blocks.append(Paragraph(f"Not modelled: {'; '.join(NOT_MODELLED)}."))
    return Section("limits", "Risks and limits of validity", tuple(blocks))


def _evidence(plan: Plan) -> str:
    """How the predictions were made, on how many measurements their band rests, and which are analytic."""
    analytic = [f"{r.workload} {r.metric.upper()} {r.percentile}" for r in plan.slo if r.method == "analytic"]
    told = " ".join(["Step times and queues are modelled, not measured on your fleet.", *_measured(plan)])
    told += "".join(f" Calibrated on your own: {found.value}." for found in plan.assumptions if _calibrates(found))
    told += (
        " The 80 % band and P(met) are the model's own error, from means of published measurements; measure before you sign "
        "for more than they say."
    )
    if analytic:
        told += f" Predicted by the analytic queue, neither simulated nor measured: {labels.listed(analytic, 12)}."
    return told


def _calibrates(found: Assumption) -> bool:
    return found.path.startswith(("evidence.calibrations", "calibration."))


def _measured(plan: Plan) -> Iterator[str]:
    """On how many measurements of its engine and GPU class each pool rests, as far as the plan says."""
    counts = {step.name: int(step.value) for step in plan.explain if step.name.endswith(".measurements")}
    pools = {
        (pool.engine, pool.gpu): counts.get(f"pools.{pool.name}.measurements") for pool in labels.decided(plan).pools
    }
    for (engine, gpu), count in pools.items():
        name = f"{labels.engine(engine).split(' ')[0]} on {labels.gpu(gpu)}"
        if count:
            yield f"{count:,} published serving measurements of {name} stand behind the model."
        elif count == 0:
            yield f"No published serving measurement of {name} stands behind the model."


def _prototype(plan: Plan) -> list[Block]:
    """What a prototype measured beside what the model says of the same load."""
    found = [(place, c) for place, c in enumerate(plan.prototype) if c.unit != "USD"]
    rows = [(c.name, *_figures(c), _deviation(c)) for _, c in found]
    text = (
        "The prototype's load is predicted by the uncalibrated model, which has not seen its figures. Where the plan takes the "
        "prototype's GPU class, engine and precision, the figures then calibrate it as one load point."
    )
    heads = "Figure | Measured # | Predicted # | Predicted against measured #"
    return [
        Paragraph(text),
        table("Prototype and model", heads, rows, "prototype", [str(place) for place, _ in found]),
    ]
