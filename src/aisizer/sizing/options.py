"""What each site offers: servers to buy or instances to rent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.records import Amount, Server, Site


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


def offers(site: Site, catalog: Catalog, gpus: tuple[str, ...]) -> tuple[Offer, ...]:
    """Everything the site offers of the GPU classes asked for (all of them when none is named)."""
    found = _servers(site, catalog) if site.ownership == "own" else _instances(site, catalog)
    return tuple(offer for offer in found if not gpus or offer.gpu in gpus)


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
        )
        for provider in site.providers
        for key, instance in catalog.prices[provider].instances.items()
    ]
