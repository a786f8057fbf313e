"""The path from the go decision to production of the chosen option, and what its places mean for a CMMC assessment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated
from aisizer.plan.records import ScopeChange
from aisizer.roadmap import path
from aisizer.roadmap.records import Path
from aisizer.units import WEEK

CMMC = "cmmc-"
"""How the ids of the CMMC rules begin."""
SPONSOR = "sponsor of the go decision"
"""Role that names the owner, releases the budget and books the review while nobody is named."""
AFFIRMED = "inside the assessed boundary: resources added under the same security plan go to the annual affirmation"
SIGNIFICANT = "may be a significant change: possible reassessment"
GUIDE = (
    "CMMC Scoping Guides of the DoD CIO (dodcio.defense.gov/CMMC); 32 CFR 170.19, 170.22; the phase of third-party assessments "
    "is suspended since 2026-07-13, so it would be a self-assessment meanwhile"
)


def path_of(context: Context, best: Evaluated) -> Path:
    """The path of what must serve at go-live: the bridge's site where one is due, else the chosen one."""
    profile = context.profile
    return path.path(
        profile.supply.path,
        best.serving(1).site,
        profile.supply.lead_time,
        SPONSOR,
        profile.plan_date,
        context.go_live,
    )


def scope_changes(context: Context, best: Evaluated) -> tuple[ScopeChange, ...]:
    """Each place of the plan under the binding CMMC levels: servers inside the boundary are affirmed, new places flagged."""
    if not any(rule.id.startswith(CMMC) for rule in context.named.rules):
        return ()
    assessed = context.profile.compliance.assessment
    return tuple(
        ScopeChange(
            what=what,
            site=site,
            significant=(new := site not in assessed.sites),
            verdict=SIGNIFICANT if new else AFFIRMED,
            weeks=assessed.reassessment / WEEK if new and assessed.reassessment is not None else None,
            cost_usd=assessed.reassessment_cost if new else None,
            citation=GUIDE,
        )
        for what, site in _places(context, best)
    )


def _places(context: Context, best: Evaluated) -> Iterator[tuple[str, str]]:
    """What the plan puts where: servers of all waves, the bridge, and every second place that holds the data."""
    recovery, compliance = context.profile.resilience.disaster_recovery, context.profile.compliance
    yield f"servers of {len(best.fleets.waves)} wave{'s' if len(best.fleets.waves) > 1 else ''}", best.site.id
    if best.bridge is not None:
        yield "bridge until delivery", best.bridge.site.id
    if recovery.posture != "none":
        yield "disaster-recovery site", recovery.site or f"a second place as {best.site.id}"
    if recovery.backup_site is not None:
        yield "backup target", recovery.backup_site
    if compliance.archive_site is not None:
        yield "log archive", compliance.archive_site


def late(way: Path) -> Iterator[str]:
    """A warning where the path ends after go-live."""
    if not way.in_time:
        missing = [p.field for p in way.preconditions if not p.met]
        mend = f"Settle {', '.join(missing)}" if missing else "Shorten its tasks in supply.path"
        yield (
            f"The path from the go decision to production takes {way.months['base']:.1f} months and ends on {way.end}, after "
            f"go_live {way.go_live}. {mend}, or move go_live."
        )


def reassessed(scopes: Sequence[ScopeChange]) -> Iterator[str]:
    """A warning for each place that may make a new assessment due."""
    for scope in scopes:
        if scope.significant:
            yield (
                f"{scope.site} ({scope.what}) {scope.verdict} under CMMC. Ask the affirming official; {_takes(scope)}. List a "
                "site that was assessed in compliance.assessment.sites."
            )


def _takes(scope: ScopeChange) -> str:
    weeks = "an unknown time" if scope.weeks is None else f"{scope.weeks:g} weeks"
    cost = "an unknown cost" if scope.cost_usd is None else f"{scope.cost_usd:,.0f} USD"
    return f"it would take {weeks} and {cost} (compliance.assessment)"
