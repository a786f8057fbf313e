"""Servers added for failures, upgrades and a second site."""

from __future__ import annotations

from aisizer.profile.sections import Resilience
from aisizer.queueing.formulas import servers_for_availability
from aisizer.sizing.availability import availability_in_racks, servers_in_racks
from aisizer.units import MONTH, YEAR


def unavailability(failures_per_year: float, repair_s: float) -> float:
    """Share of time a server is down: MTTR / (MTBF + MTTR).

    failures_per_year [1/year], repair_s [s]. Steady-state availability of a repairable unit; Barlow and Proschan,
    Mathematical Theory of Reliability (1965), ch. 3.

    >>> round(unavailability(0.73, 3 * 86400), 5)
    0.00596
    """
    downtime = failures_per_year * repair_s
    return downtime / (YEAR + downtime)


def redundant_servers(needed: int, resilience: Resilience) -> int:
    """Servers that may be down with the SLO still met: k of N+k, or the smallest k that meets the availability."""
    if resilience.redundancy == "N":
        return 0
    if resilience.redundancy != "auto":
        return int(resilience.redundancy[2:])
    down, target = server_down(resilience), resilience.availability
    if resilience.servers_per_rack is None:
        return servers_for_availability(needed, down, target) - needed
    return servers_in_racks(needed, resilience.servers_per_rack, down, rack_down(resilience), target) - needed


def server_down(resilience: Resilience) -> float:
    """[1] share of the peak hours that a server is down for itself.

    Patches count only where they may fall into the peak: off-peak the load leaves more servers free than the one that is
    drained. At the peak each server's share of the month is added, which allows two drains at once and so errs to the safe side.
    """
    failed = unavailability(resilience.server_failures_per_year, resilience.repair_time)
    return 1 - (1 - failed) * (1 - resilience.patch_time / MONTH) if resilience.patch_at_peak else failed


def rack_down(resilience: Resilience) -> float:
    """[1] share of time that a rack is down with its servers; 0 where rack losses are not counted."""
    if resilience.servers_per_rack is None:
        return 0.0
    return unavailability(resilience.rack_failures_per_year, resilience.rack_repair_time)


def availability(needed: int, servers: int, resilience: Resilience) -> float:
    """[1] probability that at least `needed` of the servers are up at the peak hour, whatever the redundancy was sized by."""
    per_rack = resilience.servers_per_rack or 1
    return availability_in_racks(needed, servers, per_rack, server_down(resilience), rack_down(resilience))


def upgrade_servers(serving: int, resilience: Resilience) -> int:
    """Servers of a second serving set for blue/green upgrades; none when rolling, which takes servers that stand."""
    return serving if resilience.upgrades.method == "blue_green" and resilience.upgrades.per_year > 0 else 0


def upgrading_servers(resilience: Resilience) -> int:
    """Servers under a rolling upgrade while all of the redundancy may be down: one if stacked, none if off-peak on the spare."""
    upgrades = resilience.upgrades
    return int(upgrades.method == "rolling" and upgrades.stack_on_redundancy and upgrades.per_year > 0)


def disaster_recovery_servers(latency: int, serving: int, resilience: Resilience) -> int:
    """Servers at the second site for a posture.

    latency: servers that meet the SLO without burst and headroom; serving: those with both. Postures follow AWS,
    Disaster Recovery of Workloads on AWS (2021): backup-restore keeps no compute, pilot light one server, warm
    standby a full stack at reduced size (here: the SLO without reserves), active-active the whole serving set.
    """
    servers: dict[str, int] = {
        "none": 0,
        "backup_restore": 0,
        "pilot_light": 1,
        "warm_standby": latency,
        "half_size": -(-serving // 2),
        "active_active": serving,
    }
    return servers[resilience.disaster_recovery.posture]
