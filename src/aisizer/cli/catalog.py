"""`aisizer catalog`: list, show, verify."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from aisizer.catalog.catalog import Catalog
from aisizer.cli.completion import KINDS
from aisizer.cli.terminal import fitted
from aisizer.errors import InvalidInput
from aisizer.profile.fields import did_you_mean
from aisizer.schema import Record


def list_kind(kind: str, overlay: Path | None, as_json: bool) -> None:
    """Lists the records of one kind."""
    from aisizer.catalog.load import load_catalog

    records = _records(load_catalog(overlay), kind)
    if as_json:
        sys.stdout.write(json.dumps(list(records)) + "\n")
        return
    rows = [(key, str(getattr(record, "name", ""))) for key, record in records.items()]
    size = max((len(key) for key, _ in rows), default=0)
    sys.stdout.write("".join(f"{key:<{size}}  {name}\n" for key, name in rows))


def show(name: str, overlay: Path | None) -> None:
    """Prints one record with the sources behind its numbers."""
    from aisizer.catalog.load import load_catalog

    catalog = load_catalog(overlay)
    found = [(kind, name) for kind in KINDS if name in _records(catalog, kind)]
    if not found:
        names = [key for kind in KINDS for key in _records(catalog, kind)]
        raise InvalidInput(
            f"The catalog has no record {name}{did_you_mean(name, names)}. Name one of `aisizer catalog list gpus`."
        )
    for kind, key in found:
        record = _records(catalog, kind)[key]
        sys.stdout.write(f"{kind}/{key}\n{record.model_dump_json(indent=2, exclude_none=True)}\n")
        for source in sorted(set(getattr(record, "sources", {}).values())):
            at = catalog.sources[source]
            told = f"{source}: {at.title}, {at.publisher}, {at.date}, {at.kind}. {at.url}\n"
            sys.stdout.write(fitted(told, sys.stdout))


def verify(overlay: Path | None) -> None:
    """Checks that every record loads, is sourced and is plausible."""
    from aisizer.catalog.load import load_catalog
    from aisizer.catalog.verify import verify_catalog
    from aisizer.deliver.numbers import count

    catalog = load_catalog(overlay)
    problems = verify_catalog(catalog)
    if problems:
        raise InvalidInput("\n".join([*problems, f"{count(len(problems), 'problem')} in the catalog."]))
    counts = ", ".join(f"{len(_records(catalog, kind))} {kind}" for kind in KINDS)
    laid = f" {_laid(catalog, load_catalog())}" if catalog.overlay else ""
    told = f"The catalog {catalog.version} is sound: {counts}, {len(catalog.sources)} sources.{laid}\n"
    sys.stdout.write(fitted(told, sys.stdout))


def _laid(catalog: Catalog, packaged: Catalog) -> str:
    """What an overlay changes, so that a file in the wrong place is seen."""
    added = [
        f"{kind}/{key}" for kind in KINDS for key in _records(catalog, kind) if key not in _records(packaged, kind)
    ]
    new, replaced = (", ".join(names) or "none" for names in (added, catalog.replaced))
    return f"The overlay {catalog.overlay} adds {new} and replaces {replaced}."


def _records(catalog: Catalog, kind: str) -> Mapping[str, Record]:
    if kind not in KINDS:
        raise InvalidInput(f"The catalog has no kind {kind}. Name one of {', '.join(KINDS)}.")
    records: Mapping[str, Record] = getattr(catalog, kind)
    return records
