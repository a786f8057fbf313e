"""The baseline beside the proposal: today's fleet grown with demand, or the rule of thumb, priced alike."""

from __future__ import annotations

import math

from aisizer.costs.records import SiteCost
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated, priced_fleet
from aisizer.roadmap.waves import Fleets, Wave
from aisizer.sizing.fleet import Layout, fleet, whole_servers
from aisizer.sizing.options import offers


def baseline(context: Context, best: Evaluated) -> tuple[SiteCost | None, str]:
    """The baseline's cost and what it is."""
    today = context.profile.evidence.today
    if today is None or context.named.today is None:
        made = _grown([_thumb(best.layout, f, context) for f in context.demand.factors])
        note = (
            "rule of thumb: peak load over the largest throughput of a replica, on the chosen servers, without latency, "
            "burst, headroom or redundancy"
        )
        return priced_fleet(best.site, best.offer, best.term, best.layout, made, context.demand).cost, note
    found = [o for o in offers(best.site, context.catalog, (context.named.today.id,)) if o.terms]
    if not found:
        return None, f"today's {today.gpus} x {context.named.today.name} have no price at {best.site.id}"
    offer = min(found, key=lambda o: (o.gpus, o.id))
    made = _grown([whole_servers(math.ceil(today.gpus * f - 1e-9), offer.gpus) for f in context.demand.factors])
    term = best.term if best.term in offer.terms else next(iter(offer.terms))
    fleet_name = f"today's {today.gpus} x {context.named.today.name}"
    note = f"{fleet_name}, grown with demand and priced as {offer.name}; no redundancy is added and no SLO is checked"
    return priced_fleet(best.site, offer, term, best.layout, made, context.demand).cost, note


def _thumb(layout: Layout, factor: float, context: Context) -> int:
    return whole_servers(fleet(layout, factor, context.profile.resilience).throughput, layout.gpus_per_server)


def _grown(servers: list[int]) -> Fleets:
    """A fleet that adds servers in the month that needs them and never sheds any."""
    waves, held = [], 0
    for month, needed in enumerate(servers, start=1):
        if needed > held:
            waves.append(Wave(month, needed - held, month, month))
            held = needed
    running = tuple(sum(w.servers for w in waves if w.month <= m) for m in range(1, len(servers) + 1))
    return Fleets(needed=(), waves=tuple(waves), servers=running, production=running)
