"""The catalog records that a profile names, and the names that lead nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.generic import is_size, names_a_file
from aisizer.catalog.names import NotASite, UnknownName
from aisizer.catalog.records import Engine, Gpu, Model, Rule, Site
from aisizer.costs.licences import LICENCE_UNITS
from aisizer.costs.needs import SPARE_GPU
from aisizer.costs.records import Category
from aisizer.profile.checks import TERMS
from aisizer.profile.fields import did_you_mean
from aisizer.profile.sections import Profile
from aisizer.profile.yaml_file import FieldPath
from aisizer.sizing.admissible import OTHER_PLACES, frameworks_for, place_names
from aisizer.sizing.breaches import WORK_PRICES


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
    places: Mapping[str, Site]
    """sites that hold the data beside the chosen one, by the name in the profile"""


def resolve(profile: Profile, catalog: Catalog, files: Mapping[str, Model]) -> Named:
    """Looks every name of the profile up; `files` holds, by workload, the models named by path or size."""
    supply, today = profile.supply, profile.evidence.today
    compliance, recovery = profile.compliance, profile.resilience.disaster_recovery
    engine = catalog.find_engine(supply.engine)
    if supply.api_processes is not None:
        engine = engine.model_copy(update={"api_processes": supply.api_processes})
    sites = [catalog.find_site(name) for name in supply.sites]
    gpus = [catalog.find_gpu(name) for name in supply.gpus] or list(catalog.gpus.values())
    return Named(
        models={
            name: files.get(name) or catalog.find_model(workload.model) for name, workload in profile.workloads.items()
        },
        engine=engine,
        sites=tuple({site.id: site for site in sites}.values()),
        gpus={gpu.id: gpu for gpu in gpus},
        rules=frameworks_for(compliance, catalog.rules),
        today=catalog.find_gpu(today.gpu) if today else None,
        places={name: catalog.find_site(name) for name in place_names(compliance, recovery).values()},
    )


def unknown_names(data: Mapping[str, Any], catalog: Catalog) -> list[tuple[FieldPath, str]]:
    """Every name in a profile's data, valid or not, that the catalog does not know."""
    findings: list[tuple[FieldPath, str]] = []
    for path, name, find in _references(data, catalog):
        try:
            find(name)
        except (NotASite, UnknownName) as error:
            findings.append((path, str(error)))
    return [*findings, *_unknown_quotes(data, catalog), *_unknown_licences(data, catalog), *_unknown_categories(data)]


def _unknown_licences(data: Mapping[str, Any], catalog: Catalog) -> Iterator[tuple[FieldPath, str]]:
    """Licences that neither the catalog nor a quote prices."""
    amounts = (item for prices in catalog.prices.values() for item in prices.amounts.items())
    items = (_value(data, ("supply", "quotes", i, "item")) for i, _ in enumerate(_at(data, "supply", "quotes")))
    quoted = {item for item in items if isinstance(item, str)}
    known = sorted({name for name, amount in amounts if amount.unit in LICENCE_UNITS} | quoted)
    for i, licence in enumerate(_at(data, "supply", "licences")):
        if isinstance(licence, str) and licence not in known:
            near = did_you_mean(licence, known)
            problem = f"the catalog has no licence of that name (got {licence}){near}. Name one of {', '.join(known)}."
            yield ("supply", "licences", i), problem.replace(") (", "; ")


def _licences(data: Mapping[str, Any]) -> list[str]:
    return [name for name in _at(data, "supply", "licences") if isinstance(name, str)]


def _unknown_categories(data: Mapping[str, Any]) -> Iterator[tuple[FieldPath, str]]:
    """Accounts and yearly steps of categories that no line has."""
    known = sorted(get_args(Category))
    for field in ("gl_accounts", "escalation"):
        for category in _at(data, "finance", field):
            if isinstance(category, str) and category not in known:
                near = did_you_mean(category, known)
                problem = f"no line has this category (got {category}){near}. Name one of {', '.join(known)}."
                yield ("finance", field, category), problem.replace(") (", "; ")


def _unknown_quotes(data: Mapping[str, Any], catalog: Catalog) -> list[tuple[FieldPath, str]]:
    """Quotes for what neither a server, an instance, a term of one, nor a facility price is called."""
    instances = {key for prices in catalog.prices.values() for key in prices.instances}
    amounts = {key for prices in catalog.prices.values() for key in prices.amounts}
    terms = {f"{key}:{term}" for key in instances for term in TERMS}
    known = set(catalog.servers) | instances | amounts | terms | {SPARE_GPU, *WORK_PRICES.values(), *_licences(data)}
    findings: list[tuple[FieldPath, str]] = []
    for i, _ in enumerate(_at(data, "supply", "quotes")):
        path: FieldPath = ("supply", "quotes", i, "item")
        item = _value(data, path)
        if isinstance(item, str) and item not in known:
            near = did_you_mean(item, sorted(known))
            findings.append(
                (
                    path,
                    f"the catalog prices nothing of that name (got {item}){near}. Name a server, or "
                    "an instance or amount of `aisizer catalog show facility`.",
                )
            )
    return findings


def _references(data: Mapping[str, Any], catalog: Catalog) -> Iterator[tuple[FieldPath, str, Callable[[str], object]]]:
    for workload in _at(data, "workloads"):
        path: FieldPath = ("workloads", workload, "model")
        model = _value(data, path)
        if isinstance(model, str) and not names_a_file(model) and not is_size(model):
            yield path, model, catalog.find_model
    single: Iterable[tuple[FieldPath, Callable[[str], object]]] = (
        (("supply", "engine"), catalog.find_engine),
        (("evidence", "today", "gpu"), catalog.find_gpu),
        (("evidence", "prototype", "gpu"), catalog.find_gpu),
        *((tuple(path.split(".")), catalog.find_site) for path in OTHER_PLACES),
        *((("supply", "sites", i), catalog.find_site) for i, _ in enumerate(_at(data, "supply", "sites"))),
        *(
            (("evidence", "orders", i, "site"), catalog.find_site)
            for i, _ in enumerate(_at(data, "evidence", "orders"))
        ),
        (("evidence", "monitoring", "exporter"), catalog.find_exporter),
        *((("supply", "gpus", i), catalog.find_gpu) for i, _ in enumerate(_at(data, "supply", "gpus"))),
        *(
            (("compliance", "frameworks", i), catalog.find_rule)
            for i, _ in enumerate(_at(data, "compliance", "frameworks"))
        ),
    )
    for path, find in single:
        name = _value(data, path)
        if isinstance(name, str):
            yield path, name, find


def _at(data: Mapping[str, Any], *path: str) -> Iterable[Any]:
    """The keys or items at a path; nothing where the data has another form."""
    found = _value(data, path)
    return found if isinstance(found, (dict, list)) else ()


def _value(data: Any, path: FieldPath) -> Any:
    for key in path:
        if isinstance(data, dict):
            data = data.get(key)
        elif isinstance(data, list) and isinstance(key, int):
            data = data[key]
        else:
            return None
    return data
