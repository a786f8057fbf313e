"""The document's section on the options beside the chosen one, and why the others were not taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Items, Paragraph, Section, Table, table
from aisizer.deliver.pictures import best_places, options_picture
from aisizer.plan import Decision, Plan
from aisizer.sizing.records import Option, Pool, RejectionGroup

RANKED = 6
"""options shown; the best of each further site follows"""


def alternatives_section(plan: Plan) -> Section:
    """What was chosen, the best options beside it, and why the others were not taken."""
    decision = labels.decided(plan)
    blocks: list[Block] = [
        Paragraph(
            f"Utilization at the peak of {labels.carried_month(plan)}: {_utilization(decision)}. Chance of meeting the SLO: "
            f"{_certainty(decision)}."
        ),
        _pools_table(plan, decision.pools),
        *options_picture(plan),
        *_ranking(plan),
    ]
    if plan.rejections:
        rejected = [
            (labels.words(group.reason), str(group.count), group.text, nearest(group), group.freed_by)
            for group in plan.rejections
        ]
        heads = "Reason | Count # | What | Nearest miss | Freed by"
        keys = [str(place) for place in range(len(rejected))]
        blocks.append(table("Options rejected, by reason", heads, rejected, "rejections", keys))
    return Section("alternatives", "Result, alternatives and rejections", tuple(blocks))


def _ranking(plan: Plan) -> list[Block]:
    """The options that a signer weighs, the others folded away, and what their notes say."""
    shown = _ranked(plan)
    rest = [(place, option) for place, option in enumerate(plan.ranking) if (place, option) not in shown]
    notes = dict.fromkeys(option.note for _, option in shown if option.note and not option.chosen)
    marks = {note: f"note {number}" for number, note in enumerate(notes, start=1)}
    more = f"; all {len(plan.ranking)} in options.csv and sizing.json" if rest else ""
    listed = _options(plan, f"Best option per site and GPU, by the analytic queue{more}", shown, marks)
    said = [Items(tuple(f"{mark}: {note}." for note, mark in marks.items()))] if marks else []
    if not rest:
        return [listed, *said]
    others = _options(plan, "All other options, by the analytic queue", rest, marks)
    return [listed, *said, replace(others, folded=True)]


def _options(plan: Plan, caption: str, shown: Sequence[tuple[int, Option]], marks: Mapping[str, str]) -> Table:
    """One row for each option; marks: what stands for a note whose words stand below the table."""
    rows = [
        (
            str(place + 1),
            labels.site(option.site),
            f"{option.gpus} x {labels.gpu(option.gpu)}",
            option.offer,
            labels.term(option.term),
            numbers.share(option.slo_ratio),
            numbers.chance(option.probability_met),
            numbers.number(option.gpus_p90),
            _total(option),
            _against(plan, option),
            "chosen" if option.chosen else marks.get(option.note, option.note),
        )
        for place, option in shown
    ]
    basis = "3 years" if labels.discount_rate(plan) is None else "NPV"
    heads = (
        "No. | Site | First wave | Offer | Term | Tightest SLO # | P(met) # | GPUs at P90 # | 3 years USD # | "
        f"{basis} against chosen # | Note"
    )
    return replace(table(caption, heads, rows, "ranking", [str(place) for place, _ in shown]), sortable=True)


def _ranked(plan: Plan) -> list[tuple[int, Option]]:
    """The first options with their places, the best one of every site that is not among them, and those that none beats."""
    seen, best = {option.site for option in plan.ranking[:RANKED]}, best_places(plan)
    shown = list(enumerate(plan.ranking[:RANKED]))
    for place, option in enumerate(plan.ranking[RANKED:], RANKED):
        if option.site not in seen or place in best:
            seen.add(option.site)
            shown.append((place, option))
    return shown


def _certainty(decision: Decision) -> str:
    sized = f"sized for {numbers.exact_share(decision.confidence)}"
    if decision.gpus_p50 is None:
        return sized
    first = f"first wave {numbers.count(decision.gpus_p50, 'GPU')} at P50, {labels.gpus_p90(decision)} at P90"
    return f"{numbers.chance(decision.probability_met)} for the least certain one, all servers up; {sized}; {first}"


def _utilization(decision: Decision) -> str:
    normal = numbers.share(decision.utilization)
    if decision.redundant_servers == 0:
        return normal
    return f"{normal}, {numbers.share(decision.utilization_degraded)} {labels.down_phrase(decision)}"


def _pools_table(plan: Plan, pools: tuple[Pool, ...]) -> Block:
    rows = [
        (
            pool.name,
            pool.role,
            ", ".join(pool.workloads),
            f"{pool.gpus} x {labels.gpu(pool.gpu)}",
            labels.replicas(pool),
            numbers.rounded(pool.peak_rate_per_s),
            numbers.rounded(pool.peak_rate_per_replica) + _width(pool),
            numbers.rounded(pool.analytic_rate_per_replica),
            numbers.share(pool.utilization),
            numbers.share(pool.kv_use_p95),
            numbers.share(pool.kv_use_p95_degraded),
        )
        for pool in pools
    ]
    heads = (
        "Pool | Role | Workloads | GPUs | Replicas | req/s at go-live # | req/s per replica # | Analytic # | Utilization # | "
        "KV use p95 # | KV use, redundancy down #"
    )
    month = labels.carried_month(plan)
    caption = f"Pools of replicas, one for each model; utilization and KV cache at the peak of {month}"
    return table(caption, heads, rows, "decision.pools", [pool.name for pool in pools])


def _width(pool: Pool) -> str:
    """How far the simulation of a capacity is from certain; nothing where it was not simulated."""
    return f" ±{pool.rate_half_width * 100:.0f} %" if pool.rate_half_width else ""


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
    return "" if difference is None else numbers.at_least(numbers.change(difference), not option.complete)


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
