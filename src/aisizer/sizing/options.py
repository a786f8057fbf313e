"""What each site offers: servers to buy or instances to rent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.records import Amount, Server, Site
from aisizer.engine.constants import INTER_NODE_GB_S
from aisizer.engine.parallel import Parallel
from aisizer.sizing.cuts import Room


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing a site sells by the piece, with the prices of its terms."""

    site: str
    id: str
    name: str
    gpu: str
    gpus: int
    provider: str
    terms: Mapping[str, Amount]
    """`purchase` [USD per server], or on_demand, one_year, three_year [USD/h]; only what is priced"""
    server: Server | None = None
    """the server record, where it is bought"""
    gpu_network: Amount | None = None
    """[GB/s] one way from each GPU to other servers; null where no source gives it"""

    @property
    def joins(self) -> bool:
        """Whether its network carries a replica over several of it: at least the port that the engine model assumes."""
        return self.gpu_network is not None and self.gpu_network.base >= INTER_NODE_GB_S

    def holds(self, cut: Parallel) -> bool:
        """Whether a replica fits in one, or in several whole ones that its network joins."""
        if cut.gpus <= self.gpus:
            return True
        return self.joins and self.gpus == cut.gpus_per_node and cut.gpus % self.gpus == 0


def offers(site: Site, catalog: Catalog, gpus: tuple[str, ...]) -> tuple[Offer, ...]:
    """Everything the site offers of the GPU classes asked for (all of them when none is named)."""
    found = _servers(site, catalog) if site.ownership == "own" else _instances(site, catalog)
    return tuple(offer for offer in found if not gpus or offer.gpu in gpus)


def room(offered: Iterable[Offer]) -> Room:
    """Where replicas can stand in what is offered of one GPU class."""
    sizes = [(offer.gpus, offer.joins) for offer in offered]
    return Room(max(gpus for gpus, _ in sizes), max((gpus for gpus, joins in sizes if joins), default=0))


def _servers(site: Site, catalog: Catalog) -> list[Offer]:
    return [
        Offer(
            site=site.id,
            id=server.id,
            name=server.name,
            gpu=server.gpu,
            gpus=server.gpus,
            provider=server.manufacturer,
            terms={"purchase": server.price} if server.price else {},
            server=server,
            gpu_network=server.gpu_network,
        )
        for server in catalog.servers.values()
    ]


def _instances(site: Site, catalog: Catalog) -> list[Offer]:
    return [
        Offer(
            site=site.id,
            id=key,
            name=instance.name,
            gpu=instance.gpu,
            gpus=instance.gpus,
            provider=catalog.prices[provider].name,
            terms={str(term): amount for term, amount in instance.terms.items()},
            gpu_network=instance.gpu_network,
        )
        for provider in site.providers
        for key, instance in catalog.prices[provider].instances.items()
    ]
