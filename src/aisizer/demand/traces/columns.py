"""Which column of a table holds what: the names that known traces use, and a mapping that the user gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aisizer.demand.traces.lines import refusal
from aisizer.demand.traces.records import printable
from aisizer.errors import InvalidInput

ROLES = ("prompt", "output", "time", "cached", "session")
"""What `--columns` may name."""
_NAMES = {
    "prompt": ("contexttokens", "request tokens", "prompt_tokens", "input_tokens", "input_length"),
    "output": ("generatedtokens", "response tokens", "completion_tokens", "output_tokens", "output_length"),
    "time": ("timestamp", "starttime", "arrival_s", "start_time"),
    "cached": ("cached_tokens",),
    "session": ("session id", "session_id"),
    "status": ("status",),
    "answered_from_cache": ("cache_hit",),
}
"""Names of each column, in lower case, as the traces spell them."""
_FORMS = {"contexttokens": "Azure LLM inference trace", "request tokens": "BurstGPT", "starttime": "LiteLLM spend logs"}


def parse_mapping(text: str | None) -> dict[str, str]:
    """The columns that a user names.

    >>> parse_mapping("prompt=in, output=out"), parse_mapping(None)
    ({'prompt': 'in', 'output': 'out'}, {})
    """
    pairs = [part.partition("=") for part in text.split(",")] if text else []
    found = {role.strip(): name.strip() for role, _, name in pairs}
    if any(role not in ROLES or not name for role, name in found.items()):
        raise InvalidInput(
            f"--columns: pairs of {', '.join(ROLES)} and a column's name are expected (got {printable(text or '')}). "
            f"Write for instance prompt=tokens_in,output=tokens_out,time=sent_at."
        )
    return found


def columns_of(header: list[str], mapping: Mapping[str, str], path: Path) -> dict[str, int]:
    """Position of each column that the trace has: as the user says, else found by its name."""
    names = [name.strip().lower() for name in header]
    absent = [name for name in mapping.values() if name.lower() not in names]
    if absent:
        raise refusal(path, f"there is no column {absent[0]} (got {_shown(header)}). Mend --columns.", 1)
    known = {role: options for role, options in _NAMES.items() if role not in mapping}
    found = {role: names.index(name) for role, options in known.items() for name in options if name in names}
    found |= {role: names.index(name.lower()) for role, name in mapping.items()}
    if "prompt" not in found or "output" not in found:
        problem = (
            f"the columns of prompt and output tokens are missing (got {_shown(header)}). Name them prompt_tokens and "
            f"output_tokens, or say which they are: --columns prompt=NAME,output=NAME,time=NAME."
        )
        raise refusal(path, problem, 1)
    return found


def form_of(header: list[str], mapping: Mapping[str, str]) -> str:
    """The trace that a header belongs to."""
    names = {name.strip().lower() for name in header}
    return "CSV" if mapping else next((form for name, form in _FORMS.items() if name in names), "CSV")


def _shown(header: list[str]) -> str:
    return printable(", ".join(header)) or "nothing"
