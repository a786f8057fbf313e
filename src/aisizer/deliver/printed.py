"""Figures as the document prints them: found in a text, and compared with the values that they may be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from aisizer.units import DIMENSIONS

TIME = {unit: DIMENSIONS["time"][unit] for unit in ("ms", "s", "min", "h", "d")}
FIGURE = re.compile(
    r"(?<![\w.,/+±-])(?<![\w)]\()(?:(?P<date>\d{4}-\d\d(?:-\d\d)?)"
    r"|(?P<bound>[<>]?)(?P<whole>\d+(?:,\d{3})*)(?P<decimals>\.\d+)?(?: [±<][\d.]+(?= m?s\b))?"
    r"(?P<unit> ?%|x| (?:ms|s|min|h|d|USD)(?!\w))?)"
    r"(?!\w|\(|[.,-]?\d|-[A-Za-z])"
)
"""a number or a date that is no part of a word, a code or a range"""
NAMED = re.compile(r"(?:[A-Z]\w*[A-Z]\w*|\bLevel|\bRev\.|\bArt\.|\bsection) \Z")
"""what makes the number after it a part of a name: SOC 2, vLLM 0.33, Rev. 2"""
CERTAIN = 100.0
"""[%]"""


@dataclass(frozen=True, slots=True)
class Printed:
    """A figure as the document prints it."""

    text: str
    value: float = 0.0
    half: float = 0.0
    """half a unit of its last digit; zero for a count, which is a whole number without a unit"""
    unit: str = ""
    bound: str = ""
    """< or >, where a chance is nearer to none or to certainty than the document says"""
    is_date: bool = False

    @property
    def is_count(self) -> bool:
        """Whether it is a whole number without a unit."""
        return not self.half and not self.is_date

    def is_of(self, value: float, unit: str) -> bool:
        """Whether a value with its unit is printed so.

        >>> next(printed_in("475 ±35 ms")).is_of(0.4753, "s"), next(printed_in("49 %")).is_of(0.482, "")
        (True, False)
        """
        factor = _factor(unit, self.unit)
        if factor is None or self.is_date:
            return False
        shown = value * factor
        if self.bound:
            return self.value < shown <= CERTAIN if self.bound == ">" else 0 <= shown < self.value
        gap = abs(shown - self.value)
        if gap < 1e-3 * self.value and float(f"{shown:.4g}") == self.value:  # some tables show four digits
            return True
        return gap <= self.half + 1e-9 * abs(shown)


def printed_in(text: str) -> Iterator[Printed]:
    """The figures of a text from left to right; numbers of names and standards are none.

    >>> [(found.value, found.unit) for found in printed_in("0.62 <1.42 s, 475 ±35 ms")]
    [(0.62, 's'), (475.0, 'ms')]
    >>> [found.text for found in printed_in("49 % of 2,411,188 USD by 2029-05-03: SOC 2, NIST SP 800-53, H200-SXM, p95")]
    ['49 %', '2,411,188 USD', '2029-05-03']
    """
    for found in FIGURE.finditer(text):
        if found["date"]:
            yield Printed(found[0], is_date=True)
        elif found["unit"] or not NAMED.search(text, 0, found.start()):
            yield _number(found)


def _number(found: re.Match[str]) -> Printed:
    decimals, unit = found["decimals"] or "", (found["unit"] or "").strip()
    is_rounded = decimals or unit or "," in found["whole"]
    half = 0.5 * 10.0 ** -len(decimals[1:]) if is_rounded else 0.0
    return Printed(found[0], float(found["whole"].replace(",", "") + decimals), half, unit, found["bound"] or "")


def _factor(unit: str, shown: str) -> float | None:
    """By what a value is multiplied when it is printed in another unit; None where that cannot be.

    >>> _factor("s", "ms"), _factor("", "%"), _factor("USD", "%")
    (1000.0, 100.0, None)
    """
    if unit == shown or shown in ("", "x"):
        return 1.0
    if unit in TIME and shown in TIME:
        return TIME[unit] / TIME[shown]
    return {"%": 100.0, "USD": 1.0}.get(shown) if unit in ("", "1") else None
