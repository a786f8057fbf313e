"""How the first wave survives: the probability that enough servers are up, and what a second site gives."""

from __future__ import annotations

from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated, planned_factor
from aisizer.plan.records import Availability, RecoveryCheck
from aisizer.plan.surroundings import recovery_data
from aisizer.profile.sections import Resilience
from aisizer.sizing import resilience as rules
from aisizer.sizing.fleet import fleet
from aisizer.sizing.recovery import least_posture, recovery
from aisizer.units import HOURS_PER_MONTH


def availability(context: Context, best: Evaluated) -> Availability:
    """The binomial tail of the first wave at the highest demand that it was bought for, and what stacking would add.

    Where pools share servers or a replica spans some, the load is carried whichever of the redundancy are down; more of them
    may be down if they are the right ones, which is not counted.
    """
    resilience, factor = context.profile.resilience, planned_factor(best, context.demand)
    made = fleet(best.layout, factor, resilience)
    standing = best.fleets.production[best.fleets.first] - made.upgrade_servers
    needed = standing - made.redundant_servers if made.spread_servers else made.serving_servers
    probability = rules.availability(needed, standing, resilience)
    stacked = fleet(best.layout, factor, _stacked(resilience)).upgrade_servers
    return Availability(
        needed=needed,
        servers=standing,
        server_down=rules.server_down(resilience),
        rack_down=rules.rack_down(resilience),
        probability=probability,
        target=resilience.availability,
        met=probability >= resilience.availability,
        stacked_servers=stacked,
        stacked_usd=_price(best, stacked),
    )


def recovery_check(context: Context, best: Evaluated) -> RecoveryCheck:
    """The posture at month 36's data, beside its targets and the least posture that would meet them."""
    resilience = context.profile.resilience
    wanted, data = resilience.disaster_recovery, recovery_data(best.layout, context.demand)[-1]
    found = recovery(data, resilience)
    return RecoveryCheck(
        posture=wanted.posture,
        servers=best.fleets.servers[best.fleets.first] - best.fleets.production[best.fleets.first],
        rto_s=wanted.rto,
        rpo_s=wanted.rpo,
        restore_s=None if found.restore_s is None else dict(found.restore_s),
        total_s=found.total_s,
        loss_s=found.loss_s,
        rto_met=found.rto_met,
        rpo_met=found.rpo_met,
        replication_mbit_s=8 * found.replication_bytes_per_s / 1e6,
        link_mbit_s=wanted.link / 1e6,
        least_posture=least_posture(data, resilience),
        missed=found.missed,
    )


def _stacked(resilience: Resilience) -> Resilience:
    upgrades = resilience.upgrades.model_copy(update={"method": "rolling", "stack_on_redundancy": True})
    return resilience.model_copy(update={"upgrades": upgrades})


def _price(best: Evaluated, servers: int) -> float | None:
    """[USD] of so many servers: bought, or rented for a month."""
    book, offer = best.buyer.book, best.offer
    if offer.server is not None:
        price = book.priced(offer.id, offer.terms.get("purchase"))
        return None if price is None else servers * price.base
    hourly = book.priced(offer.id, offer.terms.get(best.term), term="" if best.term == "on_demand" else best.term)
    return None if hourly is None else servers * hourly.base * HOURS_PER_MONTH
