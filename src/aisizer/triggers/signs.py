"""Kinds of symptom: how each is called, how long it must last, and what is done about it."""

from __future__ import annotations

from dataclasses import dataclass

from aisizer.triggers.records import Ailment, BurnWindow

AT_ONCE = "0m"
SUSTAINED = "10m"
"""A queue or preemptions that last so long are no burst, which the plan carries (assumed: two peak windows of 5 min)."""
REPAIRED = "15m"
"""A replica that restarts loads its weights in five minutes (resilience.cold_start); after three times that it is lost."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What all symptoms of one kind share."""

    name: str
    kind: Ailment
    alert: str
    hold: str
    action: str


@dataclass(frozen=True, slots=True)
class Found:
    """One symptom of a pool."""

    sign: Sign
    quantity: str
    limit: float
    unit: str
    expr: str
    formula: str
    metric: str
    over: str = ""
    windows: tuple[BurnWindow, ...] = ()


QUEUE = Sign(
    "queue",
    "queue",
    "AisizerQueueWait",
    SUSTAINED,
    "Check for lost replicas and for a burst from one tenant; shed or defer load at the gateway.",
)
PREEMPTIONS = Sign(
    "preemptions",
    "preemptions",
    "AisizerPreemptions",
    SUSTAINED,
    "The KV cache is full: limit context or concurrency at the gateway; compare lengths with the profile's.",
)
REDUNDANCY = Sign(
    "redundancy",
    "redundancy",
    "AisizerRedundancyLost",
    REPAIRED,
    "Bring the lost replica back: restart it, move it to a free server, or call for the repair.",
)
ERRORS = Sign(
    "errors",
    "errors",
    "AisizerErrorRate",
    AT_ONCE,
    "Read the engines' logs; take a replica that fails out of rotation; roll back the last change.",
)
COST = Sign(
    "cost",
    "cost",
    "AisizerCostAnomaly",
    "1h",
    "Find what was bought, rented or left running beside the plan; stop it, or record its order.",
)


def slow(metric: str, statistic: str) -> Sign:
    """The sign of one promised percentile or mean."""
    return Sign(
        f"slo-{metric}-{statistic}",
        "latency",
        f"AisizerSlo{metric.capitalize()}{statistic.capitalize()}",
        AT_ONCE,
        "Find what holds the pool up: a queue, a lost replica, longer prompts; shed load at the gateway meanwhile.",
    )
