"""What stands at an option's site beside production, and how many servers that makes."""

from __future__ import annotations

from aisizer.plan.demand import Demand
from aisizer.roadmap.waves import Fleets
from aisizer.sizing.environments import Production, environment_needs, standing
from aisizer.sizing.fleet import Layout
from aisizer.sizing.needs import Need
from aisizer.sizing.options import Offer


def environments(offer: Offer, layout: Layout, made: Fleets, demand: Demand) -> tuple[Need, ...]:
    """Fleets beside production."""
    spare = tuple(f.redundant_servers for f in made.needed) or (0,) * len(made.production)
    gpus = tuple(c.gpus for c in layout.candidates)
    production = Production(made.production, spare, gpus, offer.gpu, offer.gpus)
    return environment_needs(demand.profile.resilience, production, standing(demand.profile.evidence))


def servers_on_site(offer: Offer, layout: Layout, made: Fleets, demand: Demand) -> tuple[int, ...]:
    """Servers by month at the primary site, or instances at all sites where rented, with those of environments of their own."""
    fleet = made.production if offer.server is not None else made.servers
    own = (need.by_month for need in environments(offer, layout, made, demand) if need.unit == "server")
    return tuple(round(sum(month)) for month in zip(fleet, *own, strict=True))
