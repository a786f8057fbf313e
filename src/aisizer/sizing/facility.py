"""What owned servers need of a room: racks, height, power and cooling by month; and what a site says it has."""

from __future__ import annotations

import math
from collections.abc import Sequence

from aisizer.catalog.records import Amount, Server, Site, SiteLimits
from aisizer.profile.sections import Supply
from aisizer.sizing.needs import Need

RACK_UNITS = 42
"""[U] height of the usual rack (EIA-310); the racks of the catalog's rack prices have it."""

FEEDS = 2
"""Feeds of a rack, of which one may fail (assumed: servers of this kind have redundant power supplies)."""


def limits_of(site: Site, supply: Supply) -> SiteLimits:
    """The limits of a site: the profile's where it gives one, else the catalog's. Power and racks are those of an owned
    site, the quota is that of a rented one."""
    own = site.limits
    if site.ownership == "rent":
        return SiteLimits(quota=supply.quota or own.quota)
    return SiteLimits(
        power_kw=own.power_kw if supply.power_limit is None else supply.power_limit / 1000,
        racks=supply.racks or own.racks,
        rack_power_kw=own.rack_power_kw if supply.rack_power is None else supply.rack_power / 1000,
        cooling=supply.cooling or own.cooling,
    )


def servers_per_rack(rack_kw: float | None, server_kw: float, rack_units: float | None) -> int:
    """[server/rack] that power and height allow: min(floor(P_rack / P_server), floor(42 U / height)).

    rack_kw and server_kw [kW], rack_units [U]; what is not known (one of rack_kw and rack_units) does not count. 0: one
    server is too much for a rack. Height: EIA-310-D, Cabinets, Racks, Panels and Associated Equipment (1992).

    >>> servers_per_rack(27, 10.2, 8), servers_per_rack(100, 10.2, 8), servers_per_rack(9, 10.2, None)
    (2, 5, 0)
    """
    by_power = [] if rack_kw is None else [math.floor(rack_kw / server_kw + 1e-9)]
    by_height = [] if rack_units is None else [math.floor(RACK_UNITS / rack_units)]
    return min(by_power + by_height)


def overhead_kw(it_kw: float, pue: float) -> float:
    """[kW] of cooling and losses beside the IT load: P_IT (PUE - 1).

    it_kw [kW], pue [1]. ISO/IEC 30134-2:2016, Power usage effectiveness: PUE = total energy / IT energy.

    >>> round(overhead_kw(100.0, 1.54), 6)
    54.0
    """
    return it_kw * (pue - 1)


def facility_needs(
    server: Server,
    servers: Sequence[int],
    limits: SiteLimits,
    pue: float,
    average_power_share: float,
    rack_density: Amount,
) -> tuple[Need, ...]:
    """Racks, height and power by month of the servers in service at an owned site.

    rack_density [kW/rack] counts the racks where the site's own power per rack is not known.
    """
    kw, rack_kw = server.max_power_kw, limits.rack_power_kw or rack_density.base
    per_rack = servers_per_rack(rack_kw, kw, server.rack_units)
    whose = "supply.rack_power" if limits.rack_power_kw else f"catalog amount rack-density ({rack_density.source})"
    alone = f" One server draws {kw:g} kW, more than such a rack is fed with: it needs a rack of its own kind."
    racks = tuple(math.ceil(n / max(per_rack, 1)) for n in servers)
    source = f"max_power_kw of server {server.id} ({server.sources.get('max_power_kw', server.sources.get('*', ''))})"
    return (
        Need(
            group="facility",
            name="Racks",
            unit="rack",
            by_month=tuple(float(n) for n in racks),
            formula=f"servers / {max(per_rack, 1)} in a rack of {rack_kw:g} kW and {RACK_UNITS} U, rounded up",
            source=whose,
            price="rack-price",
            bought=True,
            note="Switches and storage stand in racks of their own." + (alone if per_rack == 0 else ""),
        ),
        _pdus(racks),
        *_heights(server, servers),
        _power("Nameplate power", servers, kw, f"servers x {kw:g} kW", source, "What feeds must carry."),
        _power(
            "Expected power",
            servers,
            kw * average_power_share,
            f"servers x {kw:g} kW x {average_power_share:g}",
            f"{source}; catalog amount average-power-share",
            "What the meter shows; the cost lines of power pay for it.",
        ),
        _power(
            "Cooling and losses",
            servers,
            overhead_kw(kw, pue),
            f"servers x {kw:g} kW x ({pue:g} - 1)",
            f"{source}; supply.pue or the site's own",
            "At nameplate power, because cooling must carry the hottest hour.",
        ),
    )


def _pdus(racks: Sequence[int]) -> Need:
    """What feeds the racks: a power distribution unit on each of their feeds."""
    return Need(
        group="facility",
        name="Rack PDUs",
        unit="PDU",
        by_month=tuple(float(FEEDS * n) for n in racks),
        formula=f"{FEEDS} feeds x {racks[-1]} racks in month {len(racks)}",
        source="two feeds of which one may fail (assumed)",
        bought=True,
        note="In the price of the racks; the UPS is the room's own.",
    )


def _heights(server: Server, servers: Sequence[int]) -> tuple[Need, ...]:
    """The rack units of the servers; nothing where no source gives their height."""
    height = server.rack_units
    if height is None:
        return ()
    return (
        Need(
            group="facility",
            name="Rack units",
            unit="U",
            by_month=tuple(n * height for n in servers),
            formula=f"servers x {height:g} U",
            source=f"rack_units of server {server.id}",
        ),
    )


def _power(name: str, servers: Sequence[int], kw: float, formula: str, source: str, note: str) -> Need:
    by_month = tuple(n * kw for n in servers)
    return Need(group="facility", name=name, unit="kW", by_month=by_month, formula=formula, source=source, note=note)
