"""The document's section on how the fleet survives: redundancy by its binomial tail, and the second site."""

from __future__ import annotations

from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Facts, Notice, Paragraph, Section, table
from aisizer.plan import Plan
from aisizer.plan.records import Availability, RecoveryCheck
from aisizer.sizing.recovery import span


def survival_section(plan: Plan) -> Section:
    """Availability at the peak hour, and the check of recovery time and recovery point."""
    blocks: list[Block] = []
    if plan.availability is not None:
        blocks += [Paragraph(availability(plan.availability)), _availability_facts(plan, plan.availability)]
    if plan.recovery is not None:
        blocks += [Paragraph(recovery(plan.recovery)), *_recovery_blocks(plan.recovery)]
    return Section("survival", "Survival of failures", tuple(blocks))


def availability(found: Availability) -> str:
    """The probability of enough servers in a sentence."""
    reach = "meets" if found.met else "misses"
    return (
        f"At the peak hour {found.needed} of {numbers.count(found.servers, 'server')} carry the load with every SLO met. "
        f"That many are up {nines(found.probability)} of the time, which {reach} the target of {nines(found.target)}."
    )


def nines(share: float) -> str:
    """An availability with its nines, never rounded up to certainty.

    >>> nines(0.999), nines(0.99996700), nines(1 - 1e-9)
    ('99.9 %', '99.9967 %', 'more than 99.9999 %')
    """
    return "more than 99.9999 %" if share > 0.999999 else f"{share * 100:.6g} %"


def _availability_facts(plan: Plan, found: Availability) -> Facts:
    decision = labels.decided(plan)
    bought = "to buy" if decision.term == "purchase" else "a month"
    more = numbers.count(found.stacked_servers, "server")
    cost = (
        "none: they need no server more"
        if found.stacked_servers == 0
        else f"{more} more, at least {_usd(found)} {bought}"
    )
    rack = "not counted (servers_per_rack)" if found.rack_down == 0 else nines(found.rack_down)
    return Facts(
        (
            ("Redundancy", f"{labels.redundancy(decision)} (asked: {decision.redundancy})"),
            ("A server is down", f"{found.server_down * 100:.3g} % of the time, failures and repair"),
            ("A rack is down", rack),
            ("Rolling upgrades stacked on the redundancy", cost),
        )
    )


def _usd(found: Availability) -> str:
    return "an unknown price" if found.stacked_usd is None else f"{numbers.usd(found.stacked_usd)} USD"


def recovery(found: RecoveryCheck) -> str:
    """What the posture gives in a sentence."""
    posture = found.posture.replace("_", " ")
    if found.restore_s is None:
        return f"Disaster recovery: {posture}. Without a second site the service does not come back from the loss of its site."
    lost = "all writes" if found.loss_s is None else f"{span(found.loss_s)} of writes"
    return (
        f"Disaster recovery: {posture}, {numbers.count(found.servers, 'server')} at the second site. The service is back "
        f"{span(found.total_s)} after the loss of the site, and {lost} are lost."
    )


def _recovery_blocks(found: RecoveryCheck) -> list[Block]:
    least = "no posture" if found.least_posture is None else found.least_posture.replace("_", " ")
    targets = (
        ("Recovery time (RTO)", _target(found.rto_s), span(found.total_s), _met(found.rto_met)),
        ("Recovery point (RPO)", _target(found.rpo_s), span(found.loss_s), _met(found.rpo_met)),
    )
    blocks: list[Block] = [table("Recovery check at month 36", "Target | Asked # | Posture gives # | Met", targets)]
    if found.restore_s is not None:
        rows = [(name, span(seconds)) for name, seconds in found.restore_s.items()]
        blocks.append(table("Time to be back, by part", "Part | Takes #", rows))
        blocks.append(
            Paragraph(
                f"Replication takes {found.replication_mbit_s:,.3g} of {found.link_mbit_s:,.4g} Mbit/s in the peak hour. The "
                f"least posture that meets the targets: {least}."
            )
        )
    return [*blocks, *(Notice(sentence) for sentence in found.missed)]


def _target(seconds: float | None) -> str:
    return "no target" if seconds is None else span(seconds)


def _met(met: bool | None) -> str:
    return "no target" if met is None else "yes" if met else "no"
