"""One thing that changed between two plans, as text: what, from what, to what, by how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from aisizer.deliver import labels, numbers
from aisizer.studies.diff_records import Amount, Change, Line, Price, Value

Mark = Literal["~", "+", "-", ""]
"""changed, added, removed, as before"""
SHORT_HASH = 12
"""digits of a sha256 that tell two apart on a page; the JSON has them all"""
LEAST = " *"
"""behind an amount that is known to be at least that much"""
_STATES: dict[str, Mark] = {"added": "+", "removed": "-"}


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that changed: what, from what, to what, by how much."""

    mark: Mark
    name: str
    old: str
    new: str
    delta: str = ""
    ratio: str = ""
    words: bool = False
    """whether old and new are words of the plan rather than figures"""
    worse: bool | None = None
    """whether money or a promise got worse; None where neither can be said"""


def change_row(change: Change) -> Row:
    """A figure or a word."""
    old, new = _texts(change)
    plain = change.delta is None or isinstance(change.new, bool)
    return Row(
        mark="+" if change.old is None else "-" if change.new is None else "~",
        name=change.name,
        old=old,
        new=new,
        delta="" if change.delta is None else _delta(change.delta, change.unit),
        ratio="" if change.ratio is None or change.unit == "1" else percent(change.ratio),
        words=plain and not isinstance(change.new, bool) and change.unit == "",
        worse=not change.new if isinstance(change.new, bool) and change.path.endswith(".met") else None,
    )


def _texts(change: Change) -> tuple[str, str]:
    """Both values with as many digits as tell them apart."""
    for write in (_written, _exactly):
        old, new = write(change.old, change), write(change.new, change)
        if old != new:
            break
    return old, new


def _written(value: Value, change: Change) -> str:
    if value is None:
        return numbers.NOT_AVAILABLE if change.unit else "none"
    if isinstance(value, bool):
        return ("met" if value else "MISSED") if change.path.endswith(".met") else ("yes" if value else "no")
    if isinstance(value, str):
        return value[:SHORT_HASH] if change.path.endswith("sha256") or change.path.startswith("inputs.frag") else value
    if change.unit == "1":
        return f"{value * 100:.1f} %"
    return _duration(value) if change.unit == "ms" else _exactly(value, change)


def _exactly(value: Value, change: Change) -> str:
    if isinstance(value, (bool, str)) or value is None:
        return _written(value, change) if value is None or isinstance(value, bool) else value
    if change.unit == "1":
        return numbers.exact_share(value)
    return numbers.number(value) + (f" {change.unit}" if change.unit in ("kW", "ms", "s") else "")


def _duration(milliseconds: float) -> str:
    """A latency with a digit more than elsewhere, so that its difference is seen to fit.

    >>> _duration(21.209), _duration(1210)
    ('21.2 ms', '1.21 s')
    """
    return numbers.duration(milliseconds) if milliseconds >= 999.95 else f"{milliseconds:.1f} ms"


def _delta(delta: float, unit: str) -> str:
    """A difference with its sign, in the unit of its figures.

    >>> _delta(-31, "date"), _delta(0.0123, "1"), _delta(-1440, "ms"), _delta(8, "GPU")
    ('-31 d', '+1.2 pp', '-1.44 s', '+8')
    """
    if unit == "date":
        return f"{delta:+.0f} d"
    if unit == "1":
        return f"{delta * 100:+.2g} pp" if abs(delta) < 0.0005 else f"{delta * 100:+.1f} pp"
    sign = "-" if delta < 0 else "+"
    size = _duration(abs(delta)) if unit == "ms" else numbers.number(abs(delta))
    return f"{sign}{size}" + (f" {unit}" if unit in ("kW", "s") else "")


def percent(ratio: float) -> str:
    """A relative difference with its sign and a digit behind the point.

    >>> percent(0.0021), percent(-0.5), percent(11.5163)
    ('+0.2 %', '-50.0 %', '+1,152 %')
    """
    return f"{ratio * 100:+.1f} %" if abs(ratio) < 1 else f"{ratio * 100:+,.0f} %"


def money(amount: Decimal | None) -> str:
    """USD and cents, or all digits of a price that cents would cut; n/a where it is not known."""
    return numbers.NOT_AVAILABLE if amount is None else numbers.unit_price(float(amount))


def signed(amount: Decimal) -> str:
    """A difference of money with its sign."""
    return f"{'-' if amount < 0 else '+'}{money(abs(amount))}"


def amount_row(amount: Amount) -> Row:
    """A total."""
    return Row(
        mark="+" if amount.old_usd is None else "-" if amount.new_usd is None else "~",
        name=amount.name,
        old="none" if amount.old_usd is None else money(amount.old_usd) + LEAST * amount.old_at_least,
        new="none" if amount.new_usd is None else money(amount.new_usd) + LEAST * amount.new_at_least,
        delta="" if amount.delta_usd is None else signed(amount.delta_usd),
        ratio="" if amount.ratio is None else percent(amount.ratio),
        worse=_worse(amount.delta_usd),
    )


def category_row(amount: Amount) -> Row:
    """A category of the three-year total."""
    row = amount_row(amount)
    return Row(row.mark, labels.words(row.name), row.old, row.new, row.delta, row.ratio, worse=row.worse)


def line_row(line: Line) -> Row:
    """A cost line; where it buys another thing than before, both are named."""
    other = line.old_description not in ("", line.description)
    old = "" if line.state == "added" else "no price" if line.old_usd is None else money(line.old_usd)
    new = "" if line.state == "removed" else "no price" if line.new_usd is None else money(line.new_usd)
    return Row(
        mark=_STATES.get(line.state, "~"),
        name=(f"{line.old_description} -> {line.description}" if other else line.description) + _moved(line),
        old=old,
        new=new,
        delta="" if line.delta_usd is None else signed(line.delta_usd),
        ratio="" if line.ratio is None or line.state == "removed" else percent(line.ratio),
        worse=_worse(line.delta_usd),
    )


def _moved(line: Line) -> str:
    """What only its first year shows of a line that costs the same over three years."""
    first = line.one_year_delta_usd
    return f" (paid in other months, 1 year {signed(first)})" if first and not line.delta_usd else ""


def rounding(left: Decimal) -> Iterator[Row]:
    """The cents that rounded parts leave of the total."""
    if left:
        yield Row("~", "rounding", "", "", signed(left))


def price_row(price: Price) -> Row:
    """A price with its source and date, and the rate at which it was turned into USD."""
    old_rate, new_rate = _rate(price.old_currency, price.old_fx_usd), _rate(price.new_currency, price.new_fx_usd)
    return Row(
        mark="~",
        name=f"{price.item} [{price.unit}]",
        old=_quoted(price.old_usd, price.old_source, price.old_as_of) + old_rate,
        new=_quoted(price.new_usd, price.new_source, price.new_as_of) + new_rate,
        ratio="" if price.ratio is None else percent(price.ratio),
        words=True,
        worse=price.ratio > 0 if price.ratio else None,
    )


def _quoted(amount: Decimal | None, source: str, day: object) -> str:
    price = numbers.unit_price(None if amount is None else float(amount))
    return f"{price} ({source}, {day or 'no date'})"


def _rate(currency: str, fx_usd: float) -> str:
    """The rate of a quote in another currency.

    >>> _rate("EUR", 1.08), _rate("USD", 1.0)
    (' at 1.08 USD/EUR', '')
    """
    return "" if currency == "USD" else f" at {numbers.number(fx_usd)} USD/{currency}"


def _worse(delta: Decimal | None) -> bool | None:
    return None if not delta else delta > 0


def visible(text: str) -> str:
    """One line without the characters that a terminal or a page would obey rather than show.

    >>> visible("a\\nb"), visible("\\x1b[31mred")
    ('a b', '[31mred')
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
