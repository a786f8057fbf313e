"""The brief: one page for whoever signs."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import shorten

from aisizer.costs.records import SiteCost
from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Document, Facts, Items, Section, table
from aisizer.deliver.document import stamp
from aisizer.deliver.pdf import one_page_pdf
from aisizer.plan import Decision, Plan, SourceUse
from aisizer.roadmap.calendar import add_months, days

WEAKEST = 3
"""sources named beside the weakest price"""
OPEN = 6
"""open points named; the document has them all"""
LONGEST = 150
"""characters of a point"""
BINDS = {
    "on_demand": "at any time: rented by the hour, nothing is committed",
    "one_year": "until the one-year commitment is signed; then its term is owed",
    "three_year": "until the three-year commitment is signed; then its term is owed",
}


def brief_pdf(plan: Plan) -> bytes:
    """The brief as one tagged page."""
    return one_page_pdf(brief(plan), stamp(plan))


def brief(plan: Plan) -> Document:
    """What is to be authorised, until when it can be undone, what waiting costs, and what is still open or weak."""
    decision = labels.decided(plan)
    title = f"{labels.profile_name(plan)}: authorise {_amount(decision)} by {decision.order_by}"
    subtitle = f"Plan of {labels.plan_date(plan)}. {decision.reason}"
    signatures = table("Decision", "Role | Name | Date | Signature", [("Approved by", "", "", "")])
    sections = (
        Section("decision", "What is decided", (Facts(tuple(_facts(plan, decision))),)),
        Section("waiting", "If the decision comes a month late", (Items(tuple(_waiting(plan, decision))),)),
        Section("open", "Still open", (Items(tuple(_open(plan))),)),
        Section("weakest", "Weakest facts", (Items(tuple(_weakest(plan, decision))),)),
        Section("signature", "Signature", (signatures,)),
    )
    return Document(title, subtitle, sections, labels.plan_date(plan), labels.marking(plan))


def _amount(decision: Decision) -> str:
    if decision.first_wave_usd is None:
        return f"{labels.fleet(decision)} (no complete price)"
    return f"{numbers.cents(decision.first_wave_usd)} USD"


def _facts(plan: Plan, decision: Decision) -> Iterator[tuple[str, str]]:
    cost = plan.tco[decision.site]
    bought = f"{labels.fleet(decision)} in {numbers.count(decision.servers, 'server')} ({decision.offer_name})"
    yield (
        "Authorise",
        f"{_amount(decision)}, {'purchase' if decision.term == 'purchase' else 'rent to month 36 at plan'}",
    )
    yield "By", decision.order_by.isoformat()
    yield "Cancellable", _cancellable(plan, decision)
    yield "What", bought
    yield "Where", f"{decision.site_name} ({labels.term(decision.term)})"
    yield "In service", decision.go_live.isoformat()
    yield "Lasts", _lasts(plan)
    yield "Costs", _costs(cost)
    yield "Promises", _promises(plan, decision)


def _cancellable(plan: Plan, decision: Decision) -> str:
    """Until when nothing is owed: the parts of the lead time say when an order is released, and when it is confirmed."""
    if decision.term != "purchase" or plan.roadmap is None:
        return BINDS.get(decision.term, numbers.NOT_AVAILABLE)
    weeks = plan.roadmap.lead_time_weeks
    released = decision.order_by + days(weeks["approval"])
    confirmed = released + days(weeks["order"])
    return (
        f"until the order is released, on {released} at the latest; from the supplier's confirmation, about {confirmed}, "
        "by terms of the supplier that this plan does not know"
    )


def _lasts(plan: Plan) -> str:
    """How long the first purchase carries the demand, at the planned and at the fast growth."""
    if plan.roadmap is None:
        return numbers.NOT_AVAILABLE
    first, months = plan.roadmap.purchases[0], plan.roadmap.months
    end = add_months(plan.roadmap.go_live, first.covers_to_month)
    told = f"to month {first.covers_to_month} of service: until {end}"
    short = [m.start for m in months if m.gpus_needed_high is not None and m.gpus_needed_high > m.gpus_in_service]
    return f"{told}; at high growth the plan's fleet falls short from {short[0]}" if short else told


def _costs(cost: SiteCost) -> str:
    missing = bool(cost.missing)
    one, three = (numbers.at_least(numbers.cents(usd), missing) for usd in (cost.one_year_usd, cost.three_year_usd))
    return f"{one} USD in 1 year, {three} USD in 3 years"


def _promises(plan: Plan, decision: Decision) -> str:
    met = sum(result.met for result in plan.slo)
    sure = numbers.chance(decision.probability_met)
    down = f" {labels.down_phrase(decision)}" if decision.redundant_servers else ""
    return f"{met} of {len(plan.slo)} SLOs met at the peak hour{down}; the least certain holds with {sure}"


def _waiting(plan: Plan, decision: Decision) -> Iterator[str]:
    bridge = plan.bridge
    if bridge is not None:
        least = "at least " if bridge.missing else ""
        yield (
            f"A bridge of {numbers.count(bridge.gpus, 'GPU')} at {labels.site(bridge.site)} serves until {bridge.until}; a "
            f"month more of it costs {least}{numbers.cents(bridge.usd_per_month)} USD. It must itself be ordered by "
            f"{bridge.order_by}."
        )
        return
    today = (plan.profile.get("evidence") or {}).get("today")
    until = "only what runs today serves" if today else "nothing serves, so no SLO is met"
    yield f"Service begins on {add_months(decision.go_live, 1)}, not on {decision.go_live}: until then {until}."
    yield from _rented(plan, decision)


def _rented(plan: Plan, decision: Decision) -> Iterator[str]:
    """What the first month at a site costs where the same service could be rented by the hour."""
    rented = [cost for cost in plan.tco.values() if cost.term == "on_demand" and cost.site != decision.site]
    for cost in sorted(rented, key=lambda cost: cost.cash_by_month_usd[1])[:1]:
        first = numbers.at_least(numbers.cents(cost.cash_by_month_usd[1]), bool(cost.missing))
        yield (
            f"The same service rented on demand at {labels.site(cost.site)} costs {first} USD in its first month, with all "
            "that stands beside it."
        )


def _open(plan: Plan) -> Iterator[str]:
    way = plan.path
    points = [f"{p.name} ({p.field}): otherwise {p.effect}." for p in way.preconditions if not p.met] if way else []
    if way is not None and not way.in_time:
        points.insert(0, f"The path to production ends on {way.end}, after go-live on {way.go_live}.")
    points += list(plan.warnings)
    yield from (shorten(point, LONGEST, placeholder=" ...") for point in points[:OPEN])
    if len(points) > OPEN:
        yield f"{len(points) - OPEN} more in the sizing document."
    if not points:
        yield "Nothing that the plan knows of."


def _weakest(plan: Plan, decision: Decision) -> Iterator[str]:
    yield f"{decision.weakest_fact[:1].upper()}{decision.weakest_fact[1:].rstrip('.')}."
    for source, uses in list(_used_here(plan, decision))[:WEAKEST]:
        age = "" if source.age_days is None else f", {source.age_days} days old"
        worth = f"{source.publisher}; {source.kind}, confidence {source.confidence}{age}"
        told = f"{labels.listed(uses, 2)}: {source.title} ({worth})"
        yield shorten(told, LONGEST, placeholder=" ...")


def _used_here(plan: Plan, decision: Decision) -> Iterator[tuple[SourceUse, list[str]]]:
    """Sources, the weakest first, with what they are used for at the chosen site or everywhere."""
    elsewhere = tuple(f"({site})" for site in plan.tco if site != decision.site)
    for source in plan.sources:
        uses = [use for use in source.used_for if not use.endswith(elsewhere)]
        if uses:
            yield source, uses
