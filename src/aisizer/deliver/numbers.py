"""How figures read: one place, independent of the locale."""

from __future__ import annotations

from datetime import date
from math import ceil

from aisizer.units import figure

NOT_AVAILABLE = "n/a"
THINGS = ("GPU", "instance", "rack", "replica", "request", "server", "token")
"""units that are counted, and have a plural"""


def usd(amount: float | None) -> str:
    """Money in whole USD, as the screen shows it.

    >>> usd(1604900.4), usd(-0.2), usd(None)
    ('1,604,900', '0', 'n/a')
    """
    return NOT_AVAILABLE if amount is None else f"{round(amount):,}"


def cents(amount: float | None) -> str:
    """Money in USD and cents, as the files show it.

    >>> cents(1604900.4), cents(-0.001)
    ('1,604,900.40', '0.00')
    """
    return NOT_AVAILABLE if amount is None else f"{round(amount, 2) + 0.0:,.2f}"


def unit_price(amount: float | None) -> str:
    """A price with its cents, or with all its digits where cents would cut it.

    >>> unit_price(265000), unit_price(0.0897), unit_price(None)
    ('265,000.00', '0.0897', 'no price')
    """
    if amount is None:
        return "no price"
    return f"{amount:,.2f}" if round(amount, 2) == amount else f"{amount:,.6g}"


def per_million(amount: float) -> str:
    """USD per million tokens."""
    return f"{amount:,.2f}"


def per_request(amount: float) -> str:
    """USD per request."""
    return f"{amount:,.4f}"


def at_least(text: str, missing: bool) -> str:
    """A total that lacks prices says so, unless it is not known at all.

    >>> at_least("1,000", missing=True), at_least(NOT_AVAILABLE, missing=True)
    ('at least 1,000', 'n/a')
    """
    return f"at least {text}" if missing and text != NOT_AVAILABLE else text


def share(value: float | None) -> str:
    """A share in whole per cent.

    >>> share(0.384), share(0.004), share(None)
    ('38 %', '0.4 %', 'n/a')
    """
    if value is None:
        return NOT_AVAILABLE
    return f"{value * 100:.1f} %" if 0 < abs(value) < 0.0095 else f"{round(value * 100)} %"


def chance(value: float | None) -> str:
    """A probability in whole per cent, never rounded to certainty.

    >>> chance(0.843), chance(0.9996), chance(0.001), chance(None)
    ('84 %', '>99 %', '<1 %', 'n/a')
    """
    if value is None:
        return NOT_AVAILABLE
    return ">99 %" if value > 0.99 else "<1 %" if value < 0.01 else f"{round(value * 100)} %"


def exact_share(value: float) -> str:
    """A share with all the digits that a rule is written with.

    >>> exact_share(0.6134), exact_share(0.034), exact_share(0.07)
    ('61.34 %', '3.4 %', '7 %')
    """
    return f"{value * 100:.6g} %"


def change(value: float) -> str:
    """A relative difference with its sign.

    >>> change(0.061), change(-0.2)
    ('+6 %', '-20 %')
    """
    return f"{round(value * 100):+d} %"


def duration(milliseconds: float) -> str:
    """A latency in ms below one second and in s above.

    >>> duration(41.2), duration(999.7), duration(1210), duration(0.42)
    ('41 ms', '1.00 s', '1.21 s', '0.4 ms')
    """
    if round(milliseconds) >= 1000:
        return f"{milliseconds / 1000:.2f} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= 1 else f"{milliseconds:.1f} ms"


def band(low_ms: float, high_ms: float) -> str:
    """A range of latencies, the unit once where it is the same.

    >>> band(950, 1620), band(36, 48)
    ('0.95-1.62 s', '36-48 ms')
    """
    if round(high_ms) >= 1000:
        return f"{low_ms / 1000:.2f}-{high_ms / 1000:.2f} s"
    return f"{duration(low_ms).removesuffix(' ms')}-{duration(high_ms)}"


def estimate(value_ms: float, interval_ms: tuple[float, float] | None) -> str:
    """A simulated latency with the half-width of its interval, its upper end where it reaches down to 0, or a plain one.

    >>> estimate(476, (440, 512)), estimate(1210, (1160, 1260)), estimate(624, (0, 1413)), estimate(41.2, None)
    ('476 ±36 ms', '1.21 ±0.05 s', '0.62 <1.42 s', '41 ms')
    """
    if interval_ms is None:
        return duration(value_ms)
    if interval_ms[0] <= 0:
        step = 1 if interval_ms[1] < 1000 else 10
        return band(value_ms, step * ceil(interval_ms[1] / step)).replace("-", " <")
    figure, unit = duration(value_ms).split(" ")
    half = (interval_ms[1] - interval_ms[0]) / 2
    digits = len(figure.partition(".")[2])
    return f"{figure} ±{half / (1000 if unit == 's' else 1):.{digits}f} {unit}"


def number(value: float | None) -> str:
    """Any other figure, with separators: to six significant digits, and whole from a million on.

    >>> number(8), number(1234567.8), number(0.0001234), number(12.5)
    ('8', '1,234,568', '0.0001234', '12.5')
    """
    if value is None:
        return NOT_AVAILABLE
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1e6 else f"{value:,.6g}"


def rounded(value: float | None) -> str:
    """A figure whose later digits say nothing: to four significant digits, and whole from a thousand on.

    >>> rounded(0.618807), rounded(23052.4), rounded(None)
    ('0.6188', '23,052', 'n/a')
    """
    return NOT_AVAILABLE if value is None else figure(value)


def quantity(value: float, unit: str) -> str:
    """A figure with its unit, things in the plural where they are not one; a ratio has the unit 1.

    >>> quantity(2, "rack"), quantity(1, "server"), quantity(30.6, "kW"), quantity(0.01, "1")
    ('2 racks', '1 server', '30.6 kW', '0.01')
    """
    return f"{number(value)} {units(unit, value)}" if unit not in ("", "1") else number(value)


def units(unit: str, value: float) -> str:
    """A unit beside that many of it."""
    return f"{unit}s" if unit in THINGS and value != 1 else unit


def plain(value: float) -> str:
    """A figure for machines: no separators, no digit lost.

    >>> plain(2.0), plain(0.0897)
    ('2', '0.0897')
    """
    return str(int(value)) if float(value).is_integer() else repr(value)


def plain_money(value: float) -> str:
    """Money for machines: cents, or all digits where cents would cut it.

    >>> plain_money(530000), plain_money(0.0897)
    ('530000.00', '0.0897')
    """
    return f"{value:.2f}" if round(value, 2) == value else repr(value)


def cases(low: float | None, base: float, high: float | None) -> str:
    """A figure in the low, base and high case of growth, or the base alone where a plan has no others.

    >>> cases(1.02, 1.04, 1.06), cases(16, 16, 24), cases(None, 1.5, None)
    ('1.02 / 1.04 / 1.06', '16 / 16 / 24', '1.50')
    """
    given = [base] if low is None or high is None else [low, base, high]
    return " / ".join(str(value) if isinstance(value, int) else f"{value:.2f}" for value in given)


def month(day: date) -> str:
    """The month of a date, such as 2028-07."""
    return day.isoformat()[:7]


def count(amount: int, noun: str) -> str:
    """A number of things, in the singular where it is one.

    >>> count(1, "server"), count(1200, "server")
    ('1 server', '1,200 servers')
    """
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"
