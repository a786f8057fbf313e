"""The loaded catalog: look-ups by id or alias, with "did you mean"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aisizer.catalog.names import NotASite, UnknownName, find, nearest, spelled
from aisizer.catalog.records import (
    Amount,
    Engine,
    Exporter,
    Gpu,
    ManagedApi,
    Model,
    PriceList,
    Rule,
    Server,
    Site,
    Source,
)


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
    apis: Mapping[str, ManagedApi] = field(default_factory=dict)
    """by id: services billed by the token, for the break-even only"""
    exporters: Mapping[str, Exporter] = field(default_factory=dict)
    """by id: metric names of what is no engine of its own"""
    overlay: str | None = None
    """name of the user's overlay folder, never its path"""
    replaced: tuple[str, ...] = ()
    """kind/id of every packaged record that the overlay replaces"""

    def amount(self, name: str) -> Amount:
        """The facility price or factor of that name, wherever a price list holds it."""
        for prices in self.prices.values():
            if name in prices.amounts:
                return prices.amounts[name]
        raise KeyError(name)

    def find_gpu(self, name: str) -> Gpu:
        """The GPU of that id, alias or spelling."""
        return find("gpu", name, self.gpus)

    def find_server(self, name: str) -> Server:
        """The server of that id, alias or spelling."""
        return find("server", name, self.servers)

    def find_model(self, name: str) -> Model:
        """The model of that id, alias, Hugging Face name or spelling."""
        return find("model", name, self.models)

    def find_engine(self, name: str) -> Engine:
        """The engine of that id, alias or spelling; a bare engine name is its newest version."""
        return find("engine", name, self.engines)

    def find_exporter(self, name: str) -> Exporter:
        """The exporter of that id, alias or spelling."""
        return find("exporter", name, self.exporters)

    def find_site(self, name: str) -> Site:
        """The site of that id, alias or spelling; a managed API is none."""
        for api in self.apis.values():
            if spelled(name) in (api.id, *api.aliases) and name not in self.sites:
                raise NotASite(name)
        return find("site", name, self.sites)

    def find_rule(self, name: str) -> Rule:
        """The framework of that id or spelling."""
        plain = spelled(name)
        for rule in self.rules.values():
            if plain in (rule.id, spelled(rule.name)):
                return rule
        raise UnknownName("rule", name, nearest(plain, self.rules))
