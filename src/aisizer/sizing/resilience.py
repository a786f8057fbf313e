"""Servers added for failures, upgrades and a second site."""

from __future__ import annotations

from aisizer.profile.sections import Resilience
from aisizer.queueing.formulas import servers_for_availability
from aisizer.units import YEAR


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
    down = unavailability(resilience.server_failures_per_year, resilience.repair_time)
    return servers_for_availability(needed, down, resilience.availability) - needed


def upgrade_servers(serving: int, resilience: Resilience) -> int:
    """Servers for model upgrades: none when rolling on the redundancy off-peak, a second serving set for blue/green."""
    return serving if resilience.upgrades.method == "blue_green" and resilience.upgrades.per_year > 0 else 0


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
