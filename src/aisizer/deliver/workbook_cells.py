"""Cell references of tco.xlsx as formulas write them, and the figures that all its sheets share."""

from __future__ import annotations

from functools import cache

PERIODS = 37
"""period 0 (all spend before service) and months 1 to 36"""
FIRST_YEAR = 13
"""periods of the first year: period 0 and months 1 to 12"""
TOLERANCE_USD = 0.01
"""the Plan carries money in cents"""
NO_RATE = "no discount rate set"
"""what NPV cells read without a rate"""


@cache
def column(index: int) -> str:
    """A column's letters.

    >>> column(0), column(25), column(26), column(84)
    ('A', 'Z', 'AA', 'CG')
    """
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell(row: int, col: int, sheet: str = "") -> str:
    """An absolute reference, such as 'Cost hosted'!$B$4."""
    return f"{quoted(sheet)}${column(col)}${row + 1}"


def span(first: tuple[int, int], last: tuple[int, int], sheet: str = "") -> str:
    """An absolute range, such as $A$1:$B$4."""
    return f"{quoted(sheet)}${column(first[1])}${first[0] + 1}:${column(last[1])}${last[0] + 1}"


def across(first: int, last: int, col: int, sheet: str = "") -> str:
    """A range of rows in a column that moves with the formula's own, such as 'Cost hosted'!C$6:C$20."""
    return f"{quoted(sheet)}{column(col)}${first + 1}:{column(col)}${last + 1}"


def quoted(sheet: str) -> str:
    """A sheet's name as formulas write it."""
    return f"'{sheet}'!" if sheet else ""


def known(value: float | None) -> float | str:
    """What a cell shows of a figure that may lack a discount rate."""
    return NO_RATE if value is None else value
