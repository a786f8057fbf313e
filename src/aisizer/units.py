"""Quantities with units: one small parser, SI inside, a refusal with the accepted list for anything ambiguous."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

HOURS_PER_MONTH = 730.0
"""[h/month] 8,760 hours a year divided by 12."""
WEEKS_PER_MONTH = 365.25 / 12 / 7
"""[week/month]"""
MONTHS_PER_YEAR = 12
"""[month/year]"""
MINUTE, HOUR, DAY, WEEK = 60.0, 3600.0, 86400.0, 604800.0
MONTH, YEAR = 365.25 * DAY / 12, 365.25 * DAY

_TIME = {"ms": 1e-3, "s": 1.0, "min": MINUTE, "h": HOUR, "d": DAY, "w": WEEK, "mo": MONTH, "y": YEAR}
_TIME |= {
    "week": WEEK,
    "weeks": WEEK,
    "day": DAY,
    "days": DAY,
    "months": MONTH,
    "month": MONTH,
    "year": YEAR,
    "years": YEAR,
}

DIMENSIONS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "time": _TIME,
        "rate": {"req/s": 1.0, "req/min": 1 / MINUTE, "req/h": 1 / HOUR, "req/d": 1 / DAY},
        "memory": {
            "B": 1.0,
            "kB": 1e3,
            "MB": 1e6,
            "GB": 1e9,
            "TB": 1e12,
            "KiB": 2.0**10,
            "MiB": 2.0**20,
            "GiB": 2.0**30,
            "TiB": 2.0**40,
        },
        "bit_rate": {"Mbit/s": 1e6, "Gbit/s": 1e9, "Tbit/s": 1e12},
        "power": {"W": 1.0, "kW": 1e3, "MW": 1e6},
        "money": {"USD": 1.0, "kUSD": 1e3, "MUSD": 1e6},
        "energy_price": {"USD/kWh": 1.0},
        "power_price": {"USD/kW-month": 1.0},
        "gpu_hour_price": {"USD/GPU-hour": 1.0},
        "hour_price": {"USD/h": 1.0},
        "growth": {"%/month": 0.01, "%/mo": 0.01},
        "share": {"%": 0.01},
    }
)
"""What each dimension accepts, as factors to its base unit (s, req/s, B, bit/s, W, USD, 1/month, 1)."""

BARE_OK = frozenset({"share"})
"""Dimensions where a number without a unit is unambiguous: a share between 0 and 1."""

_EXAMPLE = {
    "time": "2 s or 250 ms",
    "rate": "12 req/s",
    "memory": "80 GiB or 80 GB",
    "bit_rate": "10 Gbit/s",
    "power": "120 kW",
    "money": "6.0 MUSD or 250000 USD",
    "energy_price": "0.09 USD/kWh",
    "power_price": "196 USD/kW-month",
    "gpu_hour_price": "2.5 USD/GPU-hour",
    "hour_price": "98.32 USD/h",
    "growth": "4 %/month",
    "share": "35 % or 0.35",
}
_NUMBER = re.compile(r"^\s*([+-]?(?:\d[\d_,]*)?(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(\S.*?)?\s*$")


def parse(value: object, dimension: str) -> float:
    """Reads a quantity into its base unit, or raises ValueError with the sentence that mends it.

    >>> parse("250 ms", "time"), parse("4 %/month", "growth"), parse("35 %", "share")
    (0.25, 0.04, 0.35)
    >>> parse("80 GiB", "memory") == 80 * 2**30
    True
    >>> parse(2, "time")
    Traceback (most recent call last):
    ...
    ValueError: the unit is missing (got 2). Write 2 s or 250 ms.
    """
    units = DIMENSIONS[dimension]
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(f"a quantity is expected (got {_show(value)}). Write {_EXAMPLE[dimension]}.")
    number, unit = _split(value, dimension)
    if not unit:
        if dimension not in BARE_OK:
            raise ValueError(f"the unit is missing (got {_show(value)}). Write {_EXAMPLE[dimension]}.")
        if not 0 <= number <= 1:
            raise ValueError(
                f"a share without % must lie between 0 and 1 (got {_show(value)}). Write {_EXAMPLE[dimension]}."
            )
        return number
    if unit not in units:
        accepted = ", ".join(units)
        raise ValueError(f"the unit {unit!r} is not accepted here (got {_show(value)}). Use one of: {accepted}.")
    if dimension in ("growth", "share"):
        return number / 100
    return number * units[unit]


def _split(value: int | float | str, dimension: str) -> tuple[float, str]:
    if not isinstance(value, str):
        number, unit = float(value), ""
    else:
        match = _NUMBER.match(value)
        if match is None or not match.group(1) or not any(c.isdigit() for c in match.group(1)):
            raise ValueError(f"a number with a unit is expected (got {_show(value)}). Write {_EXAMPLE[dimension]}.")
        number, unit = float(match.group(1).replace(",", "").replace("_", "")), match.group(2) or ""
    if number != number or abs(number) == float("inf"):
        raise ValueError(f"a finite number is expected (got {_show(value)}). Write {_EXAMPLE[dimension]}.")
    return number, unit


def _show(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def figure(value: float, digits: int = 4) -> str:
    """A figure of a formula: whole from a thousand on and to six significant digits, else to so many.

    >>> figure(2278912.3), figure(22.3134), figure(0.618807, 6), figure(0.0)
    ('2,278,910', '22.31', '0.618807', '0')
    """
    return f"{float(f'{value:.6g}'):,.0f}" if abs(value) >= 1000 else f"{value:.{digits}g}"
