"""What a fleet asks of its site beyond its limits: refused, or work with a date and a cost of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date

from aisizer.catalog.records import Site, SiteLimits
from aisizer.costs.lines import significant
from aisizer.costs.needs import line_id
from aisizer.errors import Rejection
from aisizer.plan.demand import Demand
from aisizer.plan.records import SiteLimit, SiteWork
from aisizer.roadmap.calendar import add_months, days
from aisizer.sizing.breaches import WORK_PRICES, Breach, site_breaches
from aisizer.sizing.facility import limits_of, servers_per_rack
from aisizer.sizing.needs import Need
from aisizer.sizing.options import Offer

Servers = tuple[int, ...]
"""Servers that stand at a site, by month, as `on_site` counts them."""


def breaches(site: Site, offer: Offer, servers: Servers, demand: Demand) -> tuple[Breach, ...]:
    """The limits of its site that a fleet passes by the last month. servers: those that stand there, by month."""
    return site_breaches(site, limits_of(site, demand.profile.supply), offer.server, servers, demand.book.amounts)


def refusal(site: Site, offer: Offer, servers: Servers, demand: Demand) -> Rejection | None:
    """A rejection where the fleet passes a limit that stays as it is, or that no work lifts in time."""
    builds = demand.profile.supply.site_work == "build"
    for breach in breaches(site, offer, servers, demand):
        order_by = _order_by(breach, demand)
        late = order_by is not None and order_by < demand.profile.plan_date
        if builds and not late:
            continue
        detail = breach.sentence if not builds else f"{breach.sentence} It would have to be ordered by {order_by}."
        got, limit = (value if isinstance(value, float) else None for value in (breach.got, breach.limit))
        return Rejection(breach.reason, detail, got=got, limit=limit, unit=breach.unit)
    return None


def work_needs(site: Site, offer: Offer, servers: Servers, demand: Demand) -> Iterator[Need]:
    """The work on the site as needs, so that it is priced and ordered as an item of its own."""
    if demand.profile.supply.site_work != "build":
        return
    limits = limits_of(site, demand.profile.supply)
    for breach in breaches(site, offer, servers, demand):
        short = _short(breach, limits, offer, servers)
        yield Need(
            group="facility",
            name=work_name(breach.item),
            unit=_unit(breach),
            by_month=short,
            formula=f"month {len(short)}: {_figure(breach.got)} {breach.unit} against {_figure(breach.limit)}, "
            f"{short[-1]:,.4g} {_unit(breach)} short",
            source="supply.site_work and the limits of the site",
            price=WORK_PRICES.get(breach.reason, ""),
            bought=True,
            note=breach.sentence,
        )


def site_work(site: Site, offer: Offer, servers: Servers, demand: Demand) -> tuple[SiteWork, ...]:
    """The work that lifts the limits, dated: when it must be ready and so when it must be ordered."""
    limits = limits_of(site, demand.profile.supply)
    return tuple(
        SiteWork(
            item=breach.item,
            reason=breach.reason,
            month=breach.month,
            need_by=_need_by(breach, demand),
            lead_time_weeks=breach.lead_time_weeks.base if breach.lead_time_weeks else None,
            order_by=_order_by(breach, demand),
            quantity=significant(_short(breach, limits, offer, servers)[-1]),
            unit=_unit(breach),
            detail=breach.sentence,
        )
        for breach in breaches(site, offer, servers, demand)
    )


def site_limits(site: Site, offer: Offer, servers: Servers, demand: Demand) -> tuple[SiteLimit, ...]:
    """Each limit of the site beside what the fleet asks of it in the last month; what nobody gave is not checked."""
    limits, last = limits_of(site, demand.profile.supply), servers[-1]
    if offer.server is None:
        return (_limit("Instances", "supply.quota", "instance", float(last), limits.quota),)
    kw, cooling = offer.server.max_power_kw, offer.server.cooling
    rack_kw = limits.rack_power_kw or demand.book.amounts["rack-density"].base
    per_rack = servers_per_rack(rack_kw, kw, offer.server.rack_units) or 1
    return (
        _limit("Power of GPU servers", "supply.power_limit", "kW", last * kw, limits.power_kw),
        _limit("Racks of GPU servers", "supply.racks", "rack", float(math.ceil(last / per_rack)), limits.racks),
        _limit("Power of the largest server, in one rack", "supply.rack_power", "kW", kw, limits.rack_power_kw),
        SiteLimit(
            name="Cooling",
            field="supply.cooling",
            unit="",
            month_36=cooling,
            limit=limits.cooling,
            held=None if limits.cooling is None else limits.cooling == "liquid" or cooling == "air",
        ),
    )


def work_name(item: str) -> str:
    """How a piece of work is called in the bill of materials."""
    return f"Site work: {item}"


def line_of(work: SiteWork) -> str:
    """The id of the cost line that pays for a piece of work."""
    return line_id(Need("facility", work_name(work.item), work.unit, (), "", ""))


def _limit(name: str, field: str, unit: str, got: float, limit: float | None) -> SiteLimit:
    held = None if limit is None else got <= limit + 1e-9
    return SiteLimit(name=name, field=field, unit=unit, month_36=got, limit=limit, held=held)


def _need_by(breach: Breach, demand: Demand) -> date:
    return add_months(demand.go_live, breach.month - 1)


def _order_by(breach: Breach, demand: Demand) -> date | None:
    lead = breach.lead_time_weeks
    return None if lead is None else _need_by(breach, demand) - days(lead.base)


def _short(breach: Breach, limits: SiteLimits, offer: Offer, servers: Servers) -> tuple[float, ...]:
    """What is lacking in each month, in the unit of the work."""
    kw = offer.server.max_power_kw if offer.server else 0.0
    units = offer.server.rack_units if offer.server else None
    if breach.reason == "power":
        return tuple(max(0.0, n * kw - (limits.power_kw or 0.0)) for n in servers)
    if breach.reason == "rack_power":
        return tuple(n * (kw - (limits.rack_power_kw or 0.0)) for n in servers)
    if breach.reason == "cooling":
        return tuple(n * kw for n in servers)
    if breach.reason == "racks":
        per_rack = servers_per_rack(limits.rack_power_kw, kw, units) or 1
        return tuple(float(max(0, math.ceil(n / per_rack) - (limits.racks or 0))) for n in servers)
    return tuple(float(max(0, n - (limits.quota or 0))) for n in servers)


def _unit(breach: Breach) -> str:
    return {"racks": "rack", "quota": "instance"}.get(breach.reason, "kW")


def _figure(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.4g}"
