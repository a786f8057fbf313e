"""Recorded steps of what survives and of what stands around the GPUs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aisizer.catalog.records import Retention
from aisizer.plan.records import Availability, RecoveryCheck, Step
from aisizer.sizing.records import Surrounding
from aisizer.units import figure

PREFIX = "surroundings."
"""How the steps of what stands around the GPUs begin; the document shows them in a section of their own."""


def survival_steps(up: Availability, recovery: RecoveryCheck, retention: Retention) -> Iterator[Step]:
    """Availability at the peak hour, time to be back, and how long logs are kept."""
    yield Step(
        name="availability.probability",
        meaning="share of the peak hours in which enough servers are up",
        formula="sum over k >= needed of C(servers, k) x up^k x (1 - up)^(servers - k), racks falling whole where "
        "resilience.servers_per_rack is given",
        inputs={
            "needed": str(up.needed),
            "servers": str(up.servers),
            "server_down": figure(up.server_down, 6),
            "rack_down": figure(up.rack_down, 6),
            "resilience.availability": figure(up.target, 6),
        },
        value=f"{up.probability:.8g}",
        unit="1",
        source="Barlow and Proschan, Mathematical Theory of Reliability (1965), ch. 2",
        next=("waterfall.redundancy", "decision.servers"),
    )
    yield Step(
        name="recovery.total_s",
        meaning="time from the loss of the site to the service back at the second one",
        formula="failover + provisioning + copies over the link + cold start, as far as the posture lacks them",
        inputs={part: f"{figure(seconds, 6)} s" for part, seconds in (recovery.restore_s or {}).items()}
        | {"posture": recovery.posture, "link": f"{recovery.link_mbit_s:g} Mbit/s"},
        value="never" if recovery.total_s is None else figure(recovery.total_s, 6),
        unit="" if recovery.total_s is None else "s",
        source="AWS, Disaster Recovery of Workloads on AWS (2021); docs/method.md: fleet",
        next=("waterfall.disaster_recovery",),
    )
    yield Step(
        name="retention.months",
        meaning=f"how long prompt and response logs are kept ({retention.kind})",
        formula="compliance.log_retention, else the longest period of the binding frameworks, else 13 months",
        inputs={} if retention.hot_months is None else {"at hand": f"{retention.hot_months:.3g} months"},
        value=figure(retention.months),
        unit="month",
        source=retention.citation,
    )


def surrounding_steps(surroundings: Sequence[Surrounding]) -> Iterator[Step]:
    """One step for each thing that stands around the GPUs, by the name of its line."""
    for s in surroundings:
        yield Step(
            name=PREFIX + s.id,
            meaning=f"{s.name}, month 36" + (f": {s.note}" if s.note else ""),
            formula=s.formula,
            inputs={"go-live": figure(s.go_live, 6), "month 12": figure(s.month_12, 6)},
            value=figure(s.month_36, 6),
            unit=s.unit,
            source=s.source,
        )
