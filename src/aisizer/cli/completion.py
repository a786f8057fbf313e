"""What the shell offers on TAB: names of files and fields; nothing is loaded to know them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

KINDS = ("gpus", "servers", "models", "engines", "prices", "sites", "rules", "apis", "exporters")
SCHEMAS = ("profile", "catalog", "plan", "compare", "watch", "diff", "simulation", "drills")
DRILLS = ("server-lost", "site-lost", "rolling-upgrade", "retry-storm", "cold-start", "tenant-10x", "all")


def among(*words: str) -> Callable[[str], list[str]]:
    """Offers these words."""
    return lambda incomplete: _beginning(words, incomplete)


def profiles(incomplete: str) -> list[str]:
    """Ready profiles; where none begins so, the shell offers files."""
    from aisizer.profile.load import ready_profiles

    return _beginning(ready_profiles(), incomplete)


def fields(incomplete: str) -> list[str]:
    """Fields of a profile below what is typed so far; how workloads are named, the shell cannot know."""
    from aisizer.profile.fields import type_at

    above = incomplete.rpartition(".")[0]
    return _beginning(_fields_below(type_at(above.split(".") if above else []), above), incomplete)


def values(incomplete: str) -> list[str]:
    """Fields, ready for a value."""
    return [f"{path}=" for path in fields(incomplete)]


def models(incomplete: str) -> list[str]:
    """Models of the packaged catalog."""
    return _beginning(_ids("models"), incomplete)


def gpus(incomplete: str) -> list[str]:
    """GPU classes of the packaged catalog."""
    return _beginning(_ids("gpus"), incomplete)


def engines(incomplete: str) -> list[str]:
    """Engine profiles of the packaged catalog."""
    return _beginning(_ids("engines"), incomplete)


def records(incomplete: str) -> list[str]:
    """All that `catalog show` knows."""
    return _beginning((name for kind in KINDS for name in _ids(kind)), incomplete)


def _beginning(words: Iterable[str], incomplete: str) -> list[str]:
    return [word for word in words if word.startswith(incomplete)]


def _ids(kind: str) -> list[str]:
    from aisizer.profile.packaged import packaged

    return sorted(path.stem for path in (packaged("hardware_catalog") / kind).glob("*.yaml"))


def _fields_below(hint: Any, path: str) -> Iterator[str]:
    from aisizer.profile.fields import field_types, record_of

    record = record_of(hint)
    if record is None:
        yield path
        return
    for name, below in field_types(record).items():
        yield from _fields_below(below, f"{path}.{name}" if path else name)
