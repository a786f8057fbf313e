"""Every admissible offer, laid out, bought over 36 months and priced."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from aisizer.catalog.records import Site
from aisizer.costs import lines as cost_lines
from aisizer.costs.bridge import bridge_lines, starting
from aisizer.costs.energy import energy, grid
from aisizer.costs.lines import Buyer
from aisizer.costs.needs import need_lines
from aisizer.costs.owned import residual_high
from aisizer.costs.rates import carrying_lines, rate_lines
from aisizer.costs.records import CostLine, SiteCost
from aisizer.costs.rented import INCLUDED, unused_commitment
from aisizer.costs.schedule import scheduled
from aisizer.costs.site import site_lines
from aisizer.costs.tco import line_amounts, net_present_value, site_cost
from aisizer.errors import Rejection
from aisizer.plan.demand import Demand
from aisizer.plan.on_site import servers_on_site
from aisizer.plan.site_work import refusal
from aisizer.plan.surroundings import paid
from aisizer.profile.sections import Profile
from aisizer.roadmap.calendar import lead_time_weeks
from aisizer.roadmap.waves import Fleets, fleets
from aisizer.sizing.capacity import Candidate, Screened
from aisizer.sizing.fleet import Layout, needed_replicas
from aisizer.sizing.options import Offer
from aisizer.units import MONTH

PRECISION_ORDER = ("bf16", "fp8", "int8", "fp4", "int4")
"""Between layouts of equal size the less quantised one serves, because its quality needs no new evaluation."""

LARGEST_FLEET = 200_000
"""[GPU] above which a demand is taken for a mistake: about the largest single clusters announced by 2026."""
STALE_PRICE_DAYS = 730
"""[day] after which a server or instance price no longer decides: two years, a GPU generation; the newest list prices
of the catalog moved by 40 % within one year."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One offer under one term with its fleet and cost over the horizon."""

    site: Site
    offer: Offer
    term: str
    layout: Layout
    fleets: Fleets
    buyer: Buyer
    cost: SiteCost
    caveat: str
    """why it is ranked after the others although it is priced; empty where nothing speaks against signing it"""
    bridge: Evaluated | None = None
    """what serves until its first wave is delivered; null where that is at go-live"""

    @property
    def priced(self) -> bool:
        """Whether its servers or instances have a price, so that money can rank it."""
        return not any(i == "hardware" or i.startswith("rent") for i in self.cost.missing)

    def serving(self, month: int) -> Evaluated:
        """The option whose servers stand in a month: its bridge before its first wave, else itself."""
        return self.bridge if self.bridge is not None and month <= self.fleets.first else self


@dataclass(frozen=True, slots=True)
class Opening:
    """The month from which a site can serve, and what serves until then where that is after go-live."""

    month: int = 1
    bridge: Evaluated | None = None


IN_TIME = Opening()


def expansion_months(site: Site, profile: Profile) -> int:
    """[month] how long one purchase lasts: the profile's, else the site's."""
    own = profile.supply.expansion
    return site.expansion_months if own is None else math.ceil(own / MONTH - 1e-9)


def best_layout(offer: Offer, screened: Sequence[Screened], demand: Demand) -> tuple[Candidate, ...] | None:
    """Per pool, the layout with the fewest GPUs at the highest demand, then at go-live, then the least quantised."""
    chosen: list[Candidate] = []
    for pool in screened:
        ways = _ways(pool.candidates, offer, demand)
        if not ways:
            return None
        fewest = min(ways, key=lambda way: _gpus_of(way, offer, demand))
        chosen.extend(fewest)
    return tuple(chosen)


def _ways(candidates: Iterable[Candidate], offer: Offer, demand: Demand) -> list[tuple[Candidate, ...]]:
    """The best layout of one pool, and the best pair of prefill and decode pools where a network joins the servers."""
    fitting = [c for c in candidates if c.gpu == offer.gpu and offer.holds(c.form.parallel)]
    stages = {stage: [c for c in fitting if c.pool.stage == stage] for stage in ("serve", "prefill", "decode")}
    best = {stage: min(found, key=lambda c: _layout_key(c, offer, demand)) for stage, found in stages.items() if found}
    ways: list[tuple[Candidate, ...]] = [(best["serve"],)] if "serve" in best else []
    if offer.joins and "prefill" in best and "decode" in best:
        ways.append((best["prefill"], best["decode"]))
    return ways


def _gpus_of(way: Sequence[Candidate], offer: Offer, demand: Demand) -> tuple[float, float]:
    keys = [_layout_key(candidate, offer, demand) for candidate in way]
    return sum(key[0] for key in keys), sum(key[1] for key in keys)


def _layout_key(candidate: Candidate, offer: Offer, demand: Demand) -> tuple[float, ...]:
    high, first = max(demand.factors), demand.factors[0]
    resilience = demand.profile.resilience
    idle = offer.gpus / (offer.gpus // candidate.gpus) / candidate.gpus if candidate.gpus <= offer.gpus else 1.0
    return (
        needed_replicas(candidate, high, resilience) * candidate.gpus * idle,
        needed_replicas(candidate, first, resilience) * candidate.gpus * idle,
        PRECISION_ORDER.index(candidate.form.precision),
        PRECISION_ORDER.index(candidate.form.kv_precision),
        candidate.gpus,
    )


def evaluate(
    site: Site,
    offer: Offer,
    candidates: tuple[Candidate, ...],
    demand: Demand,
    opening: Opening,
) -> list[Evaluated]:
    """The offer's fleet over 36 months, priced under each term that the profile allows."""
    return [evaluate_term(site, offer, term, candidates, demand, opening) for term in terms(offer, demand)]


def evaluate_term(
    site: Site,
    offer: Offer,
    term: str,
    candidates: tuple[Candidate, ...],
    demand: Demand,
    opening: Opening = IN_TIME,
) -> Evaluated:
    """The offer's fleet over 36 months under one term."""
    layout, expansion = Layout(candidates, offer.gpus), expansion_months(site, demand.profile)
    made = fleets(layout, demand.factors, demand.profile.resilience, expansion, opening.month)
    return priced_fleet(site, offer, term, layout, made, demand, opening.bridge)


def terms(offer: Offer, demand: Demand) -> Iterable[str]:
    """Terms to price: buying at an owned site; the wanted commitment, or each that has a price, where rented."""
    if offer.server is not None:
        return ("purchase",)
    wanted = demand.profile.supply.commitment
    quoted = ("on_demand",) if offer.id in demand.book.quotes else ()
    every = dict.fromkeys((*offer.terms, *quoted, *demand.book.terms(offer.id)))
    return every if wanted == "auto" else (wanted,)


def priced_fleet(
    site: Site,
    offer: Offer,
    term: str,
    layout: Layout,
    made: Fleets,
    demand: Demand,
    bridge: Evaluated | None = None,
) -> Evaluated:
    """A fleet over 36 months with its cost lines under one term, those of its bridge included."""
    profile = demand.profile
    buyer = Buyer(
        site=site,
        offer=offer,
        term=term,
        book=demand.book,
        supply=profile.supply,
        finance=profile.finance,
        rdma=any(c.gpus > offer.gpus or c.pool.stage != "serve" for c in layout.candidates),
        controls=profile.compliance.control_costs,
    )
    around = need_lines(paid(buyer, layout, made, demand), buyer)
    first = made.waves[0].month
    lines = starting((*site_lines(buyer, bought(made), demand.volume), *around), first)
    lines = scheduled(lines, profile.finance, lead_time_weeks(site, profile.supply.lead_time)["total"])
    lines = (*lines, *carrying_lines(lines, profile.finance))
    own = lines
    lines = (*lines, *rate_lines(lines, profile.finance))
    if bridge is not None:
        lines += bridge_lines(bridge.cost.lines, first, bridge.site.name)
    cost = site_cost(
        site=site.id,
        gpu=offer.gpu,
        offer=offer.id,
        term=term,
        gpus=(made.waves[0].servers * offer.gpus, made.servers[-1] * offer.gpus),
        lines=lines,
        volume=demand.volume,
        discount_rate=profile.finance.discount_rate,
        useful_life_s=profile.finance.useful_life,
    )
    cost = cost.model_copy(update=_said(own, buyer, made, demand))
    caveat = _caveat(offer, cost, demand) or (f"its bridge: {bridge.caveat}" if bridge and bridge.caveat else "")
    return Evaluated(site, offer, term, layout, made, buyer, cost, caveat, bridge)


def _said(lines: Sequence[CostLine], buyer: Buyer, made: Fleets, demand: Demand) -> dict[str, object]:
    """What the site's own lines say beside their totals: what stands idle, what may come back, energy, what rent holds."""
    owned, profile = buyer.site.ownership == "own", demand.profile
    place = grid(buyer.site, profile.compliance.residency)
    drawn = energy(lines, owned, place, profile.supply.grid_carbon, demand.book)
    return {
        "unused_commitment_usd": unused_commitment(lines, [f.servers for f in made.needed]) if made.needed else None,
        "residual_high_usd": residual_high(lines, buyer.offer.id, demand.book) if owned else 0.0,
        "energy_kwh": drawn.kwh,
        "tco2e": drawn.tco2e,
        "energy_note": drawn.note,
        "included": () if owned else INCLUDED,
    }


def _caveat(offer: Offer, cost: SiteCost, demand: Demand) -> str:
    if offer.gpu in demand.unmeasured:
        return "only a datasheet stands behind its throughput; name it in supply.gpus to rank it with the others"
    ages = [
        (demand.profile.plan_date - line.as_of).days
        for line in cost.lines
        if line.category in ("hardware", "rent") and line.as_of is not None
    ]
    if any(age > STALE_PRICE_DAYS for age in ages):
        return f"its price is {max(ages)} days old; give a quote in supply.quotes to rank it with the others"
    return ""


def bought(made: Fleets) -> cost_lines.Fleet:
    """The fleet as costs sees it."""
    return cost_lines.Fleet(tuple((w.month, w.servers) for w in made.waves), made.servers)


def oversized(evaluated: Evaluated) -> Rejection | None:
    """A rejection where the fleet is larger than anything that can be bought."""
    gpus = evaluated.cost.gpus_month_36
    if gpus <= LARGEST_FLEET:
        return None
    detail = "the demand needs more GPUs than the largest cluster has; check its figures"
    return Rejection("demand", detail, got=float(gpus), limit=float(LARGEST_FLEET), unit="GPU")


def beyond_site(evaluated: Evaluated, demand: Demand) -> Rejection | None:
    """A rejection where the fleet passes a limit of its site, the first one found."""
    servers = servers_on_site(evaluated.offer, evaluated.layout, evaluated.fleets, demand)
    refused = refusal(evaluated.site, evaluated.offer, servers, demand)
    where: dict[str, str | int] = {"site": evaluated.site.id, "gpu": evaluated.offer.gpu}
    return refused and replace(refused, option=where)


def ranked(found: Sequence[Evaluated], discount_rate: float | None) -> list[Evaluated]:
    """Cheapest first on the scope that every priced option prices.

    Options without a server price come last, the fewest GPUs first, because what is left of their cost leaves out different
    things; those with a caveat come after those without, because nobody should sign
    an order on an unmeasured prediction or a stale price without having asked for it.
    """
    unpriced: set[str] = {
        line.category for e in found if e.priced for line in e.cost.lines if line.unit_price_usd is None
    }

    def key(e: Evaluated) -> tuple[bool, bool, float, int, int, str, str, str]:
        return (
            not e.priced,
            e.caveat != "",
            _value(e.cost, unpriced, discount_rate) if e.priced else 0.0,
            e.cost.gpus,
            e.cost.gpus_month_36,
            e.site.id,
            e.offer.id,
            e.term,
        )

    return sorted(found, key=key)


def _value(cost: SiteCost, excluded: set[str], discount_rate: float | None) -> float:
    """[USD] NPV, or undiscounted 36-month cash without a discount rate, of the categories that all options price."""
    kept = [line_amounts(i) for i in cost.lines if i.unit_price_usd is not None and i.category not in excluded]
    cash = [float(sum(month)) for month in zip(*kept, strict=True)]
    return sum(cash) if discount_rate is None else net_present_value(cash, discount_rate)


def best_per_site_and_gpu(order: Sequence[Evaluated]) -> list[Evaluated]:
    """The first of each (site, GPU) in a ranked list."""
    first: dict[tuple[str, str], Evaluated] = {}
    for e in order:
        first.setdefault((e.site.id, e.offer.gpu), e)
    return list(first.values())


def first_of_each_site(order: Sequence[Evaluated]) -> list[Evaluated]:
    """The cheapest option of each site, the chosen site first."""
    first: dict[str, Evaluated] = {}
    for e in order:
        first.setdefault(e.site.id, e)
    return list(first.values())


def opening_factor(e: Evaluated, demand: Demand) -> float:
    """The demand factor of the month in which the first purchase enters service: go-live, or later behind a bridge."""
    return demand.factors[e.fleets.first]


def planned_factor(e: Evaluated, demand: Demand) -> float:
    """The highest demand factor that the first purchase was bought for."""
    return max(demand.factors[e.fleets.first : e.fleets.waves[0].planned_to])


def carried_factor(e: Evaluated, demand: Demand) -> float:
    """The highest demand factor that the first purchase carries before the next one serves."""
    return max(demand.factors[e.fleets.first : e.fleets.waves[0].covers_to])
