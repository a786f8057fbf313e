"""The chosen plan's bill of materials, and what a reader must know of its dates and quotes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from aisizer.costs.bom import Bill, bill_of_materials
from aisizer.costs.bom_lines import SITE_WORK, Dated, Terms
from aisizer.costs.bridge import PREFIX
from aisizer.costs.needs import line_id
from aisizer.costs.records import BomLine
from aisizer.engine.memory import weights_bytes
from aisizer.engine.parallel import Parallel
from aisizer.plan import bridge, site_work
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated, bought
from aisizer.plan.records import Bridge, SiteWork
from aisizer.roadmap.records import Roadmap
from aisizer.sizing.needs import Need
from aisizer.sizing.server_parts import Part, cpu_server_parts, server_parts

CPU_SERVER = "cpu-server"
OWN_DATES = (PREFIX, SITE_WORK)
"""How the ids of cost lines begin that are not ordered with the servers of their wave."""


def bom_of(
    context: Context,
    best: Evaluated,
    needs: Sequence[Need],
    roadmap: Roadmap,
    work: Sequence[SiteWork],
    bridged: Bridge | None,
) -> tuple[BomLine, ...]:
    """All waves; work on the site and a bridge have dates of their own."""
    dated = {
        site_work.line_of(item): Dated(item.lead_time_weeks, item.order_by, item.need_by)
        for item in work
        if item.lead_time_weeks is not None and item.order_by is not None
    }
    bill = Bill(
        terms=Terms(best.buyer, context.leads[best.site.id], context.profile.plan_date),
        lines=best.cost.lines,
        needs=needs,
        fleet=bought(best.fleets),
        purchases=roadmap.purchases,
        parts=_parts(context, best, needs),
        dated=dated | bridge.dates(bridged, best.cost.lines),
        notes=_second_site(best),
    )
    return bridge.named(bridged, bill_of_materials(bill), best.bridge.offer.provider if best.bridge else "")


def sentences(bom: Sequence[BomLine], roadmap: Roadmap, plan_date: date) -> Iterator[str]:
    """Warnings of quotes that end before their line is ordered, and of quoted lead times that are too long."""
    ending = [b for b in bom if b.quote_valid_until is not None and plan_date <= b.quote_valid_until < b.order_by]
    for line in {b.price_source: b for b in reversed(ending)}.values():
        yield (
            f"The quote {_named(line)} is valid until {line.quote_valid_until}, and wave {line.wave} is ordered by "
            f"{line.order_by}: renew it, or order earlier."
        )
    decided = {purchase.wave: purchase.order_by for purchase in roadmap.purchases}
    slow = [b for b in bom if b.supplier and not b.cost_line.startswith(OWN_DATES) and b.order_by < decided[b.wave]]
    for line in {b.price_source: b for b in reversed(slow)}.values():
        due = _due(line.order_by, decided[line.wave], plan_date)
        yield (
            f"Line {line.line} of the bill of materials ({line.description}) must be ordered by {line.order_by}, before {due}: "
            f"its quote takes {line.lead_time_weeks:g} weeks in all. Set supply.lead_time.delivery to the quoted time, so that "
            "the whole plan follows, or find a supplier who is faster."
        )


def _due(order_by: date, decided: date, plan_date: date) -> str:
    return f"plan_date {plan_date}" if order_by < plan_date else f"the {decided} of its wave"


def _named(line: BomLine) -> str:
    return f"{line.quote_ref} of {line.supplier} for {line.description}".strip()


def _parts(context: Context, best: Evaluated, needs: Sequence[Need]) -> Mapping[str, Sequence[Part]]:
    """What is in one piece of each cost line that buys servers; nothing where the landlord's servers are rented."""
    server = best.offer.server
    if server is None:
        return {}
    weights = sum(weights_bytes(c.pool.model, c.form.precision, Parallel()) for c in best.layout.candidates)
    gpu_server = server_parts(server, context.named.gpus[best.offer.gpu], weights, best.buyer.rdma)
    cpu_server = cpu_server_parts(context.profile.supply.front_end)
    with_cpus = {line_id(need) for need in needs if need.price == CPU_SERVER}
    with_gpus = [i.id for i in best.cost.lines if i.category != "tax" and i.id.rpartition("-")[2] == "hardware"]
    return {**dict.fromkeys(with_cpus, cpu_server), **dict.fromkeys(with_gpus, gpu_server)}


def _second_site(best: Evaluated) -> Mapping[tuple[int, str], str]:
    """How many servers or instances of each wave stand at the second site."""
    standing = [s - p for s, p in zip(best.fleets.servers, best.fleets.production, strict=True)]
    found: dict[tuple[int, str], str] = {}
    before = 0
    for wave, made in enumerate(best.fleets.waves, start=1):
        here = standing[made.month - 1]
        if here > before:
            told = f"{here - before} of them stand at the second site."
            found |= {(wave, line.id): told for line in best.cost.lines if line.id == "hardware"}
            found |= {(wave, line.id): told for line in best.cost.lines if line.category == "rent"}
        before = max(before, here)
    return found
