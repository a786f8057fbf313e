"""Turns what pydantic and the cross-field checks found into sentences with the place and the mend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from aisizer.errors import Fault
from aisizer.profile import fields
from aisizer.profile.layers import Layers, dotted, value_at
from aisizer.profile.sections import Profile
from aisizer.profile.yaml_file import FieldPath


def faults_of(error: ValidationError, layers: Layers) -> list[Fault]:
    """One fault for each error of a validation, placed in the file that set the value, in reading order."""
    return in_order([_fault(details, layers) for details in error.errors(include_url=False)])


def problem_at(path: FieldPath, value: Any) -> str | None:
    """What is wrong with the value of one field, by the field's own type and limits; null where it is valid.

    >>> problem_at(("supply", "pue"), 0.9), problem_at(("finance", "tax"), 0.07)
    ('the value must be at least 1 (got 0.9). Raise it.', None)
    """
    data = value
    for part in reversed(path):
        data = [data] if isinstance(part, int) else {part: data}
    section = fields.record_of(fields.field_types(Profile)[str(path[0])])
    assert section is not None, "every section of a profile that holds single fields is a record"
    try:
        section.model_validate(data[path[0]])
    except ValidationError as error:
        return _sentence(error.errors(include_url=False)[0], (path[0],), data)
    return None


def _sentence(details: ErrorDetails, below: FieldPath, data: Any) -> str:
    at = _without_tag((*below, *details["loc"]))
    return _SENTENCES.get(details["type"], _other)(details, at, value_at(data, at))


def in_order(faults: list[Fault]) -> list[Fault]:
    """Faults by file as they come, then by line and column."""
    files = list(dict.fromkeys(fault.file for fault in faults))
    return sorted(faults, key=lambda fault: (files.index(fault.file), fault.line or 0, fault.column or 0))


def _fault(details: ErrorDetails, layers: Layers) -> Fault:
    loc = _without_tag(details["loc"])
    is_key = len(loc) > 1 and loc[-1] == "[key]" and details["type"] != "extra_forbidden"
    path = loc[:-1] if is_key else loc
    got = path[-1] if is_key else value_at(layers.data, path)
    sentence = _SENTENCES.get(details["type"], _other)(details, path, got)
    at_key = is_key or details["type"] in ("extra_forbidden", "invalid_key")
    return layers.fault(path, sentence, at_key=at_key)


def _without_tag(loc: FieldPath) -> FieldPath:
    """A quote may be a mapping or a file name; pydantic adds to the path which of the two it took it for."""
    return loc[:3] + loc[4:] if loc[:2] == ("supply", "quotes") else loc


def shown(value: Any) -> str:
    """A value in a message: on one line, at most 60 characters, without control characters.

    >>> shown(None), shown(True), shown("2 s"), shown({"a": 1})
    ('nothing', 'true', '2 s', 'a mapping')
    """
    if value is None or value == "":
        return "nothing"
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    clean = "".join(char if char.isprintable() else "?" for char in text)
    return clean if len(clean) <= 60 else clean[:57] + "..."


def _missing(details: ErrorDetails, path: FieldPath, got: Any) -> str:
    return f"the field is missing. Add it; `aisizer explain {dotted(path)}` says what it means."


def _extra(details: ErrorDetails, path: FieldPath, got: Any) -> str:
    record = fields.record_of(fields.type_at(path[:-1]))
    known = list(fields.field_types(record)) if record else []
    near = fields.did_you_mean(shown(path[-1]), known)
    return f"there is no such field{near}. Remove it, or use one of {', '.join(known)}."


def _literal(details: ErrorDetails, path: FieldPath, got: Any) -> str:
    known = [str(value) for value in get_args(fields.bare(fields.type_at(path)))]
    near = fields.did_you_mean(shown(got), known)
    return f"the value is not accepted (got {shown(got)}){near}. Use {_one_of(known)}.".replace(") (", "; ")


def _pattern(details: ErrorDetails, path: FieldPath, got: Any) -> str:
    pattern = details["ctx"]["pattern"]
    forms = {get_args(form)[1].pattern: words for form, words in fields.FORMS.items()}
    what = forms.get(pattern, f"text of the form {pattern}")
    mend = "Rename it." if details["loc"][-1] == "[key]" else "Mend the value."
    return f"{what} is expected (got {shown(got)}). {mend}"


def _limit(word: str, key: str, mend: str) -> Callable[[ErrorDetails, FieldPath, Any], str]:
    def sentence(details: ErrorDetails, path: FieldPath, got: Any) -> str:
        limit = fields.limit_text(float(details["ctx"][key]), fields.type_at(path))
        return f"the value must be {word} {limit} (got {shown(got)}). {mend}"

    return sentence


def _length(word: str, key: str, mend: str) -> Callable[[ErrorDetails, FieldPath, Any], str]:
    def sentence(details: ErrorDetails, path: FieldPath, got: Any) -> str:
        limit = details["ctx"][key]
        singular, plural = ("character is", "characters are") if isinstance(got, str) else ("entry is", "entries are")
        return f"{word} {limit} {singular if limit == 1 else plural} expected (got {len(got)}). {mend}"

    return sentence


def _typed(what: str) -> Callable[[ErrorDetails, FieldPath, Any], str]:
    return lambda details, path, got: _expected(what, got)


def _list(details: ErrorDetails, path: FieldPath, got: Any) -> str:
    example = f" Write [{shown(got)}]." if isinstance(got, (str, int, float)) and not isinstance(got, bool) else ""
    return f"a list is expected (got {shown(got)}).{example or ' Write it in square brackets.'}"


def _mapping(details: ErrorDetails, path: FieldPath, got: Any) -> str:
    record = fields.record_of(fields.type_at(path))
    known = f" with {', '.join(fields.field_types(record))}" if record else " of names to values"
    mend = "Add the fields below it or remove the key." if got is None else "Write the fields below it."
    return f"a mapping{known} is expected (got {shown(got)}). {mend}"


def _own(details: ErrorDetails, path: FieldPath, got: Any) -> str:
    return str(details["ctx"]["error"])


def _other(details: ErrorDetails, path: FieldPath, got: Any) -> str:
    expected = fields.type_text(fields.type_at(path)) if path and fields.type_at(path) is not None else "another value"
    return _expected(expected, got)


def _expected(what: str, got: Any) -> str:
    return f"{what} is expected (got {shown(got)}). Mend the value."


def _one_of(known: list[str]) -> str:
    return f"one of {', '.join(known)}" if len(known) > 1 else known[0]


_DATE = _typed("a date such as 2026-12-01")
_WHOLE, _NUMBER = _typed("a whole number"), _typed("a number")
_SENTENCES: Mapping[str, Callable[[ErrorDetails, FieldPath, Any], str]] = {
    "missing": _missing,
    "extra_forbidden": _extra,
    "literal_error": _literal,
    "string_pattern_mismatch": _pattern,
    "value_error": _own,
    "greater_than": _limit("more than", "gt", "Raise it."),
    "greater_than_equal": _limit("at least", "ge", "Raise it."),
    "less_than": _limit("less than", "lt", "Lower it."),
    "less_than_equal": _limit("at most", "le", "Lower it."),
    "string_too_long": _length("at most", "max_length", "Shorten it."),
    "too_long": _length("at most", "max_length", "Remove some."),
    "too_short": _length("at least", "min_length", "Add one."),
    "string_type": _typed("text"),
    "invalid_key": _typed("text as a key"),
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _typed("a finite number"),
    "bool_type": _typed("true or false"),
    "bool_parsing": _typed("true or false"),
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "tuple_type": _list,
    "dict_type": _mapping,
    "model_type": _mapping,
}
