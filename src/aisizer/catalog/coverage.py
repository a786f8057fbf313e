"""Every number and date of a record has a source, every source exists, and money has its currency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from aisizer.catalog.records import Amount, Instance, ManagedApi, Server, Source, Sourced
from aisizer.schema import Record

Path = tuple[str | int, ...]

SERVER_PRICE_UNIT, INSTANCE_PRICE_UNIT, TOKEN_PRICE_UNIT = "USD", "USD/h", "USD/Mtoken"


def coverage_problems(record: Record, sources: Mapping[str, Source]) -> Iterator[tuple[Path, str]]:
    """Each place of the record that breaks these rules, with the sentence that mends it."""
    if isinstance(record, Sourced):
        yield from _uncovered(record)
        yield from _unused(record)
        for field, source in record.sources.items():
            if source not in sources:
                yield ("sources", field), _unknown_source(source)
    for path, amount in _amounts(record, ()):
        if amount.source not in sources:
            yield (*path, "source"), _unknown_source(amount.source)
        if amount.low is not None and amount.low > amount.base:
            yield (*path, "low"), f"low is above base (got {amount.low:g} and {amount.base:g}). Order low, base, high."
        if amount.high is not None and amount.high < amount.base:
            yield (
                (*path, "high"),
                f"high is below base (got {amount.high:g} and {amount.base:g}). Order low, base, high.",
            )
    yield from _wrong_currency(record)


def _uncovered(record: Sourced) -> Iterator[tuple[Path, str]]:
    for path, kind in _figures(record, ()):
        dotted = ".".join(str(part) for part in path)
        if not {dotted, str(path[0]), "*"} & set(record.sources):
            yield path, f'this {kind} has no source. Name one under sources as "{dotted}" or "{path[0]}".'


def _unused(record: Sourced) -> Iterator[tuple[Path, str]]:
    for field in record.sources:
        if field != "*" and field.split(".")[0] not in type(record).model_fields:
            yield ("sources", field), f"{field} is not a field of this record. Name a field, or * for all others."


def _figures(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    """All numbers and dates that the file sets, with their kind; not those of amounts, which name their own source."""
    if isinstance(value, Amount):
        return
    if isinstance(value, Record):
        for field in value.model_fields_set:
            yield from _figures(getattr(value, field), (*path, field))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _figures(item, (*path, index))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path, "number"
    elif isinstance(value, date):
        yield path, "date"


def _amounts(value: object, path: Path) -> Iterator[tuple[Path, Amount]]:
    if isinstance(value, Amount):
        yield path, value
    elif isinstance(value, Record):
        for field in value.model_fields_set:
            yield from _amounts(getattr(value, field), (*path, field))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _amounts(item, (*path, str(key)))


def _wrong_currency(record: Record) -> Iterator[tuple[Path, str]]:
    if isinstance(record, Server) and record.price is not None and record.price.unit != SERVER_PRICE_UNIT:
        yield ("price", "unit"), _currency(record.price.unit, SERVER_PRICE_UNIT)
    for name, instance in getattr(record, "instances", {}).items():
        assert isinstance(instance, Instance)
        for term, amount in instance.terms.items():
            if amount.unit != INSTANCE_PRICE_UNIT:
                yield ("instances", name, "terms", term, "unit"), _currency(amount.unit, INSTANCE_PRICE_UNIT)
    if isinstance(record, ManagedApi):
        for model, price in record.models.items():
            for direction, amount in (("input", price.input), ("output", price.output)):
                if amount.unit != TOKEN_PRICE_UNIT:
                    yield ("models", model, direction, "unit"), _currency(amount.unit, TOKEN_PRICE_UNIT)


def _currency(got: str, wanted: str) -> str:
    return f"the price must be in {wanted} (got {got}). Convert it and name the exchange rate in note."


def _unknown_source(source: str) -> str:
    return f"the catalog has no source {source!r}. Add it to sources/*.yaml."
