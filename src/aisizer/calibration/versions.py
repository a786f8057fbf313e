"""Which engine of the catalog stands for the version that a row names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aisizer.catalog.records import Engine

VERSION, YEAR = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?"), re.compile(r"\b20\d\d\b")
LAST_OF_YEAR = {
    "vllm": {2023: "0.2.99", 2024: "0.6.99", 2025: "0.13.99"},
    "trtllm": {2023: "0.7.99", 2024: "0.16.99", 2025: "1.1.99"},
    "sglang": {2024: "0.4.1", 2025: "0.5.6"},
}
"""The last version that each year saw, by release dates on GitHub and PyPI."""


def nearest_engine(engines: Sequence[Engine], version: str, date: str) -> Engine:
    """The engine nearest in its year of release, in that year nearest in version; the newest where nothing is known.

    Years, since versions run unevenly: vLLM went from 0.2 to 0.6 in a year, and from 0.14 to 0.33 in another.
    """
    newest_first = sorted(engines, key=lambda engine: _number(engine.version), reverse=True)
    year = _stated_year(version, date, engines[0].engine)
    if year is None:
        return newest_first[0]
    alike = min(newest_first, key=lambda engine: abs(engine.year - year)).year
    same_year = [engine for engine in newest_first if engine.year == alike]
    if alike != year or not VERSION.search(version):
        return same_year[0]
    return min(same_year, key=lambda engine: abs(_number(engine.version) - _number(version)))


def _stated_year(version: str, date: str, family: str) -> int | None:
    """The year of an engine: written in its version, that of its version, or that of the measurement."""
    if written := YEAR.search(version):
        return int(written.group())
    if VERSION.search(version):
        return _year(family, _number(version))
    dated = YEAR.match(date)
    return int(dated.group()) if dated else None


def _year(family: str, number: float) -> int:
    """The year in which a version of that number came out.

    >>> [_year("vllm", _number(text)) for text in ("0.2.7", "0.6.3", "0.11.2", "0.33")]
    [2023, 2024, 2025, 2026]
    """
    last = LAST_OF_YEAR[family]
    return next((year for year, version in last.items() if number <= _number(version)), max(last) + 1)


def _number(version: str) -> float:
    """Minor versions counted through: 1.2 is 102, beyond every 0.x.

    >>> _number("v0.11.2"), _number("1.2.0rc6")
    (11.02, 102.0)
    """
    match = VERSION.search(version)
    major, minor, patch = (float(part or 0) for part in match.groups()) if match else (0.0, 0.0, 0.0)
    return major * 100 + minor + patch / 100
