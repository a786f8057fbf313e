"""How close the systems behind the model come to their rate ceilings, calls that are made again included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aisizer.plan.context import Context
from aisizer.plan.records import IntegrationUse
from aisizer.profile.sections import Integration
from aisizer.queueing.upstream import amplification

MONTHS = {"go_live": 1, "month_12": 12, "month_36": 36}
"""When use is told."""
READINESS_RISKS = {
    "stubbed": (
        "stubbed, a risk to the go-live: its limit, latency and retries are unproven until the real system answers. Test "
        "against the real one before the order is signed."
    ),
    "gap": (
        "a gap, a risk to the go-live: nothing answers its calls yet, so its figures are unproven. Name who builds it and by "
        "when, or take its calls out of the request."
    ),
}
"""What it means for the plan that a system is not real yet."""


def uses(context: Context) -> tuple[IntegrationUse, ...]:
    """Calls and utilisation of each integration at go-live, month 12 and month 36."""
    return tuple(_use(context, name, item) for name, item in context.profile.integrations.items())


def calls_per_s(context: Context, item: Integration) -> float:
    """[1/s] calls at the full go-live peak hour: rate x calls per request, first attempts only."""
    callers = item.workloads or [
        name for name, workload in context.profile.workloads.items() if workload.load.per_request_of is None
    ]
    return sum(context.offered[name].peak_rate_per_s for name in callers) * item.calls_per_request


def first_to_break(found: Sequence[IntegrationUse]) -> str:
    """Which ceiling breaks first, and when, with first attempts, with the retries of a bad hour and with all retries."""
    if not found:
        return ""
    unknown = [use.name for use in found if use.limit_per_s is None]
    known = [use for use in found if use.limit_per_s is not None]
    cases = {
        "on first attempts": {use.name: use.breaks_in_month for use in known},
        "with the retries of a bad hour": {use.name: use.breaks_with_retries_in_month for use in known},
        "when every call fails and every retry is used": {use.name: use.breaks_at_worst_in_month for use in known},
    }
    said = _first_ceiling(cases) if known else ""
    not_known = f"No limit is known of {', '.join(unknown)}, so any of them may break first." if unknown else ""
    return " ".join(sentence for sentence in (said, not_known) if sentence)


def _first_ceiling(cases: Mapping[str, Mapping[str, int | None]]) -> str:
    """Which ceiling breaks first in each case, or once that none does."""
    if all(month is None for months in cases.values() for month in months.values()):
        return f"No known ceiling breaks within 36 months, not even {list(cases)[-1]}."
    told = "; ".join(f"{case}, {_earliest(months)}" for case, months in cases.items())
    return f"First ceiling that breaks: {told}."


def _earliest(months: Mapping[str, int | None]) -> str:
    when = {name: month for name, month in months.items() if month is not None}
    if not when:
        return "none within 36 months"
    first = min(when, key=lambda name: when[name])
    return f"{first} in month {when[first]}"


def _use(context: Context, name: str, item: Integration) -> IntegrationUse:
    attempts, failing, calls = item.retry.attempts, item.retry.failing, calls_per_s(context, item)
    factors = context.demand.factors
    at = {when: calls * factors[month - 1] for when, month in MONTHS.items()}
    more = amplification(attempts, failing)
    return IntegrationUse(
        name=name,
        limit_per_s=item.limit,
        calls_per_s=at,
        worst_calls_per_s=at["month_36"] * attempts,
        latency_s=item.latency,
        utilization=_shares(at, 1.0, item.limit),
        breaks_in_month=_breaks(calls, factors, item.limit),
        readiness=item.readiness,
        attempts=attempts,
        failing=failing,
        retry_calls_per_s={when: rate * more for when, rate in at.items()},
        retry_utilization=_shares(at, more, item.limit),
        worst_utilization=_shares(at, attempts, item.limit),
        all_calls_per_s={when: rate * attempts for when, rate in at.items()},
        breaks_with_retries_in_month=_breaks(calls * more, factors, item.limit),
        breaks_at_worst_in_month=_breaks(calls * attempts, factors, item.limit),
    )


def _shares(at: Mapping[str, float], times: float, limit: float | None) -> dict[str, float | None]:
    return {when: None if limit is None else rate * times / limit for when, rate in at.items()}


def _breaks(calls: float, factors: Sequence[float], limit: float | None) -> int | None:
    """The first month in which so many calls at go-live, grown with the demand, pass the limit."""
    if limit is None:
        return None
    return next((month for month, factor in enumerate(factors, start=1) if calls * factor > limit), None)
