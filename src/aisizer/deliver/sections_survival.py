"""The document's section on how the fleet survives: redundancy by its binomial tail, and the second site."""

from __future__ import annotations

from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Notice, Paragraph, Section, table
from aisizer.deliver.sections_drills import drill_blocks
from aisizer.plan import Decision, Plan
from aisizer.plan.records import Availability, RecoveryCheck
from aisizer.sizing.recovery import span


def survival_section(plan: Plan) -> Section:
    """Availability at the peak hour, the check of recovery time and recovery point, and the drills."""
    blocks: list[Block] = []
    if plan.availability is not None:
        found = plan.availability
        blocks.append(Paragraph(f"{availability(found)} {_redundancy(labels.decided(plan), found)}"))
    if plan.recovery is not None:
        blocks += [Paragraph(recovery(plan.recovery)), *_recovery_blocks(plan.recovery)]
    return Section("survival", "Redundancy, recovery and drills", (*blocks, *drill_blocks(plan)))


def availability(found: Availability) -> str:
    """The probability of enough servers in a sentence."""
    reach = "meets" if found.met else "misses"
    return (
        f"At the peak hour {found.needed} of {numbers.count(found.servers, 'server')} "
        f"{'carries' if found.needed == 1 else 'carry'} the load with every SLO met. "
        f"At least that many are up {nines(found.probability)} of the time, which {reach} the target of {nines(found.target)}."
    )


def nines(share: float) -> str:
    """An availability with its nines, never rounded up to certainty.

    >>> nines(0.999), nines(0.99996700), nines(1 - 1e-9)
    ('99.9 %', '99.9967 %', '>99.9999 %')
    """
    return ">99.9999 %" if share > 0.999999 else f"{share * 100:.6g} %"


def _redundancy(decision: Decision, found: Availability) -> str:
    """What stands behind the probability, and what upgrades on top of the redundancy would cost."""
    rack = "" if found.rack_down == 0 else f", a rack {nines(found.rack_down)}"
    told = (
        f"The redundancy is {labels.redundancy(decision)} (asked: {decision.redundancy}); a server is down "
        f"{found.server_down * 100:.3g} % of the time for failures and repair{rack}."
    )
    if found.stacked_servers == 0:
        return f"{told} Rolling upgrades stacked on it need no server more."
    bought = "to buy" if decision.term == "purchase" else "a month"
    more = numbers.count(found.stacked_servers, "server")
    return f"{told} Rolling upgrades stacked on it would take {more} more, at least {_usd(found)} {bought}."


def _usd(found: Availability) -> str:
    return "an unknown price" if found.stacked_usd is None else f"{numbers.usd(found.stacked_usd)} USD"


def recovery(found: RecoveryCheck) -> str:
    """What the posture gives in a sentence."""
    posture = labels.words(found.posture)
    if found.restore_s is None:
        return f"Disaster recovery: {posture}. Without a second site the service does not come back from the loss of its site."
    lost = "all writes" if found.loss_s is None else f"up to {span(found.loss_s)} of writes"
    servers = numbers.count(found.servers, "server") if found.servers else "no server"
    return (
        f"Disaster recovery: {posture}, {servers} kept at the second site. The service is back {span(found.total_s)} after the "
        f"loss of the site, and {lost} are lost."
    )


def _recovery_blocks(found: RecoveryCheck) -> list[Block]:
    targets = (
        ("Recovery time (RTO)", _target(found.rto_s), span(found.total_s), _met(found.rto_met)),
        ("Recovery point (RPO)", _target(found.rpo_s), span(found.loss_s), _met(found.rpo_met)),
    )
    heads = "Target | Asked # | Posture gives # | Met"
    asked = found.rto_s is not None or found.rpo_s is not None
    listed = table("Recovery check at month 36 (explain recovery)", heads, targets)
    blocks: list[Block] = [listed] if asked else []
    if found.restore_s is not None:
        least = "no posture" if found.least_posture is None else labels.words(found.least_posture)
        parts = " + ".join(f"{name} {span(seconds)}" for name, seconds in found.restore_s.items() if seconds)
        blocks.append(
            Paragraph(
                f"Time to be back: {parts}. Replication takes {found.replication_mbit_s:,.3g} of {found.link_mbit_s:,.4g} Mbit/s "
                f"in the peak hour. The least posture that meets the targets: {least}."
            )
        )
    return [*blocks, *(Notice(sentence) for sentence in found.missed)]


def _target(seconds: float | None) -> str:
    return "no target" if seconds is None else span(seconds)


def _met(met: bool | None) -> str:
    return "no target" if met is None else "yes" if met else "no"
