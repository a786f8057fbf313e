"""Levels of the chosen fleet that can be forecast, each over a limit that is known; what has no limit is not watched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated
from aisizer.plan.on_site import servers_on_site
from aisizer.plan.upstream import calls_per_s
from aisizer.profile.sections import Integration
from aisizer.queueing.upstream import amplification
from aisizer.sizing.capacity import Candidate
from aisizer.sizing.facility import limits_of
from aisizer.sizing.fleet import carried
from aisizer.sizing.network import egress_bytes_per_s
from aisizer.sizing.records import Pool
from aisizer.triggers.levels import CASES, Case, Level
from aisizer.triggers.promql import number, series, summed_rate
from aisizer.units import WEEK


@dataclass(frozen=True, slots=True)
class Watched:
    """The fleet in service, the demand of the 36 months, and where its metrics are."""

    best: Evaluated
    pools: Mapping[str, tuple[Candidate, float]]
    """by name: the tighter stage, and the demand factor that it carries at the SLO with the redundancy down"""
    records: Mapping[str, Pool]
    """by name: as the Plan shows it; of two stages the one with the fuller cache"""
    factors: Mapping[Case, Sequence[float]]
    """[1] demand by month over that of go-live"""
    carried_factor: float
    """[1] demand at which the records' cache use is told"""
    metrics: Mapping[str, str]
    model_label: str
    first_gpus: int
    in_service: float
    """[1] GPUs in service over those of the first wave: orders received since"""

    def signal(self, pool: str) -> str:
        """What a pool's load is counted in: tokens, or requests where it generates none."""
        return "requests" if self.pools[pool][0].pool.promised.model.prefill_only else "generation_tokens"

    def rate(self, pool: str, signal: str) -> str:
        """PromQL of a counter of one pool [1/s]."""
        labels = {self.model_label: self.pools[pool][0].pool.promised.model.id}
        return summed_rate(self.metrics[signal], labels)

    def grown(self, go_live: float) -> dict[Case, tuple[float, ...]]:
        """A level at a demand factor of 1, by month and case."""
        return {case: tuple(go_live * factor for factor in self.factors[case]) for case in CASES}

    def scaled(self, by_month: Sequence[float]) -> dict[Case, tuple[float, ...]]:
        """A base forecast that is no multiple of demand: the other cases differ as their demand of the month does."""
        base = self.factors["base"]
        return {
            case: tuple(level * f / b for level, f, b in zip(by_month, self.factors[case], base, strict=True))
            for case in CASES
        }


def levels_of(context: Context, watched: Watched) -> Iterator[Level]:
    """All levels whose limit is known: loads of the pools first."""
    for name in watched.pools:
        yield _load(context, watched, name)
    for name in watched.pools:
        yield from _kv_cache(context, watched, name)
    yield from _log_storage(context, watched)
    yield from _egress(context, watched)
    for name, item in context.profile.integrations.items():
        yield from _upstream(context, watched, name, item)
    yield from _power(context, watched)
    yield from _spend(context, watched)


def _lead(context: Context, watched: Watched) -> float:
    return context.leads[watched.best.site.id]["total"]


def _order(context: Context, watched: Watched) -> str:
    weeks = _lead(context, watched) + context.profile.growth.review / WEEK
    return f"Order the next wave for {watched.best.site.id}: it takes {weeks:g} weeks from this alert to service."


def _load(context: Context, watched: Watched, name: str) -> Level:
    candidate, first = watched.pools[name]
    pool, capacity = candidate.pool.promised, first * watched.in_service
    return Level(
        id=f"capacity-{name}",
        alert="AisizerCapacityOrderNow",
        kind="load",
        quantity="peak load over sized capacity with the redundancy down",
        pool=name,
        levels=watched.grown(1 / capacity),
        limit=carried(candidate, context.profile.resilience) / candidate.share / pool.burst,
        lead_weeks=_lead(context, watched),
        action=_order(context, watched),
        unit="token/s" if watched.signal(name) == "generation_tokens" else "req/s",
        capacity=pool.peak_rate * capacity * (pool.mean_output if watched.signal(name) == "generation_tokens" else 1.0),
        query=watched.rate(name, watched.signal(name)),
        per_gpu=1 / (watched.first_gpus * watched.in_service),
        metric=watched.metrics[watched.signal(name)],
        sized_requests_per_s=pool.peak_rate * capacity,
        sized_output_tokens_per_s=pool.peak_rate * capacity * pool.mean_output,
    )


def _kv_cache(context: Context, watched: Watched, name: str) -> Iterator[Level]:
    """Cache in use, in proportion to demand; full when the redundancy's loss would fill the rest."""
    candidate, record = watched.pools[name][0], watched.records[name]
    if candidate.pool.promised.model.prefill_only or "kv_use" not in watched.metrics:
        return
    if record.kv_use_p95 <= 0 or not record.kv_use_p95_degraded:
        return
    limit = min(1.0, record.kv_use_p95 / record.kv_use_p95_degraded)
    labels = {watched.model_label: candidate.pool.promised.model.id}
    yield Level(
        id=f"kv-cache-{name}",
        alert="AisizerKvCacheOrderNow",
        kind="kv_cache",
        quantity="KV cache in use, p95 of its replicas' mean; at the limit, losing the redundancy fills it",
        pool=name,
        levels=watched.grown(record.kv_use_p95 / watched.carried_factor / watched.in_service),
        limit=limit,
        lead_weeks=_lead(context, watched),
        action=_order(context, watched),
        unit="of the cache",
        capacity=1.0,
        query=f"avg({series(watched.metrics['kv_use'], labels)})",
        per_gpu=1 / (watched.first_gpus * watched.in_service),
        metric=watched.metrics["kv_use"],
    )


def _log_storage(context: Context, watched: Watched) -> Iterator[Level]:
    """Hot and warm logs over the disks that stand for them."""
    profile, service = context.profile, context.demand.service
    capacity = profile.compliance.logging.capacity_gb
    if capacity is None:
        return
    held = [hot + warm for hot, warm in zip(service.month("Hot logs"), service.month("Warm logs"), strict=True)]
    yield Level(
        id="log-storage",
        alert="AisizerLogStorageExpandNow",
        kind="log_storage",
        quantity="hot and warm logs over the disks that stand for them",
        pool=watched.best.site.id,
        levels=watched.scaled([gb / capacity for gb in held]),
        limit=1.0,
        lead_weeks=_lead(context, watched),
        action=f"Order log storage for {watched.best.site.id}, or keep logs hot and warm for less time.",
        unit="GB",
        capacity=capacity,
        query=profile.evidence.monitoring.queries.get("log_storage", ""),
        follows_demand=False,
    )


def _egress(context: Context, watched: Watched) -> Iterator[Level]:
    """Answers in the peak hour over the line that carries them."""
    supply, wire = context.profile.supply, context.demand.service.wire
    if supply.egress_limit is None:
        return
    traffic = context.demand.service.traffic
    peak = egress_bytes_per_s(traffic.peak_output_tokens_per_s[0], wire) * 8 / context.demand.factors[0]
    rates = " + ".join(watched.rate(n, "generation_tokens") for n in watched.pools if _generates(watched, n))
    counted = f"{number(wire.out_per_token * 8)} * ({rates})" if rates else ""
    yield Level(
        id="egress",
        alert="AisizerEgressExpandNow",
        kind="egress",
        quantity="answers streamed out over the line's rate",
        pool=watched.best.site.id,
        levels=watched.grown(peak / supply.egress_limit),
        limit=1.0,
        lead_weeks=_lead(context, watched),
        action=f"Order a faster line for {watched.best.site.id}, or compress the event streams.",
        unit="bit/s",
        capacity=supply.egress_limit,
        query=context.profile.evidence.monitoring.queries.get("egress", counted),
    )


def _generates(watched: Watched, name: str) -> bool:
    return watched.signal(name) == "generation_tokens"


def _upstream(context: Context, watched: Watched, name: str, item: Integration) -> Iterator[Level]:
    """First attempts over the ceiling of one system; at the limit, the retries of a bad hour fill the rest."""
    if item.limit is None:
        return
    yield Level(
        id=f"upstream-{name}",
        alert="AisizerUpstreamRaiseLimitNow",
        kind="upstream",
        quantity="first attempts over the rate ceiling; at the limit, the retries of a bad hour reach it",
        pool=name,
        levels=watched.grown(calls_per_s(context, item) / item.limit),
        limit=1 / amplification(item.retry.attempts, item.retry.failing),
        lead_weeks=item.raise_time / WEEK,
        action=f"Ask the owner of {name} for a higher limit: it takes {item.raise_time / WEEK:g} weeks.",
        unit="call/s",
        capacity=item.limit,
        query=_calls(context, watched, item),
    )


def _calls(context: Context, watched: Watched, item: Integration) -> str:
    """PromQL of the calls that the requests of its workloads make; empty where the engine counts no requests."""
    if "requests" not in watched.metrics:
        return ""
    asked = item.workloads or [n for n, w in context.profile.workloads.items() if w.load.per_request_of is None]
    terms = []
    for name, (candidate, _) in watched.pools.items():
        pool = candidate.pool.promised
        rates = zip(pool.workloads, pool.class_rates, strict=True)
        share = sum(rate for workload, rate in rates if workload in asked) / pool.peak_rate
        if share:
            terms.append(f"{number(round(item.calls_per_request * share, 9))} * {watched.rate(name, 'requests')}")
    return " + ".join(terms)


def _power(context: Context, watched: Watched) -> Iterator[Level]:
    """Nameplate power of the servers in service over what the site feeds, as its limit is checked."""
    best, profile = watched.best, context.profile
    limit = limits_of(best.site, profile.supply).power_kw
    if limit is None or best.offer.server is None:
        return
    kw, servers = best.offer.server.max_power_kw, servers_on_site(best.offer, best.layout, best.fleets, context.demand)
    work = context.demand.book.amounts.get("site-power-lead-time")
    gpu_metric = context.catalog.find_exporter("dcgm").metrics["power"]
    yield Level(
        id="power",
        alert="AisizerPowerExpandNow",
        kind="power",
        quantity="largest draw of the servers in service over the site's power",
        pool=best.site.id,
        levels=watched.scaled([n * kw / limit for n in servers]),
        limit=1.0,
        lead_weeks=work.base if work is not None else _lead(context, watched),
        action=f"Order more power for {best.site.id}, or servers that draw less for each token.",
        unit="kW",
        capacity=limit,
        query=profile.evidence.monitoring.queries.get(
            "power", f"count({gpu_metric}) / {best.offer.gpus} * {number(kw)}"
        ),
        follows_demand=False,
    )


def _spend(context: Context, watched: Watched) -> Iterator[Level]:
    """What is spent by each month's end over the budget; without one, over what the plan itself spends.

    At go-live that is what is spent before service, so that month 36 is counted when it has been paid.
    """
    cost, budget = watched.best.cost, context.profile.finance.budget_three_year
    limit = budget if budget is not None else (None if cost.missing else cost.three_year_usd)
    if limit is None or limit <= 0 or sum(cost.cash_by_month_usd[:2]) <= 0:
        return
    first, *monthly = cost.cash_by_month_usd
    levels = {
        case: tuple(round(spent / limit, 12) for spent in accumulate(by_month, initial=first))
        for case, by_month in watched.scaled(monthly).items()
    }
    yield Level(
        id="spend",
        alert="AisizerBudgetAskNow",
        kind="spend",
        quantity="spent since the first order over " + ("the budget" if budget is not None else "the plan's own spend"),
        pool=watched.best.site.id,
        levels=levels,
        limit=1.0,
        lead_weeks=context.leads[watched.best.site.id]["approval"],
        action="Ask for the next budget, or for more of this one: approval takes the lead time.",
        unit="USD",
        capacity=limit,
        query=context.profile.evidence.monitoring.queries.get("spend", ""),
        follows_demand=False,
    )
