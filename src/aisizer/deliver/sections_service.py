"""The document's sections on what is bought, what it promises, and why that many."""

from __future__ import annotations

from dataclasses import replace

from aisizer.deliver import charts, labels, numbers
from aisizer.deliver.blocks import Block, Facts, Figure, Notice, Paragraph, Section, table
from aisizer.deliver.pictures import evidence_picture, latency_picture, options_picture
from aisizer.plan import Decision, Plan
from aisizer.sizing.records import Option, Pool, RejectionGroup


def decision_section(plan: Plan) -> Section:
    """What is signed, by when, what it costs, and what is weakest about it."""
    decision = labels.decided(plan)
    cost = plan.tco[decision.site]
    facts = [
        ("Order", f"{labels.fleet(decision)}, {numbers.count(decision.servers, 'server')} ({decision.offer_name})"),
        ("Site", f"{decision.site_name} ({labels.term(decision.term)})"),
        ("Order by", decision.order_by.isoformat()),
        ("In service", decision.go_live.isoformat()),
        ("Lasts", _lasts(plan)),
        (_wave_label(decision), _wave_cost(decision)),
        ("1 year", f"{numbers.at_least(numbers.cents(cost.one_year_usd), bool(cost.missing))} USD"),
        ("3 years", f"{numbers.at_least(numbers.cents(cost.three_year_usd), bool(cost.missing))} USD"),
        ("Utilization at the peak", _utilization(decision)),
        ("Chance of meeting the SLO", _certainty(decision)),
        ("Engine assumed", f"{labels.engines(decision.pools)}; versions differ by up to 2x"),
    ]
    second = labels.second_site(plan)
    facts += [("Of these at the second site", second)] if second else []
    blocks: list[Block] = [Paragraph(decision.reason), Facts(tuple(facts)), _pools_table(decision.pools)]
    blocks += [Notice(text) for text in plan.warnings]
    blocks.append(Paragraph(f"Weakest fact: {decision.weakest_fact.rstrip('.')}."))
    return Section("decision", "Decision", tuple(blocks))


def _lasts(plan: Plan) -> str:
    first = next((p for p in plan.roadmap.purchases if p.wave == 1), None) if plan.roadmap else None
    return f"to month {first.covers_to_month} in service" if first else numbers.NOT_AVAILABLE


def _wave_label(decision: Decision) -> str:
    return "First wave" if decision.term == "purchase" else "First wave, rent to month 36 at plan"


def _wave_cost(decision: Decision) -> str:
    if decision.first_wave_usd is None:
        return "no complete price"
    return f"{numbers.cents(decision.first_wave_usd)} USD"


def _certainty(decision: Decision) -> str:
    sized = f"sized for {numbers.exact_share(decision.confidence)}"
    if decision.gpus_p50 is None:
        return sized
    first = f"first wave {decision.gpus_p50} GPUs at P50, {labels.gpus_p90(decision)} at P90"
    return f"{numbers.chance(decision.probability_met)} for the least certain one, all servers up; {sized}; {first}"


def _utilization(decision: Decision) -> str:
    normal = numbers.share(decision.utilization)
    if decision.redundant_servers == 0:
        return normal
    return f"{normal}, {numbers.share(decision.utilization_degraded)} {labels.down_phrase(decision)}"


def _pools_table(pools: tuple[Pool, ...]) -> Block:
    rows = [
        (
            pool.name,
            pool.role,
            ", ".join(pool.workloads),
            f"{pool.gpus} x {labels.gpu(pool.gpu)}",
            labels.replicas(pool),
            numbers.number(pool.peak_rate_per_s),
            numbers.number(pool.peak_rate_per_replica) + _width(pool),
            numbers.number(pool.analytic_rate_per_replica),
            numbers.share(pool.utilization),
            numbers.share(pool.kv_use_p95),
            numbers.share(pool.kv_use_p95_degraded),
        )
        for pool in pools
    ]
    heads = (
        "Pool | Role | Workloads | GPUs | Replicas | Peak req/s # | req/s per replica # | Analytic # | Utilization # | "
        "KV use p95 # | Degraded #"
    )
    return table("Pools of replicas, one for each model", heads, rows)


def _width(pool: Pool) -> str:
    """How far the simulation of a capacity is from certain; nothing where it was not simulated."""
    return f" ±{pool.rate_half_width * 100:.0f} %" if pool.rate_half_width else ""


def slo_section(plan: Plan) -> Section:
    """Promised percentiles beside predicted ones."""
    down = labels.down_phrase(labels.decided(plan))
    rows = [
        (
            result.workload,
            f"{result.metric.upper()} {result.percentile}",
            "met" if result.met else "missed",
            numbers.duration(result.target_ms),
            numbers.estimate(result.predicted_ms, result.interval_ms),
            numbers.band(result.low_ms, result.high_ms),
            numbers.chance(result.probability),
            numbers.estimate(result.degraded_ms, result.interval_degraded_ms),
            numbers.chance(result.probability_degraded),
            result.method,
            "n/a" if result.analytic_ms is None else numbers.duration(result.analytic_ms),
            "n/a" if result.gap is None else numbers.change(result.gap),
        )
        for result in plan.slo
    ]
    heads = (
        f"Workload | Metric | Verdict | Target # | Predicted # | 80 % band # | P(met) # | {down[:1].upper() + down[1:]} # | "
        "P(met) then # | Method | Analytic # | Gap #"
    )
    note = (
        f"Predicted at the peak hour of {labels.carried_month(plan)}, the last before the next purchase serves, with its "
        "busiest minutes. A target is met when the prediction lies within it both with every server up and with the "
        "redundancy used up. Band and P(met), the chance that the measured value is within the target, follow from how "
        f"far published measurements lay from such predictions; they assume {labels.engines(labels.decided(plan).pools)}. "
        f"{_simulated(plan)}"
    )
    return Section(
        "slo",
        "Service levels at the peak hour",
        (
            Paragraph(note),
            table("Latency against the SLO", heads, rows),
            *latency_picture(plan),
            *evidence_picture(plan),
        ),
    )


def _simulated(plan: Plan) -> str:
    """How far chance plays into the figures, and which promise it leaves open."""
    found = plan.confirmation
    if found is None or found.confirm == "none":
        return "The figures are those of the analytic queue; nothing was simulated."
    told = (
        f"{labels.confirmed(plan)}: ± is the 95 % interval that the length of the runs leaves, and the gap is how far the "
        "simulation lies from the analytic queue, which only screened the options. Capacity of a replica, percentiles and KV "
        "use are the simulation's, for this plan and the runner-up."
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
        rows.append((name, f"+{gpus - before}" if gpus > before else "0", str(gpus), step.reason))
        before = gpus
    text = f"The SLO alone needs {numbers.count(decision.gpus_needed, 'GPU')}; the first wave is {decision.gpus}."
    if decision.gpus_p50 is not None:
        needed = "none of this layout" if decision.gpus_needed_p90 is None else str(decision.gpus_needed_p90)
        text += (
            f" With 90 % confidence in the model the SLO alone needs {needed}, and the first wave would be "
            f"{labels.gpus_p90(decision)}."
        )
    svg = charts.waterfall(steps, "GPUs by reason", f"Cumulative GPUs after each reason: {said}.")
    return Section(
        "waterfall",
        "Where the hardware went",
        (
            Paragraph(text),
            Figure(svg, "GPUs that each reason adds"),
            table("GPUs by reason", "Reason | Added # | GPUs # | Why", rows),
        ),
    )


def alternatives_section(plan: Plan) -> Section:
    """The best option per site and GPU, and why the others were not taken."""
    rows = [
        (
            labels.site(option.site),
            f"{option.gpus} x {labels.gpu(option.gpu)}",
            option.offer,
            labels.term(option.term),
            numbers.chance(option.probability_met),
            numbers.number(option.gpus_p90),
            _total(option),
            _against(plan, option),
            "chosen" if option.chosen else option.note,
        )
        for option in plan.ranking
    ]
    basis = "3 years" if labels.discount_rate(plan) is None else "NPV"
    heads = (
        f"Site | First wave | Offer | Term | P(met) # | GPUs at P90 # | 3 years USD # | {basis} against chosen # | Note"
    )
    blocks: list[Block] = [replace(table("Best option per site and GPU", heads, rows), sortable=True)]
    blocks += options_picture(plan)
    if plan.rejections:
        total = sum(group.count for group in plan.rejections)
        blocks.append(Paragraph(f"{numbers.count(total, 'option')} were rejected, grouped by reason."))
        rejected = [
            (labels.reason(group.reason), str(group.count), group.text, nearest(group), group.freed_by)
            for group in plan.rejections
        ]
        blocks.append(table("Rejected options", "Reason | Count # | What | Nearest miss | Freed by", rejected))
    return Section("alternatives", "Alternatives and rejections", tuple(blocks))


def _total(option: Option) -> str:
    if option.three_year_usd is None:
        return "no price"
    return numbers.at_least(numbers.cents(option.three_year_usd), not option.complete)


def against_chosen(plan: Plan, option: Option) -> float | None:
    """How much dearer an option is than the chosen one: by NPV, or by the 36-month cash where no rate is set."""
    chosen = next((o for o in plan.ranking if o.chosen), None)
    if chosen is None:
        return None
    if option.npv_usd is not None and chosen.npv_usd:
        return option.npv_usd / chosen.npv_usd - 1
    if option.three_year_usd is not None and chosen.three_year_usd:
        return option.three_year_usd / chosen.three_year_usd - 1
    return None


def _against(plan: Plan, option: Option) -> str:
    difference = None if option.chosen else against_chosen(plan, option)
    return "" if difference is None else numbers.change(difference)


def nearest(group: RejectionGroup) -> str:
    """The option of a group that came closest, and by how much it missed."""
    miss = group.nearest
    shown = [str(miss[key]) for key in ("model", "offer") if miss.get(key)]
    if miss.get("gpu"):
        shown.append(labels.gpu(str(miss["gpu"])))
    if miss.get("layout") or miss.get("tensor_parallel"):
        shown.append(str(miss.get("layout") or f"TP{miss['tensor_parallel']}"))
    if miss.get("precision"):
        shown.append(str(miss["precision"]).upper())
    if miss.get("site"):
        shown.append(labels.site(str(miss["site"])))
    got, limit = miss.get("got"), miss.get("limit")
    if miss.get("detail"):
        shown.append(str(miss["detail"]))
    elif isinstance(got, (int, float)) and isinstance(limit, (int, float)):
        unit = f" {miss['unit']}" if miss.get("unit") else ""
        shown.append(f"{numbers.number(got)}{unit} against {numbers.number(limit)}{unit}")
    return ", ".join(shown)
