"""Sentences that a careful reader must not miss."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from aisizer.calibration.intervals import MEDIAN
from aisizer.costs.bom_lines import price_age_limit
from aisizer.costs.records import CostLine
from aisizer.plan import evidence
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated
from aisizer.plan.on_site import servers_on_site
from aisizer.plan.records import Availability, Decision, RecoveryCheck, SiteWork
from aisizer.plan.upstream import READINESS_RISKS, uses
from aisizer.roadmap.records import Roadmap
from aisizer.sizing.breaches import unchecked
from aisizer.sizing.facility import limits_of
from aisizer.sizing.records import SloResult
from aisizer.triggers.order_rule import HISTORY_DAYS
from aisizer.triggers.records import Trigger

Survival = tuple[Availability, RecoveryCheck, tuple[SiteWork, ...]]
"""Availability, recovery check and the work on the site."""
ROUGH = 0.12
"""[1] half-width of a simulated capacity above which the plan warns."""


def warnings(
    context: Context,
    best: Evaluated,
    decision: Decision,
    slo: Sequence[SloResult],
    roadmap: Roadmap,
    triggers: Sequence[Trigger],
    survival: Survival,
) -> tuple[str, ...]:
    """Every warning of the plan, the gravest first."""
    return (
        *_missing(best),
        *_budget(context, best),
        *_slo(slo, decision),
        *_survival(survival),
        *evidence.sentences(context, best, decision.pools),
        *_dates(context, roadmap, triggers),
        *_prices(context, best),
        *_notes(context, best),
        *_not_checked(context, best),
        *_overlay(context),
        *_upstream(context),
    )


def _missing(best: Evaluated) -> Iterator[str]:
    missing = best.cost.missing
    if missing:
        yield (
            f"{len(missing)} of {len(best.cost.lines)} cost lines have no price ({', '.join(missing)}), so every total of "
            f"{best.site.id} reads at least. Give quotes for them in supply.quotes."
        )


def _budget(context: Context, best: Evaluated) -> Iterator[str]:
    budget, cost = context.profile.finance.budget_three_year, best.cost.three_year_usd
    if budget is not None and cost > budget:
        yield (
            f"The 36 months cost {cost:,.2f} USD, {cost - budget:,.2f} USD over finance.budget_three_year. Raise it, loosen "
            "the SLO or the redundancy, or phase the rollout."
        )


def not_compared(context: Context, compared: Collection[str]) -> Iterator[str]:
    """Sites of the profile at which no option is left, so that no total names them."""
    for site in context.verdicts:
        if site not in compared:
            yield (
                f"{site} is not compared, for no option is left there. aisizer size with --set supply.sites=[{site}] says what "
                "rejects them and what would free one."
            )


def _survival(survival: Survival) -> Iterator[str]:
    up, recovery, work = survival
    if not up.met:
        yield (
            f"Enough servers ({up.needed} of {up.servers}) are up only {up.probability * 100:.4g} % of the time at the peak "
            f"hour, below the availability of {up.target * 100:.6g} %. Set resilience.redundancy to "
            "auto, or lower the availability."
        )
    yield from recovery.missed
    for item in work:
        when = "nobody gave its lead time" if item.order_by is None else f"order it by {item.order_by}"
        yield f"{item.detail} It is needed by {item.need_by}: {when}."


def _slo(slo: Sequence[SloResult], decision: Decision) -> Iterator[str]:
    for result in slo:
        if result.met and result.high_ms > result.target_ms:
            yield (
                f"{result.workload} {result.metric}_{result.percentile} is met at {result.predicted_ms:,.0f} ms, but with a "
                f"probability of {_percent(result.probability)} only: the 80 % band of the model's error reaches "
                f"{result.high_ms:,.0f} ms (target {result.target_ms:,.0f} ms). Measure it before the order is signed, or raise "
                f"resilience.confidence ({_at_90(decision)} at 90 %)."
            )
        elif result.met and (result.probability_degraded or 1.0) < MEDIAN:
            yield (
                f"{result.workload} {result.metric}_{result.percentile} is met with the redundancy down by the plain prediction, "
                f"but measurements lie above such predictions: its probability is {_percent(result.probability_degraded)}. "
                f"Measure it before the order is signed, or raise resilience.confidence ({_at_90(decision)} at 90 %)."
            )
        if not result.met:
            yield (
                f"{result.workload} {result.metric}_{result.percentile} is missed: {result.degraded_ms:,.0f} ms with the "
                f"redundancy down against {result.target_ms:,.0f} ms."
            )
    for pool in decision.pools:
        if (pool.rate_half_width or 0.0) > ROUGH:
            yield (
                f"Pool {pool.name}: the rate that a replica carries is known within {_percent(pool.rate_half_width)} only, "
                "because few long requests decide it. Run aisizer size --confirm full before the order is signed."
            )
        if pool.limited_by == "api server":
            yield (
                f"Pool {pool.name}: the API server stops a replica before its GPUs do, at "
                f"{pool.api_ceiling_per_replica:,.0f} req/s. Give each replica more API processes in supply.api_processes."
            )


def _percent(probability: float | None) -> str:
    return "unknown" if probability is None else f"{probability * 100:.0f} %"


def _at_90(decision: Decision) -> str:
    return "no fleet of this layout" if decision.gpus_p90 is None else f"{decision.gpus_p90} GPUs"


def _dates(context: Context, roadmap: Roadmap, triggers: Sequence[Trigger]) -> Iterator[str]:
    plan_date = context.profile.plan_date
    first = roadmap.purchases[0]
    if (first.order_by - plan_date).days < 14:
        yield f"The first order is due by {first.order_by}, {(first.order_by - plan_date).days} days after plan_date."
    for trigger in triggers:
        if trigger.fires_on_day_one:
            yield (
                f"The trigger {trigger.alert} of {trigger.pool} ({_first_level(trigger)}) would fire on the first day: "
                "growth over the lead time already uses the reserve. What answers it: "
                f"{trigger.order[:1].lower()}{trigger.order[1:].rstrip('.')}."
            )


def _first_level(trigger: Trigger) -> str:
    """The level of the first weeks, and the one after them where it is another."""
    steady = f"{trigger.threshold * 100:.0f} %"
    if trigger.first_level == trigger.threshold:
        return steady
    return f"{trigger.first_level * 100:.0f} % until {HISTORY_DAYS // 7} weeks are measured, then {steady}"


def _prices(context: Context, best: Evaluated) -> Iterator[str]:
    plan_date = context.profile.plan_date
    first: dict[str, CostLine] = {}
    for line in best.cost.lines:
        first.setdefault(line.price_item, line)
    for line in first.values():
        age = None if line.as_of is None else (plan_date - line.as_of).days
        if age is not None and age > price_age_limit(line.category, line.id):
            yield f"The price of {line.description} ({line.price_item}) is {age} days old on plan_date. Renew it."
        if age is not None and age < 0:
            yield f"The price of {line.description} is dated {line.as_of}, after plan_date {plan_date}."
    for quote in context.demand.book.quotes.values():
        if quote.valid_until is not None and quote.valid_until < plan_date:
            yield f"The quote for {quote.item} was valid until {quote.valid_until} only. Ask for a new one."


def _notes(context: Context, best: Evaluated) -> Iterator[str]:
    for candidate in best.layout.candidates:
        for note in candidate.replica.notes:
            yield f"Pool {candidate.pool.name}: {note}"
    verdict = context.verdicts[best.site.id]
    if verdict.basis != "primary":
        yield verdict.basis


def _not_checked(context: Context, best: Evaluated) -> Iterator[str]:
    engine = context.named.engine
    if context.profile.supply.api_processes is not None and engine.api_request_s is None:
        yield (
            f"supply.api_processes has no effect: no source gives the times of {engine.name}'s API processes. Remove it, or "
            "choose an engine whose record has them."
        )
    yield from _unset_limits(context, best)


def _unset_limits(context: Context, best: Evaluated) -> Iterator[str]:
    unset = unchecked(best.site, limits_of(best.site, context.profile.supply))
    if best.offer.server is not None and "supply.power_limit" in unset:
        servers = servers_on_site(best.offer, best.layout, best.fleets, context.demand)
        need = servers[-1] * best.offer.server.max_power_kw
        yield (
            f"supply.power_limit is not set: {best.site.id} must feed and cool {need:,.1f} kW of servers at month 36. "
            "Set it to have it checked."
        )
    others = [name for name in unset if name != "supply.power_limit"]
    if others:
        are, them = ("are", "them") if len(others) > 1 else ("is", "it")
        yield (
            f"{', '.join(others)} {are} not set, so {best.site.id} was not checked for {them}. "
            f"Ask the owner of the site and set {them}."
        )


def _overlay(context: Context) -> Iterator[str]:
    catalog = context.catalog
    if catalog.overlay is not None:
        replaced = f", and replaces {', '.join(catalog.replaced)}" if catalog.replaced else ""
        yield f"The catalog folder {catalog.overlay} lies over the packaged catalog{replaced}."


def _upstream(context: Context) -> Iterator[str]:
    for use in uses(context):
        if use.limit_per_s is None:
            yield f"integrations.{use.name} has no limit, so its ceiling is unknown. Ask its owner and set limit."
        if use.breaks_in_month is not None:
            yield (
                f"integrations.{use.name} reaches its limit of {use.limit_per_s:g} req/s in month {use.breaks_in_month}. "
                "Raise the limit, or cache its answers."
            )
        early = use.breaks_with_retries_in_month or use.breaks_at_worst_in_month
        if early is not None and early != use.breaks_in_month:
            bad = (
                f"{use.failing * 100:.4g} % of its calls fail"
                if use.breaks_with_retries_in_month
                else "all its calls fail"
            )
            yield (
                f"integrations.{use.name} would pass its limit of {use.limit_per_s:g} req/s in month {early} if {bad} and "
                f"are made up to {use.attempts} times (month 36, every retry used: {use.worst_calls_per_s:.3g} calls/s). "
                "Retry with backoff and a budget, or raise the limit."
            )
        if use.latency_s is None:
            yield f"integrations.{use.name} has no latency, so the time of a whole request is not known. Measure it."
        if use.readiness != "real":
            yield f"integrations.{use.name} is {READINESS_RISKS[use.readiness]}"
