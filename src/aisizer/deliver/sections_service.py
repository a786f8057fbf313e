"""The document's sections on what is bought, what it promises, and why that many."""

from __future__ import annotations

from collections.abc import Mapping

from aisizer.deliver import charts, labels, numbers
from aisizer.deliver.blocks import Block, Figure, Paragraph, Section, Table, table
from aisizer.deliver.pictures import evidence_picture, latency_picture
from aisizer.plan import Decision, Plan
from aisizer.sizing.records import SloResult

WORKLOAD = "Workload | Model and load | Peak req/s # | Prompt tokens | Output tokens | Prefix cache | Arrivals"


def slo_section(plan: Plan) -> Section:
    """What is asked of the service, and the promised percentiles beside the predicted ones."""
    note = (
        f"Predicted at the peak hour of {labels.carried_month(plan)}, {_until(plan)}, with its busiest minutes. "
        f"A target is met when the prediction lies within it with every server up{_when_down(plan)}. "
        "The band is the model's own error, widened where few measurements stand behind it; P(met), which is "
        "not widened, is the chance that the measured value is within the target; "
        f"both assume {labels.engines(labels.decided(plan).pools)}, whose versions differ by up to 2x. "
        f"{_simulated(plan)}"
    )
    blocks = (*_workloads(plan), Paragraph(note), _promises(plan), *latency_picture(plan), *evidence_picture(plan))
    return Section("slo", "Workload and service levels", blocks)


def _when_down(plan: Plan) -> str:
    return " and with the redundancy used up" if labels.decided(plan).redundant_servers else ""


def _promises(plan: Plan) -> Table:
    """Each promise with every server up, and with the redundancy down where there is any."""
    decision = labels.decided(plan)
    down = f"{labels.down_phrase(decision).capitalize()} # | P(met) then # | " if decision.redundant_servers else ""
    heads = f"Promise | Verdict | Target # | Predicted # | 80 % band # | P(met) # | {down}Analytic # | Gap #"
    rows = [_promise(result, with_down=bool(down)) for result in plan.slo]
    keys = [f"{r.workload}.{r.metric}_{r.percentile}" for r in plan.slo]
    return table("Latency against the SLO", heads, rows, "slo", keys)


def _promise(result: SloResult, *, with_down: bool) -> tuple[str, ...]:
    down = (
        numbers.estimate(result.degraded_ms, result.interval_degraded_ms),
        numbers.chance(result.probability_degraded),
    )
    return (
        f"{result.workload} {result.metric.upper()} {result.percentile}",
        "met" if result.met else "missed",
        numbers.duration(result.target_ms),
        numbers.estimate(result.predicted_ms, result.interval_ms),
        numbers.band(result.low_ms, result.high_ms),
        numbers.chance(result.probability),
        *(down if with_down else ()),
        numbers.NOT_AVAILABLE if result.analytic_ms is None else numbers.duration(result.analytic_ms),
        numbers.NOT_AVAILABLE if result.gap is None else numbers.change(result.gap),
    )


def _workloads(plan: Plan) -> list[Block]:
    """What each workload asks for, as the assumptions have it."""
    rates = {step.name: f"{step.value} {step.unit}" for step in plan.explain}
    names = [name for name in plan.profile.get("workloads") or {} if f"workloads.{name}.peak_rate" in rates]
    rows = [_workload(plan, name, rates[f"workloads.{name}.peak_rate"]) for name in names]
    keys = [f"{name}.peak_rate" for name in names]
    caption = "What is asked: the peak hour at go-live, at full rollout"
    return [table(caption, WORKLOAD, rows, "workloads", keys)] if rows else []


def _workload(plan: Plan, name: str, rate: str) -> tuple[str, ...]:
    start = f"workloads.{name}."
    given = {a.path.removeprefix(start): a.value for a in plan.assumptions if a.path.startswith(start)}
    model = given.get("model", "")
    load = _below(given, "load.")
    return (
        name,
        f"{model}: {load}" if load else model,
        rate.removesuffix(" req/s"),
        _below(given, "prompt_tokens."),
        _below(given, "output_tokens."),
        given.get("prefix_hit", ""),
        _below(given, "burst."),
    )


def _below(given: Mapping[str, str], start: str) -> str:
    """All values below a field in one phrase."""
    found = {name.removeprefix(start): value for name, value in given.items() if name.startswith(start)}
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in found.items())


def _until(plan: Plan) -> str:
    """What ends with the month at whose demand the percentiles are predicted."""
    more = plan.roadmap is not None and len(plan.roadmap.purchases) > 1
    return "the last before the next purchase serves" if more else "the last of the plan"


def _simulated(plan: Plan) -> str:
    """How far chance plays into the figures, and which promise it leaves open."""
    found = plan.confirmation
    if found is None or found.confirm == "none":
        return "The figures are those of the analytic queue; nothing was simulated."
    told = (
        f"{labels.confirmed(plan)}: ± is the 95 % interval that the length of the runs leaves, < its upper end where it reaches "
        "down to 0, and the gap is how far the simulation lies from the analytic queue, which only screened the options."
    )
    if found.replayed:
        told += f" The busiest hour of their own traces was replayed for {labels.listed(found.replayed, 12)}."
    if found.undecided:
        told += f" Too close to call within the longest run: {labels.listed(found.undecided, 12)}."
    if found.refused > 0:
        told += (
            f" {found.refused * 100:.2g} % of the requests are longer than a replica's memory: an engine refuses them."
        )
    return told


def waterfall_section(plan: Plan) -> Section:
    """Where the hardware went, reason by reason."""
    decision = labels.decided(plan)
    steps = [(labels.step(step.name, decision), step.gpus) for step in plan.waterfall]
    said = ", ".join(f"{name} {gpus}" for name, gpus in steps)
    before, rows = 0, []
    for (name, gpus), step in zip(steps, plan.waterfall, strict=True):
        rows.append((name, f"+{gpus - before}", str(gpus), step.reason))
        before = gpus
    text = f"The SLO alone needs {numbers.count(decision.gpus_needed, 'GPU')}; the first wave is {decision.gpus}."
    if decision.gpus_p50 is not None:
        text += f" {_at_90(decision)}"
    svg = charts.waterfall(steps, "GPUs by reason", f"Cumulative GPUs after each reason: {said}.")
    return Section(
        "waterfall",
        "Where the hardware went",
        (
            Paragraph(text),
            Figure(svg, "GPUs that each reason adds"),
            table(
                "GPUs by reason", "Reason | Added # | GPUs # | Why", rows, "waterfall", [w.name for w in plan.waterfall]
            ),
        ),
    )


def _at_90(decision: Decision) -> str:
    """The same two numbers of GPUs where the model is to hold with 90 %."""
    if (decision.gpus_needed_p90, decision.gpus_p90) == (decision.gpus_needed, decision.gpus):
        return "Both stay as they are with 90 % confidence in the model."
    needed = "none of this layout" if decision.gpus_needed_p90 is None else str(decision.gpus_needed_p90)
    return (
        f"With 90 % confidence in the model the SLO alone needs {needed}, and the first wave would be "
        f"{labels.gpus_p90(decision)}."
    )
