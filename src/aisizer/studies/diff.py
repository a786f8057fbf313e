"""What changed between two plans, from the decision down to single lines, prices and assumptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from aisizer.costs.records import SiteCost
from aisizer.plan import Plan
from aisizer.studies import diff_figures as figures
from aisizer.studies import diff_money as money
from aisizer.studies.diff_figures import Named, changes
from aisizer.studies.diff_records import Change, Diff, Side
from aisizer.studies.gates import GateResult


def diff(old: Plan, new: Plan, hashes: tuple[str, str], version: str, gates: Sequence[GateResult] = ()) -> Diff:
    """Everything that differs; `hashes` are those of the two plans, `version` is that of aisizer now."""

    def of(part: Callable[[Plan], Named]) -> tuple[Change, ...]:
        return changes(part(old), part(new))

    both = money.sides(chosen(old), chosen(new))
    totals, categories, lines = money.totals(both), money.categories(both), money.lines(both)
    return Diff(
        aisizer_version=version,
        old=_side(old, hashes[0]),
        new=_side(new, hashes[1]),
        sections=tuple(_sections(old, new)),
        inputs=of(figures.inputs),
        decision=of(figures.decision),
        fleet=of(figures.fleet),
        slo=of(figures.slo),
        dates=of(figures.dates),
        triggers=of(figures.triggers),
        totals=totals,
        categories=categories,
        lines=lines,
        category_rounding_usd=money.rounding(totals, categories),
        line_rounding_usd=money.rounding(totals, lines),
        one_sided=both.one_sided,
        sites=money.sites(old, new),
        prices=money.prices(old, new),
        assumptions=of(figures.assumptions),
        notes=tuple(_notes(old, new, both)) if old != new else (),
        gates=tuple(gates),
    )


def chosen(plan: Plan) -> SiteCost | None:
    """The cost of the chosen site, if there is one."""
    return None if plan.decision is None else plan.tco[plan.decision.site]


def _side(plan: Plan, digest: str) -> Side:
    cost, decision = chosen(plan), plan.decision
    return Side(
        profile=str(plan.profile["name"]),
        plan_date=plan.profile["plan_date"],
        aisizer_version=plan.aisizer_version,
        plan_sha256=digest,
        decided=decision is not None,
        site=decision and decision.site,
        gpus=decision and decision.gpus,
        gpu_classes=tuple(dict.fromkeys(pool.gpu for pool in decision.pools)) if decision else (),
        promises=len(plan.slo),
        missed=tuple(f"{r.workload} {r.metric}_{r.percentile}" for r in plan.slo if not r.met),
        three_year_usd=cost and money.cents(cost.three_year_usd),
        missing=cost.missing if cost else (),
    )


def _sections(old: Plan, new: Plan) -> Iterator[str]:
    for name in Plan.model_fields:
        if getattr(old, name) != getattr(new, name):
            yield name


def _notes(old: Plan, new: Plan, both: money.Sides) -> Iterator[str]:
    """What a reader must know before comparing the figures."""
    for side, plan in (("old", old), ("new", new)):
        if plan.decision is None:
            yield f"The {side} plan has no decision: no option met its profile, so it has no fleet and no cost to compare."
    yield from _unpriced(both)
    if both.old and both.new and (both.old.npv_usd is None) != (both.new.npv_usd is None):
        yield "Only one of the plans has a discount rate (finance.discount_rate), so the NPVs cannot be compared."
    if old.profile["name"] != new.profile["name"]:
        yield f"The plans are of two profiles: {old.profile['name']} and {new.profile['name']}."


def _unpriced(both: money.Sides) -> Iterator[str]:
    """Which lines have no price on one side or on both, and what that does to the differences."""
    if both.one_sided:
        yield (
            f"Only one of the plans has a price for {', '.join(both.one_sided)}: the differences leave "
            f"{'it' if len(both.one_sided) == 1 else 'them'} out, on both sides; NPV and cost per unit are not compared."
        )
    for side, lacking, other in (("old", both.old, both.new), ("new", both.new, both.old)):
        there = {line.id for line in (other.lines if other else ())}
        alone = [name for name in (lacking.missing if lacking else ()) if name not in there]
        if alone:
            yield (
                f"The {side} plan has no price for {', '.join(alone)}, which the other one does not have: no difference "
                f"counts {'it' if len(alone) == 1 else 'them'}, and the {side} total is at least what it says."
            )
    still = [name for name in (both.old.missing if both.old else ()) if both.new and name in both.new.missing]
    if still:
        yield f"Neither plan has a price for {', '.join(still)}: both totals are at least what they say."
