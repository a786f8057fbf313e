"""What is signed now, and the sentence that says why."""

from __future__ import annotations

from collections.abc import Sequence

from aisizer.calibration.intervals import MEDIAN
from aisizer.costs.records import BomLine
from aisizer.plan import sources
from aisizer.plan.confidence import Count, counts
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated, best_per_site_and_gpu, planned_factor
from aisizer.plan.predict import fleet_utilization
from aisizer.plan.records import Decision
from aisizer.plan.states import State
from aisizer.roadmap.records import Roadmap
from aisizer.sizing.fleet import fleet
from aisizer.sizing.records import Pool, SloResult, WaterfallStep


def decision_of(
    context: Context,
    best: Evaluated,
    order: Sequence[Evaluated],
    steps: Sequence[WaterfallStep],
    roadmap: Roadmap,
    bom: Sequence[BomLine],
    pools: tuple[Pool, ...],
    slo: Sequence[SloResult],
    high: Count | None,
    up: State,
    down: State,
) -> Decision:
    """The first purchase wave of the chosen option with its figures and its reason."""
    only = pools[0] if len(pools) == 1 else None
    signed = [line for line in bom if line.wave == 1 and (line.treatment == "capitalise" or line.category == "rent")]
    wave = [line.extended_price_usd for line in signed]
    middle = counts(context, [best], MEDIAN)[0]
    return Decision(
        site=best.site.id,
        site_name=best.site.name,
        gpus=best.cost.gpus,
        gpus_needed=next(s.gpus for s in steps if s.name == "latency"),
        servers=best.fleets.waves[0].servers,
        order_by=roadmap.purchases[0].order_by,
        gpu=only.gpu if only else None,
        replicas=only.replicas if only else None,
        tensor_parallel=only.tensor_parallel if only else None,
        precision=only.precision if only else None,
        engine=only.engine if only else None,
        pools=pools,
        offer=best.offer.id,
        offer_name=best.offer.name,
        gpus_per_server=best.offer.gpus,
        term=best.term,
        redundancy=context.profile.resilience.redundancy,
        redundant_servers=fleet(
            best.layout, planned_factor(best, context.demand), context.profile.resilience
        ).redundant_servers,
        go_live=context.go_live,
        utilization=fleet_utilization(best, up),
        utilization_degraded=fleet_utilization(best, down),
        confidence=context.profile.resilience.confidence,
        gpus_p50=middle and middle.first_wave,
        gpus_p90=high and high.first_wave,
        gpus_needed_p90=high and high.needed,
        probability_met=min(result.probability for result in slo if result.probability is not None),
        first_wave_usd=None if None in wave else sum(price for price in wave if price is not None),
        reason=_reason(context, best, order),
        weakest_fact=sources.weakest_fact(best.cost, context.profile.plan_date),
    )


def _reason(context: Context, best: Evaluated, order: Sequence[Evaluated]) -> str:
    if not best.priced:
        return "No admitted option has a server or instance price, so the fewest GPUs decide."
    basis = "36-month cash" if context.profile.finance.discount_rate is None else "NPV over 36 months"
    kept = [e for e in best_per_site_and_gpu(order) if e.priced]
    ranked = sum(e.caveat == best.caveat == "" for e in kept)
    aside = len(kept) - ranked
    said = "is the only option that meets" if ranked < 2 else f"has the lowest {basis} of {ranked} options that meet"
    later = f" {aside} more were set aside: only a datasheet or a stale price stands behind them." if aside else ""
    return f"This fleet {said} every SLO, with measurements of the GPU class and a current price behind them.{later}"
