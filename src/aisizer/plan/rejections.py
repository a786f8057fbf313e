"""Rejected options, grouped by reason with the nearest miss of each group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aisizer.errors import Rejection
from aisizer.sizing.records import RejectionGroup

TEXT = {
    "memory": "the weights and one request's KV cache do not fit the GPU memory",
    "precision": "the GPU has no arithmetic for the precision",
    "parallelism": "the model cannot be split that way",
    "disaggregation": "the pool cannot be split into prefill and decode",
    "network": "the model fits no single server, and none has a network to the next that carries a replica",
    "context": "the requests are longer than the model's context",
    "unstable": "the replica carries no steady stream of these requests",
    "slo": "an SLO is missed even by an idle replica",
    "confidence": "an SLO holds with less than resilience.confidence even on an idle replica",
    "rule": "the site is not admitted for the data",
    "model_ban": "a rule bars the model's developer",
    "lead_time": "the site cannot deliver by go-live",
    "power": "the fleet needs more power than the site has",
    "racks": "the fleet fills more racks than the site has",
    "rack_power": "a server draws more than a rack of the site is fed and cooled with",
    "cooling": "a server is cooled by liquid and the site has air only",
    "quota": "the fleet needs more instances than the site grants",
    "offer": "the site offers nothing of what is asked for",
    "price": "nobody prices the server or instance, so money cannot rank it",
    "demand": "the demand needs more GPUs than the largest cluster has",
    "size": "the server has fewer GPUs than the smallest replica that serves",
}


def grouped(rejections: Iterable[Rejection]) -> tuple[RejectionGroup, ...]:
    """One group per reason, largest first; sentences that differ within a reason keep the nearest one."""
    by_reason: dict[str, list[Rejection]] = {}
    for rejection in rejections:
        by_reason.setdefault(rejection.reason, []).append(rejection)
    groups = [_group(reason, found) for reason, found in by_reason.items()]
    return tuple(sorted(groups, key=lambda g: (-g.count, g.reason)))


def _group(reason: str, found: Sequence[Rejection]) -> RejectionGroup:
    nearest = min(found, key=_distance)
    return RejectionGroup(
        reason=reason,
        text=TEXT[reason],
        count=len(found),
        nearest=dict(nearest.option)
        | {"detail": nearest.detail, "got": nearest.got, "limit": nearest.limit, "unit": nearest.unit},
        freed_by=_freed(nearest),
    )


def _distance(rejection: Rejection) -> float:
    """How far the option was from its limit, as a ratio; options without numbers come last."""
    if not rejection.got or not rejection.limit:
        return float("inf")
    return max(rejection.got / rejection.limit, rejection.limit / rejection.got)


def _freed(rejection: Rejection) -> str:
    if rejection.reason == "cooling":
        return "supply.cooling: liquid"
    if rejection.got is None:
        return ""
    if rejection.reason in ("slo", "confidence"):
        workload, slo = rejection.option["workload"], rejection.option["slo"]
        lower = ", or a lower resilience.confidence" if rejection.reason == "confidence" else ""
        return f"workloads.{workload}.slo.{slo} >= {rejection.got * 1e3:,.0f} ms{lower}"
    if rejection.reason == "power":
        return f"supply.power_limit >= {rejection.got:,.0f} kW"
    if rejection.reason in ("racks", "quota"):
        return f"supply.{rejection.reason} >= {rejection.got:,.0f}"
    if rejection.reason == "rack_power":
        return f"supply.rack_power >= {rejection.got:,.1f} kW"
    if rejection.reason == "lead_time":
        return f"go_live {rejection.got:g} weeks after plan_date, or a shorter supply.lead_time"
    return ""
