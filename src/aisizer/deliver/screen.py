"""One screen: the decision, the promise, where the hardware went, the cost, and what is weakest."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from aisizer.costs.records import SiteCost
from aisizer.deliver import labels, names, numbers
from aisizer.deliver.sections_decision import risks
from aisizer.deliver.sections_evidence import compared
from aisizer.deliver.sections_money import priced
from aisizer.deliver.sections_options import against_chosen, nearest
from aisizer.plan import Decision, Plan
from aisizer.sizing.records import Option, SloResult

if TYPE_CHECKING:
    from rich.console import Console, JustifyMethod, RenderableType
    from rich.table import Table

RUNNERS_UP = 3
WARNINGS = 2
"""warnings shown, the gravest first; the document has them all"""
LEAST_WIDTH = 80
"""columns that the tables need; a narrower terminal wraps the lines itself rather than losing figures"""
Facts = list[tuple[str, str]]


def screen(plan: Plan, *, folder: str | None, width: int, color: bool) -> str:
    """The answer of a sizing as the terminal shows it."""
    decision = labels.decided(plan)
    parts: list[RenderableType] = [
        _headline(plan, decision),
        "",
        _slo_table(plan, decision),
        _indented(_slo_note(plan, decision)),
        "",
        _facts(_hardware(plan, decision)),
        "",
        _cost_table(plan),
        *(_indented(note) for note in _cost_notes(plan)),
        "",
        _facts(_evidence(plan)),
    ]
    parts += ["", *(_indented(line) for line in _where_next(folder, max(width, LEAST_WIDTH)))]
    return _print(parts, width, color)


def infeasible_screen(plan: Plan, *, width: int = 80, color: bool = False) -> str:
    """Why there is no decision, the nearest misses, and what would free them."""
    from rich.text import Text

    total = sum(group.count for group in plan.rejections)
    name = labels.profile_name(plan)
    tried = f"all {numbers.count(total, 'option')} were rejected" if total else "no option was left to try"
    parts: list[RenderableType] = [Text(f"No plan meets the profile {name}: {tried}.", style="bold red")]
    for group in plan.rejections:
        facts = [(labels.words(group.reason), f"{group.count}: {names.sentence(plan, group.text)}")]
        facts += [("", f"nearest miss: {nearest(group)}")] if nearest(group) else []
        facts += [("", f"freed by: {group.freed_by}")] if group.freed_by else []
        parts.append(_facts(facts))
    parts += [_facts([("Note", names.sentence(plan, text))]) for text in plan.warnings]
    parts.append(_indented("All rejections with their reasons: --json."))
    return _print(parts, width, color)


def _print(parts: list[RenderableType], width: int, color: bool) -> str:
    console = _console(max(width, LEAST_WIDTH), color)
    for part in parts:
        console.print(part)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def _console(width: int, color: bool) -> Console:
    from rich.console import Console

    return Console(
        file=io.StringIO(),
        width=width,
        color_system="standard" if color else None,
        force_terminal=color,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )


def _headline(plan: Plan, decision: Decision) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    what = (
        f"{labels.verb(decision)} {labels.fleet(decision)} {labels.site(decision.site)}, order by {decision.order_by}"
    )
    rented = "" if decision.term == "purchase" else f", {labels.term(decision.term)}"
    servers = f"{numbers.count(decision.servers, 'server')} ({decision.offer_name}{rented})"
    redundancy = f"redundancy {labels.redundancy(decision)}"
    if len(decision.pools) == 1:
        details = [f"{servers}, {labels.replicas(decision.pools[0])}, {redundancy}"]
    else:
        details = [f"{servers}, {redundancy}"]
        details += [f"{pool.name}: {labels.gpu(pool.gpu)}, {labels.replicas(pool)}" for pool in decision.pools]
    title = Text(f"{labels.profile_name(plan)}: ", style="bold").append(what, style="bold green")
    return Group(title, *(_indented(line) for line in details))


def _slo_table(plan: Plan, decision: Decision) -> Table:
    down = decision.redundant_servers
    heads = ["target", "predicted", "80 % band"] + ([f"N-{down} server"] if down else [])
    table = _grid("llrrr" + "r" * bool(down), [0, 6, 6])
    table.add_row("SLO at the peak hour", "" if decision.probability_met is None else "P(met)", *heads, style="bold")
    for result in plan.slo:
        table.add_row(*_slo_row(result, bool(down)))
    return table


def _slo_row(result: SloResult, degraded: bool) -> list[RenderableType]:
    from rich.text import Text

    chance = "" if result.probability is None else f" {numbers.chance(result.probability)}"
    verdict = Text(f"met{chance}", style="green") if result.met else Text(f"MISSED{chance}", style="bold red")
    row: list[RenderableType] = [
        f"{result.workload}  {result.metric.upper()} {result.percentile}",
        verdict,
        numbers.duration(result.target_ms),
        numbers.estimate(result.predicted_ms, result.interval_ms),
        numbers.band(result.low_ms, result.high_ms),
    ]
    return [*row, numbers.duration(result.degraded_ms)] if degraded else row


def _slo_note(plan: Plan, decision: Decision) -> str:
    text = (
        f"{labels.confirmed(plan)}, at {labels.carried_month(plan)}. Utilization {numbers.share(decision.utilization)}"
    )
    if decision.redundant_servers:
        text += f", {numbers.share(decision.utilization_degraded)} {labels.down_phrase(decision)}"
    return f"{text}. KV use {numbers.share(labels.fullest(decision.pools))}."


def _hardware(plan: Plan, decision: Decision) -> Facts:
    before, steps = 0, []
    for step in plan.waterfall:
        if step.gpus != before:
            name = labels.step(step.name, decision).removeprefix("redundancy ")
            steps.append(f"{name} {step.gpus}")
        before = step.gpus
    needed = f"needed for the SLO alone: {decision.gpus_needed}"
    if decision.gpus_p50 is not None:
        needed += f"; first wave {decision.gpus_p50} at P50, {labels.gpus_p90(decision)} at P90"
    facts = [("GPUs", " > ".join(steps)), ("", needed)]
    second = labels.second_site(plan)
    facts += [("", f"at the second site: {second}")] if second else []
    return [*facts, ("Next", _next_purchase(plan)), *(("", text) for text in _next_trigger(plan))]


def _next_purchase(plan: Plan) -> str:
    later = [p for p in plan.roadmap.purchases if p.wave > 1] if plan.roadmap else []
    if not later:
        return "no further purchase within 36 months"
    purchase = later[0]
    when = numbers.month(purchase.need_by)
    return f"+{numbers.count(purchase.gpus, 'GPU')} in service {when}, order by {purchase.order_by}"


def _next_trigger(plan: Plan) -> list[str]:
    trigger = labels.first_trigger(plan)
    if trigger is None:
        return []
    several = sum(other.kind == "load" for other in plan.triggers) > 1
    pool = f" of {trigger.pool}" if several else ""
    day = trigger.predicted.get("base")
    if trigger.fires_on_day_one:
        return [f"trigger{pool} at {numbers.share(trigger.first_level)}, fires on the first day"]
    expected = "not expected within 36 months" if day is None else f"expected {numbers.month(day)}"
    return [f"trigger{pool} at {numbers.share(trigger.threshold)}, {expected}"]


def _cost_table(plan: Plan) -> Table:
    rate = labels.discount_rate(plan)
    heads = [
        "1 year",
        "3 years",
        *([] if rate is None else [f"NPV {numbers.exact_share(rate)}"]),
        "per M tok",
        "request",
    ]
    table = _grid("l" + "r" * len(heads), [22])
    table.add_row("USD", *heads, style="bold")
    for name, cost in priced(plan):
        chosen = cost is plan.tco.get(labels.decided(plan).site)
        table.add_row(*_cost_row(name, cost, rate), style="green" if chosen else "")
    return table


def _cost_row(name: str, cost: SiteCost, rate: float | None) -> list[str]:
    totals = [cost.one_year_usd, cost.three_year_usd, *([] if rate is None else [cost.npv_usd])]
    units = [numbers.per_million(cost.usd_per_million_tokens), numbers.per_request(cost.usd_per_request)]
    return [name + (" *" if cost.missing else ""), *(numbers.usd(total) for total in totals), *units]


def _cost_notes(plan: Plan) -> list[str]:
    costs = priced(plan)
    notes = [f"* {name} at least: {labels.missing_lines(cost)}" for name, cost in costs if cost.missing]
    if labels.discount_rate(plan) is None:
        notes.append("NPV n/a: the profile sets no finance.discount_rate")
    if plan.baseline and plan.baseline_note:
        notes.append(f"baseline: {plan.baseline_note}")
    return notes + _payback(plan) + _budget(plan)


def _payback(plan: Plan) -> list[str]:
    """Against the next site, where the chosen one asks for more before service."""
    following = next((c for c in plan.comparisons if c.kind == "site" and c.outlay_usd), None)
    if following is None:
        return []
    name, month = labels.site(following.other), following.payback_month
    when = "not within 36 months" if month is None else f"in month {month}"
    for_good = following.cheaper_from_month
    later = "" if for_good in (None, month) else f", cheaper for good from month {for_good} on"
    return [f"paid back against {name}: {when}{later}"]


def _budget(plan: Plan) -> list[str]:
    """What the chosen site leaves of the budget, or takes beyond it."""
    budget, cost = labels.finance(plan).budget_three_year, plan.tco[labels.decided(plan).site]
    if budget is None:
        return []
    left = budget - cost.three_year_usd
    most = "at most " if cost.missing and left >= 0 else "at least " if cost.missing else ""
    return [
        f"budget of 3 years: {numbers.usd(budget)}, {most}{numbers.usd(abs(left))} {'left' if left >= 0 else 'short'}"
    ]


def _evidence(plan: Plan) -> Facts:
    facts = [("" if index else "Also works", text) for index, text in enumerate(_runners_up(plan))]
    total = sum(group.count for group in plan.rejections)
    reasons = ", ".join(f"{labels.words(group.reason)} {group.count}" for group in plan.rejections)
    facts.append(("Rejected", f"{total}: {reasons}" if total else "none"))
    facts.append(("Weakest fact", labels.decided(plan).weakest_fact))
    facts += _prototype(plan)
    warnings = risks(plan)
    facts += [("Warning", names.sentence(plan, text)) for text in warnings[:WARNINGS]]
    more = len(warnings) - WARNINGS
    return [*facts, ("", f"{numbers.count(more, 'more warning')} in sizing.md")] if more > 0 else facts


def _prototype(plan: Plan) -> Facts:
    more = f"; {len(plan.prototype) - 1} more in sizing.md" if len(plan.prototype) > 1 else ""
    return [("Prototype", f"{c.name}: {compared(c)}{more}") for c in plan.prototype[:1]]


def _runners_up(plan: Plan) -> list[str]:
    others = [option for option in plan.ranking if not option.chosen][:RUNNERS_UP]
    return [_runner_up(plan, option) for option in others] or ["nothing else"]


def _runner_up(plan: Plan, option: Option) -> str:
    name = f"{option.gpus} x {labels.gpu(option.gpu)} {labels.site(option.site)}"
    difference = against_chosen(plan, option)
    if difference is None:
        return f"{name} (no price)"
    return f"{name}{'' if option.complete else ' at least'} {numbers.change(difference)}"


def _where_next(folder: str | None, width: int) -> list[str]:
    why = "why: aisizer explain decision.gpus"
    if folder is None:
        return [why]
    document = f"{folder.rstrip('/')}/sizing.html"
    line = f"{document}     {why}"
    return [line] if len(line) + 2 <= width else [document, why]


def _grid(alignment: str, least: list[int]) -> Table:
    from rich.table import Table

    table = Table.grid(padding=(0, 0, 0, 2), pad_edge=True)
    for index, side in enumerate(alignment):
        least_width = least[index] if index < len(least) else 9
        figures = side == "r"
        justify: JustifyMethod = "right" if figures else "left"
        table.add_column(justify=justify, min_width=least_width, no_wrap=figures, overflow="fold")
    return table


def _facts(facts: Facts) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 0, 0, 2), pad_edge=True)
    table.add_column(min_width=14, style="bold")
    table.add_column(overflow="fold")
    for name, text in facts:
        table.add_row(name, Text(text))
    return table


def _indented(text: str) -> RenderableType:
    from rich.padding import Padding
    from rich.text import Text

    return Padding(Text(text), (0, 0, 0, 2))
