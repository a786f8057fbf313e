"""What serves until a late site delivers: rented capacity of another admitted site, on demand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from aisizer.catalog.records import Site
from aisizer.costs.bom_lines import Dated
from aisizer.costs.bridge import PREFIX, bridge_lines
from aisizer.costs.records import BomLine, CostLine
from aisizer.costs.tco import line_amounts
from aisizer.plan.context import Context
from aisizer.plan.demand import Demand
from aisizer.plan.evaluate import IN_TIME, Evaluated, Opening, best_layout, beyond_site, evaluate_term, oversized
from aisizer.plan.records import Bridge
from aisizer.roadmap.calendar import add_months, days, earliest_service, first_month
from aisizer.roadmap.waves import MONTHS
from aisizer.sizing.capacity import Screened
from aisizer.sizing.options import offers

TERM = "on_demand"
"""How a bridge is rented: it ends within months, and the shortest commitment of the catalog is a year."""


def delivered(context: Context, site: Site) -> int:
    """The month from which a site can serve what is decided on plan_date; 1 where it is in time for go-live."""
    return first_month(context.go_live, earliest_service(context.profile.plan_date, context.leads[site.id]))


def openings(context: Context, screened: Sequence[Screened], sites: Sequence[Site]) -> dict[str, Opening]:
    """From when each of the admitted sites can serve, with its bridge where that is late; a late one without is left out."""
    months = {site.id: delivered(context, site) for site in sites}
    in_time = [site for site in sites if months[site.id] == 1]
    late = sorted({month for month in months.values() if month > 1})
    bridges = {month: cheapest_bridge(context, in_time, screened, month) for month in late}
    found = {id_: IN_TIME if month == 1 else Opening(month, bridges[month]) for id_, month in months.items()}
    return {id_: opening for id_, opening in found.items() if opening.month == 1 or opening.bridge is not None}


def cheapest_bridge(
    context: Context, sites: Sequence[Site], screened: Sequence[Screened], month: int
) -> Evaluated | None:
    """The cheapest option of the sites that carries the months before `month` with its own redundancy; null without one.

    sites: those admitted and in time for go-live. An option whose cost is not known in full comes after those with one.
    """
    if month > MONTHS:
        return None
    found = _carrying(context, [s for s in sites if s.ownership == "rent"], screened, until(context.demand, month))

    def key(e: Evaluated) -> tuple[bool, int, float, str, str]:
        lines = bridge_lines(e.cost.lines, month, e.site.name)
        unpriced = sum(line.unit_price_usd is None for line in lines)
        return e.caveat != "", unpriced, _total(lines), e.site.id, e.offer.id

    return min(found, key=key, default=None)


def until(demand: Demand, month: int) -> Demand:
    """The demand of the months before `month`, its last level held after them, so that nothing is bought for more."""
    factors = demand.factors[: month - 1]
    return replace(demand, factors=factors + factors[-1:] * (len(demand.factors) - len(factors)))


def opening_of(e: Evaluated, demand: Demand) -> Opening:
    """The opening of an option under another demand or resilience: the same bridge, as large as these ask for."""
    month, bridge = e.fleets.first + 1, e.bridge
    if bridge is None:
        return Opening(month)
    again = evaluate_term(bridge.site, bridge.offer, bridge.term, bridge.layout.candidates, until(demand, month))
    return Opening(month, again)


def _carrying(
    context: Context, sites: Sequence[Site], screened: Sequence[Screened], demand: Demand
) -> Iterator[Evaluated]:
    """Every rented option that has an hourly price, whose replicas serve every pool and whose site holds the fleet."""
    for site in sites:
        for offer in offers(site, context.catalog, tuple(context.named.gpus)):
            candidates = best_layout(offer, screened, demand)
            if candidates is None or demand.book.priced(offer.id, offer.terms.get(TERM)) is None:
                continue
            option = evaluate_term(site, offer, TERM, candidates, demand)
            if oversized(option) is None and beyond_site(option, demand) is None:
                yield option


def bridge_of(context: Context, best: Evaluated) -> Bridge | None:
    """The bridge of the chosen option as the Plan carries it; null where it is in time."""
    bridge, month = best.bridge, best.fleets.first + 1
    if bridge is None:
        return None
    servers = max(bridge.fleets.servers[: month - 1])
    usd = _total([line for line in best.cost.lines if line.id.startswith(PREFIX)])
    from_, lead = context.go_live, context.leads[bridge.site.id]["total"]
    end = add_months(from_, month - 1)
    return Bridge.model_validate(
        {
            "site": bridge.site.id,
            "offer": bridge.offer.id,
            "offer_name": bridge.offer.name,
            "gpu": bridge.offer.gpu,
            "gpus": servers * bridge.offer.gpus,
            "servers": servers,
            "from": from_,
            "until": end,
            "months": month - 1,
            "order_by": from_ - days(lead),
            "lead_time_weeks": lead,
            "usd": usd,
            "usd_per_month": usd / (month - 1),
            "missing": [i for i in best.cost.missing if i.startswith(PREFIX)],
            "reason": _reason(context, best, end),
        }
    )


def _reason(context: Context, best: Evaluated, end: date) -> str:
    lead = context.leads[best.site.id]
    parts = " + ".join(f"{name.replace('_', '-')} {weeks:g} w" for name, weeks in lead.items() if name != "total")
    return (
        f"{best.site.id} serves from {end} at the earliest: {parts} = {lead['total']:g} weeks after plan_date "
        f"{context.profile.plan_date}, past go_live {context.go_live}."
    )


def dates(bridge: Bridge | None, lines: Sequence[CostLine]) -> dict[str, Dated]:
    """When each line of a bridge is ordered: with the bridge, not with the servers of the site that follows it."""
    if bridge is None:
        return {}
    dated = Dated(bridge.lead_time_weeks, bridge.order_by, bridge.from_)
    return {line.id: dated for line in lines if line.id.startswith(PREFIX)}


def named(bridge: Bridge | None, bom: Sequence[BomLine], provider: str) -> tuple[BomLine, ...]:
    """The bill with the bridge's supplier and span on its line."""
    if bridge is None:
        return tuple(bom)
    note = f"{bridge.servers} instances from {bridge.from_} until {bridge.until}, by the month"
    return tuple(
        line.model_copy(update={"supplier": _landlord(line, provider), "commitment": note})
        if line.category == "bridge"
        else line
        for line in bom
    )


def _landlord(line: BomLine, provider: str) -> str:
    return line.supplier if line.price_source.startswith("quote:") else provider


def sentences(bridge: Bridge | None) -> Iterator[str]:
    """The warning that a bridge is part of the plan."""
    if bridge is None:
        return
    least = "at least " if bridge.missing else ""
    yield (
        f"{bridge.reason} From {bridge.from_} until {bridge.until} a bridge of {bridge.gpus} GPUs ({bridge.servers} x "
        f"{bridge.offer_name}) at {bridge.site} serves for {least}{bridge.usd_per_month:,.0f} USD a month, {least}"
        f"{bridge.usd:,.0f} USD in all; order it by {bridge.order_by}. Shorten supply.lead_time or move go_live to do without."
    )


def _total(lines: Sequence[CostLine]) -> float:
    """[USD] of the lines that have a price."""
    return float(sum(line_amounts(line).sum() for line in lines if line.unit_price_usd is not None))
