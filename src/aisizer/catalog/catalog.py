"""The loaded catalog: look-ups by id or alias, with "did you mean"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aisizer.catalog.records import Amount, Engine, Gpu, Model, PriceList, Rule, Server, Site, Source


@dataclass(frozen=True, slots=True)
class Catalog:
    """All records of one catalog folder (and its overlay), by id; models are parsed only when named."""

    version: str
    sha256: str
    gpus: Mapping[str, Gpu]
    servers: Mapping[str, Server]
    models: Mapping[str, Model]
    engines: Mapping[str, Engine]
    prices: Mapping[str, PriceList]
    sites: Mapping[str, Site]
    rules: Mapping[str, Rule]
    sources: Mapping[str, Source]
    overlay: str | None = None
    """name of the user's overlay folder, never its path"""

    def amount(self, name: str) -> Amount:
        """The facility price or factor of that name, wherever a price list holds it."""
        for prices in self.prices.values():
            if name in prices.amounts:
                return prices.amounts[name]
        raise KeyError(name)
