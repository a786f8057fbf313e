"""Where a fleet passes the limits of its site: power, racks, power of one rack, cooling, quota."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from aisizer.catalog.records import Amount, Server, Site, SiteLimits
from aisizer.sizing.facility import servers_per_rack

WORK_PRICES: Mapping[str, str] = {
    "power": "site-power-price",
    "rack_power": "rack-power-price",
    "cooling": "liquid-cooling-price",
}
"""Price of one kW of each work, which only an overlay or a quote gives; racks are paid with the others."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit of a site that the fleet passes, with the work that would lift it as an item of its own.

    month             first month in which the servers in service pass it
    got, limit        at the last month, in `unit`
    item              what has to be built, ordered or granted
    lead_time_weeks   null where no source gives it
    """

    reason: Literal["power", "racks", "rack_power", "cooling", "quota"]
    month: int
    got: float | str
    limit: float | str
    unit: str
    item: str
    sentence: str
    lead_time_weeks: Amount | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    """A server type in service by month at a site with its known limits."""

    site: Site
    limits: SiteLimits
    server: Server
    servers: Sequence[int]
    work: Mapping[str, Amount]

    def lead(self, name: str) -> str:
        """How long the work takes, to stand inside a sentence."""
        amount = self.work.get(name)
        if amount is None:
            return f" (how long more takes is not known: put {name} into the prices of a catalog overlay)"
        return f" (more takes {amount.base:g} weeks by {amount.source})"


def site_breaches(
    site: Site, limits: SiteLimits, server: Server | None, servers: Sequence[int], work: Mapping[str, Amount]
) -> tuple[Breach, ...]:
    """Every known limit of the site that the servers in service pass by the last month; an unknown limit is not checked.

    server is None where instances are rented. work: catalog amounts, of which site-power-, rack-power-, liquid-cooling- and
    colocation-lead-time [week] are read; what no source gives, an overlay may.
    """
    if server is None:
        found: tuple[Breach | None, ...] = (_quota(site, limits, servers),)
    else:
        case = _Case(site, limits, server, servers, work)
        found = (_power(case), _rack_power(case), _cooling(case), _racks(case))
    return tuple(breach for breach in found if breach is not None)


def unchecked(site: Site, limits: SiteLimits) -> tuple[str, ...]:
    """The limits that nobody gave, as profile fields; the plan says that they were not checked."""
    owned: dict[str, object] = {
        "supply.power_limit": limits.power_kw,
        "supply.racks": limits.racks,
        "supply.rack_power": limits.rack_power_kw,
        "supply.cooling": limits.cooling,
    }
    wanted = {"supply.quota": limits.quota} if site.ownership == "rent" else owned
    return tuple(name for name, value in wanted.items() if value is None)


def _first(by_month: Sequence[float], limit: float) -> int | None:
    """The first month, from 1, above a limit that the last month passes too."""
    if by_month[-1] <= limit + 1e-9:
        return None
    return next(month for month, got in enumerate(by_month, start=1) if got > limit + 1e-9)


def _quota(site: Site, limits: SiteLimits, servers: Sequence[int]) -> Breach | None:
    month = None if limits.quota is None else _first(servers, limits.quota)
    if month is None or limits.quota is None:
        return None
    return Breach(
        reason="quota",
        month=month,
        got=float(servers[-1]),
        limit=float(limits.quota),
        unit="instance",
        item="quota of instances",
        lead_time_weeks=site.lead_times_weeks.delivery,
        sentence=(
            f"{site.name} grants {limits.quota} instances and month {len(servers)} needs {servers[-1]}, too many from month "
            f"{month} on. Ask the provider for a higher quota and set supply.quota."
        ),
    )


def _power(case: _Case) -> Breach | None:
    by_month = [n * case.server.max_power_kw for n in case.servers]
    limit = case.limits.power_kw
    month = None if limit is None else _first(by_month, limit)
    if month is None or limit is None:
        return None
    return Breach(
        reason="power",
        month=month,
        got=by_month[-1],
        limit=limit,
        unit="kW",
        item="power feed of the site",
        lead_time_weeks=case.work.get("site-power-lead-time"),
        sentence=(
            f"The servers in service at month {len(by_month)} draw {by_month[-1]:,.1f} kW and {case.site.name} has {limit:,.1f} "
            f"kW, too little from month {month} on{case.lead('site-power-lead-time')}. Order more power and raise "
            "supply.power_limit, or take servers that draw less."
        ),
    )


def _rack_power(case: _Case) -> Breach | None:
    month, limit, server = _first(case.servers, 0), case.limits.rack_power_kw, case.server
    if month is None or limit is None or server.max_power_kw <= limit + 1e-9:
        return None
    return Breach(
        reason="rack_power",
        month=month,
        got=server.max_power_kw,
        limit=limit,
        unit="kW/rack",
        item="power and cooling of a rack",
        lead_time_weeks=case.work.get("rack-power-lead-time"),
        sentence=(
            f"One {server.name} draws {server.max_power_kw:g} kW and a rack of {case.site.name} is fed and cooled with "
            f"{limit:g} kW{case.lead('rack-power-lead-time')}. Have racks rebuilt and raise supply.rack_power, or take a "
            "smaller server."
        ),
    )


def _cooling(case: _Case) -> Breach | None:
    month = _first(case.servers, 0)
    if month is None or case.limits.cooling != "air" or case.server.cooling != "liquid":
        return None
    return Breach(
        reason="cooling",
        month=month,
        got="liquid",
        limit="air",
        unit="",
        item="liquid cooling of the site",
        lead_time_weeks=case.work.get("liquid-cooling-lead-time"),
        sentence=(
            f"{case.server.name} is cooled by liquid and {case.site.name} has air only"
            f"{case.lead('liquid-cooling-lead-time')}. Have liquid cooling built and set supply.cooling: liquid, or take an "
            "air-cooled server."
        ),
    )


def _racks(case: _Case) -> Breach | None:
    """More racks than the site has, as far as their power or the servers' height is known; a rack that is too weak for one
    server is a breach of its own, and is counted here as one rack for each server."""
    limit, server = case.limits, case.server
    if limit.racks is None or (limit.rack_power_kw is None and server.rack_units is None):
        return None
    per_rack = servers_per_rack(limit.rack_power_kw, server.max_power_kw, server.rack_units) or 1
    by_month = [math.ceil(n / per_rack) for n in case.servers]
    month = _first(by_month, limit.racks)
    if month is None:
        return None
    return Breach(
        reason="racks",
        month=month,
        got=float(by_month[-1]),
        limit=float(limit.racks),
        unit="rack",
        item="racks",
        lead_time_weeks=case.work.get("colocation-lead-time"),
        sentence=(
            f"The servers in service at month {len(by_month)} fill {by_month[-1]} racks and {case.site.name} has {limit.racks}, "
            f"too few from month {month} on{case.lead('colocation-lead-time')}. Free or build racks and raise supply.racks, or "
            "raise supply.rack_power so that more servers stand in one."
        ),
    )
