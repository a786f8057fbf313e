"""The catalog records that a profile names; every name that leads nowhere is one fault, all at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.names import UnknownName
from aisizer.catalog.records import Engine, Gpu, Model, Rule, Site
from aisizer.errors import Fault, InvalidInput
from aisizer.profile.load import LoadedProfile
from aisizer.sizing.admissible import frameworks_for

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Named:
    """Everything of the catalog that the profile asks for by name."""

    models: Mapping[str, Model]
    """by workload"""
    engine: Engine
    sites: tuple[Site, ...]
    gpus: Mapping[str, Gpu]
    """GPU classes to consider, by id"""
    rules: tuple[Rule, ...]
    today: Gpu | None


def resolve(loaded: LoadedProfile, catalog: Catalog, files: Mapping[str, Model]) -> Named:
    """Looks every name of the profile up; `files` holds, by workload, the models named by path or size."""
    profile = loaded.profile
    faults: list[Fault] = []

    def look_up(find: Callable[[str], T], name: str, *path: str | int) -> T | None:
        try:
            return find(name)
        except UnknownName as error:
            faults.append(loaded.fault(path, str(error)))
            return None

    models = {
        name: files.get(name) or look_up(catalog.find_model, workload.model, "workloads", name, "model")
        for name, workload in profile.workloads.items()
    }
    supply, today = profile.supply, profile.evidence.today
    engine = look_up(catalog.find_engine, supply.engine, "supply", "engine")
    sites = [look_up(catalog.find_site, name, "supply", "sites", i) for i, name in enumerate(supply.sites)]
    gpus = [look_up(catalog.find_gpu, name, "supply", "gpus", i) for i, name in enumerate(supply.gpus)]
    today_gpu = look_up(catalog.find_gpu, today.gpu, "evidence", "today", "gpu") if today else None
    rules = _rules(loaded, catalog, faults)
    if faults or engine is None:
        raise InvalidInput(faults)
    return Named(
        models={name: model for name, model in models.items() if model is not None},
        engine=engine,
        sites=tuple({site.id: site for site in sites if site is not None}.values()),
        gpus={gpu.id: gpu for gpu in gpus if gpu is not None} or dict(catalog.gpus),
        rules=rules,
        today=today_gpu,
    )


def _rules(loaded: LoadedProfile, catalog: Catalog, faults: list[Fault]) -> tuple[Rule, ...]:
    try:
        return frameworks_for(loaded.profile.compliance, catalog.rules)
    except InvalidInput as error:
        faults += [
            loaded.fault(("compliance", "frameworks"), line.removeprefix("compliance.frameworks: "))
            for line in str(error).splitlines()
        ]
        return ()
