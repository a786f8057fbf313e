"""What each field of a profile means: its type, unit, default and reason, read from the sections' own docstrings."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from aisizer import schema, units
from aisizer.errors import InvalidInput
from aisizer.profile import sections
from aisizer.profile.sections import Profile
from aisizer.schema import Record, descriptions

_QUANTITIES: Mapping[str, Any] = {
    "time": schema.Duration,
    "rate": schema.Rate,
    "bit_rate": schema.BitRate,
    "power": schema.Power,
    "money": schema.Money,
    "energy_price": schema.EnergyPrice,
    "power_price": schema.PowerPrice,
    "growth": schema.Growth,
    "share": schema.Share,
}
_PLAIN = {int: "a whole number", float: "a number", str: "text", bool: "true or false", date: "a date, e.g. 2026-12-01"}

FORMS: Mapping[Any, str] = {
    sections.Name: "a short name of lower-case letters, digits, `.`, `_` and `-` that starts with a letter or digit",
    sections.SiteId: "a site id of lower-case letters, digits, `_` and `-`, e.g. on_premises",
    sections.SloKey: "a key such as ttft_p95: ttft, tpot or e2e, then mean, p50, p90, p95 or p99",
    sections.QuantileKey: "a percentile such as p50 or p99.9",
    sections.MonthKey: "a month such as 2027-09",
    sections.Redundancy: "N, N+1 to N+9, or auto",
    sections.Currency: "a currency of three capital letters such as EUR",
    sections.UnitPrice: "a price such as 265000 USD, 47.10 USD/h or 0.081 USD/kWh",
    sections.Country: "a country of two capital letters, ISO 3166-1, e.g. TW",
    sections.Text: "text of at most 200 characters on one line",
}
"""What a constrained text must look like, in words."""


@dataclass(frozen=True, slots=True)
class FieldHelp:
    """What `aisizer explain FIELD` says about one profile field."""

    path: str
    meaning: str
    type: str
    default: str
    reason: str
    fields: tuple[str, ...]
    """Names of the fields below it."""


def explain_field(path: str) -> FieldHelp:
    """The meaning, type, default and reason of a dotted profile path; names of workloads and the like may be any."""
    hint: Any = Profile
    info: FieldInfo | None = None
    text, named = "", False
    parts = path.split(".")
    for depth, part in enumerate(parts):
        below = step(hint, part)
        if below is None:
            raise InvalidInput(_unknown(".".join(parts[:depth]), part, hint, path))
        named = record_of(hint) is not None
        info, text = field_of(hint, part) or info, text_of(hint, part) or text
        hint = below
    return _help(path, hint, info, text, named)


def step(hint: Any, part: str | int) -> Any:
    """The type one step below a type, or None where there is no such field."""
    hint = bare(hint)
    if record := record_of(hint):
        return field_types(record).get(str(part))
    if get_origin(hint) is dict:
        return get_args(hint)[1]
    is_position = isinstance(part, int) or part.isdecimal() or part.isupper()
    return get_args(hint)[0] if get_origin(hint) is tuple and is_position else None


def type_at(path: Sequence[str | int]) -> Any:
    """The type of the profile field at a path, or None where there is none."""
    hint: Any = Profile
    for part in path:
        hint = None if hint is None else step(hint, part)
    return hint


def record_of(hint: Any) -> type[Record] | None:
    """The record behind a type, also where text may stand for it (a quote or its file)."""
    hint = bare(hint)
    members = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    found = [bare(member) for member in members]
    return next((m for m in found if isinstance(m, type) and issubclass(m, Record)), None)


@cache
def field_types(record: type[Record]) -> Mapping[str, Any]:
    """Each field's type with its annotations, by the name the user writes."""
    hints = get_type_hints(record, include_extras=True)
    return {info.alias or name: hints[name] for name, info in record.model_fields.items()}


def field_of(hint: Any, part: str | int) -> FieldInfo | None:
    """The field of a record by the name the user writes."""
    record = record_of(hint)
    fields = record.model_fields.items() if record else ()
    return next((info for name, info in fields if (info.alias or name) == part), None)


def text_of(hint: Any, part: str | int) -> str:
    """What that field means; nothing where the part names no field."""
    record = record_of(hint)
    fields = record.model_fields.items() if record else ()
    name = next((name for name, info in fields if (info.alias or name) == part), "")
    return descriptions(record).get(name, "") if record else ""


def bare(hint: Any) -> Any:
    """A type without `| None` and without annotations."""
    if get_origin(hint) is Annotated:
        return bare(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        members = [member for member in get_args(hint) if member is not type(None)]
        return bare(members[0]) if len(members) == 1 else hint
    return hint


def dimension_of(hint: Any) -> str | None:
    """The dimension of a quantity with units, or None for any other type."""
    if get_origin(hint) in (Union, types.UnionType):
        return next((found for member in get_args(hint) if (found := dimension_of(member))), None)
    markers = getattr(hint, "__metadata__", ())
    return next((name for name, quantity in _QUANTITIES.items() if quantity.__metadata__[0] in markers), None)


def quantity_text(value: float, dimension: str) -> str:
    """A quantity as a user writes it, in the largest unit that gives a whole number, else the largest below it.

    >>> quantity_text(259200.0, "time"), quantity_text(0.1, "time"), quantity_text(0.034, "growth")
    ('3 d', '100 ms', '3.4 %/month')
    >>> quantity_text(5 * 365.25 * 86400, "time"), quantity_text(6e6, "money"), quantity_text(0.999, "share")
    ('5 y', '6 MUSD', '99.9 %')
    """
    if dimension in ("growth", "share"):
        return f"{value * 100:.6g} {next(iter(units.DIMENSIONS[dimension]))}"
    factors = sorted(units.DIMENSIONS[dimension].items(), key=lambda item: -item[1])
    fitting = [(value / factor, unit) for unit, factor in factors if value >= factor]
    whole = [(number, unit) for number, unit in fitting if abs(number - round(number)) < 1e-9 * number]
    smallest = (value / factors[-1][1], factors[-1][0])
    number, unit = (whole or fitting or [smallest])[0]
    return f"{number:.6g} {unit}"


def unit_names(dimension: str) -> list[str]:
    """The accepted units of a dimension, the first name of each.

    >>> unit_names("time")
    ['ms', 's', 'min', 'h', 'd', 'w', 'mo', 'y']
    """
    names: dict[float, str] = {}
    for unit, factor in units.DIMENSIONS[dimension].items():
        names.setdefault(factor, unit)
    return list(names.values())


def type_text(hint: Any) -> str:
    """A type in words."""
    dimension = dimension_of(hint)
    if dimension:
        return f"a number with a unit: {', '.join(unit_names(dimension))}"
    if hint == sections.Multiple:
        return "a number, or a number with %"
    if form := form_of(hint):
        return form
    return _plain_type(bare(hint))


def form_of(hint: Any) -> str | None:
    """What a constrained text must look like, or None for any other type."""
    return next((words for form, words in FORMS.items() if hint == form), None)


def _plain_type(hint: Any) -> str:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return f"one of {', '.join(str(value) for value in args)}"
    if origin is tuple:
        return f"a list; each entry: {type_text(args[0])}"
    if origin is dict:
        return f"a mapping of names; each value: {type_text(args[1])}"
    if origin in (Union, types.UnionType):
        return " or ".join(type_text(member) for member in args)
    return _PLAIN.get(hint, "a mapping")


def _help(path: str, hint: Any, info: FieldInfo | None, text: str, named: bool) -> FieldHelp:
    record = record_of(hint)
    entry_text = record.__doc__ if record and not named else None
    meaning, reason = _meaning_and_reason(" ".join((entry_text or text or path).split()))
    fields = tuple(field_types(record)) if record else ()
    kind = type_text(hint) + _limits(hint, info if named else None)
    return FieldHelp(path, meaning, kind, default_text(hint, info) if named else "none", reason, fields)


def _meaning_and_reason(text: str) -> tuple[str, str]:
    parts = re.split(r"(?<!e\.g\.)(?<=\.) |; ", text, maxsplit=1)
    return parts[0].rstrip(".") + ".", parts[1] if len(parts) > 1 else ""


def _limits(hint: Any, info: FieldInfo | None) -> str:
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    found: dict[str, float] = {}
    for item in info.metadata if info else ():
        found |= {key: getattr(item, key) for key in words if hasattr(item, key)}
    texts = [f"{words[key]} {limit_text(limit, hint)}" for key, limit in found.items()]
    return f" ({', '.join(texts)})" if texts else ""


def limit_text(limit: float, hint: Any) -> str:
    """A limit as a user would write it; zero needs no unit."""
    dimension = dimension_of(hint)
    return quantity_text(limit, dimension) if dimension and limit else f"{limit:g}"


def default_text(hint: Any, info: FieldInfo | None) -> str:
    """A field's default as a user would write it."""
    if info is None or info.is_required():
        return "none: required" if info else "none"
    value = info.get_default(call_default_factory=True, validated_data={})
    return value_text(value, hint)


def value_text(value: Any, hint: Any) -> str:
    """A value of a field as a user would write it."""
    if value is None or value is PydanticUndefined:
        return "left out"
    if isinstance(value, Record):
        return "each field's own"
    dimension = dimension_of(hint)
    if dimension:
        return quantity_text(value, dimension)
    if isinstance(value, dict):
        pairs = [f"{key}: {value_text(item, step(hint, key))}" for key, item in value.items()]
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(value_text(item, step(hint, 0)) for item in value) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value) or '""'


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """` (did you mean "x"?)` where one known word is near, else nothing."""
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    return f' (did you mean "{near[0]}"?)' if near else ""


def _unknown(parent: str, part: str, hint: Any, path: str) -> str:
    record = record_of(hint)
    known = list(field_types(record)) if record else []
    where = f"below {parent}" if parent else "of a profile"
    mend = f"Name one of {', '.join(known)}." if known else f"{parent} has no fields below it."
    return f"{path}: there is no field {part!r} {where}{did_you_mean(part, known)}. {mend}"
