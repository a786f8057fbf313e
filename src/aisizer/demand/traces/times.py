"""Times of a trace in seconds: numbers in any usual unit, or ISO 8601 texts with and without a zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from aisizer.shapes import Floats

_UNITS = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3))
"""[1, s] a number above the first is no second before the year 5138 but an epoch in the unit of the second."""
_PLACES = ((4, "-"), (7, "-"), (13, ":"), (16, ":"))
"""Marks of a date with a time of day."""
_UTC = ("+00:00", "Z")
_WIDTH = 32


def seconds(texts: Sequence[str]) -> Floats:
    """[s] of many times at once; a ValueError where one of them is none.

    Numbers are seconds, or milli-, micro- or nanoseconds since 1970 where they are too large for that. Texts without a
    zone are taken as UTC.

    >>> seconds(["41", "1767225600000000000"]).tolist()
    [41.0, 1767225600.0]
    >>> seconds(["2024-05-10 00:00:01.5+00:00"]) - seconds(["2024-05-10T00:00:00"])
    array([1.5])
    """
    try:
        return of_numbers(np.array(texts, dtype=np.float64))
    except ValueError:
        return _of_dates(texts)


def of_numbers(values: Floats) -> Floats:
    """[s] of numbers whose unit their size tells."""
    for least, unit in _UNITS:
        values = np.where(values >= least, values * unit, values)
    return values


def names_no_zone(text: str) -> bool:
    """Whether a time is a date without a zone.

    >>> names_no_zone("2023-11-16 18:17:03.9799600"), names_no_zone("2024-05-12 00:00:00+00:00"), names_no_zone("41")
    (True, False, False)
    """
    try:
        float(text)
    except ValueError:
        return datetime.fromisoformat(text).tzinfo is None
    return False


def _of_dates(texts: Sequence[str]) -> Floats:
    suffix = next((zone for zone in _UTC if texts[0].endswith(zone)), "")
    plain = [text.removesuffix(suffix) for text in texts] if suffix else texts
    dates = np.array(plain, dtype=f"U{_WIDTH}")
    letters = dates.view("U1").reshape(len(dates), _WIDTH)
    if all(bool(np.all(letters[:, place] == mark)) for place, mark in _PLACES) and _without_zone(letters):
        microseconds: Floats = dates.astype("datetime64[us]").astype(np.float64)
        return microseconds * 1e-6
    return np.array([_of_text(text) for text in texts])


def _without_zone(letters: np.ndarray[tuple[int, int], np.dtype[np.str_]]) -> bool:
    """Whether what stands after the seconds is digits and a point; numpy would drop a zone."""
    tail = letters[:, 17:]
    return bool(np.all(((tail >= "0") & (tail <= "9")) | (tail == ".") | (tail == "")))


def _of_text(text: str) -> float:
    try:
        return float(of_numbers(np.array(float(text))))
    except ValueError:
        pass  # a date, then
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
