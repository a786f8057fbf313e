"""Days on the command line."""

from __future__ import annotations

from datetime import date

from aisizer.errors import InvalidInput


def day_of(option: str, text: str | None) -> date | None:
    """The day that an option gives, null where it is left out."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"{option}: a day is expected (got {text}). Write it as 2026-12-01.") from error
