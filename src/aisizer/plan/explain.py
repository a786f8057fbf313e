"""The recorded steps behind `aisizer explain`: formula, inputs, value, source, and the names to ask about next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from aisizer.catalog.records import Engine
from aisizer.costs.records import SiteCost
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated
from aisizer.plan.evidence import measured_step
from aisizer.plan.explain_money import usd
from aisizer.plan.explain_promises import QUEUE, confidence_steps, slo_steps
from aisizer.plan.records import Decision, Step
from aisizer.profile.kinds import arrivals_of
from aisizer.roadmap.records import Roadmap
from aisizer.sizing.pools import Pool as SizedPool
from aisizer.sizing.records import Pool, SloResult, WaterfallStep
from aisizer.triggers.records import Trigger
from aisizer.units import figure

LIMITS = {
    "load": ", (1 - headroom) / burst, or what resilience.confidence leaves of it",
    "kv_cache": ", use with all servers up over use with the redundancy down",
    "upstream": ", 1 / (calls for each first attempt in a bad hour)",
}
"""What sets the limit of a level, where it is not the capacity itself."""
SIZING, ENGINE, MONEY = "docs/method.md: fleet", "docs/method.md: replica", "docs/method.md: money"


def steps(
    context: Context,
    best: Evaluated,
    decision: Decision,
    slo: Sequence[SloResult],
    waterfall: Sequence[WaterfallStep],
    roadmap: Roadmap,
    triggers: Sequence[Trigger],
    tco: Mapping[str, SiteCost],
) -> tuple[Step, ...]:
    """Every step of the plan, from the decision down to its inputs."""
    return (
        *_decision(decision, roadmap),
        *_waterfall(context, best, waterfall, decision),
        *(step for pool in decision.pools for step in _pool(context, best, pool)),
        *(measured_step(pool) for pool in decision.pools),
        *_demand(context),
        *slo_steps(slo, decision),
        *_roadmap(roadmap),
        *_triggers(best, triggers),
        *(step for site, cost in tco.items() for step in _money(context, site, cost)),
    )


def _decision(decision: Decision, roadmap: Roadmap) -> Iterator[Step]:
    first = roadmap.purchases[0]
    yield Step(
        name="decision.gpus",
        meaning="GPUs of the first purchase wave: what is signed now",
        formula="servers x GPUs per server, the last step of the waterfall",
        inputs={"decision.servers": str(decision.servers), "gpus_per_server": str(decision.gpus_per_server)},
        value=str(decision.gpus),
        unit="GPU",
        source=SIZING,
        next=("waterfall.disaster_recovery", "decision.servers", "decision.gpus_needed", "decision.gpus_p90"),
    )
    yield Step(
        name="decision.servers",
        meaning="servers of the first wave, second site included",
        formula="whole servers for headroom + redundancy + upgrade + disaster recovery, for the highest demand up to the "
        "end of the purchase period",
        inputs={"covers_to_month": str(first.covers_to_month), "redundancy": decision.redundancy},
        value=str(decision.servers),
        unit="server",
        source=SIZING,
        next=("waterfall.servers", "waterfall.redundancy", "roadmap.month_36_gpus"),
    )
    yield Step(
        name="decision.gpus_needed",
        meaning="GPUs that meet the SLO at go-live, before growth, burst, headroom and redundancy",
        formula="sum over pools of GPUs per replica x ceil(demand factor / share of the demand one replica carries)",
        inputs={
            f"pools.{p.name}.peak_rate_per_replica": f"{figure(p.peak_rate_per_replica)} req/s" for p in decision.pools
        },
        value=str(decision.gpus_needed),
        unit="GPU",
        source=SIZING,
        next=("waterfall.latency", *(f"pools.{p.name}.peak_rate_per_replica" for p in decision.pools)),
    )
    yield from confidence_steps(decision)
    opening = roadmap.purchases[0].need_by
    start = "go_live" if opening == decision.go_live else "first wave in service"
    yield Step(
        name="decision.order_by",
        meaning="last day to start the order",
        formula=f"{start} - lead time",
        inputs={start: str(opening)} | {k: f"{v:g} w" for k, v in roadmap.lead_time_weeks.items()},
        value=str(decision.order_by),
        unit="date",
        source="site record",
    )


def _waterfall(
    context: Context, best: Evaluated, waterfall: Sequence[WaterfallStep], decision: Decision
) -> Iterator[Step]:
    resilience, pools = context.profile.resilience, [c.pool for c in best.layout.candidates]
    formulas: dict[str, tuple[str, dict[str, str]]] = {
        "throughput": ("sum of GPUs per replica x ceil(factor / stable share)", {}),
        "latency": ("sum of GPUs per replica x ceil(factor / share at the SLO)", {}),
        "growth": ("the same at the highest demand factor up to the next purchase", {}),
        "burst": ("the same with factor x burst", {f"pools.{p.name}.burst": figure(p.burst) for p in pools}),
        "headroom": (
            "the same with factor x burst / (1 - headroom)",
            {"resilience.headroom": f"{resilience.headroom:g}"},
        ),
        "confidence": (
            "the larger of that and factor x burst / (1 - headroom x forecast part) / share at that confidence",
            {
                "resilience.confidence": f"{resilience.confidence:g}",
                "resilience.forecast_part": f"{resilience.forecast_part:g}",
            },
        ),
        "servers": (
            "ceil(GPUs / GPUs per server) x GPUs per server",
            {"gpus_per_server": str(decision.gpus_per_server)},
        ),
        "redundancy": ("+ k servers that may be down", {"resilience.redundancy": resilience.redundancy}),
        "upgrade": (
            "+ a second serving set where blue/green; + a server more to lose where rolling is stacked on the redundancy",
            {
                "resilience.upgrades.method": resilience.upgrades.method,
                "resilience.upgrades.stack_on_redundancy": str(resilience.upgrades.stack_on_redundancy).lower(),
            },
        ),
        "disaster_recovery": (
            "+ the second site of the posture",
            {"resilience.disaster_recovery.posture": resilience.disaster_recovery.posture},
        ),
    }
    before: dict[str, str] = {}
    for step in waterfall:
        formula, inputs = formulas[step.name]
        yield Step(
            name=f"waterfall.{step.name}",
            meaning=step.reason,
            formula=formula,
            inputs=before | inputs,
            value=str(step.gpus),
            unit="GPU",
            source=SIZING,
            next=tuple(k for k in (before | inputs) if k.startswith(("waterfall.", "pools.")))
            + tuple(f"pools.{p.name}.peak_rate_per_replica" for p in decision.pools if step.name == "latency"),
        )
        before = {f"waterfall.{step.name}": str(step.gpus)}


def _pool(context: Context, best: Evaluated, pool: Pool) -> Iterator[Step]:
    candidate = next(c for c in best.layout.candidates if c.pool.name == pool.name)
    memory = candidate.replica.memory
    yield Step(
        name=f"pools.{pool.name}.peak_rate_per_replica",
        meaning=f"requests a second that one replica ({pool.layout}, {pool.precision}) carries with every SLO met",
        formula="largest arrival rate at which the state-dependent batching queue meets every percentile"
        if candidate.analytic_share is None
        else "arrival rate at which the first percentile reaches its target in simulation, by Newton's steps",
        inputs={
            "workloads": ", ".join(pool.workloads),
            "limited_by": pool.limited_by,
            "analytic queue": _analytic(pool),
            "tokens_per_step": f"{figure(pool.tokens_per_step)}, {pool.draft_tokens} drafted",
            f"pools.{pool.name}.kv_capacity_tokens": f"{figure(pool.kv_capacity_tokens)} tokens",
            "max_batch": str(candidate.replica.table.max_batch),
            "token_budget": str(candidate.replica.table.token_budget),
        },
        value=figure(pool.peak_rate_per_replica, 6),
        unit="req/s",
        source=QUEUE,
        next=(
            f"pools.{pool.name}.kv_capacity_tokens",
            *((f"pools.{pool.name}.api_ceiling",) if pool.api_processes is not None else ()),
            *(f"workloads.{w}.peak_rate" for w in pool.workloads),
        ),
    )
    if pool.api_ceiling_per_replica is not None:
        yield _api(context.named.engine, pool, pool.api_ceiling_per_replica, candidate.pool)
    yield Step(
        name=f"pools.{pool.name}.kv_capacity_tokens",
        meaning="tokens of context that one replica holds",
        formula="attention_dp x (memory x memory fraction - weights - activations - runtime) / KV bytes per token on one GPU",
        inputs={
            "gpu_memory_gb": figure(context.named.gpus[pool.gpu].device_bytes / 1e9),
            "memory_fraction": f"{context.named.engine.memory_fraction:g}",
            "weights_gb_per_gpu": figure(memory.weights_gb),
            "kv_bytes_per_token_and_gpu": figure(memory.kv_bytes_per_token, 6),
            "attention_dp": str(pool.attention_dp),
        },
        value=figure(pool.kv_capacity_tokens),
        unit="token",
        source=ENGINE,
    )
    yield Step(
        name=f"pools.{pool.name}.kv_use_p95",
        meaning="share of the KV cache in use at the 95th percentile, all servers up; the wall is at 1, and a warning at 0.85",
        formula="(p95 of decoding sequences x mean context + waiting prompts) / kv_capacity_tokens",
        inputs={
            f"pools.{pool.name}.kv_capacity_tokens": f"{figure(pool.kv_capacity_tokens)} tokens",
            "in_flight": "unknown" if pool.in_flight is None else f"{figure(pool.in_flight)} requests in one replica",
            "with the redundancy down": "unknown"
            if pool.kv_use_p95_degraded is None
            else figure(pool.kv_use_p95_degraded),
        },
        value=figure(pool.kv_use_p95, 6),
        unit="1",
        source=QUEUE,
        next=(f"pools.{pool.name}.kv_capacity_tokens",),
    )
    yield Step(
        name=f"pools.{pool.name}.burst",
        meaning="rate in the busy minutes of the peak window over that window's rate",
        formula="1 + 1.645 x sqrt(relative variance of a minute inside the peak window), which is "
        "(index of dispersion - 1) / (60 x rate) by an index; 1 for closed populations",
        inputs={f"workloads.{w}.burst": _burst(context, w) for w in pool.workloads},
        value=figure(candidate.pool.burst, 6),
        unit="1",
        source="Cox and Lewis (1966), index of dispersion; docs/traffic.md",
        next=tuple(f"workloads.{w}.peak_rate" for w in pool.workloads),
    )


def _analytic(pool: Pool) -> str:
    rate = pool.analytic_rate_per_replica
    return "unknown" if rate is None else f"{figure(rate, 6)} req/s"


def _burst(context: Context, name: str) -> str:
    """The measure of one workload's arrivals, and the rate it is taken at."""
    workload, rate = context.profile.workloads[name], context.offered[name].peak_rate_per_s
    burst = workload.burst
    if burst.modulation:
        parts = " and ".join(f"variance {part.variance:g} over {part.time:g} s" for part in burst.modulation)
        return f"{parts}, at {figure(rate)} req/s"
    given = burst.index_of_dispersion_60s or arrivals_of(workload.kind).dispersion
    return f"index of dispersion {given:g} at {figure(rate)} req/s"


def _api(engine: Engine, pool: Pool, ceiling: float, sized: SizedPool) -> Step:
    return Step(
        name=f"pools.{pool.name}.api_ceiling",
        meaning="requests a second that the API processes of one replica carry, whatever its GPUs do",
        formula="api_processes / (api_request_s + prompt tokens x request_token_s + output tokens x api_token_s); load rho "
        "adds rho / (1 - rho) of their idle time to TTFT, and the idle time is part of request_overhead_s and request_token_s",
        inputs={
            "api_processes": f"{engine.api_processes} of each replica, {pool.api_processes} of the pool",
            "api_request_s": f"{engine.api_request_s or 0:g}",
            "request_token_s": f"{engine.request_token_s:g}",
            "api_token_s": f"{engine.api_token_s or 0:g}",
            "prompt tokens": figure(sized.mean_prompt),
            "output tokens": figure(sized.mean_output),
            "request_overhead_s": f"{engine.request_overhead_s:g}",
        },
        value=figure(ceiling, 6),
        unit="req/s",
        source=f"engine record {engine.id}; docs/method.md: queue",
        next=(f"pools.{pool.name}.peak_rate_per_replica",),
    )


MEAN = (
    "mean rate (the rate, or users x requests_per_user_hour / 3600) x p99 of the log-normal level of 5-minute windows"
)
"""Formula of a peak rate on the basis mean_rate."""


def _demand(context: Context) -> Iterator[Step]:
    for name, workload in context.profile.workloads.items():
        load = workload.load
        given = {k: v for k, v in load.model_dump().items() if v is not None}
        formula = {
            "users": "users x requests_per_user_hour x peak_factor / 3600",
            "rate": "the rate given for the peak hour",
            "concurrency": "concurrency / nominal end-to-end time at the SLO",
            "per_request_of": "rate of the calling workload x calls",
        }[next(k for k in ("users", "rate", "concurrency", "per_request_of") if given.get(k) is not None)]
        yield Step(
            name=f"workloads.{name}.peak_rate",
            meaning="arrivals in the peak hour at go-live, full rollout",
            formula=MEAN if workload.burst.basis == "mean_rate" else formula,
            inputs={
                f"workloads.{name}.load.{k}": f"{v:g}" if isinstance(v, float) else str(v) for k, v in given.items()
            },
            value=figure(context.offered[name].peak_rate_per_s, 6),
            unit="req/s",
            source="profile",
        )


def _roadmap(roadmap: Roadmap) -> Iterator[Step]:
    for name, month in (("go_live_gpus", 1), ("month_12_gpus", 12), ("month_36_gpus", 36)):
        at = roadmap.months[month - 1]
        yield Step(
            name=f"roadmap.{name}",
            meaning=f"GPUs in service in month {month}",
            formula="GPUs of all purchases in service by then; each covers the highest need up to the next",
            inputs={"demand_factor": figure(at.demand_factor), "gpus_needed": str(at.gpus_needed)},
            value=str(at.gpus_in_service),
            unit="GPU",
            source=SIZING,
            next=("decision.servers", "waterfall.growth"),
        )


def _triggers(best: Evaluated, triggers: Sequence[Trigger]) -> Iterator[Step]:
    for trigger in triggers:
        pools = [c.pool.name for c in best.layout.candidates if c.pool.promised.name == trigger.pool]
        yield Step(
            name=f"triggers.{trigger.id}.threshold",
            meaning=f"the level at which action must start: {trigger.quantity}",
            formula=trigger.formula,
            inputs={
                "limit": figure(trigger.limit, 6) + LIMITS.get(trigger.kind, ""),
                "growth_per_month": f"{trigger.growth_per_month:g}",
                "lead_time_weeks": f"{trigger.lead_time_weeks:g}",
                "review_weeks": f"{trigger.review_weeks:g}",
                "capacity": "n/a" if trigger.capacity is None else f"{figure(trigger.capacity)} {trigger.unit}",
            },
            value=figure(trigger.threshold, 6),
            unit="1",
            source="docs/triggers.md",
            next=tuple(f"pools.{name}.{step}" for name in pools for step in ("burst", "peak_rate_per_replica")),
        )


def _money(context: Context, site: str, cost: SiteCost) -> Iterator[Step]:
    rate = context.profile.finance.discount_rate
    categories = {category: f"{amount:,.2f} USD" for category, amount in cost.by_category.items()}
    tokens = sum(context.demand.volume.prompt_tokens) + sum(context.demand.volume.output_tokens)
    at_least = f"; at least, {len(cost.missing)} lines unpriced: {', '.join(cost.missing)}" if cost.missing else ""
    accrual = "(expenses + straight-line depreciation of months 1 to 36)"
    rate_input = {"finance.discount_rate": "not set" if rate is None else f"{rate:g}"}
    named: tuple[tuple[str, str, str, dict[str, str], float | None], ...] = (
        (
            "three_year_usd", "cash of period 0 and months 1 to 36",
            "sum of all cost lines", categories, cost.three_year_usd,
        ),
        (
            "one_year_usd", "cash of period 0 and months 1 to 12 of the same plan",
            "sum of all cost lines up to month 12", {}, cost.one_year_usd,
        ),
        (
            "npv_usd", "net present value of the 36 months",
            "sum of cash[m] / (1 + r)^(m / 12); period 0 undiscounted", rate_input, cost.npv_usd,
        ),
        (
            "usd_per_million_tokens", "accrual cost of a million tokens, prompt and output",
            f"{accrual} / tokens x 10^6", {"tokens": figure(tokens)}, cost.usd_per_million_tokens,
        ),
        (
            "usd_per_request", "accrual cost of a request",
            f"{accrual} / requests", {"requests": figure(sum(context.demand.volume.requests))}, cost.usd_per_request,
        ),
    )  # fmt: skip
    for name, meaning, formula, inputs, value in named:
        yield Step(
            name=f"tco.{site}.{name}",
            meaning=meaning + at_least,
            formula=formula,
            inputs=inputs,
            value="null" if value is None else usd(value),
            unit="USD",
            source=MONEY,
            next=() if name == "three_year_usd" else (f"tco.{site}.three_year_usd",),
        )
