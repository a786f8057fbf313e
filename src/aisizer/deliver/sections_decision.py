"""What is to be signed, until when it can be undone, what waiting costs, what is open, and what the choice hangs on.

It is the document's first page, and the brief.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisizer.costs.records import SiteCost
from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Facts, Items, Paragraph, Section, clause
from aisizer.plan import Decision, Plan, SourceUse
from aisizer.plan.money_records import Flip
from aisizer.roadmap.calendar import add_months

WEAKEST = 3
"""sources named beside the weakest price"""
FLIPS = 3
"""values named at which the choice flips; the section on sensitivity has more"""
OPEN = 8
"""open points named; the section on risks has them all"""
LONGEST, TITLE = 260, 110
"""characters of a point, and of a source's title"""
BINDS = {
    "on_demand": "at any time: rented by the hour, nothing is committed",
    "one_year": "until the one-year commitment is signed; then its term is owed",
    "three_year": "until the three-year commitment is signed; then its term is owed",
}
STALE = re.compile(r"The price of (.+) \(.+\) is (\d+) days old on plan_date\.")
"""a warning of an old price"""


def decision_section(plan: Plan) -> Section:
    """The first page."""
    decision = labels.decided(plan)
    blocks: list[Block] = [
        Paragraph(f"{decision.reason} Names and signatures stand under Document control."),
        Facts(*zip(*[((name, value), path) for name, value, path in facts(plan, decision)], strict=True)),
        Items(tuple(waiting(plan, decision)), "If the decision comes a month late"),
        Items(tuple(still_open(plan)), "Open before it is signed"),
        Items(tuple(weakest(plan, decision)), "Weakest facts"),
        Items(tuple(choice_hangs(plan, decision)), "At which values the choice flips"),
    ]
    return Section("decision", "Decision", tuple(blocks))


def amount(decision: Decision) -> str:
    """What is to be authorised."""
    if decision.first_wave_usd is None:
        return f"{labels.fleet(decision)} (no complete price)"
    return f"{numbers.cents(decision.first_wave_usd)} USD"


def facts(plan: Plan, decision: Decision) -> Iterator[tuple[str, str, str]]:
    """Name, figure and where it stands in the plan."""
    tco = f"tco.{decision.site}"
    bought = f"{labels.fleet(decision)} in {numbers.count(decision.servers, 'server')} ({decision.offer_name})"
    paid = "first wave, purchase" if decision.term == "purchase" else "first wave, rent to month 36 at plan"
    yield "Authorise", f"{amount(decision)}, {paid}", "decision.first_wave_usd"
    yield "By", decision.order_by.isoformat(), "decision.order_by"
    yield "Cancellable", _cancellable(plan, decision), "roadmap.purchases.0"
    yield "What", bought, "decision"
    second = labels.second_site(plan)
    if second:
        yield "Of these at the second site", second, "waterfall.disaster_recovery"
    yield "Where", f"{decision.site_name} ({labels.term(decision.term)})", "decision.site_name"
    yield "In service", decision.go_live.isoformat(), "decision.go_live"
    yield "Lasts", _lasts(plan), "roadmap.purchases.0.covers_to_month"
    yield "1 year", _cost(plan.tco[decision.site], plan.tco[decision.site].one_year_usd), f"{tco}.one_year_usd"
    yield "3 years", _cost(plan.tco[decision.site], plan.tco[decision.site].three_year_usd), f"{tco}.three_year_usd"
    yield "Promises", _promises(plan, decision), "decision.probability_met"


def _cancellable(plan: Plan, decision: Decision) -> str:
    """Until when nothing is owed: the parts of the lead time say when an order is released, and when it is confirmed."""
    first = plan.roadmap.purchases[0] if plan.roadmap else None
    if decision.term != "purchase" or first is None or first.release_by is None:
        return BINDS.get(decision.term, numbers.NOT_AVAILABLE)
    return (
        f"until the order is released after approval, on {first.release_by} at the latest; from the supplier's confirmation, "
        f"about {first.confirmed_by}, by terms of the supplier that this plan does not know"
    )


def _lasts(plan: Plan) -> str:
    """How long the first purchase carries the demand, at the planned and at the fast growth."""
    if plan.roadmap is None:
        return numbers.NOT_AVAILABLE
    first, months = plan.roadmap.purchases[0], plan.roadmap.months
    until = f": until {first.covers_until}" if first.covers_until else ""
    told = f"to month {first.covers_to_month} of service{until}"
    short = [m.start for m in months if m.gpus_needed_high is not None and m.gpus_needed_high > m.gpus_in_service]
    return f"{told}; at high growth the plan's fleet falls short from {short[0]}" if short else told


def _cost(cost: SiteCost, usd: float) -> str:
    return f"{numbers.at_least(numbers.cents(usd), bool(cost.missing))} USD"


def _promises(plan: Plan, decision: Decision) -> str:
    met = sum(result.met for result in plan.slo)
    told = f"{met} of {len(plan.slo)} SLOs met at the peak hour"
    sure = f"the least certain holds with {numbers.chance(decision.probability_met)}"
    if not decision.redundant_servers:
        return f"{told}; {sure}"
    down = labels.down_phrase(decision)
    then = [r.probability_degraded for r in plan.slo if r.probability_degraded is not None]
    least = numbers.chance(min(then)) if then else None
    apart = "" if least in (None, numbers.chance(decision.probability_met)) else f", {least} {down}"
    return f"{told}, also {down}; {sure}{apart}"


def waiting(plan: Plan, decision: Decision) -> Iterator[str]:
    """What a month's delay costs, and from when a promise is broken."""
    bridge = plan.bridge
    if bridge is not None:
        least = "at least " if bridge.missing else ""
        yield (
            f"A bridge of {numbers.count(bridge.gpus, 'GPU')} ({labels.site(bridge.site)}) serves until {bridge.until}; a "
            f"month more of it costs {least}{numbers.cents(bridge.usd_per_month)} USD. It must itself be ordered by "
            f"{bridge.order_by}: without it every SLO is missed from {bridge.from_} on."
        )
        return
    today = (plan.profile.get("evidence") or {}).get("today")
    until = "only what runs today serves, and no SLO is promised" if today else "nothing serves, so every SLO is missed"
    late = add_months(decision.go_live, 1)
    yield f"Service begins on {late}, not on {decision.go_live}: from {decision.go_live} until then {until}."
    yield from _rented(plan, decision)


def _rented(plan: Plan, decision: Decision) -> Iterator[str]:
    """What the first month at a site costs where the same service could be rented by the hour."""
    rented = [cost for cost in plan.tco.values() if cost.term == "on_demand" and cost.site != decision.site]
    for cost in sorted(rented, key=lambda cost: cost.cash_by_month_usd[1])[:1]:
        first = numbers.at_least(numbers.cents(cost.cash_by_month_usd[1]), bool(cost.missing))
        yield (
            f"The same service rented on demand ({labels.site(cost.site)}) costs {first} USD in its first month, with all "
            "that stands beside it."
        )


def still_open(plan: Plan) -> Iterator[str]:
    """Preconditions that are not met, and the plan's warnings."""
    way = plan.path
    points = [f"{p.name} ({p.field}): otherwise {p.effect}." for p in way.preconditions if not p.met] if way else []
    if way is not None and not way.in_time:
        points.insert(0, f"The path to production ends on {way.end}, after go-live on {way.go_live}.")
    late = "" if way is None or way.in_time else f"ends on {way.end}"
    points += [w for w in risks(plan) if not (late and late in w)]
    yield from (clause(point, LONGEST) for point in points[:OPEN])
    if len(points) > OPEN:
        yield "The others stand under Risks in the sizing document."
    if not points:
        yield "Nothing that the plan knows of."


def risks(plan: Plan) -> list[str]:
    """The plan's warnings, those of old prices in one sentence behind the others: the weakest facts tell of age too."""
    found = [(warning, STALE.match(warning)) for warning in plan.warnings]
    others, old = [w for w, stale in found if not stale], [stale for _, stale in found if stale]
    if len(old) < 2:
        return [*others, *(stale.string for stale in old)]
    ages = sorted(int(stale[2]) for stale in old)
    span = f"{ages[0]} to {ages[-1]}" if ages[0] < ages[-1] else str(ages[0])
    names = "; ".join(stale[1] for stale in old)
    return [*others, f"Prices are {span} days old on plan_date. Renew them: {names}."]


def weakest(plan: Plan, decision: Decision) -> Iterator[str]:
    """The weakest price that counts, and the weakest sources behind the chosen site."""
    yield f"{decision.weakest_fact[:1].upper()}{decision.weakest_fact[1:].rstrip('.')}."
    for source, uses in list(_used_here(plan, decision))[:WEAKEST]:
        age = "" if source.age_days is None else f", {source.age_days} days old"
        worth = f"{source.publisher}; {source.kind}, confidence {source.confidence}{age}"
        yield f"{labels.listed(uses, 2)}: {clause(source.title, TITLE)} ({worth})"


def _used_here(plan: Plan, decision: Decision) -> Iterator[tuple[SourceUse, list[str]]]:
    """Sources, the weakest first, with what they are used for at the chosen site or everywhere."""
    elsewhere = tuple(f"({site})" for site in plan.tco if site != decision.site)
    for source in plan.sources:
        uses = [use for use in source.used_for if not use.endswith(elsewhere)]
        if uses:
            yield source, uses


def choice_hangs(plan: Plan, decision: Decision) -> Iterator[str]:
    """The nearest values of single prices, and of other inputs where the plan was made again for them."""
    yield from (flip.sentence for flip in nearest_flips(plan)[:FLIPS])
    if not nearest_flips(plan):
        yield f"No uncertain price alone makes another site than {labels.site(decision.site)} the choice."
    for driver in plan.sensitivity:
        if driver.rerun and driver.changed:
            what = "another decision" if driver.site_low and driver.site_high else "another decision, or none,"
            unit = f", {driver.unit}" if driver.unit else ""
            yield f"{driver.driver}{unit}: {what} between {driver.low} and {driver.high} (the plan has {driver.base})."


def nearest_flips(plan: Plan) -> list[Flip]:
    """Prices that can change the site, those that nobody gives or that flip it within their own range first."""

    def distance(flip: Flip) -> tuple[bool, float]:
        if not flip.base_usd or flip.value_usd is None:
            return False, 0.0
        return not flip.in_range, abs(flip.value_usd / flip.base_usd - 1)

    return sorted((flip for flip in plan.flips if flip.value_usd is not None), key=distance)
