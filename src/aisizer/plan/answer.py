"""From the ranked options to the Plan: the decision and everything that is said about it."""

from __future__ import annotations

from collections.abc import Sequence

from aisizer.calibration.intervals import MEDIAN
from aisizer.costs.bom import Dated, bill_of_materials
from aisizer.costs.records import BomLine, SiteCost
from aisizer.plan import (
    apis,
    assumptions,
    baseline,
    bridge,
    explain,
    path,
    prototype,
    site_work,
    sources,
    strategies,
    surroundings,
    survival,
    upstream,
    warnings,
)
from aisizer.plan.confidence import HIGH, Count, counts, least_probability
from aisizer.plan.confirm import Ledger, confirmation, fleet_trials
from aisizer.plan.context import Context
from aisizer.plan.drills import drills
from aisizer.plan.evaluate import Evaluated, best_per_site_and_gpu, bought, opening_factor, planned_factor
from aisizer.plan.explain_path import path_steps
from aisizer.plan.explain_strategies import strategy_steps
from aisizer.plan.explain_survival import surrounding_steps, survival_steps
from aisizer.plan.predict import fleet_utilization, latencies, latencies_of, pool_records, slo_results
from aisizer.plan.records import Bridge, Decision, Inputs, Plan, SiteWork, Verdict
from aisizer.plan.roadmaps import roadmap_of
from aisizer.plan.states import State, first_wave
from aisizer.plan.trigger import triggers_of
from aisizer.profile.sections import Resilience
from aisizer.queueing.records import Latency
from aisizer.roadmap.records import Roadmap
from aisizer.sizing.admissible import PlaceVerdict, binding_controls, other_places
from aisizer.sizing.fleet import Fleet, fleet
from aisizer.sizing.needs import Need
from aisizer.sizing.pools import Pool as SizedPool
from aisizer.sizing.records import Option, Pool, RejectionGroup, SloResult, WaterfallStep


def plan_of(
    context: Context,
    order: Sequence[Evaluated],
    groups: tuple[RejectionGroup, ...],
    inputs: Inputs,
    version: str,
    ledger: Ledger,
) -> Plan:
    """The whole Plan for the first of the ranked options, or one without a decision where there is none."""
    common = {
        "schema": "aisizer/plan/v1",
        "aisizer_version": version,
        "inputs": inputs,
        "profile": context.loaded.data,
        "rejections": groups,
        "verdicts": verdicts(context),
        "retention": context.demand.service.retention,
        "controls": binding_controls(context.named.rules),
    }
    if not order:
        return Plan(**common, **nothing(context, groups))
    return Plan(**common, **_answer(context, order, groups, ledger))


def nothing(context: Context, groups: Sequence[RejectionGroup]) -> dict[str, object]:
    """The fields of a Plan without a decision."""
    return {
        "complete": False,
        "decision": None,
        "slo": (),
        "waterfall": (),
        "ranking": (),
        "roadmap": None,
        "triggers": (),
        "bom": (),
        "tco": {},
        "baseline": None,
        "baseline_note": "",
        "integrations": upstream.uses(context),
        "assumptions": assumptions.assumptions(context, None),
        "sources": sources.used(context, ()),
        "explain": (),
        "warnings": (),
    }


def _answer(
    context: Context, order: Sequence[Evaluated], groups: Sequence[RejectionGroup], ledger: Ledger
) -> dict[str, object]:
    best = order[0]
    up, down = first_wave(context, best)
    latency, simulated = latencies(best, [up, down]), fleet_trials(context, best, ledger)
    pools = pool_records(best, context.demand, up, down, latency, 0, context.named.engine.id, 1, simulated)
    slo = slo_results(context, best, latency, 0, 1, simulated)
    steps = waterfall(context, best)
    roadmap = roadmap_of(context, best)
    needs = surroundings.around(best.buyer, best.layout, best.fleets, context.demand)
    survived = (
        survival.availability(context, best),
        survival.recovery_check(context, best),
        site_work.site_work(best.site, best.offer, best.fleets, context.demand),
    )
    bridged = bridge.bridge_of(context, best)
    way, scopes = path.path_of(context, best), path.scope_changes(context, best)
    bom = bom_of(context, best, needs, roadmap, survived[2], bridged)
    ways = strategies.strategies_of(context, best, roadmap)
    kept = best_per_site_and_gpu(order)
    high = counts(context, kept, HIGH)
    ranking = options(context, kept, high)
    tco = cost_by_site(order)
    found, note = baseline.baseline(context, best)
    decision = _decision(context, best, order, steps, roadmap, bom, pools, slo, high[0], up, down)
    triggers = triggers_of(context, best, down)
    shown, around = tuple(tco.values()), surroundings.shown(needs)
    return {
        "complete": not best.cost.missing,
        "decision": decision,
        "slo": slo,
        "waterfall": steps,
        "ranking": ranking,
        "roadmap": roadmap,
        "bridge": bridged,
        "path": way,
        "scope_changes": scopes,
        "triggers": triggers,
        "bom": bom,
        "tco": tco,
        "baseline": found,
        "baseline_note": note,
        "prototype": prototype.comparisons(context, best),
        "confirmation": confirmation(best, simulated, ledger),
        "drills": drills(context, best, slo, ledger.confirm),
        "availability": survived[0],
        "recovery": survived[1],
        "places": places(context, best),
        "limits": site_work.site_limits(best.site, best.offer, best.fleets, context.demand),
        "work": survived[2],
        "strategies": ways,
        "strategy_note": strategies.note(context, best, ways),
        "apis": apis.break_evens(context, best, fleet_utilization(best, up)),
        "integrations": upstream.uses(context),
        "surroundings": around,
        "assumptions": assumptions.assumptions(context, best),
        "sources": sources.used(context, shown, best),
        "explain": (
            *explain.steps(context, best, decision, slo, steps, roadmap, triggers, tco),
            *survival_steps(*survived[:2], context.demand.service.retention),
            *path_steps(bridged, way),
            *surrounding_steps(around),
            *strategy_steps(ways),
        ),
        "warnings": (
            *bridge.sentences(bridged),
            *warnings.warnings(context, best, decision, slo, roadmap, triggers, survived),
            *strategies.sale_warnings(best, roadmap),
            *path.sentences(way, scopes),
        ),
    }


def verdicts(context: Context) -> tuple[Verdict, ...]:
    """The admission of each site, as the rules gave it."""
    return tuple(Verdict(**v.model_dump()) for v in context.verdicts.values())


def places(context: Context, best: Evaluated) -> tuple[PlaceVerdict, ...]:
    """The second site, the backup target and the log archive under the same rules."""
    named, profile = context.named, context.profile
    recovery = profile.resilience.disaster_recovery
    return other_places(best.site, profile.compliance, recovery, named.rules, named.places)


def waterfall(context: Context, best: Evaluated) -> tuple[WaterfallStep, ...]:
    """Where the GPUs of the first wave went, reason by reason."""
    resilience, size = context.profile.resilience, best.offer.gpus
    opening = opening_factor(best, context.demand)
    first = fleet(best.layout, opening, resilience)
    factor = planned_factor(best, context.demand)
    last = fleet(best.layout, factor, resilience)
    production = best.fleets.production[best.fleets.first]
    spare = last.redundant_servers + last.spread_servers
    serving = production - spare - last.upgrade_servers
    month = best.fleets.waves[0].planned_to
    busiest = max((c.pool for c in best.layout.candidates), key=lambda pool: pool.burst)
    rate = _rate_meant(context, busiest.workloads)
    recovery = resilience.disaster_recovery.posture.replace("_", " ")
    start = f"month-{best.fleets.first + 1}" if best.bridge else "go-live"
    named = [
        ("throughput", first.throughput, f"what carries the {start} peak hour at all, however slowly"),
        ("latency", first.latency, "what also meets every SLO percentile; = gpus_needed"),
        (
            "growth",
            last.latency,
            f"demand grows to {factor / opening:.2f}x that of {start} by month {month}",
        ),
        ("burst", last.burst, _burst_reason(busiest, rate)),
        ("headroom", last.headroom, f"{resilience.headroom * 100:.0f} % stays free for forecast and model error"),
        ("confidence", last.confidence, _confidence(resilience)),
        ("servers", serving * size, f"whole servers of {size}"),
        ("redundancy", (serving + spare) * size, _redundancy(resilience.redundancy, last)),
        ("upgrade", production * size, f"{resilience.upgrades.method.replace('_', '/')} upgrades"),
        ("disaster_recovery", best.fleets.servers[best.fleets.first] * size, f"second site: {recovery}"),
    ]
    return tuple(WaterfallStep(name=name, gpus=gpus, reason=reason) for name, gpus, reason in named)


def _rate_meant(context: Context, workloads: Sequence[str]) -> str:
    """What the peak rates of a pool's workloads are: of a window that was measured, or of the hour that was stated."""
    measured = any(context.profile.workloads[name].burst.modulation for name in workloads)
    return "peak-window" if measured else "peak-hour"


def _burst_reason(busiest: SizedPool, rate: str) -> str:
    """Where the burst comes from: the dispersion of the arrivals, or a replayed trace that asks for so much."""
    if busiest.replays:
        return f"room for {busiest.burst:.2f}x the {rate} rate, with which the replay of the trace meets every SLO"
    return f"the busiest minutes bring {busiest.burst:.2f}x the {rate} rate"


def _confidence(resilience: Resilience) -> str:
    level = f"{resilience.confidence * 100:.4g} %"
    if resilience.confidence <= MEDIAN:
        return f"confidence {level}: the plain prediction, with headroom for its error"
    return (
        f"each SLO holds with {level} by the model's measured error, where its part of the headroom is less than that"
    )


def _redundancy(wanted: str, needed: Fleet) -> str:
    down, spread = needed.redundant_servers, needed.spread_servers
    more = f"; {spread} more so that each pool keeps whole replicas" if spread else ""
    return f"{wanted}: {down} server{'s' if down != 1 else ''} may be down at the peak with every SLO met{more}"


def options(context: Context, kept: Sequence[Evaluated], high: Sequence[Count | None]) -> tuple[Option, ...]:
    """The best option of each site and GPU class, the chosen one first, with their GPUs at high confidence."""
    alike: dict[tuple[str, ...], list[Evaluated]] = {}
    for e in kept:
        alike.setdefault(tuple(c.pool.name for c in e.layout.candidates), []).append(e)
    latency = {names: latencies_of([(e, first_wave(context, e)[0]) for e in same]) for names, same in alike.items()}
    rows = {id(e): (latency[names], row) for names, same in alike.items() for row, e in enumerate(same)}
    return tuple(
        _option(context, e, *rows[id(e)], count, chosen=e is kept[0]) for e, count in zip(kept, high, strict=True)
    )


def _option(
    context: Context, e: Evaluated, latency: Sequence[Latency], row: int, high: Count | None, *, chosen: bool
) -> Option:
    up, down = first_wave(context, e)
    pools = pool_records(e, context.demand, up, down, latency, row, context.named.engine.id)
    return Option(
        site=e.site.id,
        gpu=e.offer.gpu,
        offer=e.offer.id,
        term=e.term,
        gpus=e.cost.gpus,
        gpus_needed=fleet(e.layout, opening_factor(e, context.demand), context.profile.resilience).latency,
        gpus_month_36=e.cost.gpus_month_36,
        servers=e.fleets.waves[0].servers,
        pools=pools,
        one_year_usd=e.cost.one_year_usd if e.priced else None,
        three_year_usd=e.cost.three_year_usd if e.priced else None,
        npv_usd=e.cost.npv_usd if e.priced else None,
        complete=not e.cost.missing,
        gpus_p90=high and high.first_wave,
        probability_met=least_probability(context, e, latency, row),
        chosen=chosen,
        note=_note(e),
    )


def _note(e: Evaluated) -> str:
    late = f"late: bridged at {e.bridge.site.id} in months 1 to {e.fleets.first}" if e.bridge else ""
    return "; ".join(note for note in (late, _rank_note(e)) if note)


def _rank_note(e: Evaluated) -> str:
    if not e.priced:
        return "unranked on money: its server or instance has no price"
    return f"ranked after the others: {e.caveat}" if e.caveat else ""


def cost_by_site(order: Sequence[Evaluated]) -> dict[str, SiteCost]:
    """The cheapest plan of each site, the chosen site first."""
    by_site: dict[str, SiteCost] = {}
    for e in order:
        by_site.setdefault(e.site.id, e.cost)
    return by_site


def bom_of(
    context: Context,
    best: Evaluated,
    needs: Sequence[Need],
    roadmap: Roadmap,
    work: Sequence[SiteWork],
    bridged: Bridge | None,
) -> tuple[BomLine, ...]:
    """The chosen plan's bill of materials, all waves; work on the site and a bridge have dates of their own."""
    lead, plan_date = context.leads[best.site.id], context.profile.plan_date
    dated = {
        site_work.line_of(item): Dated(item.lead_time_weeks, item.order_by, item.need_by)
        for item in work
        if item.lead_time_weeks is not None and item.order_by is not None
    }
    dated |= bridge.dates(bridged, best.cost.lines)
    made = bill_of_materials(
        best.buyer, best.cost.lines, needs, bought(best.fleets), roadmap.purchases, lead, plan_date, dated
    )
    return bridge.named(bridged, made, best.bridge.offer.provider if best.bridge else "")


def _decision(
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
    return f"It {said} every SLO, with measurements and a current price behind them.{later}"
