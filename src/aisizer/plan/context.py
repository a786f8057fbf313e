"""Everything known before the search: what the profile names, what is demanded, where it may run, when."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.records import Model, Site
from aisizer.costs.lines import Volume
from aisizer.costs.prices import overlaid, price_book
from aisizer.demand.growth import demand_factors
from aisizer.demand.loads import Offered, offered
from aisizer.errors import InvalidInput
from aisizer.plan.controls import check_frameworks
from aisizer.plan.demand import Demand
from aisizer.plan.names import Named, resolve
from aisizer.plan.service import service
from aisizer.profile.load import LoadedProfile
from aisizer.profile.sections import Profile, Quote
from aisizer.roadmap.calendar import earliest_service, first_of_next_month, lead_time_weeks
from aisizer.roadmap.path import path
from aisizer.roadmap.waves import MONTHS
from aisizer.sizing.admissible import (
    SiteVerdict,
    log_retention_months,
    other_places,
    refused_places,
    site_verdict,
)
from aisizer.sizing.pools import Pool, make_pools


@dataclass(frozen=True, slots=True)
class Context:
    """What the search and everything said about its answer start from."""

    loaded: LoadedProfile
    catalog: Catalog
    named: Named
    offered: Mapping[str, Offered]
    pools: tuple[Pool, ...]
    verdicts: Mapping[str, SiteVerdict]
    leads: Mapping[str, dict[str, float]]
    """[week] by site"""
    go_live: date
    demand: Demand

    @property
    def profile(self) -> Profile:
        """The profile itself."""
        return self.loaded.profile


def gather(loaded: LoadedProfile, catalog: Catalog, files: Mapping[str, Model]) -> Context:
    """Looks names up and works out demand, admission and dates."""
    profile = loaded.profile
    named = resolve(profile, catalog, files)
    _refuse_places(profile, named)
    check_frameworks(profile.compliance, named.rules)
    loads = offered(profile.workloads)
    verdicts = {site.id: site_verdict(site, profile.compliance, named.rules) for site in named.sites}
    leads = {site.id: lead_time_weeks(site, profile.supply.lead_time) for site in named.sites}
    admitted = [site for site in named.sites if verdicts[site.id].verdict != "rejected"]
    go_live = profile.go_live or _earliest(profile, admitted or named.sites, leads)
    quotes = [quote for quote in profile.supply.quotes if isinstance(quote, Quote)]
    amounts = {name: amount for prices in catalog.prices.values() for name, amount in prices.amounts.items()}
    book = price_book(overlaid(amounts, profile.supply.amounts, profile.plan_date), quotes, profile.finance.fx)
    factors = tuple(demand_factors(profile.growth, go_live, "base", MONTHS).tolist())
    volume = volume_of(loads.values(), factors)
    retention = log_retention_months(profile.compliance, named.rules)
    return Context(
        loaded=loaded,
        catalog=catalog,
        named=named,
        offered=loads,
        pools=make_pools(profile.workloads, named.models, loads, loaded.replays),
        verdicts=verdicts,
        leads=leads,
        go_live=go_live,
        demand=Demand(
            profile=profile,
            go_live=go_live,
            factors=factors,
            volume=volume,
            book=book,
            service=service(profile, loads, factors, volume, book, retention),
            unmeasured=frozenset(
                gpu.id for gpu in named.gpus.values() if gpu.evidence == "datasheet" and not profile.supply.gpus
            ),
        ),
    )


def _refuse_places(profile: Profile, named: Named) -> None:
    """A fault where the rules reject the disaster-recovery site, backup target or log archive that the profile names."""
    compliance, recovery = profile.compliance, profile.resilience.disaster_recovery
    refused = refused_places(other_places(named.sites[0], compliance, recovery, named.rules, named.places))
    if refused:
        raise InvalidInput("\n".join(refused))


def _earliest(profile: Profile, sites: Sequence[Site], leads: Mapping[str, dict[str, float]]) -> date:
    """The first of the month by which every one of the sites can serve and its path to production ends."""
    begin, supply = profile.plan_date, profile.supply
    delivered = [earliest_service(begin, leads[site.id]) for site in sites]
    ready = [path(supply.path, site, supply.lead_time, "", begin, begin).end for site in sites]
    return first_of_next_month(max(delivered + ready))


def volume_of(loads: Collection[Offered], factors: Sequence[float]) -> Volume:
    """What workloads bring in each month at its factor of demand."""
    requests = sum(load.requests_per_month for load in loads)
    prompt = sum(load.prompt_tokens_per_month for load in loads)
    output = sum(load.output_tokens_per_month for load in loads)
    return Volume(
        requests=tuple(requests * f for f in factors),
        prompt_tokens=tuple(prompt * f for f in factors),
        output_tokens=tuple(output * f for f in factors),
    )
