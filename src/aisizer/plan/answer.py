"""From the ranked options to the Plan: the decision and everything that is said about it."""

from __future__ import annotations

from collections.abc import Sequence

from aisizer.costs.bom_totals import bom_totals
from aisizer.plan import (
    apis,
    assumptions,
    baseline,
    bill,
    bridge,
    explain,
    money,
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
from aisizer.plan.confidence import HIGH, counts
from aisizer.plan.confirm import Ledger, confirmation, fleet_trials
from aisizer.plan.context import Context
from aisizer.plan.controls import unpriced_controls
from aisizer.plan.decision import decision_of
from aisizer.plan.drills import drills
from aisizer.plan.evaluate import Evaluated, best_per_site_and_gpu
from aisizer.plan.explain_money import money_steps
from aisizer.plan.explain_path import path_steps
from aisizer.plan.explain_strategies import strategy_steps
from aisizer.plan.explain_survival import surrounding_steps, survival_steps
from aisizer.plan.load_curve import curve_shares, error_bands, load_curves
from aisizer.plan.on_site import servers_on_site
from aisizer.plan.predict import fleet_utilization, latencies, pool_records, slo_results
from aisizer.plan.ranking import cost_by_site, first_wave_latencies, in_full, options
from aisizer.plan.records import Inputs, Plan, Verdict
from aisizer.plan.roadmaps import roadmap_of
from aisizer.plan.states import first_wave
from aisizer.plan.trigger import Standing, symptoms, triggers_of
from aisizer.plan.waterfall import waterfall
from aisizer.profile.marking import handling_marking
from aisizer.sizing.admissible import PlaceVerdict, binding_controls, other_places
from aisizer.sizing.records import RejectionGroup


def plan_of(
    context: Context,
    order: Sequence[Evaluated],
    groups: tuple[RejectionGroup, ...],
    inputs: Inputs,
    version: str,
    ledger: Ledger,
) -> Plan:
    """The whole Plan for the first of the ranked options, or one without a decision where there is none."""
    compliance = context.profile.compliance
    common = {
        "schema": "aisizer/plan/v1",
        "marking": handling_marking(compliance.data_class, compliance.marking),
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
    latency = latencies(best, [up, down], curve_shares(best, up))
    simulated = fleet_trials(context, best, ledger)
    pools = pool_records(best, context.demand, up, down, latency, 0, context.named.engine.id, 1, simulated)
    slo = slo_results(context, best, latency, 0, 1, simulated)
    steps = waterfall(context, best)
    roadmap = roadmap_of(context, best)
    needs = surroundings.around(best.buyer, best.layout, best.fleets, context.demand)
    on_site = servers_on_site(best.offer, best.layout, best.fleets, context.demand)
    survived = (
        survival.availability(context, best),
        survival.recovery_check(context, best),
        site_work.site_work(best.site, best.offer, on_site, context.demand),
    )
    bridged = bridge.bridge_of(context, best)
    way, scopes = path.path_of(context, best), path.scope_changes(context, best)
    bom = bill.bom_of(context, best, needs, roadmap, survived[2], bridged)
    ways = strategies.strategies_of(context, best, roadmap)
    kept = best_per_site_and_gpu(order)
    high = counts(context, kept, HIGH)
    seen = first_wave_latencies(context, kept)
    ranking = options(context, kept, high, seen)
    tco = cost_by_site(context, order, bom)
    found, note = baseline.baseline(context, best)
    found = found and in_full(context, found, context.leads[best.site.id]["total"])
    decision = decision_of(context, best, order, steps, roadmap, bom, pools, slo, high[0], up, down)
    standing = Standing(best, up, down, pools, roadmap)
    triggers = triggers_of(context, standing)
    shown, around = tuple(tco.values()), surroundings.shown(needs)
    beside = apis.break_evens(context, best, fleet_utilization(best, up))
    results = money.results(context, order, seen, tco, found, beside)
    return {
        "complete": not best.cost.missing,
        "decision": decision,
        "slo": slo,
        "load_curves": load_curves(best, latency, 2, up, down),
        "error_bands": error_bands(context, best, latency, 0),
        "waterfall": steps,
        "ranking": ranking,
        "roadmap": roadmap,
        "bridge": bridged,
        "path": way,
        "scope_changes": scopes,
        "triggers": triggers,
        "symptoms": symptoms(context, standing, slo),
        "bom": bom,
        "bom_totals": bom_totals(bom),
        "tco": tco,
        "baseline": found,
        "baseline_note": note,
        "prototype": prototype.comparisons(context, best),
        "confirmation": confirmation(best, simulated, ledger),
        "drills": drills(context, best, slo, ledger.confirm),
        "availability": survived[0],
        "recovery": survived[1],
        "places": places(context, best),
        "amounts": sources.amounts(context, (*shown, *([found] if found else []))),
        "unpriced_controls": unpriced_controls(context.named.rules, context.profile.compliance, best.cost),
        "limits": site_work.site_limits(best.site, best.offer, on_site, context.demand),
        "work": survived[2],
        "strategies": ways,
        "strategy_note": strategies.note(context, best, ways),
        "apis": beside,
        **results,
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
            *money_steps(results, best.site.id),
        ),
        "warnings": (
            *bridge.sentences(bridged),
            *path.late(way),
            *warnings.not_compared(context, tco),
            *warnings.warnings(context, best, decision, slo, roadmap, triggers, survived),
            *strategies.sale_warnings(best, roadmap),
            *bill.sentences(bom, roadmap, context.profile.plan_date),
            *path.reassessed(scopes),
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
