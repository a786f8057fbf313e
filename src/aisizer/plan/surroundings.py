"""What stands around the GPUs of an option: every room's needs, gathered for its fleet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from aisizer.costs.lines import Buyer
from aisizer.costs.needs import line_id
from aisizer.engine.memory import weights_bytes
from aisizer.engine.parallel import Parallel
from aisizer.plan.demand import Demand
from aisizer.plan.on_site import environments, servers_on_site
from aisizer.plan.service import amount
from aisizer.plan.site_work import work_needs
from aisizer.roadmap.waves import Fleets
from aisizer.sizing.fabric import Cluster
from aisizer.sizing.facility import facility_needs, limits_of
from aisizer.sizing.fleet import Layout
from aisizer.sizing.front_end import electricity_need, front_end_needs
from aisizer.sizing.links import wire_between
from aisizer.sizing.logs import FURTHER_YEAR
from aisizer.sizing.migrations import Evaluated, Serving, migration_needs, people_need
from aisizer.sizing.needs import Need
from aisizer.sizing.network import network_needs
from aisizer.sizing.records import Surrounding
from aisizer.sizing.recovery import Data, recovery_needs
from aisizer.sizing.spares import spare_needs
from aisizer.units import MONTHS_PER_YEAR

STANDBY = ("warm_standby", "half_size", "active_active")
"""Postures whose second site serves at once, so that its gateways stand too; the others start them with its GPUs."""


def paid(buyer: Buyer, layout: Layout, made: Fleets, demand: Demand) -> tuple[Need, ...]:
    """The needs of an option's fleet that its cost depends on, from the month on in which its first wave serves."""
    return _from(made.first, _paid(buyer, layout, made.standing, demand))


def _from(first: int, needs: tuple[Need, ...]) -> tuple[Need, ...]:
    """The needs with none of them before the month of that index."""
    if first == 0:
        return needs
    return tuple(replace(need, by_month=(0.0,) * first + tuple(need.by_month[first:])) for need in needs)


def _paid(buyer: Buyer, layout: Layout, made: Fleets, demand: Demand) -> tuple[Need, ...]:
    front, on_site = _front_end(made, demand), servers_on_site(buyer.offer, layout, made, demand)
    owned = _owned(buyer, made, on_site, demand, _cpu_servers((*demand.service.needs, *front)))
    return (
        *demand.service.needs,
        *front,
        *(owned if buyer.offer.server is not None else ()),
        *work_needs(buyer.site, buyer.offer, on_site, demand),
        *_recovery(layout, front, demand),
        *environments(buyer.offer, layout, made, demand),
        people_need(demand.profile.resilience.upgrades, len(made.production)),
    )


def around(buyer: Buyer, layout: Layout, made: Fleets, demand: Demand) -> tuple[Need, ...]:
    """All needs of an option's fleet: those that are paid by themselves, and the network's and the migrations', which other
    lines pay for.

    A provider's network is counted, but nobody orders its parts.
    """
    needs = tuple(_costed(need, buyer) for need in paid(buyer, layout, made, demand))
    cpu = _cpu_servers(_paid(buyer, layout, made.standing, demand)) if made.first else _cpu_servers(needs)
    network = _from(made.first, _network(buyer, layout, made.standing, demand, cpu))
    owned = buyer.offer.server is not None
    return (
        *needs,
        *_migrations(buyer, layout, made, demand)[1:],
        *(network if owned else (replace(need, bought=False) for need in network)),
    )


def _costed(need: Need, buyer: Buyer) -> Need:
    """A further year of retention with what it costs; other needs as they are."""
    price = buyer.book.named(buyer.site.storage_archive)
    if need.name != FURTHER_YEAR or price is None:
        return need
    usd = need.by_month[-1] * price.base * MONTHS_PER_YEAR
    return replace(need, note=f"{need.note} Held for a year it costs {usd:,.2f} USD ({price.base:g} {price.unit}).")


def shown(needs: Sequence[Need]) -> tuple[Surrounding, ...]:
    """The needs as the Plan carries them."""
    return tuple(
        Surrounding(
            id=line_id(need),
            group=need.group,
            name=need.name,
            unit=need.unit,
            go_live=need.by_month[0],
            month_12=need.by_month[11],
            month_36=need.by_month[35],
            formula=need.formula,
            source=need.source,
            line=line_id(need) if need.price else "",
            note=need.note,
        )
        for need in needs
    )


def recovery_data(layout: Layout, demand: Demand) -> tuple[Data, ...]:
    """What a second site must hold to take over, by month."""
    weights = sum(weights_bytes(c.pool.model, c.form.precision, Parallel()) for c in layout.candidates)
    service = demand.service
    return tuple(
        Data(weights_bytes=weights, log_bytes=logs * 1e9, index_bytes=index * 1e9, written_bytes_per_s=written)
        for logs, index, written in zip(
            service.month("Hot logs"), service.index_gb, service.log_bytes_per_s, strict=True
        )
    )


def _front_end(made: Fleets, demand: Demand) -> tuple[Need, ...]:
    service = demand.service
    return front_end_needs(
        service.traffic,
        service.seconds_per_answer,
        made.production,
        service.month("Hot logs"),
        demand.profile.supply.front_end,
    )


def _cpu_servers(needs: Sequence[Need]) -> tuple[int, ...]:
    """CPU servers by month, those of vector stores included."""
    counts = [need.by_month for need in needs if need.price == "cpu-server"]
    return tuple(round(sum(month)) for month in zip(*counts, strict=True))


def _network(buyer: Buyer, layout: Layout, made: Fleets, demand: Demand, cpu: tuple[int, ...]) -> tuple[Need, ...]:
    service, logging = demand.service, demand.service.logging
    return network_needs(
        service.traffic,
        wire_between(service.wire, layout.candidates, layout.gpus_per_server),
        service.log_bytes_per_s,
        logging.backups + int(logging.worm),
        Cluster(made.production, cpu, buyer.offer.gpus, buyer.rdma),
    )


def _owned(
    buyer: Buyer, made: Fleets, on_site: tuple[int, ...], demand: Demand, cpu: tuple[int, ...]
) -> Iterator[Need]:
    """Racks and power of all servers on site, and parts on the shelf, which who rents does not see."""
    supply, book = demand.profile.supply, demand.book
    pue = supply.pue if supply.pue is not None else amount(book, buyer.site.pue or "pue")
    if buyer.offer.server is not None:
        yield from facility_needs(
            buyer.offer.server,
            on_site,
            limits_of(buyer.site, supply),
            pue,
            amount(book, "average-power-share"),
            book.amounts["rack-density"],
        )
    yield electricity_need(cpu, supply.front_end)
    failures = amount(book, "gpu-failures-per-year")
    yield from spare_needs(made.servers, buyer.offer.gpus, failures, demand.profile.resilience)


def _recovery(layout: Layout, front: Sequence[Need], demand: Demand) -> Iterator[Need]:
    resilience = demand.profile.resilience
    posture = resilience.disaster_recovery.posture
    # From backups nothing is kept but the backups, which the logs and the vector stores count.
    storage = "" if posture == "backup_restore" else "storage-hot"
    yield from recovery_needs(recovery_data(layout, demand), resilience, storage)
    if posture in STANDBY:
        cpu = next(need for need in front if need.price == "cpu-server")
        yield Need(
            "recovery", "CPU servers at the second site", cpu.unit, cpu.by_month, "as at the first site",
            "resilience.disaster_recovery.posture", price=cpu.price, bought=True,
            note="Its gateways must carry the whole load; racks and parts there are not counted.",
        )  # fmt: skip


def _migrations(buyer: Buyer, layout: Layout, made: Fleets, demand: Demand) -> tuple[Need, ...]:
    """What each migration takes, its people first."""
    spare = tuple(f.redundant_servers for f in made.needed)
    upgrade = tuple(f.upgrade_servers for f in made.needed)
    serving = tuple(n - u for n, u in zip(made.production, upgrade, strict=True))
    evaluated = [
        Evaluated(
            workload=c.pool.name,
            prompt_tokens=c.pool.promised.mean_prompt,
            output_tokens=c.pool.promised.mean_output,
            replica_gpus=c.gpus,
            rate_per_replica=c.share * c.pool.promised.peak_rate,
        )
        for c in layout.candidates
    ]
    return migration_needs(Serving(serving, spare, upgrade, buyer.offer.gpus), evaluated, demand.profile.resilience)
