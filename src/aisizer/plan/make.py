"""The recipe: profile and catalog -> demand -> options -> capacity -> roadmap -> costs -> triggers -> Plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aisizer import __version__
from aisizer.catalog.catalog import Catalog
from aisizer.catalog.records import Model, Site
from aisizer.errors import Rejection
from aisizer.plan import answer, confidence, evaluate, prototype
from aisizer.plan.bridge import openings
from aisizer.plan.confirm import Confirm, confirmed
from aisizer.plan.context import Context, gather
from aisizer.plan.evaluate import Evaluated, Opening
from aisizer.plan.records import Inputs, Plan
from aisizer.plan.rejections import grouped
from aisizer.plan.rounding import rounded
from aisizer.profile.load import LoadedProfile
from aisizer.roadmap.calendar import earliest_service
from aisizer.sizing.admissible import model_ban
from aisizer.sizing.capacity import Screened, screen
from aisizer.sizing.cuts import Room
from aisizer.sizing.options import Offer, offers, room


def make_plan(
    loaded: LoadedProfile, catalog: Catalog, files: Mapping[str, Model] | None = None, confirm: Confirm = "auto"
) -> Plan:
    """The plan for a profile; pure: no clock, no files, no network. An infeasible one has no decision.

    The leading options are simulated as far as `confirm` says.
    """
    context = gather(loaded, catalog, files or {})
    named, offered, calibrations = context.named, rooms(context), prototype.calibrations(context)
    supply = context.profile.supply
    screened = [screen(p, named.gpus, offered, named.engine, supply, calibrations) for p in context.pools]
    screened = confidence.at_the_profiles(context, screened)
    found, rejections = search(context, screened)
    order = evaluate.ranked(found, context.profile.finance.discount_rate)
    leading = confirmed(context, order, confirm)
    groups = grouped([*rejections, *leading.rejections])
    plan = answer.plan_of(context, leading.order, groups, inputs_of(loaded, catalog), __version__, leading.ledger)
    return Plan.model_validate(rounded(plan.model_dump(by_alias=True)))


def inputs_of(loaded: LoadedProfile, catalog: Catalog) -> Inputs:
    """What the plan was made from, by hash."""
    return Inputs(
        profile_sha256=loaded.sha256,
        catalog_version=catalog.version,
        catalog_sha256=catalog.sha256,
        fragments=dict(sorted(loaded.fragments.items())),
    )


def search(context: Context, screened: Sequence[Screened]) -> tuple[list[Evaluated], list[Rejection]]:
    """Every offer of every site: evaluated, or rejected with its reason and counted layout by layout."""
    found: list[Evaluated] = []
    rejections: list[Rejection] = []
    bans = [ban for model in context.named.models.values() if (ban := model_ban(model, context.named.rules))]
    barred = {site.id: _barred(context, site, bans) for site in context.named.sites}
    opened = openings(context, screened, [site for site in context.named.sites if barred[site.id] is None])
    for site in context.named.sites:
        opening = opened.get(site.id)
        refused = barred[site.id] or _late(context, site)
        classes: set[str] = set()
        offered = _offers(context, site)
        if not offered:
            rejections.append(_nothing_offered(context, site))
        for offer in offered:
            layouts = 0 if offer.gpu in classes else _layouts(context, offer.gpu, screened)
            classes.add(offer.gpu)
            if opening is None:
                rejections += [_at(refused, site, offer)] * layouts
                continue
            if layouts:
                rejections += [
                    _at(r, site, offer) for s in screened for r in s.rejections if r.option["gpu"] == offer.gpu
                ]
            _try(context, site, offer, screened, opening, found, rejections)
    return found, rejections


def _try(
    context: Context,
    site: Site,
    offer: Offer,
    screened: Sequence[Screened],
    opening: Opening,
    found: list[Evaluated],
    rejections: list[Rejection],
) -> None:
    layout = evaluate.best_layout(offer, screened, context.demand)
    if layout is None:
        if all(any(c.gpu == offer.gpu for c in s.candidates) for s in screened):
            rejections.append(_at(_unplaced(context, offer), site, offer))
        return
    options = evaluate.evaluate(site, offer, layout, context.demand, opening)
    if not options:
        unpriced = f"no term of {offer.name} at {site.id} has a price; give a quote for {offer.id} in supply.quotes"
        rejections.append(_at(Rejection("price", unpriced), site, offer))
    for made in options:
        refused = evaluate.oversized(made) or evaluate.beyond_site(made, context.demand)
        if refused is not None:
            rejections.append(_at(refused, site, offer))
            continue
        if not made.priced:
            rejections.append(_at(Rejection("price", f"{offer.name} has no {made.term} price"), site, offer))
        found.append(made)


def _unplaced(context: Context, offer: Offer) -> Rejection:
    """Why replicas that serve find no place on an offer."""
    if context.profile.supply.disaggregation == "always" and not offer.joins:
        return Rejection(
            "network", f"two pools hand over their cache, and no source gives {offer.name} a network for it"
        )
    return Rejection("size", "the smallest replica needs more GPUs than the server has")


def _barred(context: Context, site: Site, bans: Sequence[str]) -> Rejection | None:
    """Why nothing at a site can be taken whenever it serves: a barred model or a rule."""
    if bans:
        return Rejection("model_ban", bans[0])
    verdict = context.verdicts[site.id]
    if verdict.verdict == "rejected":
        return Rejection("rule", verdict.reasons[0])
    return None


def _late(context: Context, site: Site) -> Rejection:
    """A go-live that a site cannot meet, and that no other site bridges."""
    available = (context.go_live - context.profile.plan_date).days / 7
    weeks = context.leads[site.id]["total"]
    return Rejection("lead_time", _lateness(context, site), got=weeks, limit=available, unit="weeks")


def _nothing_offered(context: Context, site: Site) -> Rejection:
    """Why a site has no option at all: the catalog lists nothing there, or nothing of the GPU classes asked for."""
    asked = f" of {', '.join(context.profile.supply.gpus)}" if context.profile.supply.gpus else ""
    detail = (
        f"the catalog lists no server or instance{asked} at {site.name}; add its price list in a catalog overlay, or name "
        "other GPU classes in supply.gpus"
    )
    return Rejection("offer", detail, option={"site": site.id})


def _lateness(context: Context, site: Site) -> str:
    lead, plan_date = context.leads[site.id], context.profile.plan_date
    parts = " + ".join(f"{name.replace('_', '-')} {weeks:g} w" for name, weeks in lead.items() if name != "total")
    return (
        f"{context.go_live} cannot be met at {site.id}: {parts} = {lead['total']:g} weeks after "
        f"plan_date {plan_date} is {earliest_service(plan_date, lead)}"
    )


def _at(rejection: Rejection, site: Site, offer: Offer) -> Rejection:
    option = {"site": site.id, "gpu": offer.gpu} | rejection.option
    return Rejection(rejection.reason, rejection.detail, rejection.got, rejection.limit, rejection.unit, option)


def _offers(context: Context, site: Site) -> tuple[Offer, ...]:
    return offers(site, context.catalog, tuple(context.named.gpus))


def rooms(context: Context) -> dict[str, Room]:
    """Where replicas of each GPU class can stand at the sites of the profile; classes that none of them offers are left out."""
    offered: dict[str, list[Offer]] = {gpu: [] for gpu in context.named.gpus}
    for site in context.named.sites:
        for offer in _offers(context, site):
            offered[offer.gpu].append(offer)
    return {gpu: room(found) for gpu, found in offered.items() if found}


def _layouts(context: Context, gpu: str, screened: Sequence[Screened]) -> int:
    """Layouts of all pools that were looked at on a GPU class."""
    served = sum(c.gpu == gpu for s in screened for c in s.candidates)
    return served + sum(r.option["gpu"] == gpu for s in screened for r in s.rejections)
